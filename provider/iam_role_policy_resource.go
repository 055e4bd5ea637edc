package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type iamRolePolicyResource struct{ resourceBase }

func newIAMRolePolicyResource() resource.Resource { return &iamRolePolicyResource{} }

var (
	_ resource.ResourceWithConfigure   = &iamRolePolicyResource{}
	_ resource.ResourceWithImportState = &iamRolePolicyResource{}
)

type iamRolePolicyModel struct {
	ID         types.String `tfsdk:"id"`
	Name       types.String `tfsdk:"name"`
	NamePrefix types.String `tfsdk:"name_prefix"`
	Policy     fwtypes.JSON `tfsdk:"policy"`
	Role       types.String `tfsdk:"role"`
}

// Metadata names the type.
func (r *iamRolePolicyResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_iam_role_policy"
}

// Schema describes lambdasim_iam_role_policy.
func (r *iamRolePolicyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name, prefix := nameAttributes("policy", 128)
	resp.Schema = schema.Schema{
		MarkdownDescription: "An inline policy of a role: what the role may do. A poller that was refused goes on by itself when its role's policies change.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("`ROLE:NAME`."), "name": name, "name_prefix": prefix,
			"policy": schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "The policy, JSON, as IAM takes it."},
			"role":   schema.StringAttribute{Required: true, MarkdownDescription: "Name of the role.", PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
		},
	}
}

func (r *iamRolePolicyResource) put(ctx context.Context, m *iamRolePolicyModel, diags *diag.Diagnostics) {
	generate(&m.Name, &m.NamePrefix)
	m.ID = types.StringValue(m.Role.ValueString() + ":" + m.Name.ValueString())
	_, err := r.clients.IAM().PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: m.Role.ValueStringPointer(), PolicyName: m.Name.ValueStringPointer(), PolicyDocument: m.Policy.ValueStringPointer()})
	if err != nil {
		addError(diags, "Writing the policy", m.ID.ValueString(), err)
	}
}

// Create writes the policy.
func (r *iamRolePolicyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m iamRolePolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Read refreshes the state; a policy that is gone leaves it.
func (r *iamRolePolicyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m iamRolePolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.IAM().GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: m.Role.ValueStringPointer(), PolicyName: m.Name.ValueStringPointer()})
	if isNotFound(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the policy", m.ID.ValueString(), err)
		return
	}
	m.Policy = fwtypes.JSONValue(decoded(out.PolicyDocument))
	if m.NamePrefix.IsNull() {
		m.NamePrefix = types.StringValue("")
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Update writes the policy.
func (r *iamRolePolicyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m iamRolePolicyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.put(ctx, &m, &resp.Diagnostics); !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete removes the policy.
func (r *iamRolePolicyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m iamRolePolicyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.IAM().DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: m.Role.ValueStringPointer(), PolicyName: m.Name.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the policy", m.ID.ValueString(), err)
	}
}

// ImportState imports by ROLE:NAME.
func (r *iamRolePolicyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	role, name, ok := strings.Cut(req.ID, ":")
	if !ok || role == "" || name == "" {
		resp.Diagnostics.AddError("Not an import id", fmt.Sprintf("%q: want ROLE:POLICY.", req.ID))
		return
	}
	for attribute, value := range map[string]string{"id": req.ID, "role": role, "name": name} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attribute), value)...)
	}
}
