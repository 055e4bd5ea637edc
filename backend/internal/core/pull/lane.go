package pull

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// place says which lane of a mapping: the shard, and which part of its keys.
type place struct {
	shard string
	part  int // 0 up to the parallelization factor
}

func (x place) compare(y place) int {
	return cmp.Or(strings.Compare(x.shard, y.shard), cmp.Compare(x.part, y.part))
}

// lane reads one shard, or a part of its keys, for one mapping. The row and what is beside it belong to the item of the
// agenda that runs the lane, of which there is one at a time; the rest is under the poller's lock.
type lane struct {
	laneRow
	buffer    []Record  // read and not yet in a batch; empty while a batch is tried again
	counted   string    // up to where records are in the figures
	readTo    string    // up to where the buffer has been read; empty: up to the checkpoint
	skipped   int       // read behind the buffer's last record, and kept away by the filters
	filtered  bool      // the filters kept away all that was read since the buffer was empty
	told      string    // up to where the trace has what the filters kept away
	free      time.Time // when the last run ends on the simulator's clock
	throttles int       // of the batch that is tried again
	dirty     bool      // the row could not be written

	queued  bool      // an item that will read is on its way
	busy    bool      // an item is at work
	left    bool      // the mapping has other lanes now; this one ends its batch
	alarm   time.Time // when the latest item that waits falls due
	stopped bool      // the role may not read
	drained bool      // the shard is closed, and read to its end
}

// after is the sequence number after which reading goes on.
func (l *lane) after() string {
	if l.readTo != "" {
		return l.readTo
	}
	return l.checkpoint
}

// forget drops what was read, so that it is read again.
func (l *lane) forget() { l.buffer, l.readTo, l.skipped, l.filtered = nil, "", 0, false }

// retrying reports whether the next batch has an end already: that of one that failed.
func (l *lane) retrying() bool { return len(l.ends) > 0 }

// done moves the checkpoint. What was split off behind it comes next.
func (l *lane) done(to string) {
	l.checkpoint = to
	for len(l.ends) > 0 && l.ends[0] <= to {
		l.ends = l.ends[1:]
	}
	l.failures, l.throttles, l.due, l.header = 0, 0, nil, nil
}

// again says that the records up to end are tried again, at due.
func (l *lane) again(end string, due time.Time) {
	if len(l.ends) == 0 || end < l.ends[0] {
		l.ends = append([]string{end}, l.ends...)
	}
	l.due = &due
	l.forget()
}

// round is what one item of a lane works with: a copy of the mapping, and the lane, which is the item's alone.
type round struct {
	m   EventSourceMapping
	l   *lane
	s   Stream
	end string // of the shard, where it is closed
	// final says that the next invocation is the last one of the lane's tumbling window.
	final bool
}

// take returns what an item is about, and marks that the next write must wake the lane again.
func (p *Poller) take(item agenda.Item) *round {
	p.mu.Lock()
	defer p.mu.Unlock()
	words := strings.SplitN(string(item.Body), " ", 3)
	r := p.mappings[words[0]]
	if r == nil {
		return nil
	}
	n, _ := strconv.Atoi(words[1]) // it was written by post
	l := r.lanes[place{words[2], n}]
	if l == nil {
		return nil
	}
	l.queued = false
	if !r.Enabled {
		l.forget()
		return nil
	}
	s, err := p.source(r.EventSourceARN)
	// give wakes it when those that hold its records have ended, ended when the shards that it came from are read, and discover
	// when it is known which those are.
	if err != nil || r.leaving > 0 || r.shards == nil || r.waits(l) {
		return nil
	}
	l.busy = true
	return &round{m: r.EventSourceMapping, l: l, s: s.stream, end: r.shards[l.shard].End}
}

// give ends an item's work on its lane. When it was the last of the lanes that the mapping had before, those that it has now begin.
func (p *Poller) give(r *round) {
	if why := p.giveBack(r); why != "" && r.l.header != nil {
		p.abandon([]*trace.Header{r.l.header}, why)
	}
}

