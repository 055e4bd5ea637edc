package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type snsTopicPolicyModel struct {
	ID     types.String `tfsdk:"id"`
	Region types.String `tfsdk:"region"`
	ARN    types.String `tfsdk:"arn"`
	Owner  types.String `tfsdk:"owner"`
	Policy fwtypes.JSON `tfsdk:"policy"`
}

func newSNSTopicPolicyResource() resource.Resource {
	put := func(ctx context.Context, b *resourceBase, m *snsTopicPolicyModel, policy string) error {
		m.ID = m.ARN
		_, err := b.clients.SNS(m.Region.ValueString()).SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: m.ARN.ValueStringPointer(),
			AttributeName: aws.String("Policy"), AttributeValue: &policy})
		return err
	}
	return &importedBy[snsTopicPolicyModel]{want: "the topic's ARN", parse: byARN("sns"), kept: kept[snsTopicPolicyModel]{
		typ: "sns_topic_policy", noun: "the policy of the topic", label: func(m *snsTopicPolicyModel) string { return or(m.ARN, m.ID.ValueString()) },
		schema: func() schema.Schema {
			return schema.Schema{
				MarkdownDescription: "The policy of a topic: who may publish and subscribe, beside what their own policies say. Destroying it leaves AWS's default policy.",
				Attributes: map[string]schema.Attribute{
					"id": idAttribute("The topic's ARN."), "region": regionAttribute(),
					"arn":    schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the topic.", PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
					"owner":  computedOnce("Account of the topic."),
					"policy": schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "The document, JSON."},
				},
			}
		},
		plan: planRegionAlone,
		create: func(ctx context.Context, b *resourceBase, m *snsTopicPolicyModel) error {
			return put(ctx, b, m, m.Policy.ValueString())
		},
		update: func(ctx context.Context, b *resourceBase, m, _ *snsTopicPolicyModel) error {
			return put(ctx, b, m, m.Policy.ValueString())
		},
		remove: func(ctx context.Context, b *resourceBase, m *snsTopicPolicyModel) error { return put(ctx, b, m, "") },
		read: func(ctx context.Context, b *resourceBase, m *snsTopicPolicyModel) error {
			m.Region = b.regionOf(m.Region)
			out, err := b.clients.SNS(m.Region.ValueString()).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: m.ID.ValueStringPointer()})
			if err != nil {
				return err
			}
			m.ARN, m.Owner, m.Policy = m.ID, types.StringValue(out.Attributes["Owner"]), fwtypes.JSONValue(out.Attributes["Policy"])
			return nil
		},
	}}
}
