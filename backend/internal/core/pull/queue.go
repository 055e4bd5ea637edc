package pull

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Queue is a source that is received from message by message. A service registers one for its kind of ARN.
//
// A queue knows nothing of mappings: it hides what it hands out for its own visibility timeout, and shows it again when
// nobody has deleted it by then. So a batch that fails needs no word from the poller: it comes back by itself.
type Queue interface {
	// Actions lists what the execution role needs, as IAM actions; the first is the one asked at each poll, the second the
	// one asked before messages are deleted.
	Actions() []string
	// Describe returns what a mapping's validation and its pollers must know of the queue. A queue that does not exist is a
	// fault of kind NotFound.
	Describe(ctx context.Context, queueARN string) (QueueAttributes, error)
	// Receive takes up to limit visible messages (1 to 10000) in the order in which the queue gives them out: it counts the
	// receipt, hides them for hide, or for the queue's own visibility timeout when hide is 0, and returns them after the
	// commit. From a FIFO queue it takes none of a group that has a message in flight, but several of one group at once, in
	// order. A message that has been received more often than the redrive policy allows goes to the dead-letter queue
	// instead. An empty queue is no error.
	Receive(ctx context.Context, queueARN string, limit int, hide time.Duration) ([]Message, error)
	// Delete removes messages that were received, by their receipts. A receipt that is no longer valid is passed over.
	Delete(ctx context.Context, queueARN string, receipts []string) error
	// NextVisible returns when the earliest message that is hidden or delayed now will be visible, and whether there is one.
	NextVisible(ctx context.Context, queueARN string) (time.Time, bool, error)
}

// QueueAttributes is what pollers know of a queue.
type QueueAttributes struct {
	FIFO              bool
	VisibilityTimeout time.Duration // 0 s to 12 h
}

// Message is one message of a queue, as received once.
type Message struct {
	ID       string
	Receipt  string
	Receives int             // how often it has been received, this time included
	Group    string          // of a FIFO queue's message; empty for a standard queue
	Body     []byte          // what filters look at
	Event    json.RawMessage // the message as it stands in the function's event
	Cause    string          // what it follows from (trace.Cause); "" for nothing
	Size     int             // bytes
}

// QueueDataKey is what filter patterns call a message's own content.
const QueueDataKey = "body"

// View is the message as filters see it: its event, with the body decoded where that is JSON, which here means an object or an
// array; anything else is a plain string.
func (m *Message) View() map[string]any {
	var view map[string]any
	if Decode(m.Event, &view) != nil {
		return nil
	}
	view[QueueDataKey] = Content(m.Body)
	return view
}

// Content is a body or data as filters see it: decoded where it is a JSON object or array, else a string.
func Content(data []byte) any {
	if text := bytes.TrimSpace(data); len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		var v any
		if Decode(text, &v) == nil {
			return v
		}
	}
	return string(data)
}

// Decode is json.Unmarshal that keeps numbers as they are written.
func Decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return fault.New(fault.Invalid, "more than one JSON value")
	}
	return nil
}
