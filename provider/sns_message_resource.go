package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type snsMessageResource struct{ happening }

func newSNSMessageResource() resource.Resource { return &snsMessageResource{} }

var (
	_ resource.ResourceWithConfigure  = &snsMessageResource{}
	_ resource.ResourceWithModifyPlan = &snsMessageResource{}
)

type snsMessageModel struct {
	ID                types.String `tfsdk:"id"`
	Region            types.String `tfsdk:"region"`
	TopicARN          types.String `tfsdk:"topic_arn"`
	Message           types.String `tfsdk:"message"`
	MessageStructure  types.String `tfsdk:"message_structure"`
	Subject           types.String `tfsdk:"subject"`
	MessageAttributes types.Map    `tfsdk:"message_attributes"`
	MessageGroupID    types.String `tfsdk:"message_group_id"`
	DeduplicationID   types.String `tfsdk:"message_deduplication_id"`
	SequenceNumber    types.String `tfsdk:"sequence_number"`
}

// Metadata names the type.
func (r *snsMessageResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sns_message"
}

// Schema describes lambdasim_sns_message.
func (r *snsMessageResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A message that is published to a topic when the resource is created, and again when an argument changes: for tests of what the topic feeds. Destroying it takes nothing back.",
		Attributes: map[string]schema.Attribute{
			"id": result("Id of the message."), "region": regionAttribute(),
			"topic_arn":         once(true, "ARN of the topic."),
			"message":           once(true, "The message, up to 256 KiB."),
			"message_structure": once(false, "`json`: the message is an object with `default` and a message for each protocol."),
			"subject":           once(false, "Subject, up to 100 characters."),
			"message_attributes": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Attributes of the message, of type String: filter policies look at them.",
				PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}},
			"message_group_id":         once(false, "Group of the message; a FIFO topic needs it."),
			"message_deduplication_id": once(false, "What a FIFO topic tells repetitions by, where it does not go by the content."),
			"sequence_number":          result("Sequence number that a FIFO topic gave; empty otherwise."),
		},
	}
}

// Create publishes the message.
func (r *snsMessageResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m snsMessageModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	in := &sns.PublishInput{TopicArn: m.TopicARN.ValueStringPointer(), Message: m.Message.ValueStringPointer(), MessageStructure: m.MessageStructure.ValueStringPointer(),
		Subject: m.Subject.ValueStringPointer(), MessageGroupId: m.MessageGroupID.ValueStringPointer(), MessageDeduplicationId: m.DeduplicationID.ValueStringPointer()}
	kind := "String"
	for name, value := range tagsOf(ctx, m.MessageAttributes, &resp.Diagnostics) {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]snstypes.MessageAttributeValue{}
		}
		in.MessageAttributes[name] = snstypes.MessageAttributeValue{DataType: &kind, StringValue: &value}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.SNS(m.Region.ValueString()).Publish(ctx, in)
	if err != nil {
		addError(&resp.Diagnostics, "Publishing a message to the topic", m.TopicARN.ValueString(), err)
		return
	}
	m.ID = types.StringPointerValue(out.MessageId)
	m.SequenceNumber = types.StringValue(aws.ToString(out.SequenceNumber))
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
