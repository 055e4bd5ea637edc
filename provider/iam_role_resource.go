package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type iamRoleModel struct {
	ID                  types.String   `tfsdk:"id"`
	ARN                 types.String   `tfsdk:"arn"`
	AssumeRolePolicy    fwtypes.Policy `tfsdk:"assume_role_policy"`
	CreateDate          types.String   `tfsdk:"create_date"`
	Description         types.String   `tfsdk:"description"`
	ForceDetachPolicies types.Bool     `tfsdk:"force_detach_policies"`
	InlinePolicy        types.Set      `tfsdk:"inline_policy"`
	ManagedPolicyARNs   types.Set      `tfsdk:"managed_policy_arns"`
	MaxSessionDuration  types.Int64    `tfsdk:"max_session_duration"`
	Name                types.String   `tfsdk:"name"`
	NamePrefix          types.String   `tfsdk:"name_prefix"`
	Path                types.String   `tfsdk:"path"`
	PermissionsBoundary types.String   `tfsdk:"permissions_boundary"`
	Tags                types.Map      `tfsdk:"tags"`
	TagsAll             types.Map      `tfsdk:"tags_all"`
	UniqueID            types.String   `tfsdk:"unique_id"`
}

func newIAMRoleResource() resource.Resource {
	return &imported[iamRoleModel]{attributes: []string{"name"}, kept: kept[iamRoleModel]{
		typ: "iam_role", noun: "the role", label: func(m *iamRoleModel) string { return m.Name.ValueString() }, schema: iamRoleSchema,
		create: createRole, read: readRole, update: updateRole, remove: deleteRole, settle: settleRole,
		plan: func(ctx context.Context, b *resourceBase, _ resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
			b.planTags(ctx, resp)
			planARN(ctx, b, "role", nameAsID, resp)
		},
	}}
}

func iamRoleSchema() schema.Schema {
	name, prefix := nameAttributes("role", 64)
	return schema.Schema{
		MarkdownDescription: "An IAM role: who may assume it, and, with its policies, what it may do. Pollers read as the function's role, and the function's own AWS calls are checked against it.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The role's name."), "arn": computedOnce("ARN of the role, known at plan."),
			"assume_role_policy": schema.StringAttribute{CustomType: fwtypes.PolicyType{}, Required: true, Validators: []validator.String{policyValidator{policy.ValidateTrust}},
				MarkdownDescription: "Trust policy, JSON: who may assume the role. Execution roles must admit the service `lambda.amazonaws.com`."},
			"create_date": computedOnce("When the role was made, on the simulator's clock."),
			"description": schema.StringAttribute{Optional: true, MarkdownDescription: "Description, at most 1000 characters.", Validators: []validator.String{stringvalidator.LengthAtMost(1000)}},
			"force_detach_policies": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether destroying the role removes the policies that it still has."},
			"inline_policy": schema.SetAttribute{Optional: true, Computed: true, ElementType: types.ObjectType{AttrTypes: inlinePolicyFields}, PlanModifiers: []planmodifier.Set{setplanmodifier.UseStateForUnknown()},
				Validators: []validator.Set{inlinePolicyValidator{}},
				MarkdownDescription: "Inline policies, each with `name` and `policy`: all that the role has. An empty block takes every other away; without any block they are left alone. " +
					"Deprecated in AWS: `lambdasim_iam_role_policy` and `lambdasim_iam_role_policies_exclusive` stand in for it."},
			"managed_policy_arns": schema.SetAttribute{Optional: true, Computed: true, ElementType: types.StringType, PlanModifiers: []planmodifier.Set{setplanmodifier.UseStateForUnknown()},
				Validators: []validator.Set{setvalidator.ValueStringsAre(arnValidator())},
				MarkdownDescription: "ARNs of the managed policies that are attached to the role: all of them. `[]` takes every other away; without the argument they are left alone. " +
					"Deprecated in AWS: `lambdasim_iam_role_policy_attachment` and `lambdasim_iam_role_policy_attachments_exclusive` stand in for it."},
			"max_session_duration": schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(3600), MarkdownDescription: "Longest session in seconds, 3600 to 43200.",
				Validators: []validator.Int64{int64validator.Between(3600, 43200)}},
			"name": name, "name_prefix": prefix, "path": pathAttribute("role", stringplanmodifier.RequiresReplace()), "permissions_boundary": boundaryAttribute("role"),
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(), "unique_id": computedOnce("The role's unique id (AROA…)."),
		},
	}
}

