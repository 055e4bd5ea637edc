package pull_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

func streaming(t *testing.T, c pull.Config) *bundle {
	b := setup(t)
	c.StartingPosition = pull.TrimHorizon
	b.mapping(streamARN, c)
	return b
}

// put puts records before the system looks at them.
func (b *bundle) put(shard string, bodies ...string) {
	b.stream.put(shard, bodies...)
	b.drain()
}

func TestACheckpointMovesOnlyWhenTheFunctionHasSucceeded(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 2, MaximumRetryAttempts: pull.Infinite})
	// The process dies while the function runs: at that moment nothing may have been settled.
	b.set(func([]string) *invoke.Outcome {
		var checkpoint string
		b.check(b.db.QueryRow(t.Context(), `SELECT checkpoint FROM pull.lanes`).Scan(&checkpoint))
		if checkpoint != "" {
			t.Errorf("while the function runs the checkpoint is %q", checkpoint)
		}
		return fail(nil)
	})
	b.put("s1", "a", "b", "c")
	b.ran("a b")
	b.close()
	b.open()
	b.set(succeed)
	b.advance(time.Second)
	b.ran("a b", "c")
	b.close()
	b.open()
	b.advance(time.Hour)
	b.ran()
}

func TestASplitBatchSurvivesACrash(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 4, MaximumRetryAttempts: 0, BisectBatchOnFunctionError: true})
	b.set(func(bodies []string) *invoke.Outcome {
		if slices.Contains(bodies, "b") {
			return fail(bodies)
		}
		return nil
	})
	b.put("s1", "a", "b", "c", "d", "e")
	b.ran("a b c d")
	for range 4 { // each step in a life of its own
		b.close()
		b.open()
		b.advance(time.Second)
	}
	b.ran("a b", "a", "b", "c d", "e")
	if o := b.outcomes(); slices.Index(o, "dropped PULL-STREAM-RETRY") < 0 {
		t.Errorf("b was never dropped: %q", o)
	}
}

func TestNewShardsAreFoundWhileAMappingRuns(t *testing.T) {
	b := setup(t)
	b.mapping(streamARN, pull.Config{BatchSize: 10, StartingPosition: pull.Latest})
	b.put("s2", "a", "b")
	b.put("s2", "c")
	b.ran("a b", "c")
	b.stream.mu.Lock()
	b.stream.shards["s3"] = []string{"", "", "", "d"} // nobody was told
	b.stream.mu.Unlock()
	b.close()
	b.open()
	b.drain()
	b.ran("d")
}

func TestAStreamThatIsGoneIsReadAgainWhenItIsThereAgain(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 10})
	b.stream.fault = fault.New(fault.NotFound, "gone")
	b.put("s1", "a")
	b.ran()
	if m := b.poller.List(account, "", "", "")[0]; m.LastResult != "PROBLEM: Stream not found." || m.State != "Enabled" {
		t.Errorf("last result %q, state %q", m.LastResult, m.State)
	}
	b.stream.fault = nil
	b.poller.Wake(streamARN, "s1")
	b.drain()
	b.ran("a")
}

// The role is changed back while the poller is being refused: after it was asked, and before the poller has stopped.
func TestAChangeOfTheRoleIsNotMissedByAPollerThatIsStopping(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 10})
	b.must(b.identity.DeleteInline(t.Context(), roleKey, "p"))
	b.onWarning = func() {
		b.onWarning = nil
		b.check(b.identity.PutInline(t.Context(), roleKey, "p", allowed))
	}
	b.put("s1", "a")
	b.ran("a")
}

func TestEachPollIsAsTheRole(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 1})
	b.set(func([]string) *invoke.Outcome {
		b.check(b.identity.DeleteInline(t.Context(), roleKey, "p"))
		return nil
	})
	b.put("s1", "a", "b")
	b.ran("a")
	if m := b.poller.List(account, "", "", "")[0]; !strings.HasPrefix(m.LastResult, "PROBLEM: Cannot access stream") {
		t.Errorf("last result %q", m.LastResult)
	}
	b.set(succeed)
	b.must(b.identity.PutInline(t.Context(), roleKey, "p", allowed))
	b.drain()
	b.ran("b")
}

