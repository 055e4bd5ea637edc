package pulltest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// QueueSource is an implementation of pull.Queue with what a suite needs to fill it.
type QueueSource struct {
	Queue   pull.Queue
	Service string // of its ARNs
	Stop    func() // may be nil
	// Create makes an empty queue with a name of its own and returns its ARN.
	Create func(t *testing.T, a pull.QueueAttributes) (queueARN string)
	// Send sends a message; group is empty for a standard queue. No two messages of a queue have the same body.
	Send func(t *testing.T, queueARN, group, body string)
}

// queueSuite is the suite at work.
type queueSuite struct {
	*QueueSource
	*Core
	fifo bool
}

const visibility = 30 * time.Second

type queueRule struct {
	name string
	test func(t *testing.T, s *queueSuite, queueARN string)
}

// Queue holds an implementation to the contract of pull.Queue, and runs pollers over it. open makes it on a core, again after each
// restart; schemas are those of its tables.
func Queue(t *testing.T, schemas []postgres.Schema, open func(c *Core) *QueueSource) {
	s := &queueSuite{}
	s.Core = newCore(t, schemas, func(c *Core) (func(context.Context) error, func()) {
		s.QueueSource = open(c)
		c.Poller.RegisterQueue(s.Service, s.QueueSource.Queue)
		stop := s.Stop
		if stop == nil {
			stop = func() {}
		}
		return func(context.Context) error { return nil }, stop
	})
	s.name = func(record json.RawMessage) string {
		var m struct{ Body string }
		_ = json.Unmarshal(record, &m) // a rule of its own is about the event
		return m.Body
	}
	both := []queueRule{
		{"a queue that does not exist is not found", missing},
		{"a queue says what it is", describe},
		{"an empty queue gives nothing, and nothing will be visible", empty},
		{"a received message is hidden, and comes again after the visibility timeout", comesAgain},
		{"a message can be hidden for longer", hiddenLonger},
		{"a deleted message does not come again, and an old receipt deletes nothing", deleted},
		{"the event holds the message", inEvent},
		{"a function receives messages once, and they are deleted", pollOnce},
		{"what fails comes again after the visibility timeout", pollAgain},
		{"only what is reported comes again", pollReported},
		{"messages wait while the role may not receive", pollRole},
		{"what no filter lets through is deleted", pollFiltered},
		{"messages of before a restart are received after it", pollRestart},
	}
	standard := append(both[:len(both):len(both)],
		queueRule{"no more are received than were asked for", limited},
		queueRule{"a filter sees the event, with the body decoded where it is JSON", inView})
	fifo := append(both[:len(both):len(both)],
		queueRule{"a group that has a message in flight gives none, others do", groups},
		queueRule{"a group keeps its order over failures", order},
		queueRule{"a failing message holds up its group and no other", pollGroups})
	for kind, rules := range map[string][]queueRule{"standard": standard, "FIFO": fifo} {
		t.Run(kind, func(t *testing.T) {
			for _, r := range rules {
				t.Run(r.name, func(t *testing.T) {
					s.fifo = kind == "FIFO"
					r.test(t, s, s.Create(t, pull.QueueAttributes{FIFO: s.fifo, VisibilityTimeout: visibility}))
				})
			}
		})
	}
}

// send sends a message, of one group where the queue has groups.
func (s *queueSuite) send(t *testing.T, queueARN, body string) {
	t.Helper()
	group := ""
	if s.fifo {
		group = "g"
	}
	s.Send(t, queueARN, group, body)
}

func (s *queueSuite) receive(t *testing.T, queueARN string, limit int, hide time.Duration) []pull.Message {
	t.Helper()
	got, err := s.QueueSource.Queue.Receive(t.Context(), queueARN, limit, hide)
	if err != nil {
		t.Fatal("Receive:", err)
	}
	return got
}

