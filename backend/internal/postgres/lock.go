package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// lock is the advisory lock that says that this backend owns the database. It lives as long as its connection.
type lock struct {
	conn *pgx.Conn
	lost chan error // receives once if the connection dies
	stop context.CancelFunc
	done chan struct{}
}

var errTaken = errors.New("the lock is taken")

func takeLock(ctx context.Context, cfg *pgx.ConnConfig) (*lock, error) {
	conn, err := pgx.ConnectConfig(ctx, cfg.Copy())
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	err = clock.Patiently(func() error {
		var got bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, lockKey).Scan(&got); err != nil || got {
			return err
		}
		return errTaken
	}, func(err error) bool { return errors.Is(err, errTaken) })
	if err != nil {
		_ = conn.Close(ctx)
		if !errors.Is(err, errTaken) {
			return nil, fmt.Errorf("take the database's lock: %w", err)
		}
		return nil, fmt.Errorf("another backend serves the database %q on %s: stop it, or give this one a database of its own with --database-url",
			cfg.Database, cfg.Host)
	}
	watch, stop := context.WithCancel(context.Background())
	l := &lock{conn: conn, lost: make(chan error, 1), stop: stop, done: make(chan struct{})}
	go l.watch(watch)
	return l, nil
}

// watch reads from the connection, on which nothing ever comes, until it dies or the lock is released.
func (l *lock) watch(ctx context.Context) {
	defer close(l.done)
	_, err := l.conn.WaitForNotification(ctx)
	if ctx.Err() == nil {
		l.lost <- fmt.Errorf("the connection that holds the database for this backend is gone: %w", err)
	}
}

func (l *lock) release() {
	l.stop()
	<-l.done
	_ = l.conn.Close(context.Background())
}
