package events

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

const (
	maxEntries   = 10
	maxEntrySize = 1 << 20 // of all entries of a call, in bytes (API: PutEvents)
	action       = "events:PutEvents"
)

// event is an event on a bus, with its members in the order recorded from AWS.
type event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       string          `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

func (e *event) text() json.RawMessage {
	if e.Resources == nil {
		e.Resources = []string{}
	}
	return json.RawMessage(plain(e))
}

// plain is JSON without the escapes that are for web pages.
func plain(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // texts, and what was JSON before
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// putEvents accepts events: each entry is taken or refused for itself. Those that are taken are durable when it answers.
func (a *API) putEvents(ctx context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
	if in.EndpointId != nil {
		return nil, unsupported("PutEvents", "global endpoints (EndpointId)")
	}
	if err := checkEntries(in.Entries); err != nil {
		return nil, err
	}
	if err := a.mayPut(ctx, in.Entries); err != nil {
		return nil, err
	}
	out := &eventbridge.PutEventsOutput{}
	accepted := []*accepted{}
	for _, entry := range in.Entries {
		if code, message := wrong(entry); code != "" {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, types.PutEventsResultEntry{ErrorCode: &code, ErrorMessage: &message})
			continue
		}
		k := place(ctx, entry.EventBusName)
		one, err := a.accept(ctx, k, a.eventOf(ctx, entry, k), "put by "+wire.CallFrom(ctx).Session.ARN, causeOf(ctx, entry), false)
		if err != nil {
			return nil, err
		}
		accepted = append(accepted, one)
		out.Entries = append(out.Entries, types.PutEventsResultEntry{EventId: &one.event.ID})
	}
	return out, a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error { return a.keep(ctx, tx, accepted...) })
}

func checkEntries(entries []types.PutEventsRequestEntry) error {
	switch n := len(entries); {
	case n == 0:
		return wire.Validation(wire.MinLength("entries", "[]", 1))
	case n > maxEntries:
		return wire.Validation(wire.MaxLength("entries", fmt.Sprintf("[%d entries]", n), maxEntries))
	}
	size := 0
	for _, e := range entries {
		size += sizeOf(e)
	}
	if size > maxEntrySize {
		return invalid("Total size of the entries in the request is over the limit.")
	}
	return nil
}

// sizeOf is the size of an entry in bytes (user guide, calculating PutEvents event entry sizes).
func sizeOf(e types.PutEventsRequestEntry) int {
	n := len(aws.ToString(e.Source)) + len(aws.ToString(e.DetailType)) + len(aws.ToString(e.Detail))
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// wrong says what is wrong with an entry; no code for nothing.
func wrong(e types.PutEventsRequestEntry) (code, message string) {
	for _, member := range []struct {
		name  string
		value *string
	}{{"Source", e.Source}, {"DetailType", e.DetailType}, {"Detail", e.Detail}} {
		if aws.ToString(member.value) == "" {
			return "InvalidArgument", fmt.Sprintf("Parameter %s is not valid. Reason: %s is a required argument.", member.name, member.name)
		}
	}
	if strings.HasPrefix(*e.Source, "aws.") {
		return "NotAuthorizedForSourceException", "Not authorized for the source."
	}
	var detail map[string]json.RawMessage
	if json.Unmarshal([]byte(*e.Detail), &detail) != nil || detail == nil || !utf8.ValidString(*e.Detail) {
		return "MalformedDetail", "Detail is malformed."
	}
	return "", ""
}

// mayPut asks for each bus: the caller's policies, and the bus's.
func (a *API) mayPut(ctx context.Context, entries []types.PutEventsRequestEntry) error {
	asked := map[busKey]bool{}
	for _, e := range entries {
		k := place(ctx, e.EventBusName)
		if asked[k] {
			continue
		}
		asked[k] = true
		q := wire.CallFrom(ctx).Question(action, k.arn())
		q.Keys["events:eventBusInvocation"] = []string{"false"}
		for _, other := range entries {
			if place(ctx, other.EventBusName) == k {
				q.Keys["events:source"] = append(q.Keys["events:source"], aws.ToString(other.Source))
				q.Keys["events:detail-type"] = append(q.Keys["events:detail-type"], aws.ToString(other.DetailType))
			}
		}
		if err := a.require(ctx, q, k); err != nil {
			return err
		}
	}
	return nil
}

// require asks the sender's policies and the bus's. A bus that is not there has no policy.
func (a *API) require(ctx context.Context, q authz.Question, k busKey) error {
	q.Action, q.Resource, q.ResourceAccount, q.Region = action, k.arn(), k.Account, k.Region
	b, err := a.bus(ctx, a.DB, k)
	if fault.Is(err, fault.NotFound) {
		return a.Authz.Require(ctx, q)
	}
	if err != nil {
		return err
	}
	if q.ResourcePolicy, err = b.source(); err != nil {
		return err
	}
	return a.Authz.Require(ctx, q)
}

func (a *API) eventOf(ctx context.Context, e types.PutEventsRequestEntry, k busKey) *event {
	at := a.Clock.Now()
	if e.Time != nil {
		at = *e.Time
	}
	return &event{Version: "0", ID: a.IDs.UUID(), DetailType: *e.DetailType, Source: *e.Source, Account: wire.CallFrom(ctx).Account, Time: instant(at),
		Region: k.Region, Resources: e.Resources, Detail: json.RawMessage(*e.Detail)}
}

// causeOf is what an entry follows from: what its own trace header says, or else the request's.
func causeOf(ctx context.Context, e types.PutEventsRequestEntry) string {
	if e.TraceHeader != nil {
		return *e.TraceHeader
	}
	return wire.CallFrom(ctx).Cause()
}

// instant is a time as events have it: whole seconds.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// Target is buses as what others deliver to: the destination of a function's records, the target of another bus's rule.
func (a *API) Target() target.Kind {
	return target.Kind{
		Action: action, Service: "EventBridge",
		Check: func(ctx context.Context, to arn.ARN) error {
			k, err := parseBus(to.String())
			if err == nil {
				_, err = a.bus(ctx, a.DB, k)
			}
			return err
		},
		Deliver: a.take,
	}
}

// take accepts an event that somebody hands on.
func (a *API) take(ctx context.Context, d target.Delivery) error {
	k, err := parseBus(d.Target)
	if err != nil {
		return err
	}
	if _, err := a.bus(ctx, a.DB, k); err != nil {
		return err
	}
	how := "handed on by " + d.Cause.TargetARN
	if ofAWS(d, k) {
		how = "sent by " + d.Sender.ARN + " on behalf of " + d.Source.ARN
	} else if err := a.mayHand(ctx, d, k); err != nil {
		return err
	}
	account := d.Sender.Account
	if account == "" {
		account = d.Source.Account
	}
	e := &event{Version: "0", ID: a.IDs.UUID(), DetailType: d.Entry.DetailType, Source: d.Entry.Source, Account: account, Time: instant(a.Clock.Now()),
		Region: k.Region, Resources: d.Entry.Resources, Detail: d.Body}
	one, err := a.accept(ctx, k, e, how, d.Cause.Onward(), false)
	if err != nil {
		return err
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error { return a.keep(ctx, tx, one) })
}

// ofAWS reports whether a delivery is an AWS service's event about a resource of the account that has the bus. It goes to the
// default bus, and no policy is asked (user guide, events from AWS services).
func ofAWS(d target.Delivery, k busKey) bool {
	return d.Sender.Kind == authz.Service && strings.HasPrefix(d.Entry.Source, "aws.") && k.Bus == defaultBus && k.Account == d.Source.Account
}

// mayHand asks whether a sender may put what it hands on.
func (a *API) mayHand(ctx context.Context, d target.Delivery, k busKey) error {
	keys := map[string][]string{"events:source": {d.Entry.Source}, "events:detail-type": {d.Entry.DetailType}}
	for name, values := range d.Keys {
		keys[name] = values
	}
	return a.require(ctx, authz.Question{Session: d.Sender, Source: d.Source, Keys: keys}, k)
}

// accepted is an event that a bus has taken, with what follows for each target.
type accepted struct {
	event      *event
	deliveries []delivery
}

// accept finds the targets that an event is for. A bus that does not exist has none: PutEvents says nothing about it, as AWS.
// forwarded says that another bus sent it. Lambda finds no loops that go through a bus (developer guide): the lineage ends here.
func (a *API) accept(ctx context.Context, k busKey, e *event, how, cause string, forwarded bool) (*accepted, error) {
	out := &accepted{event: e}
	rules, err := a.rulesOf(ctx, k)
	if err != nil {
		return nil, err
	}
	text := e.text()
	for _, r := range rules {
		if r.compiled == nil || !r.enabled() {
			continue
		}
		if matches, err := r.compiled.Match(text); err != nil || !matches {
			continue
		}
		published := fmt.Sprintf("event %s of %s on the bus %s, %s", e.DetailType, e.Source, k.Bus, how)
		for _, t := range r.targets {
			d := a.deliveryOf(r, t, text, published, "rule "+r.Name+", target "+*t.Id+", by the pattern "+r.pattern, trace.Unlined(cause))
			d.Forwarded = forwarded
			out.deliveries = append(out.deliveries, d)
		}
	}
	if len(rules) == 0 {
		if _, err := a.bus(ctx, a.DB, k); fault.Is(err, fault.NotFound) {
			a.Log.Warn("an event was put on a bus that does not exist: it is lost, and nobody is told, as in AWS", "bus", k.arn(), "source", e.Source)
		}
	}
	return out, nil
}

// keep puts what follows from events on the agenda, in the caller's transaction.
func (a *API) keep(ctx context.Context, tx *postgres.Tx, list ...*accepted) error {
	for _, one := range list {
		for _, d := range one.deliveries {
			tx.AfterCommit(func() { a.Trace.Add(d.Header, d.opening()...) }) // before the item can run: Put comes after it
			if err := a.Agenda.Put(ctx, tx, d.item(tx.Now)); err != nil {
				return err
			}
		}
	}
	return nil
}

// opening are a delivery's first steps.
func (d *delivery) opening() []trace.Step {
	return []trace.Step{{At: d.Header.At, Kind: trace.Published, Reason: d.Published, Rule: ruleAccepted}, {At: d.Header.At, Kind: trace.Matched, Reason: d.Matched, Rule: ruleMatched}}
}
