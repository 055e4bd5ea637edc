package pulltest

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Account and Region are those of everything in the suites.
const (
	Account = "000000000000"
	Region  = "us-east-1"
)

const trusts = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

var role = identity.Key{Account: Account, Kind: identity.Role, Name: "r"}

// Core is what a source works with, on a database of its own and a virtual clock: an agenda, pollers, and a function f of a role r,
// whose code is the suite's. A restart makes new ones over the same database.
type Core struct {
	DB     *postgres.DB
	Clock  *clock.Clock
	Agenda *agenda.Agenda
	Authz  *authz.Authorizer
	IDs    *ident.Source
	Poller *pull.Poller
	Log    *slog.Logger

	url      string
	schemas  []postgres.Schema
	identity *identity.Store
	trace    *trace.Recorder
	logs     *logs.Store
	install  func(*Core) (start func(context.Context) error, stop func())
	stop     func()
	name     func(record json.RawMessage) string

	mu     sync.Mutex
	runs   []string
	answer func(names []string, records []json.RawMessage) *invoke.Outcome
}

// newCore starts a core. install registers the source with the pollers, and is called anew after each restart.
func newCore(t *testing.T, schemas []postgres.Schema, install func(*Core) (func(context.Context) error, func())) *Core {
	all := slices.Concat([]postgres.Schema{agenda.Schema, trace.Schema, logs.Schema, blob.Schema, identity.Schema, function.Schema, pull.Schema}, schemas)
	c := &Core{url: pgtest.URL(t, all...), schemas: all, Clock: clock.NewVirtual(clock.Epoch), install: install, Log: slog.New(slog.DiscardHandler)}
	functions := c.start(t)
	t.Cleanup(c.end)
	must(t, c.identity.Create(t.Context(), &identity.Entity{Key: role, Path: "/", Trust: trusts}))
	c.allow(t, true)
	_, err := functions.Create(t.Context(), function.Key{Account: Account, Region: Region, Name: "f"},
		function.Config{Role: "arn:aws:iam::" + Account + ":role/r", Runtime: "python3.12", Handler: "h", Timeout: 3}, function.Code{}, []byte("zip"), nil, false)
	must(t, err)
	return c
}

func (c *Core) start(t *testing.T) *function.Store {
	db, err := postgres.Open(t.Context(), postgres.Options{URL: c.url, Clock: c.Clock, Schemas: c.schemas, Log: c.Log, MaxConns: 8})
	must(t, err)
	c.DB, c.IDs = db, ident.New(1, db.Epoch())
	c.Agenda = agenda.New(db, c.Clock, c.Log)
	c.trace, c.logs = trace.NewRecorder(db, c.Clock, c.Log), logs.New(db, c.Log)
	functions := function.New(db, c.IDs)
	c.identity = identity.New(db, c.IDs)
	c.Authz = &authz.Authorizer{Identity: c.identity, Clock: c.Clock, Log: c.Log, DefaultAccount: Account}
	iv := &invoke.Invoker{Functions: functions, Authz: c.Authz, Executor: c, Agenda: c.Agenda, Trace: c.trace, Logs: c.logs, Clock: c.Clock, IDs: c.IDs, Log: c.Log, Metrics: metrics.New()}
	iv.Register()
	c.Poller = &pull.Poller{DB: db, Functions: functions, Authz: c.Authz, Invoker: iv, Agenda: c.Agenda, Trace: c.trace, Clock: c.Clock, IDs: c.IDs, Log: c.Log, Metrics: iv.Metrics}
	c.Poller.Init()
	c.identity.OnChange(c.Poller.WakeRoles)
	functions.OnChange(c.Poller.WakeFunction)
	begin, stop := c.install(c)
	c.stop = stop
	must(t, c.Agenda.Start(t.Context()))
	must(t, c.Poller.Start(t.Context()))
	must(t, begin(t.Context()))
	return functions
}

func (c *Core) end() {
	_ = c.Agenda.Close(context.Background())
	c.Poller.Close()
	c.stop()
	c.trace.Close()
	c.logs.Close()
	c.DB.Close()
}

