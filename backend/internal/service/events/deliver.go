package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const (
	kindDeliver = "events.deliver"
	perTarget   = 8 // deliveries to one target that are under way at once
	principal   = "events.amazonaws.com"

	ruleAccepted   = "EVENTS-PUT"
	ruleMatched    = "EVENTS-RULE"
	ruleTarget     = "EVENTS-TARGET"
	ruleRetry      = "EVENTS-RETRY"
	ruleDeadLetter = "EVENTS-DEAD-LETTER"
	ruleOnce       = "EVENTS-BUS-ONCE"

	codeOnce = "THIRD_ACCOUNT_HOP_DETECTED"
)

// What a target without a RetryPolicy gets (user guide, retry policy).
const (
	defaultAttempts = 185
	defaultAge      = 24 * time.Hour
)

// delivery is the body of the agenda item: an event on its way to one target of a rule.
type delivery struct {
	Header    trace.Header    `json:"header"`
	Rule      ruleKey         `json:"rule"`
	Target    types.Target    `json:"target"`
	Event     json.RawMessage `json:"event"`
	Published string          `json:"published"`
	Matched   string          `json:"matched"`
	At        time.Time       `json:"at"`                  // when the event was accepted
	Retries   int             `json:"retries"`             // so far
	Forwarded bool            `json:"forwarded,omitempty"` // the event came from another bus
}

func (a *API) deliveryOf(r *rule, t types.Target, text json.RawMessage, published, matched, cause string) delivery {
	to, err := arn.Parse(*t.Arn)
	if err != nil { // it was parsed before it was kept
		panic(err)
	}
	h := a.Trace.Reserve(trace.Header{Account: to.Account, Region: to.Region, SourceService: "events", SourceARN: r.arn(), TargetARN: *t.Arn, InvocationType: "Event",
		RequestID: a.IDs.UUID()}.Follow(cause))
	return delivery{Header: h, Rule: r.ruleKey, Target: t, Event: text, Published: published, Matched: matched, At: h.At}
}

func (d *delivery) item(due time.Time) agenda.Item {
	return agenda.Item{Kind: kindDeliver, Lane: d.Header.SourceARN + " " + *d.Target.Id, Account: d.Rule.Account, Due: due, Attempt: d.Retries, Body: []byte(plain(d))}
}

func (a *API) runDelivery(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	var d delivery
	if err := json.Unmarshal(item.Body, &d); err != nil {
		return agenda.Done(), err
	}
	again, err := a.attempt(ctx, &d)
	if err != nil || again.IsZero() {
		return agenda.Done(), err
	}
	return agenda.Again(again, d.Retries, []byte(plain(d))), nil
}

// attempt makes one attempt at a delivery, and returns when the next one is due, zero for none. The error is only for a
// simulator that cannot.
func (a *API) attempt(ctx context.Context, d *delivery) (again time.Time, err error) {
	err = a.hand(ctx, d)
	f, refused := refusal(err)
	switch {
	case err != nil && !refused:
		return again, fmt.Errorf("deliver an event to %s: %w", *d.Target.Arn, err)
	case err != nil && retriable(f):
		return a.retry(ctx, d, f)
	case err != nil:
		return again, a.bury(ctx, d, err, "")
	case !d.isFunction():
		a.Trace.Attempt(d.Header, d.Retries+1, trace.Step{Kind: trace.Delivered, Reason: *d.Target.Arn + " has it", Rule: ruleTarget})
		a.Trace.Settle(d.Header, trace.Succeeded, trace.Step{Kind: trace.Settled, Reason: "the target took the event", Rule: ruleTarget})
	}
	return again, nil
}

func (d *delivery) isFunction() bool { return d.service() == "lambda" }

func (d *delivery) service() string {
	parsed, err := arn.Parse(*d.Target.Arn)
	if err != nil { // it was parsed before it was kept
		panic(err)
	}
	return parsed.Service
}

