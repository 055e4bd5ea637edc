package push

import (
	"context"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Hand asks the function's policy and hands the event to the function's own queue, under a delivery that the source opened, for
// sources that say themselves what becomes of an event that is refused. A refusal is a fault of kind Denied or NotFound: it is
// recorded, and the source settles the delivery.
func (d *Dispatcher) Hand(ctx context.Context, h trace.Header, e Event) error {
	q, decision, err := d.decide(ctx, e)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			d.Trace.Add(h, trace.Step{Kind: trace.Authorized, Reason: "refused: " + err.Error(), Rule: rulePermit})
		}
		return err
	}
	step := trace.Step{Kind: trace.Authorized, Reason: decision.Text(), Rule: rulePermit, Decision: decisionJSON(decision)}
	if !decision.Allowed() {
		d.Authz.Remember(q, decision)
		if !d.Authz.Audit {
			d.Trace.Add(h, step)
			return fault.New(fault.Denied, "%s", decision.AWSMessage(q.Session.ARN, q.Action, q.Resource))
		}
		step.Reason = authz.Audited + step.Reason
	}
	d.Trace.Add(h, step)
	ref, err := arn.ParseFunctionRef(e.Function, false)
	if err != nil {
		return err
	}
	fn, err := d.Functions.Resolve(ctx, ref)
	if err != nil {
		return err
	}
	return d.Invoker.Enqueue(ctx, invoke.Request{Function: fn, Payload: e.Payload, Header: h})
}
