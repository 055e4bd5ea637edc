// Package control is the simulator's own API: the clock, the delivery trace, the mappings, scripted functions, published
// events, accounts, refusals, figures and reset. It holds the wire structs and a Go client; the server is the backend.
//
// It is JSON over HTTP (the figures are OpenMetrics text) under the path prefix /_lambdasim/ of the backend's one listener. Everything else that the backend
// answers is AWS's own API. Times are RFC 3339 in UTC, durations are Go durations ("90s", "6h"). An error is an object
// {"error": {"code", "message"}} with a 4xx or 5xx status; the client returns it as *Error.
package control

import (
	"encoding/json"
	"time"
)

// Prefix is where the control API lives on the backend's listener.
const Prefix = "/_lambdasim/"

// Health answers GET health.
type Health struct {
	Status  string    `json:"status"` // "ok"
	Version string    `json:"version"`
	Clock   string    `json:"clock"` // real, virtual or auto
	Now     time.Time `json:"now"`
	PID     int       `json:"pid"`
}

// Clock answers GET clock.
type Clock struct {
	Mode string     `json:"mode"` // real, virtual or auto
	Now  time.Time  `json:"now"`
	Next *time.Time `json:"next,omitempty"` // when the next item falls due; absent where nothing waits
}

// Advance is the body of POST clock/advance: exactly one of By and To.
type Advance struct {
	By string     `json:"by,omitempty"` // a Go duration, not negative
	To *time.Time `json:"to,omitempty"` // not before now
}

// Advanced answers POST clock/advance once everything that fell due has run and the system is quiet.
type Advanced struct {
	Now time.Time `json:"now"`
	Ran int       `json:"ran"` // items that ran
}

// Drain is the body of POST drain.
type Drain struct {
	Timeout string `json:"timeout,omitempty"` // a Go duration of real time; 30s when empty
}

// Drained answers POST drain: with 200 when quiet, with 408 and what is still at work otherwise.
type Drained struct {
	Quiet    bool     `json:"quiet"`
	InFlight []string `json:"in_flight,omitempty"`
	Due      []string `json:"due,omitempty"`
}

// Source is where an event came from.
type Source struct {
	Service string `json:"service"`       // s3, kinesis, invoke, …
	ARN     string `json:"arn,omitempty"` // the resource; for a custom application the caller's ARN
}

// Delivery is the trace of one event and one target.
type Delivery struct {
	ID             int64     `json:"id"`
	Account        string    `json:"account"`
	Region         string    `json:"region"`
	Source         Source    `json:"source"`
	TargetARN      string    `json:"target_arn"`
	InvocationType string    `json:"invocation_type"` // RequestResponse or Event
	RequestID      string    `json:"request_id,omitempty"`
	Outcome        string    `json:"outcome"` // pending delivered denied filtered throttled failed dead_lettered expired dropped
	Attempts       int       `json:"attempts"`
	At             time.Time `json:"at"` // when the event was published
	// Parent is the id of the delivery that this one follows from, as a destination's from the invocation whose record it carries; 0
	// where nothing came before.
	Parent int64 `json:"parent,omitempty"`
	// Also are further ones, where a batch's records follow from several.
	Also  []int64 `json:"also,omitempty"`
	Steps []Step  `json:"steps"`
}

// Step is one thing that happened to a delivery.
type Step struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"` // published matched authorized queued invoked settled retried throttled filtered batched bisected delivered lost
	Reason string    `json:"reason,omitempty"`
	Rule   string    `json:"rule,omitempty"` // the id of the rule in docs/fidelity.md
	// Decision is the policy decision of an authorized step: its verdict, the statements consulted and what each lacked.
	Decision json.RawMessage `json:"decision,omitempty"`
}

// Deliveries answers GET deliveries, oldest first.
type Deliveries struct {
	Deliveries []Delivery `json:"deliveries"`
}

// DeliveriesQuery narrows GET deliveries. Zero values do not narrow.
type DeliveriesQuery struct {
	Function string // a function's name or ARN
	Source   string // a service's name or a source ARN
	Outcome  string
	Account  string
	Since    time.Time
	Limit    int   // at most 10000; 1000 when zero
	After    int64 // only deliveries with a greater id
}

// Mapping answers the question "what invokes this function, and who keeps that?".
type Mapping struct {
	Function       string `json:"function"` // the function's ARN, qualified where the mapping is
	Source         Source `json:"source"`
	Model          string `json:"model"`           // push, pull or custom
	KeptBy         string `json:"kept_by"`         // "s3" where the source keeps it, "lambda" for event source mappings
	ID             string `json:"id"`              // the notification's id, the mapping's UUID, the statement's id
	InvocationType string `json:"invocation_type"` // RequestResponse or Event
	Permission     string `json:"permission"`      // what it needs: a statement of the function's policy, or the role's right
	Permitted      bool   `json:"permitted"`       // whether that holds now
	Reason         string `json:"reason"`          // the statement that allows it, or what is missing
	State          string `json:"state,omitempty"` // of an event source mapping
}

