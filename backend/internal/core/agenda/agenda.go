// Package agenda is the scheduler, the retry queue and the time machine in one.
//
// Everything that happens later is an Item: an asynchronous event, a delivery on its way, a retry, the end of a run, the
// next poll of a shard. The table is the durable log; the process that owns the database is the scheduler. An item is
// committed before whoever put it is answered, handed to its lane in memory, and its row is deleted after it is done. So
// what is found in the table at start is exactly what was not finished, and everything is done at least once. Items that
// can be found again from other tables (the next poll of a shard) are volatile: they are never written.
//
//	Put / Enqueue ──commit──▶ waiting (in the heap, until due) ──▶ ready (in its lane) ──▶ running ──▶ done (deleted)
//	      Volatile ─────────▶    ▲                                                            │
//	                             └───────────────────────── Again(due) ◀──────────────────────┘
//
// Lanes: items of one lane run in the order in which they fell due, as many at once as their kind's capacity. A lane that
// is held up holds up nobody else.
//
// Time: with a real clock one timer waits for the earliest due item. With a virtual clock one item runs at a time, in the
// order (due, arrival), so the order is total; the clock stands still while anything is due or in flight, and Advance sets
// it from due item to due item up to where it was asked to go. With an automatic clock the agenda does that by itself
// whenever it is idle, but never for a background item (a schedule, an expiry): only Advance reaches those.
//
// A function may wait for an event that it made itself: an object whose notification it waits for. With one item at a
// time that would last until its timeout. So when something that was made while others run has been due for a second of
// real time, those others are taken to be waiting for it, and what is due runs beside them (see stall.go).
//
// Memory: of what waits, the agenda keeps everything but the bodies, which it keeps up to a limit; a body beyond that is
// read from the table when its item runs. So it knows exactly, at any backlog, what is due and in which order.
//
// One loop owns the state; everybody else sends it work. A handler never holds up the loop: it runs in a goroutine of its
// own, and the loop waits for them all at Close.
package agenda

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the agenda's tables.
var Schema = postgres.Schema{Name: "agenda", Files: files}

// Item is one thing that will happen.
type Item struct {
	ID      int64  // of the row; 0 for a volatile item
	Kind    string // which handler runs it
	Lane    string // what it waits in line with
	Account string // whose it is: what Forget goes by
	Due     time.Time
	Attempt int // counts from 0; the handler's own business
	// Background items are schedules and expiries: neither an automatic clock nor Drain follows them.
	Background bool
	Body       []byte
	seq        uint64
	away       bool // the body is in the table alone
}

// Verdict is what becomes of an item that ran.
type Verdict struct {
	again   bool
	due     time.Time
	attempt int
	body    []byte
}

// Done ends the item.
func Done() Verdict { return Verdict{} }

// Again puts the item back, to run when due as the given attempt with the given body.
func Again(due time.Time, attempt int, body []byte) Verdict {
	return Verdict{again: true, due: due, attempt: attempt, body: body}
}

// Handler runs an item. An error means that the simulator itself could not (the database is gone): the item is put back
// a second later, unchanged.
type Handler func(ctx context.Context, item Item) (Verdict, error)

// maxRunning bounds how many items run at once with a real clock, over all lanes.
const maxRunning = 512

// Agenda schedules items. Create it with New, register handlers with Handle, then Start it.
type Agenda struct {
	db  *postgres.DB
	clk *clock.Clock
	log *slog.Logger

	kinds map[string]kind // written before Start only

	nextID  atomic.Int64
	enqueue *postgres.Coalescer[[]Item]
	rows    *postgres.Behind[settled] // deletes the done and rewrites the put back, in the order of the loop

	commands chan func()
	ctx      context.Context // the handlers'
	cancel   context.CancelFunc
	loopDone chan struct{}
	handlers sync.WaitGroup
	started  atomic.Bool

	mostBodies int // bytes of the bodies that wait in memory

	state // owned by the loop
}

// DefaultBodies is how many bytes of bodies wait in memory; the rest is read when it is needed.
const DefaultBodies = 64 << 20

type kind struct {
	capacity int
	run      Handler
}

// New returns an agenda over the database. Nothing runs before Start.
func New(db *postgres.DB, clk *clock.Clock, log *slog.Logger) *Agenda {
	ctx, cancel := context.WithCancel(context.Background())
	a := &Agenda{
		db: db, clk: clk, log: log, kinds: map[string]kind{},
		commands: make(chan func(), 1024), ctx: ctx, cancel: cancel, loopDone: make(chan struct{}),
		mostBodies: DefaultBodies, state: newState(),
	}
	a.rows = postgres.NewBehind(db, log, "agenda items", settleBatch, settlePause, settle)
	a.enqueue = postgres.NewInserter(db, 2, 500, a.insertBatches)
	return a
}

// Handle registers the handler of a kind and how many items of one lane run at once (at least 1). Call it before Start.
func (a *Agenda) Handle(name string, capacity int, run Handler) {
	if a.started.Load() || capacity < 1 || a.kinds[name].run != nil {
		panic("agenda: Handle(" + name + "): once, before Start, with a capacity")
	}
	a.kinds[name] = kind{capacity: capacity, run: run}
}

