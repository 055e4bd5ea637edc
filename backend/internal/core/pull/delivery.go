package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Rules of docs/fidelity.md that queues' pollers apply.
const (
	ruleQueueBatch  = "PULL-QUEUE-BATCH"
	ruleQueueDelete = "PULL-QUEUE-DELETE"
	ruleQueueRetry  = "PULL-QUEUE-RETRY"
	ruleThrottle    = "PULL-THROTTLE"
)

// delivery is one batch of a queue, from receipt to its end.
type delivery struct {
	m     EventSourceMapping
	rc    *receiver
	q     Queue
	fn    *function.Resolved
	batch []held
	h     trace.Header
	ran   bool
	out   *invoke.Outcome
	err   error     // why it could not be run
	end   time.Time // when the run ended on the simulator's clock
}

// startBatch hands a batch to the agenda. It is the batch's own lane: batches run side by side.
func (p *Poller) startBatch(r *reception, batch []held, a access) {
	what := describe(batch)
	d := &delivery{m: r.m, rc: r.rc, q: r.q, fn: r.fn, batch: batch}
	batched := trace.Step{Kind: trace.Batched, Rule: ruleQueueBatch, Reason: what + ", hidden from others until " + batch[0].until.Format(time.RFC3339)}
	if n := r.rc.skipped; n > 0 {
		r.rc.skipped = 0
		d.h = p.openFollowing(follows(batch), &r.m, plural(len(batch)+n, "message")+" in the queue", a.step, filteredStep(n, "message"), batched)
	} else {
		d.h = p.openFollowing(follows(batch), &r.m, what+" in the queue", a.step, batched)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.batchID++
	id := strconv.Itoa(p.batchID)
	p.batches[id] = d
	r.rc.flying++
	for _, h := range batch {
		if h.Group != "" {
			r.rc.groups[h.Group] = true
		}
	}
	p.Agenda.Volatile(agenda.Item{Kind: kindBatch, Lane: id, Account: r.m.Account, Due: p.Clock.Now(), Body: []byte(id)})
}

// runBatch runs the function with a batch, and settles it when the run has ended on the simulator's clock.
func (p *Poller) runBatch(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	p.mu.Lock()
	d := p.batches[string(item.Body)]
	p.mu.Unlock()
	if d == nil {
		return agenda.Done(), nil
	}
	if !d.ran {
		body := payload(d.batch, func(h *held) json.RawMessage { return h.Event })
		d.out, d.err = p.Invoker.Attempt(ctx, invoke.Request{Function: d.fn, Payload: body, Header: d.h}, receives(d.batch))
		if d.err != nil && ctx.Err() != nil {
			return agenda.Done(), ctx.Err()
		}
		d.ran, d.end = true, p.Clock.Now()
		if d.out != nil && d.out.Takes > 0 {
			d.end = d.end.Add(d.out.Takes)
			return agenda.Again(d.end, 0, item.Body), nil
		}
	}
	if err := p.settleBatch(ctx, d); err != nil {
		return agenda.Done(), err
	}
	p.landed(string(item.Body), d)
	return agenda.Done(), nil
}

// follows is what a batch follows from.
func follows(batch []held) trace.Header {
	parents := make([]int64, len(batch))
	for i, h := range batch {
		parents[i] = trace.ParentOf(h.Cause)
	}
	return trace.Header{}.FollowAll(parents, chain(batch))
}

// chain is the trace header of the batch's message whose chain of requests is the longest.
func chain(batch []held) (header string) {
	for _, h := range batch {
		header = invoke.Deeper(header, h.Cause)
	}
	return header
}

// receives is how often the batch's most tried message has been received: the number of the attempt.
func receives(batch []held) int {
	n := 1
	for _, h := range batch {
		n = max(n, h.Receives)
	}
	return n
}

// settleBatch deletes what the function has done, and leaves the rest to the queue.
func (p *Poller) settleBatch(ctx context.Context, d *delivery) error {
	back := "visible again at " + d.batch[0].until.Format(time.RFC3339) + ", and the queue's redrive policy says how often"
	switch {
	case fault.Is(d.err, fault.Throttled):
		p.Trace.Settle(d.h, trace.ThrottledOut, trace.Step{Kind: trace.Throttled, Rule: ruleThrottle, Reason: d.err.Error()},
			trace.Step{Kind: trace.Settled, Rule: ruleQueueRetry, Reason: "nothing is deleted: the messages are " + back})
		p.tried(&d.m, nil, len(d.batch), len(d.batch))
		return nil
	case d.err != nil: // this machine cannot run it
		p.Trace.Settle(d.h, trace.Failed, trace.Step{Kind: trace.Settled, Rule: ruleQueueRetry,
			Reason: d.err.Error() + ": nothing is deleted, the messages are " + back})
		p.tried(&d.m, nil, len(d.batch), len(d.batch))
		return nil
	case d.out.Failed():
		p.Trace.Settle(d.h, trace.Failed, trace.Step{At: d.end, Kind: trace.Settled, Rule: ruleQueueRetry,
			Reason: "the function failed: nothing is deleted, the messages are " + back})
		p.tried(&d.m, d.out, len(d.batch), len(d.batch))
		return nil
	}
	done, why := d.batch, ""
	if d.m.ReportBatchItemFailures {
		done, why = succeeded(d.batch, d.out.Payload)
	}
	if len(done) > 0 {
		if ok, err := p.remove(ctx, d, done); err != nil || !ok {
			return err
		}
	}
	p.tried(&d.m, d.out, len(d.batch), len(d.batch)-len(done))
	if left := len(d.batch) - len(done); left > 0 {
		p.Trace.Settle(d.h, trace.Failed, trace.Step{At: d.end, Kind: trace.Settled, Rule: rulePartial,
			Reason: fmt.Sprintf("%s: %s deleted, %s %s", why, plural(len(done), "message"), plural(left, "message"), back)})
		return nil
	}
	p.Trace.Settle(d.h, trace.Succeeded, trace.Step{At: d.end, Kind: trace.Settled, Rule: ruleQueueDelete,
		Reason: "the function succeeded: " + plural(len(done), "message") + " deleted from the queue"})
	return nil
}

// remove deletes messages as the execution role, and reports whether that may: where it may not, the messages come back.
func (p *Poller) remove(ctx context.Context, d *delivery, done []held) (bool, error) {
	a, err := p.mayRead(ctx, d.q.Actions()[1], d.m.EventSourceARN, d.fn.Version)
	if err != nil {
		return false, err
	}
	if !a.allowed {
		p.Trace.Settle(d.h, trace.Denied, a.step, trace.Step{At: d.end, Kind: trace.Settled, Rule: ruleQueueDelete,
			Reason: "the function succeeded, but its execution role may not delete the messages: they come again at " + d.batch[0].until.Format(time.RFC3339)})
		return false, nil
	}
	receipts := make([]string, len(done))
	for i, h := range done {
		receipts[i] = h.Receipt
	}
	err = d.q.Delete(ctx, d.m.EventSourceARN, receipts)
	if fault.Is(err, fault.NotFound) { // the queue is gone, and the messages with it
		return true, nil
	}
	if err == nil {
		p.figures(&d.m).Add(metrics.DeletedEvents, len(done))
	}
	return true, err
}

// succeeded are the messages that the function does not report as failed; none when its answer is malformed or names a
// message that was not in the batch.
func succeeded(batch []held, answer []byte) (done []held, why string) {
	ids, ok := itemFailures(answer)
	if !ok {
		return nil, "the function's batchItemFailures are malformed, so all of the batch counts as failed"
	}
	failed := map[string]bool{}
	for _, id := range ids {
		failed[id] = true
	}
	for _, h := range batch {
		if !failed[h.ID] {
			done = append(done, h)
		}
		delete(failed, h.ID)
	}
	for _, id := range ids {
		if failed[id] {
			return nil, fmt.Sprintf("the function reports %q, which was not in the batch, so all of it counts as failed", id)
		}
	}
	return done, "the function reports failures"
}

// landed frees the place of a batch that has ended, and lets the receiver go on. After a throttle it rests, for longer each
// time.
func (p *Poller) landed(id string, d *delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.batches, id)
	d.rc.flying--
	for _, h := range d.batch {
		delete(d.rc.groups, h.Group)
	}
	if d.rc.throttles++; d.err == nil {
		d.rc.throttles, d.rc.rested = 0, time.Time{}
	} else {
		d.rc.rested = p.Clock.Now().Add(pause(d.rc.throttles - 1))
	}
	if r := p.mappings[d.m.UUID]; r != nil && r.receiver == d.rc && r.Enabled && !d.rc.stopped {
		p.queueReceiver(r, p.Clock.Now())
	}
}