func (s *queueSuite) want(t *testing.T, queueARN string, bodies ...string) []pull.Message {
	t.Helper()
	got := s.receive(t, queueARN, 10, 0)
	var have []string
	for _, m := range got {
		have = append(have, string(m.Body))
	}
	if !slices.Equal(have, bodies) {
		t.Fatalf("received %q, want %q", have, bodies)
	}
	return got
}

func (s *queueSuite) remove(t *testing.T, queueARN string, messages ...pull.Message) {
	t.Helper()
	var receipts []string
	for _, m := range messages {
		receipts = append(receipts, m.Receipt)
	}
	if err := s.QueueSource.Queue.Delete(t.Context(), queueARN, receipts); err != nil {
		t.Fatal("Delete:", err)
	}
}

func missing(t *testing.T, s *queueSuite, queueARN string) {
	other := queueARN + "-other"
	if _, err := s.QueueSource.Queue.Describe(t.Context(), other); !fault.Is(err, fault.NotFound) {
		t.Errorf("Describe: %v, want a fault of kind not found", err)
	}
	if _, err := s.QueueSource.Queue.Receive(t.Context(), other, 1, 0); !fault.Is(err, fault.NotFound) {
		t.Errorf("Receive: %v, want a fault of kind not found", err)
	}
	if len(s.QueueSource.Queue.Actions()) < 2 {
		t.Errorf("Actions: %q, want those of receiving and of deleting first", s.QueueSource.Queue.Actions())
	}
}

func describe(t *testing.T, s *queueSuite, queueARN string) {
	for _, fifo := range []bool{false, true} {
		made := s.Create(t, pull.QueueAttributes{FIFO: fifo, VisibilityTimeout: 7 * time.Second})
		a, err := s.QueueSource.Queue.Describe(t.Context(), made)
		if err != nil || a.FIFO != fifo || a.VisibilityTimeout != 7*time.Second {
			t.Errorf("Describe: %+v, %v; want FIFO %v, 7 s", a, err, fifo)
		}
	}
	if _, err := s.QueueSource.Queue.Describe(t.Context(), queueARN); err != nil {
		t.Error("Describe:", err)
	}
}

func empty(t *testing.T, s *queueSuite, queueARN string) {
	s.want(t, queueARN)
	if at, ok, err := s.QueueSource.Queue.NextVisible(t.Context(), queueARN); ok || err != nil {
		t.Errorf("NextVisible: %v, %v, %v; want nothing", at, ok, err)
	}
	s.send(t, queueARN, "a")
	if at, ok, err := s.QueueSource.Queue.NextVisible(t.Context(), queueARN); ok || err != nil {
		t.Errorf("NextVisible with a visible message: %v, %v, %v; want nothing", at, ok, err)
	}
}

func comesAgain(t *testing.T, s *queueSuite, queueARN string) {
	s.send(t, queueARN, "a")
	first := s.want(t, queueARN, "a")[0]
	s.want(t, queueARN)
	at, ok, err := s.QueueSource.Queue.NextVisible(t.Context(), queueARN)
	if !ok || err != nil {
		t.Fatalf("NextVisible: %v, %v; want an instant", ok, err)
	}
	s.Advance(t, visibility-time.Millisecond)
	s.want(t, queueARN)
	s.Advance(t, time.Millisecond)
	again := s.want(t, queueARN, "a")[0]
	if again.ID != first.ID || again.Receipt == first.Receipt {
		t.Errorf("received anew: id %s, receipt %s; want id %s and another receipt", again.ID, again.Receipt, first.ID)
	}
	if first.Receives != 1 || again.Receives != 2 {
		t.Errorf("receives: %d and %d, want 1 and 2", first.Receives, again.Receives)
	}
	later, _, _ := s.QueueSource.Queue.NextVisible(t.Context(), queueARN)
	if later.Sub(at) != visibility {
		t.Errorf("visible at %v and then at %v, want %v between them", at, later, visibility)
	}
}

