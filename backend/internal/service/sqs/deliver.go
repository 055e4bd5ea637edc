package sqs

import (
	"context"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Delivery is a message that another service sends to a queue on behalf of somebody: of a function's role to its dead-letter
// queue, of a service with its source's ARN.
type Delivery struct {
	QueueARN   string
	Principal  authz.Session
	Source     authz.Source        // of a service: the resource on behalf of which it sends
	Keys       map[string][]string // further condition keys
	Body       string
	Group      string // of FIFO queues; "" elsewhere
	Dedup      string // of FIFO queues; "" where the content is to decide
	Attributes map[string]Attribute
	Decided    func(policy.Explanation) // is told what the policies said; may be nil
	Cause      string                   // what the message follows from (trace.Cause); "" for nothing
	Traced     bool                     // the message shows it, as its AWSTraceHeader
}

// Deliver sends a message as SendMessage does: the principal's policies and the queue's are asked, the queue's limits hold, and
// the message is durable when the call returns its id. Faults: NotFound without such a queue, Denied, TooLarge, and Invalid for
// what the queue does not take.
func (s *Store) Deliver(ctx context.Context, d Delivery) (messageID string, err error) {
	q, err := s.byARN(ctx, d.QueueARN)
	if err != nil {
		return "", err
	}
	if err := s.require(ctx, authz.Question{Session: d.Principal, Source: d.Source, Keys: d.Keys, Decided: d.Decided}, "SendMessage", q); err != nil {
		return "", err
	}
	set := s.settingsOf(q)
	o := &outgoing{id: s.ids.UUID(), body: d.Body, sender: d.Principal.UserID, attributes: packed(d.Attributes), group: given(d.Group), dedup: given(d.Dedup),
		delay: set.delay}
	if d.Traced {
		o.trace = given(d.Cause)
	} else {
		o.cause = given(d.Cause)
	}
	if o.sender == "" {
		o.sender = d.Principal.ARN // a service's name
	}
	size := len(d.Body)
	for name, a := range d.Attributes {
		size += a.size(name)
		if err := a.check(name); err != nil {
			return "", fault.New(fault.Invalid, "%v", err)
		}
	}
	if size > set.maxSize {
		return "", fault.New(fault.TooLarge, "the message has %d bytes and %s takes %d", size, d.QueueARN, set.maxSize)
	}
	if err := checkBody(d.Body); err != nil {
		return "", fault.New(fault.Invalid, "%v", err)
	}
	if err := identify(q, set, o); err != nil {
		return "", fault.New(fault.Invalid, "%v", err)
	}
	err = s.do(ctx, &work{queue: q, sends: []*outgoing{o}})
	return o.id, err
}

// Target is queues as what others deliver to.
func (s *Store) Target() target.Kind {
	return target.Kind{
		Action: "sqs:SendMessage", Service: "SQS",
		Check: func(ctx context.Context, queue arn.ARN) error {
			_, err := s.byARN(ctx, queue.String())
			return err
		},
		Deliver: func(ctx context.Context, d target.Delivery) error {
			attributes := make(map[string]Attribute, len(d.Attributes))
			for name, a := range d.Attributes {
				attributes[name] = attributeOf(a)
			}
			cause := ""
			if d.Cause.ID != 0 {
				cause = d.Cause.Onward()
			}
			_, err := s.Deliver(ctx, Delivery{QueueARN: d.Target, Principal: d.Sender, Source: d.Source, Keys: d.Keys, Body: string(d.Body), Group: d.Group,
				Dedup: d.Dedup, Attributes: attributes, Decided: d.Decided, Cause: cause, Traced: d.Traced})
			return err
		},
	}
}

func attributeOf(a target.Attribute) Attribute {
	if strings.HasPrefix(a.Type, "Binary") {
		return Attribute{Type: a.Type, Binary: []byte(a.Value)}
	}
	return Attribute{Type: a.Type, String: &a.Value}
}
