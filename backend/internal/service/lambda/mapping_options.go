package lambda

import (
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of provisioned pollers (API model; SDK, ProvisionedPollerConfig: of a queue at least 2).
const (
	maxMinimumPollers     = 200
	maxMaximumPollers     = 2000
	minQueuePollers       = 2
	defaultMaximumPollers = 200
)

// foreign are the members that belong to sources that are not simulated.
var foreign = map[string]string{
	"AmazonManagedKafkaEventSourceConfig": "Amazon MSK",
	"SelfManagedEventSource":              "self-managed Apache Kafka",
	"SelfManagedKafkaEventSourceConfig":   "self-managed Apache Kafka",
	"DocumentDBEventSourceConfig":         "Amazon DocumentDB",
	"Topics":                              "Apache Kafka",
	"Queues":                              "Amazon MQ",
	"SourceAccessConfigurations":          "Amazon MQ and Apache Kafka",
}

// refuseMapping names what a request about a mapping gives that is not simulated: members of sources that there are not, with
// their source, and the pollers' log level. Empty members take away what there can't be.
func refuseMapping(operation string, in any) error {
	given := func(member string) bool {
		f := reflect.ValueOf(in).Elem().FieldByName(member)
		return f.IsValid() && !f.IsZero() && (f.Kind() != reflect.Slice || f.Len() > 0)
	}
	var named []string
	for member, source := range foreign {
		if given(member) {
			named = append(named, member+" (of "+source+")")
		}
	}
	if len(named) > 0 {
		slices.Sort(named)
		return invalid("lambdasim does not simulate %s of lambda:%s yet; it simulates event source mappings for Kinesis, DynamoDB Streams and SQS",
			strings.Join(named, ", "), operation)
	}
	pollers, _ := reflect.ValueOf(in).Elem().FieldByName("ProvisionedPollerConfig").Interface().(*types.ProvisionedPollerConfig)
	return refuse(operation, map[string]bool{"LoggingConfig": given("LoggingConfig"),
		"ProvisionedPollerConfig.PollerGroupName": pollers != nil && pollers.PollerGroupName != nil})
}

// checkOptions holds the key, the metrics and the pollers to the API model.
func (ch mappingChange) checkOptions() (v []wire.Violation) {
	v = append(v, keyForm.check("kMSKeyArn", ch.key)...)
	if ch.metrics != nil {
		known := types.EventSourceMappingMetric("").Values()
		for _, m := range ch.metrics.Metrics {
			if !slices.Contains(known, m) {
				v = append(v, wire.Enum("metricsConfig.metrics", "["+joined(ch.metrics.Metrics)+"]", names(known)))
				break
			}
		}
	}
	if p := ch.pollers; p != nil {
		v = append(v, within("provisionedPollerConfig.minimumPollers", p.MinimumPollers, 1, maxMinimumPollers)...)
		v = append(v, within("provisionedPollerConfig.maximumPollers", p.MaximumPollers, 1, maxMaximumPollers)...)
	}
	return v
}

// provision sets a mapping's pollers, and refuses what doesn't go together. The texts are ours.
func (ch mappingChange) provision(m *pull.EventSourceMapping) error {
	if ch.metrics != nil && slices.ContainsFunc(ch.metrics.Metrics, func(x types.EventSourceMappingMetric) bool { return x != types.EventSourceMappingMetricEventCount }) {
		return invalid("Only the metric EventCount is available for this event source: ErrorCount and KafkaMetrics are those of Apache Kafka.")
	}
	if p := ch.pollers; p != nil {
		m.MinimumPollers, m.MaximumPollers = 0, 0
		if p.MinimumPollers != nil || p.MaximumPollers != nil {
			m.MaximumPollers = defaultMaximumPollers
			m.MinimumPollers = minQueuePollers
		}
		if p.MinimumPollers != nil {
			m.MinimumPollers = int(*p.MinimumPollers)
		}
		if p.MaximumPollers != nil {
			m.MaximumPollers = int(*p.MaximumPollers)
		}
	}
	switch {
	case m.MaximumPollers == 0:
		return nil
	case m.MinimumPollers < minQueuePollers || m.MaximumPollers < minQueuePollers:
		return invalid("MinimumPollers and MaximumPollers must be at least %d for SQS event sources.", minQueuePollers)
	case m.MinimumPollers > m.MaximumPollers:
		return invalid("MinimumPollers must not be greater than MaximumPollers.")
	case m.MaximumConcurrency > 0:
		return invalid("ScalingConfig and ProvisionedPollerConfig can't be used together.")
	}
	return nil
}

// within holds a number to a range.
func within(path string, given *int32, least, most int) []wire.Violation {
	switch {
	case given != nil && int(*given) < least:
		return []wire.Violation{wire.AtLeast(path, int(*given), least)}
	case given != nil && int(*given) > most:
		return []wire.Violation{wire.AtMost(path, int(*given), most)}
	}
	return nil
}

func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = string(r)
	}
	return out
}

func joined[T ~string](list []T) string { return strings.Join(names(list), ", ") }
