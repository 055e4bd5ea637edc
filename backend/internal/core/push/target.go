package push

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

const ruleTarget = "PUSH-AS-ROLE"

// Target is functions as what others deliver to, asynchronously: the destination of another function's records. The sender's
// own policies decide, and across accounts the function's too.
func (d *Dispatcher) Target() target.Kind {
	return target.Kind{
		Action: "lambda:InvokeFunction", Service: "Lambda",
		Check: func(ctx context.Context, fn arn.ARN) error {
			ref, err := arn.ParseFunctionRef(fn.String(), false)
			if err != nil {
				return fault.New(fault.NotFound, "%s is not a function's ARN", fn)
			}
			_, err = d.Functions.Describe(ctx, ref)
			return err
		},
		Deliver: d.deliverAs,
	}
}

// deliverAs hands a delivery to a function's own queue.
func (d *Dispatcher) deliverAs(ctx context.Context, to target.Delivery) error {
	ref, err := arn.ParseFunctionRef(to.Target, false)
	if err != nil {
		return fault.New(fault.NotFound, "%s is not a function's ARN", to.Target)
	}
	fn, err := d.Functions.Resolve(ctx, ref)
	if err != nil {
		return err
	}
	own, err := d.Functions.Policy(ctx, ref)
	if err != nil {
		return err
	}
	q := authz.Question{Session: to.Sender, Action: "lambda:InvokeFunction", Resource: to.Target, ResourceAccount: ref.Account, Region: ref.Region,
		ResourcePolicy: own, Source: to.Source, Keys: to.Keys}
	decision, err := d.Authz.Decide(ctx, q)
	if err != nil {
		return err
	}
	if err := d.Authz.Enforce(q, decision); err != nil {
		return err
	}
	reason := decision.Text()
	if !decision.Allowed() {
		reason = authz.Audited + reason
	}
	h := d.Trace.Open(trace.Header{Account: ref.Account, Region: ref.Region, SourceService: "lambda", SourceARN: to.Cause.TargetARN, TargetARN: to.Target,
		InvocationType: string(invoke.Event), RequestID: d.IDs.UUID()}.Follow(to.Cause.Onward()),
		trace.Step{Kind: trace.Published, Rule: ruleTarget, Reason: fmt.Sprintf("handed on by %s", to.Cause.TargetARN)},
		trace.Step{Kind: trace.Authorized, Rule: ruleTarget, Reason: reason, Decision: decisionJSON(decision)})
	err = d.Invoker.Enqueue(ctx, invoke.Request{Function: fn, Payload: json.RawMessage(to.Body), Header: h})
	if err != nil { // a record may be larger than an event may be
		d.Trace.Settle(h, trace.DroppedForGood, trace.Step{Kind: trace.Settled, Rule: ruleTarget, Reason: "not accepted: " + err.Error()})
	}
	return err
}
