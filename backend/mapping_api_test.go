package backend_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

const mappedQueue = "arn:aws:sqs:us-east-1:" + account + ":q"

func queueMappable(t *testing.T) *bundle {
	b := mappable(t)
	b.queue(t, "q")
	b.queue(t, "q.fifo", "FifoQueue", "true")
	return b
}

// mapWith makes a mapping with members over a good request.
func (b *bundle) mapWith(t *testing.T, source, members string) (*lambda.CreateEventSourceMappingOutput, error) {
	t.Helper()
	in := &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: &source}
	must(t, json.Unmarshal([]byte(members), in))
	return b.lambda.CreateEventSourceMapping(t.Context(), in)
}

// Texts as recorded from AWS (test_lambda_integration_sqs) or of the API model's form, where a row says nothing else.
func TestWhatAMappingOfAQueueMustBe(t *testing.T) {
	b := queueMappable(t)
	const ipve, fifo = "InvalidParameterValueException", mappedQueue + ".fifo"
	unsupported := func(name string) string {
		return "Unsupported " + name + " parameter for given event source mapping type."
	}
	for name, c := range map[string]struct{ source, in, code, text string }{
		"no queue":                               {mappedQueue + "-none", `{}`, ipve, "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist."},
		"a large batch without a window":         {mappedQueue, `{"BatchSize":11}`, ipve, "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"},
		"FIFO with a window":                     {fifo, `{"MaximumBatchingWindowInSeconds":1}`, ipve, "Batching window is not supported for FIFO queues"},
		"FIFO with a large batch (ours)":         {fifo, `{"BatchSize":11}`, ipve, "Maximum batch size for FIFO queues is 10"},
		"a destination":                          {mappedQueue, `{"DestinationConfig":{"OnSuccess":{"Destination":"` + mappedQueue + `"}}}`, ipve, unsupported("DestinationConfig")},
		"a stream's retries":                     {mappedQueue, `{"MaximumRetryAttempts":1}`, ipve, unsupported("MaximumRetryAttempts")},
		"a stream's age":                         {mappedQueue, `{"MaximumRecordAgeInSeconds":60}`, ipve, unsupported("MaximumRecordAgeInSeconds")},
		"a stream's factor":                      {mappedQueue, `{"ParallelizationFactor":2}`, ipve, unsupported("ParallelizationFactor")},
		"a stream's bisecting":                   {mappedQueue, `{"BisectBatchOnFunctionError":true}`, ipve, unsupported("BisectBatchOnFunctionError")},
		"too little concurrency":                 {mappedQueue, `{"ScalingConfig":{"MaximumConcurrency":1}}`, "ValidationException", "1 validation error detected: Value '1' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value greater than or equal to 2"},
		"too much concurrency":                   {mappedQueue, `{"ScalingConfig":{"MaximumConcurrency":1001}}`, "ValidationException", "1 validation error detected: Value '1001' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value less than or equal to 1000"},
		"too many pollers":                       {mappedQueue, `{"ProvisionedPollerConfig":{"MinimumPollers":201}}`, "ValidationException", "1 validation error detected: Value '201' at 'provisionedPollerConfig.minimumPollers' failed to satisfy constraint: Member must have value less than or equal to 200"},
		"one poller (ours)":                      {mappedQueue, `{"ProvisionedPollerConfig":{"MinimumPollers":1}}`, ipve, "MinimumPollers and MaximumPollers must be at least 2 for SQS event sources."},
		"more pollers than the maximum (ours)":   {mappedQueue, `{"ProvisionedPollerConfig":{"MinimumPollers":5,"MaximumPollers":4}}`, ipve, "MinimumPollers must not be greater than MaximumPollers."},
		"pollers and concurrency (ours)":         {mappedQueue, `{"ScalingConfig":{"MaximumConcurrency":2},"ProvisionedPollerConfig":{"MinimumPollers":2}}`, ipve, "ScalingConfig and ProvisionedPollerConfig can't be used together."},
		"a group of pollers (ours)":              {mappedQueue, `{"ProvisionedPollerConfig":{"PollerGroupName":"g"}}`, ipve, "lambdasim does not simulate ProvisionedPollerConfig.PollerGroupName of lambda:CreateEventSourceMapping yet"},
		"a stream with pollers":                  {mappedStream, `{"StartingPosition":"LATEST","ProvisionedPollerConfig":{"MinimumPollers":2}}`, ipve, unsupported("ProvisionedPollerConfig")},
		"Kafka's metrics (ours)":                 {mappedQueue, `{"MetricsConfig":{"Metrics":["KafkaMetrics"]}}`, ipve, "Only the metric EventCount is available for this event source: ErrorCount and KafkaMetrics are those of Apache Kafka."},
		"no metric":                              {mappedQueue, `{"MetricsConfig":{"Metrics":["Events"]}}`, "ValidationException", "1 validation error detected: Value '[Events]' at 'metricsConfig.metrics' failed to satisfy constraint: Member must satisfy enum value set: [EventCount, ErrorCount, KafkaMetrics]"},
		"no key":                                 {mappedQueue, `{"KMSKeyArn":"k"}`, "ValidationException", `1 validation error detected: Value 'k' at 'kMSKeyArn' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()`},
		"MSK (ours)":                             {"arn:aws:kafka:us-east-1:000000000000:cluster/c/1", `{"Topics":["t"],"StartingPosition":"LATEST"}`, ipve, "lambdasim does not simulate Topics (of Apache Kafka) of lambda:CreateEventSourceMapping yet; it simulates event source mappings for Kinesis, DynamoDB Streams and SQS"},
		"Kafka of one's own (ours)":              {"", `{"EventSourceArn":null,"SelfManagedEventSource":{"Endpoints":{"KAFKA_BOOTSTRAP_SERVERS":["b:9092"]}},"Topics":["t"]}`, ipve, "lambdasim does not simulate SelfManagedEventSource (of self-managed Apache Kafka), Topics (of Apache Kafka) of lambda:CreateEventSourceMapping yet; it simulates event source mappings for Kinesis, DynamoDB Streams and SQS"},
		"MQ (ours)":                              {"arn:aws:mq:us-east-1:000000000000:broker:b:b-1", `{"Queues":["q"]}`, ipve, "lambdasim does not simulate Queues (of Amazon MQ) of lambda:CreateEventSourceMapping yet; it simulates event source mappings for Kinesis, DynamoDB Streams and SQS"},
		"MQ by its ARN alone (ours)":             {"arn:aws:mq:us-east-1:000000000000:broker:b:b-1", `{}`, ipve, "lambdasim does not simulate event source mappings for mq yet; it simulates [dynamodb kinesis sqs]"},
		"DocumentDB (ours)":                      {"arn:aws:rds:us-east-1:000000000000:cluster:c", `{"DocumentDBEventSourceConfig":{"DatabaseName":"d"}}`, ipve, "lambdasim does not simulate DocumentDBEventSourceConfig (of Amazon DocumentDB) of lambda:CreateEventSourceMapping yet; it simulates event source mappings for Kinesis, DynamoDB Streams and SQS"},
		"a visibility timeout that is too short": {mappedQueue, `{"FunctionName":"slow"}`, ipve, "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(c.in, "slow") {
				b.function(t, "slow", "r", "")
				_, err := b.lambda.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("slow"), Timeout: aws.Int32(60)})
				must(t, err)
			}
			_, err := b.mapWith(t, c.source, c.in)
			wantError(t, err, c.code, c.text)
		})
	}
}

