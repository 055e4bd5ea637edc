package provider

import (
	"context"
	"errors"
	"net/http"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

// accountResource is what an organization says about an account. It goes through the simulator's own API: there is no
// Organizations API here.
type accountResource struct{ resourceBase }

func newAccountResource() resource.Resource { return &accountResource{} }

var (
	_ resource.ResourceWithConfigure   = &accountResource{}
	_ resource.ResourceWithImportState = &accountResource{}
)

type accountModel struct {
	ID                      types.String `tfsdk:"id"`
	AccountID               types.String `tfsdk:"account_id"`
	OrganizationID          types.String `tfsdk:"organization_id"`
	OrganizationPath        types.String `tfsdk:"organization_path"`
	ManagementAccount       types.Bool   `tfsdk:"management_account"`
	ServiceControlPolicies  types.List   `tfsdk:"service_control_policies"`
	ResourceControlPolicies types.List   `tfsdk:"resource_control_policies"`
}

// Metadata names the type.
func (r *accountResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_account"
}

var levelType = types.ListType{ElemType: fwtypes.JSONType{}}

// Schema describes lambdasim_account.
func (r *accountResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "What an organization says about an account: its id, and the service and resource control policies that apply. Accounts exist without it; one that nobody describes is in no organization, and nothing narrows it. " +
			"One resource describes an account whole; what is destroyed with it is the description, not what the account has. The policies count at once, also for pollers.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The account's id."),
			"account_id": schema.StringAttribute{Required: true, MarkdownDescription: "The account: twelve digits.",
				Validators:    []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^\d{12}$`), "want twelve digits")},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"organization_id": schema.StringAttribute{Required: true, MarkdownDescription: "The organization: `aws:PrincipalOrgID` of the account's callers, `aws:ResourceOrgID` of its resources. `o-` and 10 to 32 lower-case letters or digits.",
				Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^o-[a-z0-9]{10,32}$`), "want o- and 10 to 32 lower-case letters or digits, for example o-a1b2c3d4e5")}},
			"organization_path": schema.StringAttribute{Optional: true, MarkdownDescription: "The account's place in the organization: `aws:PrincipalOrgPaths`, for example `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`."},
			"management_account": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether the account manages the organization: control policies do not apply to it. `false` by default."},
			"service_control_policies": schema.ListAttribute{ElementType: levelType, Optional: true,
				MarkdownDescription: "The service control policies that the account's users, roles and root user are under: a list for each level, the organization's root first, the account last, each policy a JSON document. Every level must allow a request; within a level one policy is enough. Nothing is narrowed by default."},
			"resource_control_policies": schema.ListAttribute{ElementType: fwtypes.JSONType{}, Optional: true,
				MarkdownDescription: "The resource control policies that the account's resources are under, of whatever level, each a JSON document of statements that deny. They protect the resources of S3, SQS, STS, DynamoDB, Cognito and CloudWatch Logs; functions are not under them."},
		},
	}
}

// account is the description that a plan holds.
func (m *accountModel) account(ctx context.Context, diags *diag.Diagnostics) control.Account {
	a := control.Account{ID: m.AccountID.ValueString(), OrganizationID: m.OrganizationID.ValueString(), OrganizationPath: m.OrganizationPath.ValueString(),
		ManagementAccount: m.ManagementAccount.ValueBool()}
	if !m.ServiceControlPolicies.IsNull() {
		diags.Append(m.ServiceControlPolicies.ElementsAs(ctx, &a.ServiceControlPolicies, false)...)
	}
	if !m.ResourceControlPolicies.IsNull() {
		diags.Append(m.ResourceControlPolicies.ElementsAs(ctx, &a.ResourceControlPolicies, false)...)
	}
	return a
}

// take fills the model with a description. Lists that are empty stay as they were written: absent, or empty.
func (m *accountModel) take(a *control.Account) {
	m.ID, m.AccountID, m.OrganizationID = types.StringValue(a.ID), types.StringValue(a.ID), types.StringValue(a.OrganizationID)
	m.ManagementAccount = types.BoolValue(a.ManagementAccount)
	m.OrganizationPath = types.StringNull()
	if a.OrganizationPath != "" {
		m.OrganizationPath = types.StringValue(a.OrganizationPath)
	}
	levels := make([]attr.Value, len(a.ServiceControlPolicies))
	for i, level := range a.ServiceControlPolicies {
		levels[i] = documents(level)
	}
	if len(levels) > 0 || m.ServiceControlPolicies.IsUnknown() || len(m.ServiceControlPolicies.Elements()) > 0 {
		m.ServiceControlPolicies = types.ListValueMust(levelType, levels)
	} else if m.ServiceControlPolicies.IsNull() {
		m.ServiceControlPolicies = types.ListNull(levelType)
	}
	if len(a.ResourceControlPolicies) > 0 || len(m.ResourceControlPolicies.Elements()) > 0 {
		m.ResourceControlPolicies = documents(a.ResourceControlPolicies)
	} else if m.ResourceControlPolicies.IsNull() {
		m.ResourceControlPolicies = types.ListNull(fwtypes.JSONType{})
	}
}

func documents(texts []string) types.List {
	values := make([]attr.Value, len(texts))
	for i, text := range texts {
		values[i] = fwtypes.JSONValue(text)
	}
	return types.ListValueMust(fwtypes.JSONType{}, values)
}

// put describes the account as the plan says, and writes the state.
func (r *accountResource) put(ctx context.Context, m *accountModel, diags *diag.Diagnostics) bool {
	a := m.account(ctx, diags)
	if diags.HasError() {
		return false
	}
	if err := r.clients.Control.PutAccount(ctx, a); err != nil {
		addError(diags, "Describing account", a.ID, err)
		return false
	}
	m.ID = types.StringValue(a.ID)
	return true
}

// Create describes the account. One that is described already is left alone: two resources would overwrite each other.
func (r *accountResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m accountModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.clients.Control.GetAccount(ctx, m.AccountID.ValueString()); err == nil {
		resp.Diagnostics.AddAttributeError(path.Root("account_id"), "The account is described already",
			"Something else says what the organization says about account "+m.AccountID.ValueString()+". Describe an account once, or import the description: terraform import ADDRESS "+m.AccountID.ValueString())
		return
	}
	if r.put(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Read refreshes the state.
func (r *accountResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m accountModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	a, err := r.clients.Control.GetAccount(ctx, m.ID.ValueString())
	if isUndescribed(err) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading account", m.ID.ValueString(), err)
		return
	}
	m.take(a)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func isUndescribed(err error) bool {
	e, ok := errors.AsType[*control.Error](err)
	return ok && e.Status == http.StatusNotFound
}

// Update describes the account anew.
func (r *accountResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m accountModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if !resp.Diagnostics.HasError() && r.put(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete forgets the description.
func (r *accountResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m accountModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.clients.Control.DeleteAccount(ctx, m.ID.ValueString()); err != nil && !isUndescribed(err) {
		addError(&resp.Diagnostics, "Forgetting what was said of account", m.ID.ValueString(), err)
	}
}

// ImportState imports by the account's id.
func (r *accountResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
