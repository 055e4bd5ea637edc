package pull

import (
	"context"
	"fmt"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Scaling of a queue's batches (developer guide, SQS scaling): five at once, 300 more in every minute in which there is a
// backlog, at most 1250.
const (
	firstBatches   = 5
	moreEachSecond = 5
	mostBatches    = 1250
)

// Scaling with provisioned pollers (developer guide, SQS, provisioned mode): each has ten batches at work, and a backlog adds
// a thousand in every minute.
const (
	batchesOfPoller           = 10
	moreEachSecondProvisioned = 16
)

// receiveAtOnce is how many messages one receipt takes at most, where that is more than a batch.
const receiveAtOnce = 1000

// hiddenLonger is what Lambda adds to window and timeout where it hides messages for longer than the queue says.
const hiddenLonger = 30 * time.Second

// receiver takes messages from a queue for one mapping. What is held belongs to the item of the agenda that receives, of
// which there is one at a time; the rest is under the poller's lock.
type receiver struct {
	held    []held    // received, and not yet in a batch
	opened  time.Time // when the first of them was received
	skipped int       // received before the next batch, kept away by the filters, and deleted

	queued        bool
	alarm         time.Time // when the latest item for a window or for more batches falls due
	followed      bool      // an automatic clock goes there by itself
	sight         time.Time // when it looks for a message that was hidden
	followedSight bool
	stopped       bool            // the role may not receive
	told          bool            // a message was announced since the last receipt
	flying        int             // batches at work
	groups        map[string]bool // of FIFO messages, in batches at work
	busy          time.Time       // since when there has been a backlog; zero: there is none
	throttles     int             // batches that found no concurrency, one after the other
	rested        time.Time       // nothing is received before
}

// held is a message that waits for its batch.
type held struct {
	Message
	until time.Time // then it is visible to others again
}

// limit is how many batches may be at work. Hold the lock.
func (rc *receiver) limit(m *EventSourceMapping, now time.Time) int {
	n, more := firstBatches, moreEachSecond
	if m.MinimumPollers > 0 {
		n, more = batchesOfPoller*m.MinimumPollers, moreEachSecondProvisioned
	}
	if !rc.busy.IsZero() {
		n += more * int(now.Sub(rc.busy)/time.Second)
	}
	return min(n, m.mostBatches())
}

// mostBatches is how many batches of a queue's mapping may be at work at most.
func (c *Config) mostBatches() int {
	switch {
	case c.MaximumPollers > 0:
		return batchesOfPoller * c.MaximumPollers
	case c.MaximumConcurrency > 0:
		return min(c.MaximumConcurrency, mostBatches)
	}
	return mostBatches
}

// reception is what one item of a receiver works with.
type reception struct {
	m     EventSourceMapping
	rc    *receiver
	q     Queue
	queue QueueAttributes
	fn    *function.Resolved
	told  bool
}

// receive takes messages and starts batches until the queue is empty or enough batches are at work.
func (p *Poller) receive(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	r := p.takeReceiver(item)
	if r == nil {
		return agenda.Done(), nil
	}
	var err error
	if r.fn, err = p.function(ctx, &r.m); fault.Is(err, fault.NotFound) {
		return agenda.Done(), nil // WakeFunction comes when it is there again
	} else if err != nil {
		return agenda.Done(), err
	}
	if r.queue, err = r.q.Describe(ctx, r.m.EventSourceARN); fault.Is(err, fault.NotFound) {
		return agenda.Done(), nil // WakeQueue comes when it is there again
	} else if err != nil {
		return agenda.Done(), err
	}
	for {
		free := p.free(r)
		if free <= 0 {
			return agenda.Done(), nil
		}
		a, err := p.mayRead(ctx, r.q.Actions()[0], r.m.EventSourceARN, r.fn.Version)
		if err != nil {
			return agenda.Done(), err
		}
		if !a.allowed {
			p.refusedQueue(r, a)
			return agenda.Done(), nil
		}
		got, err := p.collect(ctx, r, free)
		if err != nil {
			return agenda.Done(), err
		}
		started := p.startBatches(r, free, a)
		p.tellSkipped(r, a)
		if got == 0 && started == 0 {
			return agenda.Done(), p.waitVisible(ctx, r)
		}
	}
}

func (p *Poller) takeReceiver(item agenda.Item) *reception {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.mappings[string(item.Body)]
	if r == nil || r.receiver == nil {
		return nil
	}
	rc := r.receiver
	rc.queued = false
	if !r.Enabled {
		rc.held = nil // the queue shows them again
		return nil
	}
	s, err := p.source(r.EventSourceARN)
	if err != nil {
		return nil
	}
	told := rc.told
	rc.told = false
	return &reception{m: r.EventSourceMapping, rc: rc, q: s.queue, told: told}
}

// free is how many batches may still be started. Where only time brings more, it sees to it that the receiver looks again.
func (p *Poller) free(r *reception) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, rc := p.Clock.Now(), r.rc
	if rc.rested.After(now) {
		p.alarmReceiver(&r.m, rc, rc.rested, true)
		return 0
	}
	free := rc.limit(&r.m, now) - rc.flying
	if free <= 0 && !rc.busy.IsZero() && rc.flying < r.m.mostBatches() {
		p.alarmReceiver(&r.m, rc, rc.busy.Add((now.Sub(rc.busy)/time.Second+1)*time.Second), false)
	}
	return free
}

