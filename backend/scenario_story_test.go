package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

var lineageCount = regexp.MustCompile(`:\d+$`)

func init() {
	// inside FUNCTION ROLE [COUNT]: makes a function that tells its trace header, and invokes it. The steps that follow send that
	// header along, as AWS's SDKs do within the function; COUNT is how often it has been invoked in its chain.
	verbs["inside"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		if _, err := s.lambda.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &w[0]}); err != nil {
			s.function(s.t, w[0], w[1], "import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']")
		}
		out, err := s.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &w[0]})
		if err != nil {
			return err
		}
		var header string
		if err := json.Unmarshal(out.Payload, &header); err != nil {
			return fmt.Errorf("%s: %w", out.Payload, err)
		}
		if w[2] != "" {
			header = lineageCount.ReplaceAllString(header, ":"+w[2])
		}
		s.clients = newClients(s.b.URL(), "test", "test", "", func(cfg *aws.Config) {
			cfg.APIOptions = append(cfg.APIOptions, smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", header))
		})
		return nil
	}
	// outside: the steps that follow are nobody's again
	verbs["outside"] = func(_ context.Context, s *story, _ string) error {
		s.clients = newClients(s.b.URL(), "test", "test", "")
		return nil
	}
	// loops FUNCTION Allow|Terminate
	verbs["loops"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.lambda.PutFunctionRecursionConfig(ctx, &lambda.PutFunctionRecursionConfigInput{FunctionName: &w[0], RecursiveLoop: lambdatypes.RecursiveLoop(w[1])})
		return err
	}
}
