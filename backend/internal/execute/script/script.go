// Package script runs functions that have no code to run: each answers as its script says.
//
// A script is for tests of the wiring alone: it says what an attempt returns, whether and with which error type it fails,
// how long it takes on the simulator's clock, and what it logs. Outcomes are used by attempt number: the first outcome
// is that of an event's first attempt, the second of its first retry, and the last one repeats. Every event starts at
// the first, so that a script means the same however many events are under way and in whatever order they run. Where a
// script says so they are used by invocation number instead: the count starts with the script, and anew when the backend does.
//
// A script may have cases: outcomes for the events that contain a piece of JSON. The first case that an event contains is
// used, and the script's own outcomes where it contains none.
//
// What a script cannot say is reproduced from Lambda: an outcome that takes longer than the function's timeout is a
// timeout after exactly that long, a result over the limit is Function.ResponseSizeTooLarge, and the log is framed by the
// START, END and REPORT lines. Nothing here waits: the duration is handed to the caller, whose clock it is.
package script

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Executor runs scripted functions. It is safe for concurrent use.
type Executor struct {
	clock *clock.Clock

	mu      sync.RWMutex
	scripts map[string]*script // by unqualified function ARN
}

var _ invoke.Executor = (*Executor)(nil)

type script struct {
	wire  control.Script
	cases []scripted
	scripted
}

// scripted is a list of outcomes.
type scripted struct {
	event    any // a case's piece of JSON
	outcomes []control.ScriptedOutcome
	takes    []time.Duration // of each outcome
	count    *atomic.Int64   // of invocations that the list was used for
}

// New returns an executor without scripts. The clock stamps log lines.
func New(c *clock.Clock) *Executor {
	return &Executor{clock: c, scripts: map[string]*script{}}
}

// Set gives the function, named by its unqualified ARN, a script in place of the one it had. The error is fault.Invalid
// for a script without outcomes, with a duration that is not a Go duration of zero or more, with an error message but no
// error type, with two results at once, or with a case whose event is not JSON.
func (e *Executor) Set(functionARN string, given control.Script) error {
	s, err := compile(functionARN, given)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.scripts[functionARN] = s
	return nil
}

// compile checks a script.
func compile(functionARN string, given control.Script) (*script, error) {
	if given.Per != "" && given.Per != control.PerAttempt && given.Per != control.PerInvocation {
		return nil, fault.New(fault.Invalid, "the script of %s: per is %q: want %q or %q", functionARN, given.Per, control.PerAttempt, control.PerInvocation)
	}
	s := &script{wire: given}
	var err error
	if s.scripted, err = list(given.Outcomes, "the script of "+functionARN); err != nil {
		return nil, err
	}
	for i, c := range given.Cases {
		of := fmt.Sprintf("case %d of the script of %s", i, functionARN)
		one, err := list(c.Outcomes, of)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(c.Event, &one.event); err != nil {
			return nil, fault.New(fault.Invalid, "%s: its event is not JSON", of)
		}
		s.cases = append(s.cases, one)
	}
	return s, nil
}

// list checks a list of outcomes.
func list(outcomes []control.ScriptedOutcome, of string) (scripted, error) {
	if len(outcomes) == 0 {
		return scripted{}, fault.New(fault.Invalid, "%s has no outcomes: give at least one", of)
	}
	l := scripted{outcomes: outcomes, takes: make([]time.Duration, len(outcomes)), count: &atomic.Int64{}}
	for i, o := range outcomes {
		d, err := check(o)
		if err != nil {
			return l, fault.New(fault.Invalid, "outcome %d of %s: %s", i, of, err.Error())
		}
		l.takes[i] = d
	}
	return l, nil
}

func check(o control.ScriptedOutcome) (takes time.Duration, err error) {
	switch {
	case o.ErrorMessage != "" && o.ErrorType == "":
		return 0, fault.New(fault.Invalid, "error_message needs an error_type beside it")
	case o.Echo && len(o.Payload) > 0:
		return 0, fault.New(fault.Invalid, "echo and payload exclude each other")
	case o.ErrorType != "" && (o.Echo || len(o.Payload) > 0):
		return 0, fault.New(fault.Invalid, "an outcome either fails (error_type) or returns (payload, echo)")
	case len(o.Payload) > 0 && !json.Valid(o.Payload):
		return 0, fault.New(fault.Invalid, "payload is not JSON")
	case o.Duration == "":
		return 0, nil
	}
	d, err := time.ParseDuration(o.Duration)
	if err != nil || d < 0 {
		return 0, fault.New(fault.Invalid, "duration %q: want a Go duration of zero or more, for example 1.5s", o.Duration)
	}
	return d, nil
}

