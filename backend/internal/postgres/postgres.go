// Package postgres is the database: a pool of connections, transactions that carry their instant, migrations, and the two
// ways of sharing a commit.
//
// One backend serves one database, held by an advisory lock on a connection of its own: a second backend is told so and
// ends. The lock goes with the connection, so a killed backend holds nobody up; a backend that loses the connection hears
// of it on Lost and must stop.
//
// A transaction (Tx) has one instant, Now, taken from the clock when it begins. SQL never asks the server for the time.
// Exported methods of the domain packages own transactions; their unexported functions take (ctx, tx) and hold the SQL.
//
// Writers that wait share commits through a Coalescer; writers that don't use Behind.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// MinVersion is the oldest PostgreSQL that is served, as server_version_num.
const MinVersion = 140000

// lockKey is the advisory lock of a database that a backend serves ("lsim").
const lockKey = 0x6c73696d

// retries is how often a transaction is begun anew after a serialization failure or a deadlock.
const retries = 5

// Options says which database, whose clock, and which tables.
type Options struct {
	URL      string // a PostgreSQL connection string
	Clock    *clock.Clock
	Log      *slog.Logger
	Schemas  []Schema
	MaxConns int // of the pool; 16 when 0
}

// DB is one database. It is safe for concurrent use.
type DB struct {
	pool  *pgxpool.Pool
	clk   *clock.Clock
	log   *slog.Logger
	epoch uint64
	lock  *lock
}

// Open connects, takes the database for this backend, and brings every schema up to date.
func Open(ctx context.Context, o Options) (*DB, error) {
	cfg, err := poolConfig(o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	db := &DB{pool: pool, clk: o.Clock, log: o.Log}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if err := db.prepare(ctx, o.Schemas); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func poolConfig(o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("the database URL cannot be read: %w", err)
	}
	cfg.MaxConns = 16
	if o.MaxConns > 0 {
		cfg.MaxConns = int32(o.MaxConns)
	}
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = "lambdasim"
	params["idle_in_transaction_session_timeout"] = "60000"
	params["timezone"] = "UTC"
	return cfg, nil
}

func (db *DB) prepare(ctx context.Context, schemas []Schema) error {
	var version int
	if err := db.pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if version < MinVersion {
		return fmt.Errorf("the server is PostgreSQL %d; version %d or newer is needed", version/10000, MinVersion/10000)
	}
	var err error
	if db.lock, err = takeLock(ctx, db.pool.Config().ConnConfig); err != nil {
		return err
	}
	if err := db.migrate(ctx, schemas); err != nil {
		return err
	}
	return db.countEpoch(ctx)
}

// Epoch counts how often this database has been opened, from 1.
func (db *DB) Epoch() uint64 { return db.epoch }

// Now is the clock's time.
func (db *DB) Now() time.Time { return db.clk.Now() }

// Connections is the pool of connections as it is now.
func (db *DB) Connections() *pgxpool.Stat { return db.pool.Stat() }

// Lost receives once when the connection that holds the database for this backend has died.
func (db *DB) Lost() <-chan error { return db.lock.lost }

// Close ends the connections and gives the database free.
func (db *DB) Close() {
	if db.lock != nil {
		db.lock.release()
	}
	db.pool.Close()
}

// Query runs one statement outside a transaction.
func (db *DB) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return db.pool.Query(ctx, sql, args...)
}

// QueryRow runs one statement that returns a row, outside a transaction.
func (db *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return db.pool.QueryRow(ctx, sql, args...)
}

// Tx is a transaction with its instant.
type Tx struct {
	pgx.Tx
	Now   time.Time
	after []func()
}

// AfterCommit registers f to run once the transaction has committed, before Tx returns, in the order of registration.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// Tx runs f in a transaction: it commits when f returns nil and rolls back when f returns an error or panics. After a
// serialization failure or a deadlock f runs again, in a new transaction, a few times; what it registered with
// AfterCommit is forgotten then. Once f has returned nil, ctx no longer counts: the commit is waited for.
func (db *DB) Tx(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	return db.tx(ctx, pgx.TxOptions{}, f)
}

// unsynced begins a transaction whose commit does not wait for the disk.
var unsynced = pgx.TxOptions{BeginQuery: "BEGIN; SET LOCAL synchronous_commit = off"}

// TxUnsynced is Tx for what need not outlive a crash of the server: the commit is seen by all at once, and PostgreSQL writes
// it to the disk within a moment. A server that crashes in that moment forgets it whole. Commits that somebody waits for
// need not queue behind it.
func (db *DB) TxUnsynced(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	return db.tx(ctx, unsynced, f)
}

func (db *DB) tx(ctx context.Context, options pgx.TxOptions, f func(ctx context.Context, tx *Tx) error) error {
	var err error
	for range retries {
		var after []func()
		if after, err = db.once(ctx, options, f); err == nil {
			for _, g := range after {
				g()
			}
			return nil
		}
		if !transient(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (db *DB) once(ctx context.Context, options pgx.TxOptions, f func(context.Context, *Tx) error) (after []func(), err error) {
	inner, err := db.pool.BeginTx(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("begin a transaction: %w", err)
	}
	tx := &Tx{Tx: inner, Now: db.clk.Now()}
	defer func() { _ = inner.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	if err := f(ctx, tx); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// A caller that goes away now must not leave it open whether this was committed: what waits for the commit would not
	// hear of it.
	if err := inner.Commit(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return tx.after, nil
}

// transient reports whether the same transaction may succeed when it is tried again.
func transient(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// IsUnique reports whether err is the violation of a unique constraint: the thing exists already.
func IsUnique(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23505"
}

// Exec runs one statement outside a transaction.
func (db *DB) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return db.pool.Exec(ctx, sql, args...)
}
