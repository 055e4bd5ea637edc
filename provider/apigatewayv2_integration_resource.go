package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type httpIntegrationModel struct {
	ID                types.String `tfsdk:"id"`
	Region            types.String `tfsdk:"region"`
	API               types.String `tfsdk:"api_id"`
	Connection        types.String `tfsdk:"connection_id"`
	ConnectionType    types.String `tfsdk:"connection_type"`
	ContentHandling   types.String `tfsdk:"content_handling_strategy"`
	Credentials       types.String `tfsdk:"credentials_arn"`
	Description       types.String `tfsdk:"description"`
	Method            types.String `tfsdk:"integration_method"`
	ResponseSelection types.String `tfsdk:"integration_response_selection_expression"`
	Subtype           types.String `tfsdk:"integration_subtype"`
	Type              types.String `tfsdk:"integration_type"`
	URI               types.String `tfsdk:"integration_uri"`
	Passthrough       types.String `tfsdk:"passthrough_behavior"`
	Format            types.String `tfsdk:"payload_format_version"`
	RequestParameters types.Map    `tfsdk:"request_parameters"`
	RequestTemplates  types.Map    `tfsdk:"request_templates"`
	ResponseParams    types.Set    `tfsdk:"response_parameters"`
	TemplateSelection types.String `tfsdk:"template_selection_expression"`
	Timeout           types.Int64  `tfsdk:"timeout_milliseconds"`
	TLS               types.List   `tfsdk:"tls_config"`
}

var httpIntegrationRefused = []refused{{name: "connection_id"}, {name: "connection_type", allowed: []attr.Value{types.StringValue("INTERNET")}}, {name: "content_handling_strategy"}, {name: "credentials_arn"},
	{name: "integration_subtype"}, {name: "passthrough_behavior", allowed: []attr.Value{types.StringValue("WHEN_NO_MATCH")}}, {name: "request_parameters"}, {name: "request_templates"},
	{name: "response_parameters"}, {name: "template_selection_expression"}, {name: "tls_config"}}

func newHTTPIntegrationResource() resource.Resource {
	return &importedBy[httpIntegrationModel]{want: "API_ID/INTEGRATION_ID", parse: parts("api_id", "id"), kept: kept[httpIntegrationModel]{
		typ: "apigatewayv2_integration", noun: "the integration", label: func(m *httpIntegrationModel) string { return m.API.ValueString() + " " + m.URI.ValueString() },
		schema: httpIntegrationSchema, refused: httpIntegrationRefused, plan: planRegionAlone, read: readHTTPIntegration,
		create: func(ctx context.Context, b *resourceBase, m *httpIntegrationModel) error {
			out, err := b.clients.HTTPAPIs(m.Region.ValueString()).CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{ApiId: m.API.ValueStringPointer(),
				IntegrationType: apitypes.IntegrationType(m.Type.ValueString()), IntegrationUri: given(m.URI), PayloadFormatVersion: given(m.Format), Description: given(m.Description),
				IntegrationMethod: given(m.Method), TimeoutInMillis: int32Of(m.Timeout)})
			if err == nil {
				m.ID = types.StringPointerValue(out.IntegrationId)
			}
			return err
		},
		update: func(ctx context.Context, b *resourceBase, m, was *httpIntegrationModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).UpdateIntegration(ctx, &apigatewayv2.UpdateIntegrationInput{ApiId: m.API.ValueStringPointer(), IntegrationId: was.ID.ValueStringPointer(),
				IntegrationUri: given(m.URI), PayloadFormatVersion: given(m.Format), Description: aws.String(m.Description.ValueString()), IntegrationMethod: given(m.Method), TimeoutInMillis: int32Of(m.Timeout)})
			return err
		},
		remove: func(ctx context.Context, b *resourceBase, m *httpIntegrationModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).DeleteIntegration(ctx, &apigatewayv2.DeleteIntegrationInput{ApiId: m.API.ValueStringPointer(), IntegrationId: m.ID.ValueStringPointer()})
			return err
		},
	}}
}

func httpIntegrationSchema() schema.Schema {
	unused := schema.StringAttribute{Optional: true, MarkdownDescription: notSimulated}
	unusedMap := schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: notSimulated}
	return schema.Schema{
		MarkdownDescription: "An integration of an HTTP API: the function that routes lead to.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The integration's ID: `integrations/ID` is a route's `target`."), "region": regionAttribute(), "api_id": once(true, "The API."),
			"connection_id": unused, "content_handling_strategy": unused, "credentials_arn": unused, "integration_subtype": once(false, notSimulated), "template_selection_expression": unused,
			"connection_type":    schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("INTERNET"), MarkdownDescription: "`INTERNET`; `VPC_LINK` is refused by name."},
			"description":        schema.StringAttribute{Optional: true, MarkdownDescription: "Description."},
			"integration_method": schema.StringAttribute{Optional: true, MarkdownDescription: "Stored: a function is called with `POST`."},
			"integration_response_selection_expression": schema.StringAttribute{Computed: true, MarkdownDescription: "Null: HTTP APIs have none."},
			"integration_type": schema.StringAttribute{Required: true, MarkdownDescription: "`AWS_PROXY`; others are refused by name.", PlanModifiers: once(true, "").PlanModifiers,
				Validators: []validator.String{stringvalidator.OneOf("AWS_PROXY", "AWS", "HTTP", "HTTP_PROXY", "MOCK")}},
			"integration_uri":      schema.StringAttribute{Optional: true, MarkdownDescription: "The function's ARN or its `invoke_arn`; `${stageVariables.NAME}` in it is what the stage says."},
			"passthrough_behavior": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("WHEN_NO_MATCH"), MarkdownDescription: "Of WebSocket APIs alone."},
			"payload_format_version": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("1.0"), MarkdownDescription: "`1.0` (the default) or `2.0`: the form of the event and of the answer.",
				Validators: []validator.String{stringvalidator.OneOf("1.0", "2.0")}},
			"request_parameters": unusedMap, "request_templates": unusedMap,
			"timeout_milliseconds": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "How long the API waits for the function, 50 to 30000 ms."},
		},
		Blocks: map[string]schema.Block{
			"response_parameters": schema.SetNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
				"mappings": schema.MapAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: notSimulated}, "status_code": schema.StringAttribute{Required: true, MarkdownDescription: notSimulated}}}},
			"tls_config": block(notSimulated, map[string]schema.Attribute{"server_name_to_verify": unused}, nil),
		},
	}
}

func readHTTPIntegration(ctx context.Context, b *resourceBase, m *httpIntegrationModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.HTTPAPIs(m.Region.ValueString()).GetIntegration(ctx, &apigatewayv2.GetIntegrationInput{ApiId: m.API.ValueStringPointer(), IntegrationId: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.ConnectionType, m.Type, m.ResponseSelection = types.StringValue(string(out.ConnectionType)), types.StringValue(string(out.IntegrationType)), types.StringNull()
	m.URI, m.Format, m.Timeout = types.StringPointerValue(out.IntegrationUri), types.StringPointerValue(out.PayloadFormatVersion), int64Of(out.TimeoutInMillis)
	m.Description = optionalString(out.Description, m.Description)
	if !m.Method.IsNull() || aws.ToString(out.IntegrationMethod) != "POST" { // which is what a function has
		m.Method = types.StringPointerValue(out.IntegrationMethod)
	}
	if m.Passthrough.IsNull() {
		m.Passthrough = types.StringValue("WHEN_NO_MATCH")
	}
	return nil
}
