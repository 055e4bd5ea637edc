package provider

import (
	"context"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type iamPolicyDataModel struct {
	ID              types.String `tfsdk:"id"`
	ARN             types.String `tfsdk:"arn"`
	AttachmentCount types.Int64  `tfsdk:"attachment_count"`
	Description     types.String `tfsdk:"description"`
	Name            types.String `tfsdk:"name"`
	Path            types.String `tfsdk:"path"`
	PathPrefix      types.String `tfsdk:"path_prefix"`
	Policy          types.String `tfsdk:"policy"`
	PolicyID        types.String `tfsdk:"policy_id"`
	Tags            types.Map    `tfsdk:"tags"`
}

func newIAMPolicyDataSource() datasource.DataSource {
	return &looked[iamPolicyDataModel]{typ: "iam_policy", noun: "the policy", label: func(m *iamPolicyDataModel) string { return or(m.ARN, m.Name.ValueString()) }, read: readPolicyData,
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "A managed policy, by its ARN or its name: one of the account's own, or one of AWS's.", Attributes: map[string]schema.Attribute{
				"id": shownText("The policy's ARN."),
				"arn": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "ARN of the policy. Instead of a name.",
					Validators: []validator.String{arnValidator(), stringvalidator.ConflictsWith(path.MatchRoot("name"), path.MatchRoot("path_prefix"))}},
				"name":             schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Name of the policy."},
				"path_prefix":      schema.StringAttribute{Optional: true, MarkdownDescription: "What the policy's path begins with."},
				"attachment_count": schema.Int64Attribute{Computed: true, MarkdownDescription: "How many roles, users and groups it is attached to."},
				"description":      shownText("Description."), "path": shownText("Path."), "policy": shownText("The document of its default version."), "policy_id": shownText("Its unique id (ANPA…)."), "tags": shownTags(),
			}}
		}}
}

func readPolicyData(ctx context.Context, c *Clients, m *iamPolicyDataModel) error {
	if m.ARN.ValueString() == "" {
		arn, err := policyByName(ctx, c.IAM(), m.Name.ValueString(), m.PathPrefix)
		if err != nil {
			return err
		}
		m.ARN = types.StringValue(arn)
	}
	p, document, err := managedPolicy(ctx, c.IAM(), m.ARN.ValueStringPointer())
	if err != nil {
		return err
	}
	m.ID, m.ARN, m.Name, m.Path = types.StringPointerValue(p.Arn), types.StringPointerValue(p.Arn), types.StringPointerValue(p.PolicyName), types.StringPointerValue(p.Path)
	m.AttachmentCount, m.Description = types.Int64Value(int64(aws.ToInt32(p.AttachmentCount))), types.StringValue(aws.ToString(p.Description))
	m.Policy, m.PolicyID, m.Tags = types.StringValue(document), types.StringPointerValue(p.PolicyId), allTags(c, iamTagMap(p.Tags))
	return nil
}

