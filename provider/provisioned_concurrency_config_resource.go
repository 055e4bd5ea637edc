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
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// provisionTimeout is how long create and update may take where the configuration does not say.
const provisionTimeout = 15 * time.Minute

type provisionedConcurrencyResource struct{ resourceBase }

func newProvisionedConcurrencyResource() resource.Resource { return &provisionedConcurrencyResource{} }

var (
	_ resource.ResourceWithConfigure   = &provisionedConcurrencyResource{}
	_ resource.ResourceWithModifyPlan  = &provisionedConcurrencyResource{}
	_ resource.ResourceWithImportState = &provisionedConcurrencyResource{}
)

// provisionedConcurrencyModel is lambdasim_provisioned_concurrency_config in configuration, plan and state.
type provisionedConcurrencyModel struct {
	ID           types.String   `tfsdk:"id"`
	Region       types.String   `tfsdk:"region"`
	FunctionName types.String   `tfsdk:"function_name"`
	Executions   types.Int64    `tfsdk:"provisioned_concurrent_executions"`
	Qualifier    types.String   `tfsdk:"qualifier"`
	SkipDestroy  types.Bool     `tfsdk:"skip_destroy"`
	Timeouts     timeouts.Value `tfsdk:"timeouts"`
}

// Metadata names the type.
func (r *provisionedConcurrencyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "provisioned_concurrency_config")
}

// Schema describes lambdasim_provisioned_concurrency_config: every argument of aws_lambda_provisioned_concurrency_config.
func (r *provisionedConcurrencyResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Required: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Provisioned concurrency of a version or an alias. It is counted as AWS counts it, against the function's reservation and the account's concurrency. The resource waits until the environments are initialised.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("FUNCTION_NAME,QUALIFIER."), "region": regionAttribute(),
			"function_name": name("Name or ARN of the function."),
			"qualifier":     name("A version's number or an alias's name."),
			"provisioned_concurrent_executions": schema.Int64Attribute{Required: true, MarkdownDescription: "How many, at least 1.",
				Validators: []validator.Int64{int64validator.AtLeast(1)}},
			"skip_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the resource leaves the configuration."},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Update: true})},
	}
}

// ModifyPlan fills in the region.
func (r *provisionedConcurrencyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients != nil && !req.Plan.Raw.IsNull() {
		r.planRegion(ctx, req, resp)
	}
}

func (r *provisionedConcurrencyResource) put(ctx context.Context, m *provisionedConcurrencyModel, diags *diag.Diagnostics,
	of func(context.Context, time.Duration) (time.Duration, diag.Diagnostics)) {
	limit, more := of(ctx, provisionTimeout)
	diags.Append(more...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_, err := r.clients.Lambda(m.Region.ValueString()).PutProvisionedConcurrencyConfig(ctx, &lambda.PutProvisionedConcurrencyConfigInput{
		FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: m.Qualifier.ValueStringPointer(), ProvisionedConcurrentExecutions: aws.Int32(int32(m.Executions.ValueInt64()))})
	if err != nil {
		addError(diags, "Provisioning concurrency of the function", m.FunctionName.ValueString(), err)
		return
	}
	r.await(ctx, m, diags)
	m.ID = types.StringValue(m.FunctionName.ValueString() + "," + m.Qualifier.ValueString())
}

// await returns once the environments are initialised, or with an error when they cannot be.
func (r *provisionedConcurrencyResource) await(ctx context.Context, m *provisionedConcurrencyModel, diags *diag.Diagnostics) {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		out, err := r.clients.Lambda(m.Region.ValueString()).GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{
			FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: m.Qualifier.ValueStringPointer()})
		switch {
		case err != nil:
			addError(diags, "Waiting for the provisioned concurrency of the function", m.FunctionName.ValueString(), err)
			return
		case out.Status == awstypes.ProvisionedConcurrencyStatusEnumReady:
			return
		case out.Status == awstypes.ProvisionedConcurrencyStatusEnumFailed:
			diags.AddError("The environments of "+m.FunctionName.ValueString()+" cannot be initialised", "The provisioned concurrency of "+m.Qualifier.ValueString()+" has FAILED: "+
				aws.ToString(out.StatusReason)+". Invoke the function, or read its log, for what its initialisation says.")
			return
		}
		select {
		case <-ctx.Done():
			addError(diags, "Waiting for the provisioned concurrency of the function", m.FunctionName.ValueString(), ctx.Err())
			return
		case <-time.After(wait):
		}
	}
}

// Create provisions.
func (r *provisionedConcurrencyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m provisionedConcurrencyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, &resp.Diagnostics, m.Timeouts.Create); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Read refreshes the state; a configuration that is gone leaves it.
func (r *provisionedConcurrencyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m provisionedConcurrencyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	out, err := r.clients.Lambda(m.Region.ValueString()).GetProvisionedConcurrencyConfig(ctx, &lambda.GetProvisionedConcurrencyConfigInput{
		FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: m.Qualifier.ValueStringPointer()})
	if isNotFound(err) || code(err) == "ProvisionedConcurrencyConfigNotFoundException" {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the provisioned concurrency of the function", m.FunctionName.ValueString(), err)
		return
	}
	m.Executions = types.Int64Value(int64(aws.ToInt32(out.RequestedProvisionedConcurrentExecutions)))
	m.ID = types.StringValue(m.FunctionName.ValueString() + "," + m.Qualifier.ValueString())
	if m.SkipDestroy.IsNull() {
		m.SkipDestroy = types.BoolValue(false)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update provisions more or fewer.
func (r *provisionedConcurrencyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m provisionedConcurrencyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, &resp.Diagnostics, m.Timeouts.Update); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete takes it away, unless skip_destroy says to leave it.
func (r *provisionedConcurrencyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m provisionedConcurrencyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.SkipDestroy.ValueBool() {
		return
	}
	_, err := r.clients.Lambda(m.Region.ValueString()).DeleteProvisionedConcurrencyConfig(ctx, &lambda.DeleteProvisionedConcurrencyConfigInput{
		FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: m.Qualifier.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the provisioned concurrency of the function", m.FunctionName.ValueString(), err)
	}
}

// ImportState imports by FUNCTION_NAME,QUALIFIER; @REGION may follow.
func (r *provisionedConcurrencyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	req = cutRegion(ctx, req, resp)
	function, qualifier, ok := strings.Cut(req.ID, ",")
	if !ok || function == "" || qualifier == "" {
		resp.Diagnostics.AddError("Not an import id", fmt.Sprintf("%q: want FUNCTION_NAME,QUALIFIER.", req.ID))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("function_name"), function)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("qualifier"), qualifier)...)
}
