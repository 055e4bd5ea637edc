package provider

import (
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type iamUserModel struct {
	ID                  types.String `tfsdk:"id"`
	ARN                 types.String `tfsdk:"arn"`
	ForceDestroy        types.Bool   `tfsdk:"force_destroy"`
	Name                types.String `tfsdk:"name"`
	Path                types.String `tfsdk:"path"`
	PermissionsBoundary types.String `tfsdk:"permissions_boundary"`
	Tags                types.Map    `tfsdk:"tags"`
	TagsAll             types.Map    `tfsdk:"tags_all"`
	UniqueID            types.String `tfsdk:"unique_id"`
}

func newIAMUserResource() resource.Resource {
	return &imported[iamUserModel]{attributes: []string{"name"}, kept: kept[iamUserModel]{
		typ: "iam_user", noun: "the user", label: func(m *iamUserModel) string { return m.Name.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{
				MarkdownDescription: "An IAM user: somebody with access keys of their own, whose calls are checked against their policies, those of their groups and their boundary.",
				Attributes: map[string]schema.Attribute{
					"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The user's name."}, "arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the user, known at plan."},
					"force_destroy": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether destroying the user removes the access keys that it still has."},
					"name":          nameOf("user"), "path": pathAttribute("user"), "permissions_boundary": boundaryAttribute("user"),
					"tags": tagsAttribute(), "tags_all": tagsAllAttribute(), "unique_id": computedOnce("The user's unique id (AIDA…)."),
				},
			}
		},
		create: func(ctx context.Context, b *resourceBase, m *iamUserModel) error {
			_, err := b.clients.IAM().CreateUser(ctx, &iam.CreateUserInput{UserName: m.Name.ValueStringPointer(), Path: m.Path.ValueStringPointer(), PermissionsBoundary: given(m.PermissionsBoundary), Tags: iamTags(textsIn(m.TagsAll))})
			return err
		},
		read: readUser, update: updateUser, remove: deleteUser,
		plan: func(ctx context.Context, b *resourceBase, _ resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
			b.planTags(ctx, resp)
			planARN(ctx, b, "user", nameAsID, resp)
		},
	}}
}

var iamName = regexp.MustCompile(`^[0-9A-Za-z=,.@\-_+]+$`)

// nameOf is the name of a user or a group, which may change.
func nameOf(what string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: "Name of the " + what + ". A change renames it.",
		Validators: []validator.String{stringvalidator.RegexMatches(iamName, "must only contain alphanumeric characters, hyphens, underscores, commas, periods, @ symbols, plus and equals signs")}}
}

func readUser(ctx context.Context, b *resourceBase, m *iamUserModel) error {
	out, err := b.clients.IAM().GetUser(ctx, &iam.GetUserInput{UserName: m.Name.ValueStringPointer()})
	if err != nil {
		return err
	}
	u := out.User
	m.ID, m.ARN, m.UniqueID, m.Path = types.StringPointerValue(u.UserName), types.StringPointerValue(u.Arn), types.StringPointerValue(u.UserId), types.StringPointerValue(u.Path)
	m.PermissionsBoundary = boundaryOf(u.PermissionsBoundary, m.PermissionsBoundary)
	if m.ForceDestroy.IsNull() {
		m.ForceDestroy = types.BoolValue(false)
	}
	m.Tags, m.TagsAll = b.readTags(iamTagMap(u.Tags), m.Tags)
	return nil
}

func updateUser(ctx context.Context, b *resourceBase, m, was *iamUserModel) error {
	client, name := b.clients.IAM(), m.Name.ValueStringPointer()
	if !m.Name.Equal(was.Name) || !m.Path.Equal(was.Path) {
		if _, err := client.UpdateUser(ctx, &iam.UpdateUserInput{UserName: was.Name.ValueStringPointer(), NewUserName: name, NewPath: m.Path.ValueStringPointer()}); err != nil {
			return err
		}
	}
	if !m.PermissionsBoundary.Equal(was.PermissionsBoundary) {
		var err error
		if given(m.PermissionsBoundary) == nil {
			_, err = client.DeleteUserPermissionsBoundary(ctx, &iam.DeleteUserPermissionsBoundaryInput{UserName: name})
		} else {
			_, err = client.PutUserPermissionsBoundary(ctx, &iam.PutUserPermissionsBoundaryInput{UserName: name, PermissionsBoundary: m.PermissionsBoundary.ValueStringPointer()})
		}
		if err != nil {
			return err
		}
	}
	return retag(m.TagsAll, was.TagsAll, func(keys []string) error {
		_, err := client.UntagUser(ctx, &iam.UntagUserInput{UserName: name, TagKeys: keys})
		return err
	}, func(tags []awstypes.Tag) error {
		_, err := client.TagUser(ctx, &iam.TagUserInput{UserName: name, Tags: tags})
		return err
	})
}

// deleteUser takes the user out of its groups, removes its access keys where force_destroy says so, and deletes it. The
// simulator's users have neither passwords nor devices nor certificates.
func deleteUser(ctx context.Context, b *resourceBase, m *iamUserModel) error {
	client, name := b.clients.IAM(), m.Name.ValueStringPointer()
	groups, err := groupsOf(ctx, client, name)
	if err != nil {
		return err
	}
	if err := differ(nil, groups, nil, func(group string) error { return leaveGroup(ctx, client, group, *name) }); err != nil {
		return err
	}
	if m.ForceDestroy.ValueBool() {
		for pages := iam.NewListAccessKeysPaginator(client, &iam.ListAccessKeysInput{UserName: name}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, key := range page.AccessKeyMetadata {
				if _, err := client.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: name, AccessKeyId: key.AccessKeyId}); err != nil && !isGone(err) {
					return err
				}
			}
		}
	}
	_, err = client.DeleteUser(ctx, &iam.DeleteUserInput{UserName: name})
	return err
}

// groupsOf are the names of a user's groups.
func groupsOf(ctx context.Context, client *iam.Client, user *string) (names []string, err error) {
	for pages := iam.NewListGroupsForUserPaginator(client, &iam.ListGroupsForUserInput{UserName: user}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.Groups {
			names = append(names, aws.ToString(g.GroupName))
		}
	}
	return names, nil
}

func joinGroup(ctx context.Context, client *iam.Client, group, user string) error {
	_, err := client.AddUserToGroup(ctx, &iam.AddUserToGroupInput{GroupName: &group, UserName: &user})
	return err
}

func leaveGroup(ctx context.Context, client *iam.Client, group, user string) error {
	_, err := client.RemoveUserFromGroup(ctx, &iam.RemoveUserFromGroupInput{GroupName: &group, UserName: &user})
	return err
}
