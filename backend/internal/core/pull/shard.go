package pull

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Rules of docs/fidelity.md that streams' pollers apply.
const (
	ruleOrder    = "PULL-SHARD-ORDER"
	ruleRetry    = "PULL-STREAM-RETRY"
	ruleAge      = "PULL-RECORD-AGE"
	ruleBisect   = "PULL-BISECT"
	rulePartial  = "PULL-PARTIAL-FAILURES"
	ruleParallel = "PULL-PARALLEL"
)

// readAtOnce is how many records a lane reads at least, so that small batches share a read.
const readAtOnce = 200

// poll runs one round of a lane: read, batch, invoke, settle.
func (p *Poller) poll(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	r := p.take(item)
	if r == nil {
		return agenda.Done(), nil
	}
	defer p.give(r)
	m, l, now := &r.m, r.l, p.Clock.Now()
	if l.dirty {
		if err := p.save(ctx, m, l, ""); err != nil {
			return agenda.Done(), err
		}
	}
	if l.free.After(now) {
		p.next(m, l, l.free)
		return agenda.Done(), nil
	}
	if l.due != nil && l.due.After(now) {
		p.next(m, l, *l.due)
		return agenda.Done(), nil
	}
	batch, ok, err := p.gather(ctx, r)
	if err != nil || !ok {
		return agenda.Done(), err
	}
	return agenda.Done(), p.work(ctx, r, batch)
}

// gather returns the lane's next batch: the one that is tried again, or a new one, once it is full or its window is over. It is
// empty where the filters kept everything away. ok says whether there is something to do.
func (p *Poller) gather(ctx context.Context, r *round) (batch []Record, ok bool, err error) {
	m, l := &r.m, r.l
	if l.window != nil && l.window.Closing {
		if gone, err := p.tooOld(ctx, r); err != nil || !gone {
			r.final = true
			return nil, err == nil, err
		}
	}
	if err := p.fill(ctx, r); err != nil {
		l.forget()
		if fault.Is(err, fault.NotFound) {
			return nil, false, p.saveProblem(ctx, m, resultNoStream)
		}
		return nil, false, err
	}
	if len(l.buffer) == 0 && l.filtered {
		return nil, true, nil
	}
	expired, err := p.expire(ctx, r)
	if err != nil {
		return nil, false, err
	}
	if expired {
		p.next(m, l, p.Clock.Now())
		return nil, false, nil
	}
	if len(l.buffer) == 0 {
		if !l.retrying() && l.readTo != "" { // what was read belongs to other lanes of the shard
			l.checkpoint = l.readTo
		}
		l.forget()
		if closes, waits := p.waitWindow(r); closes {
			return p.closeWindow(r)
		} else if waits {
			return nil, false, nil
		}
		return nil, false, p.ended(ctx, r)
	}
	n, full := cut(l.buffer, m.BatchSize)
	n, full, over := l.within(m, n, full)
	if over {
		return p.closeWindow(r)
	}
	if closes := l.batchCloses(m); !full && !l.retrying() && closes.After(p.Clock.Now()) {
		p.next(m, l, closes)
		return nil, false, nil
	}
	batch = slices.Clone(l.buffer[:n])
	l.buffer = l.buffer[n:]
	return batch, true, nil
}

// batchCloses is when a batch that is not full is: when its window is over, and its tumbling window at the latest.
func (l *lane) batchCloses(m *EventSourceMapping) time.Time {
	closes := laterOf(l.buffer[0].Arrival, l.free).Add(m.window())
	if w := l.window; w != nil && w.closes().Before(closes) {
		return w.closes()
	}
	return closes
}