// Mappings answers GET mappings.
type Mappings struct {
	Mappings []Mapping `json:"mappings"`
}

// Event is the body of POST events: an event of a service that has no API here.
type Event struct {
	Service       string          `json:"service"`                  // ses, config, iot, … : the principal is <service>.amazonaws.com
	SourceARN     string          `json:"source_arn,omitempty"`     // aws:SourceArn
	SourceAccount string          `json:"source_account,omitempty"` // aws:SourceAccount; the default account when empty
	FunctionName  string          `json:"function_name"`            // name, partial ARN or ARN, with or without qualifier
	Event         json.RawMessage `json:"event"`
}

// Published answers POST events.
type Published struct {
	Delivery Delivery        `json:"delivery"`
	Payload  json.RawMessage `json:"payload,omitempty"` // what the function answered, where the service calls synchronously
}

// Script is the scripted behaviour of a function: instead of its code, it answers as told.
type Script struct {
	// Outcomes are used one for each attempt at an event, in order; the last one repeats. Not empty.
	Outcomes []ScriptedOutcome `json:"outcomes"`
	// Cases are outcomes for events that contain a piece of JSON. The first that fits is used, Outcomes where none does.
	Cases []ScriptCase `json:"cases,omitempty"`
	// Per says what outcomes are counted by: "attempt" (the default) at each event, or "invocation" since the script was given.
	Per string `json:"per,omitempty"`
}

// What a script's outcomes are counted by.
const (
	PerAttempt    = "attempt"
	PerInvocation = "invocation"
)

// ScriptCase is how events end that contain a piece of JSON.
type ScriptCase struct {
	// Event is contained in an event when every member of an object is, and every item of an array in one of the event's.
	Event    json.RawMessage   `json:"event"`
	Outcomes []ScriptedOutcome `json:"outcomes"` // not empty
}

// ScriptedOutcome is how one attempt ends.
type ScriptedOutcome struct {
	Payload      json.RawMessage `json:"payload,omitempty"`       // what it returns; null when absent
	ErrorType    string          `json:"error_type,omitempty"`    // set: the attempt fails with this error type …
	ErrorMessage string          `json:"error_message,omitempty"` // … and this message
	Duration     string          `json:"duration,omitempty"`      // a Go duration of the simulator's clock; 0 when empty. Over the function's timeout: it times out
	Log          []string        `json:"log,omitempty"`           // lines that it logs
	Echo         bool            `json:"echo,omitempty"`          // returns the event it was given instead of Payload
}

// Reset is the body of POST reset.
type Reset struct {
	Account string `json:"account,omitempty"` // a 12-digit account; empty forgets everything
}

// Account is what an organization says about an account: the body of PUT accounts/{id}, and the answer to GET. Accounts that
// nobody has described are in no organization.
type Account struct {
	ID string `json:"id,omitempty"` // twelve digits; the path says it in PUT
	// OrganizationID is aws:PrincipalOrgID and aws:ResourceOrgID, for example o-a1b2c3d4e5. Empty: the account is in none.
	OrganizationID string `json:"organization_id,omitempty"`
	// OrganizationPath is aws:PrincipalOrgPaths, for example o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/. Empty: the key is absent.
	OrganizationPath string `json:"organization_path,omitempty"`
	// ManagementAccount says that the account manages the organization: control policies do not apply to it.
	ManagementAccount bool `json:"management_account,omitempty"`
	// ServiceControlPolicies are the SCPs that the account's users, roles and root user are under: a list for each level, the
	// organization's root first, the account itself last; each policy a JSON document as text. Every level must allow a
	// request. Empty: nothing is narrowed.
	ServiceControlPolicies [][]string `json:"service_control_policies,omitempty"`
	// ResourceControlPolicies are the RCPs that the account's resources are under. They only deny.
	ResourceControlPolicies []string `json:"resource_control_policies,omitempty"`
}

// Accounts answers GET accounts, by id.
type Accounts struct {
	Accounts []Account `json:"accounts"`
}

// Refusal is a decision that refused a request or, where refusals are only recorded (--iam audit), would have.
type Refusal struct {
	At        time.Time `json:"at"`
	Account   string    `json:"account"` // of the caller; of the source of a service
	Principal string    `json:"principal"`
	Action    string    `json:"action"`
	Resource  string    `json:"resource"`
	Message   string    `json:"message"` // what AWS says
	Reason    string    `json:"reason"`  // which statements were asked, and what each lacked
	Audited   bool      `json:"audited"` // it was let through
	// Decision is the policy decision: its verdict, the statements consulted and what each lacked.
	Decision json.RawMessage `json:"decision"`
}

// Refusals answers GET refusals, oldest first: the last thousand, none of before the backend's start.
type Refusals struct {
	Refusals []Refusal `json:"refusals"`
}

// Error is a refusal of the control API.
type Error struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }
