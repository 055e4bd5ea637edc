package pull_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
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
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull/pulltest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

const (
	account = "000000000000"
	allowed = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:*","test:*"],"Resource":"*"}]}`
	trusts  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
)

var (
	roleKey   = identity.Key{Account: account, Kind: identity.Role, Name: "r"}
	queueARN  = pulltest.ARN("q")
	streamARN = "arn:aws:test:us-east-1:" + account + ":stream/s"
	schemas   = []postgres.Schema{agenda.Schema, trace.Schema, logs.Schema, blob.Schema, identity.Schema, function.Schema, pull.Schema}
)

// bundle is the core with a function f of a role r, on a virtual clock. The function is a Go func.
type bundle struct {
	t         *testing.T
	url       string
	db        *postgres.DB
	clock     *clock.Clock
	agenda    *agenda.Agenda
	identity  *identity.Store
	functions *function.Store
	poller    *pull.Poller
	trace     *trace.Recorder
	logs      *logs.Store
	queue     *pulltest.Memory
	stream    *stream
	program   *program
	crashed   bool
	onWarning func() // called when something logs a warning
}

// program is the function's code: run decides, runs remembers.
type program struct {
	mu   sync.Mutex
	run  func(bodies []string) *invoke.Outcome
	runs []string
	// payloads are the events of all runs.
	payloads []string
	// throttle is how many more runs find no concurrency.
	throttle int
}

func (p *program) Run(_ context.Context, inv *invoke.Invocation) (*invoke.Outcome, error) {
	var event struct {
		Records []struct{ Body string }
	}
	if err := json.Unmarshal(inv.Payload, &event); err != nil {
		return nil, err
	}
	var bodies []string
	for _, r := range event.Records {
		bodies = append(bodies, r.Body)
	}
	p.mu.Lock()
	if p.throttle > 0 {
		p.throttle--
		p.mu.Unlock()
		return nil, fault.New(fault.Throttled, "Rate Exceeded.")
	}
	p.runs = append(p.runs, strings.Join(bodies, " "))
	p.payloads = append(p.payloads, string(inv.Payload))
	run := p.run
	p.mu.Unlock()
	if out := run(bodies); out != nil {
		return out, nil
	}
	return &invoke.Outcome{Payload: []byte("null")}, nil
}

func (p *program) Prepare(_ context.Context, _ *function.Version, n int) (invoke.Prepared, error) {
	return invoke.Prepared{Ready: n}, nil
}

func (p *program) Retire(string, string) {}
func (p *program) Close()                {}

func succeed([]string) *invoke.Outcome { return nil }

func fail([]string) *invoke.Outcome {
	return &invoke.Outcome{FunctionError: "Unhandled", ErrorType: "Boom", ErrorMessage: "poison", Payload: []byte("{}")}
}

func answer(text string) func([]string) *invoke.Outcome {
	return func([]string) *invoke.Outcome { return &invoke.Outcome{Payload: []byte(text)} }
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, url: pgtest.URL(t, schemas...), clock: clock.NewVirtual(clock.Epoch), program: &program{run: succeed}}
	b.queue = &pulltest.Memory{Clock: b.clock, Wake: func(arn string) { b.poller.WakeQueue(arn) }}
	b.stream = &stream{clock: b.clock, shards: map[string][]string{"s1": nil}, closed: map[string]string{}, parents: map[string][]string{}, arrived: map[int]time.Time{}, wake: func(arn, shard string) { b.poller.Wake(arn, shard) }}
	b.open()
	b.must(b.identity.Create(t.Context(), &identity.Entity{Key: roleKey, Path: "/", Trust: trusts}))
	b.must(b.identity.PutInline(t.Context(), roleKey, "p", allowed))
	_, err := b.functions.Create(t.Context(), function.Key{Account: account, Region: "us-east-1", Name: "f"},
		function.Config{Role: "arn:aws:iam::" + account + ":role/r", Runtime: "python3.12", Handler: "h", Timeout: 3}, function.Code{}, []byte("zip"), nil, false)
	b.must(err)
	t.Cleanup(b.close)
	return b
}

