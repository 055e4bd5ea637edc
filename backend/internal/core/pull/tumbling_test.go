package pull_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
)

// windowEvent is an event of a mapping with tumbling windows.
type windowEvent struct {
	Records []struct{ Body string }
	Window  struct{ Start, End time.Time }
	State   struct {
		N    int
		Pads string
	}
	ShardID, EventSourceARN                         string
	IsFinalInvokeForWindow, IsWindowTerminatedEarly bool
}

func parseWindow(t *testing.T, payload string) (e windowEvent) {
	t.Helper()
	if err := json.Unmarshal([]byte(payload), &e); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	return e
}

func (e windowEvent) String() string {
	var words []string
	for _, r := range e.Records {
		words = append(words, r.Body)
	}
	text := fmt.Sprintf("%s [%s] %s-%s %d", e.ShardID, strings.Join(words, " "), e.Window.Start.Format("04:05"), e.Window.End.Format("04:05"), e.State.N)
	if e.IsFinalInvokeForWindow {
		text += " final"
	}
	if e.IsWindowTerminatedEarly {
		text += " early"
	}
	return text
}

// count answers the state that it was given, with the records counted.
func (b *bundle) count([]string) *invoke.Outcome {
	e := parseWindow(b.t, b.program.payloads[len(b.program.payloads)-1])
	return &invoke.Outcome{Payload: fmt.Appendf(nil, `{"state":{"n":%d}}`, e.State.N+len(e.Records))}
}

// saw checks the events since the last call.
func (b *bundle) saw(want ...string) {
	b.t.Helper()
	var have []string
	for _, p := range b.program.payloads {
		have = append(have, parseWindow(b.t, p).String())
	}
	b.program.payloads, b.program.runs = nil, nil
	if !slices.Equal(have, want) {
		b.t.Errorf("events %q\nwant   %q", have, want)
	}
}

func tumbling(t *testing.T, c pull.Config) *bundle {
	c.TumblingWindowInSeconds = 60
	b := streaming(t, c)
	b.set(b.count)
	return b
}

func TestAWindowsStateIsCarriedToItsEndAndThenDropped(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 2, MaximumRetryAttempts: pull.Infinite})
	b.put("s1", "a", "b", "c")
	b.advance(20 * time.Second)
	b.put("s1", "d")
	b.saw("s1 [a b] 00:00-01:00 0", "s1 [c] 00:00-01:00 2", "s1 [d] 00:00-01:00 3")
	b.advance(40 * time.Second)
	b.saw() // a record that was written before the end may still come
	b.advance(time.Second)
	b.saw("s1 [] 00:00-01:00 4 final")
	b.put("s1", "e")
	b.saw("s1 [e] 01:00-02:00 0")
	b.advance(10 * time.Minute)
	b.saw("s1 [] 01:00-02:00 1 final")
	if at, ok := b.agenda.Next(); ok {
		t.Errorf("with no window open an item falls due at %v", at)
	}
	if o := b.outcomes(); slices.ContainsFunc(o, func(s string) bool { return !strings.HasPrefix(s, "delivered") }) || !slices.Contains(o, "delivered PULL-TUMBLING-WINDOW") {
		t.Errorf("outcomes %q", o)
	}
}

func TestARecordOfALaterWindowEndsTheOneBeforeIt(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: pull.Infinite})
	b.set(fail)
	b.put("s1", "a")
	b.stream.put("s1", "b")
	b.advance(59 * time.Second) // a is tried again and again meanwhile
	b.program.payloads = nil
	b.stream.wake = func(string, string) {}
	b.stream.put("s1", "c")
	b.clockTo(t, 90*time.Second)
	b.stream.put("s1", "d", "e")
	b.program.payloads = nil
	b.set(b.count)
	b.advance(2 * time.Minute)
	b.saw("s1 [a] 00:00-01:00 0", "s1 [b c] 00:00-01:00 1", "s1 [] 00:00-01:00 3 final", "s1 [d e] 01:00-02:00 0", "s1 [] 01:00-02:00 2 final")
}

// clockTo moves the clock to so long after the beginning.
func (b *bundle) clockTo(t *testing.T, after time.Duration) {
	t.Helper()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.advance(start.Add(after).Sub(b.clock.Now()))
}