// collect receives messages for the batches that may be started, and says how many it got.
func (p *Poller) collect(ctx context.Context, r *reception, free int) (int, error) {
	now, rc := p.Clock.Now(), r.rc
	rc.held = stillHidden(rc.held, now)
	want := r.m.BatchSize - len(rc.held)
	if !r.queue.FIFO {
		want = max(want, min(r.m.BatchSize*free, receiveAtOnce)-len(rc.held))
	}
	if want <= 0 {
		return 0, nil
	}
	hide, visibility := time.Duration(0), r.queue.VisibilityTimeout
	if w := r.m.window(); w > 0 {
		if needed := w + time.Duration(r.fn.Version.Timeout)*time.Second; needed > visibility {
			hide = needed + hiddenLonger
			visibility = hide
		}
	}
	messages, err := r.q.Receive(ctx, r.m.EventSourceARN, want, hide)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if len(rc.held) == 0 {
		rc.opened = now
	}
	p.figures(&r.m).Add(metrics.PolledEvents, len(messages))
	through, err := p.sift(ctx, r, messages)
	if err != nil {
		return 0, err
	}
	for _, m := range through {
		rc.held = append(rc.held, held{m, now.Add(visibility)})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(messages) < want {
		rc.busy = time.Time{}
	} else if rc.busy.IsZero() {
		rc.busy = now
	}
	return len(messages), nil
}

// stillHidden leaves out messages that others may have received by now.
func stillHidden(list []held, now time.Time) []held {
	var left []held
	for _, h := range list {
		if h.until.After(now) {
			left = append(left, h)
		}
	}
	return left
}

// startBatches makes batches of what is held: full ones, and one that is not full when its window is over. It says how many
// it started.
func (p *Poller) startBatches(r *reception, free int, a access) (started int) {
	rc := r.rc
	for started < free && len(rc.held) > 0 {
		n, full := cutMessages(rc.held, r.m.BatchSize)
		closes := rc.opened.Add(r.m.window())
		if now := p.Clock.Now(); !full && closes.After(now) {
			p.mu.Lock()
			p.alarmReceiver(&r.m, rc, closes, true)
			p.mu.Unlock()
			break
		}
		batch := rc.held[:n:n]
		if rc.held = rc.held[n:]; r.queue.FIFO {
			rc.held = nil // what did not fit comes back in order, after those before it
			batch = p.withoutBusyGroups(rc, batch)
		}
		if len(batch) > 0 {
			p.startBatch(r, batch, a)
			started++
		}
	}
	return started
}

// withoutBusyGroups leaves out messages of groups of which a batch is at work. The queue doesn't give them out, unless a run
// has outlived their visibility timeout; then they come back once more, and their order is kept.
func (p *Poller) withoutBusyGroups(rc *receiver, batch []held) []held {
	p.mu.Lock()
	defer p.mu.Unlock()
	var left []held
	for _, h := range batch {
		if !rc.groups[h.Group] {
			left = append(left, h)
		}
	}
	return left
}

// cutMessages is cut for messages.
func cutMessages(list []held, most int) (n int, full bool) {
	size := 0
	for i, h := range list {
		if i == most {
			return i, true
		}
		if size += weight(h.Size); size > MaxBatchBytes && i > 0 {
			return i, true
		}
	}
	return len(list), len(list) == most || size >= MaxBatchBytes
}

// waitVisible is called when there is nothing to receive: the receiver looks again when a message that is hidden becomes
// visible. While batches are at work an automatic clock does not go there, for their messages will be deleted. Where it is
// going to look already, and no message was announced since, there is none that will be visible earlier.
func (p *Poller) waitVisible(ctx context.Context, r *reception) error {
	p.mu.Lock()
	looks := r.rc.sight.After(p.Clock.Now()) && (r.rc.followedSight || r.rc.flying > 0) && !r.told
	p.mu.Unlock()
	if looks {
		return nil
	}
	due, ok, err := r.q.NextVisible(ctx, r.m.EventSourceARN)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err != nil || !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	rc, follow := r.rc, r.rc.flying == 0
	if rc.sight.After(p.Clock.Now()) && !rc.sight.After(due) && (rc.followedSight || !follow) {
		return nil
	}
	rc.sight, rc.followedSight = due, follow
	p.postReceiver(&r.m, due, follow)
	return nil
}

// queueReceiver puts a receiver on the agenda, unless it is on its way already. Hold the lock.
func (p *Poller) queueReceiver(r *running, due time.Time) {
	if !r.receiver.queued {
		r.receiver.queued = true
		p.postReceiver(&r.EventSourceMapping, due, true)
	}
}

// alarmReceiver puts a receiver on the agenda for an instant, unless it looks before. Hold the lock.
func (p *Poller) alarmReceiver(m *EventSourceMapping, rc *receiver, due time.Time, follow bool) {
	now := p.Clock.Now()
	if rc.alarm.After(now) && !rc.alarm.After(due) && (rc.followed || !follow) {
		return
	}
	if !due.After(now) {
		due = now
	}
	rc.alarm, rc.followed = due, follow
	p.postReceiver(m, due, follow)
}

func (p *Poller) postReceiver(m *EventSourceMapping, due time.Time, follow bool) {
	p.Agenda.Volatile(agenda.Item{Kind: kindReceive, Lane: m.UUID, Account: m.Account, Due: due, Background: !follow, Body: []byte(m.UUID)})
}

// refusedQueue stops the receiver until the role changes. Where a message is known to be there, it says so in the trace.
func (p *Poller) refusedQueue(r *reception, a access) {
	p.Log.Warn("a poller has stopped: the execution role may not receive from the queue; it goes on when the role changes",
		"mapping", r.m.UUID, "queue", r.m.EventSourceARN, "why", a.step.Reason)
	if r.told {
		h := p.openDelivery(&r.m, "at least one message in the queue", a.step)
		p.Trace.Settle(h, trace.Denied, trace.Step{Kind: trace.Settled, Rule: rulePoll,
			Reason: "the poller has stopped; the messages stay in the queue, and it goes on when the role may receive again"})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r.rc.held = nil
	if live := p.mappings[r.m.UUID]; live != nil && p.roles != a.revision {
		p.queueReceiver(live, p.Clock.Now())
		return
	}
	r.rc.stopped = true
}

// describe says what a batch holds.
func describe(batch []held) string {
	text := plural(len(batch), "message")
	seen, names := map[string]bool{}, ""
	for _, h := range batch {
		if h.Group != "" && !seen[h.Group] {
			seen[h.Group] = true
			names += ", " + h.Group
		}
	}
	if names != "" {
		text += fmt.Sprintf(" of %s %s", map[bool]string{true: "group", false: "groups"}[len(seen) == 1], names[2:])
	}
	return text
}
