package sqs

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

// state says where a message is on its way.
type state int

const (
	visible state = iota // may be received
	delayed              // was sent, and waits
	hidden               // was received: in flight until its visibility timeout ends
	taken                // is being received by a transaction that has not committed
)

// message is what memory holds of a message: everything but what is read only when it is received.
type message struct {
	seq      int64
	group    *group // of FIFO queues
	state    state
	sent     time.Time
	until    time.Time // when it will be visible
	since    time.Time // when it was received last; zero after a restart
	receipts int       // in this queue: a receipt handle names one
	turn     int       // counts the entries in later, of which only the newest holds
	gone     bool
}

// group is a message group of a FIFO queue: its messages in order.
type group struct {
	name     string
	messages []*message
	busy     int  // how many are hidden or taken: while there are any, no other is given out
	offered  bool // stands in the queue's offers
}

func (g *group) available() bool {
	return g.busy == 0 && len(g.messages) > 0 && g.messages[0].state == visible
}

// queue is a queue as it was last committed. The store's mutex guards all of it but the identity and the
// kind, which never change.
type queue struct {
	id                    int64
	account, region, name string
	fifo                  bool
	created, modified     time.Time
	purged                time.Time // zero: never
	attributes            map[string]string
	tags                  map[string]string
	settings

	gone     bool
	changed  chan struct{} // closed when something became visible
	messages map[int64]*message
	groups   map[string]*group
	ready    ordered[*message] // standard queues: by sequence; entries that no longer hold are passed over
	offers   ordered[*group]   // FIFO queues: by the sequence of the first message when it was offered
	later    ordered[*message] // delayed and hidden ones, by when they will be visible
	oldest   ordered[*message] // by age
	hidden   int
	delayed  int
	attempts map[string]*attempt // FIFO: receipts that have a name
	sends    int                 // FIFO: since forgotten deduplications were deleted
}

func newQueue() *queue {
	q := &queue{changed: make(chan struct{})}
	q.clear()
	return q
}

func (q *queue) arn() string { return arn.Queue(q.region, q.account, q.name) }

// clear forgets every message.
func (q *queue) clear() {
	for _, m := range q.messages {
		m.gone = true
	}
	q.messages, q.groups = map[int64]*message{}, map[string]*group{}
	q.ready, q.offers, q.later, q.oldest = nil, nil, nil, nil
	q.hidden, q.delayed, q.attempts = 0, 0, nil
}

// announce wakes those who wait for a message.
func (q *queue) announce() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// add takes in a message that was committed. One that is there already stays as it is.
func (q *queue) add(seq int64, groupName string, sent, until time.Time, receipts int, now time.Time) {
	if q.messages[seq] != nil {
		return
	}
	m := &message{seq: seq, sent: sent, until: until, receipts: receipts}
	q.messages[seq] = m
	heap.Push(&q.oldest, entry[*message]{key: sent.UnixMicro(), value: m})
	if q.fifo {
		g := q.groups[groupName]
		if g == nil {
			g = &group{name: groupName}
			q.groups[groupName] = g
		}
		m.group = g
		i, _ := slices.BinarySearchFunc(g.messages, seq, func(x *message, seq int64) int { return cmp.Compare(x.seq, seq) })
		g.messages = slices.Insert(g.messages, i, m)
	}
	switch {
	case !until.After(now):
		q.offer(m)
	case receipts > 0:
		q.hide(m, until)
	default:
		m.state = delayed
		q.delayed++
		q.await(m)
	}
}

// await lets a message become visible at its time.
func (q *queue) await(m *message) {
	m.turn++
	heap.Push(&q.later, entry[*message]{key: m.until.UnixMicro(), turn: m.turn, value: m})
}

// offer makes a visible message one that can be received; in a FIFO queue, when it is its group's turn.
func (q *queue) offer(m *message) {
	if m.group == nil {
		heap.Push(&q.ready, entry[*message]{key: m.seq, value: m})
		return
	}
	q.offerGroup(m.group)
}

func (q *queue) offerGroup(g *group) {
	if !g.offered && g.available() {
		g.offered = true
		heap.Push(&q.offers, entry[*group]{key: g.messages[0].seq, value: g})
	}
}

// leave takes a message out of the count of its state.
func (q *queue) leave(m *message) {
	switch m.state {
	case hidden:
		q.hidden--
	case delayed:
		q.delayed--
	}
	if m.group != nil && (m.state == hidden || m.state == taken) {
		m.group.busy--
	}
}

// show makes a message visible.
func (q *queue) show(m *message) {
	q.leave(m)
	m.state = visible
	m.turn++
	q.offer(m)
}

