package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type iamInstanceProfileModel struct {
	ID         types.String `tfsdk:"id"`
	ARN        types.String `tfsdk:"arn"`
	CreateDate types.String `tfsdk:"create_date"`
	Name       types.String `tfsdk:"name"`
	NamePrefix types.String `tfsdk:"name_prefix"`
	Path       types.String `tfsdk:"path"`
	Role       types.String `tfsdk:"role"`
	Tags       types.Map    `tfsdk:"tags"`
	TagsAll    types.Map    `tfsdk:"tags_all"`
	UniqueID   types.String `tfsdk:"unique_id"`
}

func newIAMInstanceProfileResource() resource.Resource {
	return &imported[iamInstanceProfileModel]{attributes: []string{"name"}, kept: kept[iamInstanceProfileModel]{
		typ: "iam_instance_profile", noun: "the instance profile", label: func(m *iamInstanceProfileModel) string { return m.Name.ValueString() },
		schema: func() schema.Schema {
			name, prefix := nameAttributes("profile", 128)
			return schema.Schema{
				MarkdownDescription: "An instance profile: a role as EC2 hands it to machines. It is kept as a record, since the simulator has no machines.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The profile's name."), "arn": computedOnce("ARN of the profile, known at plan."), "create_date": computedOnce("When the profile was made, on the simulator's clock."),
					"name": name, "name_prefix": prefix, "path": pathAttribute("profile", stringplanmodifier.RequiresReplace()), "role": schema.StringAttribute{Optional: true, MarkdownDescription: "Name of the role in it."},
					"tags": tagsAttribute(), "tags_all": tagsAllAttribute(), "unique_id": computedOnce("The profile's unique id (AIPA…)."),
				},
			}
		},
		create: createInstanceProfile, read: readInstanceProfile, update: updateInstanceProfile,
		remove: func(ctx context.Context, b *resourceBase, m *iamInstanceProfileModel) error {
			if err := changeProfileRole(ctx, b, m, &iamInstanceProfileModel{}, m); err != nil {
				return err
			}
			_, err := b.clients.IAM().DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: m.Name.ValueStringPointer()})
			return err
		},
		plan: func(ctx context.Context, b *resourceBase, _ resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
			b.planTags(ctx, resp)
			planARN(ctx, b, "instance-profile", nameAsID, resp)
		},
	}}
}

func createInstanceProfile(ctx context.Context, b *resourceBase, m *iamInstanceProfileModel) error {
	generate(&m.Name, &m.NamePrefix)
	_, err := b.clients.IAM().CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: m.Name.ValueStringPointer(), Path: m.Path.ValueStringPointer(), Tags: iamTags(textsIn(m.TagsAll))})
	if err != nil {
		return err
	}
	return changeProfileRole(ctx, b, m, m, &iamInstanceProfileModel{})
}

// changeProfileRole takes one role out of a profile and puts another in.
func changeProfileRole(ctx context.Context, b *resourceBase, m, is, was *iamInstanceProfileModel) error {
	client, name := b.clients.IAM(), m.Name.ValueStringPointer()
	if given(was.Role) != nil && !is.Role.Equal(was.Role) {
		if _, err := client.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: name, RoleName: given(was.Role)}); err != nil && !isGone(err) {
			return err
		}
	}
	if given(is.Role) != nil && !is.Role.Equal(was.Role) {
		if _, err := client.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: name, RoleName: given(is.Role)}); err != nil {
			return err
		}
	}
	return nil
}

func readInstanceProfile(ctx context.Context, b *resourceBase, m *iamInstanceProfileModel) error {
	out, err := b.clients.IAM().GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: m.Name.ValueStringPointer()})
	if err != nil {
		return err
	}
	p := out.InstanceProfile
	m.ID, m.ARN, m.UniqueID, m.Path = types.StringPointerValue(p.InstanceProfileName), types.StringPointerValue(p.Arn), types.StringPointerValue(p.InstanceProfileId), types.StringPointerValue(p.Path)
	m.CreateDate, m.NamePrefix, m.Role = instant(p.CreateDate), blankIfNull(m.NamePrefix), blank(m.Role)
	if len(p.Roles) > 0 {
		m.Role = types.StringValue(aws.ToString(p.Roles[0].RoleName))
	}
	m.Tags, m.TagsAll = b.readTags(iamTagMap(p.Tags), m.Tags)
	return nil
}

func updateInstanceProfile(ctx context.Context, b *resourceBase, m, was *iamInstanceProfileModel) error {
	if err := changeProfileRole(ctx, b, m, m, was); err != nil {
		return err
	}
	client, name := b.clients.IAM(), m.Name.ValueStringPointer()
	return retag(m.TagsAll, was.TagsAll, func(keys []string) error {
		_, err := client.UntagInstanceProfile(ctx, &iam.UntagInstanceProfileInput{InstanceProfileName: name, TagKeys: keys})
		return err
	}, func(tags []awstypes.Tag) error {
		_, err := client.TagInstanceProfile(ctx, &iam.TagInstanceProfileInput{InstanceProfileName: name, Tags: tags})
		return err
	})
}
