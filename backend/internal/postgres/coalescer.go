package postgres

import (
	"context"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5"
)

// ErrClosed answers a caller that adds to a closed Coalescer.
var ErrClosed = errors.New("postgres: the writer is closed")

// Coalescer lets callers that wait for a commit share one. A few flushers each take what is waiting, write it in one
// transaction, and answer all its callers after the commit. When the writing of several fails, each is written alone, so
// that one bad value fails only its own caller.
type Coalescer[T any] struct {
	db    *DB
	max   int
	flush func(ctx context.Context, tx *Tx, values []T) error
	// insert is in place of flush where all is done in one statement: that needs one round to the server and not three.
	insert func(values []T) Statement

	waiting  chan pending[T]
	closing  chan struct{}
	once     sync.Once
	flushers sync.WaitGroup
	adding   sync.WaitGroup
	mu       sync.Mutex // guards closed against adding.Add
	closed   bool
}

// Statement is one statement that is a transaction by itself, and what is to be done after its commit.
type Statement struct {
	SQL   string
	Args  pgx.NamedArgs
	After func()
}

// NewInserter is NewCoalescer for what a single statement can write.
func NewInserter[T any](db *DB, flushers, max int, insert func(values []T) Statement) *Coalescer[T] {
	c := NewCoalescer[T](db, 0, max, nil)
	c.insert = insert
	for range flushers {
		c.flushers.Add(1)
		go c.run()
	}
	return c
}

type pending[T any] struct {
	value T
	done  chan error
}

// NewCoalescer starts a coalescer with so many flushers, each writing at most max values at a time.
func NewCoalescer[T any](db *DB, flushers, max int, flush func(ctx context.Context, tx *Tx, values []T) error) *Coalescer[T] {
	c := &Coalescer[T]{db: db, max: max, flush: flush, waiting: make(chan pending[T], max), closing: make(chan struct{})}
	for range flushers {
		c.flushers.Add(1)
		go c.run()
	}
	return c
}

// Add writes v and returns after the commit. When ctx ends while v waits, v may still be written: the caller does not
// know, as with any commit whose answer is lost.
func (c *Coalescer[T]) Add(ctx context.Context, v T) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	c.adding.Add(1)
	c.mu.Unlock()
	defer c.adding.Done()
	p := pending[T]{v, make(chan error, 1)}
	select {
	case c.waiting <- p:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close waits until everything that was added is written, and ends the flushers.
func (c *Coalescer[T]) Close() {
	c.once.Do(func() {
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
		c.adding.Wait()
		close(c.closing)
	})
	c.flushers.Wait()
}

func (c *Coalescer[T]) run() {
	defer c.flushers.Done()
	for {
		select {
		case p := <-c.waiting:
			c.write(c.collect(p))
		case <-c.closing:
			return
		}
	}
}

func (c *Coalescer[T]) collect(first pending[T]) []pending[T] {
	batch := []pending[T]{first}
	for len(batch) < c.max {
		select {
		case p := <-c.waiting:
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

func (c *Coalescer[T]) write(batch []pending[T]) {
	err := c.commit(batch)
	if err != nil && len(batch) > 1 {
		for _, p := range batch {
			p.done <- c.commit([]pending[T]{p})
		}
		return
	}
	for _, p := range batch {
		p.done <- err
	}
}

func (c *Coalescer[T]) commit(batch []pending[T]) error {
	values := make([]T, len(batch))
	for i, p := range batch {
		values[i] = p.value
	}
	if c.insert != nil {
		s := c.insert(values)
		if _, err := c.db.Exec(context.Background(), s.SQL, s.Args); err != nil {
			return err
		}
		s.After()
		return nil
	}
	return c.db.Tx(context.Background(), func(ctx context.Context, tx *Tx) error { return c.flush(ctx, tx, values) })
}
