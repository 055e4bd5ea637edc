package events

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/pattern"
)

// maxRules is how many rules a bus has, maxTargets how many targets a rule (EventBridge quotas).
const (
	maxRules   = 300
	maxTargets = 5
)

// putRule makes a rule, or replaces all of one but its targets; tags are for a new rule alone (API: PutRule).
func (a *API) putRule(ctx context.Context, in *eventbridge.PutRuleInput) (*eventbridge.PutRuleOutput, error) {
	bus, err := own(ctx, "PutRule", in.EventBusName)
	if err != nil {
		return nil, err
	}
	if err := checkRule(bus, in); err != nil {
		return nil, err
	}
	k := bus.rule(*in.Name)
	others, err := a.rulesOf(ctx, bus)
	if err != nil {
		return nil, err
	}
	fresh := !slices.ContainsFunc(others, func(r *rule) bool { return r.Name == k.Name })
	if fresh && len(others) >= maxRules {
		return nil, wire.Errorf(400, "LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	}
	err = a.changeRule(ctx, k, true, func(r *rule) error {
		r.description, r.pattern, r.schedule, r.role = aws.ToString(in.Description), aws.ToString(in.EventPattern), aws.ToString(in.ScheduleExpression), aws.ToString(in.RoleArn)
		if r.state = string(in.State); r.state == "" {
			r.state = string(types.RuleStateEnabled)
		}
		if fresh {
			for _, t := range in.Tags {
				r.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
		}
		return nil
	})
	return &eventbridge.PutRuleOutput{RuleArn: aws.String(k.arn())}, err
}

func checkRule(bus busKey, in *eventbridge.PutRuleInput) error {
	text, schedule := aws.ToString(in.EventPattern), aws.ToString(in.ScheduleExpression)
	switch {
	case !ruleForm.MatchString(*in.Name):
		return wire.Validation(wire.Pattern("name", *in.Name, `[\.\-_A-Za-z0-9]+`))
	case in.State != "" && !slices.Contains(in.State.Values(), in.State):
		return wire.Validation(wire.Enum("state", string(in.State), []string{"ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"}))
	case text == "" && schedule == "":
		return invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case schedule != "" && bus.Bus != defaultBus:
		return invalid("ScheduleExpression is supported only on the default event bus.")
	}
	if text != "" {
		if err := checkPattern(text); err != nil {
			return err
		}
	}
	if schedule != "" {
		if _, err := parseSchedule(schedule); err != nil {
			return invalid("Parameter ScheduleExpression is not valid.")
		}
	}
	return nil
}

func checkPattern(text string) error {
	if _, err := pattern.Compile(text, pattern.EventBridge); err != nil {
		return wire.Errorf(400, "InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
	}
	return nil
}

func (a *API) describeRule(ctx context.Context, in *eventbridge.DescribeRuleInput) (*eventbridge.DescribeRuleOutput, error) {
	bus, err := own(ctx, "DescribeRule", in.EventBusName)
	if err != nil {
		return nil, err
	}
	r, err := a.rule(ctx, bus.rule(*in.Name))
	if err != nil {
		return nil, err
	}
	return &eventbridge.DescribeRuleOutput{Arn: aws.String(r.arn()), Name: &r.Name, EventBusName: &r.Bus, Description: given(r.description), EventPattern: given(r.pattern),
		ScheduleExpression: given(r.schedule), RoleArn: given(r.role), State: types.RuleState(r.state), CreatedBy: &r.Account}, nil
}

func (a *API) enableRule(ctx context.Context, in *eventbridge.EnableRuleInput) (*eventbridge.EnableRuleOutput, error) {
	return &eventbridge.EnableRuleOutput{}, a.setState(ctx, "EnableRule", in.EventBusName, *in.Name, types.RuleStateEnabled)
}

func (a *API) disableRule(ctx context.Context, in *eventbridge.DisableRuleInput) (*eventbridge.DisableRuleOutput, error) {
	return &eventbridge.DisableRuleOutput{}, a.setState(ctx, "DisableRule", in.EventBusName, *in.Name, types.RuleStateDisabled)
}

func (a *API) setState(ctx context.Context, operation string, busName *string, name string, state types.RuleState) error {
	bus, err := own(ctx, operation, busName)
	if err != nil {
		return err
	}
	return a.changeRule(ctx, bus.rule(name), false, func(r *rule) error {
		r.state = string(state)
		return nil
	})
}

// deleteRule does nothing where there is no such rule, as AWS.
func (a *API) deleteRule(ctx context.Context, in *eventbridge.DeleteRuleInput) (*eventbridge.DeleteRuleOutput, error) {
	bus, err := own(ctx, "DeleteRule", in.EventBusName)
	if err != nil {
		return nil, err
	}
	k := bus.rule(*in.Name)
	err = a.changeRule(ctx, k, false, func(r *rule) error {
		if len(r.targets) > 0 {
			return invalid("Rule can't be deleted since it has targets.")
		}
		return nil
	})
	if fault.Is(err, fault.NotFound) {
		return &eventbridge.DeleteRuleOutput{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &eventbridge.DeleteRuleOutput{}, a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tx.AfterCommit(a.changed)
		_, err := tx.Exec(ctx, `DELETE FROM events.rules WHERE account = @account AND region = @region AND bus = @bus AND name = @name AND targets = '[]'`, k.arguments())
		return err
	})
}

func (a *API) listRules(ctx context.Context, in *eventbridge.ListRulesInput) (*eventbridge.ListRulesOutput, error) {
	list, next, err := a.selected(ctx, "ListRules", in.EventBusName, in.NextToken, in.Limit, func(r *rule) bool {
		return strings.HasPrefix(r.Name, aws.ToString(in.NamePrefix))
	})
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListRulesOutput{Rules: []types.Rule{}, NextToken: next}
	for _, r := range list {
		out.Rules = append(out.Rules, types.Rule{Arn: aws.String(r.arn()), Name: &r.Name, EventBusName: &r.Bus, Description: given(r.description),
			EventPattern: given(r.pattern), ScheduleExpression: given(r.schedule), RoleArn: given(r.role), State: types.RuleState(r.state)})
	}
	return out, nil
}

func (a *API) listByTarget(ctx context.Context, in *eventbridge.ListRuleNamesByTargetInput) (*eventbridge.ListRuleNamesByTargetOutput, error) {
	list, next, err := a.selected(ctx, "ListRuleNamesByTarget", in.EventBusName, in.NextToken, in.Limit, func(r *rule) bool {
		return slices.ContainsFunc(r.targets, func(t types.Target) bool { return *t.Arn == *in.TargetArn })
	})
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListRuleNamesByTargetOutput{RuleNames: []string{}, NextToken: next}
	for _, r := range list {
		out.RuleNames = append(out.RuleNames, r.Name)
	}
	return out, nil
}

// selected is a page of the rules of a bus that want likes.
func (a *API) selected(ctx context.Context, operation string, busName, token *string, limit *int32, want func(*rule) bool) ([]*rule, *string, error) {
	k, err := own(ctx, operation, busName)
	if err != nil {
		return nil, nil, err
	}
	if _, err := a.bus(ctx, a.DB, k); err != nil {
		return nil, nil, err
	}
	list, err := a.rulesOf(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	list = slices.DeleteFunc(slices.Clone(list), func(r *rule) bool { return !want(r) })
	return page(list, token, limit, func(r *rule) string { return r.Name })
}

func (a *API) testPattern(_ context.Context, in *eventbridge.TestEventPatternInput) (*eventbridge.TestEventPatternOutput, error) {
	if err := checkPattern(*in.EventPattern); err != nil {
		return nil, err
	}
	p, err := pattern.Compile(*in.EventPattern, pattern.EventBridge)
	if err != nil {
		return nil, err
	}
	matches, err := p.Match([]byte(*in.Event))
	if err != nil {
		return nil, invalid("Parameter Event is not valid.")
	}
	return &eventbridge.TestEventPatternOutput{Result: matches}, nil
}

// tagged finds the rule or the bus of an ARN, to be changed.
func (a *API) tagged(ctx context.Context, resource string, change func(tags map[string]string)) error {
	if err := mine(ctx, resource); err != nil {
		return err
	}
	if k, err := parseBus(resource); err == nil {
		return a.changeBus(ctx, k, func(b *bus) error { change(b.tags); return nil })
	}
	k, err := parseRule(resource)
	if err != nil {
		return err
	}
	return a.changeRule(ctx, k, false, func(r *rule) error { change(r.tags); return nil })
}

// mine refuses what belongs to another account.
func mine(ctx context.Context, resource string) error {
	parsed, err := arn.Parse(resource)
	if err != nil {
		return invalid("Provided Arn is not in correct format.")
	}
	if parsed.Account != wire.CallFrom(ctx).Account {
		return fault.New(fault.NotFound, "%s does not exist in this account.", resource)
	}
	return nil
}

func parseRule(text string) (ruleKey, error) {
	parsed, err := arn.Parse(text)
	name, ok := strings.CutPrefix(parsed.Resource, "rule/")
	if err != nil || !ok || parsed.Service != "events" {
		return ruleKey{}, invalid("Provided Arn is not in correct format.")
	}
	bus, rest, named := strings.Cut(name, "/")
	if !named {
		bus, rest = defaultBus, name
	}
	return busKey{parsed.Account, parsed.Region, bus}.rule(rest), nil
}

func (a *API) tag(ctx context.Context, in *eventbridge.TagResourceInput) (*eventbridge.TagResourceOutput, error) {
	return &eventbridge.TagResourceOutput{}, a.tagged(ctx, *in.ResourceARN, func(tags map[string]string) {
		for _, t := range in.Tags {
			tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
		}
	})
}

func (a *API) untag(ctx context.Context, in *eventbridge.UntagResourceInput) (*eventbridge.UntagResourceOutput, error) {
	return &eventbridge.UntagResourceOutput{}, a.tagged(ctx, *in.ResourceARN, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
}

func (a *API) listTags(ctx context.Context, in *eventbridge.ListTagsForResourceInput) (*eventbridge.ListTagsForResourceOutput, error) {
	if err := mine(ctx, *in.ResourceARN); err != nil {
		return nil, err
	}
	tags, err := a.Tags(ctx, *in.ResourceARN)
	if err != nil {
		return nil, err
	}
	out := &eventbridge.ListTagsForResourceOutput{Tags: []types.Tag{}}
	for k, v := range tags {
		out.Tags = append(out.Tags, types.Tag{Key: &k, Value: &v})
	}
	slices.SortFunc(out.Tags, func(x, y types.Tag) int { return strings.Compare(*x.Key, *y.Key) })
	return out, nil
}

// Tags are the tags of a bus or of a rule, by its ARN.
func (a *API) Tags(ctx context.Context, resource string) (map[string]string, error) {
	if k, err := parseBus(resource); err == nil {
		b, err := a.bus(ctx, a.DB, k)
		if err != nil {
			return nil, err
		}
		return b.tags, nil
	}
	k, err := parseRule(resource)
	if err != nil {
		return nil, err
	}
	r, err := a.rule(ctx, k)
	if err != nil {
		return nil, err
	}
	return r.tags, nil
}
