package lambda_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// mapTo maps a source to f.
func (w *world) mapTo(source string) error {
	return mapping(source, func(*lambda.CreateEventSourceMappingInput) {})(w)
}

// mapping asks for a mapping that is good but for what change makes of it.
func mapping(source string, change func(in *lambda.CreateEventSourceMappingInput)) func(*world) error {
	return func(w *world) error {
		in := &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: &source}
		if !strings.Contains(source, ":sqs:") {
			in.StartingPosition = types.EventSourcePositionLatest
		}
		change(in)
		return try(w.CreateEventSourceMapping(w.t.Context(), in))
	}
}

func plainly(*lambda.CreateEventSourceMappingInput) {}

var mappingErrors = []asking{
	{part: "Value null at 'startingPosition'", ask: mapping(streamARN, func(in *lambda.CreateEventSourceMappingInput) { in.StartingPosition = "" })},
	{part: "'invalid' at 'startingPosition'", ask: mapping(streamARN, func(in *lambda.CreateEventSourceMappingInput) { in.StartingPosition = "invalid" })},
	{part: "AWS.SimpleQueueService.NonExistentQueue", ask: mapping(queueARN+"-none", plainly)},
	{part: "InvalidParameterValueException: Function does not exist", ask: mapping(streamARN, func(in *lambda.CreateEventSourceMappingInput) { in.FunctionName = aws.String("none") })},
	{part: "Maximum batch window in seconds must be greater than 0", ask: mapping(queueARN, func(in *lambda.CreateEventSourceMappingInput) { in.BatchSize = aws.Int32(11) })},
	{part: "stream/2025-02-22T03:03:25.490", ask: mapping("arn:aws:dynamodb:us-east-1:000000000000:table/test-table-4a53f4e8/stream/2025-02-22T03:03:25.490", plainly)},
	{part: "stream/test-foobar-81ded7e8", ask: mapping("arn:aws:kinesis:us-east-1:000000000000:stream/test-foobar-81ded7e8", plainly)},
	{part: "Unrecognized event source.", ask: func(w *world) error {
		return try(w.CreateEventSourceMapping(w.t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f")}))
	}},
	{part: "Unsupported DestinationConfig parameter", ask: mapping(queueARN, func(in *lambda.CreateEventSourceMappingInput) {
		in.DestinationConfig = &types.DestinationConfig{OnSuccess: &types.OnSuccess{Destination: aws.String(queueARN)}}
	})},
	{part: "Unsupported starting position for arn type", ask: func(w *world) error {
		return mapping(w.table, func(in *lambda.CreateEventSourceMappingInput) {
			in.StartingPosition = types.EventSourcePositionAtTimestamp
		})(w)
	}},
	{part: "An event source mapping with SQS arn", ask: mapping(queueARN, plainly)},
	{part: `The event source arn (" arn:<partition>:kinesis`, ask: mapping(streamARN, plainly)},
	{part: `The event source arn (" arn:<partition>:dynamodb`, ask: func(w *world) error { return w.mapTo(w.table) }},
	{part: "Invalid filter pattern definition.", ask: mapping(streamARN, func(in *lambda.CreateEventSourceMappingInput) {
		in.FilterCriteria = &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"eventSource":"aws:sqs"}`)}}}
	})},
	{part: "The resource you requested does not exist.", ask: func(w *world) error {
		return try(w.GetEventSourceMapping(w.t.Context(), &lambda.GetEventSourceMappingInput{UUID: aws.String(uuidText)}))
	}},
}
