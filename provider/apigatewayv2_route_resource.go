package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type httpRouteModel struct {
	ID                types.String `tfsdk:"id"`
	Region            types.String `tfsdk:"region"`
	API               types.String `tfsdk:"api_id"`
	KeyRequired       types.Bool   `tfsdk:"api_key_required"`
	Scopes            types.Set    `tfsdk:"authorization_scopes"`
	Authorization     types.String `tfsdk:"authorization_type"`
	Authorizer        types.String `tfsdk:"authorizer_id"`
	ModelSelection    types.String `tfsdk:"model_selection_expression"`
	OperationName     types.String `tfsdk:"operation_name"`
	RequestModels     types.Map    `tfsdk:"request_models"`
	RequestParameter  types.Set    `tfsdk:"request_parameter"`
	Key               types.String `tfsdk:"route_key"`
	ResponseSelection types.String `tfsdk:"route_response_selection_expression"`
	Target            types.String `tfsdk:"target"`
}

var httpRouteRefused = []refused{{name: "api_key_required"}, {name: "authorization_scopes"}, {name: "authorizer_id"}, {name: "model_selection_expression"}, {name: "request_models"}, {name: "request_parameter"},
	{name: "route_response_selection_expression"}}

func newHTTPRouteResource() resource.Resource {
	return &importedBy[httpRouteModel]{want: "API_ID/ROUTE_ID", parse: parts("api_id", "id"), kept: kept[httpRouteModel]{
		typ: "apigatewayv2_route", noun: "the route", label: func(m *httpRouteModel) string { return m.API.ValueString() + " " + m.Key.ValueString() },
		schema: httpRouteSchema, refused: httpRouteRefused, plan: planRegionAlone, read: readHTTPRoute,
		create: func(ctx context.Context, b *resourceBase, m *httpRouteModel) error {
			out, err := b.clients.HTTPAPIs(m.Region.ValueString()).CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: m.API.ValueStringPointer(), RouteKey: m.Key.ValueStringPointer(),
				AuthorizationType: apitypes.AuthorizationType(m.Authorization.ValueString()), OperationName: given(m.OperationName), Target: given(m.Target)})
			if err == nil {
				m.ID = types.StringPointerValue(out.RouteId)
			}
			return err
		},
		update: func(ctx context.Context, b *resourceBase, m, was *httpRouteModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).UpdateRoute(ctx, &apigatewayv2.UpdateRouteInput{ApiId: m.API.ValueStringPointer(), RouteId: was.ID.ValueStringPointer(), RouteKey: m.Key.ValueStringPointer(),
				AuthorizationType: apitypes.AuthorizationType(m.Authorization.ValueString()), OperationName: aws.String(m.OperationName.ValueString()), Target: aws.String(m.Target.ValueString())})
			return err
		},
		remove: func(ctx context.Context, b *resourceBase, m *httpRouteModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).DeleteRoute(ctx, &apigatewayv2.DeleteRouteInput{ApiId: m.API.ValueStringPointer(), RouteId: m.ID.ValueStringPointer()})
			return err
		},
	}}
}

func httpRouteSchema() schema.Schema {
	unused := schema.StringAttribute{Optional: true, MarkdownDescription: notSimulated}
	return schema.Schema{
		MarkdownDescription: "A route of an HTTP API: which requests reach an integration.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The route's ID."), "region": regionAttribute(), "api_id": once(true, "The API."),
			"api_key_required":     schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Of WebSocket APIs alone: `true` is refused by name."},
			"authorization_scopes": givenTexts(false, notSimulated), "authorizer_id": unused, "model_selection_expression": unused, "route_response_selection_expression": unused,
			"authorization_type": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("NONE"), MarkdownDescription: "`NONE`, or `AWS_IAM`: calls are signed, and the caller needs `execute-api:Invoke`. `JWT` and `CUSTOM` are refused by name.",
				Validators: []validator.String{stringvalidator.OneOf("NONE", "AWS_IAM", "JWT", "CUSTOM")}},
			"operation_name": schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the operation. Stored.", Validators: []validator.String{stringvalidator.LengthBetween(1, 64)}},
			"request_models": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: notSimulated},
			"route_key":      schema.StringAttribute{Required: true, MarkdownDescription: "`METHOD /path`, with `{name}` and at the end `{name+}`, or `$default`. The method may be `ANY`."},
			"target":         schema.StringAttribute{Optional: true, MarkdownDescription: "`integrations/ID`."},
		},
		Blocks: map[string]schema.Block{"request_parameter": schema.SetNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"request_parameter_key": schema.StringAttribute{Required: true, MarkdownDescription: notSimulated}, "required": schema.BoolAttribute{Required: true, MarkdownDescription: notSimulated}}}}},
	}
}

func readHTTPRoute(ctx context.Context, b *resourceBase, m *httpRouteModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.HTTPAPIs(m.Region.ValueString()).GetRoute(ctx, &apigatewayv2.GetRouteInput{ApiId: m.API.ValueStringPointer(), RouteId: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.KeyRequired, m.Authorization, m.Key = types.BoolValue(aws.ToBool(out.ApiKeyRequired)), types.StringValue(string(out.AuthorizationType)), types.StringPointerValue(out.RouteKey)
	m.OperationName, m.Target = optionalString(out.OperationName, m.OperationName), optionalString(out.Target, m.Target)
	return nil
}
