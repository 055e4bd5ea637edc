package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// aliasTimeout is how long an update may take where the configuration does not say.
const aliasTimeout = 15 * time.Minute

type aliasResource struct{ resourceBase }

func newAliasResource() resource.Resource { return &aliasResource{} }

var (
	_ resource.ResourceWithConfigure   = &aliasResource{}
	_ resource.ResourceWithModifyPlan  = &aliasResource{}
	_ resource.ResourceWithImportState = &aliasResource{}
)

// aliasModel is lambdasim_alias in configuration, plan and state.
type aliasModel struct {
	ID              types.String   `tfsdk:"id"`
	Region          types.String   `tfsdk:"region"`
	ARN             types.String   `tfsdk:"arn"`
	Description     types.String   `tfsdk:"description"`
	FunctionName    types.String   `tfsdk:"function_name"`
	FunctionVersion types.String   `tfsdk:"function_version"`
	InvokeARN       types.String   `tfsdk:"invoke_arn"`
	Name            types.String   `tfsdk:"name"`
	RoutingConfig   types.List     `tfsdk:"routing_config"`
	Timeouts        timeouts.Value `tfsdk:"timeouts"`
}

var routingConfigType = map[string]attr.Type{"additional_version_weights": types.MapType{ElemType: types.Float64Type}}

// Metadata names the type.
func (r *aliasResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "alias")
}

// Schema describes lambdasim_alias: every argument of aws_lambda_alias.
func (r *aliasResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	kept := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An alias: a name for a version of a function, or for two with a share of the invocations each. Who calls the alias needs a permission on the alias; one on the function does not count for it.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The alias's ARN."), "region": regionAttribute(),
			"arn":         schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the alias.", PlanModifiers: kept},
			"description": schema.StringAttribute{Optional: true, MarkdownDescription: "Description, at most 256 characters.", Validators: []validator.String{stringvalidator.LengthAtMost(256)}},
			"function_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the function.", PlanModifiers: replace,
				Validators: []validator.String{stringvalidator.RegexMatches(functionNameForm, "want a function's name or ARN")}},
			"function_version": schema.StringAttribute{Required: true, MarkdownDescription: "The version that the alias leads to, `$LATEST` or a number."},
			"invoke_arn":       schema.StringAttribute{Computed: true, MarkdownDescription: "ARN with which API Gateway invokes the alias.", PlanModifiers: kept},
			"name":             schema.StringAttribute{Required: true, MarkdownDescription: "Name of the alias.", PlanModifiers: replace},
		},
		Blocks: map[string]schema.Block{
			"routing_config": block("A second version.", map[string]schema.Attribute{
				"additional_version_weights": schema.MapAttribute{ElementType: types.Float64Type, Optional: true,
					MarkdownDescription: "The second version's number, and its share of the invocations, 0 to 1."}}, nil),
			"timeouts": timeouts.Block(ctx, timeouts.Opts{Update: true}),
		},
	}
}

// ModifyPlan fills in the region.
func (r *aliasResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients != nil && !req.Plan.Raw.IsNull() {
		r.planRegion(ctx, req, resp)
	}
}

// weights are the shares of other versions; without any, the alias has none.
func (m *aliasModel) weights(ctx context.Context, diags *diag.Diagnostics) *awstypes.AliasRoutingConfiguration {
	out := &awstypes.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{}}
	if v, ok := field(m.RoutingConfig, "additional_version_weights").(types.Map); ok {
		diags.Append(v.ElementsAs(ctx, &out.AdditionalVersionWeights, false)...)
	}
	return out
}

