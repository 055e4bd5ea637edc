package agenda

import (
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
	queues                    // not yet due
	lanes    map[string]*lane // by kind and lane, those with something ready or running
	runnable []*lane          // lanes that may start an item, in the order in which they became so
	ready    int              // items in lanes, not started
	bodies   int              // bytes of the bodies of what waits and what is ready
	flying   map[uint64]*flight
	active   int // handlers at work
	seq      uint64
	ran      int // items that have run
	advances []*advance
	drains   []*drain
	closing  bool // start nothing more
	closed   bool // end the loop
	stall
}

// flight is something at work: a handler, or what somebody outside is busy with.
type flight struct {
	what      string
	account   string
	forgotten bool // its item is not to be put back
	waits     bool // it is taken to wait for what is due
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
	return state{lanes: map[string]*lane{}, flying: map[uint64]*flight{}}
}

func (a *Agenda) loop() {
	defer close(a.loopDone)
	timer := clock.NewWallTimer(time.Hour)
	defer timer.Stop()
	for {
		a.dispatch()
		if a.clk.IsVirtual() {
			timer.Reset(a.untilStall())
		} else {
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
		if it.ID != 0 && !it.away && a.bodies+len(it.Body) > a.mostBodies {
			it.Body, it.away = nil, true
		}
		a.bodies += len(it.Body)
		if it.Due.After(now) {
			a.push(it)
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
			a.bodies -= len(it.Body)
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
		for len(a.runnable) > 0 && a.hasRoom() {
			a.startOne()
		}
		if !a.quiet() || !a.moveOn() {
			return
		}
	}
}

// hasRoom reports whether one more item may run: with a virtual clock only when nothing else is at work, but for what is
// taken to wait.
func (a *Agenda) hasRoom() bool {
	if a.clk.IsVirtual() {
		return len(a.flying) == a.waiters
	}
	return a.active < maxRunning
}

func (a *Agenda) wakeDue() {
	now := a.clk.Now()
	for {
		it, ok := a.popDue(now)
		if !ok {
			return
		}
		a.file(it)
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
	l.ready[0] = Item{} // or its body would be held
	l.ready = l.ready[1:]
	l.running++
	a.ready--
	a.bodies -= len(it.Body)
	a.active++
	a.mark(l)
	ctx := a.ctx
	if a.waiters > 0 {
		ctx = context.WithValue(ctx, besideKey{}, true)
	}
	id := a.begin(fmt.Sprintf("%s (attempt %d)", l.key, it.Attempt+1), it.Account)
	a.held = time.Time{}
	a.handlers.Add(1)
	go func() {
		defer a.handlers.Done()
		verdict, err := a.run(ctx, l.kind.run, &it)
		a.send(func() { a.finish(l, it, id, verdict, err) })
	}()
}

// run runs an item's handler, after fetching its body where memory had no room for it.
func (a *Agenda) run(ctx context.Context, handle Handler, it *Item) (Verdict, error) {
	if it.away {
		if ok, err := a.fetch(ctx, it); !ok {
			return Done(), err
		}
	}
	return handle(ctx, *it)
}

func (a *Agenda) finish(l *lane, it Item, id uint64, v Verdict, err error) {
	forgotten := a.flying[id].forgotten
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
	v.again = v.again && !forgotten
	if v.again {
		it.Due, it.Attempt, it.Body = v.due, v.attempt, v.body
	}
	if it.ID != 0 && !(err != nil && it.away) { // of a body that could not be fetched nothing has changed
		a.rows.Add(settled{item: it, again: v.again})
	}
	if v.again {
		a.add(it)
	}
	if !a.retire(l) {
		a.mark(l)
	}
}

// retire lets go of a lane with nothing left in it.
func (a *Agenda) retire(l *lane) bool {
	if len(l.ready) > 0 || l.running > 0 {
		return false
	}
	delete(a.lanes, l.key)
	return true
}

func (a *Agenda) begin(what, account string) uint64 {
	a.seq++
	a.flying[a.seq] = &flight{what: what, account: account}
	return a.seq
}

func (a *Agenda) end(id uint64) {
	if a.flying[id].waits {
		a.waiters--
	}
	delete(a.flying, id)
}

func (a *Agenda) quiet() bool { return a.ready == 0 && len(a.flying) == 0 }

// moveOn is called when the system is quiet. It moves a virtual clock as far as it may and reports whether that made
// anything due; otherwise it answers those who wait for quiet.
func (a *Agenda) moveOn() bool {
	if len(a.advances) > 0 {
		return a.moveForAdvance()
	}
	if a.clk.Mode() == clock.Auto {
		if due, ok := a.earliest(false); ok {
			a.move(due)
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
		a.move(due)
		return true
	}
	a.move(adv.to)
	a.advances = a.advances[1:]
	adv.reply <- advanced{now: a.clk.Now(), ran: a.ran - adv.before}
	return true
}

// forget drops an account's items. Rows that were committed while the account's were being deleted are deleted now.
func (a *Agenda) forget(account string) {
	mine := func(of string) bool { return account == "" || of == account }
	drop := func(it *Item) bool {
		if !mine(it.Account) {
			return false
		}
		a.bodies -= len(it.Body)
		if it.ID != 0 {
			a.rows.Add(settled{item: Item{ID: it.ID}})
		}
		return true
	}
	a.drop(drop)
	for _, l := range a.lanes {
		before := len(l.ready)
		l.ready = dropped(l.ready, drop)
		a.ready -= before - len(l.ready)
	}
	runnable := a.runnable[:0]
	for _, l := range a.runnable {
		if l.queued = len(l.ready) > 0; l.queued {
			runnable = append(runnable, l)
		}
	}
	a.runnable = runnable
	for _, l := range a.lanes {
		a.retire(l)
	}
	for _, f := range a.flying {
		f.forgotten = f.forgotten || mine(f.account)
	}
}

// atWork lists what is in flight and what is ready, for a drain that ran out of patience.
func (a *Agenda) atWork() (flying, due []string) {
	for _, f := range a.flying {
		flying = append(flying, f.what)
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
