package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/boolvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type sqsQueueModel struct {
	ID                  types.String `tfsdk:"id"`
	Region              types.String `tfsdk:"region"`
	ARN                 types.String `tfsdk:"arn"`
	ContentBased        types.Bool   `tfsdk:"content_based_deduplication"`
	DeduplicationScope  types.String `tfsdk:"deduplication_scope"`
	DelaySeconds        types.Int64  `tfsdk:"delay_seconds"`
	FIFO                types.Bool   `tfsdk:"fifo_queue"`
	FIFOThroughputLimit types.String `tfsdk:"fifo_throughput_limit"`
	KMSReusePeriod      types.Int64  `tfsdk:"kms_data_key_reuse_period_seconds"`
	KMSKey              types.String `tfsdk:"kms_master_key_id"`
	MaxMessageSize      types.Int64  `tfsdk:"max_message_size"`
	Retention           types.Int64  `tfsdk:"message_retention_seconds"`
	Name                types.String `tfsdk:"name"`
	NamePrefix          types.String `tfsdk:"name_prefix"`
	Policy              fwtypes.JSON `tfsdk:"policy"`
	ReceiveWait         types.Int64  `tfsdk:"receive_wait_time_seconds"`
	RedriveAllowPolicy  fwtypes.JSON `tfsdk:"redrive_allow_policy"`
	RedrivePolicy       fwtypes.JSON `tfsdk:"redrive_policy"`
	ManagedSSE          types.Bool   `tfsdk:"sqs_managed_sse_enabled"`
	Tags                types.Map    `tfsdk:"tags"`
	TagsAll             types.Map    `tfsdk:"tags_all"`
	URL                 types.String `tfsdk:"url"`
	Visibility          types.Int64  `tfsdk:"visibility_timeout_seconds"`
}

// Schema describes lambdasim_sqs_queue.
func (r *sqsQueueResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	name, prefix := nameAttributes("queue", 80)
	between := func(least, most, initial int64, description string) schema.Int64Attribute {
		return schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(initial), MarkdownDescription: description,
			Validators: []validator.Int64{int64validator.Between(least, most)}}
	}
	known := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	document := func(description string) schema.StringAttribute {
		return schema.StringAttribute{CustomType: fwtypes.JSONType{}, Optional: true, Computed: true, MarkdownDescription: description,
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	word := func(description string, values ...string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: description, Validators: []validator.String{stringvalidator.OneOf(values...)},
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An SQS queue, standard or FIFO, whose messages Lambda polls through event source mappings.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The queue's URL."), "region": regionAttribute(), "name": name, "name_prefix": prefix,
			"arn": known("ARN of the queue, known at plan."), "url": known("URL of the queue at the provider's endpoint, known at plan."),
			"content_based_deduplication": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether a FIFO queue takes the body's SHA-256 for the deduplication id of a message that has none."},
			"deduplication_scope": word("Whether a FIFO queue's deduplication ids hold in the whole `queue` or in each `messageGroup`.", "messageGroup", "queue"),
			"delay_seconds":       between(0, 900, 0, "Seconds for which a new message is not visible, on the simulator's clock."),
			"fifo_queue": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether the queue is a FIFO queue; its name then ends in `.fifo`.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()}},
			"fifo_throughput_limit": word("`perQueue` or `perMessageGroupId`. Stored: throughput is not limited.", "perMessageGroupId", "perQueue"),
			"kms_data_key_reuse_period_seconds": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Stored: messages are not encrypted. 60 to 86400.",
				Validators: []validator.Int64{int64validator.Between(60, 86400)}, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
			"kms_master_key_id": schema.StringAttribute{Optional: true, MarkdownDescription: "Stored: messages are not encrypted.",
				Validators: []validator.String{stringvalidator.ConflictsWith(path.MatchRoot("sqs_managed_sse_enabled"))}},
			"max_message_size":          between(1024, 1048576, 262144, "Largest message in bytes, 1024 to 1048576, body and attributes."),
			"message_retention_seconds": between(60, 1209600, 345600, "Seconds for which a message is kept, 60 to 1209600, on the simulator's clock."),
			"policy":                    document("The queue's policy, JSON. Do not use it together with `lambdasim_sqs_queue_policy`."),
			"receive_wait_time_seconds": between(0, 20, 0, "Seconds for which a receiver waits that does not say itself how long, 0 to 20, on the real clock."),
			"redrive_allow_policy":      document("Which queues may have this one as their dead-letter queue, JSON. Do not use it together with `lambdasim_sqs_queue_redrive_allow_policy`."),
			"redrive_policy":            document("The dead-letter queue and how often a message is received before it goes there, JSON with `deadLetterTargetArn` and `maxReceiveCount`. Do not use it together with `lambdasim_sqs_queue_redrive_policy`."),
			"sqs_managed_sse_enabled": schema.BoolAttribute{Optional: true, Computed: true, MarkdownDescription: "Stored: messages are not encrypted.",
				Validators: []validator.Bool{boolvalidator.ConflictsWith(path.MatchRoot("kms_master_key_id"))}},
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
			"visibility_timeout_seconds": between(0, 43200, 30, "Seconds for which a received message is hidden, 0 to 43200, on the simulator's clock. At least the timeout of a function that reads the queue."),
		},
	}
}

// ValidateConfig checks what must go together.
func (r *sqsQueueResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m sqsQueueModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() || m.FIFO.IsUnknown() {
		return
	}
	if m.FIFO.ValueBool() {
		if !m.Name.IsNull() && !m.Name.IsUnknown() && !isFIFOName(m.Name.ValueString()) {
			resp.Diagnostics.AddAttributeError(path.Root("name"), "Invalid queue name", "The name of a FIFO queue ends in .fifo: "+m.Name.ValueString()+" does not.")
		}
		return
	}
	if m.ContentBased.ValueBool() {
		resp.Diagnostics.AddAttributeError(path.Root("content_based_deduplication"), "Not for this queue", "content-based deduplication can only be set for FIFO queue: set fifo_queue.")
	}
	for name, v := range map[string]types.String{"deduplication_scope": m.DeduplicationScope, "fifo_throughput_limit": m.FIFOThroughputLimit} {
		if !v.IsNull() && !v.IsUnknown() {
			resp.Diagnostics.AddAttributeError(path.Root(name), "Not for this queue", name+" is an attribute of FIFO queues: set fifo_queue, or leave it out.")
		}
	}
}
