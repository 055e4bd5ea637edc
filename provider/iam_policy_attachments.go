package provider

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Attachments of managed policies to roles, users and groups: one resource each, alike but for the owner.

// policyAttachment is what they have in common; the owner is beside it, under its own name.
type policyAttachment struct {
	ID        types.String `tfsdk:"id"`
	PolicyARN types.String `tfsdk:"policy_arn"`
}

type iamRolePolicyAttachmentModel struct {
	policyAttachment
	Role types.String `tfsdk:"role"`
}

type iamUserPolicyAttachmentModel struct {
	policyAttachment
	User types.String `tfsdk:"user"`
}

type iamGroupPolicyAttachmentModel struct {
	policyAttachment
	Group types.String `tfsdk:"group"`
}

func (m *iamRolePolicyAttachmentModel) parts() (*policyAttachment, *types.String) {
	return &m.policyAttachment, &m.Role
}

func (m *iamUserPolicyAttachmentModel) parts() (*policyAttachment, *types.String) {
	return &m.policyAttachment, &m.User
}

func (m *iamGroupPolicyAttachmentModel) parts() (*policyAttachment, *types.String) {
	return &m.policyAttachment, &m.Group
}

// attachmentCalls are the API's calls for one kind of owner.
type attachmentCalls struct {
	attach, detach func(ctx context.Context, c *iam.Client, owner, arn *string) error
	list           func(ctx context.Context, c *iam.Client, owner *string) (arns []string, err error)
}

var roleAttachments = attachmentCalls{
	attach: func(ctx context.Context, c *iam.Client, owner, arn *string) error {
		_, err := c.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: owner, PolicyArn: arn})
		return err
	},
	detach: func(ctx context.Context, c *iam.Client, owner, arn *string) error {
		_, err := c.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: owner, PolicyArn: arn})
		return err
	},
	list: func(ctx context.Context, c *iam.Client, owner *string) (arns []string, err error) {
		for pages := iam.NewListAttachedRolePoliciesPaginator(c, &iam.ListAttachedRolePoliciesInput{RoleName: owner}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			arns = append(arns, arnsOf(page.AttachedPolicies)...)
		}
		return arns, nil
	},
}

var userAttachments = attachmentCalls{
	attach: func(ctx context.Context, c *iam.Client, owner, arn *string) error {
		_, err := c.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: owner, PolicyArn: arn})
		return err
	},
	detach: func(ctx context.Context, c *iam.Client, owner, arn *string) error {
		_, err := c.DetachUserPolicy(ctx, &iam.DetachUserPolicyInput{UserName: owner, PolicyArn: arn})
		return err
	},
	list: func(ctx context.Context, c *iam.Client, owner *string) (arns []string, err error) {
		for pages := iam.NewListAttachedUserPoliciesPaginator(c, &iam.ListAttachedUserPoliciesInput{UserName: owner}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			arns = append(arns, arnsOf(page.AttachedPolicies)...)
		}
		return arns, nil
	},
}

var groupAttachments = attachmentCalls{
	attach: func(ctx context.Context, c *iam.Client, owner, arn *string) error {
		_, err := c.AttachGroupPolicy(ctx, &iam.AttachGroupPolicyInput{GroupName: owner, PolicyArn: arn})
		return err
	},
	detach: func(ctx context.Context, c *iam.Client, owner, arn *string) error {
		_, err := c.DetachGroupPolicy(ctx, &iam.DetachGroupPolicyInput{GroupName: owner, PolicyArn: arn})
		return err
	},
	list: func(ctx context.Context, c *iam.Client, owner *string) (arns []string, err error) {
		for pages := iam.NewListAttachedGroupPoliciesPaginator(c, &iam.ListAttachedGroupPoliciesInput{GroupName: owner}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, err
			}
			arns = append(arns, arnsOf(page.AttachedPolicies)...)
		}
		return arns, nil
	},
}

func arnsOf(list []awstypes.AttachedPolicy) (arns []string) {
	for _, p := range list {
		arns = append(arns, aws.ToString(p.PolicyArn))
	}
	return arns
}

func newIAMRolePolicyAttachmentResource() resource.Resource {
	return attachmentResource[iamRolePolicyAttachmentModel]("role", " A poller that was refused goes on by itself when its role's policies change.", roleAttachments)
}

func newIAMUserPolicyAttachmentResource() resource.Resource {
	return attachmentResource[iamUserPolicyAttachmentModel]("user", "", userAttachments)
}

func newIAMGroupPolicyAttachmentResource() resource.Resource {
	return attachmentResource[iamGroupPolicyAttachmentModel]("group", "", groupAttachments)
}

// policyARN is the ARN of the policy that is attached.
func policyARN() schema.StringAttribute {
	a := requiredOnce("ARN of the policy.")
	a.Validators = []validator.String{stringvalidator.LengthAtLeast(1), arnValidator()}
	return a
}

// attachmentResource is the resource of one kind of owner. Every change replaces it.
func attachmentResource[M any, P interface {
	*M
	parts() (*policyAttachment, *types.String)
}](owner, what string, calls attachmentCalls) resource.Resource {
	return &imported[M]{attributes: []string{owner, "policy_arn"}, separator: "/", kept: kept[M]{
		typ: "iam_" + owner + "_policy_attachment", noun: "the attachment",
		label: func(m *M) string { p, of := P(m).parts(); return of.ValueString() + "/" + p.PolicyARN.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "Attaches a managed policy to a " + owner + ": one of the account's own, or one of AWS's that functions commonly need (`AWSLambdaBasicExecutionRole` and its like)." + what,
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The " + owner + "'s name, a slash, and the policy's ARN."), "policy_arn": policyARN(), owner: requiredOnce("Name of the " + owner + "."),
				}}
		},
		create: func(ctx context.Context, b *resourceBase, m *M) error {
			p, of := P(m).parts()
			return calls.attach(ctx, b.clients.IAM(), of.ValueStringPointer(), p.PolicyARN.ValueStringPointer())
		},
		read: func(ctx context.Context, b *resourceBase, m *M) error {
			p, of := P(m).parts()
			arns, err := calls.list(ctx, b.clients.IAM(), of.ValueStringPointer())
			if err == nil && !slices.Contains(arns, p.PolicyARN.ValueString()) {
				err = errGone
			}
			p.ID = types.StringValue(of.ValueString() + "/" + p.PolicyARN.ValueString())
			return err
		},
		remove: func(ctx context.Context, b *resourceBase, m *M) error {
			p, of := P(m).parts()
			return calls.detach(ctx, b.clients.IAM(), of.ValueStringPointer(), p.PolicyARN.ValueStringPointer())
		},
	}}
}
