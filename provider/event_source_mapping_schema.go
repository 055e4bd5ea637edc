package provider

import (
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"
)

// timeForm is RFC 3339.
var timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)

// kafkaConfigType is the object of the computed Kafka blocks, which are refused.
var kafkaConfigType = map[string]attr.Type{
	"consumer_group_id": tftypes.StringType,
	"schema_registry_config": tftypes.ListType{ElemType: tftypes.ObjectType{AttrTypes: map[string]attr.Type{
		"access_config":            tftypes.SetType{ElemType: tftypes.ObjectType{AttrTypes: map[string]attr.Type{"type": tftypes.StringType, "uri": tftypes.StringType}}},
		"event_record_format":      tftypes.StringType,
		"schema_registry_uri":      tftypes.StringType,
		"schema_validation_config": tftypes.SetType{ElemType: tftypes.ObjectType{AttrTypes: map[string]attr.Type{"attribute": tftypes.StringType}}},
	}}},
}

// Schema describes lambdasim_event_source_mapping: every argument of aws_lambda_event_source_mapping.
func (r *eventSourceMappingResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	stable := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	kept := []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}
	kafka := computedBlock(notSimulated, kafkaConfigType)
	kafka.PlanModifiers = []planmodifier.List{listplanmodifier.UseStateForUnknown(), listplanmodifier.RequiresReplaceIfConfigured()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An event source mapping: Lambda polls a stream or a queue as the function's execution role, and invokes the function synchronously, batch by batch. The function's own policy is not asked.",
		Attributes: map[string]schema.Attribute{
			"id":     idAttribute("The mapping's UUID."),
			"region": regionAttribute(),
			"arn":    stable("ARN of the mapping."),
			"batch_size": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Most records of one invocation, 1 to 10000: 100 by default for streams, 10 for queues. More than 10 messages need a batching window, and a FIFO queue gives at most 10.",
				Validators: []validator.Int64{int64validator.Between(1, 10000)}, PlanModifiers: kept},
			"bisect_batch_on_function_error": schema.BoolAttribute{Optional: true, MarkdownDescription: "Of streams: whether a failing batch is split in two, the first half first."},
			"enabled":                        schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(true), MarkdownDescription: "Whether Lambda polls. A disabled mapping keeps its position."},
			"event_source_arn": schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the stream or queue. Kinesis streams, DynamoDB streams and SQS queues are simulated.", PlanModifiers: replace,
				Validators: []validator.String{arnValidator(), stringvalidator.ExactlyOneOf(path.MatchRoot("event_source_arn"), path.MatchRoot("self_managed_event_source"))}},
			"function_arn":  computed("ARN of the function."),
			"function_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the function. Name and ARN of one function are the same."},
			"function_response_types": schema.SetAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: "`ReportBatchItemFailures`: the function says which records failed.",
				Validators: []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf(enum(types.FunctionResponseType("").Values())...))}},
			"kms_key_arn":                        schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the key that encrypts the filters. Nothing is encrypted; but lists do not show the filters then, nor does the API show them to who may not decrypt with the key.", Validators: []validator.String{arnValidator()}},
			"last_modified":                      computed("When the mapping was last changed, on the simulator's clock."),
			"last_processing_result":             computed("How the last poll went."),
			"maximum_batching_window_in_seconds": schema.Int64Attribute{Optional: true, MarkdownDescription: "How long a batch is collected, in seconds from its first record, 0 to 300. Not for FIFO queues.", Validators: []validator.Int64{int64validator.Between(0, 300)}},
			"maximum_record_age_in_seconds": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Of streams: records older than so many seconds are dropped, 60 to 604800; `-1`, the default, drops none.",
				Validators: []validator.Int64{int64validator.Any(int64validator.OneOf(-1), int64validator.Between(60, 604800))}, PlanModifiers: kept},
			"maximum_retry_attempts": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Of streams: how often a failing batch is tried again before it is dropped; `-1`, the default, is until it expires.",
				Validators: []validator.Int64{int64validator.Between(-1, 10000)}, PlanModifiers: kept},
			"parallelization_factor": schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: "Of streams: how many batches of a shard run at once, 1 to 10; a partition key keeps its order.",
				Validators: []validator.Int64{int64validator.Between(1, 10)}, PlanModifiers: kept},
			"queues": schema.ListAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: notSimulated, PlanModifiers: []planmodifier.List{listplanmodifier.RequiresReplace()}},
			"starting_position": schema.StringAttribute{Optional: true, MarkdownDescription: "Where to begin: `TRIM_HORIZON`, `LATEST` or `AT_TIMESTAMP`. Required for streams.", PlanModifiers: replace,
				Validators: []validator.String{stringvalidator.OneOf(enum(types.EventSourcePosition("").Values())...)}},
			"starting_position_timestamp": schema.StringAttribute{Optional: true, MarkdownDescription: "With `AT_TIMESTAMP`: the instant, RFC 3339.", PlanModifiers: replace,
				Validators: []validator.String{stringvalidator.RegexMatches(timeForm, "want an instant, RFC 3339: 2026-01-01T00:00:00Z")}},
			"state":                                computed("`Enabled` or `Disabled`."),
			"state_transition_reason":              computed("Why the mapping is in that state."),
			"tags":                                 tagsAttribute(),
			"tags_all":                             tagsAllAttribute(),
			"topics":                               schema.SetAttribute{ElementType: tftypes.StringType, Optional: true, MarkdownDescription: notSimulated, PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()}},
			"tumbling_window_in_seconds":           schema.Int64Attribute{Optional: true, MarkdownDescription: "Of streams: the length of tumbling windows, 0 to 900 seconds; `0`, the default, is none. The function gets a window's `state` with each batch, answers it, and is invoked once more at the window's end.", Validators: []validator.Int64{int64validator.Between(0, 900)}},
			"use_resource_timeout_for_propagation": schema.BoolAttribute{Optional: true, MarkdownDescription: "Accepted: nothing has to propagate in the simulator."},
			"uuid":                                 stable("The mapping's UUID."),
			"amazon_managed_kafka_event_source_config": kafka,
			"self_managed_kafka_event_source_config":   kafka,
		},
		Blocks: mappingBlocks(ctx),
	}
}

