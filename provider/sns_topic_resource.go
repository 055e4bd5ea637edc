package provider

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	awstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var topicRefused = []refused{{name: "archive_policy"}}

func newSNSTopicResource() resource.Resource {
	return &importedBy[snsTopicModel]{want: "the topic's ARN", parse: byARN("sns"), kept: kept[snsTopicModel]{
		typ: "sns_topic", noun: "the topic", label: func(m *snsTopicModel) string { return or(m.Name, m.ID.ValueString()) },
		schema: topicSchema, refused: topicRefused, create: createTopic, read: readTopic, update: updateTopic, plan: planTopic,
		remove: func(ctx context.Context, b *resourceBase, m *snsTopicModel) error {
			_, err := b.clients.SNS(m.Region.ValueString()).DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: m.ID.ValueStringPointer()})
			return err
		},
	}}
}

// byARN reads an import id that is an ARN of a service.
func byARN(service string) func(id string) map[string]string {
	return func(id string) map[string]string {
		if !strings.HasPrefix(id, "arn:aws:"+service+":") {
			return nil
		}
		return map[string]string{"id": id}
	}
}

// planTopic fills in region, tags and the ARN.
func planTopic(ctx context.Context, b *resourceBase, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	region := b.planRegion(ctx, req, resp)
	b.planTags(ctx, resp)
	var name types.String
	resp.Diagnostics.Append(resp.Plan.GetAttribute(ctx, path.Root("name"), &name)...)
	if name.IsUnknown() || name.IsNull() || region == "" || resp.Diagnostics.HasError() {
		return
	}
	account, err := b.clients.Account(ctx)
	if err != nil {
		return // both stay unknown
	}
	for attribute, value := range map[string]string{"arn": topicARN(region, account, name), "id": topicARN(region, account, name), "owner": account} {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(attribute), value)...)
	}
}

func topicARN(region, account string, name types.String) string {
	return "arn:aws:sns:" + region + ":" + account + ":" + name.ValueString()
}

func snsTags(tags map[string]string) (list []awstypes.Tag) {
	for k, v := range tags {
		list = append(list, awstypes.Tag{Key: &k, Value: &v})
	}
	return list
}

func createTopic(ctx context.Context, b *resourceBase, m *snsTopicModel) error {
	generated := m.Name.ValueString() == ""
	generate(&m.Name, &m.NamePrefix)
	if generated && m.FIFO.ValueBool() {
		m.Name = types.StringValue(m.Name.ValueString() + fifoSuffix)
	}
	in := &sns.CreateTopicInput{Name: m.Name.ValueStringPointer(), Attributes: map[string]string{}, Tags: snsTags(textsIn(m.TagsAll))}
	for name, value := range m.attributes() {
		if value != "" {
			in.Attributes[name] = value
		}
	}
	if m.FIFO.ValueBool() {
		in.Attributes["FifoTopic"] = "true"
	}
	out, err := b.clients.SNS(m.Region.ValueString()).CreateTopic(ctx, in)
	if err == nil {
		m.ID, m.ARN = types.StringPointerValue(out.TopicArn), types.StringPointerValue(out.TopicArn)
	}
	return err
}

func readTopic(ctx context.Context, b *resourceBase, m *snsTopicModel) error {
	m.Region = b.regionOf(m.Region)
	client := b.clients.SNS(m.Region.ValueString())
	out, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	tags, err := client.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: m.ID.ValueStringPointer()})
	if err != nil {
		return err
	}
	m.read(out.Attributes)
	all := map[string]string{}
	for _, tag := range tags.Tags {
		all[*tag.Key] = *tag.Value
	}
	m.Tags, m.TagsAll = b.readTags(all, m.Tags)
	return nil
}

func updateTopic(ctx context.Context, b *resourceBase, m, was *snsTopicModel) error {
	client, topic := b.clients.SNS(m.Region.ValueString()), m.ID.ValueStringPointer()
	before := was.attributes()
	for name, value := range m.attributes() {
		if before[name] == value {
			continue
		}
		if _, err := client.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: topic, AttributeName: &name, AttributeValue: &value}); err != nil {
			return err
		}
	}
	is, had := textsIn(m.TagsAll), textsIn(was.TagsAll)
	var gone []string
	for k := range had {
		if _, ok := is[k]; !ok {
			gone = append(gone, k)
		}
	}
	if len(gone) > 0 {
		if _, err := client.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: topic, TagKeys: gone}); err != nil {
			return err
		}
	}
	if len(is) == 0 || m.TagsAll.Equal(was.TagsAll) {
		return nil
	}
	_, err := client.TagResource(ctx, &sns.TagResourceInput{ResourceArn: topic, Tags: snsTags(is)})
	return err
}

// attributes are what the model says of a topic, by the names of the API; what is absent is "", what is not known is left out.
func (m *snsTopicModel) attributes() map[string]string {
	out := map[string]string{}
	for name, v := range m.texts() {
		if !v.IsUnknown() {
			out[name] = v.ValueString()
		}
	}
	for name, v := range m.numbers() {
		if !v.IsUnknown() {
			out[name] = ""
		}
		if !v.IsUnknown() && !v.IsNull() {
			out[name] = strconv.FormatInt(v.ValueInt64(), 10)
		}
	}
	for name, v := range map[string]types.String{"Policy": m.Policy.StringValue, "DeliveryPolicy": m.DeliveryPolicy.StringValue} {
		if !v.IsUnknown() {
			out[name] = v.ValueString()
		}
	}
	if m.FIFO.ValueBool() {
		out["ContentBasedDeduplication"] = strconv.FormatBool(m.ContentBased.ValueBool())
	} else {
		delete(out, "FifoThroughputScope")
	}
	return out
}