// open starts the parts, as a start of the backend does.
func (b *bundle) open() {
	t := b.t
	log := slog.New(slog.NewTextHandler(&testLog{b}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := postgres.Open(t.Context(), postgres.Options{URL: b.url, Clock: b.clock, Schemas: schemas, Log: log, MaxConns: 8})
	b.must(err)
	ids := ident.New(1, db.Epoch())
	b.db, b.crashed = db, false
	b.agenda = agenda.New(db, b.clock, log)
	b.trace, b.logs = trace.NewRecorder(db, b.clock, log), logs.New(db, log)
	b.identity, b.functions = identity.New(db, ids), function.New(db, ids)
	az := &authz.Authorizer{Identity: b.identity, Clock: b.clock, Log: log, DefaultAccount: account}
	iv := &invoke.Invoker{Functions: b.functions, Authz: az, Executor: b.program, Agenda: b.agenda, Trace: b.trace, Logs: b.logs, Clock: b.clock, IDs: ids, Log: log, Metrics: metrics.New()}
	iv.Register()
	b.poller = &pull.Poller{DB: db, Functions: b.functions, Authz: az, Invoker: iv, Agenda: b.agenda, Trace: b.trace, Clock: b.clock, IDs: ids, Log: log, Metrics: iv.Metrics}
	b.poller.Init()
	b.identity.OnChange(b.poller.WakeRoles)
	b.functions.OnChange(b.poller.WakeFunction)
	b.poller.Register("test", b.stream)
	b.poller.RegisterQueue("sqs", b.queue)
	b.must(b.agenda.Start(t.Context()))
	b.must(b.poller.Start(t.Context()))
}

func (b *bundle) close() {
	b.crashed = true
	_ = b.agenda.Close(context.Background())
	b.poller.Close()
	b.trace.Close()
	b.logs.Close()
	b.db.Close()
}

// testLog makes an error that is logged an error of the test, until the test ends the backend itself.
type testLog struct{ b *bundle }

func (l *testLog) Write(p []byte) (int, error) {
	if warning := bytes.Contains(p, []byte("level=WARN")); warning && l.b.onWarning != nil {
		l.b.onWarning()
	} else if !warning && !l.b.crashed {
		l.b.t.Errorf("logged: %s", p)
	}
	return len(p), nil
}

func (b *bundle) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// check is must for code that runs in the backend's own goroutines, which may not be ended.
func (b *bundle) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Error(err)
	}
}

func (b *bundle) mapping(sourceARN string, c pull.Config) *pull.EventSourceMapping {
	b.t.Helper()
	m, err := b.create(sourceARN, c)
	b.must(err)
	b.drain()
	return m
}

func (b *bundle) create(sourceARN string, c pull.Config) (*pull.EventSourceMapping, error) {
	c.MaximumRecordAgeInSeconds = pull.Infinite
	return b.poller.Create(b.t.Context(), pull.EventSourceMapping{Account: account, Region: "us-east-1", EventSourceARN: sourceARN,
		FunctionARN: "arn:aws:lambda:us-east-1:" + account + ":function:f", Enabled: true, Config: c})
}

func (b *bundle) drain() {
	b.t.Helper()
	_, _, err := b.agenda.Drain(b.t.Context())
	b.must(err)
}

func (b *bundle) advance(d time.Duration) {
	b.t.Helper()
	_, _, err := b.agenda.Advance(b.t.Context(), d)
	b.must(err)
}

func (b *bundle) set(run func([]string) *invoke.Outcome) {
	b.program.mu.Lock()
	defer b.program.mu.Unlock()
	b.program.run = run
}

// ran checks what the function was given since the last call.
func (b *bundle) ran(want ...string) {
	b.t.Helper()
	b.program.mu.Lock()
	defer b.program.mu.Unlock()
	if !slices.Equal(b.program.runs, want) {
		b.t.Errorf("the function was given %q, want %q", b.program.runs, want)
	}
	b.program.runs = nil
}

// send sends messages, each "group/body" or "body", before the system looks at any of them. It returns their ids.
func (b *bundle) send(messages ...string) (ids []string) {
	ids = b.place(messages...)
	b.queue.Wake(queueARN)
	b.drain()
	return ids
}

