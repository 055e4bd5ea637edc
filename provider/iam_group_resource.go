package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type iamGroupModel struct {
	ID       types.String `tfsdk:"id"`
	ARN      types.String `tfsdk:"arn"`
	Name     types.String `tfsdk:"name"`
	Path     types.String `tfsdk:"path"`
	UniqueID types.String `tfsdk:"unique_id"`
}

func newIAMGroupResource() resource.Resource {
	return &imported[iamGroupModel]{attributes: []string{"name"}, kept: kept[iamGroupModel]{
		typ: "iam_group", noun: "the group", label: func(m *iamGroupModel) string { return m.Name.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "An IAM group: its policies are its users' too.", Attributes: map[string]schema.Attribute{
				"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The group's name."}, "arn": schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the group, known at plan."},
				"name": nameOf("group"), "path": pathAttribute("group"), "unique_id": computedOnce("The group's unique id (AGPA…)."),
			}}
		},
		create: func(ctx context.Context, b *resourceBase, m *iamGroupModel) error {
			_, err := b.clients.IAM().CreateGroup(ctx, &iam.CreateGroupInput{GroupName: m.Name.ValueStringPointer(), Path: m.Path.ValueStringPointer()})
			return err
		},
		read: func(ctx context.Context, b *resourceBase, m *iamGroupModel) error {
			out, err := b.clients.IAM().GetGroup(ctx, &iam.GetGroupInput{GroupName: m.Name.ValueStringPointer()})
			if err != nil {
				return err
			}
			g := out.Group
			m.ID, m.ARN, m.UniqueID, m.Path = types.StringPointerValue(g.GroupName), types.StringPointerValue(g.Arn), types.StringPointerValue(g.GroupId), types.StringPointerValue(g.Path)
			return nil
		},
		update: func(ctx context.Context, b *resourceBase, m, was *iamGroupModel) error {
			_, err := b.clients.IAM().UpdateGroup(ctx, &iam.UpdateGroupInput{GroupName: was.Name.ValueStringPointer(), NewGroupName: m.Name.ValueStringPointer(), NewPath: m.Path.ValueStringPointer()})
			return err
		},
		remove: func(ctx context.Context, b *resourceBase, m *iamGroupModel) error {
			_, err := b.clients.IAM().DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: m.Name.ValueStringPointer()})
			return err
		},
		plan: func(ctx context.Context, b *resourceBase, _ resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
			planARN(ctx, b, "group", nameAsID, resp)
		},
	}}
}

// membersOfGroup are the names of a group's users.
func membersOfGroup(ctx context.Context, client *iam.Client, group *string) (names []string, err error) {
	for pages := iam.NewGetGroupPaginator(client, &iam.GetGroupInput{GroupName: group}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, u := range page.Users {
			names = append(names, aws.ToString(u.UserName))
		}
	}
	return names, nil
}
