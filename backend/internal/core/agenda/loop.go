package agenda

import (
	"container/heap"
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// retryAfter is how long an item waits after the simulator itself could not run it.
const retryAfter = time.Second

// state is what the loop owns. Nothing else reads or writes it.
type state struct {
	waiting  waiting          // not yet due, earliest first
	lanes    map[string]*lane // by kind and lane, those with something ready or running
	runnable []*lane          // lanes that may start an item, in the order in which they became so
	ready    int              // items in lanes, not started
	flying   map[uint64]string
	active   int // handlers at work
	seq      uint64
	ran      int // items that have run
	advances []*advance
	drains   []*drain
	closing  bool // start nothing more
	closed   bool // end the loop
}

type lane struct {
	key     string
	kind    kind
	ready   []Item
	running int
	queued  bool // in runnable
}

type advance struct {
	by      time.Duration
	to      time.Time
	started bool
	before  int // ran when it started
	reply   chan advanced
}

type advanced struct {
	now time.Time
	ran int
}

type drain struct{ reply chan struct{} }

func newState() state {
	return state{lanes: map[string]*lane{}, flying: map[uint64]string{}}
}

func (a *Agenda) loop() {
	defer close(a.loopDone)
	timer := clock.NewWallTimer(time.Hour)
	defer timer.Stop()
	for {
		a.dispatch()
		if !a.clk.IsVirtual() {
			timer.Reset(a.untilNext())
		}
		select {
		case f := <-a.commands:
			f()
			a.takeCommands()
		case <-timer.C():
		}
		if a.closed {
			return
		}
	}
}

// takeCommands runs what else is waiting, so that a burst costs one round of dispatching.
func (a *Agenda) takeCommands() {
	for range cap(a.commands) {
		select {
		case f := <-a.commands:
			f()
		default:
			return
		}
	}
}

func (a *Agenda) untilNext() time.Duration {
	due, ok := a.earliest(true)
	if !ok {
		return time.Hour
	}
	return max(due.Sub(a.clk.Now()), 0) + time.Microsecond
}

// add files items: into their lanes when due, otherwise to wait.
func (a *Agenda) add(items ...Item) {
	now := a.clk.Now()
	for _, it := range items {
		a.seq++
		it.seq = a.seq
		if it.Due.After(now) {
			heap.Push(&a.waiting, it)
		} else {
			a.file(it)
		}
	}
}

func (a *Agenda) file(it Item) {
	key := it.Kind + " " + it.Lane
	l := a.lanes[key]
	if l == nil {
		k, ok := a.kinds[it.Kind]
		if !ok {
			a.log.Error("an item of an unknown kind was left alone", "kind", it.Kind, "item", it.ID)
			return
		}
		l = &lane{key: key, kind: k}
		a.lanes[key] = l
	}
	l.ready = append(l.ready, it)
	a.ready++
	a.mark(l)
}

func (a *Agenda) mark(l *lane) {
	if !l.queued && len(l.ready) > 0 && l.running < l.kind.capacity {
		l.queued = true
		a.runnable = append(a.runnable, l)
	}
}

// dispatch starts what may start, and moves a virtual clock when nothing else is left to do.
func (a *Agenda) dispatch() {
	for !a.closing {
		a.wakeDue()
		limit := maxRunning
		if a.clk.IsVirtual() {
			limit = 1
		}
		for len(a.runnable) > 0 && a.active < limit {
			a.startOne()
		}
		if !a.quiet() || !a.moveOn() {
			return
		}
	}
}

func (a *Agenda) wakeDue() {
	now := a.clk.Now()
	for len(a.waiting) > 0 && !a.waiting[0].Due.After(now) {
		a.file(heap.Pop(&a.waiting).(Item))
	}
}

// startOne starts one item of the lane that has waited longest. With a virtual clock that is the item that came first of
// all: arrival decides, not the lane.
func (a *Agenda) startOne() {
	at := 0
	if a.clk.IsVirtual() {
		for i, l := range a.runnable {
			if before(l.ready[0], a.runnable[at].ready[0]) {
				at = i
			}
		}
	}
	l := a.runnable[at]
	a.runnable = append(a.runnable[:at], a.runnable[at+1:]...)
	l.queued = false
	it := l.ready[0]
	l.ready = l.ready[1:]
	l.running++
	a.ready--
	a.active++
	a.mark(l)
	id := a.begin(fmt.Sprintf("%s (attempt %d)", l.key, it.Attempt+1))
	a.handlers.Add(1)
	go func() {
		defer a.handlers.Done()
		verdict, err := l.kind.run(a.ctx, it)
		a.send(func() { a.finish(l, it, id, verdict, err) })
	}()
}

func (a *Agenda) finish(l *lane, it Item, id uint64, v Verdict, err error) {
	a.end(id)
	a.active--
	a.ran++
	l.running--
	if err != nil && a.ctx.Err() != nil {
		return // stopping: a half-run item stays in the table
	}
	if err != nil {
		a.log.Error("an item could not be run; it is put back", "kind", it.Kind, "lane", it.Lane, "item", it.ID, "error", err)
		v = Again(a.clk.Now().Add(retryAfter), it.Attempt, it.Body)
	}
	if v.again {
		it.Due, it.Attempt, it.Body = v.due, v.attempt, v.body
		a.add(it)
	}
	if it.ID != 0 {
		a.rows.Add(settled{it, v.again})
	}
	if len(l.ready) == 0 && l.running == 0 {
		delete(a.lanes, l.key)
		return
	}
	a.mark(l)
}

func (a *Agenda) begin(what string) uint64 {
	a.seq++
	a.flying[a.seq] = what
	return a.seq
}

func (a *Agenda) end(id uint64) { delete(a.flying, id) }

func (a *Agenda) quiet() bool { return a.ready == 0 && len(a.flying) == 0 }

// earliest returns the due instant of the next waiting item, with or without background items.
func (a *Agenda) earliest(background bool) (time.Time, bool) {
	if background {
		if len(a.waiting) == 0 {
			return time.Time{}, false
		}
		return a.waiting[0].Due, true
	}
	var first *Item
	for i := range a.waiting {
		if it := &a.waiting[i]; !it.Background && (first == nil || before(*it, *first)) {
			first = it
		}
	}
	if first == nil {
		return time.Time{}, false
	}
	return first.Due, true
}

// moveOn is called when the system is quiet. It moves a virtual clock as far as it may and reports whether that made
// anything due; otherwise it answers those who wait for quiet.
func (a *Agenda) moveOn() bool {
	if len(a.advances) > 0 {
		return a.moveForAdvance()
	}
	if a.clk.Mode() == clock.Auto {
		if due, ok := a.earliest(false); ok {
			a.clk.Set(due)
			return true
		}
	}
	for _, d := range a.drains {
		close(d.reply)
	}
	a.drains = nil
	return false
}

func (a *Agenda) moveForAdvance() bool {
	adv := a.advances[0]
	if !adv.started {
		adv.started, adv.before = true, a.ran
		if adv.to.IsZero() {
			adv.to = a.clk.Now().Add(adv.by)
		}
	}
	if due, ok := a.earliest(true); ok && !due.After(adv.to) {
		a.clk.Set(due)
		return true
	}
	a.clk.Set(adv.to)
	a.advances = a.advances[1:]
	adv.reply <- advanced{now: a.clk.Now(), ran: a.ran - adv.before}
	return true
}

func (a *Agenda) forget(account string) {
	drop := func(it Item) bool { return account == "" || it.Account == account }
	kept := a.waiting[:0]
	for _, it := range a.waiting {
		if !drop(it) {
			kept = append(kept, it)
		}
	}
	a.waiting = kept
	heap.Init(&a.waiting)
	for _, l := range a.lanes {
		left := l.ready[:0]
		for _, it := range l.ready {
			if drop(it) {
				a.ready--
			} else {
				left = append(left, it)
			}
		}
		l.ready = left
	}
	runnable := a.runnable[:0]
	for _, l := range a.runnable {
		if l.queued = len(l.ready) > 0; l.queued {
			runnable = append(runnable, l)
		}
	}
	a.runnable = runnable
}

// atWork lists what is in flight and what is ready, for a drain that ran out of patience.
func (a *Agenda) atWork() (flying, due []string) {
	for _, what := range a.flying {
		flying = append(flying, what)
	}
	for _, l := range a.lanes {
		for _, it := range l.ready {
			due = append(due, fmt.Sprintf("%s due %s", l.key, it.Due.Format(time.RFC3339)))
		}
	}
	sort.Strings(flying)
	sort.Strings(due)
	return flying, due
}

// waiting is a heap of items by due instant, then arrival.
type waiting []Item

func before(x, y Item) bool {
	if !x.Due.Equal(y.Due) {
		return x.Due.Before(y.Due)
	}
	return x.seq < y.seq
}

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return before(w[i], w[j]) }
func (w waiting) Swap(i, j int)      { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)        { *w = append(*w, x.(Item)) }
func (w *waiting) Pop() any {
	old := *w
	it := old[len(old)-1]
	*w = old[:len(old)-1]
	return it
}

// Advance moves a virtual clock forward by d and runs all that falls due on the way, in order. It returns when the
// system is quiet, with the instant reached and how many items ran. A real clock is refused.
func (a *Agenda) Advance(ctx context.Context, d time.Duration) (time.Time, int, error) {
	return a.advance(ctx, &advance{by: d, reply: make(chan advanced, 1)})
}

// AdvanceTo is Advance to an instant; an instant in the past moves nothing.
func (a *Agenda) AdvanceTo(ctx context.Context, to time.Time) (time.Time, int, error) {
	return a.advance(ctx, &advance{to: to, reply: make(chan advanced, 1)})
}
