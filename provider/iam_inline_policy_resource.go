package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

// Inline policies of roles, users and groups: one resource each, alike but for the owner.

// inlinePolicy is what they have in common; the owner is beside it, under its own name.
type inlinePolicy struct {
	ID         types.String   `tfsdk:"id"`
	Name       types.String   `tfsdk:"name"`
	NamePrefix types.String   `tfsdk:"name_prefix"`
	Policy     fwtypes.Policy `tfsdk:"policy"`
}

type iamRolePolicyModel struct {
	inlinePolicy
	Role types.String `tfsdk:"role"`
}

type iamUserPolicyModel struct {
	inlinePolicy
	User types.String `tfsdk:"user"`
}

type iamGroupPolicyModel struct {
	inlinePolicy
	Group types.String `tfsdk:"group"`
}

func (m *iamRolePolicyModel) parts() (*inlinePolicy, *types.String) { return &m.inlinePolicy, &m.Role }
func (m *iamUserPolicyModel) parts() (*inlinePolicy, *types.String) { return &m.inlinePolicy, &m.User }
func (m *iamGroupPolicyModel) parts() (*inlinePolicy, *types.String) {
	return &m.inlinePolicy, &m.Group
}

// inlineCalls are the API's calls for one kind of owner.
type inlineCalls struct {
	put    func(ctx context.Context, c *iam.Client, owner, name, document *string) error
	get    func(ctx context.Context, c *iam.Client, owner, name *string) (document *string, err error)
	remove func(ctx context.Context, c *iam.Client, owner, name *string) error
}

func newIAMRolePolicyResource() resource.Resource {
	return inlinePolicyResource[iamRolePolicyModel]("role", "What the role may do. A poller that was refused goes on by itself when its role's policies change.", inlineCalls{
		put: func(ctx context.Context, c *iam.Client, owner, name, document *string) error {
			_, err := c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: owner, PolicyName: name, PolicyDocument: document})
			return err
		},
		get: func(ctx context.Context, c *iam.Client, owner, name *string) (*string, error) {
			out, err := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: owner, PolicyName: name})
			if err != nil {
				return nil, err
			}
			return out.PolicyDocument, nil
		},
		remove: func(ctx context.Context, c *iam.Client, owner, name *string) error {
			_, err := c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: owner, PolicyName: name})
			return err
		},
	})
}

func newIAMUserPolicyResource() resource.Resource {
	return inlinePolicyResource[iamUserPolicyModel]("user", "What the user may do.", inlineCalls{
		put: func(ctx context.Context, c *iam.Client, owner, name, document *string) error {
			_, err := c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: owner, PolicyName: name, PolicyDocument: document})
			return err
		},
		get: func(ctx context.Context, c *iam.Client, owner, name *string) (*string, error) {
			out, err := c.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: owner, PolicyName: name})
			if err != nil {
				return nil, err
			}
			return out.PolicyDocument, nil
		},
		remove: func(ctx context.Context, c *iam.Client, owner, name *string) error {
			_, err := c.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: owner, PolicyName: name})
			return err
		},
	})
}

func newIAMGroupPolicyResource() resource.Resource {
	return inlinePolicyResource[iamGroupPolicyModel]("group", "What the group's users may do.", inlineCalls{
		put: func(ctx context.Context, c *iam.Client, owner, name, document *string) error {
			_, err := c.PutGroupPolicy(ctx, &iam.PutGroupPolicyInput{GroupName: owner, PolicyName: name, PolicyDocument: document})
			return err
		},
		get: func(ctx context.Context, c *iam.Client, owner, name *string) (*string, error) {
			out, err := c.GetGroupPolicy(ctx, &iam.GetGroupPolicyInput{GroupName: owner, PolicyName: name})
			if err != nil {
				return nil, err
			}
			return out.PolicyDocument, nil
		},
		remove: func(ctx context.Context, c *iam.Client, owner, name *string) error {
			_, err := c.DeleteGroupPolicy(ctx, &iam.DeleteGroupPolicyInput{GroupName: owner, PolicyName: name})
			return err
		},
	})
}

// inlinePolicyResource is the resource of one kind of owner.
func inlinePolicyResource[M any, P interface {
	*M
	parts() (*inlinePolicy, *types.String)
}](owner, what string, calls inlineCalls) resource.Resource {
	put := func(ctx context.Context, b *resourceBase, m *M) error {
		p, of := P(m).parts()
		generate(&p.Name, &p.NamePrefix)
		return calls.put(ctx, b.clients.IAM(), of.ValueStringPointer(), p.Name.ValueStringPointer(), p.Policy.ValueStringPointer())
	}
	return &imported[M]{attributes: []string{owner, "name"}, separator: ":", kept: kept[M]{
		typ: "iam_" + owner + "_policy", noun: "the policy",
		label: func(m *M) string { p, of := P(m).parts(); return of.ValueString() + ":" + p.Name.ValueString() },
		schema: func() schema.Schema {
			name, prefix := nameAttributes("policy", 128)
			return schema.Schema{MarkdownDescription: "An inline policy of a " + owner + ". " + what, Attributes: map[string]schema.Attribute{
				"id": idAttribute("The " + owner + "'s name, a colon, and the policy's name."), "name": name, "name_prefix": prefix, "policy": identityPolicy(), owner: requiredOnce("Name of the " + owner + "."),
			}}
		},
		create: put,
		update: func(ctx context.Context, b *resourceBase, m, _ *M) error { return put(ctx, b, m) },
		read: func(ctx context.Context, b *resourceBase, m *M) error {
			p, of := P(m).parts()
			document, err := calls.get(ctx, b.clients.IAM(), of.ValueStringPointer(), p.Name.ValueStringPointer())
			if err != nil {
				return err
			}
			p.ID, p.Policy = types.StringValue(of.ValueString()+":"+p.Name.ValueString()), fwtypes.PolicyValue(decoded(document))
			p.NamePrefix = blankIfNull(p.NamePrefix)
			return nil
		},
		remove: func(ctx context.Context, b *resourceBase, m *M) error {
			p, of := P(m).parts()
			return calls.remove(ctx, b.clients.IAM(), of.ValueStringPointer(), p.Name.ValueStringPointer())
		},
	}}
}