func createRole(ctx context.Context, b *resourceBase, m *iamRoleModel) error {
	generate(&m.Name, &m.NamePrefix)
	_, err := b.clients.IAM().CreateRole(ctx, &iam.CreateRoleInput{RoleName: m.Name.ValueStringPointer(), Path: m.Path.ValueStringPointer(), AssumeRolePolicyDocument: m.AssumeRolePolicy.ValueStringPointer(),
		Description: m.Description.ValueStringPointer(), MaxSessionDuration: int32Of(m.MaxSessionDuration), PermissionsBoundary: given(m.PermissionsBoundary), Tags: iamTags(textsIn(m.TagsAll))})
	if err != nil {
		return err
	}
	return writeRolePolicies(ctx, b, m, &iamRoleModel{})
}

func readRole(ctx context.Context, b *resourceBase, m *iamRoleModel) error {
	out, err := b.clients.IAM().GetRole(ctx, &iam.GetRoleInput{RoleName: m.Name.ValueStringPointer()})
	if err != nil {
		return err
	}
	role := out.Role
	m.ID, m.ARN, m.UniqueID, m.Path = types.StringPointerValue(role.RoleName), types.StringPointerValue(role.Arn), types.StringPointerValue(role.RoleId), types.StringPointerValue(role.Path)
	m.AssumeRolePolicy = fwtypes.PolicyValue(decoded(role.AssumeRolePolicyDocument))
	m.Description, m.MaxSessionDuration = optionalString(role.Description, m.Description), int64Of(role.MaxSessionDuration)
	m.CreateDate, m.PermissionsBoundary = instant(role.CreateDate), boundaryOf(role.PermissionsBoundary, m.PermissionsBoundary)
	m.NamePrefix = blankIfNull(m.NamePrefix)
	if m.ForceDetachPolicies.IsNull() {
		m.ForceDetachPolicies = types.BoolValue(false)
	}
	m.Tags, m.TagsAll = b.readTags(iamTagMap(role.Tags), m.Tags)
	return readRolePolicies(ctx, b, m)
}

func updateRole(ctx context.Context, b *resourceBase, m, was *iamRoleModel) error {
	client, name := b.clients.IAM(), m.Name.ValueStringPointer()
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
	if err == nil {
		err = retag(m.TagsAll, was.TagsAll, func(keys []string) error {
			_, err := client.UntagRole(ctx, &iam.UntagRoleInput{RoleName: name, TagKeys: keys})
			return err
		}, func(tags []awstypes.Tag) error {
			_, err := client.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: tags})
			return err
		})
	}
	if err == nil {
		err = writeRolePolicies(ctx, b, m, was)
	}
	return err
}

// deleteRole removes the role, and before it what the AWS provider removes: the role from its instance profiles; the
// policies, where force_detach_policies says so or the state has them.
func deleteRole(ctx context.Context, b *resourceBase, m *iamRoleModel) error {
	client, name, force := b.clients.IAM(), m.Name.ValueStringPointer(), m.ForceDetachPolicies.ValueBool()
	profiles, err := client.ListInstanceProfilesForRole(ctx, &iam.ListInstanceProfilesForRoleInput{RoleName: name})
	if err != nil {
		return err
	}
	for _, p := range profiles.InstanceProfiles {
		if _, err := client.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: p.InstanceProfileName, RoleName: name}); err != nil && !isGone(err) {
			return err
		}
	}
	if force || len(m.ManagedPolicyARNs.Elements()) > 0 {
		if err := detachAll(ctx, client, name); err != nil {
			return err
		}
	}
	if force || len(m.InlinePolicy.Elements()) > 0 {
		if err := removeInline(ctx, client, name); err != nil {
			return err
		}
	}
	_, err = client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	return err
}
