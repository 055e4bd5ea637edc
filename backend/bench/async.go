package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/local"
)

// mostCallers is how many send events at once at most, and how many connections commit at once at the floor.
const mostCallers = 32

// async measures how many asynchronous events per second are accepted: a 202 of Invoke. Floor: as many connections that commit
// one row each, to a private PostgreSQL with the same settings, fsync on. Nothing else happens at the floor, and its client speaks
// PostgreSQL's binary protocol; so it is measured in three ways, from what a user sees to what accepting alone costs:
//
//   - through the SDK, while the function is run with what was accepted before, on the same processors;
//   - through the SDK, while the function waits with its first events, so that the others lie in the queue;
//   - the same, with requests that were signed once by the SDK's signer and are sent over bare connections (bare.go).
func async(ctx context.Context, w *world, s settings, t *table) error {
	if w.once("async") {
		if err := w.goFunction(ctx, w.clients, "async", false); err != nil {
			return err
		}
	}
	if err := w.bare(ctx); err != nil {
		return err
	}
	for _, callers := range []int{1, mostCallers} {
		running, err := measure(callers, s.window, w.server, w.send(ctx, "async"))
		if err != nil {
			return err
		}
		if _, err := w.control.Drain(ctx, 2*time.Minute); err != nil {
			return err
		}
		floor, err := w.rows.measure(ctx, callers, s.window)
		if err != nil {
			return err
		}
		waiting, alone, err := w.accepted(ctx, callers, s.window)
		if err != nil {
			return err
		}
		again, err := w.rows.measure(ctx, callers, s.window)
		if err != nil {
			return err
		}
		floor = measured{(floor.rate + again.rate) / 2, (floor.processor + again.processor) / 2}
		name, half := fmt.Sprintf("asynchronous events accepted, %d callers", callers), aim{ratio: true, least: true, value: 0.5}
		t.addMeasured(name, half, running, floor)
		t.addMeasured(name+", none run yet", half, waiting, floor)
		t.addMeasured(name+", none run yet, without the SDK", half, alone, floor)
	}
	return nil
}

// send sends an event through the SDK.
func (w *world) send(ctx context.Context, name string) func() error {
	payload := []byte(`{"n":1}`)
	return func() error {
		_, err := w.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: payload, InvocationType: types.InvocationTypeEvent})
		return err
	}
}

// accepted measures what is accepted for a function that waits, through the SDK and without it. Then the function is deleted, and
// with it what waits.
func (w *world) accepted(ctx context.Context, callers int, window time.Duration) (sdk, alone measured, err error) {
	g, err := newGate()
	if err != nil {
		return sdk, alone, err
	}
	defer g.open()
	w.run++
	name := fmt.Sprintf("waits-%d", w.run)
	if err := w.gated(ctx, name, g); err != nil {
		return sdk, alone, err
	}
	if err := times(mostCallers, 2*atOnce, func(int) error { return w.send(ctx, name)() }); err != nil {
		return sdk, alone, err
	}
	g.wait(atOnce)
	if sdk, err = measure(callers, window, w.server, w.send(ctx, name)); err != nil {
		return sdk, alone, err
	}
	repeaters, err := newRepeaters(ctx, w.url, name, callers)
	if err != nil {
		return sdk, alone, err
	}
	defer repeaters.close()
	if alone, err = measure(callers, window, w.server, repeaters.send); err != nil {
		return sdk, alone, err
	}
	if _, err := w.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name}); err != nil {
		return sdk, alone, err
	}
	g.open()
	_, err = w.control.Drain(ctx, 2*time.Minute)
	return sdk, alone, err
}

// bare starts what the floors need, once.
func (w *world) bare(ctx context.Context) (err error) {
	if !w.once("floor") {
		return nil
	}
	if w.floor, err = startFloor(w.function); err != nil {
		return err
	}
	w.bareClients = newClients(w.floor.url, w.floor.cmd.Process.Pid)
	w.rows, err = startCommits(ctx, filepath.Join(w.dir, "floor"))
	return err
}

// commits is a PostgreSQL of the floor's own.
type commits struct {
	server *local.Server
	pid    int
	pool   *pgxpool.Pool
}

func startCommits(ctx context.Context, dir string) (*commits, error) {
	server, err := local.Start(ctx, local.Options{StateDir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	c := &commits{server: server}
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		return c, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	if c.pid, err = strconv.Atoi(first); err != nil {
		return c, err
	}
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

// measure is how fast rows are committed, one at a time on each connection.
func (c *commits) measure(ctx context.Context, callers int, window time.Duration) (measured, error) {
	m, err := measure(callers, window, c.pid, func() error {
		_, err := c.pool.Exec(ctx, `INSERT INTO floor (body) VALUES ($1)`, `{"n":1}`)
		return err
	})
	if err != nil {
		return m, fmt.Errorf("the floor: %w", err)
	}
	return m, nil
}

func (c *commits) close() {
	if c.pool != nil {
		c.pool.Close()
	}
	_ = c.server.Stop(context.Background())
}
