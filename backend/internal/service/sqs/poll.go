package sqs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// The store is a source of event source mappings.
var _ pull.Queue = (*Store)(nil)

// Actions is what an execution role needs to poll a queue (Lambda guide, SQS).
func (s *Store) Actions() []string {
	return []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
}

// Describe says what pollers must know of a queue.
func (s *Store) Describe(ctx context.Context, queueARN string) (pull.QueueAttributes, error) {
	q, err := s.byARN(ctx, queueARN)
	if err != nil {
		return pull.QueueAttributes{}, err
	}
	set := s.settingsOf(q)
	return pull.QueueAttributes{FIFO: set.fifo, VisibilityTimeout: set.visibility}, nil
}

// SourcePolicy is the policy of a queue, which counts beside the execution role's.
func (s *Store) SourcePolicy(ctx context.Context, queueARN string) (*policy.Source, error) {
	q, err := s.byARN(ctx, queueARN)
	if err != nil {
		return nil, err
	}
	return s.settingsOf(q).policy, nil
}

// Receive takes visible messages for a poller.
func (s *Store) Receive(ctx context.Context, queueARN string, limit int, hide time.Duration) ([]pull.Message, error) {
	q, err := s.byARN(ctx, queueARN)
	if err != nil {
		return nil, err
	}
	if hide == 0 {
		hide = s.settingsOf(q).visibility
	}
	got, err := s.receive(ctx, q, claim{limit: limit, hide: hide, quiet: true})
	if err != nil {
		return nil, err
	}
	out := make([]pull.Message, len(got))
	for i := range got {
		if out[i], err = pulled(&got[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Delete removes messages by their receipts. One that is no longer valid is passed over.
func (s *Store) Delete(ctx context.Context, queueARN string, receipts []string) error {
	q, err := s.byARN(ctx, queueARN)
	if err != nil {
		return err
	}
	w := &work{queue: q}
	for _, handle := range receipts {
		if r, ok := parseReceipt(handle, queueARN); ok {
			w.marks = append(w.marks, &mark{receipt: r, delete: true})
		}
	}
	if len(w.marks) == 0 {
		return nil
	}
	return s.do(ctx, w)
}

// NextVisible is when the earliest message that is hidden or delayed will be visible.
func (s *Store) NextVisible(ctx context.Context, queueARN string) (time.Time, bool, error) {
	q, err := s.byARN(ctx, queueARN)
	if err != nil {
		return time.Time{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(q, s.db.Now())
	at, ok := q.nextVisible()
	return at, ok, nil
}

// pulled is a message as pollers handle it.
func pulled(r *received) (pull.Message, error) {
	m := pull.Message{ID: r.id, Receipt: r.receipt(), Receives: r.received, Body: []byte(r.body)}
	if r.cause != nil {
		m.Cause = *r.cause
	}
	if r.queue.fifo && r.group != nil {
		m.Group = *r.group
	}
	var err error
	m.Event, err = event(r)
	m.Size = len(m.Event)
	return m, err
}

// event is a message as functions receive it (recorded from AWS).
func event(r *received) (json.RawMessage, error) {
	attributes, err := unpacked(r.attributes)
	if err != nil {
		return nil, err
	}
	user := map[string]any{}
	for name, a := range attributes {
		value := map[string]any{"dataType": a.Type, "stringListValues": []string{}, "binaryListValues": []string{}}
		if a.binary() {
			value["binaryValue"] = a.Binary
		} else {
			value["stringValue"] = a.String
		}
		user[name] = value
	}
	return json.Marshal(map[string]any{
		"messageId": r.id, "receiptHandle": r.receipt(), "body": r.body, "attributes": r.system(), "messageAttributes": user,
		"md5OfMessageAttributes": given(digestOf(attributes)), "md5OfBody": digest(r.body),
		"eventSource": "aws:sqs", "eventSourceARN": r.queue.arn(), "awsRegion": r.queue.region,
	})
}
