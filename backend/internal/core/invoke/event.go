package invoke

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// kindEvent is the agenda's kind of an accepted asynchronous event.
const kindEvent = "invoke.event"

// asyncPerFunction is how many events of one function run at once.
const asyncPerFunction = 16

// Defaults of an asynchronous invocation, where no EventConfig says otherwise (developer guide).
const (
	DefaultRetries = 2
	DefaultMaxAge  = 6 * time.Hour
)

// event is the body of the agenda item: everything that a later attempt, maybe after a restart, needs.
type event struct {
	Header    trace.Header    `json:"header"`
	Function  arn.FunctionRef `json:"function"` // resolved anew at each attempt: an event runs with what the function is then
	Payload   []byte          `json:"payload"`
	Failures  int             `json:"failures"`         // attempts at which the function failed
	Throttles int             `json:"throttles"`        // attempts at which it could not be started
	Last      *response       `json:"last,omitempty"`   // what the last attempt answered
	Ending    *ending         `json:"ending,omitempty"` // set once all that is left is to hand it on
}

// marshal is the event as the body of an agenda item.
func (e event) marshal() []byte {
	body, err := json.Marshal(e)
	if err != nil { // it was unmarshalled from JSON a moment ago
		panic("invoke: " + err.Error())
	}
	return body
}

// Enqueue accepts an event to be run later, and returns once it is durable: what follows is the 202.
func (iv *Invoker) Enqueue(ctx context.Context, req Request) error {
	item, err := iv.item(req)
	if err != nil {
		return err
	}
	if err := iv.Agenda.Enqueue(ctx, item); err != nil {
		return fmt.Errorf("enqueue an event for %s: %w", req.Function.InvokedARN, err)
	}
	iv.received(req)
	return nil
}

// refOf names a function as it was invoked.
func refOf(fn *function.Resolved) arn.FunctionRef {
	v := fn.Version
	return arn.FunctionRef{Region: v.Region, Account: v.Account, Name: v.Name, Qualifier: fn.Qualifier}
}

// EnqueueIn is Enqueue within the caller's transaction.
func (iv *Invoker) EnqueueIn(ctx context.Context, tx *postgres.Tx, req Request) error {
	item, err := iv.item(req)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { iv.received(req) })
	return iv.Agenda.Put(ctx, tx, item)
}

func (iv *Invoker) item(req Request) (agenda.Item, error) {
	if err := CheckPayload(Event, req.Payload); err != nil {
		return agenda.Item{}, err
	}
	v := req.Function.Version
	body, err := json.Marshal(event{Header: req.Header, Payload: req.Payload, Function: refOf(req.Function)})
	if err != nil {
		return agenda.Item{}, err
	}
	iv.Trace.Add(req.Header, trace.Step{Kind: trace.Queued, Rule: ruleAsync, Reason: "accepted: it is durable and will run"})
	return agenda.Item{Kind: kindEvent, Lane: v.ARN(), Account: v.Account, Due: iv.Clock.Now(), Body: body}, nil
}

