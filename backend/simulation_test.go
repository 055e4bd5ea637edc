package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// TestSimulation plays random worlds: streams of several shards, a table and queues with mappings to two functions, pushes and
// callers to a third; items that make functions fail, hang and answer nonsense; permissions that come and go, functions without
// concurrency, mappings that change, days that pass, and stops. What the functions themselves wrote down, outside the backend,
// is held against what was accepted by a reference model of the rules (streamModel, queueModel). Every fourth
// world is played twice: the same seed gives the same trace. Then the same world again with crashes: in the middle of what is going on the backend is cut off from its database, as
// a killed one would be.
// LAMBDASIM_SEED plays one seed, LAMBDASIM_SEEDS so many.
func TestSimulation(t *testing.T) {
	seeds, all := simulationSeeds(t)
	total, mu, d := map[string]int{}, sync.Mutex{}, newDatabases(t)
	t.Run("worlds", func(t *testing.T) {
		for _, seed := range seeds {
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("to play this world again: make sim SEED=%d", seed)
					}
				})
				count := map[string]int{}
				first := simulate(t, d, seed, false, count)
				if seed%4 == 1 || len(seeds) < 4 {
					if diff := cmp.Diff(first, simulate(t, d, seed, false, map[string]int{})); diff != "" {
						t.Errorf("the same seed gave another trace:\n%s", diff)
					}
				}
				crashed := map[string]int{}
				simulate(t, d, seed, true, crashed)
				mu.Lock()
				defer mu.Unlock()
				for _, counts := range []map[string]int{count, crashed} {
					for what, n := range counts {
						total[what] += n
					}
				}
			})
		}
	})
	var text strings.Builder
	for _, what := range slices.Sorted(maps.Keys(total)) {
		fmt.Fprintf(&text, "%8d  %s\n", total[what], what)
	}
	t.Logf("%d seeds; how often each fault and rule was met:\n%s", len(seeds), &text)
	for _, what := range expected {
		if all && total[what] == 0 {
			t.Errorf("%q never happened: the simulation does not reach it", what)
		}
	}
}

// simulationSeeds are the seeds to play, and whether they are enough to meet everything.
func simulationSeeds(t *testing.T) (seeds []uint64, all bool) {
	if text := os.Getenv("LAMBDASIM_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		must(t, err)
		return []uint64{n}, false
	}
	n := 6
	if text := os.Getenv("LAMBDASIM_SEEDS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		must(t, err)
	}
	for i := range n {
		seeds = append(seeds, uint64(i)+1)
	}
	return seeds, n >= 50
}

// expected is what must not stay away: faults, what the model found, and rules that the traces name.
var expected = []string{"restart", "crash", "throttle", "revoke push", "revoke pull", "split", "merge", "child after parent", "disable", "enable", "update", "other lanes", "sleep",
	"fail", "poison", "report", "junk", "slow", "write that changes nothing", "TRIM_HORIZON", "LATEST", "AT_TIMESTAMP",
	"filtered", "filters changed", "too old", "trimmed", "tried again", "bisected", "done in part", "given up", "record of a failure",
	"again after a crash", "again in other lanes", "message again", "message filtered", "dead letter", "batches side by side",
	"denied", "delivered", "expired", "dead_lettered", "dropped", "filtered", "failed", "throttled",
	"PUSH-FUNCTION-POLICY", "PULL-ROLE-POLL", "PULL-SHARD-ORDER", "PULL-STREAM-RETRY", "PULL-BISECT", "PULL-PARTIAL-FAILURES", "PULL-RECORD-AGE",
	"PULL-ON-FAILURE", "PULL-FILTER", "PULL-THROTTLE", "PULL-QUEUE-BATCH", "PULL-QUEUE-DELETE", "PULL-QUEUE-RETRY", "LAMBDA-ASYNC-RETRY", "LAMBDA-INVOKE-ASYNC"}

