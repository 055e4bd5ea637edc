package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// query reads one value from a test's database.
func query(t *testing.T, url, sql string, to any) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	return conn.QueryRow(t.Context(), sql).Scan(to)
}

var scriptOK = control.Script{Outcomes: []control.ScriptedOutcome{{}}}

const mappedStream = "arn:aws:kinesis:us-east-1:" + account + ":stream/s"

func mappable(t *testing.T) *bundle {
	b := setup(t)
	b.role(t, "r", pullPolicy)
	b.function(t, "f", "r", "")
	b.stream(t, "s", 1)
	return b
}

// Codes and texts as recorded from AWS (TestLambdaEventSourceMappings, TestKinesisSource), where a row says nothing else.
func TestWhatAMappingOfAStreamMustBe(t *testing.T) {
	b := mappable(t)
	for name, c := range map[string]struct {
		in         string // members of CreateEventSourceMapping, over a good request
		code, text string
	}{
		"no source":               {`{"EventSourceArn":null}`, "InvalidParameterValueException", "Unrecognized event source."},
		"no function":             {`{"FunctionName":"none"}`, "InvalidParameterValueException", "Function does not exist"},
		"no stream":               {`{"EventSourceArn":"arn:aws:kinesis:us-east-1:000000000000:stream/none"}`, "InvalidParameterValueException", "Stream not found: arn:aws:kinesis:us-east-1:000000000000:stream/none"},
		"no starting position":    {`{"StartingPosition":""}`, "InvalidParameterValueException", "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."},
		"a bad starting position": {`{"StartingPosition":"invalid"}`, "ValidationException", "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]"},
		"DynamoDB at a timestamp": {`{"EventSourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/l","StartingPosition":"AT_TIMESTAMP","StartingPositionTimestamp":"2026-01-01T00:00:00Z"}`,
			"InvalidParameterValueException", "Unsupported starting position for arn type: arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/l"},
		"SQS with a starting position": {`{"EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:q"}`, "InvalidParameterValueException", "StartingPosition is not valid for SQS event sources."},
		"a destination for successes":  {`{"DestinationConfig":{"OnSuccess":{"Destination":"arn:aws:sqs:us-east-1:000000000000:q"}}}`, "InvalidParameterValueException", "Unsupported DestinationConfig parameter for given event source mapping type."},
		"a batch of none":              {`{"BatchSize":0}`, "ValidationException", "1 validation error detected: Value '0' at 'batchSize' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		"a batch too large":            {`{"BatchSize":10001}`, "ValidationException", "1 validation error detected: Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less than or equal to 10000"},
		"a window too long":            {`{"MaximumBatchingWindowInSeconds":301}`, "ValidationException", "1 validation error detected: Value '301' at 'maximumBatchingWindowInSeconds' failed to satisfy constraint: Member must have value less than or equal to 300"},
		"too parallel":                 {`{"ParallelizationFactor":11}`, "ValidationException", "1 validation error detected: Value '11' at 'parallelizationFactor' failed to satisfy constraint: Member must have value less than or equal to 10"},
		"a tumbling window too long":   {`{"TumblingWindowInSeconds":901}`, "ValidationException", "1 validation error detected: Value '901' at 'tumblingWindowInSeconds' failed to satisfy constraint: Member must have value less than or equal to 900"},
		"an age between (ours)":        {`{"MaximumRecordAgeInSeconds":59}`, "InvalidParameterValueException", "MaximumRecordAgeInSeconds must be -1, or between 60 and 604800."},
		"filters that are none":        {`{"FilterCriteria":{"Filters":[{"Pattern":"{\"eventSource\":[]}"}]}}`, "InvalidParameterValueException", "Invalid filter pattern definition."},
		"no pattern":                   {`{"FilterCriteria":{"Filters":[{}]}}`, "InvalidParameterValueException", "Invalid filter pattern definition."},
		"a text for Kinesis' data":     {`{"FilterCriteria":{"Filters":[{"Pattern":"{\"data\":[\"x\"]}"}]}}`, "InvalidParameterValueException", "Invalid filter pattern definition."},
		"six filters (ours)":           {`{"FilterCriteria":{"Filters":[` + strings.Repeat(`{"Pattern":"{\"data\":{\"a\":[1]}}"},`, 5) + `{"Pattern":"{\"data\":{\"a\":[1]}}"}]}}`, "InvalidParameterValueException", "The event source mapping has 6 filters: the quota is 5."},
		"a queue's member":             {`{"ScalingConfig":{"MaximumConcurrency":2}}`, "InvalidParameterValueException", "Unsupported ScalingConfig parameter for given event source mapping type."},
		"not simulated (ours)":         {`{"LoggingConfig":{"SystemLogLevel":"DEBUG"}}`, "InvalidParameterValueException", "lambdasim does not simulate LoggingConfig of lambda:CreateEventSourceMapping yet"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(mappedStream), StartingPosition: "LATEST"}
			must(t, json.Unmarshal([]byte(c.in), in))
			_, err := b.lambda.CreateEventSourceMapping(t.Context(), in)
			wantError(t, err, c.code, c.text)
		})
	}
}

