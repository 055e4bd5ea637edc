package backend_test

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
)

func init() {
	// log_group NAME
	verbs["log_group"] = func(ctx context.Context, s *story, rest string) error {
		_, err := s.watch.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &rest})
		return err
	}
	// filter GROUP NAME FUNCTION [PATTERN]: a subscription filter
	verbs["filter"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		arn := functionARN(w[2])
		_, err := s.watch.PutSubscriptionFilter(ctx, &cloudwatchlogs.PutSubscriptionFilterInput{LogGroupName: &w[0], FilterName: &w[1], DestinationArn: &arn, FilterPattern: &w[3]})
		return err
	}
	// unfilter GROUP NAME
	verbs["unfilter"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.watch.DeleteSubscriptionFilter(ctx, &cloudwatchlogs.DeleteSubscriptionFilterInput{LogGroupName: &w[0], FilterName: &w[1]})
		return err
	}
	// says FUNCTION LINES: a script whose outcomes write the lines, a JSON array
	verbs["says"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		var lines []string
		if err := json.Unmarshal([]byte(w[1]), &lines); err != nil {
			return err
		}
		text, err := json.Marshal(map[string]any{"outcomes": []any{map[string]any{"log": lines}}})
		if err != nil {
			return err
		}
		return verbs["script"](ctx, s, w[0]+" "+string(text))
	}
}
