package provider

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// mappingModel is lambdasim_event_source_mapping in configuration, plan and state.
type mappingModel struct {
	ID                             types.String   `tfsdk:"id"`
	Region                         types.String   `tfsdk:"region"`
	AmazonManagedKafka             types.List     `tfsdk:"amazon_managed_kafka_event_source_config"`
	ARN                            types.String   `tfsdk:"arn"`
	BatchSize                      types.Int64    `tfsdk:"batch_size"`
	BisectBatchOnFunctionError     types.Bool     `tfsdk:"bisect_batch_on_function_error"`
	DestinationConfig              types.List     `tfsdk:"destination_config"`
	DocumentDB                     types.List     `tfsdk:"document_db_event_source_config"`
	Enabled                        types.Bool     `tfsdk:"enabled"`
	EventSourceARN                 types.String   `tfsdk:"event_source_arn"`
	FilterCriteria                 types.List     `tfsdk:"filter_criteria"`
	FunctionARN                    types.String   `tfsdk:"function_arn"`
	FunctionName                   types.String   `tfsdk:"function_name"`
	FunctionResponseTypes          types.Set      `tfsdk:"function_response_types"`
	KMSKeyARN                      types.String   `tfsdk:"kms_key_arn"`
	LastModified                   types.String   `tfsdk:"last_modified"`
	LastProcessingResult           types.String   `tfsdk:"last_processing_result"`
	MaximumBatchingWindowInSeconds types.Int64    `tfsdk:"maximum_batching_window_in_seconds"`
	MaximumRecordAgeInSeconds      types.Int64    `tfsdk:"maximum_record_age_in_seconds"`
	MaximumRetryAttempts           types.Int64    `tfsdk:"maximum_retry_attempts"`
	MetricsConfig                  types.List     `tfsdk:"metrics_config"`
	ParallelizationFactor          types.Int64    `tfsdk:"parallelization_factor"`
	ProvisionedPollerConfig        types.List     `tfsdk:"provisioned_poller_config"`
	Queues                         types.List     `tfsdk:"queues"`
	ScalingConfig                  types.List     `tfsdk:"scaling_config"`
	SelfManagedEventSource         types.List     `tfsdk:"self_managed_event_source"`
	SelfManagedKafka               types.List     `tfsdk:"self_managed_kafka_event_source_config"`
	SourceAccessConfiguration      types.Set      `tfsdk:"source_access_configuration"`
	StartingPosition               types.String   `tfsdk:"starting_position"`
	StartingPositionTimestamp      types.String   `tfsdk:"starting_position_timestamp"`
	State                          types.String   `tfsdk:"state"`
	StateTransitionReason          types.String   `tfsdk:"state_transition_reason"`
	Tags                           types.Map      `tfsdk:"tags"`
	TagsAll                        types.Map      `tfsdk:"tags_all"`
	Timeouts                       timeouts.Value `tfsdk:"timeouts"`
	Topics                         types.Set      `tfsdk:"topics"`
	TumblingWindowInSeconds        types.Int64    `tfsdk:"tumbling_window_in_seconds"`
	UseResourceTimeout             types.Bool     `tfsdk:"use_resource_timeout_for_propagation"`
	UUID                           types.String   `tfsdk:"uuid"`
}

// sameFunction reports whether a name or ARN and an ARN are of one function.
func sameFunction(name, arn string) bool {
	return name == arn || strings.HasSuffix(arn, ":function:"+strings.TrimPrefix(name, "function:"))
}

// mapping is what the answers of the mapping operations have in common.
type mapping = awstypes.EventSourceMappingConfiguration

// destinationType is the object of the block destination_config, and failureType that of on_failure in it.
var (
	failureType     = types.ObjectType{AttrTypes: map[string]attr.Type{"destination_arn": types.StringType}}
	destinationType = types.ObjectType{AttrTypes: map[string]attr.Type{"on_failure": types.ListType{ElemType: failureType}}}
)

// scalingType is the object of the block scaling_config.
var scalingType = types.ObjectType{AttrTypes: map[string]attr.Type{"maximum_concurrency": types.Int64Type}}

// readOptional takes what configurations may leave out, and what the API then says all the same: nothing of it is a change.
func (m *mappingModel) readOptional(ctx context.Context, c *mapping) (diags diag.Diagnostics) {
	if !m.BisectBatchOnFunctionError.IsNull() || aws.ToBool(c.BisectBatchOnFunctionError) {
		m.BisectBatchOnFunctionError = types.BoolValue(aws.ToBool(c.BisectBatchOnFunctionError))
	}
	if !m.MaximumBatchingWindowInSeconds.IsNull() || aws.ToInt32(c.MaximumBatchingWindowInSeconds) > 0 {
		m.MaximumBatchingWindowInSeconds = types.Int64Value(int64(aws.ToInt32(c.MaximumBatchingWindowInSeconds)))
	}
	if !m.TumblingWindowInSeconds.IsNull() || aws.ToInt32(c.TumblingWindowInSeconds) > 0 {
		m.TumblingWindowInSeconds = types.Int64Value(int64(aws.ToInt32(c.TumblingWindowInSeconds)))
	}
	if !m.FunctionResponseTypes.IsNull() || len(c.FunctionResponseTypes) > 0 {
		set, more := types.SetValueFrom(ctx, types.StringType, c.FunctionResponseTypes)
		m.FunctionResponseTypes, diags = set, more
	}
	if c.ScalingConfig != nil && c.ScalingConfig.MaximumConcurrency != nil {
		object := types.ObjectValueMust(scalingType.AttrTypes, map[string]attr.Value{"maximum_concurrency": int64Of(c.ScalingConfig.MaximumConcurrency)})
		m.ScalingConfig = types.ListValueMust(scalingType, []attr.Value{object})
	} else if m.concurrency() != nil || m.ScalingConfig.IsNull() {
		m.ScalingConfig = types.ListNull(scalingType)
	}
	if arn := destinationOf(c); arn != "" {
		failure := types.ObjectValueMust(failureType.AttrTypes, map[string]attr.Value{"destination_arn": types.StringValue(arn)})
		config := types.ObjectValueMust(destinationType.AttrTypes, map[string]attr.Value{"on_failure": types.ListValueMust(failureType, []attr.Value{failure})})
		m.DestinationConfig = types.ListValueMust(destinationType, []attr.Value{config})
	} else if m.destination() != "" || m.DestinationConfig.IsNull() {
		m.DestinationConfig = types.ListNull(destinationType)
	}
	m.readFilters(c)
	return diags
}

