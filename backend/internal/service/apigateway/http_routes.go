package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// httpTimeout is how long an HTTP API waits for a function, in ms, where its integration does not say: the longest there is.
const httpTimeout = 30000

// addRoutes adds the operations of routes and integrations.
func (a *API) addRoutes(ops map[string]wire.Operation) {
	ops["CreateIntegration"] = operation(a.createIntegration, "POST", func(in *apigatewayv2.CreateIntegrationInput) string { return apiPath(in.ApiId, "integrations") })
	ops["GetIntegrations"] = operation(a.getIntegrations, "GET", func(in *apigatewayv2.GetIntegrationsInput) string { return apiPath(in.ApiId, "integrations") })
	ops["GetIntegration"] = operation(a.getIntegration, "GET", func(in *apigatewayv2.GetIntegrationInput) string {
		return apiPath(in.ApiId, "integrations", aws.ToString(in.IntegrationId))
	})
	ops["UpdateIntegration"] = operation(a.updateIntegration, "PATCH", func(in *apigatewayv2.UpdateIntegrationInput) string {
		return apiPath(in.ApiId, "integrations", aws.ToString(in.IntegrationId))
	})
	ops["DeleteIntegration"] = operation(a.deleteIntegration, "DELETE", func(in *apigatewayv2.DeleteIntegrationInput) string {
		return apiPath(in.ApiId, "integrations", aws.ToString(in.IntegrationId))
	})
	ops["CreateRoute"] = operation(a.createRoute, "POST", func(in *apigatewayv2.CreateRouteInput) string { return apiPath(in.ApiId, "routes") })
	ops["GetRoutes"] = operation(a.getRoutes, "GET", func(in *apigatewayv2.GetRoutesInput) string { return apiPath(in.ApiId, "routes") })
	ops["GetRoute"] = operation(a.getRoute, "GET", func(in *apigatewayv2.GetRouteInput) string {
		return apiPath(in.ApiId, "routes", aws.ToString(in.RouteId))
	})
	ops["UpdateRoute"] = operation(a.updateRoute, "PATCH", func(in *apigatewayv2.UpdateRouteInput) string {
		return apiPath(in.ApiId, "routes", aws.ToString(in.RouteId))
	})
	ops["DeleteRoute"] = operation(a.deleteRoute, "DELETE", func(in *apigatewayv2.DeleteRouteInput) string {
		return apiPath(in.ApiId, "routes", aws.ToString(in.RouteId))
	})
}

func (a *API) createIntegration(ctx context.Context, in *apigatewayv2.CreateIntegrationInput) (*apigatewayv2.CreateIntegrationOutput, error) {
	i := types.Integration{IntegrationId: aws.String(a.IDs.Of(alphabet, 7)), ConnectionType: types.ConnectionTypeInternet, IntegrationMethod: aws.String("POST"), TimeoutInMillis: aws.Int32(httpTimeout)}
	merge(&i, in)
	if in.TlsConfig != nil {
		return nil, unsupported("CreateIntegration", "TlsConfig")
	}
	if err := checkIntegration("CreateIntegration", &i); err != nil {
		return nil, err
	}
	err := a.changeHTTP(ctx, in.ApiId, func(_ *postgres.Tx, d *httpAPI) error {
		d.Integrations = append(d.Integrations, i)
		return nil
	})
	return as[apigatewayv2.CreateIntegrationOutput](&i), err
}

// checkIntegration checks what an integration of an HTTP API may be, and refuses by name what is not simulated.
func checkIntegration(operation string, i *types.Integration) error {
	err := refuse(operation,
		given{"the integration type " + string(i.IntegrationType), i.IntegrationType != types.IntegrationTypeAwsProxy},
		given{"IntegrationSubtype", i.IntegrationSubtype != nil},
		given{"the connection type " + string(i.ConnectionType), i.ConnectionType != types.ConnectionTypeInternet},
		given{"ConnectionId", i.ConnectionId != nil}, given{"CredentialsArn", aws.ToString(i.CredentialsArn) != ""},
		given{"ContentHandlingStrategy", i.ContentHandlingStrategy != ""}, given{"PassthroughBehavior", i.PassthroughBehavior != ""},
		given{"RequestParameters", len(i.RequestParameters) > 0}, given{"RequestTemplates", len(i.RequestTemplates) > 0},
		given{"ResponseParameters", len(i.ResponseParameters) > 0}, given{"TemplateSelectionExpression", i.TemplateSelectionExpression != nil})
	switch format := aws.ToString(i.PayloadFormatVersion); {
	case err != nil:
		return err
	case format != "1.0" && format != "2.0":
		return invalid("PayloadFormatVersion %q: an integration of an HTTP API has 1.0 or 2.0", format)
	case *i.TimeoutInMillis < 50 || *i.TimeoutInMillis > httpTimeout:
		return invalid("TimeoutInMillis must be between 50 and %d", httpTimeout)
	case i.IntegrationUri == nil:
		return invalid("IntegrationUri is required: the ARN of a function")
	}
	_, err = functionOf(*i.IntegrationUri)
	return err
}