// giveBack reports why nobody will go on with what the lane was trying again; "" where the lane does.
func (p *Poller) giveBack(r *round) (abandoned string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.l.busy = false
	live := p.mappings[r.m.UUID]
	switch {
	case live == nil:
		return mappingGone
	case !r.l.left:
		return ""
	}
	r.l.left = false
	if live.leaving--; live.leaving == 0 {
		p.wakeMapping(live)
	}
	return otherLanes
}

// Why a batch is not tried again.
const (
	otherLanes  = "the mapping has another number of lanes now: its records come again in those"
	mappingGone = "the mapping has been deleted: it is not tried again"
)

// abandon ends deliveries that nobody goes on with.
func (p *Poller) abandon(headers []*trace.Header, why string) {
	outcome, step := trace.Failed, trace.Step{Kind: trace.Settled, Rule: ruleParallel, Reason: why}
	if why == mappingGone {
		outcome, step.Rule = trace.DroppedForGood, ""
	}
	for _, h := range headers {
		p.Trace.Settle(*h, outcome, step)
	}
}

// unfinished are the deliveries of batches that lanes which are not at work are to try again. Hold the lock.
func (r *running) unfinished() (list []*trace.Header) {
	for _, at := range slices.SortedFunc(maps.Keys(r.lanes), place.compare) {
		if l := r.lanes[at]; !l.busy && l.header != nil {
			list = append(list, l.header)
		}
	}
	return list
}

// exchange gives a mapping other lanes. Those that are at work end their batches first, so that no key is in two. Hold the lock.
func (r *running) exchange(rows []laneRow) {
	for _, l := range r.lanes {
		if l.busy {
			l.left = true
			r.leaving++
		}
	}
	clear(r.lanes)
	r.add(rows)
}

// queue puts a lane on the agenda, unless it is on its way already. Hold the lock.
func (p *Poller) queue(r *running, l *lane) {
	if !l.queued {
		l.queued = true
		p.post(r, l, p.Clock.Now())
	}
}

func (p *Poller) post(r *running, l *lane, due time.Time) {
	id := fmt.Sprintf("%s %d %s", r.UUID, l.part, l.shard)
	p.Agenda.Volatile(agenda.Item{Kind: kindPoll, Lane: id, Account: r.Account, Due: due, Body: []byte(id)})
}

// next puts the lane on the agenda for the given instant. An item that falls due before looks at the lane and calls next
// again.
func (p *Poller) next(m *EventSourceMapping, l *lane, due time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.mappings[m.UUID]
	now := p.Clock.Now()
	switch {
	case r == nil:
	case !due.After(now):
		p.queue(r, l)
	case !l.alarm.After(now) || l.alarm.After(due):
		l.alarm = due
		p.post(r, l, due)
	}
}

// stop marks that the role may not read, unless it has been changed since it was asked: then the lane looks again.
func (p *Poller) stop(m *EventSourceMapping, l *lane, asked uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.forget()
	if r := p.mappings[m.UUID]; r != nil && p.roles != asked {
		p.queue(r, l)
		return
	}
	l.stopped = true
}

// lanesOf are the lanes of a shard.
func lanesOf(m *EventSourceMapping, shard, checkpoint string) (rows []laneRow) {
	for i := range max(m.ParallelizationFactor, 1) {
		rows = append(rows, laneRow{uuid: m.UUID, place: place{shard, i}, checkpoint: checkpoint})
	}
	return rows
}

// add makes lanes of rows. Hold the lock.
func (r *running) add(rows []laneRow) {
	for _, row := range rows {
		r.lanes[row.place] = &lane{laneRow: row}
	}
}

// copyOf returns a mapping, or nil when it is gone.
func (p *Poller) copyOf(uuid string) *EventSourceMapping {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.mappings[uuid]
	if r == nil {
		return nil
	}
	m := r.EventSourceMapping
	return &m
}
