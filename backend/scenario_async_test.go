package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func init() {
	// on_event FUNCTION JSON: PutFunctionEventInvokeConfig with these members
	verbs["on_event"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		in := &lambda.PutFunctionEventInvokeConfigInput{FunctionName: &w[0]}
		if err := json.Unmarshal([]byte(w[1]), in); err != nil {
			return err
		}
		_, err := s.lambda.PutFunctionEventInvokeConfig(ctx, in)
		return err
	}
	// dead_letter FUNCTION ARN
	verbs["dead_letter"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &w[0],
			DeadLetterConfig: &lambdatypes.DeadLetterConfig{TargetArn: &w[1]}})
		return err
	}
	// read QUEUE: receives what can be received and says it whole
	verbs["read"] = func(ctx context.Context, s *story, rest string) error {
		out, err := s.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: s.queueURL(rest), MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}})
		if err != nil {
			return err
		}
		for _, m := range out.Messages {
			fmt.Fprintf(&s.said, "%s: %s\n", rest, *m.Body)
			for _, name := range slices.Sorted(maps.Keys(m.MessageAttributes)) {
				a := m.MessageAttributes[name]
				fmt.Fprintf(&s.said, "    %s (%s): %s\n", name, *a.DataType, aws.ToString(a.StringValue))
			}
		}
		return nil
	}
}
