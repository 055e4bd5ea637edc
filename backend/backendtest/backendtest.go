// Package backendtest runs a simulator for a Go test and asserts on what it delivered.
//
// A test of a Terraform module, with whatever runs Terraform in it:
//
//	b := backendtest.Start(t)
//	t.Setenv("LAMBDASIM_ENDPOINT", b.Endpoint) // and apply the module
//	b.Publish(t, control.Event{Service: "ses", FunctionName: "inbox", Event: json.RawMessage(`{}`)})
//	b.Delivered(t, control.DeliveriesQuery{Function: "inbox"}, 1)
//
// Each test has a backend of its own, in its process: state in a folder of the test's, gone with it, on a free port of the
// loopback interface. Its clock is virtual unless the configuration says otherwise: nothing that waits costs time, and
// Advance runs what falls due. A failed assertion prints the delivery trace, which says why.
package backendtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// patience bounds how long Wait waits, in real time.
const patience = time.Minute

// Backend is a simulator that runs for the length of a test.
type Backend struct {
	// Endpoint is its address, for LAMBDASIM_ENDPOINT, the provider's endpoint and every AWS client.
	Endpoint string
	// Control is a client of its control API: clock, trace, mappings, scripts, events, reset.
	Control *control.Client
}

// Start starts a backend and ends it with the test. It changes the configuration's defaults: a free port of 127.0.0.1, a
// state folder of the test's, and a virtual clock.
func Start(t testing.TB, configure ...func(*backend.Config)) *Backend {
	t.Helper()
	cfg := backend.Config{Listen: "127.0.0.1:0", Clock: "virtual"}
	for _, c := range configure {
		c(&cfg)
	}
	if cfg.StateDir == "" && cfg.DatabaseURL == "" {
		cfg.StateDir = stateDir(t)
	}
	b, err := backend.New(cfg)
	if err == nil {
		err = b.Start(context.Background())
	}
	if err != nil {
		t.Fatalf("start a backend: %v", err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Errorf("stop the backend: %v", err)
		}
	})
	return &Backend{Endpoint: b.URL(), Control: control.New(b.URL())}
}

// stateDir makes a folder that PostgreSQL's user may enter where the test runs as root, which a test's own may not be.
func stateDir(t testing.TB) string {
	t.Helper()
	if os.Geteuid() != 0 {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp("", "lambdasim-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "state")
}

// Wait returns once nothing is due and nothing is in flight. Retries that wait for a later instant do not count: Advance
// reaches those.
func (b *Backend) Wait(t testing.TB) {
	t.Helper()
	if _, err := b.Control.Drain(context.Background(), patience); err != nil {
		t.Fatalf("wait until the simulator is quiet: %v", err)
	}
}

// Advance moves the virtual clock forward by d, runs all that falls due on the way, and returns when the simulator is quiet.
func (b *Backend) Advance(t testing.TB, d time.Duration) {
	t.Helper()
	if _, err := b.Control.AdvanceBy(context.Background(), d); err != nil {
		t.Fatalf("advance the clock by %s: %v", d, err)
	}
}

// Publish publishes an event as a service that has no API here. A refusal of the function's policy is in the trace, not an
// error.
func (b *Backend) Publish(t testing.TB, e control.Event) *control.Published {
	t.Helper()
	out, err := b.Control.Publish(context.Background(), e)
	if err != nil {
		t.Fatalf("publish an event of %s: %v", e.Service, err)
	}
	return out
}

// Script makes a function answer as told instead of running its code.
func (b *Backend) Script(t testing.TB, function string, outcomes ...control.ScriptedOutcome) {
	t.Helper()
	if err := b.Control.PutScript(context.Background(), function, control.Script{Outcomes: outcomes}); err != nil {
		t.Fatalf("script %s: %v", function, err)
	}
}

// Deliveries waits until the simulator is quiet and returns what the trace has on the query, oldest first.
func (b *Backend) Deliveries(t testing.TB, q control.DeliveriesQuery) []control.Delivery {
	t.Helper()
	b.Wait(t)
	list, err := b.Control.Deliveries(context.Background(), q)
	if err != nil {
		t.Fatalf("read the trace: %v", err)
	}
	return list
}

// Delivered fails the test unless exactly n deliveries match the query and all of them were delivered.
func (b *Backend) Delivered(t testing.TB, q control.DeliveriesQuery, n int) []control.Delivery {
	t.Helper()
	return b.ended(t, q, "delivered", n)
}

// Denied fails the test unless exactly n deliveries match the query and all of them were refused by a policy.
func (b *Backend) Denied(t testing.TB, q control.DeliveriesQuery, n int) []control.Delivery {
	t.Helper()
	return b.ended(t, q, "denied", n)
}

func (b *Backend) ended(t testing.TB, q control.DeliveriesQuery, outcome string, n int) []control.Delivery {
	t.Helper()
	list := b.Deliveries(t, q)
	good := 0
	for _, d := range list {
		if d.Outcome == outcome {
			good++
		}
	}
	if good == n && len(list) == n {
		return list
	}
	text, err := b.Control.DeliveriesText(context.Background(), q)
	if err != nil {
		text = err.Error()
	}
	t.Errorf("%d of %d deliveries were %s, want %d of %d; the trace:\n%s", good, len(list), outcome, n, n, text)
	return list
}
