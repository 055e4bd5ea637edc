package lambda

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of event source mappings (API model).
const (
	maxBatch           = 10000
	maxWindow          = 300
	maxTumbling        = 900
	maxRetryAttempts   = 10000
	minRecordAge       = 60 // or none
	maxRecordAge       = 604800
	maxParallelization = 10
	minConcurrency     = 2
	maxConcurrency     = 1000
	maxPattern         = 4096
)

// kind is what mappings of one kind of source have in common.
type kind struct {
	queue        bool
	atTimestamp  bool // StartingPosition AT_TIMESTAMP
	defaultBatch int
}

// sourceKind is the kind of source of an ARN. A source that isn't simulated is refused later, by the poller.
func sourceKind(sourceARN string) kind {
	switch parsed, _ := arn.Parse(sourceARN); parsed.Service {
	case "sqs":
		return kind{queue: true, defaultBatch: 10}
	case "dynamodb":
		return kind{defaultBatch: 100}
	default:
		return kind{atTimestamp: true, defaultBatch: 100}
	}
}

func (k kind) defaults() pull.Config {
	return pull.Config{BatchSize: k.defaultBatch, MaximumRetryAttempts: pull.Infinite, MaximumRecordAgeInSeconds: pull.Infinite, ParallelizationFactor: 1}
}

// mappingChange are the members that say how a mapping polls; nil where they were not given.
type mappingChange struct {
	batch, window, retries, age, factor *int32
	tumbling                            *int32
	bisect                              *bool
	responses                           []types.FunctionResponseType
	scaling                             *types.ScalingConfig
	destination                         *types.DestinationConfig
	position                            types.EventSourcePosition
	timestamp                           *time.Time
	filters                             *types.FilterCriteria
	key                                 *string
	metrics                             *types.EventSourceMappingMetricsConfig
	pollers                             *types.ProvisionedPollerConfig
}

// create sets what a new mapping was given.
func (k kind) create(m *pull.EventSourceMapping, ch mappingChange, now time.Time) error {
	if err := k.update(m, ch); err != nil {
		return err
	}
	m.StartingPosition = pull.StartingPosition(ch.position)
	if ch.timestamp != nil {
		m.StartingPositionTimestamp = *ch.timestamp
	}
	switch {
	case k.queue && ch.position != "":
		return invalid("StartingPosition is not valid for SQS event sources.")
	case k.queue:
		return nil
	case ch.position == "":
		return invalid("%s.", wire.Describe(wire.NotNull("startingPosition")))
	case m.StartingPosition == pull.AtTimestamp && !k.atTimestamp:
		return invalid("Unsupported starting position for arn type: %s", m.EventSourceARN)
	case m.StartingPosition == pull.AtTimestamp && (ch.timestamp == nil || ch.timestamp.After(now)):
		return invalid("StartingPositionTimestamp is required for AT_TIMESTAMP and must not be in the future.")
	case m.StartingPosition != pull.AtTimestamp && ch.timestamp != nil:
		return invalid("StartingPositionTimestamp is only valid with StartingPosition AT_TIMESTAMP.")
	}
	return nil
}

// update sets what a mapping was given.
func (k kind) update(m *pull.EventSourceMapping, ch mappingChange) error {
	if err := ch.check(); err != nil {
		return err
	}
	if err := k.refuse(ch); err != nil {
		return err
	}
	for to, given := range map[*int]*int32{&m.BatchSize: ch.batch, &m.MaximumBatchingWindowInSeconds: ch.window, &m.MaximumRetryAttempts: ch.retries,
		&m.MaximumRecordAgeInSeconds: ch.age, &m.ParallelizationFactor: ch.factor, &m.TumblingWindowInSeconds: ch.tumbling} {
		if given != nil {
			*to = int(*given)
		}
	}
	if ch.bisect != nil {
		m.BisectBatchOnFunctionError = *ch.bisect
	}
	if ch.responses != nil {
		m.ReportBatchItemFailures = len(ch.responses) > 0
	}
	if ch.destination != nil && !k.queue {
		m.OnFailure = ""
		if ch.destination.OnFailure != nil {
			m.OnFailure = aws.ToString(ch.destination.OnFailure.Destination)
		}
	}
	if ch.filters != nil { // without filters in it, it takes them away
		m.Filters = nil
		for _, f := range ch.filters.Filters {
			m.Filters = append(m.Filters, aws.ToString(f.Pattern))
		}
	}
	if ch.scaling != nil {
		m.MaximumConcurrency = int(aws.ToInt32(ch.scaling.MaximumConcurrency))
	}
	if ch.key != nil {
		m.KMSKey = *ch.key
	}
	if ch.metrics != nil {
		m.EventCount = len(ch.metrics.Metrics) > 0
	}
	return ch.provision(m)
}

