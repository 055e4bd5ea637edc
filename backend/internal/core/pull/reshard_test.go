package pull_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

func TestAParentIsReadToItsEndBeforeItsChildren(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 2, MaximumRetryAttempts: pull.Infinite})
	b.set(fail)
	b.put("s1", "a", "b", "c")
	b.stream.reshard([]string{"s1"}, "s2", "s3")
	b.put("s2", "d")
	b.put("s3", "e")
	b.advance(time.Second)
	b.ran("a b", "a b")
	b.set(succeed)
	b.advance(time.Minute)
	b.ran("a b", "c", "d", "e")
	b.stream.reshard([]string{"s2", "s3"}, "s4")
	b.put("s4", "f")
	b.ran("f")
}

func TestAMergedShardWaitsForBothItsParents(t *testing.T) {
	b := setup(t)
	b.stream.shards["s2"] = nil
	b.mapping(streamARN, pull.Config{BatchSize: 10, StartingPosition: pull.TrimHorizon, MaximumRetryAttempts: pull.Infinite})
	b.set(func(bodies []string) *invoke.Outcome {
		if slices.Contains(bodies, "b") {
			return fail(bodies)
		}
		return nil
	})
	b.put("s1", "a")
	b.put("s2", "b")
	b.stream.reshard([]string{"s1", "s2"}, "s3")
	b.put("s3", "c")
	b.ran("a", "b")
	b.set(succeed)
	b.advance(time.Minute)
	b.ran("b", "c")
}

func TestAParentOfSeveralLanesIsReadByAllOfThemBeforeItsChildren(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 10, ParallelizationFactor: 3, MaximumRetryAttempts: pull.Infinite})
	b.set(fail)
	b.put("s1", "a") // one lane's
	b.stream.reshard([]string{"s1"}, "s2")
	b.put("s2", "b", "c", "d")
	b.ran("a")
	b.must(b.update(pull.Config{BatchSize: 10, ParallelizationFactor: 2, MaximumRetryAttempts: pull.Infinite, StartingPosition: pull.TrimHorizon}))
	b.program.runs = nil
	b.set(succeed)
	b.advance(time.Minute)
	if len(b.program.runs) < 2 || b.program.runs[0] != "a" {
		t.Errorf("the function was given %q, want the parent's record first", b.program.runs)
	}
}

func TestAReshardingSurvivesACrash(t *testing.T) {
	for name, reshard := range map[string]func(b *bundle){
		"that comes before the pollers have heard of it": func(b *bundle) {
			b.stream.wake = func(string, string) {}
			b.stream.reshard([]string{"s1"}, "s2")
		},
		"that comes after": func(b *bundle) {
			b.stream.reshard([]string{"s1"}, "s2")
			b.drain()
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := streaming(t, pull.Config{BatchSize: 1, MaximumRetryAttempts: pull.Infinite})
			b.set(func(bodies []string) *invoke.Outcome {
				if slices.Contains(bodies, "b") {
					return fail(bodies)
				}
				return nil
			})
			b.put("s1", "a", "b")
			b.ran("a", "b")
			reshard(b)
			b.stream.wake = func(string, string) {}
			b.put("s2", "c")
			b.close()
			b.open()
			b.drain()
			b.ran() // b waits for its next attempt, and c for b
			b.set(succeed)
			b.advance(time.Minute)
			b.ran("b", "c")
		})
	}
}

func TestWhereAMappingBeginsInAStreamThatWasReshardedBefore(t *testing.T) {
	for from, want := range map[pull.StartingPosition][]string{pull.TrimHorizon: {"a", "b", "c"}, pull.Latest: {"c"}} {
		t.Run(string(from), func(t *testing.T) {
			b := setup(t)
			b.stream.put("s1", "a")
			b.stream.reshard([]string{"s1"}, "s2")
			b.stream.put("s2", "b")
			b.mapping(streamARN, pull.Config{BatchSize: 1, StartingPosition: from})
			b.put("s2", "c")
			b.ran(want...)
		})
	}
}

func TestTheLanesOfAShardThatIsTrimmedAreForgotten(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 1, MaximumRetryAttempts: pull.Infinite})
	b.put("s1", "a")
	b.stream.reshard([]string{"s1"}, "s2")
	b.drain()
	trim := func(shard string) {
		b.stream.mu.Lock()
		delete(b.stream.shards, shard)
		b.stream.mu.Unlock()
	}
	trim("s1")
	b.stream.reshard([]string{"s2"}, "s3")
	b.drain()
	var shards []string
	b.must(b.db.QueryRow(t.Context(), `SELECT array_agg(shard ORDER BY shard) FROM pull.lanes`).Scan(&shards))
	if !slices.Equal(shards, []string{"s2", "s3"}) {
		t.Errorf("there are lanes of %q, want those of the shards that are there", shards)
	}
	// A child does not wait for a parent that is trimmed with a batch that was never done.
	b.set(fail)
	b.put("s3", "b")
	b.stream.reshard([]string{"s3"}, "s4")
	trim("s2")
	trim("s3")
	b.stream.reshard([]string{"s4"}, "s5")
	b.program.runs = nil
	b.set(succeed)
	b.put("s4", "c")
	b.put("s5", "d")
	b.advance(time.Minute)
	b.ran("c", "d")
	if o := b.outcomes(); slices.Contains(o, "pending") {
		t.Errorf("outcomes %q", o)
	}
}

func TestAStreamThatIsMadeAnewIsReadThoughItsShardsWereClosed(t *testing.T) {
	b := streaming(t, pull.Config{BatchSize: 1})
	b.put("s1", "a")
	b.stream.reshard([]string{"s1"}, "s2")
	b.put("s2", "b")
	b.stream.mu.Lock()
	b.stream.fault = fault.New(fault.NotFound, "gone")
	b.stream.mu.Unlock()
	b.poller.Wake(streamARN, "s2")
	b.drain()
	b.stream.mu.Lock()
	b.stream.fault, b.stream.shards, b.stream.closed, b.stream.parents = nil, map[string][]string{"s1": nil, "s2": nil}, map[string]string{}, map[string][]string{}
	b.stream.mu.Unlock()
	b.program.runs = nil
	b.put("s2", "c")
	b.put("s1", "d")
	b.ran("c", "d")
}
