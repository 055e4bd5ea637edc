package provider

import (
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type snsTopicModel struct {
	ID                   types.String `tfsdk:"id"`
	Region               types.String `tfsdk:"region"`
	ApplicationFailure   types.String `tfsdk:"application_failure_feedback_role_arn"`
	ApplicationSuccess   types.String `tfsdk:"application_success_feedback_role_arn"`
	ApplicationRate      types.Int64  `tfsdk:"application_success_feedback_sample_rate"`
	ArchivePolicy        types.String `tfsdk:"archive_policy"`
	ARN                  types.String `tfsdk:"arn"`
	BeginningArchiveTime types.String `tfsdk:"beginning_archive_time"`
	ContentBased         types.Bool   `tfsdk:"content_based_deduplication"`
	DeliveryPolicy       fwtypes.JSON `tfsdk:"delivery_policy"`
	DisplayName          types.String `tfsdk:"display_name"`
	ThroughputScope      types.String `tfsdk:"fifo_throughput_scope"`
	FIFO                 types.Bool   `tfsdk:"fifo_topic"`
	FirehoseFailure      types.String `tfsdk:"firehose_failure_feedback_role_arn"`
	FirehoseSuccess      types.String `tfsdk:"firehose_success_feedback_role_arn"`
	FirehoseRate         types.Int64  `tfsdk:"firehose_success_feedback_sample_rate"`
	HTTPFailure          types.String `tfsdk:"http_failure_feedback_role_arn"`
	HTTPSuccess          types.String `tfsdk:"http_success_feedback_role_arn"`
	HTTPRate             types.Int64  `tfsdk:"http_success_feedback_sample_rate"`
	KMSKey               types.String `tfsdk:"kms_master_key_id"`
	LambdaFailure        types.String `tfsdk:"lambda_failure_feedback_role_arn"`
	LambdaSuccess        types.String `tfsdk:"lambda_success_feedback_role_arn"`
	LambdaRate           types.Int64  `tfsdk:"lambda_success_feedback_sample_rate"`
	Name                 types.String `tfsdk:"name"`
	NamePrefix           types.String `tfsdk:"name_prefix"`
	Owner                types.String `tfsdk:"owner"`
	Policy               fwtypes.JSON `tfsdk:"policy"`
	SignatureVersion     types.Int64  `tfsdk:"signature_version"`
	SQSFailure           types.String `tfsdk:"sqs_failure_feedback_role_arn"`
	SQSSuccess           types.String `tfsdk:"sqs_success_feedback_role_arn"`
	SQSRate              types.Int64  `tfsdk:"sqs_success_feedback_sample_rate"`
	Tags                 types.Map    `tfsdk:"tags"`
	TagsAll              types.Map    `tfsdk:"tags_all"`
	TracingConfig        types.String `tfsdk:"tracing_config"`
}

// texts are the members that are an attribute of the API as it is.
func (m *snsTopicModel) texts() map[string]*types.String {
	return map[string]*types.String{"DisplayName": &m.DisplayName, "KmsMasterKeyId": &m.KMSKey, "TracingConfig": &m.TracingConfig, "FifoThroughputScope": &m.ThroughputScope,
		"ApplicationFailureFeedbackRoleArn": &m.ApplicationFailure, "ApplicationSuccessFeedbackRoleArn": &m.ApplicationSuccess,
		"FirehoseFailureFeedbackRoleArn": &m.FirehoseFailure, "FirehoseSuccessFeedbackRoleArn": &m.FirehoseSuccess,
		"HTTPFailureFeedbackRoleArn": &m.HTTPFailure, "HTTPSuccessFeedbackRoleArn": &m.HTTPSuccess,
		"LambdaFailureFeedbackRoleArn": &m.LambdaFailure, "LambdaSuccessFeedbackRoleArn": &m.LambdaSuccess,
		"SQSFailureFeedbackRoleArn": &m.SQSFailure, "SQSSuccessFeedbackRoleArn": &m.SQSSuccess}
}

// numbers are those that are one in Terraform.
func (m *snsTopicModel) numbers() map[string]*types.Int64 {
	return map[string]*types.Int64{"SignatureVersion": &m.SignatureVersion, "ApplicationSuccessFeedbackSampleRate": &m.ApplicationRate,
		"FirehoseSuccessFeedbackSampleRate": &m.FirehoseRate, "HTTPSuccessFeedbackSampleRate": &m.HTTPRate, "LambdaSuccessFeedbackSampleRate": &m.LambdaRate,
		"SQSSuccessFeedbackSampleRate": &m.SQSRate}
}

// read fills in the model from a topic's attributes.
func (m *snsTopicModel) read(attributes map[string]string) {
	for name, v := range m.texts() {
		text := attributes[name]
		*v = optionalString(&text, *v)
		if text == "" && v.IsUnknown() {
			*v = types.StringNull()
		}
	}
	for name, v := range m.numbers() {
		*v = types.Int64Null()
		if n, err := strconv.ParseInt(attributes[name], 10, 64); err == nil {
			*v = types.Int64Value(n)
		}
	}
	m.ARN, m.ID, m.Owner = types.StringValue(attributes["TopicArn"]), types.StringValue(attributes["TopicArn"]), types.StringValue(attributes["Owner"])
	m.Name = types.StringValue(attributes["TopicArn"][strings.LastIndex(attributes["TopicArn"], ":")+1:])
	if m.NamePrefix.IsNull() || m.NamePrefix.IsUnknown() {
		m.NamePrefix = types.StringValue("")
	}
	m.FIFO, m.ContentBased = types.BoolValue(attributes["FifoTopic"] == "true"), types.BoolValue(attributes["ContentBasedDeduplication"] == "true")
	if m.BeginningArchiveTime = types.StringValue(""); m.Policy.IsNull() || m.Policy.ValueString() != "" || m.Policy.IsUnknown() { // "" asks for the topic's own
		m.Policy = fwtypes.JSONValue(attributes["Policy"])
	}
	document := attributes["DeliveryPolicy"]
	m.DeliveryPolicy.StringValue = optionalString(&document, m.DeliveryPolicy.StringValue)
}

// topicSchema describes lambdasim_sns_topic.
func topicSchema() schema.Schema {
	name, prefix := nameAttributes("topic", 256)
	known := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	word := func(description string, values ...string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: description, Validators: []validator.String{stringvalidator.OneOf(values...)},
			PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	s := schema.Schema{
		MarkdownDescription: "An SNS topic, standard or FIFO, whose messages go to functions, queues and HTTP endpoints through subscriptions.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The topic's ARN."), "region": regionAttribute(), "name": name, "name_prefix": prefix,
			"arn": known("ARN of the topic, known at plan."), "owner": known("Account of the topic."),
			"archive_policy":         schema.StringAttribute{Optional: true, MarkdownDescription: "Not simulated."},
			"beginning_archive_time": known("Empty: messages are not archived."),
			"content_based_deduplication": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether a FIFO topic takes the body's SHA-256 for the deduplication id of a message that has none."},
			"delivery_policy":       schema.StringAttribute{CustomType: fwtypes.JSONType{}, Optional: true, MarkdownDescription: "When HTTP endpoints are tried again, JSON."},
			"display_name":          schema.StringAttribute{Optional: true, MarkdownDescription: "Name that mail would have; at most 100 characters."},
			"fifo_throughput_scope": word("Whether a FIFO topic's deduplication ids hold in the whole `Topic` or in each `MessageGroup`.", "MessageGroup", "Topic"),
			"fifo_topic": schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(false), MarkdownDescription: "Whether the topic is a FIFO topic; its name then ends in `.fifo`.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()}},
			"kms_master_key_id": schema.StringAttribute{Optional: true, MarkdownDescription: "Stored: messages are not encrypted."},
			"policy": schema.StringAttribute{CustomType: fwtypes.JSONType{}, Optional: true, Computed: true, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
				MarkdownDescription: "The topic's policy, JSON; AWS's default policy where it is not given. Do not use it together with `lambdasim_sns_topic_policy`."},
			"signature_version": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Version that messages name, 1 or 2. They are not signed.",
				Validators: []validator.Int64{int64validator.Between(1, 2)}, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}},
			"tags": tagsAttribute(), "tags_all": tagsAllAttribute(),
			"tracing_config": word("`PassThrough` or `Active`. Stored.", "PassThrough", "Active"),
		},
	}
	for _, protocol := range []string{"application", "firehose", "http", "lambda", "sqs"} {
		s.Attributes[protocol+"_failure_feedback_role_arn"] = schema.StringAttribute{Optional: true, MarkdownDescription: "Stored: the trace has how deliveries ended, and no log is written."}
		s.Attributes[protocol+"_success_feedback_role_arn"] = schema.StringAttribute{Optional: true, MarkdownDescription: "Stored: the trace has how deliveries ended, and no log is written."}
		s.Attributes[protocol+"_success_feedback_sample_rate"] = schema.Int64Attribute{Optional: true, MarkdownDescription: "Stored. 0 to 100.",
			Validators: []validator.Int64{int64validator.Between(0, 100)}}
	}
	return s
}
