package apigateway

import (
	"context"
	"regexp"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// methodPath is the path of a method of a resource, or of a part of it.
func methodPath(api, resource, method *string, part ...*string) string {
	return restPath(api, append([]*string{aws.String("resources"), resource, aws.String("methods"), method}, part...)...)
}

// addMethods adds the operations of methods and integrations.
func (a *API) addMethods(ops map[string]wire.Operation) {
	integration := aws.String("integration")
	ops["PutMethod"] = operation(a.putMethod, "PUT", func(in *sdk.PutMethodInput) string { return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod) })
	ops["GetMethod"] = operation(a.getMethod, "GET", func(in *sdk.GetMethodInput) string { return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod) })
	ops["UpdateMethod"] = operation(a.updateMethod, "PATCH", func(in *sdk.UpdateMethodInput) string { return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod) })
	ops["DeleteMethod"] = operation(a.deleteMethod, "DELETE", func(in *sdk.DeleteMethodInput) string { return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod) })
	ops["PutIntegration"] = operation(a.putIntegration, "PUT", func(in *sdk.PutIntegrationInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, integration)
	})
	ops["GetIntegration"] = operation(a.getRESTIntegration, "GET", func(in *sdk.GetIntegrationInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, integration)
	})
	ops["UpdateIntegration"] = operation(a.updateRESTIntegration, "PATCH", func(in *sdk.UpdateIntegrationInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, integration)
	})
	ops["DeleteIntegration"] = operation(a.deleteRESTIntegration, "DELETE", func(in *sdk.DeleteIntegrationInput) string {
		return methodPath(in.RestApiId, in.ResourceId, in.HttpMethod, integration)
	})
	a.addResponses(ops)
}

