package backend_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// TestEverySchedulesTickFires pins that a rate of a minute invokes a function 1,440 times in a day of virtual time.
func TestEverySchedulesTickFires(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.function(t, "f", "r", "")
	if err := b.control.PutScript(t.Context(), "f", control.Script{Outcomes: []control.ScriptedOutcome{{}}}); err != nil {
		t.Fatal(err)
	}
	rule := "arn:aws:events:us-east-1:" + account + ":rule/minutely"
	_, err := b.lambda.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("s"), Principal: aws.String("events.amazonaws.com"),
		Action: aws.String("lambda:InvokeFunction"), SourceArn: &rule})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.buses.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("minutely"), ScheduleExpression: aws.String("rate(1 minute)")}); err != nil {
		t.Fatal(err)
	}
	_, err = b.buses.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("minutely"), Targets: []types.Target{{Id: aws.String("f"), Arn: aws.String(functionARN("f"))}}})
	if err != nil {
		t.Fatal(err)
	}
	mappings, err := b.control.Mappings(t.Context(), "f")
	if err != nil || len(mappings) != 1 || !mappings[0].Permitted || mappings[0].Source.ARN != rule || mappings[0].KeptBy != "events" {
		t.Errorf("the function's mappings are %+v (%v)", mappings, err)
	}
	begin := time.Now()
	if _, err := b.control.AdvanceBy(t.Context(), 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	t.Logf("24 hours took %v", time.Since(begin))
	b.drain(t)
	n := 0
	for _, d := range b.all(t) {
		if d.Source.ARN == rule && d.Outcome == "delivered" && d.Attempts == 1 {
			n++
		}
	}
	if n != 1440 {
		t.Errorf("the function ran %d times, want 1440", n)
	}
	// A rule that is disabled, enabled again, or deleted and made anew ticks once, not twice.
	for range 2 {
		if _, err := b.buses.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: aws.String("minutely")}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.buses.EnableRule(t.Context(), &eventbridge.EnableRuleInput{Name: aws.String("minutely")}); err != nil {
			t.Fatal(err)
		}
	}
	before := len(b.all(t))
	if _, err := b.control.AdvanceBy(t.Context(), 3*time.Minute); err != nil {
		t.Fatal(err)
	}
	if got := len(b.all(t)) - before; got != 3 {
		t.Errorf("after it was enabled again the rule fired %d times in three minutes", got)
	}
}

// all lists every delivery.
func (b *bundle) all(t *testing.T) (all []control.Delivery) {
	t.Helper()
	for after := int64(0); ; {
		list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{After: after, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return all
		}
		all, after = append(all, list...), list[len(list)-1].ID
	}
}