func TestAMappingFromItsCreationToItsEnd(t *testing.T) {
	b, ctx := mappable(t), t.Context()
	made, err := b.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(mappedStream), StartingPosition: "LATEST"})
	must(t, err)
	if *made.State != "Creating" || *made.StateTransitionReason != "User action" || *made.LastProcessingResult != "No records processed" {
		t.Errorf("made: %s, %s, %s", *made.State, *made.StateTransitionReason, *made.LastProcessingResult)
	}
	_, err = b.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(mappedStream), StartingPosition: "LATEST"})
	wantError(t, err, "ResourceConflictException", fmt.Sprintf("The event source arn (\" %s \") and function (\" f \") provided mapping already exists. Please update or delete the existing mapping with UUID %s", mappedStream, *made.UUID))
	get := func() *lambda.GetEventSourceMappingOutput {
		got, err := b.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
		must(t, err)
		return got
	}
	got := get()
	defaults := []any{*got.State, *got.BatchSize, *got.BisectBatchOnFunctionError, *got.MaximumBatchingWindowInSeconds, *got.MaximumRecordAgeInSeconds,
		*got.MaximumRetryAttempts, *got.ParallelizationFactor, *got.TumblingWindowInSeconds, len(got.FunctionResponseTypes)}
	if diff := cmp.Diff([]any{"Enabled", int32(100), false, int32(0), int32(-1), int32(-1), int32(1), int32(0), 0}, defaults); diff != "" {
		t.Error(diff)
	}
	updated, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, BatchSize: aws.Int32(7), ParallelizationFactor: aws.Int32(3),
		MaximumRetryAttempts: aws.Int32(0), MaximumRecordAgeInSeconds: aws.Int32(60), BisectBatchOnFunctionError: aws.Bool(true),
		MaximumBatchingWindowInSeconds: aws.Int32(5), TumblingWindowInSeconds: aws.Int32(900), FunctionResponseTypes: []types.FunctionResponseType{"ReportBatchItemFailures"}})
	must(t, err)
	got = get()
	changed := []any{*updated.State, *got.State, *got.BatchSize, *got.BisectBatchOnFunctionError, *got.MaximumBatchingWindowInSeconds, *got.MaximumRecordAgeInSeconds,
		*got.MaximumRetryAttempts, *got.ParallelizationFactor, *got.TumblingWindowInSeconds, len(got.FunctionResponseTypes)}
	if diff := cmp.Diff([]any{"Updating", "Enabled", int32(7), true, int32(5), int32(60), int32(0), int32(3), int32(900), 1}, changed); diff != "" {
		t.Error(diff)
	}
	off, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, Enabled: aws.Bool(false)})
	must(t, err)
	if *off.State != "Disabling" || *get().State != "Disabled" {
		t.Errorf("off: %s, then %s; want Disabling, then Disabled", *off.State, *get().State)
	}
	b.record(t, "s", "k", "while it is off")
	must(t, b.control.PutScript(ctx, "f", scriptOK))
	on, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, Enabled: aws.Bool(true), MaximumBatchingWindowInSeconds: aws.Int32(0), TumblingWindowInSeconds: aws.Int32(0)})
	must(t, err)
	b.drain(t)
	if *on.State != "Enabling" || *get().LastProcessingResult != "OK" {
		t.Errorf("on again: %s; last result %q", *on.State, *get().LastProcessingResult)
	}
	gone, err := b.lambda.DeleteEventSourceMapping(ctx, &lambda.DeleteEventSourceMappingInput{UUID: made.UUID})
	must(t, err)
	if *gone.State != "Deleting" {
		t.Errorf("deleted: %s", *gone.State)
	}
	_, err = b.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
	wantError(t, err, "ResourceNotFoundException", "The resource you requested does not exist.")
}

func TestFiltersOfAMappingAreShownAndTakenAway(t *testing.T) {
	b, ctx := mappable(t), t.Context()
	pattern := `{"data":{"kind":["paid"]}}`
	made, err := b.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(mappedStream), StartingPosition: "LATEST",
		FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: &pattern}}}})
	must(t, err)
	got, err := b.lambda.GetEventSourceMapping(ctx, &lambda.GetEventSourceMappingInput{UUID: made.UUID})
	must(t, err)
	list, err := b.lambda.ListEventSourceMappings(ctx, &lambda.ListEventSourceMappingsInput{})
	must(t, err)
	for what, f := range map[string]*types.FilterCriteria{"Create": made.FilterCriteria, "Get": got.FilterCriteria, "List": list.EventSourceMappings[0].FilterCriteria} {
		if f == nil || len(f.Filters) != 1 || *f.Filters[0].Pattern != pattern {
			t.Errorf("%s shows the filters %v", what, f)
		}
	}
	_, err = b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String("{}")}}}})
	wantError(t, err, "InvalidParameterValueException", "Invalid filter pattern definition.")
	long := strings.Repeat("x", 4097)
	_, err = b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: &long}}}})
	wantError(t, err, "ValidationException", "1 validation error detected: Value '"+long+"' at 'filterCriteria.filters.1.member.pattern' failed to satisfy constraint: Member must have length less than or equal to 4096")
	kept, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, BatchSize: aws.Int32(7)})
	must(t, err)
	if kept.FilterCriteria == nil {
		t.Error("an update without FilterCriteria took the filters away")
	}
	gone, err := b.lambda.UpdateEventSourceMapping(ctx, &lambda.UpdateEventSourceMappingInput{UUID: made.UUID, FilterCriteria: &types.FilterCriteria{}})
	must(t, err)
	if gone.FilterCriteria != nil {
		t.Errorf("the filters are %v after they were taken away", gone.FilterCriteria)
	}
}
