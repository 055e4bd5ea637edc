package backend_test

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func init() {
	// version FUNCTION DESCRIPTION: changes the description, so that there is something to publish, and publishes
	verbs["version"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		if _, err := s.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &w[0], Description: &w[1]}); err != nil {
			return err
		}
		_, err := s.lambda.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: &w[0]})
		return err
	}
	// alias FUNCTION NAME VERSION [WEIGHTS]
	verbs["alias"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		in := &lambda.CreateAliasInput{FunctionName: &w[0], Name: &w[1], FunctionVersion: &w[2]}
		if w[3] != "" {
			in.RoutingConfig = &lambdatypes.AliasRoutingConfiguration{}
			if err := json.Unmarshal([]byte(w[3]), &in.RoutingConfig.AdditionalVersionWeights); err != nil {
				return err
			}
		}
		_, err := s.lambda.CreateAlias(ctx, in)
		return err
	}
	// point FUNCTION ALIAS VERSION
	verbs["point"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		_, err := s.lambda.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: &w[0], Name: &w[1], FunctionVersion: &w[2]})
		return err
	}
	// unversion FUNCTION VERSION: deletes it
	verbs["unversion"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &w[0], Qualifier: &w[1]})
		return err
	}
	// reserve FUNCTION N
	verbs["reserve"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		in := &lambda.PutFunctionConcurrencyInput{FunctionName: &w[0]}
		if err := json.Unmarshal([]byte(w[1]), &in.ReservedConcurrentExecutions); err != nil {
			return err
		}
		_, err := s.lambda.PutFunctionConcurrency(ctx, in)
		return err
	}
}
