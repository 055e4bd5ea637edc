package backend_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// databases are those of worlds that have ended, emptied. To make one takes as long as to play a world.
type databases struct {
	t    *testing.T // of all worlds
	free chan string
}

func newDatabases(t *testing.T) *databases { return &databases{t, make(chan string, 100)} }

// take returns the connection string of an empty database.
func (d *databases) take() string {
	select {
	case url := <-d.free:
		return url
	default:
		return pgtest.URL(d.t, backend.Schemas()...)
	}
}

// give empties a database that nobody uses any more.
func (d *databases) give(t *testing.T, url string) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	must(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, `SET session_replication_role = replica;
		DO $$
		DECLARE r record;
		BEGIN
			FOR r IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT LIKE 'pg_%' AND schemaname <> 'information_schema' AND tablename <> 'migrations' LOOP
				EXECUTE format('DELETE FROM %I.%I', r.schemaname, r.tablename);
			END LOOP;
			FOR r IN SELECT schemaname, sequencename FROM pg_sequences LOOP
				EXECUTE format('ALTER SEQUENCE %I.%I RESTART', r.schemaname, r.sequencename);
			END LOOP;
		END $$`)
	must(t, err)
	d.free <- url
}
