// Package pulltest helps to test the pull model: the two conformance suites that sources pass, Stream and Queue, and a queue in
// memory.
//
// A suite holds an implementation to its contract, and then runs the core's pollers over it, on a real database and a virtual
// clock: what a function receives is in order, comes again until it is done, and never again then; it waits while the role may
// not read, and goes on where a backend before it ended. Services run the suite with one test. The queue in memory is the contract
// in its shortest form; the pollers' own tests run over it, and need no service.
package pulltest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Memory is queues in memory, by ARN. It is safe for concurrent use.
type Memory struct {
	Clock *clock.Clock
	Wake  func(queueARN string) // called after a message was sent

	mu     sync.Mutex
	queues map[string]*queue
	last   int
}

type queue struct {
	pull.QueueAttributes
	messages []*message // as they were sent
}

type message struct {
	id, group, body string
	receipt         string
	receives        int
	visible         time.Time
}

var _ pull.Queue = (*Memory)(nil)

// Create makes a queue.
func (q *Memory) Create(queueARN string, a pull.QueueAttributes) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.queues == nil {
		q.queues = map[string]*queue{}
	}
	q.queues[queueARN] = &queue{QueueAttributes: a}
}

// Send puts a message at the end, and returns its id.
func (q *Memory) Send(queueARN, group, body string) (id string) {
	q.mu.Lock()
	q.last++
	id = fmt.Sprintf("message-%d", q.last)
	qu := q.queues[queueARN]
	qu.messages = append(qu.messages, &message{id: id, group: group, body: body})
	q.mu.Unlock()
	if q.Wake != nil {
		q.Wake(queueARN)
	}
	return id
}

// Left lists the bodies of the messages that have not been deleted.
func (q *Memory) Left(queueARN string) (bodies []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.queues[queueARN].messages {
		bodies = append(bodies, m.body)
	}
	return bodies
}

// Received is how often the messages that have not been deleted were received.
func (q *Memory) Received(queueARN string) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.queues[queueARN].messages {
		n += m.receives
	}
	return n
}

// Actions are SQS's.
func (q *Memory) Actions() []string {
	return []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
}

func (q *Memory) find(queueARN string) (*queue, error) {
	if qu := q.queues[queueARN]; qu != nil {
		return qu, nil
	}
	return nil, fault.New(fault.NotFound, "there is no queue %s", queueARN)
}

// Describe returns what Create was given.
func (q *Memory) Describe(_ context.Context, queueARN string) (pull.QueueAttributes, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	qu, err := q.find(queueARN)
	if err != nil {
		return pull.QueueAttributes{}, err
	}
	return qu.QueueAttributes, nil
}

// Receive takes messages as the contract says.
func (q *Memory) Receive(_ context.Context, queueARN string, limit int, hide time.Duration) ([]pull.Message, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	qu, err := q.find(queueARN)
	if err != nil {
		return nil, err
	}
	if hide == 0 {
		hide = qu.VisibilityTimeout
	}
	now := q.Clock.Now()
	busy := map[string]bool{}
	for _, m := range qu.messages {
		if qu.FIFO && m.visible.After(now) {
			busy[m.group] = true
		}
	}
	var out []pull.Message
	for _, m := range qu.messages {
		if len(out) == limit {
			break
		}
		if m.visible.After(now) || busy[m.group] {
			continue
		}
		q.last++
		m.receives++
		m.receipt, m.visible = fmt.Sprintf("receipt-%d", q.last), now.Add(hide)
		event, err := json.Marshal(map[string]any{"messageId": m.id, "receiptHandle": m.receipt, "body": m.body, "eventSourceARN": queueARN})
		if err != nil {
			return nil, err
		}
		out = append(out, pull.Message{ID: m.id, Receipt: m.receipt, Receives: m.receives, Group: m.group, Body: []byte(m.body), Event: event, Size: len(m.body)})
	}
	return out, nil
}

// Delete removes messages by their receipts.
func (q *Memory) Delete(_ context.Context, queueARN string, receipts []string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	qu, err := q.find(queueARN)
	if err != nil {
		return err
	}
	qu.messages = slices.DeleteFunc(qu.messages, func(m *message) bool { return slices.Contains(receipts, m.receipt) })
	return nil
}

// NextVisible looks at the messages that are hidden now.
func (q *Memory) NextVisible(_ context.Context, queueARN string) (next time.Time, ok bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	qu, err := q.find(queueARN)
	if err != nil {
		return next, false, err
	}
	for _, m := range qu.messages {
		if m.visible.After(q.Clock.Now()) && (!ok || m.visible.Before(next)) {
			next, ok = m.visible, true
		}
	}
	return next, ok, nil
}

// ARN is the ARN of a queue of the tests' account.
func ARN(name string) string {
	return strings.Join([]string{"arn:aws:sqs:us-east-1:000000000000", name}, ":")
}
