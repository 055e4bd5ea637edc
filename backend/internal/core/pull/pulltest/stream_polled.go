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

// put puts records of one key, each when nothing is due.
func (s *streamSuite) put(t *testing.T, streamARN string, names ...string) {
	t.Helper()
	for _, n := range names {
		s.Put(t, streamARN, "k", n)
		s.drain(t)
	}
}

func fromTheBeginning(batch int) pull.Config {
	return pull.Config{BatchSize: batch, StartingPosition: pull.TrimHorizon}
}

func shardPolled(t *testing.T, s *streamSuite, streamARN string) {
	s.put(t, streamARN, "A", "B", "C")
	s.mapping(t, streamARN, fromTheBeginning(2))
	s.ran(t, "A B", "C")
	s.put(t, streamARN, "D")
	s.ran(t, "D")
	s.Advance(t, time.Hour)
	s.ran(t)
}

func shardLatest(t *testing.T, s *streamSuite, streamARN string) {
	s.put(t, streamARN, "A")
	s.mapping(t, streamARN, pull.Config{BatchSize: 10, StartingPosition: pull.Latest})
	s.put(t, streamARN, "B")
	s.ran(t, "B")
}

func shardAgain(t *testing.T, s *streamSuite, streamARN string) {
	s.put(t, streamARN, "A", "B", "C")
	s.behave(failing("A"))
	s.mapping(t, streamARN, fromTheBeginning(2))
	s.put(t, streamARN, "D")
	s.ran(t, "A B")
	s.Advance(t, time.Second)
	s.ran(t, "A B")
	s.behave(nil)
	s.Advance(t, time.Minute)
	s.ran(t, "A B", "C D")
}

func shardGivenUp(t *testing.T, s *streamSuite, streamARN string) {
	s.put(t, streamARN, "A", "B")
	s.behave(failing("A"))
	c := fromTheBeginning(1)
	c.MaximumRetryAttempts = 1
	s.mapping(t, streamARN, c)
	s.Advance(t, time.Hour)
	s.ran(t, "A", "A", "B")
}

func shardReported(t *testing.T, s *streamSuite, streamARN string) {
	s.put(t, streamARN, "A", "B", "C")
	_, list := s.home(t, streamARN, "B")
	s.behave(func(names []string, _ []json.RawMessage) *invoke.Outcome {
		if !slices.Contains(names, "B") {
			return nil
		}
		return &invoke.Outcome{Payload: fmt.Appendf(nil, `{"batchItemFailures":[{"itemIdentifier":%q}]}`, list[1].Sequence)}
	})
	c := fromTheBeginning(10)
	c.ReportBatchItemFailures = true
	s.mapping(t, streamARN, c)
	s.ran(t, "A B C")
	s.Advance(t, time.Second)
	s.ran(t, "B C")
	s.behave(nil)
	s.Advance(t, time.Minute)
	s.ran(t, "B C")
}

func shardRole(t *testing.T, s *streamSuite, streamARN string) {
	m := s.mapping(t, streamARN, fromTheBeginning(10))
	s.allow(t, false)
	s.put(t, streamARN, "A", "B")
	s.Advance(t, time.Hour)
	s.ran(t)
	if now, err := s.Poller.Get(Account, Region, m.UUID); err != nil || now.State != "Enabled" || now.LastResult == "OK" || now.LastResult == "No records processed" {
		t.Errorf("the mapping is %+v, %v; want that it says what is wrong", now, err)
	}
	s.allow(t, true)
	s.ran(t, "A B")
}

func shardFiltered(t *testing.T, s *streamSuite, streamARN string) {
	c := fromTheBeginning(10)
	c.Filters = []string{s.Only("B")}
	s.mapping(t, streamARN, c)
	s.put(t, streamARN, "A", "B", "C")
	s.ran(t, "B")
	s.restart(t)
	s.ran(t)
}

func shardChildren(t *testing.T, s *streamSuite, streamARN string) {
	s.mapping(t, streamARN, fromTheBeginning(10))
	s.allow(t, false)
	s.put(t, streamARN, "A")
	s.Reshard(t, streamARN, "k")
	s.put(t, streamARN, "B")
	s.Reshard(t, streamARN, "k")
	s.put(t, streamARN, "C")
	s.behave(failing("B"))
	s.allow(t, true)
	s.ran(t, "A", "B")
	s.behave(nil)
	s.Advance(t, time.Second)
	s.ran(t, "B", "C")
}

func shardRestart(t *testing.T, s *streamSuite, streamARN string) {
	s.put(t, streamARN, "A", "B", "C")
	s.behave(failing("B"))
	s.mapping(t, streamARN, fromTheBeginning(1))
	s.ran(t, "A", "B")
	s.restart(t)
	s.behave(nil)
	s.Advance(t, time.Minute)
	s.ran(t, "B", "C")
	s.restart(t)
	s.ran(t)
	s.put(t, streamARN, "D")
	s.ran(t, "D")
}

func shardTrimmed(t *testing.T, s *streamSuite, streamARN string) {
	m := s.mapping(t, streamARN, fromTheBeginning(10))
	s.enable(t, m, false)
	s.put(t, streamARN, "A")
	s.Advance(t, s.Retention+time.Minute)
	s.enable(t, m, true)
	s.put(t, streamARN, "B")
	s.ran(t, "B")
}
