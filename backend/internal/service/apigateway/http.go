package apigateway

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// httpAPI is an HTTP API with its parts, as it is kept.
type httpAPI struct {
	Account, Region string
	API             types.Api
	Integrations    []types.Integration
	Routes          []types.Route
	Stages          []types.Stage
}

func (d *httpAPI) key() key { return key{d.Account, d.Region, *d.API.ApiId} }

// httpDeployment is what a deployment of an HTTP API shows.
type httpDeployment struct {
	Deployment   types.Deployment
	CORS         *types.Cors
	Integrations []types.Integration
	Routes       []types.Route
}

const (
	defaultKey   = "$default" // of a route and of a stage
	selection    = "$request.method $request.path"
	keySelection = "$request.header.x-api-key"
)

// HTTP is the second version of API Gateway for the wire.
func (a *API) HTTP() wire.Service {
	ops := map[string]wire.Operation{
		"CreateApi": operation(a.createAPI, "POST", func(*apigatewayv2.CreateApiInput) string { return "/apis" }),
		"GetApi":    operation(a.getAPI, "GET", func(in *apigatewayv2.GetApiInput) string { return apiPath(in.ApiId) }),
		"GetApis":   operation(a.getAPIs, "GET", func(*apigatewayv2.GetApisInput) string { return "/apis" }),
		"UpdateApi": operation(a.updateAPI, "PATCH", func(in *apigatewayv2.UpdateApiInput) string { return apiPath(in.ApiId) }),
		"DeleteApi": operation(a.deleteAPI, "DELETE", func(in *apigatewayv2.DeleteApiInput) string { return apiPath(in.ApiId) }),
		"DeleteCorsConfiguration": operation(a.deleteCORS, "DELETE", func(in *apigatewayv2.DeleteCorsConfigurationInput) string {
			return apiPath(in.ApiId) + "/cors"
		}),
		"TagResource":   operation(a.tagHTTP, "POST", func(in *apigatewayv2.TagResourceInput) string { return tagsPath(in.ResourceArn) }),
		"UntagResource": operation(a.untagHTTP, "DELETE", func(in *apigatewayv2.UntagResourceInput) string { return tagsPath(in.ResourceArn) }),
		"GetTags":       operation(a.tagsOfHTTP, "GET", func(in *apigatewayv2.GetTagsInput) string { return tagsPath(in.ResourceArn) }),
	}
	a.addRoutes(ops)
	a.addStages(ops)
	return wire.Service{API: wire.HTTPAPIs(), Fault: toAWS, Operations: ops}
}

// apiPath is the path of an HTTP API, or of a part of it: kind and id.
func apiPath(id *string, part ...string) string {
	return strings.Join(append([]string{"/apis", aws.ToString(id)}, part...), "/")
}

func (a *API) createAPI(ctx context.Context, in *apigatewayv2.CreateApiInput) (*apigatewayv2.CreateApiOutput, error) {
	err := refuse("CreateApi", given{"the protocol WEBSOCKET", in.ProtocolType == types.ProtocolTypeWebsocket}, given{"CredentialsArn", in.CredentialsArn != nil},
		given{"DisableSchemaValidation", in.DisableSchemaValidation != nil})
	if err == nil {
		err = checkAPI(in.Name, in.Description, in.Version, in.RouteSelectionExpression, in.ApiKeySelectionExpression, in.CorsConfiguration)
	}
	switch {
	case err != nil:
		return nil, err
	case in.ProtocolType != types.ProtocolTypeHttp:
		return nil, invalid("Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")
	case in.RouteKey != nil && in.Target == nil:
		return nil, invalid("Please provide a target with the route key")
	}
	k := own(ctx, nil)
	k.ID = a.IDs.Of(alphabet, 10)
	d := &httpAPI{Account: k.Account, Region: k.Region, API: types.Api{ApiId: &k.ID, ApiEndpoint: aws.String(a.endpoint(k.ID)), ApiKeySelectionExpression: aws.String(keySelection),
		RouteSelectionExpression: aws.String(selection), DisableExecuteApiEndpoint: aws.Bool(false), IpAddressType: types.IpAddressTypeIpv4, Tags: map[string]string{}}}
	merge(&d.API, in)
	d.API.RouteSelectionExpression = aws.String(selection)
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		d.API.CreatedDate = at(tx.Now)
		if err := a.insert(ctx, tx, kindHTTP, k, d); err != nil || in.Target == nil {
			return err
		}
		return a.quickCreate(ctx, tx, d, in)
	})
	return as[apigatewayv2.CreateApiOutput](&d.API), err
}

