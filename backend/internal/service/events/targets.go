package events

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

var targetForm = regexp.MustCompile(`^[.\-_A-Za-z0-9]{1,64}$`)

// putTargets adds targets to a rule, or replaces those of the same id. All are checked before any is kept.
func (a *API) putTargets(ctx context.Context, in *eventbridge.PutTargetsInput) (*eventbridge.PutTargetsOutput, error) {
	bus, err := own(ctx, "PutTargets", in.EventBusName)
	if err != nil {
		return nil, err
	}
	k := bus.rule(*in.Rule)
	if _, err := a.rule(ctx, k); err != nil {
		return nil, err
	}
	for _, t := range in.Targets {
		if err := a.checkTarget(k, t); err != nil {
			return nil, err
		}
	}
	err = a.changeRule(ctx, k, false, func(r *rule) error {
		for _, t := range in.Targets {
			if i := slices.IndexFunc(r.targets, func(had types.Target) bool { return *had.Id == *t.Id }); i >= 0 {
				r.targets[i] = t
				continue
			}
			r.targets = append(r.targets, t)
		}
		if len(r.targets) > maxTargets {
			return wire.Errorf(400, "LimitExceededException", "The requested resource exceeds the maximum number allowed.")
		}
		return nil
	})
	return &eventbridge.PutTargetsOutput{FailedEntries: []types.PutTargetsResultEntry{}}, err
}

// checkTarget refuses what is not a target, and what is not simulated.
func (a *API) checkTarget(k ruleKey, t types.Target) error {
	if !targetForm.MatchString(*t.Id) {
		return wire.Validation(wire.Pattern("targets.1.member.id", *t.Id, `[\.\-_A-Za-z0-9]+`))
	}
	if err := refuseParameters(t); err != nil {
		return err
	}
	parsed, err := arn.Parse(*t.Arn)
	if err != nil {
		return invalid("Parameter %s is not valid. Reason: Provided Arn is not in correct format.", *t.Arn)
	}
	if _, _, err := a.Targets.Kind(*t.Arn); err != nil || !slices.Contains(simulated, parsed.Service) {
		return unsupported("PutTargets", "the target "+*t.Arn)
	}
	fifo := parsed.Service == "sqs" && strings.HasSuffix(parsed.Resource, ".fifo")
	switch grouped := t.SqsParameters != nil && aws.ToString(t.SqsParameters.MessageGroupId) != ""; {
	case fifo && !grouped:
		return invalid("Parameter(s) SqsParameters must be specified for target: %s.", *t.Id)
	case !fifo && t.SqsParameters != nil:
		return invalid("Parameter(s) SqsParameters can be used only with a FIFO queue: %s.", *t.Id)
	case parsed.Service == "events" && parsed.Account != k.Account && t.RoleArn == nil:
		return invalid("RoleArn is required for target %s: an event bus of another account.", *t.Id)
	case parsed.Service == "events" && *t.Arn == k.busKey.arn():
		return invalid("The event bus of the rule can't be its own target: %s.", *t.Id)
	case parsed.Service == "events" && (t.Input != nil || t.InputPath != nil || t.InputTransformer != nil):
		return unsupported("PutTargets", "an input for the event bus "+*t.Arn)
	case parsed.Service == "lambda" && t.RoleArn != nil:
		return invalid("RoleArn is not supported for target %s.", *t.Arn)
	}
	if err := checkPolicies(t); err != nil {
		return err
	}
	return checkInput(t)
}

// simulated are the services whose resources are targets here.
var simulated = []string{"lambda", "sqs", "sns", "events"}

func refuseParameters(t types.Target) error {
	for name, given := range map[string]bool{"AppSyncParameters": t.AppSyncParameters != nil, "BatchParameters": t.BatchParameters != nil, "EcsParameters": t.EcsParameters != nil,
		"HttpParameters": t.HttpParameters != nil, "KinesisParameters": t.KinesisParameters != nil, "RedshiftDataParameters": t.RedshiftDataParameters != nil,
		"RunCommandParameters": t.RunCommandParameters != nil, "SageMakerPipelineParameters": t.SageMakerPipelineParameters != nil} {
		if given {
			return unsupported("PutTargets", name)
		}
	}
	return nil
}