// restart ends everything and begins anew on what was written.
func (c *Core) restart(t *testing.T) {
	c.end()
	c.start(t)
	c.drain(t)
}

// Run is the function's code.
func (c *Core) Run(_ context.Context, inv *invoke.Invocation) (*invoke.Outcome, error) {
	var event struct{ Records []json.RawMessage }
	if err := json.Unmarshal(inv.Payload, &event); err != nil {
		return nil, err
	}
	var names []string
	for _, r := range event.Records {
		names = append(names, c.name(r))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs = append(c.runs, strings.Join(names, " "))
	if c.answer != nil {
		if out := c.answer(names, event.Records); out != nil {
			return out, nil
		}
	}
	return &invoke.Outcome{Payload: []byte("null")}, nil
}

// Prepare has nothing to initialise.
func (c *Core) Prepare(_ context.Context, _ *function.Version, n int) (invoke.Prepared, error) {
	return invoke.Prepared{Ready: n}, nil
}

// Retire does nothing: there are no environments.
func (c *Core) Retire(string, string) {}

// Close does nothing.
func (c *Core) Close() {}

// behave says how the function answers from now on; nil is success.
func (c *Core) behave(answer func(names []string, records []json.RawMessage) *invoke.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

// failing fails with every batch that holds a name.
func failing(name string) func([]string, []json.RawMessage) *invoke.Outcome {
	return func(names []string, _ []json.RawMessage) *invoke.Outcome {
		if !slices.Contains(names, name) {
			return nil
		}
		return &invoke.Outcome{FunctionError: "Unhandled", ErrorType: "Boom", ErrorMessage: "poison", Payload: []byte("{}")}
	}
}

// ran checks what the function was given since the last call.
func (c *Core) ran(t *testing.T, want ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Equal(c.runs, want) {
		t.Errorf("the function was given %q, want %q", c.runs, want)
	}
	c.runs = nil
}

func (c *Core) drain(t *testing.T) {
	t.Helper()
	_, _, err := c.Agenda.Drain(t.Context())
	must(t, err)
}

// Advance moves the clock, and lets happen what falls due.
func (c *Core) Advance(t *testing.T, d time.Duration) {
	t.Helper()
	_, _, err := c.Agenda.Advance(t.Context(), d)
	must(t, err)
}

// allow gives the role every right, or none.
func (c *Core) allow(t *testing.T, may bool) {
	t.Helper()
	effect := map[bool]string{true: "Allow", false: "Deny"}[may]
	must(t, c.identity.PutInline(t.Context(), role, "p", fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Action":"*","Resource":"*"}]}`, effect)))
	c.drain(t)
}

// mapping makes a mapping to f, which ends with the test.
func (c *Core) mapping(t *testing.T, sourceARN string, config pull.Config) *pull.EventSourceMapping {
	t.Helper()
	config.MaximumRecordAgeInSeconds = pull.Infinite
	if config.MaximumRetryAttempts == 0 {
		config.MaximumRetryAttempts = pull.Infinite
	}
	m, err := c.Poller.Create(t.Context(), pull.EventSourceMapping{Account: Account, Region: Region, EventSourceARN: sourceARN,
		FunctionARN: "arn:aws:lambda:" + Region + ":" + Account + ":function:f", Enabled: true, Config: config})
	must(t, err)
	t.Cleanup(func() {
		_, err := c.Poller.Delete(context.WithoutCancel(t.Context()), Account, Region, m.UUID)
		must(t, err)
		c.behave(nil)
		c.runs = nil
	})
	c.drain(t)
	return m
}

func (c *Core) enable(t *testing.T, m *pull.EventSourceMapping, enabled bool) {
	t.Helper()
	_, err := c.Poller.Update(t.Context(), Account, Region, m.UUID, func(m *pull.EventSourceMapping) error { m.Enabled = enabled; return nil })
	must(t, err)
	c.drain(t)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
