package backend_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// restNamed is the id of a REST API of the scenario.
func (b *bundle) restNamed(ctx context.Context, name string) (*string, error) {
	list, err := b.restAPI.GetRestApis(ctx, &apigateway.GetRestApisInput{})
	if err != nil {
		return nil, err
	}
	for _, api := range list.Items {
		if *api.Name == name {
			return api.Id, nil
		}
	}
	return nil, fmt.Errorf("there is no REST API %s", name)
}

// resourceAt is the id of an API's resource at a path, which is made where there is none.
func (b *bundle) resourceAt(ctx context.Context, api *string, path string) (*string, error) {
	list, err := b.restAPI.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api})
	if err != nil {
		return nil, err
	}
	for _, r := range list.Items {
		if *r.Path == path {
			return r.Id, nil
		}
	}
	i := strings.LastIndex(path, "/")
	parent, err := b.resourceAt(ctx, api, path[:max(i, 1)])
	if err != nil {
		return nil, err
	}
	made, err := b.restAPI.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api, ParentId: parent, PathPart: aws.String(path[i+1:])})
	if err != nil {
		return nil, err
	}
	return made.Id, nil
}

// restMethod puts a method with a proxy integration of a function at a path.
func (b *bundle) restMethod(ctx context.Context, api *string, function, auth, method, path string) error {
	r, err := b.resourceAt(ctx, api, path)
	if err != nil {
		return err
	}
	if _, err := b.restAPI.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api, ResourceId: r, HttpMethod: &method, AuthorizationType: &auth}); err != nil {
		return err
	}
	_, err = b.restAPI.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: r, HttpMethod: &method, Type: resttypes.IntegrationTypeAwsProxy,
		IntegrationHttpMethod: aws.String("POST"), TimeoutInMillis: aws.Int32(2000),
		Uri: aws.String("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + functionARN(function) + "/invocations")})
	return err
}

func init() {
	// rest_api NAME
	verbs["rest_api"] = func(ctx context.Context, s *story, rest string) error {
		_, err := s.restAPI.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: &rest})
		return err
	}
	// rest_method API FUNCTION AUTHORIZATION METHOD PATH
	verbs["rest_method"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 5)
		api, err := s.restNamed(ctx, w[0])
		if err != nil {
			return err
		}
		return s.restMethod(ctx, api, w[1], w[2], w[3], w[4])
	}
	// rest_deploy API STAGE
	verbs["rest_deploy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		api, err := s.restNamed(ctx, w[0])
		if err != nil {
			return err
		}
		_, err = s.restAPI.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api, StageName: &w[1]})
		return err
	}
	// rest_policy API POLICY
	verbs["rest_policy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		api, err := s.restNamed(ctx, w[0])
		if err != nil {
			return err
		}
		_, err = s.restAPI.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: api, PatchOperations: []resttypes.PatchOperation{{Op: resttypes.OpReplace, Path: aws.String("/policy"), Value: &w[1]}}})
		return err
	}
	// permit_rest FUNCTION SID API CALL [SOURCE_ACCOUNT]: CALL is STAGE/METHOD/PATH
	verbs["permit_rest"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 5)
		api, err := s.restNamed(ctx, w[2])
		if err != nil {
			return err
		}
		return s.permitCall(ctx, w[0], w[1], executionARN(*api, w[3]), w[4])
	}
	// rest API METHOD PATH [BODY]: a request that nobody signed; says what was answered
	verbs["rest"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		api, err := s.restNamed(ctx, w[0])
		if err != nil {
			return err
		}
		return s.request(ctx, rest, s.b.URL()+"/_api/"+*api+w[2], w[1], w[3])
	}
}