// mappingBlocks are the nested blocks, most of which are refused.
func mappingBlocks(ctx context.Context) map[string]schema.Block {
	set := func(attributes map[string]schema.Attribute) schema.SetNestedBlock {
		return schema.SetNestedBlock{MarkdownDescription: notSimulated, NestedObject: schema.NestedBlockObject{Attributes: attributes}}
	}
	endpoints := schema.MapAttribute{ElementType: tftypes.StringType, Required: true, MarkdownDescription: notSimulated, PlanModifiers: []planmodifier.Map{mapplanmodifier.RequiresReplace()}}
	pollers := func(what string, most int64) schema.Int64Attribute {
		return schema.Int64Attribute{Optional: true, Computed: true, MarkdownDescription: what, Validators: []validator.Int64{int64validator.Between(2, most)},
			PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()}}
	}
	return map[string]schema.Block{
		"destination_config": block("Of streams: where a record of a batch that was given up goes. Removing the block takes it away.", nil,
			map[string]schema.Block{"on_failure": block("For failures.", map[string]schema.Attribute{"destination_arn": schema.StringAttribute{Required: true,
				MarkdownDescription: "ARN of a standard SQS queue, a standard SNS topic or an S3 bucket. A bucket gets the records themselves too, and needs `s3:PutObject` and `s3:ListBucket` of the execution role. Kafka topics are refused by name."}}, nil)}),
		"document_db_event_source_config": block(notSimulated, map[string]schema.Attribute{"collection_name": text(false), "database_name": text(true),
			"full_document": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("Default"), MarkdownDescription: notSimulated}}, nil),
		"filter_criteria": filterBlock(),
		"metrics_config": block("Which figures of the mapping are counted. Removing the block ends it.", map[string]schema.Attribute{"metrics": schema.SetAttribute{ElementType: tftypes.StringType, Required: true,
			MarkdownDescription: "`EventCount`. `ErrorCount` and `KafkaMetrics` are those of Kafka: refused by name.", Validators: []validator.Set{setvalidator.SizeAtLeast(1),
				setvalidator.ValueStringsAre(stringvalidator.OneOf("EventCount"))}}}, nil),
		"provisioned_poller_config": block("Of queues: pollers that are always there, each with ten batches at once. Not together with `scaling_config`.", map[string]schema.Attribute{
			"maximum_pollers": pollers("2 to 2000, by default 200.", 2000), "minimum_pollers": pollers("2 to 200, by default 2.", 200),
			"poller_group_name": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Of Kafka: refused by name.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}}, nil),
		"scaling_config": block("Of queues: how many batches run at once.", map[string]schema.Attribute{"maximum_concurrency": schema.Int64Attribute{Optional: true,
			MarkdownDescription: "2 to 1000. Without it five at first, and five more for each second of a backlog.", Validators: []validator.Int64{int64validator.Between(2, 1000)}}}, nil),
		"self_managed_event_source":   replacing(notSimulated, map[string]schema.Attribute{"endpoints": endpoints}, nil),
		"source_access_configuration": set(map[string]schema.Attribute{"type": text(true), "uri": text(true)}),
		"timeouts":                    timeouts.Block(ctx, timeouts.Opts{Create: true, Update: true, Delete: true}),
	}
}

// mappingRefused are the arguments on which the simulator does not act.
var mappingRefused = []refused{
	{name: "amazon_managed_kafka_event_source_config"},
	{name: "document_db_event_source_config"}, {name: "queues"}, {name: "self_managed_event_source"}, {name: "self_managed_kafka_event_source_config"},
	{name: "source_access_configuration"}, {name: "topics"},
}
