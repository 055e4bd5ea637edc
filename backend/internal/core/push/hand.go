package push

import (
	"context"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Hand asks the function's policy and hands the event to the function's own queue, under a delivery that the source opened, for
// sources that say themselves what becomes of an event that is refused. A refusal is a fault of kind Denied or NotFound: it is
// recorded, and the source settles the delivery.
func (d *Dispatcher) Hand(ctx context.Context, h trace.Header, e Event) error {
	fn, err := d.permitted(ctx, h, e)
	if err != nil {
		return err
	}
	return d.Invoker.Enqueue(ctx, invoke.Request{Function: fn, Payload: e.Payload, Header: h})
}

// Ask is Hand for a source that waits: it runs the function once, and returns how it answered. The source says what becomes of
// the answer, and settles the delivery. Beside a refusal the faults are those of an invocation; the Detail of one of kind
// Denied says what each statement lacked.
func (d *Dispatcher) Ask(ctx context.Context, h trace.Header, e Event) (*invoke.Outcome, error) {
	fn, err := d.permitted(ctx, h, e)
	if err != nil {
		return nil, err
	}
	if err := invoke.CheckPayload(invoke.RequestResponse, e.Payload); err != nil {
		return nil, err
	}
	end := d.Agenda.Busy("invocation of " + fn.InvokedARN)
	defer end()
	return d.Invoker.Attempt(ctx, invoke.Request{Function: fn, Payload: e.Payload, Header: h}, 1)
}

// permitted asks the function's policy, and records the answer.
func (d *Dispatcher) permitted(ctx context.Context, h trace.Header, e Event) (*function.Resolved, error) {
	q, decision, err := d.decide(ctx, e)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			d.Trace.Add(h, trace.Step{Kind: trace.Authorized, Reason: "refused: " + err.Error(), Rule: rulePermit})
		}
		return nil, err
	}
	step := trace.Step{Kind: trace.Authorized, Reason: decision.Text(), Rule: rulePermit, Decision: decisionJSON(decision)}
	if !decision.Allowed() {
		d.Authz.Remember(q, decision)
		if !d.Authz.Audit {
			d.Trace.Add(h, step)
			return nil, &fault.Error{Kind: fault.Denied, Message: decision.AWSMessage(q.Session.ARN, q.Action, q.Resource), Detail: decision.Text()}
		}
		step.Reason = authz.Audited + step.Reason
	}
	d.Trace.Add(h, step)
	ref, err := arn.ParseFunctionRef(e.Function, false)
	if err != nil {
		return nil, err
	}
	return d.Functions.Resolve(ctx, ref)
}
