package pull_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull/pulltest"
)

// keyed lets records through whose key begins so.
func keyed(letters ...string) []string {
	return []string{`{"key":["` + strings.Join(letters, `","`) + `"]}`}
}

func (b *bundle) checkpoint(want string) {
	b.t.Helper()
	var checkpoint string
	b.must(b.db.QueryRow(b.t.Context(), `SELECT checkpoint FROM pull.lanes`).Scan(&checkpoint))
	if checkpoint != want {
		b.t.Errorf("the checkpoint is %q, want %q", checkpoint, want)
	}
}

func TestABatchCountsTheRecordsThatMatchAndTheCheckpointPassesTheOthers(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 2, MaximumRetryAttempts: pull.Infinite, Filters: keyed("a")})
	b.put("s1", "x1", "a1", "x2", "a2", "x3", "a3", "x4")
	b.ran("a1 a2", "a3")
	b.checkpoint("000007")
	b.put("s1", "x5", "x6")
	b.ran()
	b.checkpoint("000009")
	b.close() // what was passed is not read again
	b.open()
	b.must(b.update(pull.Config{BatchSize: 2, StartingPosition: pull.TrimHorizon, ParallelizationFactor: 1}))
	b.put("s1", "x7")
	b.ran("x7")
	if o := b.outcomes(); slices.Index(o, "filtered PULL-FILTER") < 0 {
		t.Errorf("no delivery was filtered: %q", o)
	}
}

func TestAFailingBatchIsTriedAgainWithoutWhatWasFiltered(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 4, MaximumRetryAttempts: pull.Infinite, Filters: keyed("a", "p"), BisectBatchOnFunctionError: true})
	b.set(func(bodies []string) *invoke.Outcome {
		if slices.Contains(bodies, "p") {
			return fail(bodies)
		}
		return nil
	})
	b.put("s1", "x1", "a1", "x2", "p", "x3", "a2")
	b.ran("a1 p a2")
	b.close()
	b.open()
	b.advance(time.Second)
	b.set(succeed)
	b.advance(time.Minute)
	b.ran("a1", "p a2", "p", "a2")
	b.checkpoint("000006")
}

func TestFiltersThatChangeWhileABatchIsTriedAgainMayKeepAllOfItAway(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 1, MaximumRetryAttempts: pull.Infinite})
	b.set(fail)
	b.put("s1", "p", "a")
	b.ran("p")
	b.set(succeed)
	b.must(b.update(pull.Config{BatchSize: 1, MaximumRetryAttempts: pull.Infinite, StartingPosition: pull.TrimHorizon, ParallelizationFactor: 1, Filters: keyed("a")}))
	b.advance(time.Minute)
	b.ran("a")
	if want := []string{"filtered PULL-FILTER", "delivered PULL-SHARD-ORDER"}; !slices.Equal(b.outcomes(), want) {
		t.Errorf("outcomes %q, want %q", b.outcomes(), want)
	}
}

func TestLanesFilterTheirOwnPartOfTheKeys(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 10, ParallelizationFactor: 3, Filters: keyed("a", "b", "c", "d")})
	b.put("s1", "a1", "x1", "b1", "y1", "c1", "z1", "d1", "w1")
	var got []string
	for _, run := range b.program.runs {
		got = append(got, strings.Fields(run)...)
	}
	slices.Sort(got)
	if want := []string{"a1", "b1", "c1", "d1"}; !slices.Equal(got, want) {
		t.Errorf("the function was given %q, want %q", got, want)
	}
}

func TestMessagesThatNoFilterMatchesAreDeleted(t *testing.T) {
	b := setup(t)
	b.queue.Create(queueARN, pull.QueueAttributes{VisibilityTimeout: 30 * time.Second})
	b.mapping(queueARN, pull.Config{BatchSize: 2, Filters: []string{`{"body":["a","b"]}`, `{"body":{"n":[1]}}`}})
	b.send("a", "x", `{"n":1}`, `{"n":2}`, "b", `"a"`)
	b.ran(`a {"n":1}`, "b")
	b.left()
	b.send("x")
	b.ran()
	b.left()
	if o := b.outcomes(); o[len(o)-1] != "filtered PULL-FILTER" {
		t.Errorf("outcomes %q, want the last to be filtered", o)
	}
}

func TestFilteredMessagesOfAGroupDoNotBreakItsOrder(t *testing.T) {
	b := setup(t)
	b.queue.Create(queueARN, pull.QueueAttributes{FIFO: true, VisibilityTimeout: 30 * time.Second})
	b.mapping(queueARN, pull.Config{BatchSize: 10, Filters: []string{`{"body":[{"prefix":"a"}]}`}})
	b.send("g/a1", "g/x", "g/a2", "h/x", "h/a3")
	b.ran("a1 a2 a3")
	b.left()
}

// TestLambdaEventSourceMappings, test_sqs_invalid_event_filter: what is refused; the number (ours).
func TestPatternsThatAreRefused(t *testing.T) {
	b := setup(t)
	b.queue.Create(pulltest.ARN("r"), pull.QueueAttributes{VisibilityTimeout: 30 * time.Second})
	for name, c := range map[string]struct {
		source  string
		filters []string
		refused bool
	}{
		"no pattern":                        {pulltest.ARN("r"), []string{""}, true},
		"a text":                            {pulltest.ARN("r"), []string{`"single-string"`}, true},
		"a value that is no list":           {pulltest.ARN("r"), []string{`{"eventSource":"aws:sqs"}`}, true},
		"an empty list":                     {pulltest.ARN("r"), []string{`{"eventSource":[]}`}, true},
		"too many":                          {pulltest.ARN("r"), slices.Repeat([]string{`{"eventSource":["aws:sqs"]}`}, 6), true},
		"a text for a stream's data":        {streamARN, []string{`{"data":["x"]}`}, true},
		"a text for a queue's body":         {pulltest.ARN("r"), []string{`{"body":["x"]}`}, false},
		"another key of a stream's records": {streamARN, []string{`{"key":["x"]}`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			b.t = t
			m, err := b.create(c.source, pull.Config{BatchSize: 1, StartingPosition: pull.TrimHorizon, Filters: c.filters})
			if (err != nil) != c.refused {
				t.Fatalf("%v, want refused: %v", err, c.refused)
			}
			if err == nil {
				_, err = b.poller.Delete(t.Context(), account, "us-east-1", m.UUID)
				b.must(err)
			}
		})
	}
}