func TestAMappingOfAQueueFromItsCreationToItsEnd(t *testing.T) {
	b, ctx := queueMappable(t), t.Context()
	made, err := b.mapWith(t, mappedQueue, `{"Enabled":false,"ProvisionedPollerConfig":{"MinimumPollers":3},"MetricsConfig":{"Metrics":["EventCount"]}}`)
	must(t, err)
	if *made.State != "Disabled" || *made.StateTransitionReason != "USER_INITIATED" || made.LastProcessingResult != nil || *made.BatchSize != 10 ||
		made.StartingPosition != "" || made.DestinationConfig != nil || made.ScalingConfig != nil || made.MaximumRetryAttempts != nil {
		t.Errorf("made: %+v", made)
	}
	if p := made.ProvisionedPollerConfig; p == nil || *p.MinimumPollers != 3 || *p.MaximumPollers != 200 {
		t.Errorf("pollers %+v", p)
	}
	if made.MetricsConfig == nil || !slices.Equal(made.MetricsConfig.Metrics, []types.EventSourceMappingMetric{"EventCount"}) {
		t.Errorf("metrics %+v", made.MetricsConfig)
	}
	_, err = b.mapWith(t, mappedQueue, `{}`)
	wantError(t, err, "ResourceConflictException", fmt.Sprintf("An event source mapping with SQS arn (\" %s \") and function (\" f \") already exists. Please update or delete the existing mapping with UUID %s", mappedQueue, *made.UUID))
	still, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, BatchSize: aws.Int32(5)})
	must(t, err)
	if *still.State != "Updating" {
		t.Errorf("a disabled mapping that is changed is %s, want Updating", *still.State)
	}
	_, err = b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, ScalingConfig: &types.ScalingConfig{MaximumConcurrency: aws.Int32(2)}})
	wantError(t, err, "InvalidParameterValueException", "ScalingConfig and ProvisionedPollerConfig can't be used together.")
	changed, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, ScalingConfig: &types.ScalingConfig{MaximumConcurrency: aws.Int32(2)},
		ProvisionedPollerConfig: &types.ProvisionedPollerConfig{}, MetricsConfig: &types.EventSourceMappingMetricsConfig{}})
	must(t, err)
	if changed.ProvisionedPollerConfig != nil || *changed.ScalingConfig.MaximumConcurrency != 2 || changed.MetricsConfig != nil || *changed.BatchSize != 5 {
		t.Errorf("changed: %+v", changed)
	}
	_, err = b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, BatchSize: aws.Int32(11)})
	wantError(t, err, "InvalidParameterValueException", "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	cleared, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, ScalingConfig: &types.ScalingConfig{}})
	must(t, err)
	if cleared.ScalingConfig != nil {
		t.Errorf("ScalingConfig is %+v after it was taken away", cleared.ScalingConfig)
	}
	_, err = b.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f")})
	must(t, err)
	kept, err := b.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
	must(t, err)
	if *kept.State != "Disabled" {
		t.Errorf("after its function was deleted the mapping is %s", *kept.State)
	}
	for _, call := range []func() error{
		func() error {
			_, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: aws.String("none")})
			return err
		},
		func() error {
			_, err := b.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: aws.String("none")})
			return err
		},
	} {
		wantError(t, call(), "ResourceNotFoundException", "The resource you requested does not exist.")
	}
}

