// Package push carries events from a source that calls to the function that it calls.
//
// In the push model the source keeps the mapping: a bucket its notifications, a user pool its triggers. The source decides
// which functions an event is for; this package does what follows, in the order of AWS's flow: the service, as principal,
// asks Lambda to invoke; the function's policy decides, with the source's ARN and account as condition keys; then the
// function runs synchronously or asynchronously, as AWS has fixed for that service. The execution role plays no part.
//
// S3 notifies queues, topics and buses too. Those go the same way to Targets, whose own policies decide about the same principal.
//
// An event that a source has accepted is an item of the agenda, written in the source's own transaction: it is there
// exactly when the object or message is. A refusal ends the delivery, is recorded with the statements that were asked and
// what each lacked, and is nowhere else to be seen: the source's caller got its answer long ago, as in AWS.
package push

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const (
	kindDeliver  = "push.deliver"
	perTarget    = 8 // deliveries to one function that are decided at once
	rulePermit   = "PUSH-FUNCTION-POLICY"
	ruleAccepted = "PUSH-ACCEPTED"
)

// Event is an event on its way from a source to a function.
type Event struct {
	Service       string // the source's name in the trace: s3
	Principal     string // who calls: s3.amazonaws.com
	Alias         string // another name of the caller's, which policies may have as well: logs.us-east-1.amazonaws.com; "" for none
	SourceARN     string // aws:SourceArn
	SourceAccount string // aws:SourceAccount
	Function      string // the ARN that the source is configured to call, qualified or not; for S3 also that of a queue, topic or bus
	Payload       json.RawMessage
	Subject       string       // of the message to a topic
	Entry         target.Entry // what a bus takes beside the payload
	Published     string       // what happened, for the trace: "ObjectCreated:Put of a.jpg"
	Matched       string       // which mapping chose the function
	Cause         string       // what the event follows from (trace.Cause): the trace header of the request that made it; "" for none
	// DeadLetter is where an event goes that is refused, or whose function is gone; nil: it is lost then.
	DeadLetter *DeadLetter
}

// Mapping is what a source keeps: for the list of what invokes a function.
type Mapping struct {
	ID    string      // the source's own name for it: a notification's id, a trigger's name
	Mode  invoke.Type // how the source invokes, as AWS has fixed it
	Event Event       // without a payload: who would call whom
}

// Dispatcher delivers events.
type Dispatcher struct {
	Functions *function.Store
	Authz     *authz.Authorizer
	Invoker   *invoke.Invoker
	Targets   *target.Targets // of dead letters
	Agenda    *agenda.Agenda
	Trace     *trace.Recorder
	Clock     *clock.Clock
	IDs       *ident.Source
}

// Register tells the agenda who delivers. Call it before the agenda starts.
func (d *Dispatcher) Register() { d.Agenda.Handle(kindDeliver, perTarget, d.deliver) }

// delivery is the body of the agenda item.
type delivery struct {
	Header trace.Header `json:"header"`
	Event  Event        `json:"event"`
}

// Accept takes events of an asynchronous source in the transaction in which the source itself accepts them.
func (d *Dispatcher) Accept(ctx context.Context, tx *postgres.Tx, events ...Event) error {
	items := make([]agenda.Item, 0, len(events))
	for _, e := range events {
		target, err := arn.Parse(e.Function)
		if err != nil {
			return err
		}
		h := d.Trace.Reserve(d.header(e, target, string(invoke.Event)))
		body, err := json.Marshal(delivery{h, e})
		if err != nil {
			return err
		}
		items = append(items, agenda.Item{Kind: kindDeliver, Lane: e.Function, Account: target.Account, Due: tx.Now, Body: body})
		tx.AfterCommit(func() { d.Trace.Add(h, published(e, h.At)...) }) // before the item can run: Put comes after it
	}
	if len(items) == 0 {
		return nil
	}
	return d.Agenda.Put(ctx, tx, items...)
}

// Open begins the trace of a delivery that the source makes at once.
func (d *Dispatcher) Open(e Event, target arn.ARN, invocationType string) trace.Header {
	return d.Trace.Open(d.header(e, target, invocationType), published(e, time.Time{})...)
}

func (d *Dispatcher) header(e Event, target arn.ARN, invocationType string) trace.Header {
	return trace.Header{Account: target.Account, Region: target.Region, SourceService: e.Service, SourceARN: e.SourceARN,
		TargetARN: e.Function, InvocationType: invocationType, RequestID: d.IDs.UUID()}.Follow(e.Cause)
}

// published are a delivery's first steps; a zero instant is now.
func published(e Event, at time.Time) []trace.Step {
	return []trace.Step{{At: at, Kind: trace.Published, Reason: e.Published, Rule: ruleAccepted}, {At: at, Kind: trace.Matched, Reason: e.Matched}}
}

// deliver asks the function's policy and hands the event to the function's own queue.
func (d *Dispatcher) deliver(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	var body delivery
	if err := json.Unmarshal(item.Body, &body); err != nil {
		return agenda.Done(), err
	}
	if to, err := arn.Parse(body.Event.Function); err == nil && to.Service != "lambda" {
		if err = d.Offer(ctx, body.Header, body.Event); fault.KindOf(err) != "" {
			err = nil // it is in the trace
		}
		return agenda.Done(), err
	}
	fn, err := d.authorize(ctx, body.Header, body.Event)
	if err != nil || fn == nil {
		return agenda.Done(), err
	}
	err = d.Invoker.Enqueue(ctx, invoke.Request{Function: fn, Payload: body.Event.Payload, Header: body.Header})
	if fault.KindOf(err) != "" {
		d.Trace.Settle(body.Header, trace.DroppedForGood, trace.Step{Kind: trace.Settled, Reason: err.Error(), Rule: ruleAccepted})
		return agenda.Done(), nil
	}
	return agenda.Done(), err
}

