package backend_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// httpNamed finds an HTTP API of the scenario.
func (s *story) httpNamed(ctx context.Context, name string) (*apitypes.Api, error) {
	list, err := s.httpAPI.GetApis(ctx, &apigatewayv2.GetApisInput{})
	if err != nil {
		return nil, err
	}
	for _, api := range list.Items {
		if *api.Name == name {
			return &api, nil
		}
	}
	return nil, fmt.Errorf("there is no HTTP API %s", name)
}

func executionARN(id, call string) string {
	return "arn:aws:execute-api:us-east-1:" + account + ":" + id + "/" + call
}

func init() {
	// http_api NAME [FUNCTION]: created quickly where a function is given
	verbs["http_api"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		in := &apigatewayv2.CreateApiInput{Name: &w[0], ProtocolType: apitypes.ProtocolTypeHttp}
		if w[1] != "" {
			in.Target = aws.String(functionARN(w[1]))
		}
		_, err := s.httpAPI.CreateApi(ctx, in)
		return err
	}
	// http_route API FUNCTION FORMAT AUTHORIZATION KEY
	verbs["http_route"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 5)
		api, err := s.httpNamed(ctx, w[0])
		if err != nil {
			return err
		}
		i, err := s.httpAPI.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: apitypes.IntegrationTypeAwsProxy,
			IntegrationUri: aws.String(functionARN(w[1])), PayloadFormatVersion: &w[2], TimeoutInMillis: aws.Int32(2000)})
		if err != nil {
			return err
		}
		_, err = s.httpAPI.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: &w[4], Target: aws.String("integrations/" + *i.IntegrationId),
			AuthorizationType: apitypes.AuthorizationType(w[3])})
		return err
	}
	// http_stage API STAGE AUTO_DEPLOY
	verbs["http_stage"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		api, err := s.httpNamed(ctx, w[0])
		if err != nil {
			return err
		}
		_, err = s.httpAPI.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: &w[1], AutoDeploy: aws.Bool(w[2] == "true")})
		return err
	}
	// http_deploy API STAGE
	verbs["http_deploy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		api, err := s.httpNamed(ctx, w[0])
		if err != nil {
			return err
		}
		_, err = s.httpAPI.CreateDeployment(ctx, &apigatewayv2.CreateDeploymentInput{ApiId: api.ApiId, StageName: &w[1]})
		return err
	}
	// permit_http FUNCTION SID API CALL [SOURCE_ACCOUNT]: CALL is STAGE/METHOD/PATH
	verbs["permit_http"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 5)
		api, err := s.httpNamed(ctx, w[2])
		if err != nil {
			return err
		}
		return s.permitCall(ctx, w[0], w[1], executionARN(*api.ApiId, w[3]), w[4])
	}
	// http API METHOD PATH [BODY]: a request that nobody signed; says what was answered
	verbs["http"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		api, err := s.httpNamed(ctx, w[0])
		if err != nil {
			return err
		}
		return s.request(ctx, rest, *api.ApiEndpoint+w[2], w[1], w[3])
	}
}

func (s *story) permitCall(ctx context.Context, function, sid, source, from string) error {
	in := &lambda.AddPermissionInput{FunctionName: &function, StatementId: &sid, Principal: aws.String("apigateway.amazonaws.com"), Action: aws.String("lambda:InvokeFunction"),
		SourceArn: &source}
	if from != "" {
		in.SourceAccount = &from
	}
	_, err := s.lambda.AddPermission(ctx, in)
	return err
}

// request sends a request to an API, and says what was answered.
func (s *story) request(ctx context.Context, said, url, method, body string) error {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	fmt.Fprintf(&s.said, "%s: %d %s\n", said, answer.StatusCode, strings.TrimSpace(string(text)))
	if detail := answer.Header.Get("X-Lambdasim-Detail"); detail != "" {
		fmt.Fprintf(&s.said, "    %s\n", detail)
	}
	return nil
}