// refuse names a member that this kind of source does not have.
func (k kind) refuse(ch mappingChange) error {
	unsupported := func(name string) error {
		return invalid("Unsupported %s parameter for given event source mapping type.", name)
	}
	if d := ch.destination; d != nil && (d.OnSuccess != nil || k.queue && d.OnFailure != nil && aws.ToString(d.OnFailure.Destination) != "") {
		return unsupported("DestinationConfig")
	}
	if !k.queue {
		if ch.scaling != nil && ch.scaling.MaximumConcurrency != nil {
			return unsupported("ScalingConfig")
		}
		if p := ch.pollers; p != nil && (p.MinimumPollers != nil || p.MaximumPollers != nil) {
			return unsupported("ProvisionedPollerConfig")
		}
		return nil
	}
	given := map[string]bool{"BisectBatchOnFunctionError": aws.ToBool(ch.bisect), "MaximumRecordAgeInSeconds": ch.age != nil,
		"MaximumRetryAttempts": ch.retries != nil, "ParallelizationFactor": ch.factor != nil, "TumblingWindowInSeconds": aws.ToInt32(ch.tumbling) > 0}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if given[name] {
			return unsupported(name)
		}
	}
	return nil
}

// check holds what was given to the ranges of the API model.
func (ch mappingChange) check() error {
	var v []wire.Violation
	within := func(path string, given *int32, least, most int) { v = append(v, within(path, given, least, most)...) }
	within("batchSize", ch.batch, 1, maxBatch)
	within("maximumBatchingWindowInSeconds", ch.window, 0, maxWindow)
	within("maximumRetryAttempts", ch.retries, pull.Infinite, maxRetryAttempts)
	within("maximumRecordAgeInSeconds", ch.age, pull.Infinite, maxRecordAge)
	within("parallelizationFactor", ch.factor, 1, maxParallelization)
	within("tumblingWindowInSeconds", ch.tumbling, 0, maxTumbling)
	if ch.scaling != nil {
		within("scalingConfig.maximumConcurrency", ch.scaling.MaximumConcurrency, minConcurrency, maxConcurrency)
	}
	if len(ch.responses) > 1 {
		v = append(v, wire.MaxLength("functionResponseTypes", "["+joined(ch.responses)+"]", 1))
	}
	for _, r := range ch.responses {
		if r != types.FunctionResponseTypeReportBatchItemFailures {
			v = append(v, wire.Enum("functionResponseTypes", "["+joined(ch.responses)+"]", []string{"ReportBatchItemFailures"}))
		}
	}
	if ch.filters != nil {
		for i, f := range ch.filters.Filters {
			if pattern := aws.ToString(f.Pattern); len(pattern) > maxPattern {
				v = append(v, wire.MaxLength(fmt.Sprintf("filterCriteria.filters.%d.member.pattern", i+1), pattern, maxPattern))
			}
		}
	}
	v = append(v, ch.checkOptions()...)
	if positions := []string{"LATEST", "AT_TIMESTAMP", "TRIM_HORIZON"}; ch.position != "" && !slices.Contains(positions, string(ch.position)) {
		v = append(v, wire.Enum("startingPosition", string(ch.position), positions))
	}
	if err := wire.Validation(v...); err != nil {
		return err
	}
	if ch.age != nil && *ch.age > pull.Infinite && *ch.age < minRecordAge {
		return invalid("MaximumRecordAgeInSeconds must be -1, or between %d and %d.", minRecordAge, maxRecordAge)
	}
	return nil
}
