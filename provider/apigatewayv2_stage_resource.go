package provider

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type httpStageModel struct {
	ID            types.String        `tfsdk:"id"`
	Region        types.String        `tfsdk:"region"`
	AccessLog     []accessLogData     `tfsdk:"access_log_settings"`
	API           types.String        `tfsdk:"api_id"`
	ARN           types.String        `tfsdk:"arn"`
	AutoDeploy    types.Bool          `tfsdk:"auto_deploy"`
	Certificate   types.String        `tfsdk:"client_certificate_id"`
	RouteDefaults []routeSettingsData `tfsdk:"default_route_settings"`
	Deployment    types.String        `tfsdk:"deployment_id"`
	Description   types.String        `tfsdk:"description"`
	ExecutionARN  types.String        `tfsdk:"execution_arn"`
	InvokeURL     types.String        `tfsdk:"invoke_url"`
	Name          types.String        `tfsdk:"name"`
	RouteSettings types.Set           `tfsdk:"route_settings"`
	Variables     types.Map           `tfsdk:"stage_variables"`
	Tags          types.Map           `tfsdk:"tags"`
	TagsAll       types.Map           `tfsdk:"tags_all"`
}

type accessLogData struct {
	Destination types.String `tfsdk:"destination_arn"`
	Format      types.String `tfsdk:"format"`
}

// routeSettingsData are kept in the state alone: they have no effect here.
type routeSettingsData struct {
	DataTrace types.Bool    `tfsdk:"data_trace_enabled"`
	Metrics   types.Bool    `tfsdk:"detailed_metrics_enabled"`
	Logging   types.String  `tfsdk:"logging_level"`
	Burst     types.Int64   `tfsdk:"throttling_burst_limit"`
	Rate      types.Float64 `tfsdk:"throttling_rate_limit"`
}

var httpStageRefused = []refused{{name: "client_certificate_id"}, {name: "route_settings"}}

func newHTTPStageResource() resource.Resource {
	return &importedBy[httpStageModel]{want: "API_ID/NAME", parse: parts("api_id", "name"), kept: kept[httpStageModel]{
		typ: "apigatewayv2_stage", noun: "the stage", label: func(m *httpStageModel) string { return m.API.ValueString() + " " + m.Name.ValueString() },
		schema: httpStageSchema, refused: httpStageRefused, read: readHTTPStage, update: updateHTTPStage, plan: planHTTPStage,
		create: func(ctx context.Context, b *resourceBase, m *httpStageModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: m.API.ValueStringPointer(), StageName: m.Name.ValueStringPointer(),
				AutoDeploy: m.AutoDeploy.ValueBoolPointer(), DeploymentId: given(m.Deployment), Description: given(m.Description), StageVariables: textsIn(m.Variables), Tags: textsIn(m.TagsAll),
				AccessLogSettings: accessLog(m.AccessLog), DefaultRouteSettings: routeDefaults(m.RouteDefaults)})
			return err
		},
		remove: func(ctx context.Context, b *resourceBase, m *httpStageModel) error {
			_, err := b.clients.HTTPAPIs(m.Region.ValueString()).DeleteStage(ctx, &apigatewayv2.DeleteStageInput{ApiId: m.API.ValueStringPointer(), StageName: m.Name.ValueStringPointer()})
			return err
		},
	}}
}

func httpStageSchema() schema.Schema {
	settings := func() map[string]schema.Attribute {
		return map[string]schema.Attribute{
			"data_trace_enabled":       schema.BoolAttribute{Optional: true, MarkdownDescription: "Stored; of WebSocket APIs alone."},
			"detailed_metrics_enabled": schema.BoolAttribute{Optional: true, MarkdownDescription: "Stored: there are no metrics of APIs."},
			"logging_level":            schema.StringAttribute{Optional: true, MarkdownDescription: "Stored; of WebSocket APIs alone."},
			"throttling_burst_limit":   schema.Int64Attribute{Optional: true, MarkdownDescription: "Stored: requests are not throttled."},
			"throttling_rate_limit":    schema.Float64Attribute{Optional: true, MarkdownDescription: "Stored: requests are not throttled."},
		}
	}
	each := settings()
	each["route_key"] = schema.StringAttribute{Required: true, MarkdownDescription: notSimulated}
	return schema.Schema{
		MarkdownDescription: "A stage of an HTTP API: where a deployment is served.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The stage's name."), "region": regionAttribute(), "api_id": once(true, "The API."), "arn": result("ARN of the stage."),
			"auto_deploy":           schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether every change of the API is served at once."},
			"client_certificate_id": schema.StringAttribute{Optional: true, MarkdownDescription: notSimulated},
			"deployment_id":         schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "The deployment that is served."},
			"description":           schema.StringAttribute{Optional: true, MarkdownDescription: "Description.", Validators: []validator.String{stringvalidator.LengthAtMost(1024)}},
			"execution_arn":         result("Prefix of `source_arn` of the permission of a function that the stage calls: `/METHOD/PATH` follows."),
			"invoke_url":            result("Where the stage is reached, on the simulator's own address."),
			"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name, or `$default`, which is served without a name in the path.", Validators: []validator.String{stringvalidator.LengthBetween(1, 128)},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"stage_variables": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Variables, which functions see and integrations may name."},
			"tags":            tagsAttribute(), "tags_all": tagsAllAttribute(),
		},
		Blocks: map[string]schema.Block{
			"access_log_settings": block("Stored: access logs are not written.", map[string]schema.Attribute{
				"destination_arn": schema.StringAttribute{Required: true, MarkdownDescription: "Stored.", Validators: []validator.String{arnValidator()}}, "format": schema.StringAttribute{Required: true, MarkdownDescription: "Stored."}}, nil),
			"default_route_settings": block("Stored.", settings(), nil),
			"route_settings":         schema.SetNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: each}},
		},
	}
}