// quickCreate makes the integration, the route and the stage of an API that was created with a target.
func (a *API) quickCreate(ctx context.Context, tx *postgres.Tx, d *httpAPI, in *apigatewayv2.CreateApiInput) error {
	if strings.HasPrefix(*in.Target, "http://") || strings.HasPrefix(*in.Target, "https://") {
		return unsupported("CreateApi", "the target "+*in.Target+", which makes an integration HTTP_PROXY,")
	}
	if _, err := functionOf(*in.Target); err != nil {
		return err
	}
	route := defaultKey
	if in.RouteKey != nil {
		route = *in.RouteKey
	}
	if err := checkRouteKey(route); err != nil {
		return err
	}
	integration, managed := a.IDs.Of(alphabet, 7), aws.Bool(true)
	d.Integrations = []types.Integration{{ApiGatewayManaged: managed, IntegrationId: &integration, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: in.Target,
		ConnectionType: types.ConnectionTypeInternet, IntegrationMethod: aws.String("POST"), PayloadFormatVersion: aws.String("2.0"), TimeoutInMillis: aws.Int32(httpTimeout)}}
	d.Routes = []types.Route{{ApiGatewayManaged: managed, RouteId: aws.String(a.IDs.Of(alphabet, 7)), RouteKey: &route, AuthorizationType: types.AuthorizationTypeNone,
		ApiKeyRequired: aws.Bool(false), Target: aws.String("integrations/" + integration)}}
	d.Stages = []types.Stage{{ApiGatewayManaged: managed, StageName: aws.String(defaultKey), AutoDeploy: aws.Bool(true), CreatedDate: at(tx.Now), LastUpdatedDate: at(tx.Now),
		StageVariables: map[string]string{}, Tags: map[string]string{}, RouteSettings: map[string]types.RouteSettings{}}}
	if err := a.autoDeploy(ctx, tx, d); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE apigateway.apis SET body = $1 WHERE id = $2`, plain(d), d.API.ApiId)
	return err
}

// checkAPI checks what an API may be made of.
func checkAPI(name, description, version, routes, keys *string, cors *types.Cors) error {
	switch {
	case name != nil && (len(*name) < 1 || len(*name) > 128):
		return invalid("Name must be between 1 and 128 characters")
	case description != nil && len(*description) > 1024:
		return invalid("Description can be at most 1024 characters")
	case version != nil && len(*version) > 64:
		return invalid("Version can be at most 64 characters")
	case routes != nil && *routes != selection && *routes != "${request.method} ${request.path}":
		return invalid("Invalid routeSelectionExpression specified: an HTTP API has ${request.method} ${request.path}")
	case keys != nil && *keys != keySelection:
		return unsupportedKeys
	case cors != nil && aws.ToBool(cors.AllowCredentials) && (anyOf(cors.AllowOrigins) || anyOf(cors.AllowHeaders) || anyOf(cors.AllowMethods) || anyOf(cors.ExposeHeaders)):
		return invalid("If allowCredentials is true, allowed headers, allowed methods, allowed origins and exposed headers cannot contain *")
	case cors != nil && (aws.ToInt32(cors.MaxAge) < -1 || aws.ToInt32(cors.MaxAge) > 86400):
		return invalid("MaxAge must be between -1 and 86400 seconds")
	}
	return nil
}

// unsupportedKeys: HTTP APIs have no API keys; AWS keeps the expression and never uses it.
var unsupportedKeys = unsupported("CreateApi", "an ApiKeySelectionExpression other than "+keySelection)

func anyOf(list []string) bool {
	for _, s := range list {
		if s == "*" {
			return true
		}
	}
	return false
}

func (a *API) getAPI(ctx context.Context, in *apigatewayv2.GetApiInput) (*apigatewayv2.GetApiOutput, error) {
	d, err := load[httpAPI](ctx, a.DB, kindHTTP, own(ctx, in.ApiId), "")
	if err != nil {
		return nil, err
	}
	return as[apigatewayv2.GetApiOutput](a.shown(d)), nil
}

// shown is an API as it is answered: its address is that of the backend as it runs now.
func (a *API) shown(d *httpAPI) *types.Api {
	d.API.ApiEndpoint = aws.String(a.endpoint(*d.API.ApiId))
	return &d.API
}

func (a *API) getAPIs(ctx context.Context, in *apigatewayv2.GetApisInput) (*apigatewayv2.GetApisOutput, error) {
	all, err := list[httpAPI](ctx, a.DB, kindHTTP, own(ctx, nil))
	if err != nil {
		return nil, err
	}
	max, err := most(in.MaxResults)
	if err != nil {
		return nil, err
	}
	part, next, err := page(all, in.NextToken, max)
	if err != nil {
		return nil, err
	}
	out := &apigatewayv2.GetApisOutput{Items: []types.Api{}, NextToken: next}
	for _, d := range part {
		out.Items = append(out.Items, *a.shown(d))
	}
	return out, nil
}

func (a *API) updateAPI(ctx context.Context, in *apigatewayv2.UpdateApiInput) (*apigatewayv2.UpdateApiOutput, error) {
	err := refuse("UpdateApi", given{"CredentialsArn", in.CredentialsArn != nil}, given{"RouteKey", in.RouteKey != nil}, given{"Target", in.Target != nil},
		given{"DisableSchemaValidation", in.DisableSchemaValidation != nil})
	if err == nil {
		err = checkAPI(in.Name, in.Description, in.Version, in.RouteSelectionExpression, in.ApiKeySelectionExpression, in.CorsConfiguration)
	}
	if err != nil {
		return nil, err
	}
	in.RouteSelectionExpression = nil
	var out *apigatewayv2.UpdateApiOutput
	err = a.changeHTTP(ctx, in.ApiId, func(_ *postgres.Tx, d *httpAPI) error {
		merge(&d.API, in)
		out = as[apigatewayv2.UpdateApiOutput](a.shown(d))
		return nil
	})
	return out, err
}

// changeHTTP writes what f makes of an HTTP API, and deploys it to the stages that deploy by themselves.
func (a *API) changeHTTP(ctx context.Context, id *string, f func(tx *postgres.Tx, d *httpAPI) error) error {
	return change(ctx, a, kindHTTP, own(ctx, id), func(ctx context.Context, tx *postgres.Tx, d *httpAPI) error {
		if err := f(tx, d); err != nil {
			return err
		}
		return a.autoDeploy(ctx, tx, d)
	})
}

func (a *API) deleteAPI(ctx context.Context, in *apigatewayv2.DeleteApiInput) (*apigatewayv2.DeleteApiOutput, error) {
	return nil, a.remove(ctx, kindHTTP, own(ctx, in.ApiId))
}

func (a *API) deleteCORS(ctx context.Context, in *apigatewayv2.DeleteCorsConfigurationInput) (*apigatewayv2.DeleteCorsConfigurationOutput, error) {
	return nil, a.changeHTTP(ctx, in.ApiId, func(_ *postgres.Tx, d *httpAPI) error {
		d.API.CorsConfiguration = nil
		return nil
	})
}
