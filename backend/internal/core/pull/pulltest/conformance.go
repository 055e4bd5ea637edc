package pulltest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Fixture is an implementation of pull.Queue with what a test needs to fill it. Its clock is virtual.
type Fixture struct {
	Queue pull.Queue
	// Create makes an empty queue with a name of its own and returns its ARN.
	Create func(t *testing.T, a pull.QueueAttributes) (queueARN string)
	// Send sends a message; group is empty for a standard queue. No two messages of a queue have the same body.
	Send func(t *testing.T, queueARN, group, body string)
	// Advance moves the clock.
	Advance func(t *testing.T, d time.Duration)
}

const visibility = 30 * time.Second

// TestQueue holds an implementation to the contract of pull.Queue. setup is called once for each rule.
func TestQueue(t *testing.T, setup func(t *testing.T) *Fixture) {
	rules := []struct {
		name string
		fifo bool
		test func(t *testing.T, f *Fixture, queueARN string)
	}{
		{"a queue that does not exist is not found", false, missing},
		{"a standard queue says what it is", false, describe},
		{"a FIFO queue says what it is", true, describe},
		{"an empty queue gives nothing, and nothing will be visible", false, empty},
		{"a received message is hidden, and comes again after the visibility timeout", false, comesAgain},
		{"a message can be hidden for longer", false, hiddenLonger},
		{"a deleted message does not come again, and an old receipt deletes nothing", false, deleted},
		{"no more are received than were asked for", false, limited},
		{"the event holds the message", false, inEvent},
		{"a filter sees the event, with the body decoded where it is JSON", false, inView},
		{"a group that has a message in flight gives none, others do", true, groups},
		{"a group keeps its order over failures", true, order},
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			f := setup(t)
			r.test(t, f, f.Create(t, pull.QueueAttributes{FIFO: r.fifo, VisibilityTimeout: visibility}))
		})
	}
}

func (f *Fixture) receive(t *testing.T, queueARN string, limit int, hide time.Duration) []pull.Message {
	t.Helper()
	got, err := f.Queue.Receive(t.Context(), queueARN, limit, hide)
	if err != nil {
		t.Fatal("Receive:", err)
	}
	return got
}

func (f *Fixture) want(t *testing.T, queueARN string, bodies ...string) []pull.Message {
	t.Helper()
	got := f.receive(t, queueARN, 10, 0)
	var have []string
	for _, m := range got {
		have = append(have, string(m.Body))
	}
	if !slices.Equal(have, bodies) {
		t.Fatalf("received %q, want %q", have, bodies)
	}
	return got
}

func (f *Fixture) remove(t *testing.T, queueARN string, messages ...pull.Message) {
	t.Helper()
	var receipts []string
	for _, m := range messages {
		receipts = append(receipts, m.Receipt)
	}
	if err := f.Queue.Delete(t.Context(), queueARN, receipts); err != nil {
		t.Fatal("Delete:", err)
	}
}

func missing(t *testing.T, f *Fixture, queueARN string) {
	other := queueARN + "-other"
	if _, err := f.Queue.Describe(t.Context(), other); !fault.Is(err, fault.NotFound) {
		t.Errorf("Describe: %v, want a fault of kind not found", err)
	}
	if _, err := f.Queue.Receive(t.Context(), other, 1, 0); !fault.Is(err, fault.NotFound) {
		t.Errorf("Receive: %v, want a fault of kind not found", err)
	}
	if len(f.Queue.Actions()) < 2 {
		t.Errorf("Actions: %q, want those of receiving and of deleting first", f.Queue.Actions())
	}
}

func describe(t *testing.T, f *Fixture, queueARN string) {
	for _, fifo := range []bool{false, true} {
		made := f.Create(t, pull.QueueAttributes{FIFO: fifo, VisibilityTimeout: 7 * time.Second})
		a, err := f.Queue.Describe(t.Context(), made)
		if err != nil || a.FIFO != fifo || a.VisibilityTimeout != 7*time.Second {
			t.Errorf("Describe: %+v, %v; want FIFO %v, 7 s", a, err, fifo)
		}
	}
	if _, err := f.Queue.Describe(t.Context(), queueARN); err != nil {
		t.Error("Describe:", err)
	}
}