// planHTTPStage: a stage that deploys by itself shows another deployment after every change.
func planHTTPStage(ctx context.Context, b *resourceBase, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planRegionAndTags(ctx, b, req, resp)
}

func accessLog(blocks []accessLogData) *apitypes.AccessLogSettings {
	for _, a := range blocks {
		return &apitypes.AccessLogSettings{DestinationArn: a.Destination.ValueStringPointer(), Format: a.Format.ValueStringPointer()}
	}
	return nil
}

func routeDefaults(blocks []routeSettingsData) *apitypes.RouteSettings {
	for _, d := range blocks {
		return &apitypes.RouteSettings{DataTraceEnabled: d.DataTrace.ValueBoolPointer(), DetailedMetricsEnabled: d.Metrics.ValueBoolPointer(), LoggingLevel: apitypes.LoggingLevel(d.Logging.ValueString()),
			ThrottlingBurstLimit: int32Of(d.Burst), ThrottlingRateLimit: d.Rate.ValueFloat64Pointer()}
	}
	return nil
}

func readHTTPStage(ctx context.Context, b *resourceBase, m *httpStageModel) error {
	m.Region = b.regionOf(m.Region)
	client := b.clients.HTTPAPIs(m.Region.ValueString())
	out, err := client.GetStage(ctx, &apigatewayv2.GetStageInput{ApiId: m.API.ValueStringPointer(), StageName: m.Name.ValueStringPointer()})
	if err != nil {
		return err
	}
	api, err := client.GetApi(ctx, &apigatewayv2.GetApiInput{ApiId: m.API.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.ID, m.AutoDeploy, m.Deployment = m.Name, types.BoolValue(aws.ToBool(out.AutoDeploy)), types.StringValue(aws.ToString(out.DeploymentId))
	m.ARN = types.StringValue(gatewayARN(m.Region, "/apis/"+*api.ApiId+"/stages/"+*out.StageName))
	execution, err := executionARN(ctx, b, m.Region, *api.ApiId)
	if err != nil {
		return err
	}
	m.ExecutionARN = types.StringValue(execution.ValueString() + "/" + *out.StageName)
	m.InvokeURL = types.StringValue(*api.ApiEndpoint + "/" + strings.TrimPrefix(*out.StageName, "$default"))
	m.Description, m.Variables = optionalString(out.Description, m.Description), mapOf(out.StageVariables, m.Variables)
	if a := out.AccessLogSettings; a != nil {
		m.AccessLog = []accessLogData{{types.StringPointerValue(a.DestinationArn), types.StringPointerValue(a.Format)}}
	} else {
		m.AccessLog = nil
	}
	m.Tags, m.TagsAll = b.readTags(out.Tags, m.Tags)
	return nil
}

func updateHTTPStage(ctx context.Context, b *resourceBase, m, was *httpStageModel) error {
	client := b.clients.HTTPAPIs(m.Region.ValueString())
	if len(m.AccessLog) == 0 && len(was.AccessLog) > 0 {
		if _, err := client.DeleteAccessLogSettings(ctx, &apigatewayv2.DeleteAccessLogSettingsInput{ApiId: m.API.ValueStringPointer(), StageName: m.Name.ValueStringPointer()}); err != nil {
			return err
		}
	}
	variables := textsIn(m.Variables)
	for _, gone := range missingKeys(textsIn(was.Variables), variables) {
		variables[gone] = "" // which removes it
	}
	in := &apigatewayv2.UpdateStageInput{ApiId: m.API.ValueStringPointer(), StageName: m.Name.ValueStringPointer(), AutoDeploy: m.AutoDeploy.ValueBoolPointer(), Description: aws.String(m.Description.ValueString()),
		StageVariables: variables, AccessLogSettings: accessLog(m.AccessLog), DefaultRouteSettings: routeDefaults(m.RouteDefaults)}
	if !m.AutoDeploy.ValueBool() {
		in.DeploymentId = given(m.Deployment)
	}
	if _, err := client.UpdateStage(ctx, in); err != nil {
		return err
	}
	return retagHTTPAPIs(ctx, client, was.ARN.ValueString(), m.TagsAll, was.TagsAll)
}