func TestALanesPartOfTheKeysKeepsItsOrderThroughAChangeOfTheFactor(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 2, ParallelizationFactor: 3})
	var bodies []string
	for i := range 30 {
		bodies = append(bodies, fmt.Sprintf("%c%02d", 'a'+i%7, i))
	}
	b.put("s1", bodies[:15]...)
	b.must(b.update(pull.Config{BatchSize: 2, ParallelizationFactor: 2, StartingPosition: pull.TrimHorizon}))
	b.put("s1", bodies[15:]...)
	last, seen := map[byte]string{}, map[string]bool{}
	for _, run := range b.program.runs {
		for _, body := range strings.Fields(run) {
			if seen[body] {
				t.Errorf("%s came again: every lane was done, also one that had no record", body)
			}
			seen[body] = true
			if body < last[body[0]] {
				t.Errorf("%s came after %s", body, last[body[0]])
			}
			last[body[0]] = body
		}
	}
	if len(seen) != len(bodies) {
		t.Errorf("%d of %d records came: %q", len(seen), len(bodies), b.program.runs)
	}
}

func TestARunThatFindsNoConcurrencyDoesNotCountAsAnAttempt(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 1, MaximumRetryAttempts: 0})
	b.program.throttle = 3
	b.put("s1", "a")
	b.ran()
	b.advance(time.Second + 2*time.Second + 4*time.Second)
	b.ran("a")
	if want := []string{"delivered PULL-SHARD-ORDER"}; !slices.Equal(b.outcomes(), want) {
		t.Errorf("outcomes %q, want %q", b.outcomes(), want)
	}
}

func TestAMappingsFunctionCannotBecomeThatOfAnotherMapping(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 1})
	_, err := b.functions.Create(t.Context(), function.Key{Account: account, Region: "us-east-1", Name: "g"},
		function.Config{Role: "arn:aws:iam::" + account + ":role/r", Timeout: 3}, function.Code{}, []byte("zip"), nil, false)
	b.must(err)
	first := b.poller.List(account, "", "", "")[0]
	other := first
	other.FunctionARN = strings.TrimSuffix(first.FunctionARN, "f") + "g"
	made, err := b.poller.Create(t.Context(), other)
	b.must(err)
	_, err = b.poller.Update(t.Context(), account, "us-east-1", made.UUID, func(m *pull.EventSourceMapping) error {
		m.FunctionARN = first.FunctionARN
		return nil
	})
	want := fmt.Sprintf("The event source arn (\" %s \") and function (\" f \") provided mapping already exists. Please update or delete the existing mapping with UUID %s", streamARN, first.UUID)
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestAnIdleMappingHasNoItem(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 10, MaximumBatchingWindowInSeconds: 5})
	b.put("s1", "a")
	b.advance(time.Minute)
	b.ran("a")
	if at, ok := b.agenda.Next(); ok {
		t.Errorf("an item falls due at %v", at)
	}
}

func TestABatchThatOutlivesAChangeOfTheFactorMovesNoCheckpointOfTheNewLanes(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 10, ParallelizationFactor: 2})
	changed := false
	b.set(func([]string) *invoke.Outcome {
		if !changed {
			changed = true
			b.check(b.change(pull.Config{BatchSize: 10, ParallelizationFactor: 3, StartingPosition: pull.TrimHorizon}))
			return nil
		}
		// The batch of before has succeeded. It held the keys of one of two parts, so no lane of three is done up to its end.
		var n int
		b.check(b.db.QueryRow(t.Context(), `SELECT count(*) FROM pull.lanes WHERE checkpoint <> ''`).Scan(&n))
		if done := len(b.program.runs) - 2; n > max(done, 0) {
			t.Errorf("%d lanes have a checkpoint after %d runs of theirs", n, done)
		}
		return nil
	})
	var bodies []string
	for i := range 12 {
		bodies = append(bodies, fmt.Sprintf("%c%02d", 'a'+i, i))
	}
	b.put("s1", bodies...)
	b.close()
	b.open()
	b.drain()
	seen := map[string]bool{}
	for _, run := range b.program.runs {
		for _, body := range strings.Fields(run) {
			seen[body] = true
		}
	}
	if len(seen) != len(bodies) {
		t.Errorf("%d of %d records came: %q", len(seen), len(bodies), b.program.runs)
	}
}

// Each check of a change reads the database. Changes at once, as many as there are connections, must not wait for one another.
func TestChangesOfManyMappingsAtOnceNeedOneConnectionEach(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 1})
	m := b.poller.List(account, "", "", "")[0]
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if _, err := b.poller.Update(ctx, account, m.Region, m.UUID, func(m *pull.EventSourceMapping) error {
				var one int
				m.BatchSize = i + 1
				return b.db.QueryRow(ctx, `SELECT 1`).Scan(&one) // as the checks of a function's role do
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
