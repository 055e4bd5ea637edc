package pulltest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
)

// gone checks that nothing is left in a queue, also of what is hidden now.
func (s *queueSuite) gone(t *testing.T, queueARN string) {
	t.Helper()
	s.Advance(t, 2*visibility)
	s.ran(t)
	if list := s.receive(t, queueARN, 10, 0); len(list) > 0 {
		t.Errorf("%d messages are left, the first is %s", len(list), list[0].Body)
	}
}

// deliver sends messages and waits until nothing is due.
func (s *queueSuite) deliver(t *testing.T, queueARN string, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		s.send(t, queueARN, body)
	}
	s.drain(t)
}

func pollOnce(t *testing.T, s *queueSuite, queueARN string) {
	s.deliver(t, queueARN, "a", "b", "c")
	s.mapping(t, queueARN, pull.Config{BatchSize: 2})
	s.ran(t, "a b", "c")
	s.deliver(t, queueARN, "d")
	s.ran(t, "d")
	s.gone(t, queueARN)
}

func pollAgain(t *testing.T, s *queueSuite, queueARN string) {
	s.mapping(t, queueARN, pull.Config{BatchSize: 10})
	s.behave(failing("a"))
	s.deliver(t, queueARN, "a")
	s.ran(t, "a")
	s.Advance(t, visibility-time.Second)
	s.ran(t)
	s.Advance(t, time.Second)
	s.ran(t, "a")
	s.behave(nil)
	s.Advance(t, visibility)
	s.ran(t, "a")
	s.gone(t, queueARN)
}

func pollReported(t *testing.T, s *queueSuite, queueARN string) {
	s.deliver(t, queueARN, "a", "b", "c")
	s.behave(func(names []string, records []json.RawMessage) *invoke.Outcome {
		i := slices.Index(names, "c")
		if i < 0 {
			return nil
		}
		var m struct{ MessageID string }
		if err := json.Unmarshal(records[i], &m); err != nil {
			return nil // the rule about the event says so
		}
		return &invoke.Outcome{Payload: fmt.Appendf(nil, `{"batchItemFailures":[{"itemIdentifier":%q}]}`, m.MessageID)}
	})
	s.mapping(t, queueARN, pull.Config{BatchSize: 10, ReportBatchItemFailures: true})
	s.ran(t, "a b c")
	s.Advance(t, visibility)
	s.ran(t, "c")
	s.behave(nil)
	s.Advance(t, visibility)
	s.ran(t, "c")
	s.gone(t, queueARN)
}

func pollRole(t *testing.T, s *queueSuite, queueARN string) {
	s.mapping(t, queueARN, pull.Config{BatchSize: 10})
	s.allow(t, false)
	s.deliver(t, queueARN, "a")
	s.Advance(t, time.Hour)
	s.ran(t)
	s.allow(t, true)
	s.ran(t, "a")
	s.gone(t, queueARN)
}

func pollFiltered(t *testing.T, s *queueSuite, queueARN string) {
	s.mapping(t, queueARN, pull.Config{BatchSize: 10, Filters: []string{`{"body":{"kind":["a"]}}`}})
	s.deliver(t, queueARN, `{"kind":"b"}`)
	s.deliver(t, queueARN, "plain")
	s.deliver(t, queueARN, `{"kind":"a"}`)
	s.ran(t, `{"kind":"a"}`)
	s.gone(t, queueARN)
}

func pollRestart(t *testing.T, s *queueSuite, queueARN string) {
	s.mapping(t, queueARN, pull.Config{BatchSize: 10})
	s.deliver(t, queueARN, "a")
	s.behave(failing("b"))
	s.deliver(t, queueARN, "b")
	s.ran(t, "a", "b")
	s.restart(t)
	s.behave(nil)
	s.Advance(t, visibility)
	s.ran(t, "b")
	s.restart(t)
	s.gone(t, queueARN)
}

func pollGroups(t *testing.T, s *queueSuite, queueARN string) {
	s.mapping(t, queueARN, pull.Config{BatchSize: 1})
	s.behave(failing("x1"))
	s.Send(t, queueARN, "x", "x1")
	s.drain(t)
	s.Send(t, queueARN, "x", "x2")
	s.Send(t, queueARN, "y", "y1")
	s.drain(t)
	s.ran(t, "x1", "y1")
	s.behave(nil)
	s.Advance(t, visibility)
	s.ran(t, "x1", "x2")
	s.gone(t, queueARN)
}