// fill reads until the buffer holds a batch, or there is no more. A batch that is tried again ends where it ended.
func (p *Poller) fill(ctx context.Context, r *round) error {
	m, l := &r.m, r.l
	for {
		if _, full := cut(l.buffer, m.BatchSize); full {
			return nil
		}
		limit := max((m.BatchSize-len(l.buffer))*m.ParallelizationFactor, min(readAtOnce, 4*m.BatchSize))
		if l.retrying() {
			limit = (m.BatchSize - len(l.buffer)) * m.ParallelizationFactor
		}
		records, err := r.s.Read(ctx, m.EventSourceARN, l.shard, l.after(), limit)
		if err != nil {
			return err
		}
		size := 0
		for i, record := range records {
			if l.retrying() && record.Sequence > l.ends[0] {
				return nil
			}
			size += weight(record.Size)
			l.readTo = record.Sequence
			if part(record.Key, m.ParallelizationFactor) != l.part {
				continue
			}
			fresh := l.polled(records[i : i+1])
			p.figures(m).Add(metrics.PolledEvents, fresh)
			if !m.filters.pass(record.View) {
				p.figures(m).Add(metrics.FilteredOutEvents, fresh)
				l.keepAway(record.Sequence)
				continue
			}
			record.skipped, l.skipped, l.filtered = l.skipped, 0, false
			l.buffer = append(l.buffer, record)
		}
		if len(records) < limit && size < MaxBatchBytes || len(l.buffer) == 0 && l.skipped >= filteredAtOnce {
			return nil
		}
	}
}

// expire drops the records that have become too old: those that the mapping's MaximumRecordAgeInSeconds excludes, one by
// one from the front, and a batch that failed and whose records the stream has trimmed. It reports whether it did.
func (p *Poller) expire(ctx context.Context, r *round) (bool, error) {
	m, l := &r.m, r.l
	if l.retrying() && len(l.buffer) == 0 {
		return true, p.dropExpired(ctx, r, nil, l.ends[0], "the records are older than the stream keeps them")
	}
	if m.MaximumRecordAgeInSeconds == Infinite {
		return false, nil
	}
	oldest := p.Clock.Now().Add(-time.Duration(m.MaximumRecordAgeInSeconds) * time.Second)
	n := 0
	for n < len(l.buffer) && !l.buffer[n].Arrival.After(oldest) {
		n++
	}
	if n == 0 {
		return false, nil
	}
	return true, p.dropExpired(ctx, r, l.buffer[:n], l.buffer[n-1].Sequence, fmt.Sprintf("older than the mapping's MaximumRecordAgeInSeconds of %d: %s, up to %s",
		m.MaximumRecordAgeInSeconds, plural(n, "record"), short(l.buffer[n-1].Sequence)))
}

// dropExpired moves the checkpoint over records that have expired. A batch that is tried again and has records left goes on as the
// delivery that it was.
func (p *Poller) dropExpired(ctx context.Context, r *round, gone []Record, end, why string) error {
	m, l := &r.m, r.l
	rest := l.retrying() && end < l.ends[0]
	var h trace.Header
	switch {
	case l.header != nil:
		h = *l.header
	case len(gone) > 0:
		h = p.open(m, l, len(gone))
	}
	outcome, steps, lost, err := p.giveUp(ctx, m, l, h, gone, ageExceeded, nil)
	if err != nil {
		l.forget()
		return err
	}
	steps = append(steps, trace.Step{Kind: trace.Settled, Rule: ruleAge, Reason: lost + why})
	switch {
	case rest && l.header != nil:
		steps[len(steps)-1].Kind = trace.Filtered
		p.Trace.Add(h, steps...)
	case h.ID != 0:
		p.Trace.Settle(h, outcome, steps...)
	}
	if l.checkpoint = end; !rest {
		l.done(end)
	}
	l.forget()
	return p.save(ctx, m, l, "")
}

func laterOf(x, y time.Time) time.Time {
	if x.After(y) {
		return x
	}
	return y
}

// work asks whether the role may read, and runs the function with the batch.
func (p *Poller) work(ctx context.Context, r *round, batch []Record) error {
	m, l := &r.m, r.l
	fn, err := p.function(ctx, m)
	if fault.Is(err, fault.NotFound) {
		l.forget() // WakeFunction comes when it is there again
		return p.saveProblem(ctx, m, resultFailed)
	}
	if err != nil {
		l.forget()
		return err
	}
	a, err := p.mayRead(ctx, r.s.Actions()[0], m.EventSourceARN, fn.Version)
	if err != nil {
		l.forget()
		return err
	}
	if !a.allowed {
		return p.refused(ctx, r, batch, a)
	}
	if r.final {
		if l.header == nil {
			h := p.openFinal(m, l, a.step, l.window.finalStep())
			l.header = &h
		}
		return p.run(ctx, r, fn, nil)
	}
	skipped := l.takeSkipped(batch)
	if len(batch) == 0 {
		return p.passOver(ctx, r, skipped, a)
	}
	if l.header == nil {
		steps := []trace.Step{a.step}
		if skipped > 0 {
			steps = append(steps, filteredStep(skipped, "record"))
		}
		h := p.openRecords(followsRecords(batch), m, l, len(batch)+skipped, append(steps, trace.Step{Kind: trace.Batched, Rule: ruleOrder,
			Reason: fmt.Sprintf("%s of %s, %s to %s", plural(len(batch), "record"), l.shard, short(batch[0].Sequence), short(last(batch)))})...)
		l.header = &h
	}
	return p.run(ctx, r, fn, batch)
}

