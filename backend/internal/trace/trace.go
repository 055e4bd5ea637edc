// Package trace records delivery decisions: for every event and target, what was decided at each step and why.
//
// A Delivery is opened when an event has been accepted for a target (published). Steps are appended as it goes on:
// which mapping matched, which statement of which policy let it through or what failed, each invocation, each retry, and
// how it ended (settled). The reason is a sentence for a person; the rule is the id under which docs/fidelity.md lists
// the simulated behaviour; the decision is the policy decision where one was taken.
//
// The recorder is written behind: steps go to memory and reach PostgreSQL in batches, because a warm synchronous
// invocation must not wait for a commit. A crash can lose the last few milliseconds of the trace, never an event. So that
// a delivery that goes on after a crash does not lose its beginning, whoever puts an event on the agenda carries the
// delivery's Header in the item, and records further steps under it.
package trace

import (
	"encoding/json"
	"time"
)

// Kind is what happened at a step.
type Kind string

// The kinds of steps. The first five are the flow of every event; docs/architecture.md lists them all.
const (
	Published  Kind = "published"  // the source accepted the event
	Matched    Kind = "matched"    // a mapping chose the target
	Authorized Kind = "authorized" // a policy was asked; the step carries the decision, allowed or not
	Invoked    Kind = "invoked"    // one attempt ran, and how it ended
	Settled    Kind = "settled"    // the end, with the outcome
	Queued     Kind = "queued"     // accepted for later (the 202 of an asynchronous invocation)
	Retried    Kind = "retried"    // another attempt is scheduled
	Throttled  Kind = "throttled"  // no concurrency was free
	Filtered   Kind = "filtered"   // a filter kept it from the target
	Batched    Kind = "batched"    // records were put together
	Bisected   Kind = "bisected"   // a failing batch was split
	Delivered  Kind = "delivered"  // a destination or dead-letter queue took the record
	Lost       Kind = "lost"       // a destination or dead-letter queue did not take it
)

// Outcome is how a delivery stands.
type Outcome string

// The outcomes.
const (
	Pending        Outcome = "pending"
	Succeeded      Outcome = "delivered"
	Denied         Outcome = "denied"
	FilteredOut    Outcome = "filtered"
	ThrottledOut   Outcome = "throttled"
	Failed         Outcome = "failed"
	DeadLettered   Outcome = "dead_lettered"
	Expired        Outcome = "expired"
	DroppedForGood Outcome = "dropped"
)

// Outcomes lists them all.
var Outcomes = []Outcome{Pending, Succeeded, Denied, FilteredOut, ThrottledOut, Failed, DeadLettered, Expired, DroppedForGood}

// Header says which event and which target a delivery is about. It is small enough to travel in an agenda item.
type Header struct {
	ID             int64     `json:"id"`
	Account        string    `json:"account"` // of the target
	Region         string    `json:"region"`
	SourceService  string    `json:"source_service"`
	SourceARN      string    `json:"source_arn,omitempty"`
	TargetARN      string    `json:"target_arn"`
	InvocationType string    `json:"invocation_type"`
	RequestID      string    `json:"request_id,omitempty"`
	At             time.Time `json:"at"`
	// Parent is the id of the delivery that this one follows from; 0 where nothing came before.
	Parent int64 `json:"parent,omitempty"`
	// Also are further ones: those that the other records of a batch follow from, at most a hundred.
	Also []int64 `json:"also,omitempty"`
	// Cause is the cause that it follows from; "" for none.
	Cause string `json:"cause,omitempty"`
}

// Step is one thing that happened.
type Step struct {
	At       time.Time       `json:"at"`
	Kind     Kind            `json:"kind"`
	Reason   string          `json:"reason,omitempty"`
	Rule     string          `json:"rule,omitempty"`
	Decision json.RawMessage `json:"decision,omitempty"`
}

// Delivery is a header with what has happened so far.
type Delivery struct {
	Header
	Outcome  Outcome
	Attempts int
	Steps    []Step
}
