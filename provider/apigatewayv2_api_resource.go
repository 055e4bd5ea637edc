package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type httpAPIModel struct {
	ID              types.String `tfsdk:"id"`
	Region          types.String `tfsdk:"region"`
	Endpoint        types.String `tfsdk:"api_endpoint"`
	KeySelection    types.String `tfsdk:"api_key_selection_expression"`
	ARN             types.String `tfsdk:"arn"`
	Body            types.String `tfsdk:"body"`
	CORS            []corsData   `tfsdk:"cors_configuration"`
	Credentials     types.String `tfsdk:"credentials_arn"`
	Description     types.String `tfsdk:"description"`
	DisableEndpoint types.Bool   `tfsdk:"disable_execute_api_endpoint"`
	ExecutionARN    types.String `tfsdk:"execution_arn"`
	FailOnWarnings  types.Bool   `tfsdk:"fail_on_warnings"`
	IPAddressType   types.String `tfsdk:"ip_address_type"`
	Name            types.String `tfsdk:"name"`
	Protocol        types.String `tfsdk:"protocol_type"`
	RouteKey        types.String `tfsdk:"route_key"`
	RouteSelection  types.String `tfsdk:"route_selection_expression"`
	Tags            types.Map    `tfsdk:"tags"`
	TagsAll         types.Map    `tfsdk:"tags_all"`
	Target          types.String `tfsdk:"target"`
	Version         types.String `tfsdk:"version"`
}

var httpAPIRefused = []refused{{name: "body"}, {name: "credentials_arn"}, {name: "fail_on_warnings"}}

func newHTTPAPIResource() resource.Resource {
	return &importedBy[httpAPIModel]{want: "the API's ID", parse: func(id string) map[string]string { return map[string]string{"id": id} }, kept: kept[httpAPIModel]{
		typ: "apigatewayv2_api", noun: "the HTTP API", label: func(m *httpAPIModel) string { return m.Name.ValueString() }, schema: httpAPISchema, refused: httpAPIRefused,
		create: createHTTPAPI, read: readHTTPAPI, update: updateHTTPAPI, plan: planRegionAndTags,
		remove: func(ctx context.Context, b *resourceBase, m *httpAPIModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).DeleteApi(ctx, &apigatewayv2.DeleteApiInput{ApiId: m.ID.ValueStringPointer()})
			return err
		},
	}}
}

func httpAPISchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "An HTTP API: functions behind routes, called by plain HTTP. `api_endpoint` works from this machine.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The API's ID."), "region": regionAttribute(),
			"api_endpoint": result("Where the API is reached: `http://HOST:PORT/_api/ID`. A route's path follows, or a stage's name and then the path."),
			"api_key_selection_expression": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("$request.header.x-api-key"), MarkdownDescription: "Stored: HTTP APIs have no API keys.",
				Validators: []validator.String{stringvalidator.OneOf("$request.header.x-api-key", "$context.authorizer.usageIdentifierKey")}},
			"arn": result("ARN of the API."), "body": schema.StringAttribute{Optional: true, MarkdownDescription: notSimulated}, "credentials_arn": once(false, notSimulated),
			"description":                  schema.StringAttribute{Optional: true, MarkdownDescription: "Description.", Validators: []validator.String{stringvalidator.LengthAtMost(1024)}},
			"disable_execute_api_endpoint": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether nobody is served at `api_endpoint`; there is no other."},
			"execution_arn":                result("Prefix of `source_arn` of the permission of a function that the API calls: `/STAGE/METHOD/PATH` follows."),
			"fail_on_warnings":             schema.BoolAttribute{Optional: true, MarkdownDescription: notSimulated},
			"ip_address_type":              schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`ipv4` or `dualstack`. Stored.", Validators: []validator.String{stringvalidator.OneOf("ipv4", "dualstack")}},
			"name":                         schema.StringAttribute{Required: true, MarkdownDescription: "Name.", Validators: []validator.String{stringvalidator.LengthBetween(1, 128)}},
			"protocol_type":                once(true, "`HTTP`; `WEBSOCKET` is refused by name."),
			"route_key":                    once(false, "Key of the route that `target` makes; `$default` by default."),
			"route_selection_expression": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("$request.method $request.path"),
				MarkdownDescription: "`$request.method $request.path`: HTTP APIs have no other."},
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
			"target":  once(false, "ARN of a function: makes an integration, a route and a stage `$default` that deploys by itself."),
			"version": schema.StringAttribute{Optional: true, MarkdownDescription: "Version.", Validators: []validator.String{stringvalidator.LengthBetween(1, 64)}},
		},
		Blocks: map[string]schema.Block{"cors_configuration": block("What browsers may do with the API from other origins.", map[string]schema.Attribute{
			"allow_credentials": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether cookies may be sent."}, "allow_headers": givenTexts(false, "Headers that a request may have."),
			"allow_methods": givenTexts(false, "Methods."), "allow_origins": givenTexts(false, "Origins."), "expose_headers": givenTexts(false, "Headers of the answer that the page may read."),
			"max_age": schema.Int64Attribute{Optional: true, MarkdownDescription: "Seconds for which a browser may keep the answer to its question."},
		}, nil)},
	}
}

