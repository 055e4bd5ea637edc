package provider

import (
	"context"
	"strings"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	awstypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// userResource makes a user as an administrator does: the pool's pre sign-up trigger is called while Terraform waits.
type userResource struct{ resourceBase }

func newUserResource() resource.Resource { return &userResource{} }

var (
	_ resource.ResourceWithConfigure      = &userResource{}
	_ resource.ResourceWithModifyPlan     = &userResource{}
	_ resource.ResourceWithValidateConfig = &userResource{}
	_ resource.ResourceWithImportState    = &userResource{}
)

type userModel struct {
	ID                     types.String `tfsdk:"id"`
	Region                 types.String `tfsdk:"region"`
	Attributes             types.Map    `tfsdk:"attributes"`
	ClientMetadata         types.Map    `tfsdk:"client_metadata"`
	CreationDate           types.String `tfsdk:"creation_date"`
	DesiredDeliveryMediums types.Set    `tfsdk:"desired_delivery_mediums"`
	Enabled                types.Bool   `tfsdk:"enabled"`
	ForceAliasCreation     types.Bool   `tfsdk:"force_alias_creation"`
	LastModifiedDate       types.String `tfsdk:"last_modified_date"`
	MessageAction          types.String `tfsdk:"message_action"`
	MFASettingList         types.Set    `tfsdk:"mfa_setting_list"`
	Password               types.String `tfsdk:"password"`
	PreferredMFASetting    types.String `tfsdk:"preferred_mfa_setting"`
	Status                 types.String `tfsdk:"status"`
	Sub                    types.String `tfsdk:"sub"`
	TemporaryPassword      types.String `tfsdk:"temporary_password"`
	UserPoolID             types.String `tfsdk:"user_pool_id"`
	Username               types.String `tfsdk:"username"`
	ValidationData         types.Map    `tfsdk:"validation_data"`
}

var userRefused = []refused{{name: "force_alias_creation"}, {name: "password"}, {name: "enabled", allowed: []attr.Value{types.BoolValue(true)}}}

// Metadata names the type.
func (r *userResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cognito_user"
}

// Schema describes lambdasim_cognito_user.
func (r *userResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	once := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	keep := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	strings := func(description string) schema.MapAttribute {
		return schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description, PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A user of a Cognito user pool, made by an administrator (AdminCreateUser). The pool's `pre_sign_up` trigger is called while Terraform waits, and may refuse the user. " +
			"Every change replaces the user.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("Pool and name: `POOL/NAME`."), "region": regionAttribute(),
			"attributes":               strings("Attributes of the user, by name."),
			"client_metadata":          strings("Passed to the trigger."),
			"creation_date":            schema.StringAttribute{Computed: true, MarkdownDescription: "When the user was made.", PlanModifiers: keep},
			"desired_delivery_mediums": schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Stored: nothing is sent.", PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()}},
			"enabled":                  schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true), MarkdownDescription: "`true`. Disabling users is not simulated: refused by name."},
			"force_alias_creation":     boolean(),
			"last_modified_date":       schema.StringAttribute{Computed: true, MarkdownDescription: "When the user was changed last.", PlanModifiers: keep},
			"message_action":           schema.StringAttribute{Optional: true, MarkdownDescription: "`SUPPRESS`: nothing is sent in any case. `RESEND` is refused.", Validators: []validator.String{stringvalidator.OneOf("SUPPRESS")}, PlanModifiers: once},
			"mfa_setting_list":         schema.SetAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Empty: MFA is not simulated.", PlanModifiers: []planmodifier.Set{setplanmodifier.UseStateForUnknown()}},
			"password":                 schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: notSimulated},
			"preferred_mfa_setting":    schema.StringAttribute{Computed: true, MarkdownDescription: "Empty: MFA is not simulated.", PlanModifiers: keep},
			"status":                   schema.StringAttribute{Computed: true, MarkdownDescription: "`FORCE_CHANGE_PASSWORD` for a user that an administrator made."},
			"sub":                      schema.StringAttribute{Computed: true, MarkdownDescription: "The user's id.", PlanModifiers: keep},
			"temporary_password":       schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Held to the pool's password policy.", PlanModifiers: once},
			"user_pool_id":             schema.StringAttribute{Required: true, MarkdownDescription: "Id of the pool.", PlanModifiers: once},
			"username":                 schema.StringAttribute{Required: true, MarkdownDescription: "Name, or the email address or phone number where the pool's users go by that.", PlanModifiers: once, Validators: []validator.String{stringvalidator.LengthBetween(1, 128)}},
			"validation_data":          strings("Passed to the trigger, and not kept."),
		},
	}
}

