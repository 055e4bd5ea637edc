package invoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Conditions of an invocation record: why it was written.
const (
	conditionSuccess   = "Success"
	conditionExhausted = "RetriesExhausted"
	conditionAge       = "EventAgeExceeded"
	conditionZero      = "ZeroReservedConcurrency"
	conditionRecursion = "RecursiveInvocation" // its name is ours
)

// maxErrorMessage is how much of an error's message a dead-letter queue is told, in bytes (developer guide).
const maxErrorMessage = 1024

// ending is how an event ended. It waits in the event's body while records of it are handed on, so that a crash in between
// hands them on again and does not run the function again. It holds all that this needs: what has ended goes to whom it
// belonged then, though the function, or the alias, be deleted or configured anew meanwhile.
type ending struct {
	Condition string    `json:"condition"`
	At        time.Time `json:"at"`
	Attempts  int       `json:"attempts"`
	Last      *response `json:"last,omitempty"` // what the last attempt answered; nil when none ran
	Why       string    `json:"why"`            // for the trace
	Rule      string    `json:"rule"`

	Handovers []handover `json:"handovers,omitempty"`
	Role      string     `json:"role,omitempty"` // the execution role, as which they are made
}

// response is what an attempt answered.
type response struct {
	Version       string `json:"version"`
	FunctionError string `json:"function_error,omitempty"`
	ErrorMessage  string `json:"error_message,omitempty"`
	Payload       []byte `json:"payload"`
}

func responseOf(out *Outcome) *response {
	return &response{Version: out.ExecutedVersion, FunctionError: out.FunctionError, ErrorMessage: out.ErrorMessage, Payload: out.Payload}
}

// outcome is how the trace calls the ending, when nobody keeps a record of it.
func (n *ending) outcome() trace.Outcome {
	switch n.Condition {
	case conditionSuccess:
		return trace.Succeeded
	case conditionAge:
		return trace.Expired
	case conditionZero:
		return trace.ThrottledOut
	}
	return trace.Failed
}

// end settles an event, or puts it back to be handed on when it has destinations or a dead-letter queue.
func (iv *Invoker) end(e event, c *EventConfig, v *function.Version, n ending) agenda.Verdict {
	n.Handovers, n.Role = handovers(&n, c, v), v.Role
	if len(n.Handovers) == 0 {
		iv.dropped(&e, &n)
		iv.Trace.Settle(e.Header, n.outcome(), trace.Step{At: n.At, Kind: trace.Settled, Rule: n.Rule, Reason: n.Why + nobody(n.Condition)})
		return agenda.Done()
	}
	e.Ending = &n
	return agenda.Again(n.At, e.Failures+e.Throttles, e.marshal())
}

func nobody(condition string) string {
	if condition == conditionSuccess {
		return ""
	}
	return "; the function has no destination for failures and no dead-letter queue"
}

// handover is one thing that an ended event gives to somebody.
type handover struct {
	Name   string `json:"name"`
	Target string `json:"target"` // ARN
	Rule   string `json:"rule"`
	Dead   bool   `json:"dead,omitempty"` // the raw event, for a dead-letter queue; else a record
}

// handovers lists what an ending asks for: the destination of its condition, and the dead-letter queue of failures. When
// both are there each gets its own (developer guide).
func handovers(n *ending, c *EventConfig, v *function.Version) []handover {
	var list []handover
	switch {
	case c == nil:
	case n.Condition == conditionSuccess && c.OnSuccess != "":
		list = append(list, handover{"the on-success destination", c.OnSuccess, ruleDestination, false})
	case n.Condition != conditionSuccess && c.OnFailure != "":
		list = append(list, handover{"the on-failure destination", c.OnFailure, ruleDestination, false})
	}
	if n.Condition != conditionSuccess && v.DeadLetter != "" {
		list = append(list, handover{"the dead-letter queue", v.DeadLetter, ruleDeadLetter, true})
	}
	return list
}

// handOn gives what an event's ending asks for to whom it belongs, as the execution role, and settles the event. What is
// refused is lost, as in AWS (DestinationDeliveryFailures, DeadLetterErrors); the trace says why.
func (iv *Invoker) handOn(ctx context.Context, e event) (agenda.Verdict, error) {
	n := e.Ending
	outcome := n.outcome()
	for _, h := range n.Handovers {
		err := iv.deliver(ctx, e, h)
		f, refused := errors.AsType[*fault.Error](err)
		switch {
		case err != nil && !refused:
			return agenda.Done(), fmt.Errorf("hand an event on to %s: %w", h.Target, err)
		case err != nil:
			iv.queueSeries(e.Function).Add(h.failure(), 1)
			iv.Trace.Add(e.Header, trace.Step{At: n.At, Kind: trace.Lost, Rule: h.Rule,
				Reason: fmt.Sprintf("%s: %s %s did not take it, and it is lost: %s", n.Condition, h.Name, h.Target, refusal(f))})
			continue
		case n.Condition != conditionSuccess:
			outcome = trace.DeadLettered
		}
		iv.Trace.Add(e.Header, trace.Step{At: n.At, Kind: trace.Delivered, Rule: h.Rule, Reason: n.Condition + ": " + h.what() + h.Target})
	}
	iv.dropped(&e, n)
	iv.Trace.Settle(e.Header, outcome, trace.Step{At: n.At, Kind: trace.Settled, Rule: n.Rule, Reason: n.Why})
	return agenda.Done(), nil
}