// invocation begins the address by which API Gateway calls a function: what Terraform calls its invoke_arn.
var invocation = regexp.MustCompile(`^arn:[a-z-]+:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/(.+)/invocations$`)

// stageVariable is a place in an integration's address where a stage says what stands there.
var stageVariable = regexp.MustCompile(`\$\{stageVariables\.([A-Za-z0-9_]+)\}`)

// functionOf is the ARN of the function that an integration's address names.
func functionOf(address string) (string, error) {
	function := address
	if m := invocation.FindStringSubmatch(address); m != nil {
		function = m[1]
	}
	if _, err := arn.ParseFunctionRef(stageVariable.ReplaceAllString(function, "v"), false); err != nil || !strings.HasPrefix(function, "arn:") {
		return "", invalid("Invalid function ARN or invalid uri: %s", address)
	}
	return function, nil
}

// onStage fills in the stage's variables.
func onStage(function string, variables map[string]string) string {
	return stageVariable.ReplaceAllStringFunc(function, func(place string) string { return variables[stageVariable.FindStringSubmatch(place)[1]] })
}

func (d *httpAPI) integration(id *string) (int, error) {
	i := slices.IndexFunc(d.Integrations, func(i types.Integration) bool { return *i.IntegrationId == aws.ToString(id) })
	if i < 0 {
		return i, notFound("Invalid Integration identifier specified %s", aws.ToString(id))
	}
	return i, nil
}

func (a *API) getIntegration(ctx context.Context, in *apigatewayv2.GetIntegrationInput) (*apigatewayv2.GetIntegrationOutput, error) {
	d, err := load[httpAPI](ctx, a.DB, kindHTTP, own(ctx, in.ApiId), "")
	if err != nil {
		return nil, err
	}
	i, err := d.integration(in.IntegrationId)
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetIntegrationOutput](&d.Integrations[i]), nil
}

func (a *API) getIntegrations(ctx context.Context, in *apigatewayv2.GetIntegrationsInput) (*apigatewayv2.GetIntegrationsOutput, error) {
	part, next, err := partOf(ctx, a, in.ApiId, in.NextToken, in.MaxResults, func(d *httpAPI) []types.Integration { return d.Integrations })
	return &apigatewayv2.GetIntegrationsOutput{Items: part, NextToken: next}, err
}

// partOf is a page of the parts of an HTTP API.
func partOf[T any](ctx context.Context, a *API, api, token, max *string, parts func(*httpAPI) []T) ([]T, *string, error) {
	d, err := load[httpAPI](ctx, a.DB, kindHTTP, own(ctx, api), "")
	if err != nil {
		return nil, nil, err
	}
	n, err := most(max)
	if err != nil {
		return nil, nil, err
	}
	return page(append([]T{}, parts(d)...), token, n)
}

func (a *API) updateIntegration(ctx context.Context, in *apigatewayv2.UpdateIntegrationInput) (*apigatewayv2.UpdateIntegrationOutput, error) {
	if in.TlsConfig != nil {
		return nil, unsupported("UpdateIntegration", "TlsConfig")
	}
	var out *apigatewayv2.UpdateIntegrationOutput
	err := a.changeHTTP(ctx, in.ApiId, func(_ *postgres.Tx, d *httpAPI) error {
		i, err := d.integration(in.IntegrationId)
		if err != nil {
			return err
		}
		merge(&d.Integrations[i], in)
		out = as[apigatewayv2.UpdateIntegrationOutput](&d.Integrations[i])
		return checkIntegration("UpdateIntegration", &d.Integrations[i])
	})
	return out, err
}

func (a *API) deleteIntegration(ctx context.Context, in *apigatewayv2.DeleteIntegrationInput) (*apigatewayv2.DeleteIntegrationOutput, error) {
	return nil, a.changeHTTP(ctx, in.ApiId, func(_ *postgres.Tx, d *httpAPI) error {
		i, err := d.integration(in.IntegrationId)
		if err != nil {
			return err
		}
		for _, r := range d.Routes {
			if aws.ToString(r.Target) == "integrations/"+*in.IntegrationId {
				return conflict("Cannot delete the integration %s: the route %s (%s) targets it", *in.IntegrationId, *r.RouteKey, *r.RouteId)
			}
		}
		d.Integrations = slices.Delete(d.Integrations, i, i+1)
		return nil
	})
}

