package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

func TestOnlyWhatNobodyWaitsForIsCommittedWithoutTheDisk(t *testing.T) {
	u, err := url.Parse(pgtest.URL(t)) // the tests' own server never waits for its disk
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("synchronous_commit", "on")
	u.RawQuery = q.Encode()
	db, err := postgres.Open(t.Context(), postgres.Options{URL: u.String(), Clock: clock.NewVirtual(clock.Epoch), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var behind, waited, after string
	show := func(to *string) func(context.Context, *postgres.Tx) error {
		return func(ctx context.Context, tx *postgres.Tx) error {
			return tx.QueryRow(ctx, `SHOW synchronous_commit`).Scan(to)
		}
	}
	if err := errors.Join(db.TxUnsynced(t.Context(), show(&behind)), db.Tx(t.Context(), show(&waited)),
		db.QueryRow(t.Context(), `SHOW synchronous_commit`).Scan(&after)); err != nil {
		t.Fatal(err)
	}
	if behind != "off" || waited != "on" || after != "on" {
		t.Errorf("unsynced %s, a transaction that is waited for %s, outside %s", behind, waited, after)
	}
}

func TestAnInserterAnswersEachCallerAfterTheCommit(t *testing.T) {
	db := pgtest.New(t)
	if _, err := db.Exec(t.Context(), `CREATE TABLE numbers (n int PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	handed := map[int]bool{}
	c := postgres.NewInserter(db, 2, 100, func(values []int) postgres.Statement {
		return postgres.Statement{SQL: `INSERT INTO numbers SELECT * FROM unnest(@all::int[])`, Args: pgx.NamedArgs{"all": values},
			After: func() {
				mu.Lock()
				defer mu.Unlock()
				for _, v := range values {
					handed[v] = true
				}
			}}
	})
	defer c.Close()
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			if err := c.Add(t.Context(), i); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !handed[i] {
				t.Errorf("%d was answered before it was handed on", i)
			}
		})
	}
	all.Wait()
	if err := c.Add(t.Context(), 7); !postgres.IsUnique(err) {
		t.Errorf("a value that is there: %v", err)
	}
	var n int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM numbers`).Scan(&n); err != nil || n != 200 {
		t.Errorf("%d rows, %v", n, err)
	}
}