// A key encrypts the filters: a list never shows them, and who may not decrypt does not see them (SDK, FilterCriteria).
func TestFiltersUnderAKeyAreShownToWhoMayDecrypt(t *testing.T) {
	b, ctx := queueMappable(t), t.Context()
	const key = "arn:aws:kms:us-east-1:" + account + ":key/11111111-2222-3333-4444-555555555555"
	made, err := b.mapWith(t, mappedQueue, `{"KMSKeyArn":"`+key+`","FilterCriteria":{"Filters":[{"Pattern":"{\"body\":{\"a\":[1]}}"}]}}`)
	must(t, err)
	get := func(c *clients) *lambda.GetEventSourceMappingOutput {
		t.Helper()
		got, err := c.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
		must(t, err)
		return got
	}
	if got := get(b.clients); got.FilterCriteria == nil || *got.KMSKeyArn != key || got.FilterCriteriaError != nil {
		t.Errorf("root sees %+v", got)
	}
	reader := b.user(t, "reader", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:*","Resource":"*"}]}`)
	if got := get(reader); got.FilterCriteria != nil || got.FilterCriteriaError == nil || *got.FilterCriteriaError.ErrorCode != "KMSAccessDeniedException" ||
		!strings.Contains(*got.FilterCriteriaError.Message, "kms:Decrypt on resource: "+key) {
		t.Errorf("who may not decrypt sees %+v, %+v", got.FilterCriteria, got.FilterCriteriaError)
	}
	list, err := b.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{})
	must(t, err)
	if m := list.EventSourceMappings[0]; m.FilterCriteria != nil || *m.KMSKeyArn != key {
		t.Errorf("the list shows %+v", m)
	}
	open, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, KMSKeyArn: aws.String("")})
	must(t, err)
	if open.KMSKeyArn != nil || get(reader).FilterCriteria == nil {
		t.Errorf("without the key: %+v", open)
	}
}

