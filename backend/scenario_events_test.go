package backend_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func init() {
	// bus NAME
	verbs["bus"] = func(ctx context.Context, s *story, rest string) error {
		_, err := s.buses.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &rest})
		return err
	}
	// rule BUS NAME PATTERN
	verbs["rule"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		_, err := s.buses.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: &w[0], Name: &w[1], EventPattern: &w[2]})
		return err
	}
	// schedule NAME EXPRESSION
	verbs["schedule"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.buses.PutRule(ctx, &eventbridge.PutRuleInput{Name: &w[0], ScheduleExpression: &w[1]})
		return err
	}
	// target BUS RULE TARGET: a Target as the API has it
	verbs["target"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		var t types.Target
		if err := json.Unmarshal([]byte(w[2]), &t); err != nil {
			return err
		}
		_, err := s.buses.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: &w[0], Rule: &w[1], Targets: []types.Target{t}})
		return err
	}
	// event BUS SOURCE DETAIL_TYPE DETAIL: says the error of an entry
	verbs["event"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		return s.put(ctx, s.buses, w)
	}
	// event_from ACCOUNT BUS SOURCE DETAIL_TYPE DETAIL: as the root of another account
	verbs["event_from"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 5)
		return s.put(ctx, s.as(w[0]).buses, w[1:])
	}
	// function_policy FUNCTION POLICY: the whole one
	verbs["function_policy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.lambda.PutResourcePolicy(ctx, &lambda.PutResourcePolicyInput{ResourceArn: aws.String(functionARN(w[0])), Policy: &w[1]})
		return err
	}
	// bus_policy BUS POLICY
	verbs["bus_policy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.buses.PutPermission(ctx, &eventbridge.PutPermissionInput{EventBusName: &w[0], Policy: &w[1]})
		return err
	}
}

func (s *story) put(ctx context.Context, client *eventbridge.Client, w []string) error {
	out, err := client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{EventBusName: &w[0], Source: &w[1], DetailType: &w[2], Detail: &w[3]}}})
	if err == nil && out.FailedEntryCount > 0 {
		fmt.Fprintf(&s.said, "event %v: %s: %s\n", w, aws.ToString(out.Entries[0].ErrorCode), aws.ToString(out.Entries[0].ErrorMessage))
	}
	return err
}