// KeepBodies sets how many bytes of bodies wait in memory. Call it before Start.
func (a *Agenda) KeepBodies(bytes int) { a.mostBodies = bytes }

// Start reads what was left unfinished, restores a virtual clock, and begins to run items.
func (a *Agenda) Start(ctx context.Context) error {
	if err := a.restoreClock(ctx); err != nil {
		return err
	}
	items, err := load(ctx, a.db, a.mostBodies)
	if err != nil {
		return fmt.Errorf("read what was left unfinished: %w", err)
	}
	for _, it := range items {
		a.nextID.Store(max(a.nextID.Load(), it.ID))
	}
	a.started.Store(true)
	go a.loop()
	a.send(func() { a.add(items...) })
	return nil
}

// Put writes items in the caller's transaction; they run once it has committed.
func (a *Agenda) Put(ctx context.Context, tx *postgres.Tx, items ...Item) error {
	a.number(items)
	if err := insert(ctx, tx, items); err != nil {
		return err
	}
	tx.AfterCommit(func() { a.send(func() { a.add(items...) }) })
	return nil
}

// Enqueue writes items in a transaction that it shares with other callers, and returns after the commit. When ctx ends
// before, they may have been accepted all the same; then they run.
func (a *Agenda) Enqueue(ctx context.Context, items ...Item) error {
	a.number(items)
	return a.enqueue.Add(ctx, items)
}

// Volatile schedules items that are not written: they are gone after a restart.
func (a *Agenda) Volatile(items ...Item) {
	a.send(func() { a.add(items...) })
}

// Busy says that something is in flight outside the agenda (a synchronous invocation): while it is, a virtual clock does
// not move, nothing else starts, and the system is not quiet. Call the returned function once when it has ended. A handler
// need not call it: it is in flight already.
func (a *Agenda) Busy(what string) (end func()) {
	if !a.clk.IsVirtual() { // all runs side by side: whoever asks whether it is quiet asks behind this
		var id uint64 // the loop's alone
		a.send(func() { id = a.begin(what, "") })
		return func() { a.send(func() { a.end(id) }) }
	}
	registered := make(chan uint64, 1)
	if !a.send(func() { registered <- a.begin(what, "") }) {
		return func() {}
	}
	select {
	case id := <-registered:
		return func() { a.send(func() { a.end(id) }) }
	case <-a.loopDone:
		return func() {}
	}
}

// Next returns when the next waiting item falls due, and whether there is one.
func (a *Agenda) Next() (time.Time, bool) {
	type answer struct {
		due time.Time
		ok  bool
	}
	got := make(chan answer, 1)
	a.send(func() { due, ok := a.earliest(true); got <- answer{due, ok} })
	select {
	case v := <-got:
		return v.due, v.ok
	case <-a.loopDone:
		return time.Time{}, false
	}
}

// Depth is how many items there are, by what they do.
type Depth struct {
	Waiting  int // for their due time
	Ready    int // due, and waiting for their lane
	Running  int // handlers at work
	InFlight int // those, and what Busy said
}

// Depth returns how many items there are now; zeros once the agenda has been closed.
func (a *Agenda) Depth() Depth {
	got := make(chan Depth, 1)
	a.send(func() { got <- Depth{len(a.work) + len(a.background), a.ready, a.active, len(a.flying)} })
	select {
	case d := <-got:
		return d
	case <-a.loopDone:
		return Depth{}
	}
}

// Forget drops the items of an account ("" for all), from memory and, in tx, from the table.
func (a *Agenda) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	if err := deleteAccount(ctx, tx, account); err != nil {
		return err
	}
	tx.AfterCommit(func() { a.send(func() { a.forget(account) }) })
	return nil
}

// Close stops taking items from the lanes, cancels the handlers' context, waits for them, and writes what is settled.
// Items that did not finish stay in the table.
func (a *Agenda) Close(ctx context.Context) error {
	if a.started.CompareAndSwap(true, false) {
		a.send(func() { a.closing = true })
		a.cancel()
		a.handlersDone()
		a.send(func() { a.closed = true })
		<-a.loopDone
	}
	a.enqueue.Close()
	a.rows.Close()
	return a.saveClock(ctx)
}

// handlersDone waits until the loop has started its last handler and every handler has reported to it.
func (a *Agenda) handlersDone() {
	idle := make(chan struct{})
	a.send(func() { close(idle) }) // behind the command that set closing: no handler starts after this
	<-idle
	a.handlers.Wait()
}

func (a *Agenda) number(items []Item) {
	for i := range items {
		items[i].ID = a.nextID.Add(1)
	}
}

// send hands work to the loop; it reports false when the loop has ended.
func (a *Agenda) send(f func()) bool {
	select {
	case a.commands <- f:
		return true
	case <-a.loopDone:
		return false
	}
}

// errClosed answers callers that wait while the agenda ends.
var errClosed = fault.New(fault.Conflict, "the backend is stopping")