// methodForm is a method of a resource.
var methodForm = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY)$`)

// method finds a method of a resource.
func (d *restAPI) method(resource, method *string) (*types.Resource, types.Method, error) {
	r, err := d.resource(resource)
	if err != nil {
		return nil, types.Method{}, err
	}
	m, ok := r.ResourceMethods[aws.ToString(method)]
	if !ok {
		return nil, m, notFound("Invalid Method identifier specified")
	}
	return r, m, nil
}

// changeMethod writes what f makes of a method.
func (a *API) changeMethod(ctx context.Context, api, resource, method *string, f func(m *types.Method) error) error {
	return change(ctx, a, kindREST, own(ctx, api), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		r, m, err := d.method(resource, method)
		if err != nil {
			return err
		}
		err = f(&m)
		r.ResourceMethods[*m.HttpMethod] = m
		return err
	})
}

// readMethod reads a method.
func (a *API) readMethod(ctx context.Context, api, resource, method *string) (types.Method, error) {
	d, err := load[restAPI](ctx, a.DB, kindREST, own(ctx, api), "")
	if err != nil {
		return types.Method{}, err
	}
	_, m, err := d.method(resource, method)
	return m, err
}

func (a *API) putMethod(ctx context.Context, in *sdk.PutMethodInput) (*sdk.PutMethodOutput, error) {
	m := types.Method{ApiKeyRequired: &in.ApiKeyRequired}
	merge(&m, in)
	if err := checkMethod("PutMethod", &m); err != nil {
		return nil, err
	}
	err := change(ctx, a, kindREST, own(ctx, in.RestApiId), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		r, err := d.resource(in.ResourceId)
		if err != nil {
			return err
		}
		if _, ok := r.ResourceMethods[*m.HttpMethod]; ok {
			return conflict("Method already exists for this resource")
		}
		if r.ResourceMethods == nil {
			r.ResourceMethods = map[string]types.Method{}
		}
		r.ResourceMethods[*m.HttpMethod] = m
		return nil
	})
	return as[sdk.PutMethodOutput](&m), err
}

// checkMethod checks what a method may be, and refuses by name what is not simulated. Parameters and models are kept, and
// shown; a proxy integration passes every request on.
func checkMethod(operation string, m *types.Method) error {
	auth := aws.ToString(m.AuthorizationType)
	err := refuse(operation, given{"the authorization type " + auth, auth == "CUSTOM" || auth == "COGNITO_USER_POOLS"}, given{"AuthorizerId", m.AuthorizerId != nil},
		given{"AuthorizationScopes", len(m.AuthorizationScopes) > 0}, given{"ApiKeyRequired", aws.ToBool(m.ApiKeyRequired)}, given{"RequestValidatorId", m.RequestValidatorId != nil},
		given{"a required parameter in RequestParameters", anyTrue(m.RequestParameters)})
	switch {
	case err != nil:
		return err
	case auth != "NONE" && auth != "AWS_IAM":
		return invalid("Invalid authorization type specified. Must be one of [NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS]")
	case !methodForm.MatchString(aws.ToString(m.HttpMethod)):
		return invalid("Invalid HttpMethod specified. Must be one of [GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, ANY]")
	}
	return nil
}

func anyTrue(m map[string]bool) bool {
	for _, v := range m {
		if v {
			return true
		}
	}
	return false
}

func (a *API) getMethod(ctx context.Context, in *sdk.GetMethodInput) (*sdk.GetMethodOutput, error) {
	m, err := a.readMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod)
	if err != nil {
		return nil, err
	}
	return as[sdk.GetMethodOutput](&m), nil
}

func (a *API) updateMethod(ctx context.Context, in *sdk.UpdateMethodInput) (*sdk.UpdateMethodOutput, error) {
	var out *sdk.UpdateMethodOutput
	err := a.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *types.Method) error {
		err := patch(in.PatchOperations, patches{
			"replace /authorizationType": func(_, v string) error { m.AuthorizationType = &v; return nil },
			"replace /operationName":     func(_, v string) error { m.OperationName = &v; return nil },
			"replace /apiKeyRequired": func(_, v string) error {
				on, err := strconv.ParseBool(v)
				m.ApiKeyRequired = &on
				return err
			},
		})
		if err == nil {
			err = checkMethod("UpdateMethod", m)
		}
		out = as[sdk.UpdateMethodOutput](m)
		return err
	})
	return out, err
}

func (a *API) deleteMethod(ctx context.Context, in *sdk.DeleteMethodInput) (*sdk.DeleteMethodOutput, error) {
	return nil, change(ctx, a, kindREST, own(ctx, in.RestApiId), func(_ context.Context, _ *postgres.Tx, d *restAPI) error {
		r, m, err := d.method(in.ResourceId, in.HttpMethod)
		if err == nil {
			delete(r.ResourceMethods, *m.HttpMethod)
		}
		return err
	})
}

// restTimeout is how long a REST API waits for a function, in ms, where its integration does not say: 29 s.
const restTimeout = 29000

func (a *API) putIntegration(ctx context.Context, in *sdk.PutIntegrationInput) (*sdk.PutIntegrationOutput, error) {
	i := types.Integration{TimeoutInMillis: restTimeout, PassthroughBehavior: aws.String("WHEN_NO_MATCH"), CacheNamespace: in.ResourceId}
	merge(&i, in)
	i.HttpMethod = in.IntegrationHttpMethod
	if in.TimeoutInMillis != nil {
		i.TimeoutInMillis = *in.TimeoutInMillis
	}
	if err := checkRESTIntegration("PutIntegration", &i); err != nil {
		return nil, err
	}
	err := a.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *types.Method) error {
		m.MethodIntegration = &i
		return nil
	})
	return as[sdk.PutIntegrationOutput](&i), err
}

// checkRESTIntegration checks what an integration of a REST API may be, and refuses by name what is not simulated.
func checkRESTIntegration(operation string, i *types.Integration) error {
	proxy := i.Type == types.IntegrationTypeAwsProxy
	err := refuse(operation, given{"the integration type " + string(i.Type), !proxy && i.Type != types.IntegrationTypeMock},
		given{"the connection type " + string(i.ConnectionType), i.ConnectionType != "" && i.ConnectionType != types.ConnectionTypeInternet}, given{"ConnectionId", i.ConnectionId != nil},
		given{"Credentials", aws.ToString(i.Credentials) != ""}, given{"CacheKeyParameters", len(i.CacheKeyParameters) > 0}, given{"ContentHandling", i.ContentHandling != ""},
		given{"IntegrationTarget", i.IntegrationTarget != nil}, given{"RequestParameters", len(i.RequestParameters) > 0},
		given{"ResponseTransferMode STREAM", i.ResponseTransferMode == types.ResponseTransferModeStream}, given{"TlsConfig", i.TlsConfig != nil},
		given{"RequestTemplates beside AWS_PROXY", proxy && len(i.RequestTemplates) > 0})
	switch {
	case err != nil:
		return err
	case i.TimeoutInMillis < 50 || i.TimeoutInMillis > 300000:
		return invalid("Timeout should be between 50 ms and 300000 ms")
	case !proxy:
		_, err := mockStatus(i)
		return err
	case aws.ToString(i.HttpMethod) == "":
		return invalid("Enumeration value for HttpMethod must be non-empty")
	case !invocation.MatchString(aws.ToString(i.Uri)):
		return invalid("AWS ARN for integration must contain path or action")
	}
	_, err = functionOf(*i.Uri)
	return err
}

func integrationOf(m types.Method, err error) (*types.Integration, error) {
	if err == nil && m.MethodIntegration == nil {
		err = notFound("Invalid Integration identifier specified")
	}
	return m.MethodIntegration, err
}

func (a *API) getRESTIntegration(ctx context.Context, in *sdk.GetIntegrationInput) (*sdk.GetIntegrationOutput, error) {
	i, err := integrationOf(a.readMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod))
	if err != nil {
		return nil, err
	}
	return as[sdk.GetIntegrationOutput](i), nil
}

func (a *API) updateRESTIntegration(ctx context.Context, in *sdk.UpdateIntegrationInput) (*sdk.UpdateIntegrationOutput, error) {
	var out *sdk.UpdateIntegrationOutput
	err := a.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *types.Method) error {
		i, err := integrationOf(*m, nil)
		if err != nil {
			return err
		}
		template := func(name, v string) error {
			if i.RequestTemplates == nil {
				i.RequestTemplates = map[string]string{}
			}
			i.RequestTemplates[name] = v
			return nil
		}
		err = patch(in.PatchOperations, patches{
			"replace /uri":                 func(_, v string) error { i.Uri = &v; return nil },
			"replace /httpMethod":          func(_, v string) error { i.HttpMethod = &v; return nil },
			"replace /passthroughBehavior": func(_, v string) error { i.PassthroughBehavior = &v; return nil },
			"replace /timeoutInMillis": func(_, v string) error {
				n, err := strconv.ParseInt(v, 10, 32)
				i.TimeoutInMillis = int32(n)
				return err
			},
			"add /requestTemplates/*": template, "replace /requestTemplates/*": template,
			"remove /requestTemplates/*": func(name, _ string) error { delete(i.RequestTemplates, name); return nil },
		})
		if err == nil {
			err = checkRESTIntegration("UpdateIntegration", i)
		}
		out = as[sdk.UpdateIntegrationOutput](i)
		return err
	})
	return out, err
}

func (a *API) deleteRESTIntegration(ctx context.Context, in *sdk.DeleteIntegrationInput) (*sdk.DeleteIntegrationOutput, error) {
	return nil, a.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, func(m *types.Method) error {
		_, err := integrationOf(*m, nil)
		m.MethodIntegration = nil
		return err
	})
}
