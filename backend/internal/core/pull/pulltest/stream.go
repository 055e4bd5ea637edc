package pulltest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// StreamSource is an implementation of pull.Stream with what a suite needs to fill it.
type StreamSource struct {
	Stream  pull.Stream
	Service string // of its ARNs
	Start   func(context.Context) error
	Stop    func()
	// Create makes a stream with a name of its own and returns its ARN.
	Create func(t *testing.T) (streamARN string)
	// Put adds a record of a key. No two records of a stream have the same name.
	Put func(t *testing.T, streamARN, key, name string)
	// Name reads a record's name from its event, and Only is a filter that lets through the records of that name.
	Name func(record json.RawMessage) string
	Only func(name string) string
	// Reshard sees to it that the shard of a key is closed when the next record of that key comes, which goes to a child of it.
	Reshard func(t *testing.T, streamARN, key string)
	// Retention is how long a record can be read.
	Retention time.Duration
	// Timestamps says whether AT_TIMESTAMP is a starting position.
	Timestamps bool
}

// streamSuite is the suite at work.
type streamSuite struct {
	*StreamSource
	*Core
}

// Stream holds an implementation to the contract of pull.Stream, and runs pollers over it. open makes it on a core, again after
// each restart; schemas are those of its tables.
func Stream(t *testing.T, schemas []postgres.Schema, open func(c *Core) *StreamSource) {
	s := &streamSuite{}
	s.Core = newCore(t, schemas, func(c *Core) (func(context.Context) error, func()) {
		s.StreamSource = open(c)
		c.Poller.Register(s.Service, s.StreamSource.Stream)
		return s.Start, s.Stop
	})
	s.name = func(record json.RawMessage) string { return s.Name(record) }
	for _, r := range []struct {
		name string
		test func(t *testing.T, s *streamSuite, streamARN string)
	}{
		{"a stream that does not exist is not found", noStream},
		{"records are read once, in order, each key from one shard", inOrder},
		{"reading goes on after any record, as far as was asked", afterEach},
		{"each starting position is where it says", positions},
		{"records that are too old are passed over", trimmed},
		{"an event tells the record, and a filter sees it", recordEvent},
		{"a closed shard has an end, and children that name it", resharded},
		{"a function receives records in order, and once", shardPolled},
		{"what came before LATEST is not received", shardLatest},
		{"a failing batch comes again, and holds up what is behind it", shardAgain},
		{"a batch that is given up is passed over", shardGivenUp},
		{"only what is behind the first failure that is reported comes again", shardReported},
		{"records wait while the role may not read", shardRole},
		{"what no filter lets through is passed over", shardFiltered},
		{"children wait for their parent", shardChildren},
		{"a poller goes on where the one before the restart ended", shardRestart},
		{"what was trimmed while the mapping was disabled is passed over", shardTrimmed},
	} {
		t.Run(r.name, func(t *testing.T) { r.test(t, s, s.Create(t)) })
	}
}

// read returns the records of a shard after a sequence number.
func (s *streamSuite) read(t *testing.T, streamARN, shard, after string, limit int) []pull.Record {
	t.Helper()
	list, err := s.StreamSource.Stream.Read(t.Context(), streamARN, shard, after, limit)
	must(t, err)
	return list
}

func (s *streamSuite) shards(t *testing.T, streamARN string) []pull.Shard {
	t.Helper()
	list, err := s.StreamSource.Stream.Shards(t.Context(), streamARN)
	must(t, err)
	return list
}

// names lists the names of records.
func (s *streamSuite) names(records []pull.Record) (names []string) {
	for _, r := range records {
		names = append(names, s.Name(r.Event("arn:aws:iam::"+Account+":role/r")))
	}
	return names
}

// home is the shard in which a record is, with what is in it.
func (s *streamSuite) home(t *testing.T, streamARN, name string) (pull.Shard, []pull.Record) {
	t.Helper()
	for _, shard := range s.shards(t, streamARN) {
		if list := s.read(t, streamARN, shard.ID, "", 1000); slices.Contains(s.names(list), name) {
			return shard, list
		}
	}
	t.Fatalf("no shard has the record %s", name)
	return pull.Shard{}, nil
}

func (s *streamSuite) holds(t *testing.T, what string, records []pull.Record, want ...string) {
	t.Helper()
	if got := s.names(records); !slices.Equal(got, want) {
		t.Errorf("%s: read %q, want %q", what, got, want)
	}
}

func noStream(t *testing.T, s *streamSuite, streamARN string) {
	other := streamARN + "-other"
	if _, err := s.StreamSource.Stream.Shards(t.Context(), other); !fault.Is(err, fault.NotFound) {
		t.Errorf("Shards: %v, want a fault of kind not found", err)
	}
	shard := s.shards(t, streamARN)[0].ID
	if _, err := s.StreamSource.Stream.Read(t.Context(), other, shard, "", 1); !fault.Is(err, fault.NotFound) {
		t.Errorf("Read: %v, want a fault of kind not found", err)
	}
	if list := s.read(t, streamARN, shard, "", 10); len(list) > 0 {
		t.Errorf("a new stream has %d records", len(list))
	}
}

