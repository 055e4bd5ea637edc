package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Who is in which group: from the group's side, which holds all its users, and from the user's, which holds the groups that
// it names and leaves others alone.

type iamGroupMembershipModel struct {
	ID    types.String `tfsdk:"id"`
	Group types.String `tfsdk:"group"`
	Name  types.String `tfsdk:"name"`
	Users types.Set    `tfsdk:"users"`
}

func newIAMGroupMembershipResource() resource.Resource {
	change := func(ctx context.Context, b *resourceBase, m *iamGroupMembershipModel, is, was []string) error {
		client, group := b.clients.IAM(), m.Group.ValueString()
		return differ(is, was, func(user string) error { return joinGroup(ctx, client, group, user) }, func(user string) error { return leaveGroup(ctx, client, group, user) })
	}
	return &kept[iamGroupMembershipModel]{
		typ: "iam_group_membership", noun: "the membership", label: func(m *iamGroupMembershipModel) string { return m.Name.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "The users of a group, all of them: what is added elsewhere is seen as drift.", Attributes: map[string]schema.Attribute{
				"id": idAttribute("The membership's name."), "group": requiredOnce("Name of the group."), "name": requiredOnce("A name for the membership, which AWS does not know."),
				"users": schema.SetAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: "Names of the users."},
			}}
		},
		create: func(ctx context.Context, b *resourceBase, m *iamGroupMembershipModel) error {
			return change(ctx, b, m, setOf(m.Users), nil)
		},
		read: func(ctx context.Context, b *resourceBase, m *iamGroupMembershipModel) error {
			users, err := membersOfGroup(ctx, b.clients.IAM(), m.Group.ValueStringPointer())
			m.ID, m.Users = m.Name, asSet(users)
			return err
		},
		update: func(ctx context.Context, b *resourceBase, m, was *iamGroupMembershipModel) error {
			return change(ctx, b, m, setOf(m.Users), setOf(was.Users))
		},
		remove: func(ctx context.Context, b *resourceBase, m *iamGroupMembershipModel) error {
			return change(ctx, b, m, nil, setOf(m.Users))
		},
	}
}

type iamUserGroupMembershipModel struct {
	ID     types.String `tfsdk:"id"`
	Groups types.Set    `tfsdk:"groups"`
	User   types.String `tfsdk:"user"`
}

// userGroups imports by USER/GROUP/GROUP…
type userGroups struct {
	kept[iamUserGroupMembershipModel]
}

func newIAMUserGroupMembershipResource() resource.Resource {
	change := func(ctx context.Context, b *resourceBase, m *iamUserGroupMembershipModel, is, was []string) error {
		client, user := b.clients.IAM(), m.User.ValueString()
		return differ(is, was, func(group string) error { return joinGroup(ctx, client, group, user) }, func(group string) error { return leaveGroup(ctx, client, group, user) })
	}
	return &userGroups{kept[iamUserGroupMembershipModel]{
		typ: "iam_user_group_membership", noun: "the membership", label: func(m *iamUserGroupMembershipModel) string { return m.User.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "Groups that a user is in. Others that it is in are left alone.", Attributes: map[string]schema.Attribute{
				"id": idAttribute("An id, which AWS does not know."), "user": requiredOnce("Name of the user."),
				"groups": schema.SetAttribute{ElementType: types.StringType, Required: true, MarkdownDescription: "Names of the groups."},
			}}
		},
		create: func(ctx context.Context, b *resourceBase, m *iamUserGroupMembershipModel) error {
			m.ID = types.StringValue("terraform-" + suffix())
			return change(ctx, b, m, setOf(m.Groups), nil)
		},
		read: func(ctx context.Context, b *resourceBase, m *iamUserGroupMembershipModel) error {
			all, err := groupsOf(ctx, b.clients.IAM(), m.User.ValueStringPointer())
			ours := setOf(m.Groups)
			m.Groups = asSet(slices.DeleteFunc(all, func(group string) bool { return !slices.Contains(ours, group) }))
			return err
		},
		update: func(ctx context.Context, b *resourceBase, m, was *iamUserGroupMembershipModel) error {
			return change(ctx, b, m, setOf(m.Groups), setOf(was.Groups))
		},
		remove: func(ctx context.Context, b *resourceBase, m *iamUserGroupMembershipModel) error {
			return change(ctx, b, m, nil, setOf(m.Groups))
		},
	}}
}

// ImportState takes the id apart. The state's id is made anew.
func (r *userGroups) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	parts := strings.Split(req.ID, "/")
	if len(parts) < 2 || slices.Contains(parts, "") {
		resp.Diagnostics.AddError("Not an import id", req.ID+": want USER/GROUP, with more groups after more slashes.")
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), "terraform-"+suffix())...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("user"), parts[0])...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("groups"), asSet(parts[1:]))...)
}