// read takes what the API says into the model.
func (m *aliasModel) read(name, version, description, arn *string, routing *awstypes.AliasRoutingConfiguration) {
	m.Name, m.FunctionVersion, m.Description = types.StringPointerValue(name), types.StringPointerValue(version), optionalString(description, m.Description)
	m.ID, m.ARN, m.InvokeARN = types.StringPointerValue(arn), types.StringPointerValue(arn), types.StringValue(invokeARN(aws.ToString(arn)))
	if routing == nil || len(routing.AdditionalVersionWeights) == 0 {
		if v, ok := field(m.RoutingConfig, "additional_version_weights").(types.Map); ok && len(v.Elements()) > 0 {
			m.RoutingConfig = types.ListNull(types.ObjectType{AttrTypes: routingConfigType})
		}
		return // a block that says nothing stays
	}
	weights := map[string]attr.Value{}
	for k, w := range routing.AdditionalVersionWeights {
		weights[k] = basetypes.NewFloat64Value(w)
	}
	m.RoutingConfig = objects(routingConfigType, map[string]attr.Value{"additional_version_weights": types.MapValueMust(types.Float64Type, weights)})
}

// invokeARN is the ARN with which API Gateway invokes a function or an alias.
func invokeARN(arn string) string {
	region := "us-east-1"
	if parts := strings.Split(arn, ":"); len(parts) > 3 {
		region = parts[3]
	}
	return "arn:aws:apigateway:" + region + ":lambda:path/2015-03-31/functions/" + arn + "/invocations"
}

// streamingInvokeARN is the ARN with which API Gateway invokes a function with response streaming.
func streamingInvokeARN(region, arn string) string {
	return "arn:aws:apigateway:" + region + ":lambda:path/2021-11-15/functions/" + arn + "/response-streaming-invocations"
}

// Create makes the alias.
func (r *aliasResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m aliasModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	in := &lambda.CreateAliasInput{FunctionName: m.FunctionName.ValueStringPointer(), Name: m.Name.ValueStringPointer(), Description: m.Description.ValueStringPointer(),
		FunctionVersion: m.FunctionVersion.ValueStringPointer(), RoutingConfig: m.weights(ctx, &resp.Diagnostics)}
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.Lambda(m.Region.ValueString()).CreateAlias(ctx, in)
	if err != nil {
		addError(&resp.Diagnostics, "Creating the alias", m.Name.ValueString(), err)
		return
	}
	m.read(out.Name, out.FunctionVersion, out.Description, out.AliasArn, out.RoutingConfig)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Read refreshes the state; an alias that is gone leaves it.
func (r *aliasResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m aliasModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.Lambda(m.Region.ValueString()).GetAlias(ctx, &lambda.GetAliasInput{FunctionName: m.FunctionName.ValueStringPointer(), Name: m.Name.ValueStringPointer()})
	if isNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the alias", m.Name.ValueString(), err)
		return
	}
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	m.read(out.Name, out.FunctionVersion, out.Description, out.AliasArn, out.RoutingConfig)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update points the alias elsewhere.
func (r *aliasResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m aliasModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	limit, more := m.Timeouts.Update(ctx, aliasTimeout)
	resp.Diagnostics.Append(more...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	in := &lambda.UpdateAliasInput{FunctionName: m.FunctionName.ValueStringPointer(), Name: m.Name.ValueStringPointer(), Description: aws.String(m.Description.ValueString()),
		FunctionVersion: m.FunctionVersion.ValueStringPointer(), RoutingConfig: m.weights(ctx, &resp.Diagnostics)}
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.Lambda(m.Region.ValueString()).UpdateAlias(ctx, in)
	if err != nil {
		addError(&resp.Diagnostics, "Updating the alias", m.Name.ValueString(), err)
		return
	}
	m.read(out.Name, out.FunctionVersion, out.Description, out.AliasArn, out.RoutingConfig)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Delete removes the alias.
func (r *aliasResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m aliasModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.Lambda(m.Region.ValueString()).DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: m.FunctionName.ValueStringPointer(), Name: m.Name.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the alias", m.Name.ValueString(), err)
	}
}

// ImportState imports by FUNCTION/ALIAS; @REGION may follow.
func (r *aliasResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	req = cutRegion(ctx, req, resp)
	function, name, ok := strings.Cut(req.ID, "/")
	if !ok || function == "" || name == "" {
		resp.Diagnostics.AddError("Not an import id", fmt.Sprintf("%q: want FUNCTION/ALIAS.", req.ID))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("function_name"), function)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), name)...)
}
