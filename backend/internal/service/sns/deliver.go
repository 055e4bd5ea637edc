package sns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const (
	kindDeliver   = "sns.deliver"
	kindInOrder   = "sns.deliver.fifo" // one delivery of a subscription at a time
	perEndpoint   = 8
	dedupInterval = 5 * time.Minute

	ruleAccepted = "SNS-PUBLISH"
	ruleFilter   = "SNS-FILTER"
	ruleQueue    = "SNS-QUEUE-POLICY"
)

// Register tells the agenda who delivers. Call it before the agenda starts.
func (a *API) Register() {
	a.Agenda.Handle(kindDeliver, perEndpoint, a.deliver)
	a.Agenda.Handle(kindInOrder, 1, a.deliver)
}

// delivery is a message on its way to one endpoint: the body of the agenda item.
type delivery struct {
	Header           trace.Header `json:"header"`
	Topic            string       `json:"topic"` // ARN
	Region           string       `json:"region"`
	Account          string       `json:"account"`      // of the topic
	Subscription     string       `json:"subscription"` // ARN
	Protocol         string       `json:"protocol"`
	Endpoint         string       `json:"endpoint"`
	Raw              bool         `json:"raw,omitempty"`
	DeadLetter       string       `json:"dead_letter,omitempty"` // ARN of a queue
	SignatureVersion string       `json:"signature_version"`
	SubscribeURL     string       `json:"subscribe_url,omitempty"`
	Retries          *retries     `json:"retries,omitempty"` // of HTTP endpoints
	Message          message      `json:"message"`
}

func (d *delivery) kind() string {
	if d.Message.Token != "" {
		return "SubscriptionConfirmation"
	}
	return "Notification"
}

// pushed is the delivery as the source of a push.
func (d *delivery) pushed() push.Event {
	e := push.Event{Service: "sns", Principal: principal, SourceARN: d.Topic, SourceAccount: d.Account, Function: d.Endpoint}
	if d.DeadLetter != "" {
		e.DeadLetter = &push.DeadLetter{Queue: d.DeadLetter, Body: d.envelope()}
	}
	return e
}

// publish takes messages into a topic: it numbers those of a FIFO topic, and commits a delivery of each for each subscription
// that wants it.
func (a *API) publish(ctx context.Context, t *topic, list []*message, published, cause string) error {
	if t.fifo() { // so that deliveries are handed over in the order of their commits
		lock, _ := a.ordered.LoadOrStore(t.ID, &sync.Mutex{})
		lock.(*sync.Mutex).Lock()
		defer lock.(*sync.Mutex).Unlock()
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		fresh := list
		if t.fifo() {
			var err error
			if fresh, err = number(ctx, tx, t, list); err != nil {
				return err
			}
		}
		subscribed, err := selectSubscriptions(ctx, tx, `WHERE s.topic = @topic AND s.confirmed ORDER BY s.id`, pgx.NamedArgs{"topic": t.ID})
		if err != nil {
			return err
		}
		out := fan{a: a, tx: tx, topic: t, published: published, cause: cause}
		for _, m := range fresh {
			m.At = tx.Now
			for _, s := range subscribed {
				if err := out.add(s, m); err != nil {
					return err
				}
			}
		}
		return out.commit(ctx)
	})
}

