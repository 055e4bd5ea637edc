// Package process runs functions as real programs, through the Lambda Runtime API.
//
// What it decides: which program a runtime is (the package's bootstrap, or the machine's interpreter with the runtime
// client embedded here), when a new environment is needed and when a warm one serves, what the program may see (its
// unpacked package, a folder of its own for temporary files, a clean environment), and when it has failed (an exit, the
// timeout, an answer over the limit). What it never does: decide about permission, concurrency quotas or retries, or keep
// anything that must survive the backend.
//
// The life of an environment, which is one process group with a Runtime API of its own on a loopback port:
//
//	start ─▶ init ──first next──▶ busy ──response or error, then next──▶ idle ──event──▶ busy …
//	           │                   │                                       │
//	           ├─ init/error       ├─ exit, timeout, memory, cancelled     ├─ retired, idle for long, room needed
//	           ├─ exit             └────────────▶ ended ◀──────────────────┘
//	           └─ 10 s pass: killed, started again within the attempt's own timeout (as Lambda does)
//
// An attempt has ended when the program asks for the next event, so that all it wrote belongs to it and the
// environment is free for the next caller. Ended means that the process group got SIGKILL and the program was waited for.
// After a timeout, as recorded from AWS, and after an exit the next environment of the function inherits the folder for
// temporary files: Lambda resets the program, not the environment.
// Unlike Lambda, an initialisation that fails with an error is not tried a second time before the error is reported.
//
// Programs run as the user nobody where the backend is root, in a process group of their own, and on Linux they die with
// the backend. What else keeps them apart is what the machine has (docs/security.md tells what it does not keep them from):
// a root folder of their own, with /var/task and /tmp as in Lambda, where the backend is root and may mount; a Landlock
// domain; a control group, by which everything that a program has started ends with it, also what has left its process group.
//
// An idle program is stopped, as Lambda freezes an environment: by its control group, or by SIGSTOP. It is stopped a few
// milliseconds after its attempt, so that a row of attempts does not pay for it. A program that uses more memory than the
// function's size is killed: every 50 ms of an attempt the pages of its processes that are its own are counted. A limit on
// its address space would end Go and Node programs that reserve much and use little.
//
// Sources: the Lambda Runtime API reference, the developer guide's pages on environments, environment variables and
// custom runtimes, and outcomes and log lines recorded from AWS between 2024 and 2026.
package process

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
)

// Credentials are those of a function's execution role, for the AWS calls that it makes.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	// Expires is when, on the simulator's clock, they cease to be valid: an environment is not reused from then on.
	// Zero: never.
	Expires time.Time
}

// Options say what an Executor works with. Clock, Log, Code, Credentials and Endpoint are required.
type Options struct {
	Clock *clock.Clock
	Log   *slog.Logger
	// Dir is the folder for unpacked code and temporary files; what it holds is removed at the first run and at Close.
	// Empty, or not enterable for the user that programs run as: a folder under the system's temporary folder.
	Dir string
	// Code returns the deployment package of a version, a zip file.
	Code func(ctx context.Context, v *function.Version) ([]byte, error)
	// Layer returns the content of a layer's version, a zip file, by the version's ARN. It is asked of functions with layers.
	Layer func(ctx context.Context, versionARN string) ([]byte, error)
	// Credentials returns what a new environment of the version signs with.
	Credentials func(ctx context.Context, v *function.Version) (Credentials, error)
	// Endpoint returns the backend's URL, given to programs as AWS_ENDPOINT_URL.
	Endpoint func() string
	// Libraries is a folder laid out as a layer's /opt (python, nodejs/node_modules) where functions find what Lambda's
	// images bring, the AWS SDKs above all. Empty: only what the interpreter itself knows.
	Libraries string
	// Share are folders of this machine that functions may use beside their own, wherever the backend may: absolute paths.
	Share []string
	// Unconfined leaves out what keeps programs apart besides their user: a root of their own, Landlock, control groups.
	Unconfined bool
	// MaxEnvironments bounds the programs alive at a time; 0 means 64. Further attempts wait for a free one.
	MaxEnvironments int
	// OneAtATime lets one attempt run at a time, so that a virtual clock's runs can be repeated. See Nested.
	OneAtATime bool
	// InitLimit is how long an initialisation may take; 0 means Lambda's 10 s.
	InitLimit time.Duration
	// FreezeAfter is how long a program runs on after its attempt, before it is stopped until the next one; 0 means 5 ms. In
	// a row of attempts it is not stopped in between.
	FreezeAfter time.Duration
	// IdleLimit is how long an environment stays warm without an event; 0 means 10 minutes.
	IdleLimit time.Duration
}

// Executor runs attempts as real programs. It is safe for concurrent use.
type Executor struct {
	Options

	turn chan struct{} // holds one token while an attempt runs; nil unless OneAtATime
	pool *pool
	home home
	find finder

	code, layers packages
	spares       spares

	ended context.Context // done once Close was called
	end   context.CancelFunc
	work  sync.WaitGroup // runs and environments
	keys  keys
}

