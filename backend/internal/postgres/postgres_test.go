package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func table(t *testing.T) *postgres.DB {
	t.Helper()
	db := pgtest.New(t)
	_, err := db.Exec(t.Context(), `CREATE TABLE words (word text NOT NULL)`)
	must(t, err)
	return db
}

func write(ctx context.Context, tx *postgres.Tx, words []string) error {
	for _, w := range words {
		if _, err := tx.Exec(ctx, `INSERT INTO words VALUES ($1)`, w); err != nil {
			return err
		}
	}
	return nil
}

func words(t *testing.T, db *postgres.DB) (list []string) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT word FROM words ORDER BY word`)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var w string
		must(t, rows.Scan(&w))
		list = append(list, w)
	}
	return list
}

func TestTx(t *testing.T) {
	t.Run("a caller who goes away during the commit leaves it neither undone nor unheard", func(t *testing.T) {
		db := table(t)
		_, err := db.Exec(t.Context(), `
			CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
			CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON words DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`)
		must(t, err)
		let, holding, held := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			held <- db.Tx(context.Background(), func(ctx context.Context, tx *postgres.Tx) error {
				_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(7)`)
				close(holding)
				<-let
				return err
			})
		}()
		<-holding
		ctx, cancel := context.WithCancel(t.Context())
		heard, answered := false, make(chan error, 1)
		go func() {
			answered <- db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
				tx.AfterCommit(func() { heard = true })
				return write(ctx, tx, []string{"a"})
			})
		}()
		for n := 0; n == 0; { // until the commit is on its way
			must(t, db.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'`).Scan(&n))
		}
		cancel()
		close(let)
		must(t, <-held)
		if err := <-answered; err != nil || !heard {
			t.Errorf("Tx = %v, AfterCommit was heard: %v; want nil, true", err, heard)
		}
		if got := words(t, db); !slices.Equal(got, []string{"a"}) {
			t.Errorf("the table holds %q", got)
		}
	})

	t.Run("a caller who has gone before the end is rolled back", func(t *testing.T) {
		db := table(t)
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
			defer cancel()
			return write(ctx, tx, []string{"a"})
		})
		if got := words(t, db); !errors.Is(err, context.Canceled) || len(got) > 0 {
			t.Errorf("Tx = %v, the table holds %q", err, got)
		}
	})

	t.Run("a panic rolls back and goes on", func(t *testing.T) {
		db := table(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.Tx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error {
				must(t, write(ctx, tx, []string{"a"}))
				panic("on purpose")
			})
		}()
		if got := words(t, db); len(got) > 0 {
			t.Errorf("the table holds %q", got)
		}
	})
}

func TestLock(t *testing.T) {
	t.Run("a second backend on one database is told so, and takes over when the first has gone", func(t *testing.T) {
		url := pgtest.URL(t)
		open := func() (*postgres.DB, error) {
			return postgres.Open(t.Context(), postgres.Options{URL: url, Clock: clock.NewReal()})
		}
		first, err := open()
		must(t, err)
		if _, err := open(); err == nil || !strings.Contains(err.Error(), "another backend serves the database") {
			t.Errorf("the second backend got %v", err)
		}
		first.Close()
		second, err := open()
		must(t, err)
		defer second.Close()
		if second.Epoch() != first.Epoch()+1 {
			t.Errorf("epochs %d and %d", first.Epoch(), second.Epoch())
		}
	})

	t.Run("whoever loses the lock's connection hears of it", func(t *testing.T) {
		db := pgtest.New(t)
		ended, err := db.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
		must(t, err)
		if ended.RowsAffected() != 1 {
			t.Fatalf("%d connections hold the database, want 1", ended.RowsAffected())
		}
		if err := <-db.Lost(); !strings.Contains(err.Error(), "is gone") {
			t.Errorf("Lost said %v", err)
		}
	})
}

func TestBehind(t *testing.T) {
	setup := func(t *testing.T) (*postgres.DB, *postgres.Behind[string], *strings.Builder) {
		db, log := table(t), &strings.Builder{}
		b := postgres.NewBehind(db, slog.New(slog.NewTextHandler(log, nil)), "words", 100, 0, write)
		t.Cleanup(b.Close)
		return db, b, log
	}

	t.Run("a value that PostgreSQL never takes is given up, and holds up nothing", func(t *testing.T) {
		db, b, log := setup(t)
		for i := range 9 {
			b.Add(fmt.Sprintf("%d", i))
			if i == 4 {
				b.Add("a\x00b")
			}
		}
		must(t, b.Flush(t.Context()))
		if got := strings.Join(words(t, db), ""); got != "012345678" {
			t.Errorf("the table holds %s", got)
		}
		if n := strings.Count(log.String(), "is given up"); n != 1 {
			t.Errorf("%d values were given up, want 1:\n%s", n, log)
		}
	})

	t.Run("a server that cannot take anything now is tried again", func(t *testing.T) {
		db, b, _ := setup(t)
		_, err := db.Exec(t.Context(), `ALTER TABLE words RENAME TO elsewhere`)
		must(t, err)
		b.Add("a")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := b.Flush(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Flush without a table = %v", err)
		}
		_, err = db.Exec(t.Context(), `ALTER TABLE elsewhere RENAME TO words`)
		must(t, err)
		must(t, b.Flush(t.Context()))
		if got := words(t, db); !slices.Equal(got, []string{"a"}) {
			t.Errorf("the table holds %q", got)
		}
	})

	t.Run("Close writes what is left", func(t *testing.T) {
		db, b, _ := setup(t)
		b.Add("a", "b")
		b.Close()
		b.Add("too late")
		if got := words(t, db); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("the table holds %q", got)
		}
	})
}

func TestCoalescer(t *testing.T) {
	t.Run("one bad value fails only its own caller", func(t *testing.T) {
		db := table(t)
		c := postgres.NewCoalescer(db, 1, 100, write)
		defer c.Close()
		answers := make(chan error, 3)
		for _, w := range []string{"a", "b\x00", "c"} {
			go func() { answers <- c.Add(t.Context(), w) }()
		}
		failed := 0
		for range 3 {
			if <-answers != nil {
				failed++
			}
		}
		if got := words(t, db); failed != 1 || !slices.Equal(got, []string{"a", "c"}) {
			t.Errorf("%d callers failed, the table holds %q", failed, got)
		}
	})

	t.Run("after Close nothing is taken", func(t *testing.T) {
		c := postgres.NewCoalescer(table(t), 2, 100, write)
		must(t, c.Add(t.Context(), "a"))
		c.Close()
		if err := c.Add(t.Context(), "b"); !errors.Is(err, postgres.ErrClosed) {
			t.Errorf("Add after Close = %v", err)
		}
	})
}
