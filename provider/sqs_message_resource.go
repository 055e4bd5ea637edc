package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	awstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type sqsMessageResource struct{ happening }

func newSQSMessageResource() resource.Resource { return &sqsMessageResource{} }

var (
	_ resource.ResourceWithConfigure  = &sqsMessageResource{}
	_ resource.ResourceWithModifyPlan = &sqsMessageResource{}
)

type sqsMessageModel struct {
	ID                types.String `tfsdk:"id"`
	Region            types.String `tfsdk:"region"`
	QueueURL          types.String `tfsdk:"queue_url"`
	Body              types.String `tfsdk:"body"`
	DelaySeconds      types.Int64  `tfsdk:"delay_seconds"`
	MessageAttributes types.Map    `tfsdk:"message_attributes"`
	MessageGroupID    types.String `tfsdk:"message_group_id"`
	DeduplicationID   types.String `tfsdk:"message_deduplication_id"`
	SequenceNumber    types.String `tfsdk:"sequence_number"`
}

// Metadata names the type.
func (r *sqsMessageResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sqs_message"
}

// Schema describes lambdasim_sqs_message.
func (r *sqsMessageResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A message that is sent to a queue when the resource is created, and again when an argument changes: for tests of what the queue feeds. Destroying it takes nothing back.",
		Attributes: map[string]schema.Attribute{
			"id": result("Id of the message."), "region": regionAttribute(),
			"queue_url": once(true, "URL of the queue."),
			"body":      once(true, "Body of the message, up to 1 MiB."),
			"delay_seconds": schema.Int64Attribute{Optional: true, MarkdownDescription: "Seconds of the simulator's clock until it can be received, 0 to 900; the queue's by default.",
				Validators: []validator.Int64{int64validator.Between(0, 900)}, PlanModifiers: []planmodifier.Int64{int64planmodifier.RequiresReplace()}},
			"message_attributes": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "Attributes of the message, of type String.",
				PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}},
			"message_group_id":         once(false, "Group of the message; a FIFO queue needs it."),
			"message_deduplication_id": once(false, "What a FIFO queue tells repetitions by, where it does not go by the content."),
			"sequence_number":          result("Sequence number that a FIFO queue gave; empty otherwise."),
		},
	}
}

// Create sends the message.
func (r *sqsMessageResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m sqsMessageModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	in := &sqs.SendMessageInput{QueueUrl: m.QueueURL.ValueStringPointer(), MessageBody: m.Body.ValueStringPointer(), DelaySeconds: int32(m.DelaySeconds.ValueInt64()),
		MessageGroupId: m.MessageGroupID.ValueStringPointer(), MessageDeduplicationId: m.DeduplicationID.ValueStringPointer()}
	kind := "String"
	for name, value := range tagsOf(ctx, m.MessageAttributes, &resp.Diagnostics) {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]awstypes.MessageAttributeValue{}
		}
		in.MessageAttributes[name] = awstypes.MessageAttributeValue{DataType: &kind, StringValue: &value}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.SQS(m.Region.ValueString()).SendMessage(ctx, in)
	if err != nil {
		addError(&resp.Diagnostics, "Sending a message to", m.QueueURL.ValueString(), err)
		return
	}
	m.ID, m.SequenceNumber = types.StringPointerValue(out.MessageId), types.StringValue("")
	if out.SequenceNumber != nil {
		m.SequenceNumber = types.StringPointerValue(out.SequenceNumber)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