// ValidateConfig refuses what is not simulated.
func (r *userResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, userRefused, &resp.Diagnostics)
}

// ModifyPlan fills in the region.
func (r *userResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients != nil && !req.Plan.Raw.IsNull() {
		r.planRegion(ctx, req, resp)
	}
}

// Create makes the user.
func (r *userResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m userModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	in := &cognito.AdminCreateUserInput{UserPoolId: m.UserPoolID.ValueStringPointer(), Username: m.Username.ValueStringPointer(), TemporaryPassword: givenString(m.TemporaryPassword),
		MessageAction: awstypes.MessageActionType(m.MessageAction.ValueString()), ClientMetadata: tagsOf(ctx, m.ClientMetadata, &resp.Diagnostics),
		UserAttributes: attributeList(ctx, m.Attributes, &resp.Diagnostics), ValidationData: attributeList(ctx, m.ValidationData, &resp.Diagnostics),
		DesiredDeliveryMediums: elements[awstypes.DeliveryMediumType](ctx, m.DesiredDeliveryMediums, &resp.Diagnostics)}
	if resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.clients.Cognito(m.Region.ValueString()).AdminCreateUser(ctx, in); err != nil {
		addError(&resp.Diagnostics, "Creating the user", m.Username.ValueString(), err)
		return
	}
	m.ID = types.StringValue(m.UserPoolID.ValueString() + "/" + m.Username.ValueString())
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func attributeList(ctx context.Context, m types.Map, diags *diag.Diagnostics) []awstypes.AttributeType {
	var out []awstypes.AttributeType
	for name, value := range tagsOf(ctx, m, diags) {
		out = append(out, awstypes.AttributeType{Name: &name, Value: &value})
	}
	return out
}

// refresh reads the user; it reports false when there is none or reading fails.
func (r *userResource) refresh(ctx context.Context, m *userModel, diags *diag.Diagnostics) bool {
	out, err := r.clients.Cognito(m.Region.ValueString()).AdminGetUser(ctx, &cognito.AdminGetUserInput{UserPoolId: m.UserPoolID.ValueStringPointer(), Username: m.Username.ValueStringPointer()})
	if isNotFound(err) {
		return false
	}
	if err != nil {
		addError(diags, "Reading the user", m.Username.ValueString(), err)
		return false
	}
	m.CreationDate, m.LastModifiedDate = types.StringValue(out.UserCreateDate.Format(time.RFC3339)), types.StringValue(out.UserLastModifiedDate.Format(time.RFC3339))
	m.Status, m.PreferredMFASetting = types.StringValue(string(out.UserStatus)), types.StringValue("")
	m.MFASettingList = types.SetValueMust(types.StringType, []attr.Value{})
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	given := map[string]attr.Value{}
	for _, a := range out.UserAttributes {
		switch _, was := m.Attributes.Elements()[*a.Name]; {
		case *a.Name == "sub":
			m.Sub = types.StringPointerValue(a.Value)
		case was || m.Attributes.IsNull() && !strings.HasSuffix(*a.Name, "_verified"):
			given[*a.Name] = types.StringPointerValue(a.Value)
		}
	}
	if !m.Attributes.IsNull() {
		m.Attributes = types.MapValueMust(types.StringType, given)
	}
	return true
}

// Read refreshes the state; a user who is gone leaves it.
func (r *userResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m userModel
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

// Update takes over what is stored alone: everything else replaces.
func (r *userResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m userModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if !resp.Diagnostics.HasError() && r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete removes the user.
func (r *userResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m userModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.Cognito(m.Region.ValueString()).AdminDeleteUser(ctx, &cognito.AdminDeleteUserInput{UserPoolId: m.UserPoolID.ValueStringPointer(), Username: m.Username.ValueStringPointer()})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the user", m.Username.ValueString(), err)
	}
}

// ImportState imports by POOL/NAME.
func (r *userResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	req = cutRegion(ctx, req, resp)
	pool, name, ok := strings.Cut(req.ID, "/")
	if !ok || pool == "" || name == "" {
		resp.Diagnostics.AddError("Not the id of a user", "It is \""+req.ID+"\"; want POOL/NAME.")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), req.ID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("user_pool_id"), pool)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("username"), name)...)
}
