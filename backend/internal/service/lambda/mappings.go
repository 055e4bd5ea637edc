package lambda

import (
	"context"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of event source mappings (API model).
const (
	defaultStreamBatch = 100
	maxBatch           = 10000
	maxRetryAttempts   = 10000
)

// given are the members that CreateEventSourceMapping and UpdateEventSourceMapping share and that are not simulated.
func givenMapping(bisect *bool, destination *types.DestinationConfig, filter *types.FilterCriteria, responses []types.FunctionResponseType,
	window, age, parallel, tumbling *int32) map[string]bool {
	return map[string]bool{
		"BisectBatchOnFunctionError":     aws.ToBool(bisect),
		"DestinationConfig":              destination != nil && destination.OnFailure != nil && aws.ToString(destination.OnFailure.Destination) != "",
		"FilterCriteria":                 filter != nil && len(filter.Filters) > 0,
		"FunctionResponseTypes":          len(responses) > 0,
		"MaximumBatchingWindowInSeconds": aws.ToInt32(window) > 0,
		"MaximumRecordAgeInSeconds":      age != nil && *age != pull.Infinite,
		"ParallelizationFactor":          aws.ToInt32(parallel) > 1,
		"TumblingWindowInSeconds":        aws.ToInt32(tumbling) > 0,
	}
}

func (a *API) createMapping(ctx context.Context, in *lambda.CreateEventSourceMappingInput) (*lambda.CreateEventSourceMappingOutput, error) {
	k, ref, err := own(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	if err := a.mayMap(ctx, "lambda:CreateEventSourceMapping", "*", ref); err != nil {
		return nil, err
	}
	if in.EventSourceArn == nil {
		return nil, invalid("Unrecognized event source.")
	}
	given := givenMapping(in.BisectBatchOnFunctionError, in.DestinationConfig, in.FilterCriteria, in.FunctionResponseTypes,
		in.MaximumBatchingWindowInSeconds, in.MaximumRecordAgeInSeconds, in.ParallelizationFactor, in.TumblingWindowInSeconds)
	for name, set := range map[string]bool{
		"AmazonManagedKafkaEventSourceConfig": in.AmazonManagedKafkaEventSourceConfig != nil, "SelfManagedEventSource": in.SelfManagedEventSource != nil,
		"SelfManagedKafkaEventSourceConfig": in.SelfManagedKafkaEventSourceConfig != nil, "DocumentDBEventSourceConfig": in.DocumentDBEventSourceConfig != nil,
		"Topics": len(in.Topics) > 0, "Queues": len(in.Queues) > 0, "SourceAccessConfigurations": len(in.SourceAccessConfigurations) > 0,
		"ScalingConfig": in.ScalingConfig != nil, "ProvisionedPollerConfig": in.ProvisionedPollerConfig != nil, "KMSKeyArn": in.KMSKeyArn != nil,
		"MetricsConfig": in.MetricsConfig != nil, "LoggingConfig": in.LoggingConfig != nil,
	} {
		given[name] = set
	}
	if err := refuse("CreateEventSourceMapping", given); err != nil {
		return nil, err
	}
	m := pull.EventSourceMapping{Account: call.Account, Region: call.Region, EventSourceARN: *in.EventSourceArn, FunctionARN: ref.ARN(),
		Enabled: in.Enabled == nil || *in.Enabled, Tags: in.Tags,
		Config: pull.Config{BatchSize: defaultStreamBatch, MaximumRetryAttempts: pull.Infinite, StartingPosition: pull.StartingPosition(in.StartingPosition)}}
	if in.StartingPositionTimestamp != nil {
		m.StartingPositionTimestamp = *in.StartingPositionTimestamp
	}
	setMapping(&m, in.BatchSize, in.MaximumRetryAttempts)
	if err := checkMapping(&m, a.Clock.Now().Before(m.StartingPositionTimestamp)); err != nil {
		return nil, err
	}
	if _, _, err := a.Functions.Get(ctx, k); err != nil {
		return nil, invalid("Function does not exist")
	}
	made, err := a.Poller.Create(ctx, m)
	if err != nil {
		return nil, err
	}
	return mapped[lambda.CreateEventSourceMappingOutput](made), nil
}

// mayMap asks for the caller's right to make or change a mapping, which may be limited to functions.
func (a *API) mayMap(ctx context.Context, action, resource string, ref arn.FunctionRef) error {
	call := wire.CallFrom(ctx)
	return a.Authz.Require(ctx, authz.Question{Session: call.Session, Action: action, Resource: resource, ResourceAccount: call.Account,
		Region: call.Region, Keys: map[string][]string{"lambda:FunctionArn": {ref.ARN()}}})
}

func setMapping(m *pull.EventSourceMapping, batch, retries *int32) {
	if batch != nil {
		m.BatchSize = int(*batch)
	}
	if retries != nil {
		m.MaximumRetryAttempts = int(*retries)
	}
}

func checkMapping(m *pull.EventSourceMapping, future bool) error {
	var v []wire.Violation
	if m.BatchSize < 1 {
		v = append(v, wire.AtLeast("batchSize", m.BatchSize, 1))
	}
	if m.BatchSize > maxBatch {
		v = append(v, wire.AtMost("batchSize", m.BatchSize, maxBatch))
	}
	if m.MaximumRetryAttempts < pull.Infinite {
		v = append(v, wire.AtLeast("maximumRetryAttempts", m.MaximumRetryAttempts, pull.Infinite))
	}
	if m.MaximumRetryAttempts > maxRetryAttempts {
		v = append(v, wire.AtMost("maximumRetryAttempts", m.MaximumRetryAttempts, maxRetryAttempts))
	}
	switch m.StartingPosition {
	case pull.TrimHorizon, pull.Latest, pull.AtTimestamp:
	case "":
		return invalid("%s.", wire.Describe(wire.NotNull("startingPosition")))
	default:
		v = append(v, wire.Enum("startingPosition", string(m.StartingPosition), []string{"LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"}))
	}
	if err := wire.Validation(v...); err != nil {
		return err
	}
	if m.StartingPosition == pull.AtTimestamp && (m.StartingPositionTimestamp.IsZero() || future) {
		return invalid("StartingPositionTimestamp is required for AT_TIMESTAMP and must not be in the future.")
	}
	return nil
}

func (a *API) getMapping(ctx context.Context, in *lambda.GetEventSourceMappingInput) (*lambda.GetEventSourceMappingOutput, error) {
	call := wire.CallFrom(ctx)
	m, err := a.Poller.Get(call.Account, call.Region, *in.UUID)
	if err != nil {
		return nil, err
	}
	return mapped[lambda.GetEventSourceMappingOutput](m), nil
}

func (a *API) updateMapping(ctx context.Context, in *lambda.UpdateEventSourceMappingInput) (*lambda.UpdateEventSourceMappingOutput, error) {
	given := givenMapping(in.BisectBatchOnFunctionError, in.DestinationConfig, in.FilterCriteria, in.FunctionResponseTypes,
		in.MaximumBatchingWindowInSeconds, in.MaximumRecordAgeInSeconds, in.ParallelizationFactor, in.TumblingWindowInSeconds)
	for name, set := range map[string]bool{
		"AmazonManagedKafkaEventSourceConfig": in.AmazonManagedKafkaEventSourceConfig != nil,
		"SelfManagedKafkaEventSourceConfig":   in.SelfManagedKafkaEventSourceConfig != nil, "DocumentDBEventSourceConfig": in.DocumentDBEventSourceConfig != nil,
		"SourceAccessConfigurations": len(in.SourceAccessConfigurations) > 0, "ScalingConfig": in.ScalingConfig != nil && in.ScalingConfig.MaximumConcurrency != nil,
		"ProvisionedPollerConfig": in.ProvisionedPollerConfig != nil && in.ProvisionedPollerConfig.MinimumPollers != nil, "KMSKeyArn": aws.ToString(in.KMSKeyArn) != "",
		"MetricsConfig": in.MetricsConfig != nil && len(in.MetricsConfig.Metrics) > 0, "LoggingConfig": in.LoggingConfig != nil,
	} {
		given[name] = set
	}
	if err := refuse("UpdateEventSourceMapping", given); err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	m, err := a.Poller.Update(ctx, call.Account, call.Region, *in.UUID, func(m *pull.EventSourceMapping) error {
		setMapping(m, in.BatchSize, in.MaximumRetryAttempts)
		if in.Enabled != nil {
			m.Enabled = *in.Enabled
		}
		if in.FunctionName != nil {
			_, ref, err := own(ctx, in.FunctionName, nil)
			if err != nil {
				return err
			}
			m.FunctionARN = ref.ARN()
			if err := a.Poller.CheckFunction(ctx, m); err != nil {
				return err
			}
		}
		return checkMapping(m, false)
	})
	if err != nil {
		return nil, err
	}
	return mapped[lambda.UpdateEventSourceMappingOutput](m), nil
}

func (a *API) deleteMapping(ctx context.Context, in *lambda.DeleteEventSourceMappingInput) (*lambda.DeleteEventSourceMappingOutput, error) {
	call := wire.CallFrom(ctx)
	m, err := a.Poller.Delete(ctx, call.Account, call.Region, *in.UUID)
	if err != nil {
		return nil, err
	}
	return mapped[lambda.DeleteEventSourceMappingOutput](m), nil
}

func (a *API) listMappings(ctx context.Context, in *lambda.ListEventSourceMappingsInput) (*lambda.ListEventSourceMappingsOutput, error) {
	call := wire.CallFrom(ctx)
	functionARN := ""
	if in.FunctionName != nil {
		_, ref, err := own(ctx, in.FunctionName, nil)
		if err != nil {
			return nil, err
		}
		functionARN = ref.ARN()
	}
	list := a.Poller.List(call.Account, call.Region, aws.ToString(in.EventSourceArn), functionARN)
	out := &lambda.ListEventSourceMappingsOutput{EventSourceMappings: []types.EventSourceMappingConfiguration{}}
	list, out.NextMarker = page(list, in.Marker, in.MaxItems, 100)
	for i := range list {
		out.EventSourceMappings = append(out.EventSourceMappings, *mapped[types.EventSourceMappingConfiguration](&list[i]))
	}
	return out, nil
}

const mappingMark = ":event-source-mapping:"

// mappingUUID reads the ARN of a mapping.
func mappingUUID(resource string) (string, bool) {
	_, uuid, ok := strings.Cut(resource, mappingMark)
	return uuid, ok
}

func (a *API) setMappingTags(ctx context.Context, call *wire.Call, uuid string, change func(map[string]string) error) error {
	_, err := a.Poller.Update(ctx, call.Account, call.Region, uuid, func(m *pull.EventSourceMapping) error { return change(m.Tags) })
	if err != nil && strings.Contains(err.Error(), "does not exist") {
		return wire.Errorf(http.StatusNotFound, "ResourceNotFoundException", "Event source mapping not found: %s", arn.EventSourceMapping(call.Region, call.Account, uuid))
	}
	return err
}