// runEvent makes one attempt at an accepted event and says what becomes of it.
func (iv *Invoker) runEvent(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	var e event
	if err := json.Unmarshal(item.Body, &e); err != nil {
		return agenda.Done(), err
	}
	if e.Ending != nil {
		return iv.handOn(ctx, e)
	}
	fn, err := iv.Functions.Resolve(ctx, e.Function)
	if fault.Is(err, fault.NotFound) {
		iv.queueSeries(e.Function).Add(metrics.AsyncEventsDropped, 1)
		iv.Trace.Settle(e.Header, trace.DroppedForGood, trace.Step{Kind: trace.Settled, Rule: ruleAsync,
			Reason: "the function does not exist any more, and with it went its event queue"})
		return agenda.Done(), nil
	}
	if err != nil {
		return agenda.Done(), err
	}
	config, err := iv.Events.Get(ctx, function.Key{Account: e.Function.Account, Region: e.Function.Region, Name: e.Function.Name}, e.Function.Qualifier)
	if err != nil {
		return agenda.Done(), err
	}
	if age := config.maxAge(); iv.Clock.Now().Sub(e.Header.At) > age { // it waited while the backend was down, or has been given less
		return iv.end(e, config, fn.Version, ending{Condition: conditionAge, At: iv.Clock.Now(), Attempts: e.Failures, Last: e.Last, Rule: ruleAge,
			Why: fmt.Sprintf("it is older than the event's maximum age of %s", age)}), nil
	}
	if looped := iv.looped(ctx, fn, e.Header.Cause); fault.Is(looped, fault.Conflict) {
		return iv.end(e, config, fn.Version, ending{Condition: conditionRecursion, At: iv.Clock.Now(), Attempts: e.Failures, Last: e.Last, Rule: ruleRecursion, Why: looped.Error()}), nil
	} else if looped != nil {
		return agenda.Done(), looped
	}
	limits, err := iv.Functions.Limits(ctx, function.Key{Account: e.Function.Account, Region: e.Function.Region, Name: e.Function.Name})
	if err != nil {
		return agenda.Done(), err
	}
	if limits.Reserved != nil && *limits.Reserved == 0 { // recorded: it is not tried, and not tried again
		return iv.end(e, config, fn.Version, ending{Condition: conditionZero, At: iv.Clock.Now(), Attempts: e.Failures, Last: e.Last, Rule: ruleThrottle,
			Why: "the function's reserved concurrency is 0: nothing of it runs"}), nil
	}
	free, err := iv.takeOf(fn, limits)
	if err != nil {
		return iv.throttled(e, config, fn.Version, err.Error()), nil
	}
	out, err := iv.run(ctx, Request{Function: fn, Payload: e.Payload, Header: e.Header}, e.Failures+1, free)
	iv.freeAfter(free, out)
	if err != nil && ctx.Err() != nil {
		return agenda.Done(), ctx.Err()
	}
	if err != nil {
		return iv.throttled(e, config, fn.Version, "the simulator could not run it: "+err.Error()), nil
	}
	iv.queueSeries(e.Function).Measure(metrics.AsyncEventAge, iv.Clock.Now().Sub(e.Header.At))
	return iv.settleEvent(e, config, fn.Version, out), nil
}

// settleEvent applies the rules of asynchronous error handling to an attempt that ran.
func (iv *Invoker) settleEvent(e event, c *EventConfig, v *function.Version, out *Outcome) agenda.Verdict {
	end := iv.Clock.Now().Add(out.Takes)
	attempts := e.Failures + 1
	iv.Trace.Attempt(e.Header, attempts, attemptStep(end, out, attempts, ruleAsync))
	e.Last = responseOf(out)
	if !out.Failed() {
		return iv.end(e, c, v, ending{Condition: conditionSuccess, At: end, Attempts: attempts, Last: e.Last, Why: "the function succeeded", Rule: ruleAsync})
	}
	e.Failures++
	if e.Failures > c.retries() {
		why := fmt.Sprintf("given up after %d attempts", attempts)
		if attempts == 1 {
			why = "given up after 1 attempt"
		}
		return iv.end(e, c, v, ending{Condition: conditionExhausted, At: end, Attempts: attempts, Last: e.Last, Why: why, Rule: ruleRetry})
	}
	return iv.again(e, c, v, end, time.Duration(e.Failures)*time.Minute, ruleRetry)
}

// throttled puts back an event that could not be started: after a second, then twice as long each time, up to five
// minutes, for as long as the event may live. It does not count as one of the attempts.
func (iv *Invoker) throttled(e event, c *EventConfig, v *function.Version, why string) agenda.Verdict {
	const longest = 5 * time.Minute
	wait := longest
	if e.Throttles < 9 {
		wait = min(longest, time.Second<<e.Throttles)
	}
	e.Throttles++
	iv.Trace.Add(e.Header, trace.Step{Kind: trace.Throttled, Rule: ruleThrottle, Reason: why})
	return iv.again(e, c, v, iv.Clock.Now(), wait, ruleThrottle)
}

// again schedules the next attempt, unless the event would then be older than it may become: then it expires at once, as
// recorded from AWS.
func (iv *Invoker) again(e event, c *EventConfig, v *function.Version, from time.Time, wait time.Duration, rule string) agenda.Verdict {
	due := from.Add(wait)
	if age := c.maxAge(); due.Sub(e.Header.At) >= age {
		return iv.end(e, c, v, ending{Condition: conditionAge, At: from, Attempts: e.Failures, Last: e.Last, Rule: ruleAge,
			Why: fmt.Sprintf("the next attempt would come after the event's maximum age of %s", age)})
	}
	iv.Trace.Add(e.Header, trace.Step{At: from, Kind: trace.Retried, Rule: rule,
		Reason: fmt.Sprintf("again in %s, at %s", wait, due.Format(time.RFC3339))})
	return agenda.Again(due, e.Failures+e.Throttles, e.marshal())
}
