package provider

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type iamPolicyModel struct {
	ID              types.String   `tfsdk:"id"`
	ARN             types.String   `tfsdk:"arn"`
	AttachmentCount types.Int64    `tfsdk:"attachment_count"`
	Delay           types.Int64    `tfsdk:"delay_after_policy_creation_in_ms"`
	Description     types.String   `tfsdk:"description"`
	Name            types.String   `tfsdk:"name"`
	NamePrefix      types.String   `tfsdk:"name_prefix"`
	Path            types.String   `tfsdk:"path"`
	Policy          fwtypes.Policy `tfsdk:"policy"`
	PolicyID        types.String   `tfsdk:"policy_id"`
	Tags            types.Map      `tfsdk:"tags"`
	TagsAll         types.Map      `tfsdk:"tags_all"`
}

var policyRefused = []refused{{name: "delay_after_policy_creation_in_ms", allowed: []attr.Value{types.Int64Value(0)}}}

func newIAMPolicyResource() resource.Resource {
	return &imported[iamPolicyModel]{attributes: []string{"arn"}, kept: kept[iamPolicyModel]{
		typ: "iam_policy", noun: "the policy", label: func(m *iamPolicyModel) string { return or(m.ARN, m.Name.ValueString()) }, schema: iamPolicySchema, refused: policyRefused,
		create: createPolicy, read: readPolicy, update: updatePolicy, remove: deletePolicy,
		settle: func(m, planned *iamPolicyModel) {
			if !planned.AttachmentCount.IsUnknown() {
				m.AttachmentCount = planned.AttachmentCount
			}
		},
		plan: func(ctx context.Context, b *resourceBase, _ resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
			b.planTags(ctx, resp)
			planARN(ctx, b, "policy", arnAsID, resp)
		},
	}}
}

func iamPolicySchema() schema.Schema {
	name, prefix := nameAttributes("policy", 128)
	replace := stringplanmodifier.RequiresReplace()
	return schema.Schema{
		MarkdownDescription: "A managed policy, which can be attached to roles, users and groups. A change of the document is its next version, which is the default one at once wherever it is attached; of the five versions that a policy may have, the oldest makes room.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The policy's ARN."), "name": name, "name_prefix": prefix, "arn": computedOnce("ARN of the policy, known at plan."),
			"attachment_count": schema.Int64Attribute{Computed: true, MarkdownDescription: "How many roles, users and groups the policy was attached to when it was read last.",
				PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
			"delay_after_policy_creation_in_ms": number(),
			"description":                       schema.StringAttribute{Optional: true, MarkdownDescription: "Description. A change replaces the policy.", PlanModifiers: []planmodifier.String{replace}},
			"path":                              pathAttribute("policy", replace), "policy": identityPolicy(), "policy_id": computedOnce("The policy's unique id (ANPA…)."),
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
		},
	}
}

func createPolicy(ctx context.Context, b *resourceBase, m *iamPolicyModel) error {
	generate(&m.Name, &m.NamePrefix)
	out, err := b.clients.IAM().CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: m.Name.ValueStringPointer(), Path: m.Path.ValueStringPointer(), PolicyDocument: m.Policy.ValueStringPointer(),
		Description: given(m.Description), Tags: iamTags(textsIn(m.TagsAll))})
	if err == nil {
		m.ARN = types.StringPointerValue(out.Policy.Arn)
	}
	return err
}

func readPolicy(ctx context.Context, b *resourceBase, m *iamPolicyModel) error {
	p, document, err := managedPolicy(ctx, b.clients.IAM(), m.ARN.ValueStringPointer())
	if err != nil {
		return err
	}
	m.ID, m.ARN, m.Name, m.Path = types.StringPointerValue(p.Arn), types.StringPointerValue(p.Arn), types.StringPointerValue(p.PolicyName), types.StringPointerValue(p.Path)
	m.PolicyID, m.Description, m.AttachmentCount = types.StringPointerValue(p.PolicyId), optionalString(p.Description, m.Description), types.Int64Value(int64(aws.ToInt32(p.AttachmentCount)))
	m.Policy, m.NamePrefix = fwtypes.PolicyValue(document), blankIfNull(m.NamePrefix)
	m.Tags, m.TagsAll = b.readTags(iamTagMap(p.Tags), m.Tags)
	return nil
}

// managedPolicy is a policy and the document of its default version.
func managedPolicy(ctx context.Context, client *iam.Client, arn *string) (*awstypes.Policy, string, error) {
	out, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: arn})
	if err != nil {
		return nil, "", err
	}
	v, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: arn, VersionId: out.Policy.DefaultVersionId})
	if err != nil {
		return nil, "", err
	}
	return out.Policy, decoded(v.PolicyVersion.Document), nil
}

func updatePolicy(ctx context.Context, b *resourceBase, m, was *iamPolicyModel) error {
	client, arn := b.clients.IAM(), was.ARN.ValueStringPointer()
	m.ARN = was.ARN
	if !m.Policy.Equal(was.Policy) {
		if err := makeRoom(ctx, client, arn); err != nil {
			return err
		}
		if _, err := client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: m.Policy.ValueStringPointer(), SetAsDefault: true}); err != nil {
			return err
		}
	}
	return retag(m.TagsAll, was.TagsAll, func(keys []string) error {
		_, err := client.UntagPolicy(ctx, &iam.UntagPolicyInput{PolicyArn: arn, TagKeys: keys})
		return err
	}, func(tags []awstypes.Tag) error {
		_, err := client.TagPolicy(ctx, &iam.TagPolicyInput{PolicyArn: arn, Tags: tags})
		return err
	})
}

// mostVersions is how many versions a managed policy may have (IAM User Guide, IAM quotas).
const mostVersions = 5

// otherVersions are the versions that are not the default, the oldest first.
func otherVersions(ctx context.Context, client *iam.Client, arn *string) (list []awstypes.PolicyVersion, err error) {
	for pages := iam.NewListPolicyVersionsPaginator(client, &iam.ListPolicyVersionsInput{PolicyArn: arn}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			if !v.IsDefaultVersion {
				list = append(list, v)
			}
		}
	}
	slices.SortFunc(list, func(x, y awstypes.PolicyVersion) int { // v9 before v10, where a clock stands still
		a, b := aws.ToString(x.VersionId), aws.ToString(y.VersionId)
		return cmp.Or(aws.ToTime(x.CreateDate).Compare(aws.ToTime(y.CreateDate)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return list, nil
}

// makeRoom deletes the oldest version that is not the default where there is no room for another.
func makeRoom(ctx context.Context, client *iam.Client, arn *string) error {
	others, err := otherVersions(ctx, client, arn)
	if err != nil || len(others) < mostVersions-1 {
		return err
	}
	_, err = client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: others[0].VersionId})
	return err
}

// deletePolicy removes the policy, and the versions that are not the default before it.
func deletePolicy(ctx context.Context, b *resourceBase, m *iamPolicyModel) error {
	client, arn := b.clients.IAM(), m.ARN.ValueStringPointer()
	others, err := otherVersions(ctx, client, arn)
	if err != nil {
		return err
	}
	for _, v := range others {
		if _, err := client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: v.VersionId}); err != nil && !isGone(err) {
			return err
		}
	}
	_, err = client.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	return err
}