func TestAnAnswerWithoutStateIsAFailure(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: 1})
	for _, text := range []string{`null`, `{}`, `{"State":{}}`, `{"state":7}`, `{"state":null}`, `"state"`} {
		b.set(answer(text))
		b.put("s1", "a")
		b.advance(time.Second)
		if n := len(b.program.runs); n != 2 {
			t.Errorf("with the answer %s there were %d attempts", text, n)
		}
		b.program.runs, b.program.payloads = nil, nil
	}
	b.advance(2 * time.Minute)
	b.saw() // no invocation has succeeded: there is nothing to end
	b.set(answer(`{"state":{}}`))
	b.put("s1", "b")
	b.ran("b")
}

func TestAFailingLastInvocationHoldsUpTheShard(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: 2})
	b.put("s1", "a")
	b.set(fail)
	b.clockTo(t, 61*time.Second)
	b.saw("s1 [a] 00:00-01:00 0", "s1 [] 00:00-01:00 1 final")
	b.put("s1", "b")
	b.saw()
	b.close()
	b.open()
	b.set(b.count)
	b.advance(time.Second)
	b.saw("s1 [] 00:00-01:00 1 final", "s1 [b] 01:00-02:00 0")
	b.set(fail)
	b.clockTo(t, 121*time.Second)
	b.advance(3 * time.Second)
	b.saw("s1 [] 01:00-02:00 1 final", "s1 [] 01:00-02:00 1 final", "s1 [] 01:00-02:00 1 final")
	b.advance(time.Hour)
	b.saw()
	if o := b.outcomes(); o[len(o)-1] != "dropped PULL-STREAM-RETRY" {
		t.Errorf("outcomes %q", o)
	}
}

func TestAStateOverOneMegabyteEndsItsWindowEarly(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 1, MaximumRetryAttempts: pull.Infinite})
	b.set(func([]string) *invoke.Outcome {
		e := parseWindow(t, b.program.payloads[len(b.program.payloads)-1])
		if len(e.Records) > 0 && e.Records[0].Body == "b" {
			return &invoke.Outcome{Payload: fmt.Appendf(nil, `{"state":{"n":%d,"pads":"%s"}}`, e.State.N+1, strings.Repeat("x", 1<<20))}
		}
		return b.count(nil)
	})
	b.put("s1", "a", "b", "c")
	b.advance(2 * time.Minute)
	b.saw("s1 [a] 00:00-01:00 0", "s1 [b] 00:00-01:00 1", "s1 [] 00:00-01:00 2 final early", "s1 [c] 00:00-01:00 0", "s1 [] 00:00-01:00 1 final")
}

func TestTheEndOfAShardEndsItsWindowAndItsChildrenBeginAnew(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: pull.Infinite})
	b.put("s1", "a")
	b.stream.reshard([]string{"s1"}, "s2")
	b.put("s2", "b")
	b.saw("s1 [a] 00:00-01:00 0", "s1 [] 00:00-01:00 1 final", "s2 [b] 00:00-01:00 0")
}

func TestAWindowSurvivesACrash(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: pull.Infinite})
	b.put("s1", "a")
	b.close()
	b.open()
	b.put("s1", "b")
	b.close()
	b.open()
	b.clockTo(t, 61*time.Second)
	b.saw("s1 [a] 00:00-01:00 0", "s1 [b] 00:00-01:00 1", "s1 [] 00:00-01:00 2 final")
}

func TestAWindowIsReadAnewWithAnotherNumberOfLanes(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: pull.Infinite})
	b.put("s1", "a", "b")
	b.clockTo(t, 61*time.Second)
	b.put("s1", "a", "a")
	b.put("s1", "a")
	b.saw("s1 [a b] 00:00-01:00 0", "s1 [] 00:00-01:00 2 final", "s1 [a a] 01:00-02:00 0", "s1 [a] 01:00-02:00 2")
	b.must(b.update(pull.Config{BatchSize: 10, ParallelizationFactor: 2, MaximumRetryAttempts: pull.Infinite, StartingPosition: pull.TrimHorizon, TumblingWindowInSeconds: 60}))
	b.clockTo(t, 121*time.Second)
	b.saw("s1 [a a a] 01:00-02:00 0", "s1 [] 01:00-02:00 3 final")
}

func TestAWindowEndsWhenTheMappingHasNoneAnyMore(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: pull.Infinite})
	b.put("s1", "a")
	b.must(b.update(pull.Config{BatchSize: 10, ParallelizationFactor: 1, MaximumRetryAttempts: pull.Infinite, StartingPosition: pull.TrimHorizon}))
	b.saw("s1 [a] 00:00-01:00 0", "s1 [] 00:00-01:00 1 final")
	b.put("s1", "b")
	if p := b.program.payloads[0]; strings.Contains(p, "window") || strings.Contains(p, "state") {
		t.Errorf("the event is %s", p)
	}
}

