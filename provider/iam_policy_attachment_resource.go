package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-framework-validators/resourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type iamPolicyAttachmentModel struct {
	ID        types.String `tfsdk:"id"`
	Groups    types.Set    `tfsdk:"groups"`
	Name      types.String `tfsdk:"name"`
	PolicyARN types.String `tfsdk:"policy_arn"`
	Roles     types.Set    `tfsdk:"roles"`
	Users     types.Set    `tfsdk:"users"`
}

// everyPolicyAttachment holds a policy's attachments, all of them. It cannot be imported, as in AWS.
type everyPolicyAttachment struct{ kept[iamPolicyAttachmentModel] }

var _ resource.ResourceWithConfigValidators = &everyPolicyAttachment{}

// ConfigValidators wants somebody whom the policy is attached to.
func (r *everyPolicyAttachment) ConfigValidators(context.Context) []resource.ConfigValidator {
	return []resource.ConfigValidator{resourcevalidator.AtLeastOneOf(path.MatchRoot("groups"), path.MatchRoot("roles"), path.MatchRoot("users"))}
}

func newIAMEveryPolicyAttachmentResource() resource.Resource {
	return &everyPolicyAttachment{kept[iamPolicyAttachmentModel]{
		typ: "iam_policy_attachment", noun: "the attachments", label: func(m *iamPolicyAttachmentModel) string { return m.Name.ValueString() },
		schema: func() schema.Schema {
			names := func(what string) schema.SetAttribute { return textSetOf("Names of the " + what + ".") }
			return schema.Schema{
				MarkdownDescription: "All the attachments of a managed policy, in the whole account: what is attached elsewhere, by other resources too, is detached. " +
					"`lambdasim_iam_role_policy_attachment` and its like attach to one and leave others alone.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The name."), "name": requiredOnce("A name for the attachments, which AWS does not know."), "policy_arn": policyARN(),
					"groups": names("groups"), "roles": names("roles"), "users": names("users"),
				},
			}
		},
		create: func(ctx context.Context, b *resourceBase, m *iamPolicyAttachmentModel) error {
			return changeAttachments(ctx, b, m, m, &iamPolicyAttachmentModel{})
		},
		read: readAttachments,
		update: func(ctx context.Context, b *resourceBase, m, was *iamPolicyAttachmentModel) error {
			return changeAttachments(ctx, b, m, m, was)
		},
		remove: func(ctx context.Context, b *resourceBase, m *iamPolicyAttachmentModel) error {
			return changeAttachments(ctx, b, m, &iamPolicyAttachmentModel{}, m)
		},
	}}
}

func changeAttachments(ctx context.Context, b *resourceBase, m, is, was *iamPolicyAttachmentModel) error {
	client, arn := b.clients.IAM(), m.PolicyARN.ValueStringPointer()
	for _, kind := range []struct {
		calls   attachmentCalls
		is, was types.Set
	}{{userAttachments, is.Users, was.Users}, {roleAttachments, is.Roles, was.Roles}, {groupAttachments, is.Groups, was.Groups}} {
		err := differ(setOf(kind.is), setOf(kind.was),
			func(name string) error { return kind.calls.attach(ctx, client, &name, arn) },
			func(name string) error { return kind.calls.detach(ctx, client, &name, arn) })
		if err != nil {
			return err
		}
	}
	return nil
}

func readAttachments(ctx context.Context, b *resourceBase, m *iamPolicyAttachmentModel) error {
	var users, roles, groups []string
	for pages := iam.NewListEntitiesForPolicyPaginator(b.clients.IAM(), &iam.ListEntitiesForPolicyInput{PolicyArn: m.PolicyARN.ValueStringPointer()}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, u := range page.PolicyUsers {
			users = append(users, aws.ToString(u.UserName))
		}
		for _, r := range page.PolicyRoles {
			roles = append(roles, aws.ToString(r.RoleName))
		}
		for _, g := range page.PolicyGroups {
			groups = append(groups, aws.ToString(g.GroupName))
		}
	}
	m.ID, m.Users, m.Roles, m.Groups = m.Name, setOrNull(users, m.Users), setOrNull(roles, m.Roles), setOrNull(groups, m.Groups)
	return nil
}

// setOrNull is null where there is none and there was none.
func setOrNull(list []string, was types.Set) types.Set {
	if len(list) == 0 && was.IsNull() {
		return was
	}
	return asSet(list)
}