func hiddenLonger(t *testing.T, s *queueSuite, queueARN string) {
	s.send(t, queueARN, "a")
	s.receive(t, queueARN, 1, 2*visibility)
	s.Advance(t, visibility+time.Second)
	s.want(t, queueARN)
	s.Advance(t, visibility)
	s.want(t, queueARN, "a")
}

func deleted(t *testing.T, s *queueSuite, queueARN string) {
	s.send(t, queueARN, "a")
	old := s.want(t, queueARN, "a")[0]
	s.Advance(t, visibility)
	fresh := s.want(t, queueARN, "a")[0]
	s.remove(t, queueARN, fresh)
	s.remove(t, queueARN, old, fresh)
	s.Advance(t, visibility)
	s.want(t, queueARN)
	if _, ok, err := s.QueueSource.Queue.NextVisible(t.Context(), queueARN); ok || err != nil {
		t.Errorf("NextVisible of an empty queue: %v, %v", ok, err)
	}
}

func limited(t *testing.T, s *queueSuite, queueARN string) {
	for _, body := range []string{"a", "b", "c"} {
		s.send(t, queueARN, body)
	}
	if n := len(s.receive(t, queueARN, 2, 0)); n != 2 {
		t.Errorf("received %d of 3, want 2", n)
	}
	if n := len(s.receive(t, queueARN, 10000, 0)); n != 1 {
		t.Errorf("received %d, want the 1 that is left", n)
	}
}

func inEvent(t *testing.T, s *queueSuite, queueARN string) {
	s.send(t, queueARN, `with "quotes"`)
	m := s.want(t, queueARN, `with "quotes"`)[0]
	var event struct{ MessageID, Body, ReceiptHandle, EventSourceARN string }
	if err := json.Unmarshal(m.Event, &event); err != nil {
		t.Fatalf("the event %s: %v", m.Event, err)
	}
	if event.MessageID != m.ID || event.Body != string(m.Body) || event.ReceiptHandle != m.Receipt || event.EventSourceARN != queueARN {
		t.Errorf("the event is %s, the message %+v", m.Event, m)
	}
	if m.Size < len(m.Body) {
		t.Errorf("size %d, want at least the body's %d", m.Size, len(m.Body))
	}
}

func inView(t *testing.T, s *queueSuite, queueARN string) {
	s.send(t, queueARN, `{"kind":"paid"}`)
	s.send(t, queueARN, `"plain"`)
	seen := map[string]bool{}
	for _, m := range s.receive(t, queueARN, 10, 0) {
		view := m.View()
		if view["messageId"] != m.ID || view["eventSourceARN"] != queueARN {
			t.Errorf("a filter sees %v of the message %s", view, m.ID)
		}
		seen[fmt.Sprint(view["body"])] = true
	}
	if !seen["map[kind:paid]"] || !seen[`"plain"`] {
		t.Errorf("filters see the bodies %v, want the object decoded and the text as it is", seen)
	}
}

func groups(t *testing.T, s *queueSuite, queueARN string) {
	s.Send(t, queueARN, "x", "x1")
	s.Send(t, queueARN, "x", "x2")
	first := s.receive(t, queueARN, 1, 0)
	if len(first) != 1 || first[0].Group != "x" || string(first[0].Body) != "x1" {
		t.Fatalf("received %+v, want x1 of group x", first)
	}
	s.Send(t, queueARN, "x", "x3")
	s.Send(t, queueARN, "y", "y1")
	s.want(t, queueARN, "y1")
	s.remove(t, queueARN, first...)
	s.want(t, queueARN, "x2", "x3")
}

func order(t *testing.T, s *queueSuite, queueARN string) {
	for _, body := range []string{"x1", "x2", "x3"} {
		s.Send(t, queueARN, "x", body)
	}
	s.remove(t, queueARN, s.want(t, queueARN, "x1", "x2", "x3")[0])
	s.want(t, queueARN)
	s.Advance(t, visibility)
	s.want(t, queueARN, "x2", "x3")
}
