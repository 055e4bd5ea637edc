package sqs

import (
	"context"
)

// Make makes a queue of the account 000000000000 in us-east-1 and returns its ARN.
func (s *Store) Make(ctx context.Context, name string, attributes map[string]string) (string, error) {
	q := &queue{account: "000000000000", region: "us-east-1", name: name, attributes: attributes, tags: map[string]string{}}
	_, err := s.create(ctx, q)
	return q.arn(), err
}

// Put sends messages with one commit. A FIFO queue's have their bodies as deduplication ids.
func (s *Store) Put(ctx context.Context, queueARN, group string, bodies ...string) error {
	q, err := s.byARN(ctx, queueARN)
	if err != nil {
		return err
	}
	w := &work{queue: q}
	for _, body := range bodies {
		o := &outgoing{id: s.ids.UUID(), body: body, sender: "AIDA", delay: s.settingsOf(q).delay}
		if q.fifo {
			o.group, o.dedup = &group, &body
		}
		w.sends = append(w.sends, o)
	}
	return s.do(ctx, w)
}

// Kept is how many messages memory and the heaps hold of a queue.
func (s *Store) Kept(ctx context.Context, queueARN string) (messages, entries int) {
	q, err := s.byARN(ctx, queueARN)
	if err != nil {
		return -1, -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(q, s.db.Now())
	return len(q.messages), len(q.ready) + len(q.later) + len(q.oldest)
}

// Flush waits until expired messages are deleted.
func (s *Store) Flush(ctx context.Context) error { return s.expired.Flush(ctx) }