func TestAnAnswerWithStateAndFailuresKeepsBoth(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: pull.Infinite, ReportBatchItemFailures: true})
	b.set(answer(`{"state":{"n":1},"batchItemFailures":[{"itemIdentifier":"000002"}]}`))
	b.put("s1", "a", "b", "c")
	b.set(b.count)
	b.advance(time.Second)
	b.saw("s1 [a b c] 00:00-01:00 0", "s1 [b c] 00:00-01:00 1")
	b.set(answer(`{"state":{"n":9},"batchItemFailures":[{"itemIdentifier":"000004"}]}`)) // nothing is done: the state is that of before
	b.put("s1", "d")
	b.set(b.count)
	b.advance(time.Second)
	b.saw("s1 [d] 00:00-01:00 3", "s1 [d] 00:00-01:00 3")
}

func TestAHalfOfABatchHasTheStateOfTheHalfBefore(t *testing.T) {
	b := tumbling(t, pull.Config{BatchSize: 4, MaximumRetryAttempts: 0, BisectBatchOnFunctionError: true})
	b.set(func(bodies []string) *invoke.Outcome {
		if slices.Contains(bodies, "b") {
			return fail(bodies)
		}
		return b.count(bodies)
	})
	b.put("s1", "a", "b", "c", "d")
	b.advance(time.Minute + time.Second)
	b.saw("s1 [a b c d] 00:00-01:00 0", "s1 [a b] 00:00-01:00 0", "s1 [a] 00:00-01:00 0", "s1 [b] 00:00-01:00 1", "s1 [c d] 00:00-01:00 1", "s1 [] 00:00-01:00 3 final")
}

// A batch that is being tried again when the number of lanes changes, or the mapping is deleted, is not left pending.
func TestABatchThatNobodyTriesAgainIsSettled(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(b *bundle)
		want string
	}{
		"the number of lanes changes between two attempts": {func(b *bundle) {
			b.must(b.update(pull.Config{BatchSize: 10, ParallelizationFactor: 2, MaximumRetryAttempts: 0, StartingPosition: pull.TrimHorizon}))
		}, "failed PULL-PARALLEL"},
		"the mapping is deleted between two attempts": {func(b *bundle) {
			_, err := b.poller.Delete(t.Context(), account, "us-east-1", b.poller.List(account, "", "", "")[0].UUID)
			b.must(err)
		}, "dropped "},
	} {
		t.Run(name, func(t *testing.T) {
			b := streaming(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: pull.Infinite})
			b.set(fail)
			b.put("s1", "a")
			c.end(b)
			b.advance(time.Hour)
			if o := b.outcomes(); o[0] != c.want || slices.ContainsFunc(o, func(s string) bool { return strings.HasPrefix(s, "pending") }) {
				t.Errorf("outcomes %q, want %q first", o, c.want)
			}
		})
	}
	for name, c := range map[string]struct {
		end  func(b *bundle)
		want string
	}{
		"the number of lanes changes during an attempt": {func(b *bundle) {
			b.check(b.change(pull.Config{BatchSize: 10, ParallelizationFactor: 2, MaximumRetryAttempts: 0, StartingPosition: pull.TrimHorizon}))
		}, "failed PULL-PARALLEL"},
		"the mapping is deleted during an attempt": {func(b *bundle) {
			_, err := b.poller.Delete(b.t.Context(), account, "us-east-1", b.poller.List(account, "", "", "")[0].UUID)
			b.check(err)
		}, "dropped "},
	} {
		t.Run(name, func(t *testing.T) {
			b := streaming(t, pull.Config{BatchSize: 10, MaximumRetryAttempts: pull.Infinite})
			done := false
			b.set(func(bodies []string) *invoke.Outcome {
				if !done {
					done = true
					c.end(b)
				}
				return fail(bodies)
			})
			b.put("s1", "a")
			b.advance(time.Hour)
			if o := b.outcomes(); o[0] != c.want || slices.ContainsFunc(o, func(s string) bool { return strings.HasPrefix(s, "pending") }) {
				t.Errorf("outcomes %q, want %q first", o, c.want)
			}
		})
	}
}