// hand gives the event to its target.
func (a *API) hand(ctx context.Context, d *delivery) error {
	body, err := d.input()
	if err != nil {
		return coded{"INVALID_JSON", fault.New(fault.Invalid, "%v", err)}
	}
	source := authz.Source{ARN: d.Rule.arn(), Account: d.Rule.Account}
	if d.isFunction() {
		return a.Dispatcher.Hand(ctx, d.Header, push.Event{Service: "events", Principal: principal, SourceARN: source.ARN, SourceAccount: source.Account,
			Function: *d.Target.Arn, Payload: body})
	}
	if d.service() == "events" && d.Forwarded {
		return coded{codeOnce, fault.New(fault.Invalid, "Event ingestion rejected for event %s because an event can be sent to an event bus target only once. "+
			"This event was previously delivered to an event bus target.", d.eventID())}
	}
	sender := authz.ServiceOf(principal)
	if d.Target.RoleArn != nil {
		if sender, err = a.assume(ctx, *d.Target.RoleArn, d.Rule); err != nil {
			return err
		}
	}
	if d.service() == "events" {
		return a.forward(ctx, d, sender)
	}
	to := target.Delivery{Target: *d.Target.Arn, Sender: sender, Source: source, Body: body, Cause: d.Header, Decided: a.decided(d)}
	if d.Target.SqsParameters != nil {
		to.Group = aws.ToString(d.Target.SqsParameters.MessageGroupId)
	}
	return a.Targets.Deliver(ctx, to)
}

// eventID is the id of the event, which it keeps on its way from bus to bus.
func (d *delivery) eventID() string {
	var e event
	_ = json.Unmarshal(d.Event, &e) // we have encoded it
	return e.ID
}

// decided records what the target's policies say.
func (a *API) decided(d *delivery) func(policy.Explanation) {
	return func(x policy.Explanation) {
		reason := x.Text()
		if !x.Allowed() && a.Authz.Audit {
			reason = authz.Audited + reason
		}
		a.Trace.Add(d.Header, trace.Step{Kind: trace.Authorized, Reason: reason, Rule: ruleTarget, Decision: json.RawMessage(plain(x))})
	}
}

// assume opens a session of a target's role, whose trust policy must let EventBridge in.
func (a *API) assume(ctx context.Context, roleARN string, k ruleKey) (authz.Session, error) {
	role := authz.SourceOf(roleARN)
	full, err := a.Authz.Identity.Full(ctx, identity.Key{Account: role.Account, Kind: identity.Role, Name: authz.RoleName(roleARN)})
	if fault.Is(err, fault.NotFound) {
		return authz.Session{}, coded{"FAILED_TO_ASSUME_ROLE", fault.New(fault.NotFound, "there is no role %s", roleARN)}
	}
	if err != nil {
		return authz.Session{}, err
	}
	source := authz.Source{ARN: k.arn(), Account: k.Account}
	decision, err := a.Authz.MayAssume(ctx, authz.ServiceOf(principal), full, source)
	if err != nil {
		return authz.Session{}, err
	}
	q := authz.Question{Session: authz.ServiceOf(principal), Action: "sts:AssumeRole", Resource: roleARN, ResourceAccount: role.Account, Source: source}
	if err := a.Authz.Enforce(q, decision); err != nil {
		f, _ := refusal(err)
		return authz.Session{}, coded{"FAILED_TO_ASSUME_ROLE", f}
	}
	return a.Authz.RoleSession(ctx, roleARN, k.Name)
}

// forward puts an event on another bus as it is. Without a role the account itself is who sends.
func (a *API) forward(ctx context.Context, d *delivery, sender authz.Session) error {
	k, err := parseBus(*d.Target.Arn)
	if err != nil {
		return err
	}
	var e event
	if err := json.Unmarshal(d.Event, &e); err != nil {
		return err
	}
	if sender.Kind == authz.Service {
		sender = authz.RootOf(d.Rule.Account)
	}
	if _, err := a.bus(ctx, a.DB, k); err != nil {
		return err
	}
	q := authz.Question{Session: sender, Decided: a.decided(d), Keys: map[string][]string{"events:source": {e.Source}, "events:detail-type": {e.DetailType}, "events:eventBusInvocation": {"true"}}}
	if err := a.require(ctx, q, k); err != nil {
		return err
	}
	one, err := a.accept(ctx, k, &e, "sent on by "+d.Rule.arn(), d.Header.Onward(), true)
	if err != nil {
		return err
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error { return a.keep(ctx, tx, one) })
}

// coded is a refusal with EventBridge's code for it.
type coded struct {
	code  string
	cause *fault.Error
}

func (c coded) Error() string { return c.cause.Error() }
func (c coded) Unwrap() error { return c.cause }