func destinationOf(c *mapping) string {
	if c.DestinationConfig == nil || c.DestinationConfig.OnFailure == nil {
		return ""
	}
	return aws.ToString(c.DestinationConfig.OnFailure.Destination)
}

// destination is the ARN in destination_config's on_failure; empty where there is none.
func (m *mappingModel) destination() string {
	for _, block := range m.DestinationConfig.Elements() {
		config, ok := block.(types.Object)
		if !ok {
			continue
		}
		failures, _ := config.Attributes()["on_failure"].(types.List)
		for _, failure := range failures.Elements() {
			if object, ok := failure.(types.Object); ok {
				arn, _ := object.Attributes()["destination_arn"].(types.String)
				return arn.ValueString()
			}
		}
	}
	return ""
}

// failureDestination is destination for a request, which with an empty ARN takes it away.
func (m *mappingModel) failureDestination() *awstypes.DestinationConfig {
	return &awstypes.DestinationConfig{OnFailure: &awstypes.OnFailure{Destination: aws.String(m.destination())}}
}

// concurrency is scaling_config's maximum_concurrency; nil where there is none.
func (m *mappingModel) concurrency() *int32 {
	for _, block := range m.ScalingConfig.Elements() {
		if object, ok := block.(types.Object); ok {
			if n, ok := object.Attributes()["maximum_concurrency"].(types.Int64); ok {
				return int32Of(n)
			}
		}
	}
	return nil
}

// responses are the function's response types; never nil, for an empty list takes them away.
func (m *mappingModel) responses() []awstypes.FunctionResponseType {
	list := []awstypes.FunctionResponseType{}
	for _, v := range m.FunctionResponseTypes.Elements() {
		if s, ok := v.(types.String); ok {
			list = append(list, awstypes.FunctionResponseType(s.ValueString()))
		}
	}
	return list
}

// read takes what the API says into the model.
func (m *mappingModel) read(_ context.Context, c *mapping) {
	m.ID, m.UUID, m.ARN = types.StringPointerValue(c.UUID), types.StringPointerValue(c.UUID), types.StringPointerValue(c.EventSourceMappingArn)
	m.EventSourceARN, m.FunctionARN = types.StringPointerValue(c.EventSourceArn), types.StringPointerValue(c.FunctionArn)
	if !sameFunction(m.FunctionName.ValueString(), aws.ToString(c.FunctionArn)) {
		m.FunctionName = m.FunctionARN
	}
	m.BatchSize = int64Of(c.BatchSize)
	m.MaximumRecordAgeInSeconds, m.MaximumRetryAttempts = int64Of(c.MaximumRecordAgeInSeconds), int64Of(c.MaximumRetryAttempts)
	m.ParallelizationFactor = int64Of(c.ParallelizationFactor)
	m.StartingPosition = optionalString(aws.String(string(c.StartingPosition)), m.StartingPosition)
	if c.StartingPositionTimestamp != nil && m.StartingPositionTimestamp.IsNull() {
		m.StartingPositionTimestamp = types.StringValue(c.StartingPositionTimestamp.UTC().Format(time.RFC3339))
	}
	m.LastProcessingResult, m.StateTransitionReason = types.StringPointerValue(c.LastProcessingResult), types.StringPointerValue(c.StateTransitionReason)
	m.State = types.StringPointerValue(c.State)
	if c.LastModified != nil {
		m.LastModified = types.StringValue(c.LastModified.UTC().Format(time.RFC3339))
	}
	switch aws.ToString(c.State) {
	case "Enabled", "Enabling":
		m.Enabled = types.BoolValue(true)
	case "Disabled", "Disabling":
		m.Enabled = types.BoolValue(false)
	}
	kafka := types.ListNull(types.ObjectType{AttrTypes: kafkaConfigType})
	m.AmazonManagedKafka, m.SelfManagedKafka = kafka, kafka
}

func int64Of(n *int32) types.Int64 {
	if n == nil {
		return types.Int64Null()
	}
	return types.Int64Value(int64(*n))
}

// int32Of is a number that is known, for a request.
func int32Of(n types.Int64) *int32 {
	if n.IsNull() || n.IsUnknown() {
		return nil
	}
	return aws.Int32(int32(n.ValueInt64()))
}