// Get returns the function's script.
func (e *Executor) Get(functionARN string) (control.Script, bool) {
	s, ok := e.find(functionARN)
	if !ok {
		return control.Script{}, false
	}
	return s.wire, true
}

// Has reports whether the function has a script.
func (e *Executor) Has(functionARN string) bool {
	_, ok := e.find(functionARN)
	return ok
}

// Delete takes the function's script away, and reports whether it had one.
func (e *Executor) Delete(functionARN string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, ok := e.scripts[functionARN]
	delete(e.scripts, functionARN)
	return ok
}

// Forget takes away the scripts of an account's functions, or all of them when account is empty.
func (e *Executor) Forget(account string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for arn := range e.scripts {
		if parts := strings.Split(arn, ":"); account == "" || len(parts) > 4 && parts[4] == account {
			delete(e.scripts, arn)
		}
	}
}

func (e *Executor) find(functionARN string) (*script, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	s, ok := e.scripts[functionARN]
	return s, ok
}

// Run answers as the script says. The error is fault.NotFound where the function has none.
func (e *Executor) Run(ctx context.Context, inv *invoke.Invocation) (*invoke.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, ok := e.find(inv.Function.ARN())
	if !ok {
		return nil, fault.New(fault.NotFound, "function %s has no script", inv.Function.ARN())
	}
	said, takes := s.choose(inv)
	out := outcome(inv, said)
	if limit := time.Duration(inv.Function.Timeout) * time.Second; takes > limit {
		out, takes = execute.Timeout(inv), limit
	}
	out.Takes, out.Duration = takes, takes
	out.Log = e.log(inv, said, out)
	return out, nil
}

// choose picks the outcome of an attempt, and how long it takes.
func (s *script) choose(inv *invoke.Invocation) (control.ScriptedOutcome, time.Duration) {
	from := &s.scripted
	if len(s.cases) > 0 {
		var event any
		if err := json.Unmarshal(inv.Payload, &event); err == nil {
			for i := range s.cases {
				if contains(event, s.cases[i].event) {
					from = &s.cases[i]
					break
				}
			}
		}
	}
	n := max(inv.Attempt, 1)
	if s.wire.Per == control.PerInvocation {
		n = int(min(from.count.Add(1), math.MaxInt32))
	}
	i := min(n, len(from.takes)) - 1
	return from.outcomes[i], from.takes[i]
}

// contains reports whether an event contains a piece of JSON: of an object every member, of an array every item, in whichever
// of the event's own; anything else must be equal.
func contains(event, piece any) bool {
	switch piece := piece.(type) {
	case map[string]any:
		o, ok := event.(map[string]any)
		for name, p := range piece {
			v, there := o[name]
			ok = ok && there && contains(v, p)
		}
		return ok
	case []any:
		list, ok := event.([]any)
		for _, p := range piece {
			ok = ok && slices.ContainsFunc(list, func(v any) bool { return contains(v, p) })
		}
		return ok
	}
	switch event.(type) {
	case map[string]any, []any:
		return false
	}
	return event == piece
}

// outcome is what the script says, its duration aside.
func outcome(inv *invoke.Invocation, o control.ScriptedOutcome) *invoke.Outcome {
	if o.ErrorType != "" {
		return execute.Failed(inv, execute.Document(o.ErrorType, o.ErrorMessage), o.ErrorType, o.ErrorMessage)
	}
	payload := []byte(o.Payload)
	switch {
	case o.Echo:
		payload = inv.Payload
	case len(payload) == 0:
		payload = []byte("null")
	}
	if len(payload) > invoke.MaxResponse {
		return execute.TooLarge(inv)
	}
	return &invoke.Outcome{Payload: payload, ExecutedVersion: inv.Function.Version}
}

func (e *Executor) log(inv *invoke.Invocation, o control.ScriptedOutcome, out *invoke.Outcome) []byte {
	lines := execute.Lines{Version: inv.Function, At: e.clock.Now()}
	var b strings.Builder
	b.WriteString(lines.Start(inv.RequestID))
	for _, l := range o.Log {
		b.WriteString(strings.TrimSuffix(l, "\n") + "\n")
	}
	lines.At = lines.At.Add(out.Takes)
	b.WriteString(lines.Failure(inv, out))
	b.WriteString(lines.End(execute.Report{RequestID: inv.RequestID, Duration: out.Duration,
		MaxMemoryMB: inv.Function.MemorySize, Outcome: out}))
	return []byte(b.String())
}

// Retire does nothing: a script has no environments.
func (e *Executor) Retire(string, string) {}

// Prepare has nothing to initialise.
func (e *Executor) Prepare(_ context.Context, _ *function.Version, n int) (invoke.Prepared, error) {
	return invoke.Prepared{Ready: n}, nil
}

// Close does nothing: a script has nothing running.
func (e *Executor) Close() {}
