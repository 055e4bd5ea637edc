package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// Behind writes values in the background: in the order in which they were added, in batches, each batch in one
// transaction. It is for what nobody waits for (the trace, logs, rows of finished work): a value that was added is written
// soon, and is lost if the process is killed before, or PostgreSQL within the moment that it takes to reach the disk. One
// goroutine owns the writing; Close ends it.
type Behind[T any] struct {
	db    *DB
	log   *slog.Logger
	name  string
	batch int
	pause time.Duration
	flush func(ctx context.Context, tx *Tx, values []T) error

	mu      sync.Mutex
	changed *sync.Cond
	todo    []T
	added   uint64 // values ever added
	written uint64 // values ever written (or given up at Close)
	urgent  int    // callers of Flush that wait
	over    bool
	wanted  chan struct{} // wakes a resting writer; holds one
	ended   chan struct{}
}

// NewBehind starts a writer. A batch holds at most batch values; after each, the writer rests for pause of real time so
// that the next is larger, unless somebody waits in Flush. The name is for log lines.
func NewBehind[T any](db *DB, log *slog.Logger, name string, batch int, pause time.Duration, flush func(ctx context.Context, tx *Tx, values []T) error) *Behind[T] {
	b := &Behind[T]{db: db, log: log, name: name, batch: batch, pause: pause, flush: flush, wanted: make(chan struct{}, 1), ended: make(chan struct{})}
	b.changed = sync.NewCond(&b.mu)
	go b.write()
	return b
}

// Add hands over values; it never blocks on the database. Values added after Close are dropped.
func (b *Behind[T]) Add(values ...T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	b.todo = append(b.todo, values...)
	b.added += uint64(len(values))
	b.changed.Broadcast()
}

// Flush returns once everything that was added before the call is written, or with ctx's error.
func (b *Behind[T]) Flush(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	want := b.added
	b.urgent++
	defer func() { b.urgent-- }()
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.changed.Broadcast()
	})
	defer stop()
	b.want()
	b.changed.Broadcast()
	for b.written < want && ctx.Err() == nil {
		b.changed.Wait()
	}
	return ctx.Err()
}

// Close writes what is left and ends the writer. A database that cannot be reached any more costs one try.
func (b *Behind[T]) Close() {
	b.mu.Lock()
	b.over = true
	b.want()
	b.changed.Broadcast()
	b.mu.Unlock()
	<-b.ended
}

func (b *Behind[T]) write() {
	defer close(b.ended)
	for {
		values, over := b.take()
		if len(values) == 0 && over {
			return
		}
		b.put(values)
		b.mu.Lock()
		b.written += uint64(len(values))
		b.changed.Broadcast()
		rest := b.pause > 0 && b.urgent == 0 && !b.over
		b.mu.Unlock()
		if rest {
			b.rest(b.pause)
		}
	}
}

func (b *Behind[T]) take() ([]T, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.todo) == 0 && !b.over {
		b.changed.Wait()
	}
	n := min(len(b.todo), b.batch)
	values := b.todo[:n:n]
	b.todo = b.todo[n:]
	return values, b.over
}

// put writes values, for as long as it takes. Values that no database will ever take are given up, one by one: they must
// not hold up all that comes after them.
func (b *Behind[T]) put(values []T) {
	for len(values) > 0 {
		err := b.db.TxUnsynced(context.Background(), func(ctx context.Context, tx *Tx) error { return b.flush(ctx, tx, values) })
		if err == nil {
			return
		}
		if refused(err) && len(values) > 1 {
			half := len(values) / 2
			b.put(values[:half])
			values = values[half:]
			continue
		}
		if refused(err) {
			b.log.Error("writing behind: a value was refused and is given up", "what", b.name, "value", fmt.Sprintf("%.500v", values[0]), "error", err)
			return
		}
		b.log.Error("writing behind: a batch could not be written", "what", b.name, "values", len(values), "error", err)
		b.mu.Lock()
		over := b.over
		b.mu.Unlock()
		if over {
			return
		}
		b.rest(200 * time.Millisecond)
	}
}

// refused reports whether it is the data that PostgreSQL does not take (data exceptions, integrity violations, limits).
func refused(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"22", "23", "54"}, pg.Code[:2])
}

// rest waits for d of real time, or until the writer is wanted.
func (b *Behind[T]) rest(d time.Duration) {
	timer := clock.NewWallTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
	case <-b.wanted:
	}
}

// want wakes a resting writer.
func (b *Behind[T]) want() {
	select {
	case b.wanted <- struct{}{}:
	default:
	}
}
