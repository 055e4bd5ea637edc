// Package pgtest gives each test a PostgreSQL database of its own.
//
// One private cluster serves a test process; it starts with the first test that needs it and ends with the process. A
// database is cloned from a template to which the schemas' migrations have been applied once. LAMBDASIM_TEST_DATABASE_URL
// names a server to use instead.
package pgtest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/local"
)

var (
	once      sync.Once
	server    string // connection string of the server's maintenance database
	serverErr error
	counter   atomic.Int64
	mu        sync.Mutex
	templates = map[string]string{} // by the names of the schemas
)

// New returns a database of the test's own, on a virtual clock, with the schemas in place. It is closed and dropped when
// the test ends.
func New(t testing.TB, schemas ...postgres.Schema) *postgres.DB {
	t.Helper()
	return NewWithClock(t, clock.NewVirtual(clock.Epoch), schemas...)
}

// NewWithClock is New with the clock of the caller's choice.
func NewWithClock(t testing.TB, clk *clock.Clock, schemas ...postgres.Schema) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Options{URL: URL(t, schemas...), Clock: clk, Schemas: schemas, Log: slog.New(slog.DiscardHandler), MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// URL returns the connection string of a database of the test's own: empty, or with the schemas in place.
func URL(t testing.TB, schemas ...postgres.Schema) string {
	t.Helper()
	once.Do(func() { server, serverErr = start() })
	if serverErr != nil {
		t.Fatalf("a PostgreSQL for the tests: %v", serverErr)
	}
	mu.Lock()
	defer mu.Unlock()
	template, err := templateFor(schemas)
	if err != nil {
		t.Fatal(err)
	}
	name, err := create(template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := exec(fmt.Sprintf(`DROP DATABASE IF EXISTS %s WITH (FORCE)`, name)); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return database(name)
}

// templateFor returns a database in which the schemas' migrations have been applied.
func templateFor(schemas []postgres.Schema) (string, error) {
	names := make([]string, len(schemas))
	for i, s := range schemas {
		names[i] = s.Name
	}
	key := strings.Join(names, " ")
	if key == "" {
		return "template0", nil
	}
	if name, ok := templates[key]; ok {
		return name, nil
	}
	name, err := create("template0")
	if err != nil {
		return "", err
	}
	db, err := postgres.Open(context.Background(), postgres.Options{URL: database(name), Clock: clock.NewReal(), Schemas: schemas})
	if err != nil {
		return "", err
	}
	_, err = db.Exec(context.Background(), `DELETE FROM lambdasim.epoch`)
	db.Close()
	templates[key] = name
	return name, err
}

func create(template string) (string, error) {
	name := fmt.Sprintf("t%d_%d", os.Getpid(), counter.Add(1))
	return name, exec(fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s`, name, template))
}

func exec(sql string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func database(name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err) // start made it, or Open of a configuration error has been reported before
	}
	u.Path = "/" + name
	return u.String()
}

// start starts the cluster of this test process. Nothing outlives the process: the server ends with it (see local), and
// the folders of earlier processes that were killed are removed here.
func start() (string, error) {
	if u := os.Getenv("LAMBDASIM_TEST_DATABASE_URL"); u != "" {
		return u, nil
	}
	base := filepath.Join(os.TempDir(), "lambdasim-pgtest")
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", err
	}
	removeDead(base)
	dir := filepath.Join(base, fmt.Sprint(os.Getpid()))
	s, err := local.Start(context.Background(), local.Options{StateDir: dir, Unsafe: true})
	if err != nil {
		return "", err
	}
	return s.URL(), nil
}

// removeDead removes what the clusters of ended test processes left.
func removeDead(base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, "*"))
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join("/proc", filepath.Base(dir))); os.IsNotExist(err) {
			_ = os.RemoveAll(dir)
		}
	}
}
