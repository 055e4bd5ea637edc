package provider

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type iamRoleResource struct{ resourceBase }

func newIAMRoleResource() resource.Resource { return &iamRoleResource{} }

var (
	_ resource.ResourceWithConfigure      = &iamRoleResource{}
	_ resource.ResourceWithModifyPlan     = &iamRoleResource{}
	_ resource.ResourceWithValidateConfig = &iamRoleResource{}
	_ resource.ResourceWithImportState    = &iamRoleResource{}
)

type iamRoleModel struct {
	ID                  types.String `tfsdk:"id"`
	ARN                 types.String `tfsdk:"arn"`
	AssumeRolePolicy    fwtypes.JSON `tfsdk:"assume_role_policy"`
	CreateDate          types.String `tfsdk:"create_date"`
	Description         types.String `tfsdk:"description"`
	ForceDetachPolicies types.Bool   `tfsdk:"force_detach_policies"`
	InlinePolicy        types.Set    `tfsdk:"inline_policy"`
	ManagedPolicyARNs   types.Set    `tfsdk:"managed_policy_arns"`
	MaxSessionDuration  types.Int64  `tfsdk:"max_session_duration"`
	Name                types.String `tfsdk:"name"`
	NamePrefix          types.String `tfsdk:"name_prefix"`
	Path                types.String `tfsdk:"path"`
	PermissionsBoundary types.String `tfsdk:"permissions_boundary"`
	Tags                types.Map    `tfsdk:"tags"`
	TagsAll             types.Map    `tfsdk:"tags_all"`
	UniqueID            types.String `tfsdk:"unique_id"`
}

var roleRefused = []refused{{name: "inline_policy"}, {name: "managed_policy_arns"}}

// Metadata names the type.
func (r *iamRoleResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_iam_role"
}

// nameAttributes are name and name_prefix of a thing that is named once and for all.
// IAM bounds the name; a generated one ends in 26 characters more than its prefix.
func nameAttributes(what string, most int) (name, prefix schema.StringAttribute) {
	once := []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()}
	name = schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Name of the " + what + "; generated when neither it nor a prefix is given.", PlanModifiers: once,
		Validators: []validator.String{stringvalidator.LengthBetween(1, most), stringvalidator.ConflictsWith(path.MatchRoot("name_prefix"))}}
	prefix = schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Beginning of a generated name.", PlanModifiers: once,
		Validators: []validator.String{stringvalidator.LengthBetween(1, most-26)}}
	return name, prefix
}

// generate fills in a name that is not known yet.
func generate(name, prefix *types.String) {
	if name.ValueString() == "" {
		*name = types.StringValue(or(*prefix, "terraform-") + suffix())
	}
	if prefix.IsUnknown() || prefix.IsNull() {
		*prefix = types.StringValue("")
	}
}

// Schema describes lambdasim_iam_role.
func (r *iamRoleResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name, prefix := nameAttributes("role", 64)
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An IAM role: who may assume it, and, with its policies, what it may do. Pollers read as the function's role, and the function's own AWS calls are checked against it.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The role's name."), "arn": computed("ARN of the role, known at plan."),
			"assume_role_policy": schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "Trust policy, JSON: who may assume the role. Execution roles must admit the service `lambda.amazonaws.com`."},
			"create_date":        computed("When the role was made, on the simulator's clock."),
			"description":        schema.StringAttribute{Optional: true, MarkdownDescription: "Description, at most 1000 characters.", Validators: []validator.String{stringvalidator.LengthAtMost(1000)}},
			"force_detach_policies": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether destroying the role removes the policies that it still has."},
			"managed_policy_arns": texts(false),
			"max_session_duration": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(3600), MarkdownDescription: "Longest session in seconds, 3600 to 43200.",
				Validators: []validator.Int64{int64validator.Between(3600, 43200)}},
			"name": name, "name_prefix": prefix,
			"path": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("/"), MarkdownDescription: "Path of the role.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"permissions_boundary": schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the policy that bounds what the role's policies can allow.", Validators: []validator.String{arnValidator()}},
			"tags":                 tagsAttribute(), "tags_all": tagsAllAttribute(),
			"unique_id": computed("The role's unique id (AROA…)."),
		},
		Blocks: map[string]schema.Block{"inline_policy": schema.SetNestedBlock{MarkdownDescription: notSimulated + " Use `lambdasim_iam_role_policy`.",
			NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"name": text(false), "policy": text(false)}}}},
	}
}

// ValidateConfig refuses what is not simulated.
func (r *iamRoleResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, roleRefused, &resp.Diagnostics)
}

// ModifyPlan fills in tags, and the ARN where the name is known.
func (r *iamRoleResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	r.planTags(ctx, resp)
	var m iamRoleModel
	resp.Diagnostics.Append(resp.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.Name.IsUnknown() || m.Name.IsNull() || m.Path.IsUnknown() {
		return
	}
	account, err := r.clients.Account(ctx)
	if err != nil {
		return // the ARN stays unknown
	}
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("arn"), "arn:aws:iam::"+account+":role"+m.Path.ValueString()+m.Name.ValueString())...)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), m.Name.ValueString())...)
}

func iamTags(m map[string]string) []awstypes.Tag {
	var list []awstypes.Tag
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, awstypes.Tag{Key: aws.String(k), Value: aws.String(m[k])})
	}
	return list
}

