package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

// The policies of a role in arguments of the role itself, inline_policy and managed_policy_arns. Where one is given it is
// all that the role has; where it is not, it shows what the role had when it was read last.

var inlinePolicyFields = map[string]attr.Type{"name": types.StringType, "policy": fwtypes.PolicyType{}}

// inlinePolicyValidator wants a name and a policy in each block, or neither in a block that stands for none.
type inlinePolicyValidator struct{}

// Description says what is wanted.
func (inlinePolicyValidator) Description(context.Context) string {
	return "name and policy in each block"
}

// MarkdownDescription says what is wanted.
func (v inlinePolicyValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// ValidateSet judges each policy.
func (inlinePolicyValidator) ValidateSet(ctx context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	for _, e := range req.ConfigValue.Elements() {
		block, ok := e.(types.Object)
		if !ok || block.IsUnknown() {
			continue
		}
		name, text := blockPolicy(block)
		at := req.Path.AtSetValue(e)
		if name.IsUnknown() || text.IsUnknown() {
			continue
		}
		if (name.ValueString() == "") != (text.ValueString() == "") {
			resp.Diagnostics.AddAttributeError(at, "Half an inline policy", "An inline_policy block has both a name and a policy, or neither where it stands for no policy at all.")
			continue
		}
		if text.ValueString() != "" {
			one := validator.StringResponse{}
			policyValidator{policy.ValidateIdentity}.ValidateString(ctx, validator.StringRequest{Path: at.AtName("policy"), ConfigValue: text.StringValue}, &one)
			resp.Diagnostics.Append(one.Diagnostics...)
		}
	}
}

func blockPolicy(block types.Object) (name types.String, text fwtypes.Policy) {
	name, _ = block.Attributes()["name"].(types.String)
	text, _ = block.Attributes()["policy"].(fwtypes.Policy)
	return name, text
}

// inlinePolicies are the texts of the blocks, by name.
func inlinePolicies(set types.Set) map[string]string {
	out := map[string]string{}
	for _, e := range set.Elements() {
		if block, ok := e.(types.Object); ok {
			if name, text := blockPolicy(block); name.ValueString() != "" {
				out[name.ValueString()] = text.ValueString()
			}
		}
	}
	return out
}

// writeRolePolicies brings the role's policies from what they were to what is planned.
func writeRolePolicies(ctx context.Context, b *resourceBase, m, was *iamRoleModel) error {
	client, role := b.clients.IAM(), m.Name.ValueStringPointer()
	if !m.InlinePolicy.IsUnknown() && !m.InlinePolicy.Equal(was.InlinePolicy) {
		is, before := inlinePolicies(m.InlinePolicy), inlinePolicies(was.InlinePolicy)
		for _, name := range missingKeys(before, is) {
			if _, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String(name)}); err != nil && !isGone(err) {
				return err
			}
		}
		for name, text := range is {
			if before[name] == text {
				continue
			}
			if _, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: aws.String(name), PolicyDocument: aws.String(text)}); err != nil {
				return err
			}
		}
	}
	if m.ManagedPolicyARNs.IsUnknown() {
		return nil
	}
	return differ(setOf(m.ManagedPolicyARNs), setOf(was.ManagedPolicyARNs),
		func(arn string) error { return roleAttachments.attach(ctx, client, role, &arn) },
		func(arn string) error { return roleAttachments.detach(ctx, client, role, &arn) })
}

// readRolePolicies reads the policies. A policy that means what it meant keeps its text, and an empty block stays where
// there is none.
func readRolePolicies(ctx context.Context, b *resourceBase, m *iamRoleModel) error {
	client, role := b.clients.IAM(), m.Name.ValueStringPointer()
	names, err := rolePolicyNames(ctx, client, role)
	if err != nil {
		return err
	}
	was, blocks := inlinePolicies(m.InlinePolicy), []attr.Value{}
	for _, name := range names {
		out, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: aws.String(name)})
		if err != nil {
			return err
		}
		text := decoded(out.PolicyDocument)
		if same, err := policydoc.Equivalent(text, was[name]); err == nil && same {
			text = was[name]
		}
		blocks = append(blocks, types.ObjectValueMust(inlinePolicyFields, map[string]attr.Value{"name": types.StringValue(name), "policy": fwtypes.PolicyValue(text)}))
	}
	if len(names) > 0 || len(was) > 0 || len(m.InlinePolicy.Elements()) == 0 {
		m.InlinePolicy = types.SetValueMust(types.ObjectType{AttrTypes: inlinePolicyFields}, blocks)
	}
	arns, err := roleAttachments.list(ctx, client, role)
	m.ManagedPolicyARNs = asSet(arns)
	return err
}

// settleRole keeps what was planned: policies that others change while the role is changed are seen when it is read next.
func settleRole(m, planned *iamRoleModel) {
	if !planned.InlinePolicy.IsUnknown() {
		m.InlinePolicy = planned.InlinePolicy
	}
	if !planned.ManagedPolicyARNs.IsUnknown() {
		m.ManagedPolicyARNs = planned.ManagedPolicyARNs
	}
}

func rolePolicyNames(ctx context.Context, client *iam.Client, role *string) (names []string, err error) {
	for pages := iam.NewListRolePoliciesPaginator(client, &iam.ListRolePoliciesInput{RoleName: role}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		names = append(names, page.PolicyNames...)
	}
	return names, nil
}

func removeInline(ctx context.Context, client *iam.Client, role *string) error {
	names, err := rolePolicyNames(ctx, client, role)
	if err != nil {
		return err
	}
	return differ(nil, names, nil, func(name string) error {
		_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String(name)})
		return err
	})
}

func detachAll(ctx context.Context, client *iam.Client, role *string) error {
	arns, err := roleAttachments.list(ctx, client, role)
	if err != nil {
		return err
	}
	return differ(nil, arns, nil, func(arn string) error { return roleAttachments.detach(ctx, client, role, &arn) })
}