func TestMappingsAreListedByFunctionAndSourceAndInPages(t *testing.T) {
	b, ctx := queueMappable(t), t.Context()
	_, err := b.lambda.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: aws.String("f")})
	must(t, err)
	_, err = b.lambda.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: aws.String("1")})
	must(t, err)
	const f = "arn:aws:lambda:us-east-1:" + account + ":function:f"
	for _, in := range []string{`{}`, `{"FunctionName":"f:live"}`, `{"FunctionName":"` + account + `:function:f:1"}`} {
		_, err := b.mapWith(t, mappedQueue, in)
		must(t, err)
	}
	_, err = b.mapWith(t, mappedStream, `{"FunctionName":"`+f+`","StartingPosition":"LATEST"}`)
	must(t, err)
	for _, c := range []struct {
		in   lambda.ListEventSourceMappingsInput
		want []string
	}{
		{lambda.ListEventSourceMappingsInput{}, []string{"q f", "q f:1", "q f:live", "s f"}},
		{lambda.ListEventSourceMappingsInput{FunctionName: aws.String("f")}, []string{"q f", "s f"}},
		{lambda.ListEventSourceMappingsInput{FunctionName: aws.String(f + ":live")}, []string{"q f:live"}},
		{lambda.ListEventSourceMappingsInput{EventSourceArn: aws.String(mappedStream)}, []string{"s f"}},
		{lambda.ListEventSourceMappingsInput{EventSourceArn: aws.String(mappedQueue), FunctionName: aws.String("f:1")}, []string{"q f:1"}},
		{lambda.ListEventSourceMappingsInput{EventSourceArn: aws.String(mappedQueue + "-none")}, nil},
	} {
		for _, size := range []int32{1, 3, 100} {
			var got []string
			in := c.in
			in.MaxItems = &size
			for p := lambda.NewListEventSourceMappingsPaginator(b.lambda, &in); p.HasMorePages(); {
				page, err := p.NextPage(ctx)
				must(t, err)
				for _, m := range page.EventSourceMappings {
					got = append(got, (*m.EventSourceArn)[strings.LastIndexAny(*m.EventSourceArn, ":/")+1:]+" "+strings.TrimPrefix(*m.FunctionArn, strings.TrimSuffix(f, "f")))
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%+v in pages of %d: %s", c.in, size, diff)
			}
		}
	}
}

// Figures of a mapping are counted when it asks for them (Lambda guide, event source mapping metrics), from then on.
func TestAMappingIsCountedWhenItAsksForIt(t *testing.T) {
	b, ctx := queueMappable(t), t.Context()
	must(t, b.control.PutScript(ctx, "f", control.Script{Outcomes: []control.ScriptedOutcome{{}}}))
	made, err := b.mapWith(t, mappedQueue, `{}`)
	must(t, err)
	url := b.queue(t, "q")
	polled := func(body string) string {
		b.sendTo(t, url, body)
		b.drain(t)
		return b.figure(t, fmt.Sprintf(`aws_lambda_PolledEventCount_total{account=%q,region="us-east-1",function="f",event_source_mapping=%q}`, account, *made.UUID))
	}
	got := []string{polled("before")}
	_, err = b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID,
		MetricsConfig: &types.EventSourceMappingMetricsConfig{Metrics: []types.EventSourceMappingMetric{"EventCount"}}})
	must(t, err)
	got = append(got, polled("while"))
	_, err = b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, MetricsConfig: &types.EventSourceMappingMetricsConfig{}})
	must(t, err)
	if got = append(got, polled("after")); !slices.Equal(got, []string{"", "1", "1"}) {
		t.Errorf("polled: %q", got)
	}
}
