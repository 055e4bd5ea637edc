// Package invoke runs functions: synchronously for a caller that waits, asynchronously through the agenda.
//
// It decides nothing about permission (whoever calls has asked authz) and nothing about processes (an Executor runs
// them). What it does decide is Lambda's: the concurrency slot, the request id that stays the same over the attempts,
// what counts as a function error and what as the service's, when an asynchronous event is tried again (after one
// minute, then after two; throttles after 1 s growing to 5 min for as long as the event may live) and when it is given
// up. The rules are those of the Invoke API reference and the developer guide's pages on asynchronous invocation.
//
// The life of an asynchronous event:
//
//	Enqueue ──commit──▶ queued (202) ──▶ attempt 1 ──ok──────────────▶ delivered
//	                                        │ error
//	                                        ├─ attempts left ─▶ +1 min, then +2 min ─▶ next attempt
//	                                        └─ none left, or too old ─▶ failed / expired (destination, dead letters)
package invoke

import (
	"context"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Type is the invocation type, as the X-Amz-Invocation-Type header spells it.
type Type string

// The invocation types.
const (
	RequestResponse Type = "RequestResponse" // the caller waits for the result
	Event           Type = "Event"           // accepted and run later
	DryRun          Type = "DryRun"          // parameters and permission are checked, nothing runs
)

// Limits of payloads, in bytes (Lambda quotas).
const (
	MaxSyncPayload  = 6291456 // 6 MiB
	MaxAsyncPayload = 1048576 // 1 MiB
	MaxResponse     = 6291556 // 6 MiB and 100 bytes
)

// Request asks for one function to be invoked with one event.
type Request struct {
	Function      *function.Resolved // what the qualifier resolved to
	Payload       []byte
	ClientContext string       // JSON, delivered on synchronous calls only
	Header        trace.Header // the delivery that this is part of
}

// Invocation is one attempt: what an Executor runs.
type Invocation struct {
	RequestID     string // the same for every attempt of an event
	Function      *function.Version
	InvokedARN    string // as invoked: with the qualifier that was given
	Payload       []byte
	ClientContext string
	TraceID       string // X-Ray's header, Root=…;Parent=…;Sampled=0
	Attempt       int    // from 1
	Provisioned   bool   // in an environment that was initialised ahead
}

// Outcome is how one attempt ended.
type Outcome struct {
	Payload         []byte        // the result, or the error document
	FunctionError   string        // "" or "Unhandled"
	ErrorType       string        // of a failed attempt, for example Sandbox.Timedout
	ErrorMessage    string        // of a failed attempt
	ExecutedVersion string        // "$LATEST" or a number
	Log             []byte        // what it wrote, with the START, END and REPORT lines
	Duration        time.Duration // measured, real; shown in the REPORT line alone
	Takes           time.Duration // how long it takes on the simulator's clock; 0 unless a script says otherwise
}

// Failed reports whether the function failed.
func (o *Outcome) Failed() bool { return o.FunctionError != "" }

// Executor runs attempts. There are two: execute/process starts real programs, execute/script answers as told.
type Executor interface {
	// Run runs one attempt and returns when it has ended. Everything that a function can do wrong (throwing, exiting,
	// running out of time, answering too much) is an Outcome; an error means that the simulator could not run it at all
	// (the interpreter is missing, the program is for another processor), and its message tells the user what to do.
	Run(ctx context.Context, inv *Invocation) (*Outcome, error)
	// Prepare sees to it that as many environments of a version are initialised ahead as are provisioned, 0 for none, and
	// returns how many are ready; those that are too many end. An error is as of Run.
	Prepare(ctx context.Context, v *function.Version, n int) (Prepared, error)
	// Retire ends the idle environments of a function's version whose code and configuration are no longer current, or of
	// all its versions when version is ""; busy ones end when their invocation does.
	Retire(functionARN, version string)
	// Close ends every environment, and waits for it.
	Close()
}