// checkPolicies checks a target's retry policy and dead-letter queue.
func checkPolicies(t types.Target) error {
	if p := t.RetryPolicy; p != nil {
		if n := p.MaximumRetryAttempts; n != nil && *n < 0 {
			return wire.Validation(wire.AtLeast("targets.1.member.retryPolicy.maximumRetryAttempts", int(*n), 0))
		}
		if n := p.MaximumRetryAttempts; n != nil && *n > defaultAttempts {
			return wire.Validation(wire.AtMost("targets.1.member.retryPolicy.maximumRetryAttempts", int(*n), defaultAttempts))
		}
		if n := p.MaximumEventAgeInSeconds; n != nil && *n != 0 && *n < 60 {
			return wire.Validation(wire.AtLeast("targets.1.member.retryPolicy.maximumEventAgeInSeconds", int(*n), 60))
		}
		if n := p.MaximumEventAgeInSeconds; n != nil && *n > int32(defaultAge.Seconds()) {
			return wire.Validation(wire.AtMost("targets.1.member.retryPolicy.maximumEventAgeInSeconds", int(*n), int(defaultAge.Seconds())))
		}
	}
	if t.DeadLetterConfig == nil || t.DeadLetterConfig.Arn == nil {
		return nil
	}
	queue, err := arn.Parse(*t.DeadLetterConfig.Arn)
	if err != nil || queue.Service != "sqs" || strings.HasSuffix(queue.Resource, ".fifo") {
		return invalid("Parameter DeadLetterConfig is not valid. Reason: %s is not the ARN of a standard queue.", *t.DeadLetterConfig.Arn)
	}
	return nil
}

// checkInput checks what a target says about what it is sent.
func checkInput(t types.Target) error {
	said := 0
	for _, given := range []bool{t.Input != nil, t.InputPath != nil, t.InputTransformer != nil} {
		if given {
			said++
		}
	}
	switch {
	case said > 1:
		return invalid("Only one of Input, InputPath, or InputTransformer must be provided for target %s.", *t.Id)
	case t.Input != nil && !json.Valid([]byte(*t.Input)):
		return invalid("JSON syntax error in input for target %s.", *t.Id)
	case t.InputPath != nil:
		if _, err := parsePath(*t.InputPath); err != nil {
			return invalid("Invalid InputPath for target %s: %v.", *t.Id, err)
		}
	case t.InputTransformer != nil:
		if err := checkTransformer(t.InputTransformer); err != nil {
			return invalid("Invalid InputTemplate for target %s : %v.", *t.Id, err)
		}
	}
	return nil
}

// removeTargets takes targets off a rule; what is not there is named in the answer.
func (a *API) removeTargets(ctx context.Context, in *eventbridge.RemoveTargetsInput) (*eventbridge.RemoveTargetsOutput, error) {
	bus, err := own(ctx, "RemoveTargets", in.EventBusName)
	if err != nil {
		return nil, err
	}
	k := bus.rule(*in.Rule)
	out := &eventbridge.RemoveTargetsOutput{}
	err = a.changeRule(ctx, k, false, func(r *rule) error {
		out.FailedEntries = []types.RemoveTargetsResultEntry{}
		for _, id := range in.Ids {
			i := slices.IndexFunc(r.targets, func(t types.Target) bool { return *t.Id == id })
			if i < 0 {
				out.FailedEntries = append(out.FailedEntries, types.RemoveTargetsResultEntry{TargetId: aws.String(id), ErrorCode: aws.String("ResourceNotFoundException"),
					ErrorMessage: aws.String("Rule " + k.Name + " does not have a target with the Id " + id + ".")})
				continue
			}
			r.targets = slices.Delete(r.targets, i, i+1)
		}
		return nil
	})
	out.FailedEntryCount = int32(len(out.FailedEntries))
	return out, err
}

func (a *API) listTargets(ctx context.Context, in *eventbridge.ListTargetsByRuleInput) (*eventbridge.ListTargetsByRuleOutput, error) {
	bus, err := own(ctx, "ListTargetsByRule", in.EventBusName)
	if err != nil {
		return nil, err
	}
	r, err := a.rule(ctx, bus.rule(*in.Rule))
	if err != nil {
		return nil, err
	}
	list, next, err := page(r.targets, in.NextToken, in.Limit, func(t types.Target) string { return *t.Id })
	if list == nil {
		list = []types.Target{}
	}
	return &eventbridge.ListTargetsByRuleOutput{Targets: list, NextToken: next}, err
}

// refusal is why a target did not take an event; ok says that it is the target's doing.
func refusal(err error) (f *fault.Error, ok bool) { return errors.AsType[*fault.Error](err) }
