package provider

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// validate refuses at plan what AWS refuses at apply, by the source's service.
func (m *mappingModel) validate(service string, fifo bool, diags *diag.Diagnostics) {
	switch service {
	case "kinesis", "dynamodb":
		m.validateStream(service, diags)
		m.validatePollers(false, diags)
		m.validateFilters(map[string]string{"kinesis": "data", "dynamodb": "dynamodb"}[service], diags)
	case "sqs":
		m.validateQueue(fifo, diags)
		m.validatePollers(true, diags)
		m.validateFilters("", diags)
	default:
		diags.AddAttributeError(path.Root("event_source_arn"), "The source "+service+" is not simulated",
			"lambdasim simulates event source mappings for Kinesis streams, DynamoDB streams and SQS queues. docs/fidelity.md lists what is simulated.")
	}
}

func (m *mappingModel) validateStream(service string, diags *diag.Diagnostics) {
	if m.StartingPosition.IsNull() {
		diags.AddAttributeError(path.Root("starting_position"), "starting_position is required for streams", "Set it to TRIM_HORIZON, LATEST or AT_TIMESTAMP.")
	}
	at := m.StartingPosition.ValueString() == "AT_TIMESTAMP"
	if at && service == "dynamodb" {
		diags.AddAttributeError(path.Root("starting_position"), "A DynamoDB stream cannot be read from a timestamp", "Set starting_position to TRIM_HORIZON or LATEST.")
	}
	if !m.StartingPosition.IsUnknown() && at != !m.StartingPositionTimestamp.IsNull() {
		diags.AddAttributeError(path.Root("starting_position_timestamp"), "starting_position_timestamp belongs to AT_TIMESTAMP",
			"Give it exactly when starting_position is AT_TIMESTAMP.")
	}
	if !m.ScalingConfig.IsNull() && len(m.ScalingConfig.Elements()) > 0 {
		diags.AddAttributeError(path.Root("scaling_config"), "scaling_config belongs to queues", "Remove it: a stream's concurrency is its number of shards, times parallelization_factor.")
	}
}

func (m *mappingModel) validateQueue(fifo bool, diags *diag.Diagnostics) {
	for name, v := range map[string]attr.Value{"starting_position": m.StartingPosition, "starting_position_timestamp": m.StartingPositionTimestamp,
		"maximum_record_age_in_seconds": m.MaximumRecordAgeInSeconds, "maximum_retry_attempts": m.MaximumRetryAttempts,
		"parallelization_factor": m.ParallelizationFactor, "tumbling_window_in_seconds": m.TumblingWindowInSeconds} {
		if !v.IsNull() {
			diags.AddAttributeError(path.Root(name), name+" belongs to streams", "Remove it: how often a queue's message is tried is its redrive_policy's.")
		}
	}
	if m.destination() != "" {
		diags.AddAttributeError(path.Root("destination_config"), "destination_config belongs to streams",
			"Remove it: where a queue's messages go that have failed too often says its redrive_policy.")
	}
	if m.BisectBatchOnFunctionError.ValueBool() {
		diags.AddAttributeError(path.Root("bisect_batch_on_function_error"), "bisect_batch_on_function_error belongs to streams",
			"Remove it: a function that reads a queue can report batch item failures.")
	}
	const plain = 10 // messages of a batch without a window, and of one from a FIFO queue
	window, known := m.MaximumBatchingWindowInSeconds.ValueInt64(), !m.MaximumBatchingWindowInSeconds.IsUnknown()
	switch large := m.BatchSize.ValueInt64() > plain; {
	case fifo && window > 0:
		diags.AddAttributeError(path.Root("maximum_batching_window_in_seconds"), "A FIFO queue has no batching window", "Remove it.")
	case fifo && large:
		diags.AddAttributeError(path.Root("batch_size"), fmt.Sprintf("A FIFO queue's batch has at most %d messages", plain), "Make it smaller.")
	case large && known && window == 0:
		diags.AddAttributeError(path.Root("batch_size"), fmt.Sprintf("A batch of more than %d messages needs a batching window", plain),
			"Set maximum_batching_window_in_seconds to at least 1.")
	}
}

// change says what an update changes beyond batch size, attempts and function. What a configuration no longer gives goes back
// to what it is without.
func (m *mappingModel) change(was *mappingModel, in *lambda.UpdateEventSourceMappingInput) {
	if !m.MaximumBatchingWindowInSeconds.Equal(was.MaximumBatchingWindowInSeconds) {
		in.MaximumBatchingWindowInSeconds = aws.Int32(int32(m.MaximumBatchingWindowInSeconds.ValueInt64()))
	}
	if !m.TumblingWindowInSeconds.Equal(was.TumblingWindowInSeconds) {
		in.TumblingWindowInSeconds = aws.Int32(int32(m.TumblingWindowInSeconds.ValueInt64()))
	}
	if !m.BisectBatchOnFunctionError.Equal(was.BisectBatchOnFunctionError) {
		in.BisectBatchOnFunctionError = aws.Bool(m.BisectBatchOnFunctionError.ValueBool())
	}
	if !m.FunctionResponseTypes.Equal(was.FunctionResponseTypes) {
		in.FunctionResponseTypes = m.responses()
	}
	if !m.DestinationConfig.Equal(was.DestinationConfig) {
		in.DestinationConfig = m.failureDestination()
	}
	if !m.FilterCriteria.Equal(was.FilterCriteria) {
		in.FilterCriteria = m.filterCriteria()
	}
	if !m.ScalingConfig.Equal(was.ScalingConfig) {
		in.ScalingConfig = &awstypes.ScalingConfig{MaximumConcurrency: m.concurrency()}
	}
	m.changeOptions(was, in)
	in.MaximumRecordAgeInSeconds, in.ParallelizationFactor = int32Of(m.MaximumRecordAgeInSeconds), int32Of(m.ParallelizationFactor)
}