// simulate plays a world to its end, and returns its trace.
func simulate(t *testing.T, d *databases, seed uint64, crashes bool, count map[string]int) string {
	url := d.take()
	w := newWorld(t, url, seed, crashes, count)
	steps := []func(context.Context){w.event, w.object, w.put, w.put, w.put, w.put, w.write, w.write, w.write, w.message, w.message, w.message,
		w.togglePush, w.togglePull, w.throttle, w.link, w.link, w.alter, w.alter, w.reshard, w.advance, w.advance, w.advance, w.crash, w.sleep}
	for range 4 {
		w.link(t.Context())
	}
	for range 60 {
		steps[w.rnd.IntN(len(steps))](t.Context())
		if !crashes || w.rnd.IntN(3) == 0 {
			w.settle()
		}
	}
	w.heal(t.Context())
	for range 4 { // a message that failed comes back when its time is up, not while a drain waits
		w.pass(15 * time.Minute)
	}
	w.follow()
	w.judge()
	trace := w.trace()
	if err := w.b.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error("close:", err)
	}
	d.give(t, url)
	return trace
}

// judge holds the journal against what was accepted.
func (w *randomWorld) judge() {
	dead := map[string][]string{}
	for _, q := range w.queues {
		for _, body := range w.bodies(q.dead) {
			dead[q.arn] = append(dead[q.arn], nameIn(body))
		}
	}
	told := w.failures()
	streams, queues := map[*simMapping]*streamModel{}, map[*simMapping]*queueModel{}
	for _, m := range w.mappings {
		if m.queue != nil {
			queues[m] = newQueueModel(w, m)
		} else {
			streams[m] = newStreamModel(w, m)
		}
	}
	for i, h := range w.list {
		if h.what != aRun {
			for _, m := range w.mappings {
				if m.queue != nil {
					queues[m].happen(h, i)
				} else {
					streams[m].happen(h, i)
				}
			}
			continue
		}
		for _, m := range w.mappings {
			switch {
			case m.function != h.run.function || m.source() != h.run.source:
			case m.queue != nil:
				queues[m].run(h, dead[m.queue.arn])
			default:
				streams[m].run(h)
			}
		}
	}
	for _, m := range w.mappings {
		if m.queue != nil {
			queues[m].end(dead[m.queue.arn])
		} else {
			streams[m].end(w.now(), told)
		}
	}
	w.judgePushes()
}

// judgePushes holds what was pushed against what p received: everything that was allowed, three times at most.
func (w *randomWorld) judgePushes() {
	got := map[string]int{}
	for _, h := range w.list {
		if h.what == aRun && h.run.source == "" {
			for _, item := range h.run.items {
				got[item.name]++
			}
		}
	}
	for _, n := range w.accepted {
		if got[n] == 0 {
			w.t.Errorf("%s was accepted and never reached p", n)
		}
		if got[n] > 3 && w.count["crash"] == 0 {
			w.t.Errorf("%s reached p %d times: an event is tried three times", n, got[n])
		}
	}
	for _, n := range w.never {
		if got[n] > 0 {
			w.t.Errorf("%s reached p although nothing allowed it", n)
		}
	}
}

// trace is the trace as text; it counts which rules were applied.
func (w *randomWorld) trace() string {
	list, err := w.control.Deliveries(w.t.Context(), control.DeliveriesQuery{Limit: 10000})
	must(w.t, err)
	for _, d := range list {
		w.count[d.Outcome]++
		for _, s := range d.Steps {
			if s.Rule != "" {
				w.count[s.Rule]++
			}
			var decision struct{ Verdict string }
			if s.Decision != nil && json.Unmarshal(s.Decision, &decision) != nil {
				w.t.Errorf("delivery %d: the decision of a step cannot be read: %s", d.ID, s.Decision)
			}
		}
		// A crash may take the beginning of a delivery with it: the trace is written behind.
		if w.count["crash"] == 0 && d.Outcome == "delivered" && !slices.ContainsFunc(d.Steps, func(s control.Step) bool {
			return s.Kind == "authorized" && strings.Contains(s.Reason, "allowed")
		}) {
			w.t.Errorf("delivery %d was made without an allow", d.ID)
		}
	}
	text, err := w.control.DeliveriesText(w.t.Context(), control.DeliveriesQuery{Limit: 10000})
	must(w.t, err)
	return text
}
