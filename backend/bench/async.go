package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/local"
)

// mostCallers is how many send events at once at most, and how many connections commit at once at the floor.
const mostCallers = 32

// async measures how many asynchronous events per second are accepted: a 202 of Invoke, through the SDK, while the function
// is run with those that were accepted before. Floor: as many connections that commit one row each, to a private PostgreSQL
// with the same settings, fsync on.
func async(ctx context.Context, w *world, s settings, t *table) error {
	if w.once("async") {
		if err := w.goFunction(ctx, w.clients, "async", false); err != nil {
			return err
		}
	}
	if err := w.bare(ctx); err != nil {
		return err
	}
	name, payload := "async", []byte(`{"n":1}`)
	for _, callers := range []int{1, mostCallers} {
		ours, err := rate(callers, s.window, func() error {
			_, err := w.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: payload, InvocationType: types.InvocationTypeEvent})
			return err
		})
		if err != nil {
			return err
		}
		if _, err := w.control.Drain(ctx, 2*time.Minute); err != nil {
			return err
		}
		floor, err := rate(callers, s.window, func() error {
			_, err := w.rows.pool.Exec(ctx, `INSERT INTO floor (body) VALUES ($1)`, string(payload))
			return err
		})
		if err != nil {
			return err
		}
		t.add(fmt.Sprintf("asynchronous events accepted, %d callers", callers), "1/s", aim{ratio: true, least: true, value: 0.5}, ours, &floor)
	}
	return nil
}

// bare starts what the floors need, once.
func (w *world) bare(ctx context.Context) (err error) {
	if !w.once("floor") {
		return nil
	}
	if w.floor, err = startFloor(w.function); err != nil {
		return err
	}
	w.bareClients = newClients(w.floor.url)
	w.rows, err = startCommits(ctx, filepath.Join(w.dir, "floor"))
	return err
}

// commits is a PostgreSQL of the floor's own.
type commits struct {
	server *local.Server
	pool   *pgxpool.Pool
}

func startCommits(ctx context.Context, dir string) (*commits, error) {
	server, err := local.Start(ctx, local.Options{StateDir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	c := &commits{server: server}
	cfg, err := pgxpool.ParseConfig(server.URL())
	if err != nil {
		return c, err
	}
	cfg.MaxConns = mostCallers
	if c.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return c, err
	}
	_, err = c.pool.Exec(ctx, `CREATE TABLE floor (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT '2026-01-01', body text NOT NULL)`)
	return c, err
}

func (c *commits) close() {
	if c.pool != nil {
		c.pool.Close()
	}
	_ = c.server.Stop(context.Background())
}