func empty(t *testing.T, f *Fixture, queueARN string) {
	f.want(t, queueARN)
	if at, ok, err := f.Queue.NextVisible(t.Context(), queueARN); ok || err != nil {
		t.Errorf("NextVisible: %v, %v, %v; want nothing", at, ok, err)
	}
	f.Send(t, queueARN, "", "a")
	if at, ok, err := f.Queue.NextVisible(t.Context(), queueARN); ok || err != nil {
		t.Errorf("NextVisible with a visible message: %v, %v, %v; want nothing", at, ok, err)
	}
}

func comesAgain(t *testing.T, f *Fixture, queueARN string) {
	f.Send(t, queueARN, "", "a")
	first := f.want(t, queueARN, "a")[0]
	f.want(t, queueARN)
	at, ok, err := f.Queue.NextVisible(t.Context(), queueARN)
	if !ok || err != nil {
		t.Fatalf("NextVisible: %v, %v; want an instant", ok, err)
	}
	f.Advance(t, visibility-time.Millisecond)
	f.want(t, queueARN)
	f.Advance(t, time.Millisecond)
	again := f.want(t, queueARN, "a")[0]
	if again.ID != first.ID || again.Receipt == first.Receipt {
		t.Errorf("received anew: id %s, receipt %s; want id %s and another receipt", again.ID, again.Receipt, first.ID)
	}
	if first.Receives != 1 || again.Receives != 2 {
		t.Errorf("receives: %d and %d, want 1 and 2", first.Receives, again.Receives)
	}
	later, _, _ := f.Queue.NextVisible(t.Context(), queueARN)
	if later.Sub(at) != visibility {
		t.Errorf("visible at %v and then at %v, want %v between them", at, later, visibility)
	}
}

func hiddenLonger(t *testing.T, f *Fixture, queueARN string) {
	f.Send(t, queueARN, "", "a")
	f.receive(t, queueARN, 1, 2*visibility)
	f.Advance(t, visibility+time.Second)
	f.want(t, queueARN)
	f.Advance(t, visibility)
	f.want(t, queueARN, "a")
}

func deleted(t *testing.T, f *Fixture, queueARN string) {
	f.Send(t, queueARN, "", "a")
	old := f.want(t, queueARN, "a")[0]
	f.Advance(t, visibility)
	fresh := f.want(t, queueARN, "a")[0]
	f.remove(t, queueARN, fresh)
	f.remove(t, queueARN, old, fresh)
	f.Advance(t, visibility)
	f.want(t, queueARN)
	if _, ok, err := f.Queue.NextVisible(t.Context(), queueARN); ok || err != nil {
		t.Errorf("NextVisible of an empty queue: %v, %v", ok, err)
	}
}

func limited(t *testing.T, f *Fixture, queueARN string) {
	for _, body := range []string{"a", "b", "c"} {
		f.Send(t, queueARN, "", body)
	}
	if n := len(f.receive(t, queueARN, 2, 0)); n != 2 {
		t.Errorf("received %d of 3, want 2", n)
	}
	if n := len(f.receive(t, queueARN, 10000, 0)); n != 1 {
		t.Errorf("received %d, want the 1 that is left", n)
	}
}

func inEvent(t *testing.T, f *Fixture, queueARN string) {
	f.Send(t, queueARN, "", `with "quotes"`)
	m := f.want(t, queueARN, `with "quotes"`)[0]
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

func inView(t *testing.T, f *Fixture, queueARN string) {
	f.Send(t, queueARN, "", `{"kind":"paid"}`)
	f.Send(t, queueARN, "", `"plain"`)
	seen := map[string]bool{}
	for _, m := range f.receive(t, queueARN, 10, 0) {
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

func groups(t *testing.T, f *Fixture, queueARN string) {
	f.Send(t, queueARN, "x", "x1")
	f.Send(t, queueARN, "x", "x2")
	first := f.receive(t, queueARN, 1, 0)
	if len(first) != 1 || first[0].Group != "x" || string(first[0].Body) != "x1" {
		t.Fatalf("received %+v, want x1 of group x", first)
	}
	f.Send(t, queueARN, "x", "x3")
	f.Send(t, queueARN, "y", "y1")
	f.want(t, queueARN, "y1")
	f.remove(t, queueARN, first...)
	f.want(t, queueARN, "x2", "x3")
}

func order(t *testing.T, f *Fixture, queueARN string) {
	for _, body := range []string{"x1", "x2", "x3"} {
		f.Send(t, queueARN, "x", body)
	}
	f.remove(t, queueARN, f.want(t, queueARN, "x1", "x2", "x3")[0])
	f.want(t, queueARN)
	f.Advance(t, visibility)
	f.want(t, queueARN, "x2", "x3")
}
