package pull

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// run runs the function with the batch, and settles the lane: only then does its checkpoint move.
func (p *Poller) run(ctx context.Context, r *round, fn *function.Resolved, batch []Record) error {
	m, l := &r.m, r.l
	out, err := p.Invoker.Attempt(ctx, invoke.Request{Function: fn, Payload: m.event(l, batch, fn.Version), Header: *l.header}, l.failures+1)
	if err != nil && ctx.Err() != nil {
		l.forget()
		return ctx.Err()
	}
	l.free = p.Clock.Now()
	result := resultFailed
	switch {
	case err != nil: // throttled, or this machine cannot run it: does not count as an attempt
		p.tried(m, nil, len(batch), len(batch))
		p.Trace.Add(*l.header, trace.Step{Kind: trace.Throttled, Rule: throttleRule(err), Reason: err.Error()})
		p.retry(l, batch, pause(l.throttles), "the same batch again")
		l.throttles++
	case r.final:
		l.free = l.free.Add(out.Takes)
		if p.judgeWindow(m, l, out) {
			result = resultOK
		}
	default:
		p.functionFigures(m, fn.Version.Version).Measure(metrics.IteratorAge, l.free.Sub(batch[len(batch)-1].Arrival))
		l.free = l.free.Add(out.Takes)
		done, err := p.judge(ctx, m, l, batch, out)
		if err != nil {
			l.forget()
			return err
		}
		if done {
			result = resultOK
		}
	}
	if err := p.save(ctx, m, l, result); err != nil {
		return err
	}
	next := l.free
	if l.due != nil {
		next = *l.due
	}
	p.next(m, l, next)
	return nil
}

func throttleRule(err error) string {
	if fault.Is(err, fault.Throttled) {
		return "PULL-THROTTLE"
	}
	return ruleRetry
}

// judge decides what becomes of a batch that ran, and reports whether all of it is done.
func (p *Poller) judge(ctx context.Context, m *EventSourceMapping, l *lane, batch []Record, out *invoke.Outcome) (bool, error) {
	from, why, failed := 0, "", out.Failed()
	if !failed {
		if from = len(batch); m.ReportBatchItemFailures {
			from, why = firstFailure(batch, out.Payload)
		}
		if l.window != nil && from > 0 {
			if state, ok := stateOf(out.Payload); ok {
				l.window.keep(state)
			} else {
				from, why, failed = 0, noState, true
			}
		}
	}
	p.tried(m, out, len(batch), len(batch)-from)
	switch {
	case from == len(batch):
		p.Trace.Settle(*l.header, trace.Succeeded, trace.Step{At: l.free, Kind: trace.Settled, Rule: ruleOrder,
			Reason: "the function succeeded; the shard is done up to " + short(last(batch))})
		l.done(last(batch))
		return true, nil
	case from > 0:
		p.partly(l, batch, from, why)
	case m.BisectBatchOnFunctionError && failed && len(batch) > 1:
		p.bisect(l, batch)
	case m.MaximumRetryAttempts == Infinite || l.failures < m.MaximumRetryAttempts:
		p.retry(l, batch, pause(l.failures), why+"the same batch again")
		l.failures++
	default:
		outcome, steps, where, err := p.giveUp(ctx, m, l, *l.header, batch, attemptsExhausted, out)
		if err != nil {
			return false, err
		}
		if m.OnFailure == "" {
			where = "the mapping has no destination for failures, "
		}
		p.Trace.Settle(*l.header, outcome, append(steps, trace.Step{At: l.free, Kind: trace.Settled, Rule: ruleRetry,
			Reason: fmt.Sprintf("%sgiven up after %d attempts; %sthe shard goes on with the next records", why, l.failures+1, where)})...)
		l.done(last(batch))
		l.forget()
	}
	return false, nil
}

// firstFailure is where in the batch the first record is that the function reports as failed; the length of the batch when
// it reports none, and 0 when its answer is malformed or names a record that was not in the batch.
func firstFailure(batch []Record, answer []byte) (int, string) {
	ids, ok := itemFailures(answer)
	if !ok {
		return 0, "the function's batchItemFailures are malformed, so the whole batch counts as failed: "
	}
	from := len(batch)
	for _, id := range ids {
		i := slices.IndexFunc(batch, func(r Record) bool { return r.Sequence == id })
		if i < 0 {
			return 0, fmt.Sprintf("the function reports %q, which was not in the batch, so all of it counts as failed: ", id)
		}
		from = min(from, i)
	}
	if from == len(batch) {
		return from, ""
	}
	return from, "the function reports its first failure at " + short(batch[from].Sequence) + ": "
}

// partly moves the checkpoint up to the first failure. The rest is a batch of its own, with its own attempts.
func (p *Poller) partly(l *lane, batch []Record, from int, why string) {
	due := l.free.Add(pause(0))
	p.Trace.Settle(*l.header, trace.Failed, trace.Step{At: l.free, Kind: trace.Settled, Rule: rulePartial,
		Reason: fmt.Sprintf("%sthe shard is done up to %s, and the rest, %s, comes again in %s as a batch of its own", why,
			short(batch[from-1].Sequence), plural(len(batch)-from, "record"), pause(0))})
	l.done(batch[from-1].Sequence)
	l.again(last(batch), due)
}

// bisect splits a failing batch: the first half comes next, the second behind it, each with its own attempts.
func (p *Poller) bisect(l *lane, batch []Record) {
	half := len(batch) / 2
	due := l.free.Add(pause(0))
	p.Trace.Settle(*l.header, trace.Failed,
		trace.Step{At: l.free, Kind: trace.Bisected, Rule: ruleBisect, Reason: fmt.Sprintf("split into %d and %d", half, len(batch)-half)},
		trace.Step{At: l.free, Kind: trace.Settled, Rule: ruleBisect,
			Reason: fmt.Sprintf("the halves come again in %s as batches of their own, the first half first", pause(0))})
	l.done(l.checkpoint)
	l.again(last(batch), due)
	l.again(batch[half-1].Sequence, due)
}

// retry schedules the same batch.
func (p *Poller) retry(l *lane, batch []Record, wait time.Duration, what string) {
	due := l.free.Add(wait)
	if len(batch) > 0 {
		l.again(last(batch), due)
	} else { // the last invocation of a window
		l.due = &due
	}
	p.Trace.Add(*l.header, trace.Step{At: l.free, Kind: trace.Retried, Rule: ruleRetry,
		Reason: fmt.Sprintf("%s in %s, at %s; the shard waits", what, wait, due.Format(time.RFC3339))})
}

// pause is how long a batch waits that has failed so many times before: a second, then twice as long each time, up to a
// minute.
func pause(before int) time.Duration {
	if before >= 6 {
		return time.Minute
	}
	return min(time.Minute, time.Second<<before)
}

// save commits what a lane must remember, and the mapping's last result with it where there is a new one. Lanes that wait share the commit.
func (p *Poller) save(ctx context.Context, m *EventSourceMapping, l *lane, result string) error {
	s := settled{laneRow: l.laneRow, factor: m.ParallelizationFactor}
	if p.setResult(m.UUID, result) {
		s.result = result
	}
	l.dirty = true
	if err := p.lanes.Add(ctx, s); err != nil {
		return fmt.Errorf("settle a batch of %s: %w", l.shard, err)
	}
	l.dirty = false
	return nil
}
