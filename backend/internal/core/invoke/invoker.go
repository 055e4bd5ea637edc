package invoke

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Rules of docs/fidelity.md that this package applies.
const (
	ruleSync     = "LAMBDA-INVOKE-SYNC"
	ruleAsync    = "LAMBDA-INVOKE-ASYNC"
	ruleRetry    = "LAMBDA-ASYNC-RETRY"
	ruleThrottle = "LAMBDA-ASYNC-THROTTLE"
	ruleAge      = "LAMBDA-ASYNC-AGE"

	ruleDestination = "LAMBDA-DESTINATION"
	ruleDeadLetter  = "LAMBDA-DEAD-LETTER"
)

// Invoker invokes functions.
type Invoker struct {
	Functions *function.Store
	Events    *EventConfigs
	Targets   *target.Targets
	Authz     *authz.Authorizer
	Executor  Executor
	Agenda    *agenda.Agenda
	Trace     *trace.Recorder
	Logs      *logs.Store
	Metrics   *metrics.Registry
	Clock     *clock.Clock
	IDs       *ident.Source
	Log       *slog.Logger

	slots     slots
	logRights logRights

	provisions provisions
}

// Register tells the agenda who runs asynchronous events. Call it before the agenda starts.
func (iv *Invoker) Register() {
	iv.Agenda.Handle(kindEvent, asyncPerFunction, iv.runEvent)
	iv.Agenda.Handle(kindRelease, 1, iv.release)
	iv.Agenda.Handle(kindProvision, 1, iv.provision)
}

// Invoke runs the function for a caller that waits. A function that fails is an Outcome; the errors are those of the
// service: fault.Throttled when no concurrency is free, fault.TooLarge, fault.Invalid for a payload that is not JSON, and
// fault.Unsupported when this machine cannot run the function.
func (iv *Invoker) Invoke(ctx context.Context, req Request) (*Outcome, error) {
	if err := CheckPayload(RequestResponse, req.Payload); err != nil {
		iv.Trace.Settle(req.Header, trace.Failed, trace.Step{Kind: trace.Settled, Reason: "not accepted: " + err.Error(), Rule: ruleSync})
		return nil, err
	}
	if err := iv.looped(ctx, req.Function, req.Header.Cause); err != nil {
		iv.Trace.Settle(req.Header, trace.Failed, trace.Step{Kind: trace.Settled, Reason: err.Error(), Rule: ruleRecursion})
		return nil, err
	}
	end := iv.Agenda.Busy("invocation of " + req.Function.InvokedARN)
	defer end()
	free, err := iv.take(ctx, req.Function)
	if err != nil {
		iv.Trace.Settle(req.Header, trace.ThrottledOut, trace.Step{Kind: trace.Throttled, Reason: err.Error(), Rule: ruleSync},
			trace.Step{Kind: trace.Settled, Reason: "the refusal was returned to the caller, who may try again", Rule: ruleSync})
		return nil, err
	}
	out, err := iv.run(ctx, req, 1, free)
	iv.freeAfter(free, out)
	if err != nil {
		iv.Trace.Settle(req.Header, trace.Failed, trace.Step{Kind: trace.Settled, Reason: err.Error(), Rule: ruleSync})
		return nil, err
	}
	iv.settle(req.Header, out, 1)
	return out, nil
}

// run makes one attempt and records how it ended.
func (iv *Invoker) run(ctx context.Context, req Request, attempt int, in slot) (*Outcome, error) {
	inv := &Invocation{
		RequestID: req.Header.RequestID, Function: req.Function.Version, InvokedARN: req.Function.InvokedARN,
		Payload: req.Payload, ClientContext: req.ClientContext, Attempt: attempt,
		TraceID: invoked(req.Header, req.Function.Version.ARN()).Onward(),
	}
	if in.provisioned(req.Function.Version) {
		ready, known := iv.ready(req.Function.Version, 1)
		inv.Provisioned = known && ready > 0
	}
	if len(inv.Payload) == 0 {
		inv.Payload = []byte("{}")
	}
	out, err := iv.Executor.Run(ctx, inv)
	if err != nil {
		return nil, err
	}
	if err := iv.keepLog(context.WithoutCancel(ctx), req.Function.Version, out.Log, inv.TraceID); err != nil {
		return nil, err
	}
	iv.count(req.Function, out)
	return out, nil
}

// settle records the end of a synchronous invocation.
func (iv *Invoker) settle(h trace.Header, out *Outcome, attempts int) {
	end := iv.Clock.Now().Add(out.Takes)
	iv.Trace.Attempt(h, attempts, attemptStep(end, out, attempts, ruleSync))
	if out.Failed() {
		iv.Trace.Settle(h, trace.Failed, trace.Step{At: end, Kind: trace.Settled, Rule: ruleSync,
			Reason: "the error was returned to the caller, who decides what to do"})
		return
	}
	iv.Trace.Settle(h, trace.Succeeded, trace.Step{At: end, Kind: trace.Settled, Rule: ruleSync, Reason: "the result was returned to the caller"})
}

// attemptStep says how an attempt ended.
func attemptStep(at time.Time, out *Outcome, attempt int, rule string) trace.Step {
	what := fmt.Sprintf("attempt %d", attempt)
	if out.ExecutedVersion != "" && out.ExecutedVersion != function.Latest {
		what += " on version " + out.ExecutedVersion
	}
	s := trace.Step{At: at, Kind: trace.Invoked, Rule: rule, Reason: what + " succeeded"}
	if out.Failed() {
		s.Reason = fmt.Sprintf("%s failed: %s: %s", what, out.ErrorType, clip(out.ErrorMessage))
	}
	return s
}

// clip keeps a message that a function made to a length that can be read.
func clip(s string) string {
	const most = 300
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// CheckPayload refuses a payload that an invocation of the type does not take: one that is not JSON is a fault of kind
// Invalid, one that is too large of kind TooLarge.
func CheckPayload(t Type, payload []byte) error {
	switch {
	case t == Event && len(payload) > MaxAsyncPayload:
		return fault.New(fault.TooLarge, "%d byte payload is too large for the Event invocation type (limit %d bytes)", len(payload), MaxAsyncPayload)
	case t != Event && len(payload) > MaxSyncPayload:
		return fault.New(fault.TooLarge, "Request must be smaller than %d bytes for the InvokeFunction operation", MaxSyncPayload)
	}
	return checkJSON(payload)
}

// Attempt makes one attempt for a caller that keeps its own account of attempts (a poller): it takes a concurrency slot,
// runs the function and records the attempt, but leaves it to the caller to settle the delivery. Errors are as for Invoke.
func (iv *Invoker) Attempt(ctx context.Context, req Request, attempt int) (*Outcome, error) {
	if err := iv.looped(ctx, req.Function, req.Header.Cause); err != nil {
		return nil, err
	}
	free, err := iv.take(ctx, req.Function)
	if err != nil {
		return nil, err
	}
	out, err := iv.run(ctx, req, attempt, free)
	iv.freeAfter(free, out)
	if err != nil {
		return nil, err
	}
	iv.Trace.Attempt(req.Header, attempt, attemptStep(iv.Clock.Now().Add(out.Takes), out, attempt, ruleSync))
	return out, nil
}