// TestEventBridgeErrors pins AWS's words for what is refused.
// A bus takes the event as it is; an input for it is refused by name, not left out without a word.
func TestABusAsTargetTakesNoInput(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	if _, err := b.buses.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["x"]}`)}); err != nil {
		t.Fatal(err)
	}
	bus, err := b.buses.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("other")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.buses.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []types.Target{{Id: aws.String("b"), Arn: bus.EventBusArn, Input: aws.String("{}")}}})
	if err == nil || !strings.Contains(err.Error(), "an input for the event bus "+*bus.EventBusArn) {
		t.Errorf("got %v", err)
	}
}

func TestEventBridgeErrors(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	arnOf := func(rest string) string { return "arn:aws:events:us-east-1:" + account + ":" + rest }
	_, err := b.buses.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("b"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := b.buses.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: aws.String("b"), Name: aws.String("r"), EventPattern: aws.String(`{"source":["s"]}`)})
	if err != nil || *out.RuleArn != arnOf("rule/b/r") {
		t.Fatal(out, err)
	}
	_, err = b.buses.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: aws.String("b"), Rule: aws.String("r"),
		Targets: []types.Target{{Id: aws.String("q"), Arn: aws.String("arn:aws:sqs:us-east-1:" + account + ":q")}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		call       func() error
	}{
		{"a bus that is there", "ResourceAlreadyExistsException: Event bus b already exists.", func() error {
			_, err := b.buses.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("b")})
			return err
		}},
		{"the default bus", "ResourceAlreadyExistsException: Event bus default already exists.", func() error {
			_, err := b.buses.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("default")})
			return err
		}},
		{"a slash", "ValidationException: Event bus name must not contain '/'.", func() error {
			_, err := b.buses.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: aws.String("a/b")})
			return err
		}},
		{"no bus", "ResourceNotFoundException: Event bus gone does not exist.", func() error {
			_, err := b.buses.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("gone")})
			return err
		}},
		{"no bus for a rule", "ResourceNotFoundException: Event bus gone does not exist.", func() error {
			_, err := b.buses.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: aws.String("gone"), Name: aws.String("r"), EventPattern: aws.String(`{"a":["b"]}`)})
			return err
		}},
		{"deleting the default bus", "ValidationException: Cannot delete event bus default.", func() error {
			_, err := b.buses.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("default")})
			return err
		}},
		{"deleting a bus with rules", "ValidationException: Event bus can't be deleted since it has rules.", func() error {
			_, err := b.buses.DeleteEventBus(ctx, &eventbridge.DeleteEventBusInput{Name: aws.String("b")})
			return err
		}},
		{"deleting a rule with targets", "ValidationException: Rule can't be deleted since it has targets.", func() error {
			_, err := b.buses.DeleteRule(ctx, &eventbridge.DeleteRuleInput{EventBusName: aws.String("b"), Name: aws.String("r")})
			return err
		}},
		{"no rule", "ResourceNotFoundException: Rule gone does not exist on EventBus default.", func() error {
			_, err := b.buses.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("gone")})
			return err
		}},
		{"a rule without anything", "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified.", func() error {
			_, err := b.buses.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r")})
			return err
		}},
		{"a schedule on another bus", "ValidationException: ScheduleExpression is supported only on the default event bus.", func() error {
			_, err := b.buses.PutRule(ctx, &eventbridge.PutRuleInput{EventBusName: aws.String("b"), Name: aws.String("r"), ScheduleExpression: aws.String("rate(1 minute)")})
			return err
		}},
		{"a bad pattern", "InvalidEventPatternException: Event pattern is not valid. Reason: Empty arrays are not allowed\n at [Source: (String)\"{\"source\":[]}\"; line: 1, column: 13]", func() error {
			_, err := b.buses.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":[]}`)})
			return err
		}},
		{"a test of no event", "ValidationException: Parameter Event is not valid.", func() error {
			_, err := b.buses.TestEventPattern(ctx, &eventbridge.TestEventPatternInput{Event: aws.String(`"text"`), EventPattern: aws.String(`{"source":["s"]}`)})
			return err
		}},
		{"no policy", "ResourceNotFoundException: EventBus does not have a policy.", func() error {
			_, err := b.buses.RemovePermission(ctx, &eventbridge.RemovePermissionInput{EventBusName: aws.String("b"), StatementId: aws.String("s")})
			return err
		}},
		{"a FIFO queue without a group", "ValidationException: Parameter(s) SqsParameters must be specified for target: q.", func() error {
			_, err := b.buses.PutTargets(ctx, &eventbridge.PutTargetsInput{EventBusName: aws.String("b"), Rule: aws.String("r"),
				Targets: []types.Target{{Id: aws.String("q"), Arn: aws.String("arn:aws:sqs:us-east-1:" + account + ":q.fifo")}}})
			return err
		}},
		{"an archive", "NotImplemented: lambdasim does not simulate events:ListArchives yet", func() error {
			_, err := b.buses.ListArchives(ctx, &eventbridge.ListArchivesInput{})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refusal, ok := errors.AsType[smithy.APIError](c.call())
			if !ok || refusal.ErrorCode()+": "+refusal.ErrorMessage() != c.want {
				t.Errorf("got %v\nwant %s", refusal, c.want)
			}
		})
	}
	t.Run("entries fail for themselves", func(t *testing.T) {
		out, err := b.buses.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
			{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String("{}")},
			{Source: aws.String("s"), DetailType: aws.String("d")},
			{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String("[]")}}})
		if err != nil || out.FailedEntryCount != 2 || aws.ToString(out.Entries[0].EventId) == "" ||
			aws.ToString(out.Entries[1].ErrorMessage) != "Parameter Detail is not valid. Reason: Detail is a required argument." || aws.ToString(out.Entries[2].ErrorCode) != "MalformedDetail" {
			t.Errorf("got %+v, %v", out, err)
		}
		eleven := slices.Repeat([]types.PutEventsRequestEntry{{Source: aws.String("s")}}, 11)
		if _, err := b.buses.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: eleven}); err == nil || !strings.Contains(err.Error(), "Member must have length less than or equal to 10") {
			t.Error(err)
		}
		large := types.PutEventsRequestEntry{Source: aws.String("s"), DetailType: aws.String("d"), Detail: aws.String(`{"a":"` + strings.Repeat("x", 1<<20) + `"}`)}
		if _, err := b.buses.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{large}}); err == nil || !strings.Contains(err.Error(), "over the limit") {
			t.Error(err)
		}
	})
	t.Run("what is kept can be read", func(t *testing.T) {
		tags, err := b.buses.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: aws.String(arnOf("event-bus/b"))})
		if err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Value != "v" {
			t.Error(tags, err)
		}
		if _, err := b.as("111111111111").buses.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: aws.String(arnOf("event-bus/b"))}); err == nil {
			t.Error("another account reads the bus's tags")
		}
		_, err = b.buses.PutPermission(ctx, &eventbridge.PutPermissionInput{EventBusName: aws.String("b"), Action: aws.String("events:PutEvents"), Principal: aws.String("111111111111"), StatementId: aws.String("them")})
		if err != nil {
			t.Fatal(err)
		}
		bus, err := b.buses.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("b")})
		if want := `{"Version":"2012-10-17","Statement":[{"Sid":"them","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"events:PutEvents","Resource":"` + arnOf("event-bus/b") + `"}]}`; err != nil || aws.ToString(bus.Policy) != want {
			t.Error(aws.ToString(bus.Policy), err)
		}
		names, err := b.buses.ListRuleNamesByTarget(ctx, &eventbridge.ListRuleNamesByTargetInput{EventBusName: aws.String("b"), TargetArn: aws.String("arn:aws:sqs:us-east-1:" + account + ":q")})
		if err != nil || !slices.Equal(names.RuleNames, []string{"r"}) {
			t.Error(names, err)
		}
		first, err := b.buses.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{Limit: aws.Int32(1)})
		if err != nil || len(first.EventBuses) != 1 || *first.EventBuses[0].Name != "b" || first.NextToken == nil {
			t.Fatal(first, err)
		}
		second, err := b.buses.ListEventBuses(ctx, &eventbridge.ListEventBusesInput{NextToken: first.NextToken})
		if err != nil || len(second.EventBuses) != 1 || *second.EventBuses[0].Name != "default" {
			t.Error(second, err)
		}
		if err := b.control.Reset(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		if list, err := b.buses.ListRules(ctx, &eventbridge.ListRulesInput{}); err != nil || len(list.Rules) != 0 {
			t.Error("a reset leaves rules:", list, err)
		}
		if _, err := b.buses.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: aws.String("b")}); err == nil {
			t.Error("a reset leaves a bus")
		}
	})
}