var _ invoke.Executor = (*Executor)(nil)

// ErrClosed is the error of a run that Close cut short or came before.
var ErrClosed = errors.New("the backend is closing: no function is started any more")

// errNotServed means that an idle environment was gone before it took the event: another one can.
var errNotServed = errors.New("the environment ended before it took the event")

// New returns an executor. Nothing is started and no folder is made before the first run. Close it.
func New(o Options) *Executor {
	const mostEnvironments, longestInit, longestIdle, freezeAfter = 64, 10 * time.Second, 10 * time.Minute, 5 * time.Millisecond
	if o.MaxEnvironments <= 0 {
		o.MaxEnvironments = mostEnvironments
	}
	if o.InitLimit <= 0 {
		o.InitLimit = longestInit
	}
	if o.IdleLimit <= 0 {
		o.IdleLimit = longestIdle
	}
	if o.FreezeAfter <= 0 {
		o.FreezeAfter = freezeAfter
	}
	e := &Executor{Options: o, pool: newPool(o.MaxEnvironments, o.IdleLimit, o.FreezeAfter)}
	e.ended, e.end = context.WithCancel(context.Background())
	e.home.wanted, e.home.log, e.home.unconfined = o.Dir, o.Log, o.Unconfined
	e.find.log = o.Log
	if o.OneAtATime {
		e.turn = make(chan struct{}, 1)
	}
	return e
}

type nestedKey struct{}

// Nested marks the runs under ctx as asked for by a function that is running now and waits for them. They do not wait for
// their turn or for a free environment, which would be a deadlock: the caller holds it. (Up to twice MaxEnvironments.)
func Nested(ctx context.Context) context.Context { return context.WithValue(ctx, nestedKey{}, true) }

func isNested(ctx context.Context) bool { return ctx.Value(nestedKey{}) != nil }

// Running reports whether a program that was given this access key is running an event now: what it asks of the backend
// is then to be run under Nested.
func (e *Executor) Running(accessKeyID string) bool { return e.keys.has(accessKeyID) }

// Environments is how many environments there are, and how many of them are idle.
func (e *Executor) Environments() (all, idle int) {
	e.pool.mu.Lock()
	defer e.pool.mu.Unlock()
	return e.pool.count, len(e.pool.idle)
}

// Run runs one attempt, as invoke.Executor says. The error is fault.Unsupported where this machine cannot run the function
// (and what to do is in the message), fault.Invalid where its package cannot be unpacked, ctx's own where ctx ended
// first (the program is killed), and ErrClosed.
func (e *Executor) Run(ctx context.Context, inv *invoke.Invocation) (*invoke.Outcome, error) {
	end, err := e.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	for {
		out, err := e.attempt(ctx, inv)
		if !errors.Is(err, errNotServed) {
			return out, err
		}
	}
}

// begin waits for a run's turn, where one runs at a time; the run calls what it returns at its end.
func (e *Executor) begin(ctx context.Context) (end func(), err error) {
	if err := e.enter(); err != nil {
		return nil, err
	}
	if e.turn == nil || isNested(ctx) {
		return e.work.Done, nil
	}
	select {
	case e.turn <- struct{}{}:
		return func() { <-e.turn; e.work.Done() }, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-e.ended.Done():
		err = ErrClosed
	}
	e.work.Done()
	return nil, err
}

// enter counts a run, unless the executor is closed. The pool's lock keeps the count from growing under Close's wait.
func (e *Executor) enter() error {
	e.pool.mu.Lock()
	defer e.pool.mu.Unlock()
	if e.pool.closed {
		return ErrClosed
	}
	e.work.Add(1)
	return nil
}

// Retire ends the idle environments of a version of a function, given by its unqualified ARN, or of all its versions when
// version is ""; busy ones end when their attempt does.
func (e *Executor) Retire(functionARN, version string) {
	idle, folders := e.pool.retire(functionARN, version)
	for _, env := range idle {
		env.stop()
	}
	for _, folder := range folders {
		removeTmp(folder)
	}
}

// Close ends every environment and every run, waits for them, and removes the folders.
func (e *Executor) Close() {
	e.end()
	for _, env := range e.pool.close() {
		env.stop()
	}
	e.work.Wait()
	if p := e.spares.take(); p != nil {
		p.leave()
	}
	e.home.remove()
}

// keys counts the running attempts by access key.
type keys struct {
	mu   sync.Mutex
	runs map[string]int
}

func (k *keys) add(key string, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.runs == nil {
		k.runs = map[string]int{}
	}
	if k.runs[key] += n; k.runs[key] == 0 {
		delete(k.runs, key)
	}
}

func (k *keys) has(key string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.runs[key] > 0
}