func inOrder(t *testing.T, s *streamSuite, streamARN string) {
	want := map[string][]string{}
	for i := range 12 {
		key, name := string(rune('a'+i%3)), string(rune('A'+i))
		s.Put(t, streamARN, key, name)
		want[key] = append(want[key], name)
		s.Advance(t, time.Second)
	}
	got, where := map[string][]string{}, map[string]string{}
	for _, shard := range s.shards(t, streamARN) {
		list := s.read(t, streamARN, shard.ID, "", 1000)
		for i, r := range list {
			key := ""
			for k := range want {
				if strings.Contains(r.Key, k) && slices.Contains(want[k], s.names(list)[i]) {
					key = k
				}
			}
			if was, ok := where[r.Key]; ok && was != shard.ID {
				t.Errorf("the key %s is in %s and %s", key, was, shard.ID)
			}
			where[r.Key], got[key] = shard.ID, append(got[key], s.names(list)[i])
			if i > 0 && (r.Sequence <= list[i-1].Sequence || r.Arrival.Before(list[i-1].Arrival)) {
				t.Errorf("%s at %v follows %s at %v", r.Sequence, r.Arrival, list[i-1].Sequence, list[i-1].Arrival)
			}
		}
	}
	for key, names := range want {
		if !slices.Equal(got[key], names) {
			t.Errorf("of the key %s came %q, want %q", key, got[key], names)
		}
	}
}

func afterEach(t *testing.T, s *streamSuite, streamARN string) {
	names := []string{"A", "B", "C", "D", "E"}
	for _, n := range names {
		s.Put(t, streamARN, "k", n)
	}
	shard, list := s.home(t, streamARN, "A")
	for i, r := range list {
		s.holds(t, "after "+names[i], s.read(t, streamARN, shard.ID, r.Sequence, 2), names[i+1:min(i+3, len(names))]...)
	}
	s.holds(t, "from the beginning", s.read(t, streamARN, shard.ID, "", 3), "A", "B", "C")
}

func positions(t *testing.T, s *streamSuite, streamARN string) {
	s.Put(t, streamARN, "k", "A")
	s.Advance(t, time.Minute)
	middle := s.Clock.Now()
	s.Put(t, streamARN, "k", "B")
	shard, _ := s.home(t, streamARN, "A")
	at := map[pull.StartingPosition]string{}
	for _, from := range []pull.StartingPosition{pull.TrimHorizon, pull.Latest, pull.AtTimestamp} {
		after, err := s.StreamSource.Stream.Position(t.Context(), streamARN, shard.ID, from, middle)
		if from == pull.AtTimestamp && !s.Timestamps {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v, want a refusal", from, err)
			}
			continue
		}
		must(t, err)
		at[from] = after
	}
	s.Put(t, streamARN, "k", "C")
	want := map[pull.StartingPosition][]string{pull.TrimHorizon: {"A", "B", "C"}, pull.Latest: {"C"}, pull.AtTimestamp: {"B", "C"}}
	for from, after := range at {
		s.holds(t, string(from), s.read(t, streamARN, shard.ID, after, 10), want[from]...)
	}
}

func trimmed(t *testing.T, s *streamSuite, streamARN string) {
	s.Put(t, streamARN, "k", "A")
	shard, list := s.home(t, streamARN, "A")
	s.Advance(t, s.Retention-time.Second)
	s.holds(t, "just before", s.read(t, streamARN, shard.ID, "", 10), "A")
	s.Advance(t, 2*time.Second)
	s.holds(t, "from the beginning", s.read(t, streamARN, shard.ID, "", 10))
	s.Put(t, streamARN, "k", "B")
	home, _ := s.home(t, streamARN, "B")
	after := list[0].Sequence
	if home.ID != shard.ID {
		after = "" // the shard was followed by another meanwhile
	}
	s.holds(t, "after what is gone", s.read(t, streamARN, home.ID, after, 10), "B")
}

func recordEvent(t *testing.T, s *streamSuite, streamARN string) {
	s.Put(t, streamARN, "k", "A")
	_, list := s.home(t, streamARN, "A")
	r := list[0]
	var event struct{ EventID, EventSource, EventSourceARN, AWSRegion string }
	if err := json.Unmarshal(r.Event("arn:aws:iam::"+Account+":role/r"), &event); err != nil {
		t.Fatal(err)
	}
	if event.EventID == "" || event.EventSource != "aws:"+s.Service || event.EventSourceARN != streamARN || event.AWSRegion != Region {
		t.Errorf("the event says %+v", event)
	}
	view := r.View()
	if _, ok := view[s.StreamSource.Stream.DataKey()].(map[string]any); !ok || view["eventSourceARN"] != streamARN {
		t.Errorf("a filter sees %v", view)
	}
	if r.Size < len("A")+len("k") {
		t.Errorf("the record's size is %d", r.Size)
	}
}

func resharded(t *testing.T, s *streamSuite, streamARN string) {
	s.Put(t, streamARN, "k", "A")
	s.Reshard(t, streamARN, "k")
	s.Put(t, streamARN, "k", "B")
	parent, list := s.home(t, streamARN, "A")
	s.holds(t, "the parent", list, "A")
	if parent.End == "" || parent.End < list[0].Sequence {
		t.Errorf("the parent %s ends at %q, its last record is %q", parent.ID, parent.End, list[0].Sequence)
	}
	s.holds(t, "the parent behind its last record", s.read(t, streamARN, parent.ID, list[0].Sequence, 10))
	child, list := s.home(t, streamARN, "B")
	s.holds(t, "the child", list, "B")
	if !slices.Equal(child.Parents, []string{parent.ID}) || child.End != "" {
		t.Errorf("the child is %+v, its parent %s", child, parent.ID)
	}
}
