package push

import (
	"context"
	"errors"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const ruleOffer = "PUSH-TARGET-POLICY"

// Offer hands an event to the queue, topic or bus that it is for, whose own policy decides, and ends its delivery. A refusal is
// a fault, and in the trace: who accepted the event durably has nobody to tell. Any other error is a simulator that cannot, and
// leaves the delivery open.
func (d *Dispatcher) Offer(ctx context.Context, h trace.Header, e Event) error {
	var decision *policy.Explanation
	err := d.Targets.Deliver(ctx, target.Delivery{Target: e.Function, Sender: authz.ServiceOf(e.Principal), Body: e.Payload, Entry: e.Entry, Subject: e.Subject,
		Source: authz.Source{ARN: e.SourceARN, Account: e.SourceAccount}, Cause: h, Decided: func(x policy.Explanation) { decision = &x }})
	f, refused := errors.AsType[*fault.Error](err)
	if err != nil && !refused {
		return err
	}
	var steps []trace.Step
	if decision != nil {
		step := trace.Step{Kind: trace.Authorized, Reason: decision.Text(), Rule: ruleOffer, Decision: decisionJSON(*decision)}
		if err == nil && !decision.Allowed() {
			step.Reason = authz.Audited + step.Reason
		}
		steps = append(steps, step)
	}
	if err == nil {
		d.Trace.Attempt(h, 1, append(steps, trace.Step{Kind: trace.Delivered, Reason: e.Function + " has it", Rule: ruleOffer})...)
		d.Trace.Settle(h, trace.Succeeded, trace.Step{Kind: trace.Settled, Reason: "delivered", Rule: ruleOffer})
		return nil
	}
	outcome := trace.DroppedForGood
	if f.Kind == fault.Denied {
		outcome = trace.Denied
	}
	if len(steps) == 0 {
		steps = []trace.Step{{Kind: trace.Lost, Reason: f.Message, Rule: ruleOffer}}
	}
	d.Trace.Settle(h, outcome, append(steps, trace.Step{Kind: trace.Settled, Rule: ruleOffer, Reason: "the event is lost: " + e.Service + " does not repeat what is refused"})...)
	return err
}
