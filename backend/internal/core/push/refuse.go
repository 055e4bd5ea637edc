package push

import (
	"context"
	"errors"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

const ruleDeadLetter = "PUSH-DEAD-LETTER"

// DeadLetter is the queue of a source for events that nobody took. The source's own service sends it, on behalf of the source.
type DeadLetter struct {
	Queue      string // ARN
	Body       string
	Attributes map[string]target.Attribute
}

// refuse ends a delivery that may not go on. The error is only for a database that does not answer.
func (d *Dispatcher) refuse(ctx context.Context, h trace.Header, e Event, why trace.Step) error {
	if e.DeadLetter != nil {
		d.Trace.Add(h, why)
		outcome, steps, err := d.Bury(ctx, h, e)
		if err == nil {
			d.Trace.Settle(h, outcome, steps...)
		}
		return err
	}
	end := "the event is lost: nobody is told, since " + e.Service + " calls asynchronously"
	if h.InvocationType == string(invoke.RequestResponse) {
		end = "the refusal was returned to " + e.Service
	}
	d.Trace.Settle(h, trace.Denied, why, trace.Step{Kind: trace.Settled, Reason: end, Rule: rulePermit})
	return nil
}

// Bury sends an event's dead letter, and returns how the delivery ends with its last steps. The error is only for a database
// that does not answer.
func (d *Dispatcher) Bury(ctx context.Context, h trace.Header, e Event) (trace.Outcome, []trace.Step, error) {
	err := d.Targets.Deliver(ctx, target.Delivery{Target: e.DeadLetter.Queue, Sender: authz.ServiceOf(e.Principal),
		Source: authz.Source{ARN: e.SourceARN, Account: e.SourceAccount}, Body: []byte(e.DeadLetter.Body), Attributes: e.DeadLetter.Attributes, Cause: h})
	f, refused := errors.AsType[*fault.Error](err)
	switch {
	case err == nil:
		return trace.DeadLettered, []trace.Step{{Kind: trace.Delivered, Reason: "the dead-letter queue " + e.DeadLetter.Queue + " has it", Rule: ruleDeadLetter},
			{Kind: trace.Settled, Reason: "nobody else took it", Rule: ruleDeadLetter}}, nil
	case !refused:
		return "", nil, err
	}
	reason := "the dead-letter queue " + e.DeadLetter.Queue + " did not take it: " + f.Message
	if f.Detail != "" {
		reason += "\n" + f.Detail
	}
	return trace.Denied, []trace.Step{{Kind: trace.Lost, Reason: reason, Rule: ruleDeadLetter},
		{Kind: trace.Settled, Reason: "the event is lost", Rule: ruleDeadLetter}}, nil
}