// Create makes the role.
func (r *iamRoleResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m iamRoleModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	generate(&m.Name, &m.NamePrefix)
	in := &iam.CreateRoleInput{RoleName: m.Name.ValueStringPointer(), Path: m.Path.ValueStringPointer(), AssumeRolePolicyDocument: m.AssumeRolePolicy.ValueStringPointer(),
		Description: m.Description.ValueStringPointer(), MaxSessionDuration: int32Of(m.MaxSessionDuration), PermissionsBoundary: given(m.PermissionsBoundary),
		Tags: iamTags(tagsOf(ctx, m.TagsAll, &resp.Diagnostics))}
	if resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.clients.IAM().CreateRole(ctx, in); err != nil {
		addError(&resp.Diagnostics, "Creating the role", m.Name.ValueString(), err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...) // it exists: if it cannot be read now, the state has it all the same
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// decoded is a document of IAM's answers, which come percent-encoded.
func decoded(document *string) string {
	text, err := url.PathUnescape(aws.ToString(document))
	if err != nil {
		return aws.ToString(document)
	}
	return text
}

func (r *iamRoleResource) refresh(ctx context.Context, m *iamRoleModel, diags *diag.Diagnostics) bool {
	out, err := r.clients.IAM().GetRole(ctx, &iam.GetRoleInput{RoleName: m.Name.ValueStringPointer()})
	if isNotFound(err) {
		return false
	}
	if err != nil {
		addError(diags, "Reading the role", m.Name.ValueString(), err)
		return false
	}
	role := out.Role
	m.ID, m.ARN, m.UniqueID, m.Path = types.StringPointerValue(role.RoleName), types.StringPointerValue(role.Arn), types.StringPointerValue(role.RoleId), types.StringPointerValue(role.Path)
	m.AssumeRolePolicy = fwtypes.JSONValue(decoded(role.AssumeRolePolicyDocument))
	m.Description, m.MaxSessionDuration = optionalString(role.Description, m.Description), int64Of(role.MaxSessionDuration)
	m.CreateDate = types.StringValue(aws.ToTime(role.CreateDate).UTC().Format(time.RFC3339))
	m.PermissionsBoundary = blank(m.PermissionsBoundary)
	if role.PermissionsBoundary != nil {
		m.PermissionsBoundary = types.StringPointerValue(role.PermissionsBoundary.PermissionsBoundaryArn)
	}
	if m.NamePrefix.IsNull() {
		m.NamePrefix = types.StringValue("")
	}
	if m.ForceDetachPolicies.IsNull() {
		m.ForceDetachPolicies = types.BoolValue(false)
	}
	all := map[string]string{}
	for _, t := range role.Tags {
		all[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	m.Tags, m.TagsAll = r.readTags(all, m.Tags)
	return true
}

// Read refreshes the state; a role that is gone leaves it.
func (r *iamRoleResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m iamRoleModel
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

// Update changes trust policy, description, session length, boundary and tags.
func (r *iamRoleResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, was iamRoleModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &was)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, name := r.clients.IAM(), m.Name.ValueStringPointer()
	var err error
	if !m.AssumeRolePolicy.Equal(was.AssumeRolePolicy) {
		_, err = client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: m.AssumeRolePolicy.ValueStringPointer()})
	}
	if err == nil && (!m.Description.Equal(was.Description) || !m.MaxSessionDuration.Equal(was.MaxSessionDuration)) {
		_, err = client.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: name, Description: aws.String(m.Description.ValueString()), MaxSessionDuration: int32Of(m.MaxSessionDuration)})
	}
	if err == nil && !m.PermissionsBoundary.Equal(was.PermissionsBoundary) {
		if given(m.PermissionsBoundary) == nil {
			_, err = client.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: name})
		} else {
			_, err = client.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: name, PermissionsBoundary: m.PermissionsBoundary.ValueStringPointer()})
		}
	}
	if err == nil && !m.TagsAll.Equal(was.TagsAll) {
		err = retagRole(ctx, client, name, tagsOf(ctx, was.TagsAll, &resp.Diagnostics), tagsOf(ctx, m.TagsAll, &resp.Diagnostics))
	}
	if err != nil {
		addError(&resp.Diagnostics, "Updating the role", m.Name.ValueString(), err)
		return
	}
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

func retagRole(ctx context.Context, client *iam.Client, name *string, was, is map[string]string) error {
	var gone []string
	for k := range was {
		if _, ok := is[k]; !ok {
			gone = append(gone, k)
		}
	}
	if len(gone) > 0 {
		if _, err := client.UntagRole(ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: gone}); err != nil {
			return err
		}
	}
	if len(is) == 0 {
		return nil
	}
	_, err := client.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: iamTags(is)})
	return err
}

// Delete removes the role; with force_detach_policies, its policies first.
func (r *iamRoleResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m iamRoleModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, name := r.clients.IAM(), m.Name.ValueStringPointer()
	if m.ForceDetachPolicies.ValueBool() {
		if err := stripRole(ctx, client, name); err != nil && !isNotFound(err) {
			addError(&resp.Diagnostics, "Removing the policies of the role", m.Name.ValueString(), err)
			return
		}
	}
	if _, err := client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}); err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the role", m.Name.ValueString(), err)
	}
}

func stripRole(ctx context.Context, client *iam.Client, name *string) error {
	inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	if err != nil {
		return err
	}
	for _, p := range inline.PolicyNames {
		if _, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String(p)}); err != nil {
			return err
		}
	}
	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	if err != nil {
		return err
	}
	for _, p := range attached.AttachedPolicies {
		if _, err := client.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: p.PolicyArn}); err != nil {
			return err
		}
	}
	return nil
}

// ImportState imports by name.
func (r *iamRoleResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), req, resp)
}