// followsRecords is what a batch follows from. Lambda finds no loops that go through a stream, so there is no chain.
func followsRecords(batch []Record) trace.Header {
	parents := make([]int64, len(batch))
	for i, r := range batch {
		parents[i] = r.Parent
	}
	return trace.Header{}.FollowAll(parents, "")
}

// open begins the delivery of records.
func (p *Poller) open(m *EventSourceMapping, l *lane, records int, steps ...trace.Step) trace.Header {
	return p.openRecords(trace.Header{}, m, l, records, steps...)
}

func (p *Poller) openRecords(follows trace.Header, m *EventSourceMapping, l *lane, records int, steps ...trace.Step) trace.Header {
	return p.openFollowing(follows, m, plural(records, "record")+" in "+l.lies(m), steps...)
}

// lies says which part of the stream a lane reads.
func (l *lane) lies(m *EventSourceMapping) string {
	if m.ParallelizationFactor == 1 {
		return l.shard
	}
	return fmt.Sprintf("%s, lane %d of %d", l.shard, l.part+1, m.ParallelizationFactor)
}

func (p *Poller) openDelivery(m *EventSourceMapping, what string, steps ...trace.Step) trace.Header {
	return p.openFollowing(trace.Header{}, m, what, steps...)
}

// openFollowing begins a delivery that follows from others, as the header says.
func (p *Poller) openFollowing(h trace.Header, m *EventSourceMapping, what string, steps ...trace.Step) trace.Header {
	from, err := arn.Parse(m.EventSourceARN)
	if err != nil { // it was checked when the mapping was made
		panic(err)
	}
	steps = append([]trace.Step{{Kind: trace.Published, Reason: what},
		{Kind: trace.Matched, Reason: "event source mapping " + m.UUID + ", kept by Lambda"}}, steps...)
	h.Account, h.Region, h.SourceService, h.SourceARN, h.TargetARN = m.Account, m.Region, from.Service, m.EventSourceARN, m.FunctionARN
	h.InvocationType, h.RequestID = string(invoke.RequestResponse), p.IDs.UUID()
	return p.Trace.Open(h, steps...)
}

// refused stops the lane until the role changes, and says so.
func (p *Poller) refused(ctx context.Context, r *round, batch []Record, a access) error {
	m, l := &r.m, r.l
	p.Log.Warn("a poller has stopped: the execution role may not read the stream; it goes on when the role changes",
		"mapping", m.UUID, "stream", m.EventSourceARN, "shard", l.shard, "why", a.step.Reason)
	end := trace.Step{Kind: trace.Settled, Rule: rulePoll, Reason: "the poller has stopped; no record is lost, and it goes on when the role may read again"}
	switch {
	case l.header != nil:
		p.Trace.Settle(*l.header, trace.Denied, a.step, end)
	case r.final:
		p.Trace.Settle(p.openFinal(m, l, a.step), trace.Denied, end)
	default:
		p.Trace.Settle(p.open(m, l, max(len(batch), 1), a.step), trace.Denied, end)
	}
	l.header = nil
	p.stop(m, l, a.revision)
	return p.saveProblem(ctx, m, a.result)
}

// saveProblem writes a mapping's last result alone.
func (p *Poller) saveProblem(ctx context.Context, m *EventSourceMapping, text string) error {
	if !p.setResult(m.UUID, text) {
		return nil
	}
	return p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		return saveResults(ctx, tx, map[string]string{m.UUID: text})
	})
}

func last(batch []Record) string { return batch[len(batch)-1].Sequence }

// plural says how many there are of something.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// short is a sequence number for people: its last digits.
func short(sequence string) string {
	const digits = 12
	if len(sequence) <= digits {
		return sequence
	}
	return "…" + sequence[len(sequence)-digits:]
}