// hide puts a message in flight until then.
func (q *queue) hide(m *message, until time.Time) {
	q.leave(m)
	m.state, m.until = hidden, until
	q.hidden++
	if m.group != nil {
		m.group.busy++
	}
	q.await(m)
}

// take marks a visible message as being received.
func (q *queue) take(m *message) {
	m.state = taken
	if m.group != nil {
		m.group.busy++
	}
}

// remove forgets a message.
func (q *queue) remove(m *message) {
	if m.gone {
		return
	}
	q.leave(m)
	m.gone = true
	delete(q.messages, m.seq)
	if g := m.group; g != nil {
		if i := slices.Index(g.messages, m); i >= 0 {
			g.messages = slices.Delete(g.messages, i, i+1)
		}
		if len(g.messages) == 0 {
			delete(q.groups, g.name)
		}
		q.offerGroup(g)
	}
}

// advance brings the queue to an instant: what was hidden or delayed until then is visible, and what is older than the
// retention is removed and returned, by sequence.
func (q *queue) advance(now time.Time) (expired []int64) {
	q.later, q.oldest = q.later.sweep(len(q.messages), waits), q.oldest.sweep(len(q.messages), pending)
	for len(q.later) > 0 && q.later[0].key <= now.UnixMicro() {
		e := heap.Pop(&q.later).(entry[*message])
		if m := e.value; waits(e) {
			q.show(m)
		}
	}
	for len(q.oldest) > 0 {
		m := q.oldest[0].value
		if !m.gone && (m.sent.Add(q.retention).After(now) || m.state == taken) {
			break
		}
		heap.Pop(&q.oldest)
		if !m.gone {
			q.remove(m)
			expired = append(expired, m.seq)
		}
	}
	return expired
}

// first returns the message that would be received next, nil when there is none. What no longer holds is dropped.
func (q *queue) first() *message {
	for len(q.ready) > 0 {
		if m := q.ready[0].value; !m.gone && m.state == visible {
			return m
		}
		heap.Pop(&q.ready)
	}
	for len(q.offers) > 0 {
		if g := q.offers[0].value; g.available() {
			return g.messages[0]
		}
		heap.Pop(&q.offers).(entry[*group]).value.offered = false
	}
	return nil
}

// next takes messages in the order in which the queue gives them out, as long as want says so: it is asked for each message
// before that is taken. Of a FIFO queue's group it takes several, in order.
func (q *queue) next(want func(*message) bool) {
	for m := q.first(); m != nil && want(m); m = q.first() {
		if m.group == nil {
			heap.Pop(&q.ready)
			q.take(m)
			continue
		}
		g := m.group
		heap.Pop(&q.offers)
		g.offered = false
		q.take(m)
		for _, m := range g.messages[1:] {
			if m.state != visible {
				break
			}
			if !want(m) {
				return
			}
			q.take(m)
		}
	}
}

// nextVisible is when the earliest message that is hidden or delayed will be visible.
func (q *queue) nextVisible() (time.Time, bool) {
	for len(q.later) > 0 {
		if e := q.later[0]; waits(e) {
			return e.value.until, true
		}
		heap.Pop(&q.later)
	}
	return time.Time{}, false
}

// waits reports whether an entry of later holds: its message is not visible yet, and this is its newest entry.
func waits(e entry[*message]) bool {
	m := e.value
	return !m.gone && m.turn == e.turn && (m.state == hidden || m.state == delayed)
}

// pending reports whether an entry of the oldest is of a message that is still there.
func pending(e entry[*message]) bool { return !e.value.gone }

// entry is an element of a heap.
type entry[T any] struct {
	key   int64
	turn  int
	value T
}

// ordered is a heap by key.
type ordered[T any] []entry[T]

func (o ordered[T]) Len() int           { return len(o) }
func (o ordered[T]) Less(i, j int) bool { return o[i].key < o[j].key }
func (o ordered[T]) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }

// sweep drops the entries that no longer hold once they are most of a long heap.
func (o ordered[T]) sweep(want int, holds func(entry[T]) bool) ordered[T] {
	if len(o) < 1000+2*want {
		return o
	}
	o = slices.DeleteFunc(o, func(e entry[T]) bool { return !holds(e) })
	heap.Init(&o)
	return o
}

// Push is heap's.
func (o *ordered[T]) Push(x any) { *o = append(*o, x.(entry[T])) }

// Pop is heap's.
func (o *ordered[T]) Pop() any {
	old := *o
	e := old[len(old)-1]
	old[len(old)-1] = entry[T]{}
	*o = old[:len(old)-1]
	return e
}