// httpCORS is what a request says of CORS; nil where the block is not there.
func httpCORS(blocks []corsData) *apitypes.Cors {
	c := corsOf(blocks)
	if c == nil {
		return nil
	}
	return &apitypes.Cors{AllowCredentials: c.AllowCredentials, AllowHeaders: c.AllowHeaders, AllowMethods: c.AllowMethods, AllowOrigins: c.AllowOrigins, ExposeHeaders: c.ExposeHeaders, MaxAge: c.MaxAge}
}

func createHTTPAPI(ctx context.Context, b *resourceBase, m *httpAPIModel) error {
	out, err := b.clients.HTTPAPIs(m.Region.ValueString()).CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: m.Name.ValueStringPointer(), ProtocolType: apitypes.ProtocolType(m.Protocol.ValueString()),
		ApiKeySelectionExpression: given(m.KeySelection), RouteSelectionExpression: given(m.RouteSelection), CorsConfiguration: httpCORS(m.CORS), Description: given(m.Description),
		DisableExecuteApiEndpoint: m.DisableEndpoint.ValueBoolPointer(), IpAddressType: apitypes.IpAddressType(m.IPAddressType.ValueString()), RouteKey: given(m.RouteKey), Target: given(m.Target),
		Version: given(m.Version), Tags: textsIn(m.TagsAll)})
	if err == nil {
		m.ID = types.StringPointerValue(out.ApiId)
	}
	return err
}

func readHTTPAPI(ctx context.Context, b *resourceBase, m *httpAPIModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.HTTPAPIs(m.Region.ValueString()).GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.Endpoint, m.Name, m.Protocol = types.StringPointerValue(out.ApiEndpoint), types.StringPointerValue(out.Name), types.StringValue(string(out.ProtocolType))
	m.KeySelection, m.RouteSelection = types.StringPointerValue(out.ApiKeySelectionExpression), types.StringPointerValue(out.RouteSelectionExpression)
	m.ARN, m.IPAddressType = types.StringValue(gatewayARN(m.Region, "/apis/"+*out.ApiId)), types.StringValue(string(out.IpAddressType))
	if m.ExecutionARN, err = executionARN(ctx, b, m.Region, *out.ApiId); err != nil {
		return err
	}
	m.Description, m.Version = optionalString(out.Description, m.Description), optionalString(out.Version, m.Version)
	if off := aws.ToBool(out.DisableExecuteApiEndpoint); off != m.DisableEndpoint.ValueBool() {
		m.DisableEndpoint = types.BoolValue(off)
	}
	m.CORS = readHTTPCORS(out.CorsConfiguration, m.CORS)
	m.Tags, m.TagsAll = b.readTags(out.Tags, m.Tags)
	return nil
}

func readHTTPCORS(c *apitypes.Cors, was []corsData) []corsData {
	if c == nil {
		return nil
	}
	return readCORS(&lambdatypes.Cors{AllowCredentials: c.AllowCredentials, AllowHeaders: c.AllowHeaders, AllowMethods: c.AllowMethods, AllowOrigins: c.AllowOrigins, ExposeHeaders: c.ExposeHeaders, MaxAge: c.MaxAge}, was)
}

func updateHTTPAPI(ctx context.Context, b *resourceBase, m, was *httpAPIModel) error {
	client := b.clients.HTTPAPIs(m.Region.ValueString())
	if len(m.CORS) == 0 && len(was.CORS) > 0 {
		if _, err := client.DeleteCorsConfiguration(ctx, &apigatewayv2.DeleteCorsConfigurationInput{ApiId: was.ID.ValueStringPointer()}); err != nil {
			return err
		}
	}
	_, err := client.UpdateApi(ctx, &apigatewayv2.UpdateApiInput{ApiId: was.ID.ValueStringPointer(), Name: m.Name.ValueStringPointer(), ApiKeySelectionExpression: given(m.KeySelection),
		CorsConfiguration: httpCORS(m.CORS), Description: aws.String(m.Description.ValueString()), DisableExecuteApiEndpoint: aws.Bool(m.DisableEndpoint.ValueBool()),
		IpAddressType: apitypes.IpAddressType(m.IPAddressType.ValueString()), Version: aws.String(m.Version.ValueString())})
	if err != nil {
		return err
	}
	return retagHTTPAPIs(ctx, client, was.ARN.ValueString(), m.TagsAll, was.TagsAll)
}

// retagHTTPAPIs writes the tags of an API or of a stage.
func retagHTTPAPIs(ctx context.Context, client *apigatewayv2.Client, arn string, is, was types.Map) error {
	if gone := missingKeys(textsIn(was), textsIn(is)); len(gone) > 0 {
		if _, err := client.UntagResource(ctx, &apigatewayv2.UntagResourceInput{ResourceArn: &arn, TagKeys: gone}); err != nil {
			return err
		}
	}
	if is.Equal(was) || len(textsIn(is)) == 0 {
		return nil
	}
	_, err := client.TagResource(ctx, &apigatewayv2.TagResourceInput{ResourceArn: &arn, Tags: textsIn(is)})
	return err
}
