package provider

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type permissionResource struct{ resourceBase }

func newPermissionResource() resource.Resource { return &permissionResource{} }

var (
	_ resource.ResourceWithConfigure   = &permissionResource{}
	_ resource.ResourceWithModifyPlan  = &permissionResource{}
	_ resource.ResourceWithImportState = &permissionResource{}
)

// permissionModel is lambdasim_permission in configuration, plan and state.
type permissionModel struct {
	ID                    types.String   `tfsdk:"id"`
	Region                types.String   `tfsdk:"region"`
	Action                types.String   `tfsdk:"action"`
	EventSourceToken      types.String   `tfsdk:"event_source_token"`
	FunctionName          types.String   `tfsdk:"function_name"`
	FunctionURLAuthType   types.String   `tfsdk:"function_url_auth_type"`
	InvokedViaFunctionURL types.Bool     `tfsdk:"invoked_via_function_url"`
	Principal             types.String   `tfsdk:"principal"`
	PrincipalOrgID        types.String   `tfsdk:"principal_org_id"`
	Qualifier             types.String   `tfsdk:"qualifier"`
	SourceAccount         types.String   `tfsdk:"source_account"`
	SourceARN             types.String   `tfsdk:"source_arn"`
	StatementID           types.String   `tfsdk:"statement_id"`
	StatementIDPrefix     types.String   `tfsdk:"statement_id_prefix"`
	Timeouts              timeouts.Value `tfsdk:"timeouts"`
}

// Metadata names the type.
func (r *permissionResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "permission")
}

// ModifyPlan fills in the region.
func (r *permissionResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients != nil && !req.Plan.Raw.IsNull() {
		r.planRegion(ctx, req, resp)
	}
}

// suffix is what a generated name ends in: 26 characters.
func suffix() string {
	b := make([]byte, 13)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// Create adds the statement.
func (r *permissionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m permissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	switch prefix := m.StatementIDPrefix.ValueString(); {
	case m.StatementID.ValueString() != "":
	case prefix != "":
		m.StatementID = types.StringValue(prefix + suffix())
	default:
		m.StatementID = types.StringValue("terraform-" + suffix())
	}
	m.ID = m.StatementID
	if m.StatementIDPrefix.IsUnknown() {
		m.StatementIDPrefix = types.StringValue("")
	}
	in := &lambda.AddPermissionInput{FunctionName: m.FunctionName.ValueStringPointer(), StatementId: m.StatementID.ValueStringPointer(), Action: m.Action.ValueStringPointer(),
		Principal: m.Principal.ValueStringPointer(), SourceArn: given(m.SourceARN), SourceAccount: given(m.SourceAccount),
		EventSourceToken: given(m.EventSourceToken), PrincipalOrgID: given(m.PrincipalOrgID), Qualifier: given(m.Qualifier),
		FunctionUrlAuthType: awstypes.FunctionUrlAuthType(m.FunctionURLAuthType.ValueString())}
	if m.InvokedViaFunctionURL.ValueBool() {
		in.InvokedViaFunctionUrl = aws.Bool(true)
	}
	limit, more := m.Timeouts.Create(ctx, r.clients.Patience)
	resp.Diagnostics.Append(more...)
	err := patiently(ctx, limit, isNotFound, func() error {
		defer r.clients.lockPolicy(m.FunctionName.ValueString())()
		_, err := r.clients.Lambda(m.Region.ValueString()).AddPermission(ctx, in)
		return err
	})
	if err != nil {
		addError(&resp.Diagnostics, "Adding the permission "+m.StatementID.ValueString()+" to the function", m.FunctionName.ValueString(), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// refresh reads the statement into the model; it reports false, without an error, when it is gone.
func (r *permissionResource) refresh(ctx context.Context, m *permissionModel, diags *diag.Diagnostics) bool {
	out, err := r.clients.Lambda(m.Region.ValueString()).GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier)})
	if isNotFound(err) {
		return false
	}
	if err != nil {
		addError(diags, "Reading the policy of the function", m.FunctionName.ValueString(), err)
		return false
	}
	s, err := findStatement(aws.ToString(out.Policy), m.StatementID.ValueString())
	if err == nil && s == nil {
		return false
	}
	if err == nil {
		err = m.read(s)
	}
	if err != nil {
		diags.AddError("Reading the permission "+m.StatementID.ValueString(), err.Error())
		return false
	}
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	m.ID = m.StatementID
	return true
}

// Read refreshes the state; a statement that is gone leaves it.
func (r *permissionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m permissionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	} else if !resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
	}
}

// Update changes only how long operations may take: every other change replaces the statement.
func (r *permissionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m permissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// Delete removes the statement.
func (r *permissionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m permissionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	unlock := r.clients.lockPolicy(m.FunctionName.ValueString())
	defer unlock()
	_, err := r.clients.Lambda(m.Region.ValueString()).RemovePermission(ctx, &lambda.RemovePermissionInput{FunctionName: m.FunctionName.ValueStringPointer(),
		StatementId: m.StatementID.ValueStringPointer(), Qualifier: given(m.Qualifier)})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Removing the permission "+m.StatementID.ValueString()+" of the function", m.FunctionName.ValueString(), err)
	}
}

// ImportState imports by NAME/STATEMENT_ID or NAME:QUALIFIER/STATEMENT_ID; NAME may be an ARN, and @REGION may follow.
func (r *permissionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	req = cutRegion(ctx, req, resp)
	function, sid, ok := strings.Cut(req.ID, "/")
	if !ok || function == "" || sid == "" {
		resp.Diagnostics.AddError("Not an import id", fmt.Sprintf("%q: want NAME/STATEMENT_ID or NAME:QUALIFIER/STATEMENT_ID.", req.ID))
		return
	}
	if name, qualifier, found := strings.Cut(function, ":"); found && !strings.Contains(qualifier, ":") {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("qualifier"), qualifier)...)
		function = name
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("function_name"), function)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("statement_id"), sid)...)
}