// authorize asks the function's policy and records the answer. Without permission it settles the delivery and returns nil.
func (d *Dispatcher) authorize(ctx context.Context, h trace.Header, e Event) (*function.Resolved, error) {
	q, decision, err := d.decide(ctx, e)
	if fault.Is(err, fault.NotFound) {
		return nil, d.refuse(ctx, h, e, trace.Step{Kind: trace.Authorized, Reason: "refused: " + err.Error(), Rule: rulePermit})
	}
	if err != nil {
		return nil, err
	}
	step := trace.Step{Kind: trace.Authorized, Reason: decision.Text(), Rule: rulePermit, Decision: decisionJSON(decision)}
	if !decision.Allowed() {
		d.Authz.Remember(q, decision)
		if !d.Authz.Audit {
			return nil, d.refuse(ctx, h, e, step)
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

func decisionJSON(d policy.Explanation) json.RawMessage {
	text, err := json.Marshal(d)
	if err != nil { // plain strings and booleans
		panic(err)
	}
	return text
}

// MayInvoke asks whether the event's source may invoke its function now, as every source does when it calls. The error is of kind NotFound when there is no such function.
func (d *Dispatcher) MayInvoke(ctx context.Context, e Event) (policy.Explanation, error) {
	_, decision, err := d.decide(ctx, e)
	return decision, err
}

// Permit is MayInvoke for those who only want to go on: nil when the answer is yes (or in audit mode), otherwise a fault of
// kind Denied, or NotFound when there is no such function. A refusal is remembered.
func (d *Dispatcher) Permit(ctx context.Context, e Event) error {
	q, decision, err := d.decide(ctx, e)
	if err != nil {
		return err
	}
	return d.Authz.Enforce(q, decision)
}

func (d *Dispatcher) decide(ctx context.Context, e Event) (authz.Question, policy.Explanation, error) {
	ref, err := arn.ParseFunctionRef(e.Function, false)
	if err != nil {
		return authz.Question{}, policy.Explanation{}, fault.New(fault.NotFound, "%s is not a function's ARN", e.Function)
	}
	if _, err := d.Functions.Describe(ctx, ref); err != nil {
		return authz.Question{}, policy.Explanation{}, err
	}
	source, err := d.Functions.Policy(ctx, ref)
	if err != nil {
		return authz.Question{}, policy.Explanation{}, err
	}
	q := authz.Question{Session: authz.ServiceOf(e.Principal), Action: "lambda:InvokeFunction", Resource: e.Function, ResourceAccount: ref.Account,
		Region: ref.Region, ResourcePolicy: source, Source: authz.Source{ARN: e.SourceARN, Account: e.SourceAccount},
		Keys: map[string][]string{"lambda:FunctionArn": {e.Function}}}
	decision, err := d.Authz.Decide(ctx, q)
	if err != nil || e.Alias == "" || decision.Verdict == policy.ExplicitDeny {
		return q, decision, err
	}
	other := q
	other.Session = authz.ServiceOf(e.Alias)
	byAlias, err := d.Authz.Decide(ctx, other)
	if err == nil && byAlias.Verdict != policy.ImplicitDeny && (byAlias.Verdict == policy.ExplicitDeny || !decision.Allowed()) {
		return other, byAlias, nil
	}
	return q, decision, err
}

// Call delivers an event of a synchronous source and returns how the function answered. A refusal is a fault of kind
// Denied.
func (d *Dispatcher) Call(ctx context.Context, e Event) (trace.Header, *invoke.Outcome, error) {
	target, err := arn.Parse(e.Function)
	if err != nil {
		return trace.Header{}, nil, fault.New(fault.Invalid, "%v", err)
	}
	h := d.Open(e, target, string(invoke.RequestResponse))
	fn, err := d.authorize(ctx, h, e)
	if err != nil {
		return h, nil, err
	}
	if fn == nil {
		return h, nil, fault.New(fault.Denied, "%s may not invoke %s", e.Principal, e.Function)
	}
	out, err := d.Invoker.Invoke(ctx, invoke.Request{Function: fn, Payload: e.Payload, Header: h})
	return h, out, err
}

// Send accepts an event of an asynchronous source that has no transaction of its own.
func (d *Dispatcher) Send(ctx context.Context, e Event) (trace.Header, error) {
	target, err := arn.Parse(e.Function)
	if err != nil {
		return trace.Header{}, fault.New(fault.Invalid, "%v", err)
	}
	h := d.Open(e, target, string(invoke.Event))
	body, err := json.Marshal(delivery{h, e})
	if err != nil {
		return h, err
	}
	item := agenda.Item{Kind: kindDeliver, Lane: e.Function, Account: target.Account, Due: d.Clock.Now(), Body: body}
	if err := d.Agenda.Enqueue(ctx, item); err != nil {
		return h, fmt.Errorf("accept an event for %s: %w", e.Function, err)
	}
	return h, nil
}