// place sends messages of which nobody is told.
func (b *bundle) place(messages ...string) (ids []string) {
	wake := b.queue.Wake
	b.queue.Wake = nil
	for _, m := range messages {
		group, body, ok := strings.Cut(m, "/")
		if !ok {
			group, body = "", m
		}
		ids = append(ids, b.queue.Send(queueARN, group, body))
	}
	b.queue.Wake = wake
	return ids
}

func (b *bundle) left(want ...string) {
	b.t.Helper()
	if left := b.queue.Left(queueARN); !slices.Equal(left, want) {
		b.t.Errorf("in the queue are %q, want %q", left, want)
	}
}

// outcomes lists how the deliveries ended, with their last reasons' rules.
func (b *bundle) outcomes() (list []string) {
	b.t.Helper()
	deliveries, err := b.trace.List(b.t.Context(), trace.Query{})
	b.must(err)
	for _, d := range deliveries {
		list = append(list, fmt.Sprintf("%s %s", d.Outcome, d.Steps[len(d.Steps)-1].Rule))
	}
	return list
}

// stream is a stream in memory. Its sequence numbers count over all shards.
type stream struct {
	clock *clock.Clock
	wake  func(streamARN, shard string)

	mu     sync.Mutex
	shards map[string][]string // what was put, "" where the number belongs to another shard
	// closed says where shards end, parents where they came from.
	closed  map[string]string
	parents map[string][]string
	arrived map[int]time.Time // when the numbers were put; those that were not arrive when they are read
	last    int
	fault   error
}

func (s *stream) put(shard string, bodies ...string) {
	s.mu.Lock()
	for _, body := range bodies {
		s.last++
		list := s.shards[shard]
		for len(list) < s.last {
			list = append(list, "")
		}
		list[s.last-1] = body
		s.arrived[s.last] = s.clock.Now()
		s.shards[shard] = list
	}
	s.mu.Unlock()
	s.wake(streamARN, shard)
}

func (s *stream) Actions() []string { return []string{"test:Read", "test:List"} }

func (s *stream) DataKey() string { return "data" }

func (s *stream) Shards(_ context.Context, _ string) (list []pull.Shard, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.shards)) {
		list = append(list, pull.Shard{ID: id, Parents: s.parents[id], End: s.closed[id]})
	}
	return list, s.fault
}

// reshard closes shards, and opens others in their place. Nobody writes to the new ones yet.
func (s *stream) reshard(parents []string, children ...string) {
	s.mu.Lock()
	s.last++
	for _, id := range parents {
		s.closed[id] = fmt.Sprintf("%06d", s.last)
	}
	for _, id := range children {
		s.shards[id], s.parents[id] = nil, parents
	}
	s.mu.Unlock()
	for _, id := range children {
		s.wake(streamARN, id)
	}
}

func (s *stream) Position(_ context.Context, _, shard string, from pull.StartingPosition, _ time.Time) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from == pull.Latest {
		return fmt.Sprintf("%06d", len(s.shards[shard])), nil
	}
	return "", nil
}

func (s *stream) Read(_ context.Context, _, shard, after string, limit int) (out []pull.Record, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, body := range s.shards[shard] {
		seq := fmt.Sprintf("%06d", i+1)
		if body == "" || seq <= after {
			continue
		}
		if len(out) == limit {
			break
		}
		event, _ := json.Marshal(map[string]string{"body": body})
		arrival, ok := s.arrived[i+1]
		if !ok {
			arrival = s.clock.Now()
		}
		out = append(out, pull.Record{Sequence: seq, Key: body[:1], Arrival: arrival, Size: len(body), Event: func(string) json.RawMessage { return event },
			View: func() map[string]any { return map[string]any{"data": pull.Content([]byte(body)), "key": body[:1]} }})
	}
	return out, s.fault
}

// update changes the only mapping.
func (b *bundle) update(c pull.Config) error {
	err := b.change(c)
	b.drain()
	return err
}

// change is update for a function that runs: it does not wait for quiet.
func (b *bundle) change(c pull.Config) error {
	m := b.poller.List(account, "", "", "")[0]
	_, err := b.poller.Update(b.t.Context(), account, m.Region, m.UUID, func(m *pull.EventSourceMapping) error {
		c.MaximumRecordAgeInSeconds = pull.Infinite
		m.Config = c
		return nil
	})
	return err
}