// routeForm is a route key with a method and a path.
var routeForm = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) (/\S*)$`)

func checkRouteKey(text string) error {
	if text == defaultKey {
		return nil
	}
	m := routeForm.FindStringSubmatch(text)
	if m == nil {
		return invalid("The provided route key is not formatted properly for HTTP protocol. Format should be \"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\"")
	}
	return checkTemplate(m[2])
}

// checkTemplate checks the variables of a path: {name} and, at its end alone, the greedy {name+}.
func checkTemplate(path string) error {
	list := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range list {
		if !strings.ContainsAny(s, "{}") {
			continue
		}
		if !variableForm.MatchString(s) {
			return invalid("The path %s is not formatted properly: a variable is a whole segment, {name}, or at the end {name+}", path)
		}
		if strings.HasSuffix(s, "+}") && i < len(list)-1 {
			return invalid("The path %s is not formatted properly: the greedy variable %s must be its last segment", path, s)
		}
	}
	return nil
}

var variableForm = regexp.MustCompile(`^\{[A-Za-z0-9._$-]+\+?\}$`)

func (a *API) createRoute(ctx context.Context, in *apigatewayv2.CreateRouteInput) (*apigatewayv2.CreateRouteOutput, error) {
	r := types.Route{RouteId: aws.String(a.IDs.Of(alphabet, 7)), AuthorizationType: types.AuthorizationTypeNone, ApiKeyRequired: aws.Bool(false)}
	merge(&r, in)
	err := a.changeHTTP(ctx, in.ApiId, func(_ *postgres.Tx, d *httpAPI) error {
		d.Routes = append(d.Routes, r)
		return d.checkRoute("CreateRoute", len(d.Routes)-1)
	})
	return as[apigatewayv2.CreateRouteOutput](&r), err
}

// checkRoute checks a route among the others, and refuses by name what is not simulated.
func (d *httpAPI) checkRoute(operation string, n int) error {
	r := &d.Routes[n]
	err := refuse(operation,
		given{"the authorization type " + string(r.AuthorizationType), r.AuthorizationType != types.AuthorizationTypeNone && r.AuthorizationType != types.AuthorizationTypeAwsIam},
		given{"AuthorizerId", r.AuthorizerId != nil}, given{"AuthorizationScopes", len(r.AuthorizationScopes) > 0}, given{"ApiKeyRequired", aws.ToBool(r.ApiKeyRequired)},
		given{"ModelSelectionExpression", r.ModelSelectionExpression != nil}, given{"RequestModels", len(r.RequestModels) > 0}, given{"RequestParameters", len(r.RequestParameters) > 0},
		given{"RouteResponseSelectionExpression", r.RouteResponseSelectionExpression != nil})
	if err == nil {
		err = checkRouteKey(*r.RouteKey)
	}
	if err != nil {
		return err
	}
	if slices.ContainsFunc(d.Routes, func(other types.Route) bool { return other.RouteId != r.RouteId && *other.RouteKey == *r.RouteKey }) {
		return conflict("Route with key %s already exists for this API", *r.RouteKey)
	}
	if aws.ToString(r.Target) == "" {
		r.Target = nil
		return nil
	}
	id, ok := strings.CutPrefix(*r.Target, "integrations/")
	if !ok {
		return invalid("Invalid target %s: want integrations/ID", *r.Target)
	}
	_, err = d.integration(&id)
	return err
}

func (d *httpAPI) route(id *string) (int, error) {
	i := slices.IndexFunc(d.Routes, func(r types.Route) bool { return *r.RouteId == aws.ToString(id) })
	if i < 0 {
		return i, notFound("Invalid Route identifier specified %s", aws.ToString(id))
	}
	return i, nil
}

func (a *API) getRoute(ctx context.Context, in *apigatewayv2.GetRouteInput) (*apigatewayv2.GetRouteOutput, error) {
	d, err := load[httpAPI](ctx, a.DB, kindHTTP, own(ctx, in.ApiId), "")
	if err != nil {
		return nil, err
	}
	i, err := d.route(in.RouteId)
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetRouteOutput](&d.Routes[i]), nil
}

func (a *API) getRoutes(ctx context.Context, in *apigatewayv2.GetRoutesInput) (*apigatewayv2.GetRoutesOutput, error) {
	part, next, err := partOf(ctx, a, in.ApiId, in.NextToken, in.MaxResults, func(d *httpAPI) []types.Route { return d.Routes })
	return &apigatewayv2.GetRoutesOutput{Items: part, NextToken: next}, err
}

func (a *API) updateRoute(ctx context.Context, in *apigatewayv2.UpdateRouteInput) (*apigatewayv2.UpdateRouteOutput, error) {
	var out *apigatewayv2.UpdateRouteOutput
	err := a.changeHTTP(ctx, in.ApiId, func(_ *postgres.Tx, d *httpAPI) error {
		i, err := d.route(in.RouteId)
		if err != nil {
			return err
		}
		if aws.ToBool(d.Routes[i].ApiGatewayManaged) && *d.Routes[i].RouteKey == defaultKey && in.RouteKey != nil && *in.RouteKey != defaultKey {
			return invalid("The key of the $default route can't be modified")
		}
		merge(&d.Routes[i], in)
		out = as[apigatewayv2.UpdateRouteOutput](&d.Routes[i])
		return d.checkRoute("UpdateRoute", i)
	})
	return out, err
}

func (a *API) deleteRoute(ctx context.Context, in *apigatewayv2.DeleteRouteInput) (*apigatewayv2.DeleteRouteOutput, error) {
	return nil, a.changeHTTP(ctx, in.ApiId, func(_ *postgres.Tx, d *httpAPI) error {
		i, err := d.route(in.RouteId)
		if err != nil {
			return err
		}
		d.Routes = slices.Delete(d.Routes, i, i+1)
		return nil
	})
}
