package lambda

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
)

// checkDeadLetter demands that a dead-letter queue is a queue or a topic, and that the execution role may write to it. That it
// is there Lambda does not ask: an event that cannot be written is lost (DeadLetterErrors).
func (a *API) checkDeadLetter(ctx context.Context, v *function.Version) error {
	if v.DeadLetter == "" {
		return nil
	}
	parsed, err := arn.Parse(v.DeadLetter)
	if err != nil || parsed.Service != "sqs" && parsed.Service != "sns" {
		return invalid("The dead-letter target %s is neither an SQS queue nor an SNS topic", v.DeadLetter)
	}
	allowed, operation, service, err := a.mayDeliver(ctx, v.DeadLetter, v)
	if err == nil && !allowed {
		return invalid("The provided execution role does not have permissions to call %s on %s", operation, service)
	}
	return err
}

// checkNewDeadLetter is checkDeadLetter for an update: with the role and the queue that the function will have.
func (a *API) checkNewDeadLetter(ctx context.Context, k function.Key, in *lambda.UpdateFunctionConfigurationInput) error {
	if in.DeadLetterConfig == nil {
		return nil
	}
	v, _, err := a.Functions.Get(ctx, k)
	if err != nil {
		return err
	}
	reconfigure(&v.Config, in)
	return a.checkDeadLetter(ctx, v)
}