// number gives messages their sequence numbers and returns those that the topic has not taken within the interval; the others
// get the identity of the earlier one.
func number(ctx context.Context, tx *postgres.Tx, t *topic, list []*message) ([]*message, error) {
	var last int64
	err := tx.QueryRow(ctx, `UPDATE sns.topics SET last = last + @n WHERE id = @id RETURNING last - @n`,
		pgx.NamedArgs{"id": t.ID, "n": len(list)}).Scan(&last)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noTopic()
	}
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM sns.deduplications WHERE topic = @topic AND at <= @since`,
		pgx.NamedArgs{"topic": t.ID, "since": tx.Now.Add(-dedupInterval)}); err != nil {
		return nil, err
	}
	var fresh []*message
	for i, m := range list {
		key, seq, id := m.Dedup, last+int64(i)+1, ""
		if t.Attributes[attrScope] == perGroup {
			key = m.Group + " " + key // neither has spaces
		}
		var kept int64
		err := tx.QueryRow(ctx, `INSERT INTO sns.deduplications (topic, key, at, id, seq) VALUES (@topic, @key, @now, @id, @seq)
			ON CONFLICT (topic, key) DO UPDATE SET key = excluded.key RETURNING id, seq`,
			pgx.NamedArgs{"topic": t.ID, "key": key, "now": tx.Now, "id": m.ID, "seq": seq}).Scan(&id, &kept)
		if err != nil {
			return nil, err
		}
		if kept == seq {
			fresh = append(fresh, m)
		}
		m.ID, m.Sequence = id, fmt.Sprintf("1%019d", kept)
	}
	return fresh, nil
}

// fan collects the deliveries of a publication.
type fan struct {
	a         *API
	tx        *postgres.Tx
	topic     *topic
	published string
	cause     string
	events    []push.Event
	items     []agenda.Item
}

func (f *fan) add(s *subscription, m *message) error {
	d := f.a.deliveryOf(f.topic, s, m)
	said := fmt.Sprintf("%s: message %s", f.published, m.ID)
	matched := fmt.Sprintf("subscription %s of the topic, kept by SNS", s.ARN[strings.LastIndex(s.ARN, ":")+1:])
	filter, err := f.a.filterOf(s)
	if err != nil {
		return err
	}
	if !filter.match(m, m.text(s.Protocol)) {
		h := f.a.Trace.Reserve(f.header(d))
		f.tx.AfterCommit(func() {
			f.a.Trace.Settle(h, trace.FilteredOut, trace.Step{At: h.At, Kind: trace.Published, Reason: said, Rule: ruleAccepted},
				trace.Step{At: h.At, Kind: trace.Matched, Reason: matched},
				trace.Step{At: h.At, Kind: trace.Filtered, Reason: "the filter policy on " + filter.scope + " keeps it out: " + filter.text, Rule: ruleFilter},
				trace.Step{At: h.At, Kind: trace.Settled, Reason: "the subscription does not want it", Rule: ruleFilter})
		})
		return nil
	}
	if s.Protocol == "lambda" {
		e := d.pushed()
		e.Payload, e.Published, e.Matched, e.Cause = d.event(), said, matched, f.cause
		f.events = append(f.events, e)
		return nil
	}
	d.Header = f.a.Trace.Reserve(f.header(d))
	h := d.Header
	f.tx.AfterCommit(func() { // before the item can run: commit puts it
		f.a.Trace.Add(h, trace.Step{At: h.At, Kind: trace.Published, Reason: said, Rule: ruleAccepted}, trace.Step{At: h.At, Kind: trace.Matched, Reason: matched})
	})
	f.items = append(f.items, d.item(f.topic.fifo(), f.tx.Now))
	return nil
}

func (f *fan) header(d *delivery) trace.Header {
	h := trace.Header{Account: d.Account, Region: d.Region, SourceService: "sns", SourceARN: d.Topic, TargetARN: d.Endpoint, InvocationType: "Event",
		RequestID: f.a.IDs.UUID()}.Follow(f.cause)
	if p, err := arn.Parse(d.Endpoint); err == nil {
		h.Account, h.Region = p.Account, p.Region
	}
	return h
}

func (f *fan) commit(ctx context.Context) error {
	if err := f.a.Dispatcher.Accept(ctx, f.tx, f.events...); err != nil || len(f.items) == 0 {
		return err
	}
	return f.a.Agenda.Put(ctx, f.tx, f.items...)
}

// deliveryOf is a message on its way to a subscription, as that is now.
func (a *API) deliveryOf(t *topic, s *subscription, m *message) *delivery {
	d := &delivery{Topic: t.arn(), Region: t.Region, Account: t.Account, Subscription: s.ARN, Protocol: s.Protocol, Endpoint: s.Endpoint,
		Raw: s.Attributes[attrRaw] == "true", DeadLetter: s.deadLetter(), SignatureVersion: "1", Message: *m}
	if v := t.Attributes["SignatureVersion"]; v != "" {
		d.SignatureVersion = v
	}
	if strings.HasPrefix(s.Protocol, "http") {
		d.Retries = retriesOf(t.Attributes[attrDelivery], s.Attributes[attrDelivery])
	}
	return d
}

func (d *delivery) item(inOrder bool, due time.Time) agenda.Item {
	kind := kindDeliver
	if inOrder {
		kind = kindInOrder
	}
	return agenda.Item{Kind: kind, Lane: d.Subscription, Account: d.Account, Due: due, Body: []byte(marshal(d))}
}

// deliver makes one attempt.
func (a *API) deliver(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	var d delivery
	if err := json.Unmarshal(item.Body, &d); err != nil {
		return agenda.Done(), err
	}
	if d.Protocol == "sqs" {
		return agenda.Done(), a.toQueue(ctx, &d)
	}
	return a.post(ctx, &d, item)
}

// toQueue sends a message to a queue, as the service.
func (a *API) toQueue(ctx context.Context, d *delivery) error {
	m := &d.Message
	var decision *policy.Explanation
	out := target.Delivery{Target: d.Endpoint, Sender: authz.ServiceOf(principal), Source: authz.Source{ARN: d.Topic, Account: d.Account},
		Body: []byte(d.envelope()), Cause: d.Header, Decided: func(e policy.Explanation) { decision = &e }}
	if d.Raw && m.Token == "" {
		out.Body, out.Attributes = []byte(m.text("sqs")), map[string]target.Attribute{}
		for name, attr := range m.Attributes {
			out.Attributes[name] = attr.handed()
		}
	}
	if strings.HasSuffix(d.Endpoint, ".fifo") {
		out.Group, out.Dedup = m.Group, m.Dedup
	} else if m.Sequence == "" {
		out.Group = m.Group
	}
	err := a.Targets.Deliver(ctx, out)
	f, refused := errors.AsType[*fault.Error](err)
	switch {
	case err != nil && !refused:
		return err
	case err != nil:
		why := trace.Step{Kind: trace.Lost, Reason: f.Message, Rule: ruleQueue}
		if f.Kind == fault.Denied && decision != nil {
			why = trace.Step{Kind: trace.Authorized, Reason: decision.Text(), Rule: ruleQueue, Decision: json.RawMessage(marshal(decision))}
		}
		return a.fail(ctx, d, why)
	}
	step := trace.Step{Kind: trace.Authorized, Rule: ruleQueue}
	if decision != nil {
		step.Reason, step.Decision = decision.Text(), json.RawMessage(marshal(decision))
		if !decision.Allowed() {
			step.Reason = authz.Audited + step.Reason
		}
	}
	a.Trace.Attempt(d.Header, 1, step)
	a.Trace.Settle(d.Header, trace.Succeeded, trace.Step{Kind: trace.Delivered, Reason: "the queue has it", Rule: ruleAccepted},
		trace.Step{Kind: trace.Settled, Reason: "delivered", Rule: ruleAccepted})
	return nil
}

// fail ends a delivery that cannot succeed: it goes to the subscription's dead-letter queue, or is lost.
func (a *API) fail(ctx context.Context, d *delivery, why trace.Step) error {
	if d.DeadLetter == "" {
		outcome := trace.DroppedForGood
		if why.Kind == trace.Authorized {
			outcome = trace.Denied
		}
		a.Trace.Settle(d.Header, outcome, why, trace.Step{Kind: trace.Settled, Rule: ruleAccepted,
			Reason: "the message is lost: SNS does not repeat what its endpoint refuses, and the subscription has no redrive policy"})
		return nil
	}
	outcome, steps, err := a.Dispatcher.Bury(ctx, d.Header, d.pushed())
	if err != nil {
		return err
	}
	a.Trace.Settle(d.Header, outcome, append([]trace.Step{why}, steps...)...)
	return nil
}