// errorCode is EventBridge's code for a refusal (user guide, dead-letter queues).
func errorCode(err error) string {
	if c, ok := errors.AsType[coded](err); ok {
		return c.code
	}
	switch fault.KindOf(err) {
	case fault.Denied:
		return "NO_PERMISSIONS"
	case fault.NotFound:
		return "NO_RESOURCE"
	case fault.Throttled:
		return "THROTTLING"
	case fault.Invalid, fault.TooLarge:
		return "INVALID_PARAMETER"
	}
	return "ERROR_FROM_TARGET"
}

func retriable(f *fault.Error) bool { return f.Kind == fault.Throttled || f.Kind == fault.Conflict }

// retry says when a target that is overloaded is tried again: after 1 s, then twice as long each time up to 8 minutes, so that
// 185 retries take just under 24 hours. AWS says no more than that it backs off exponentially.
func (a *API) retry(ctx context.Context, d *delivery, f *fault.Error) (time.Time, error) {
	most, age := defaultAttempts, defaultAge
	if p := d.Target.RetryPolicy; p != nil {
		if p.MaximumRetryAttempts != nil {
			most = int(*p.MaximumRetryAttempts)
		}
		if n := aws.ToInt32(p.MaximumEventAgeInSeconds); n > 0 {
			age = time.Duration(n) * time.Second
		}
	}
	now := a.Clock.Now()
	next := now.Add(min(time.Second<<min(d.Retries, 20), 8*time.Minute))
	switch {
	case d.Retries >= most:
		return time.Time{}, a.bury(ctx, d, f, "MaximumRetryAttempts")
	case next.Sub(d.At) > age:
		return time.Time{}, a.bury(ctx, d, f, "MaximumEventAgeInSeconds")
	}
	d.Retries++
	a.Trace.Attempt(d.Header, d.Retries, trace.Step{Kind: trace.Retried, Rule: ruleRetry,
		Reason: fmt.Sprintf("the target did not take it (%s): attempt %d is at %s", f.Message, d.Retries+1, next.Format(time.RFC3339))})
	return next, nil
}

// bury ends a delivery that failed: in the target's dead-letter queue, where it has one.
func (a *API) bury(ctx context.Context, d *delivery, why error, exhausted string) error {
	f, _ := refusal(why)
	reason := "the target refused: " + f.Message
	if exhausted != "" {
		reason = fmt.Sprintf("given up after %d retries (%s): %s", d.Retries, exhausted, f.Message)
	}
	ended := trace.Step{Kind: trace.Settled, Reason: reason, Rule: ruleTarget}
	if errorCode(why) == codeOnce {
		ended.Rule = ruleOnce
	}
	outcome := trace.DroppedForGood
	if f.Kind == fault.Denied {
		outcome = trace.Denied
	}
	if d.Target.DeadLetterConfig == nil || d.Target.DeadLetterConfig.Arn == nil {
		ended.Reason += "\nthe event is lost: the target has no dead-letter queue"
		a.Trace.Settle(d.Header, outcome, ended)
		return nil
	}
	queue := *d.Target.DeadLetterConfig.Arn
	attributes := map[string]target.Attribute{}
	for name, value := range map[string]string{"RULE_ARN": d.Rule.arn(), "TARGET_ARN": *d.Target.Arn, "ERROR_CODE": errorCode(why), "ERROR_MESSAGE": f.Message,
		"EXHAUSTED_RETRY_CONDITION": exhausted} {
		if value != "" {
			attributes[name] = target.Attribute{Type: "String", Value: value}
		}
	}
	if exhausted != "" {
		attributes["RETRY_ATTEMPTS"] = target.Attribute{Type: "Number", Value: strconv.Itoa(d.Retries)}
	}
	err := a.Targets.Deliver(ctx, target.Delivery{Target: queue, Sender: authz.ServiceOf(principal), Source: authz.Source{ARN: d.Rule.arn(), Account: d.Rule.Account},
		Body: d.Event, Attributes: attributes, Cause: d.Header})
	g, refused := refusal(err)
	switch {
	case err != nil && !refused:
		return err
	case err != nil:
		a.Trace.Settle(d.Header, outcome, trace.Step{Kind: trace.Lost, Rule: ruleDeadLetter, Reason: "the dead-letter queue " + queue + " did not take it, and it is lost: " + g.Message}, ended)
	default:
		a.Trace.Settle(d.Header, trace.DeadLettered, trace.Step{Kind: trace.Delivered, Rule: ruleDeadLetter, Reason: errorCode(why) + ": the dead-letter queue " + queue + " has it"}, ended)
	}
	return nil
}
