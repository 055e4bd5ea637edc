package provider

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What says that a role has these policies and no others. Neither removes anything when it is destroyed.

type iamRolePoliciesExclusiveModel struct {
	PolicyNames types.Set    `tfsdk:"policy_names"`
	RoleName    types.String `tfsdk:"role_name"`
}

type iamRolePolicyAttachmentsExclusiveModel struct {
	PolicyARNs types.Set    `tfsdk:"policy_arns"`
	RoleName   types.String `tfsdk:"role_name"`
}

func newIAMRolePoliciesExclusiveResource() resource.Resource {
	// A policy that is named and not there is no error: its own resource writes it.
	enforce := func(ctx context.Context, b *resourceBase, m *iamRolePoliciesExclusiveModel) error {
		client, role := b.clients.IAM(), m.RoleName.ValueStringPointer()
		have, err := rolePolicyNames(ctx, client, role)
		if err != nil {
			return err
		}
		named := setOf(m.PolicyNames)
		return differ(nil, slices.DeleteFunc(have, func(name string) bool { return slices.Contains(named, name) }), nil, func(name string) error {
			_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String(name)})
			return err
		})
	}
	return &imported[iamRolePoliciesExclusiveModel]{attributes: []string{"role_name"}, kept: kept[iamRolePoliciesExclusiveModel]{
		typ: "iam_role_policies_exclusive", noun: "the inline policies of the role", label: func(m *iamRolePoliciesExclusiveModel) string { return m.RoleName.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "The names of a role's inline policies: any other is removed. Destroying it removes nothing.", Attributes: map[string]schema.Attribute{
				"policy_names": requiredSet("Names of the policies; `[]` for none."), "role_name": requiredOnce("Name of the role."),
			}}
		},
		create: enforce,
		read: func(ctx context.Context, b *resourceBase, m *iamRolePoliciesExclusiveModel) error {
			names, err := rolePolicyNames(ctx, b.clients.IAM(), m.RoleName.ValueStringPointer())
			m.PolicyNames = asSet(names)
			return err
		},
		update: func(ctx context.Context, b *resourceBase, m, _ *iamRolePoliciesExclusiveModel) error {
			return enforce(ctx, b, m)
		},
		settle: func(m, planned *iamRolePoliciesExclusiveModel) { m.PolicyNames = planned.PolicyNames },
		remove: func(context.Context, *resourceBase, *iamRolePoliciesExclusiveModel) error { return nil },
	}}
}

func newIAMRolePolicyAttachmentsExclusiveResource() resource.Resource {
	enforce := func(ctx context.Context, b *resourceBase, m *iamRolePolicyAttachmentsExclusiveModel) error {
		client, role := b.clients.IAM(), m.RoleName.ValueStringPointer()
		have, err := roleAttachments.list(ctx, client, role)
		if err != nil {
			return err
		}
		return differ(setOf(m.PolicyARNs), have,
			func(arn string) error { return roleAttachments.attach(ctx, client, role, &arn) },
			func(arn string) error { return roleAttachments.detach(ctx, client, role, &arn) })
	}
	return &imported[iamRolePolicyAttachmentsExclusiveModel]{attributes: []string{"role_name"}, kept: kept[iamRolePolicyAttachmentsExclusiveModel]{
		typ: "iam_role_policy_attachments_exclusive", noun: "the attachments of the role", label: func(m *iamRolePolicyAttachmentsExclusiveModel) string { return m.RoleName.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "The managed policies that are attached to a role: any other is detached, and one that is missing is attached. Destroying it detaches nothing.", Attributes: map[string]schema.Attribute{
				"policy_arns": requiredSet("ARNs of the policies; `[]` for none."), "role_name": requiredOnce("Name of the role."),
			}}
		},
		create: enforce,
		read: func(ctx context.Context, b *resourceBase, m *iamRolePolicyAttachmentsExclusiveModel) error {
			arns, err := roleAttachments.list(ctx, b.clients.IAM(), m.RoleName.ValueStringPointer())
			m.PolicyARNs = asSet(arns)
			return err
		},
		update: func(ctx context.Context, b *resourceBase, m, _ *iamRolePolicyAttachmentsExclusiveModel) error {
			return enforce(ctx, b, m)
		},
		remove: func(context.Context, *resourceBase, *iamRolePolicyAttachmentsExclusiveModel) error { return nil },
	}}
}