// policyByName is the ARN of the one policy of a name, and of a path that begins so.
func policyByName(ctx context.Context, client *iam.Client, name string, prefix types.String) (string, error) {
	var found []string
	for pages := iam.NewListPoliciesPaginator(client, &iam.ListPoliciesInput{PathPrefix: given(prefix)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, p := range page.Policies {
			if name == "" || aws.ToString(p.PolicyName) == name {
				found = append(found, aws.ToString(p.Arn))
			}
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("there is no policy of this name and path prefix")
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d policies have this name and path prefix: use arn", len(found))
}

type iamRoleDataModel struct {
	ID                  types.String `tfsdk:"id"`
	ARN                 types.String `tfsdk:"arn"`
	AssumeRolePolicy    types.String `tfsdk:"assume_role_policy"`
	CreateDate          types.String `tfsdk:"create_date"`
	Description         types.String `tfsdk:"description"`
	MaxSessionDuration  types.Int64  `tfsdk:"max_session_duration"`
	Name                types.String `tfsdk:"name"`
	Path                types.String `tfsdk:"path"`
	PermissionsBoundary types.String `tfsdk:"permissions_boundary"`
	RoleLastUsed        types.List   `tfsdk:"role_last_used"`
	Tags                types.Map    `tfsdk:"tags"`
	UniqueID            types.String `tfsdk:"unique_id"`
}

var lastUsedFields = map[string]attr.Type{"region": types.StringType, "last_used_date": types.StringType}

func newIAMRoleDataSource() datasource.DataSource {
	return &looked[iamRoleDataModel]{typ: "iam_role", noun: "the role", label: func(m *iamRoleDataModel) string { return m.Name.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "A role, by its name.", Attributes: map[string]schema.Attribute{
				"id": shownText("The role's name."), "arn": shownText("ARN."), "assume_role_policy": shownText("Trust policy, JSON."), "create_date": shownText("When it was made, on the simulator's clock."),
				"description": shownText("Description."), "max_session_duration": schema.Int64Attribute{Computed: true, MarkdownDescription: "Longest session, in seconds."},
				"name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the role."}, "path": shownText("Path."), "permissions_boundary": shownText("ARN of its boundary; `\"\"` without one."),
				"role_last_used": schema.ListAttribute{ElementType: types.ObjectType{AttrTypes: lastUsedFields}, Computed: true, MarkdownDescription: "When and in which region the role was used last, `last_used_date` and `region`; empty where that is not known."},
				"tags":           shownTags(), "unique_id": shownText("Its unique id (AROA…)."),
			}}
		},
		read: func(ctx context.Context, c *Clients, m *iamRoleDataModel) error {
			out, err := c.IAM().GetRole(ctx, &iam.GetRoleInput{RoleName: m.Name.ValueStringPointer()})
			if err != nil {
				return err
			}
			r := out.Role
			m.ID, m.ARN, m.Name, m.Path = types.StringPointerValue(r.RoleName), types.StringPointerValue(r.Arn), types.StringPointerValue(r.RoleName), types.StringPointerValue(r.Path)
			m.AssumeRolePolicy, m.CreateDate, m.Description = types.StringValue(decoded(r.AssumeRolePolicyDocument)), instant(r.CreateDate), types.StringValue(aws.ToString(r.Description))
			m.MaxSessionDuration, m.UniqueID, m.Tags = int64Of(r.MaxSessionDuration), types.StringPointerValue(r.RoleId), allTags(c, iamTagMap(r.Tags))
			m.PermissionsBoundary = boundaryOf(r.PermissionsBoundary, types.StringValue(""))
			m.RoleLastUsed = lastUsed(r.RoleLastUsed)
			return nil
		}}
}

func lastUsed(u *awstypes.RoleLastUsed) types.List {
	var list []attr.Value
	if u != nil && u.LastUsedDate != nil {
		list = append(list, types.ObjectValueMust(lastUsedFields, map[string]attr.Value{"region": types.StringPointerValue(u.Region), "last_used_date": instant(u.LastUsedDate)}))
	}
	return types.ListValueMust(types.ObjectType{AttrTypes: lastUsedFields}, list)
}

type iamUserDataModel struct {
	ID                  types.String `tfsdk:"id"`
	ARN                 types.String `tfsdk:"arn"`
	Path                types.String `tfsdk:"path"`
	PermissionsBoundary types.String `tfsdk:"permissions_boundary"`
	Tags                types.Map    `tfsdk:"tags"`
	UserID              types.String `tfsdk:"user_id"`
	UserName            types.String `tfsdk:"user_name"`
}

func newIAMUserDataSource() datasource.DataSource {
	return &looked[iamUserDataModel]{typ: "iam_user", noun: "the user", label: func(m *iamUserDataModel) string { return m.UserName.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "A user, by its name.", Attributes: map[string]schema.Attribute{
				"id": shownText("The user's unique id."), "arn": shownText("ARN."), "path": shownText("Path."), "permissions_boundary": shownText("ARN of its boundary; `\"\"` without one."), "tags": shownTags(),
				"user_id": shownText("Its unique id (AIDA…)."), "user_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the user."},
			}}
		},
		read: func(ctx context.Context, c *Clients, m *iamUserDataModel) error {
			out, err := c.IAM().GetUser(ctx, &iam.GetUserInput{UserName: m.UserName.ValueStringPointer()})
			if err != nil {
				return err
			}
			u := out.User
			m.ID, m.ARN, m.Path, m.UserID = types.StringPointerValue(u.UserId), types.StringPointerValue(u.Arn), types.StringPointerValue(u.Path), types.StringPointerValue(u.UserId)
			m.PermissionsBoundary, m.Tags = boundaryOf(u.PermissionsBoundary, types.StringValue("")), allTags(c, iamTagMap(u.Tags))
			return nil
		}}
}

type iamRolesDataModel struct {
	ID         types.String `tfsdk:"id"`
	ARNs       types.Set    `tfsdk:"arns"`
	NameRegex  types.String `tfsdk:"name_regex"`
	Names      types.Set    `tfsdk:"names"`
	PathPrefix types.String `tfsdk:"path_prefix"`
}

func newIAMRolesDataSource() datasource.DataSource {
	return &looked[iamRolesDataModel]{typ: "iam_roles", noun: "the roles", label: func(*iamRolesDataModel) string { return "of the account" },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "The roles of the account.", Attributes: map[string]schema.Attribute{
				"id": shownText("The region, which AWS's provider gives here."), "arns": shownTexts("Their ARNs."), "names": shownTexts("Their names."),
				"name_regex":  schema.StringAttribute{Optional: true, MarkdownDescription: "A regular expression (RE2) that names must match."},
				"path_prefix": schema.StringAttribute{Optional: true, MarkdownDescription: "What paths must begin with."},
			}}
		},
		read: func(ctx context.Context, c *Clients, m *iamRolesDataModel) error {
			wanted, err := regexp.Compile(m.NameRegex.ValueString())
			if err != nil {
				return fmt.Errorf("name_regex: %w", err)
			}
			var names, arns []string
			for pages := iam.NewListRolesPaginator(c.IAM(), &iam.ListRolesInput{PathPrefix: given(m.PathPrefix)}); pages.HasMorePages(); {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return err
				}
				for _, r := range page.Roles {
					if wanted.MatchString(aws.ToString(r.RoleName)) {
						names, arns = append(names, aws.ToString(r.RoleName)), append(arns, aws.ToString(r.Arn))
					}
				}
			}
			m.ID, m.Names, m.ARNs = types.StringValue(c.Region), asSet(names), asSet(arns)
			return nil
		}}
}
