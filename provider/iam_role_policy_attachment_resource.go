package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type iamRolePolicyAttachmentResource struct{ resourceBase }

func newIAMRolePolicyAttachmentResource() resource.Resource {
	return &iamRolePolicyAttachmentResource{}
}

var (
	_ resource.ResourceWithConfigure   = &iamRolePolicyAttachmentResource{}
	_ resource.ResourceWithImportState = &iamRolePolicyAttachmentResource{}
)

type iamRolePolicyAttachmentModel struct {
	ID        types.String `tfsdk:"id"`
	PolicyARN types.String `tfsdk:"policy_arn"`
	Role      types.String `tfsdk:"role"`
}

// Metadata names the type.
func (r *iamRolePolicyAttachmentResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_iam_role_policy_attachment"
}

// Schema describes lambdasim_iam_role_policy_attachment.
func (r *iamRolePolicyAttachmentResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Attaches a managed policy to a role: one of the account's own, or one of AWS's that functions commonly need (`AWSLambdaBasicExecutionRole` and its like). A poller that was refused goes on by itself when its role's policies change.",
		Attributes: map[string]schema.Attribute{
			"id":         idAttribute("`ROLE/POLICY_ARN`."),
			"policy_arn": schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the policy.", PlanModifiers: replace, Validators: []validator.String{stringvalidator.LengthAtLeast(1), arnValidator()}},
			"role":       schema.StringAttribute{Required: true, MarkdownDescription: "Name of the role.", PlanModifiers: replace},
		},
	}
}

// Create attaches.
func (r *iamRolePolicyAttachmentResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m iamRolePolicyAttachmentModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.IAM().AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: m.Role.ValueStringPointer(), PolicyArn: m.PolicyARN.ValueStringPointer()})
	if err != nil {
		addError(&resp.Diagnostics, "Attaching "+m.PolicyARN.ValueString()+" to the role", m.Role.ValueString(), err)
		return
	}
	m.ID = types.StringValue(m.Role.ValueString() + "/" + m.PolicyARN.ValueString())
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Read refreshes the state; an attachment that is gone leaves it.
func (r *iamRolePolicyAttachmentResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m iamRolePolicyAttachmentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	pages := iam.NewListAttachedRolePoliciesPaginator(r.clients.IAM(), &iam.ListAttachedRolePoliciesInput{RoleName: m.Role.ValueStringPointer()})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if isNotFound(err) {
			break
		}
		if err != nil {
			addError(&resp.Diagnostics, "Reading the policies of the role", m.Role.ValueString(), err)
			return
		}
		if slices.ContainsFunc(page.AttachedPolicies, func(p awstypes.AttachedPolicy) bool { return aws.ToString(p.PolicyArn) == m.PolicyARN.ValueString() }) {
			return // as the state says
		}
	}
	resp.State.RemoveResource(ctx)
}

// Update is never called: every change replaces.
func (r *iamRolePolicyAttachmentResource) Update(_ context.Context, _ resource.UpdateRequest, resp *resource.UpdateResponse) {
	resp.Diagnostics.AddError("An attachment has nothing to update", "This is a defect of the provider: every change replaces.")
}

// Delete detaches.
func (r *iamRolePolicyAttachmentResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m iamRolePolicyAttachmentModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.IAM().DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: m.Role.ValueStringPointer(), PolicyArn: m.PolicyARN.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Detaching "+m.PolicyARN.ValueString()+" from the role", m.Role.ValueString(), err)
	}
}

// ImportState imports by ROLE/POLICY_ARN.
func (r *iamRolePolicyAttachmentResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	role, arn, ok := strings.Cut(req.ID, "/")
	if !ok || role == "" || !strings.HasPrefix(arn, "arn:") {
		resp.Diagnostics.AddError("Not an import id", req.ID+": want ROLE/POLICY_ARN.")
		return
	}
	for attribute, value := range map[string]string{"id": req.ID, "role": role, "policy_arn": arn} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attribute), value)...)
	}
}
