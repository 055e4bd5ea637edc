package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type resourcePolicyResource struct{ resourceBase }

func newResourcePolicyResource() resource.Resource { return &resourcePolicyResource{} }

var (
	_ resource.ResourceWithConfigure   = &resourcePolicyResource{}
	_ resource.ResourceWithModifyPlan  = &resourcePolicyResource{}
	_ resource.ResourceWithImportState = &resourcePolicyResource{}
)

// resourcePolicyModel is lambdasim_resource_policy in configuration, plan and state.
type resourcePolicyModel struct {
	ID          types.String   `tfsdk:"id"`
	Region      types.String   `tfsdk:"region"`
	Policy      fwtypes.Policy `tfsdk:"policy"`
	ResourceARN types.String   `tfsdk:"resource_arn"`
	RevisionID  types.String   `tfsdk:"revision_id"`
}

// Metadata names the type.
func (r *resourcePolicyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "resource_policy")
}

// Schema describes lambdasim_resource_policy: every argument of aws_lambda_resource_policy.
func (r *resourcePolicyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The whole policy of a function, or of one of its versions or aliases: it replaces every statement that is there. It may deny, and name `FUNCTION_ARN:*`. Do not use it beside `lambdasim_permission` on the same function: each undoes the other.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The ARN."), "region": regionAttribute(),
			"policy": schema.StringAttribute{CustomType: fwtypes.PolicyType{}, Required: true, MarkdownDescription: "The policy, JSON, at most 20,480 bytes."},
			"resource_arn": schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the function, version or alias.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:    []validator.String{stringvalidator.LengthAtLeast(1), arnValidator()}},
			"revision_id": schema.StringAttribute{Computed: true, MarkdownDescription: "Revision of the policy."},
		},
	}
}

// ModifyPlan fills in the region.
func (r *resourcePolicyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients != nil && !req.Plan.Raw.IsNull() {
		r.planRegion(ctx, req, resp)
	}
}

// put replaces the policy. An update must find the revision that the state knows: what somebody else has changed meanwhile is
// not undone.
func (r *resourcePolicyResource) put(ctx context.Context, m *resourcePolicyModel, revision *string, diags *diag.Diagnostics) {
	unlock := r.clients.lockPolicy(m.ResourceARN.ValueString())
	defer unlock()
	out, err := r.clients.Lambda(m.Region.ValueString()).PutResourcePolicy(ctx, &lambda.PutResourcePolicyInput{ResourceArn: m.ResourceARN.ValueStringPointer(),
		Policy: m.Policy.ValueStringPointer(), RevisionId: revision})
	if err != nil {
		addError(diags, "Putting the policy of", m.ResourceARN.ValueString(), err)
		return
	}
	m.ID, m.RevisionID = m.ResourceARN, types.StringPointerValue(out.RevisionId)
}

// Create puts the policy.
func (r *resourcePolicyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m resourcePolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, nil, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Read refreshes the state; a policy that is gone leaves it.
func (r *resourcePolicyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m resourcePolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	out, err := r.clients.Lambda(m.Region.ValueString()).GetResourcePolicy(ctx, &lambda.GetResourcePolicyInput{ResourceArn: m.ResourceARN.ValueStringPointer()})
	if isNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the policy of", m.ResourceARN.ValueString(), err)
		return
	}
	m.ID, m.Policy, m.RevisionID = m.ResourceARN, fwtypes.PolicyValue(aws.ToString(out.Policy)), types.StringPointerValue(out.RevisionId)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update replaces the policy.
func (r *resourcePolicyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was resourcePolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, given(was.RevisionID), &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete removes the policy.
func (r *resourcePolicyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m resourcePolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	unlock := r.clients.lockPolicy(m.ResourceARN.ValueString())
	defer unlock()
	_, err := r.clients.Lambda(m.Region.ValueString()).DeleteResourcePolicy(ctx, &lambda.DeleteResourcePolicyInput{ResourceArn: m.ResourceARN.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the policy of", m.ResourceARN.ValueString(), err)
	}
}

// ImportState imports by the ARN or ARN@REGION.
func (r *resourcePolicyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("resource_arn"), cutRegion(ctx, req, resp), resp)
}