func (h handover) what() string {
	if h.Dead {
		return "the event itself is in the dead-letter queue "
	}
	return "a record of it went to " + h.Name + " "
}

// refusal words why a target did not take something: with the reason of the policies, where they refused.
func refusal(f *fault.Error) string {
	if f.Kind == fault.Denied && f.Detail != "" {
		return f.Message + "\n" + f.Detail
	}
	return f.Message
}

// deliver gives one thing to one target.
func (iv *Invoker) deliver(ctx context.Context, e event, h handover) error {
	session, err := iv.Authz.RoleSession(ctx, e.Ending.Role, e.Function.Name)
	if err != nil {
		return err
	}
	d := target.Delivery{Target: h.Target, Sender: session, Cause: e.Header}
	if e.Ending.Last != nil { // the function ran
		d.Cause = invoked(e.Header, function.Key{Account: e.Function.Account, Region: e.Function.Region, Name: e.Function.Name}.ARN())
	}
	if h.Dead {
		d.Body, d.Attributes = e.payload(), e.deadLetterAttributes()
		return iv.Targets.Deliver(ctx, d)
	}
	d.Body, d.Traced = e.record(), true
	kind := "Success"
	if e.Ending.Condition != conditionSuccess {
		kind = "Failure"
	}
	d.Entry = target.Entry{Source: "lambda", DetailType: "Lambda Function Invocation Result - " + kind, Resources: []string{h.Target, e.qualified()}}
	at := e.Ending.At.UTC()
	d.Object = fmt.Sprintf("aws/lambda/async/%s/%s-%s", e.Function.Name, at.Format("2006/01/02/2006-01-02T15.04.05"), iv.IDs.UUID())
	return iv.Targets.Deliver(ctx, d)
}

// qualified is the function's ARN in a record: with the qualifier as invoked, $LATEST where there was none.
func (e *event) qualified() string {
	q := e.Function.Qualifier
	if q == "" {
		q = function.Latest
	}
	return arn.QualifiedFunction(e.Function.Region, e.Function.Account, e.Function.Name, q)
}

// payload is what the function was given.
func (e *event) payload() []byte {
	if len(e.Payload) == 0 {
		return []byte("{}")
	}
	return e.Payload
}

// deadLetterAttributes are the message attributes of an event in a dead-letter queue (recorded from AWS).
func (e *event) deadLetterAttributes() map[string]target.Attribute {
	code, message := "200", ""
	switch last := e.Ending.Last; {
	case last != nil:
		message = last.ErrorMessage
	case e.Ending.Condition == conditionRecursion:
		code, message = "400", loopMessage
	default:
		code, message = "429", throttledMessage
	}
	if len(message) > maxErrorMessage {
		message = strings.ToValidUTF8(message[:maxErrorMessage], "") // not the half of a character
	}
	message = strings.Map(sendable, message)
	a := map[string]target.Attribute{
		"RequestID": {Type: "String", Value: e.Header.RequestID},
		"ErrorCode": {Type: "Number", Value: code},
	}
	if message != "" { // queues take no empty attribute
		a["ErrorMessage"] = target.Attribute{Type: "String", Value: message}
	}
	return a
}

// sendable leaves out the characters that no queue takes in a message: an event is not lost for what a function said of it.
func sendable(r rune) rune {
	if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
		return -1
	}
	return r
}

// record is the invocation record that destinations receive, with its members in the order recorded from AWS.
func (e *event) record() []byte {
	n := e.Ending
	type requestContext struct {
		RequestID   string `json:"requestId"`
		FunctionARN string `json:"functionArn"`
		Condition   string `json:"condition"`
		Count       int    `json:"approximateInvokeCount"`
	}
	type responseContext struct {
		StatusCode      int    `json:"statusCode"`
		ExecutedVersion string `json:"executedVersion"`
		FunctionError   string `json:"functionError,omitempty"`
	}
	r := struct {
		Version         string           `json:"version"`
		Timestamp       string           `json:"timestamp"`
		RequestContext  requestContext   `json:"requestContext"`
		RequestPayload  json.RawMessage  `json:"requestPayload"`
		ResponseContext *responseContext `json:"responseContext,omitempty"`
		ResponsePayload json.RawMessage  `json:"responsePayload,omitempty"`
	}{
		Version: "1.0", Timestamp: n.At.UTC().Format("2006-01-02T15:04:05.000Z"), RequestPayload: e.payload(),
		RequestContext: requestContext{e.Header.RequestID, e.qualified(), n.Condition, n.Attempts},
	}
	if last := n.Last; last != nil {
		r.ResponseContext = &responseContext{200, last.Version, last.FunctionError}
		r.ResponsePayload = jsonOf(last.Payload)
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)              // the payloads go on as they are
	if err := enc.Encode(r); err != nil { // they were found to be JSON
		panic("invoke: " + err.Error())
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

// jsonOf is a function's answer as JSON: what a program of its own runtime answers need not be.
func jsonOf(payload []byte) json.RawMessage {
	switch {
	case len(payload) == 0:
		return json.RawMessage("null")
	case json.Valid(payload):
		return payload
	}
	text, _ := json.Marshal(string(payload)) // a string always marshals
	return text
}
