package apigateway

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// addResponses adds the operations of the responses of methods and of integrations. Those of an AWS_PROXY integration are kept
// and have no effect, as on AWS; those of MOCK are what it answers.
func (a *API) addResponses(ops map[string]wire.Operation) {
	responses, integration := aws.String("responses"), aws.String("integration")
	ops["PutMethodResponse"] = operation(a.putMethodResponse, "PUT", func(in *sdk.PutMethodResponseInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, responses, in.StatusCode)
	})
	ops["GetMethodResponse"] = operation(a.getMethodResponse, "GET", func(in *sdk.GetMethodResponseInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, responses, in.StatusCode)
	})
	ops["DeleteMethodResponse"] = operation(a.deleteMethodResponse, "DELETE", func(in *sdk.DeleteMethodResponseInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, responses, in.StatusCode)
	})
	ops["PutIntegrationResponse"] = operation(a.putIntegrationResponse, "PUT", func(in *sdk.PutIntegrationResponseInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, integration, responses, in.StatusCode)
	})
	ops["GetIntegrationResponse"] = operation(a.getIntegrationResponse, "GET", func(in *sdk.GetIntegrationResponseInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, integration, responses, in.StatusCode)
	})
	ops["DeleteIntegrationResponse"] = operation(a.deleteIntegrationResponse, "DELETE", func(in *sdk.DeleteIntegrationResponseInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, integration, responses, in.StatusCode)
	})
}

var statusForm = regexp.MustCompile(`^[1-5]\d\d$`)

func checkStatus(code *string) error {
	if !statusForm.MatchString(aws.ToString(code)) {
		return invalid("Status code should match [1-5]\\d\\d: %q", aws.ToString(code))
	}
	return nil
}

func (a *API) putMethodResponse(ctx context.Context, in *sdk.PutMethodResponseInput) (*sdk.PutMethodResponseOutput, error) {
	r := types.MethodResponse{}
	merge(&r, in)
	err := checkStatus(in.StatusCode)
	if err == nil {
		err = a.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *types.Method) error {
			if _, ok := m.MethodResponses[*r.StatusCode]; ok {
				return conflict("Response already exists for this resource")
			}
			if m.MethodResponses == nil {
				m.MethodResponses = map[string]types.MethodResponse{}
			}
			m.MethodResponses[*r.StatusCode] = r
			return nil
		})
	}
	return as[sdk.PutMethodResponseOutput](&r), err
}

func noResponse() error { return notFound("Invalid Response status code specified") }

func (a *API) getMethodResponse(ctx context.Context, in *sdk.GetMethodResponseInput) (*sdk.GetMethodResponseOutput, error) {
	m, err := a.readMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod)
	if err != nil {
		return nil, err
	}
	r, ok := m.MethodResponses[*in.StatusCode]
	if !ok {
		return nil, noResponse()
	}
	return as[sdk.GetMethodResponseOutput](&r), nil
}

func (a *API) deleteMethodResponse(ctx context.Context, in *sdk.DeleteMethodResponseInput) (*sdk.DeleteMethodResponseOutput, error) {
	return nil, a.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *types.Method) error {
		if _, ok := m.MethodResponses[*in.StatusCode]; !ok {
			return noResponse()
		}
		delete(m.MethodResponses, *in.StatusCode)
		return nil
	})
}

func (a *API) putIntegrationResponse(ctx context.Context, in *sdk.PutIntegrationResponseInput) (*sdk.PutIntegrationResponseOutput, error) {
	r := types.IntegrationResponse{}
	merge(&r, in)
	err := checkStatus(in.StatusCode)
	if err == nil {
		err = checkIntegrationResponse(&r)
	}
	if err == nil {
		err = a.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *types.Method) error {
			i, err := integrationOf(*m, nil)
			if err != nil {
				return err
			}
			if _, ok := m.MethodResponses[*r.StatusCode]; !ok {
				return notFound("Invalid Response status code specified: the method has no response %s", *r.StatusCode)
			}
			if i.IntegrationResponses == nil {
				i.IntegrationResponses = map[string]types.IntegrationResponse{}
			}
			i.IntegrationResponses[*r.StatusCode] = r
			return nil
		})
	}
	return as[sdk.PutIntegrationResponseOutput](&r), err
}

// checkIntegrationResponse refuses by name what a response would need a template language for.
func checkIntegrationResponse(r *types.IntegrationResponse) error {
	err := refuse("PutIntegrationResponse", given{"ContentHandling", r.ContentHandling != ""})
	for _, t := range r.ResponseTemplates {
		if err == nil && strings.ContainsAny(t, "$#") {
			err = unsupported("PutIntegrationResponse", "a template of VTL in ResponseTemplates")
		}
	}
	for name, v := range r.ResponseParameters {
		if !strings.HasPrefix(name, "method.response.header.") {
			return invalid("Invalid mapping expression specified: %s", name)
		}
		if err == nil && !staticForm.MatchString(v) {
			err = unsupported("PutIntegrationResponse", "the response parameter "+v+", which is no text in single quotes,")
		}
	}
	if _, bad := regexp.Compile(aws.ToString(r.SelectionPattern)); bad != nil {
		return invalid("Invalid selection pattern specified: %s", *r.SelectionPattern)
	}
	return err
}

// staticForm is a mapping's value that is always the same.
var staticForm = regexp.MustCompile(`^'.*'$`)

func (a *API) getIntegrationResponse(ctx context.Context, in *sdk.GetIntegrationResponseInput) (*sdk.GetIntegrationResponseOutput, error) {
	i, err := integrationOf(a.readMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod))
	if err != nil {
		return nil, err
	}
	r, ok := i.IntegrationResponses[*in.StatusCode]
	if !ok {
		return nil, noResponse()
	}
	return as[sdk.GetIntegrationResponseOutput](&r), nil
}

func (a *API) deleteIntegrationResponse(ctx context.Context, in *sdk.DeleteIntegrationResponseInput) (*sdk.DeleteIntegrationResponseOutput, error) {
	return nil, a.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *types.Method) error {
		i, err := integrationOf(*m, nil)
		if err != nil {
			return err
		}
		if _, ok := i.IntegrationResponses[*in.StatusCode]; !ok {
			return noResponse()
		}
		delete(i.IntegrationResponses, *in.StatusCode)
		return nil
	})
}

// mockStatus is what a MOCK integration's template says: {"statusCode": 200}. One of VTL is refused by name.
func mockStatus(i *types.Integration) (json.Number, error) {
	template := i.RequestTemplates["application/json"]
	if template == "" {
		return "", nil // AWS takes it, and every call fails
	}
	if strings.ContainsAny(template, "$#") {
		return "", unsupported("PutIntegration", "a template of VTL in RequestTemplates")
	}
	var said struct {
		Status json.Number `json:"statusCode"`
	}
	if err := json.Unmarshal([]byte(template), &said); err != nil {
		return "", unsupported("PutIntegration", "a template in RequestTemplates that is not {\"statusCode\": NUMBER}")
	}
	return said.Status, nil
}

// mocked is the response of a MOCK integration: the one whose selection pattern its status matches, else the one without; nil for none.
func mocked(i *types.Integration) *types.IntegrationResponse {
	status, err := mockStatus(i)
	if err != nil || status == "" {
		return nil
	}
	var otherwise *types.IntegrationResponse
	for _, r := range i.IntegrationResponses {
		pattern := aws.ToString(r.SelectionPattern)
		if pattern == "" {
			otherwise = &r
		} else if match, err := regexp.MatchString("^(?:"+pattern+")$", string(status)); err == nil && match {
			return &r
		}
	}
	return otherwise
}
