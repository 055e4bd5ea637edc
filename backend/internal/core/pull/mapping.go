// Package pull is the pull model: event source mappings that Lambda keeps, and the pollers that serve them.
//
// For each shard of a mapping's stream there is a lane. A lane reads as the function's execution role, puts records
// together to a batch, invokes the function synchronously, and moves its checkpoint when the function has succeeded. The
// function's own policy is not consulted: it is Lambda that invokes. One batch of a lane is at work at a time, so the order
// within a shard is never broken; a failing batch holds up its shard and no other.
//
//	idle ──write──▶ read as the role ──▶ batch ──▶ invoke ──ok──▶ checkpoint ──more──▶ read …
//	  ▲                  │ refused                    │ error
//	  │                  ▼                            ├─ attempts left ─▶ wait, then the same batch again
//	  └──── stopped, until the role changes           └─ none left ─▶ dropped, checkpoint
//
// A lane at rest has no item on the agenda and no timer. It is woken by a write to its stream (Wake), by a change of the
// role's account (WakeRoles), by a change of the mapping, and at start. What it must remember over a restart is in its row.
//
// Sources are services: each registers a Stream for its ARNs. The rules are those of the developer guide's pages on event
// source mappings for streams; how long a failing batch waits is not published, here it is 1 s doubling to 60 s.
package pull

import (
	"embed"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of mappings.
var Schema = postgres.Schema{Name: "pull", Files: files}

// StartingPosition is where a mapping begins to read a stream.
type StartingPosition string

// The starting positions.
const (
	TrimHorizon StartingPosition = "TRIM_HORIZON" // the oldest record that is still there
	Latest      StartingPosition = "LATEST"       // what comes after the mapping was made
	AtTimestamp StartingPosition = "AT_TIMESTAMP" // the first record that arrived at or after an instant
)

// Texts of LastProcessingResult, as recorded from AWS; the one about access is ours, AWS's is not established.
const (
	resultNone   = "No records processed"
	resultOK     = "OK"
	resultFailed = "PROBLEM: Function call failed"
	resultDenied = "PROBLEM: Cannot access stream with the function's execution role."
	resultTrust  = "PROBLEM: Lambda failed to assume your function execution role. Please check if the role trust Lambda service principal, and make sure it does not require setting source identity to be assumed."
)

// Infinite is the value of MaximumRetryAttempts and MaximumRecordAgeInSeconds without a limit.
const Infinite = -1

// Config is what a mapping was given. Fields are named as in the Lambda API.
type Config struct {
	BatchSize                 int // 1 to 10000
	StartingPosition          StartingPosition
	StartingPositionTimestamp time.Time
	MaximumRetryAttempts      int // -1 to 10000
}

// EventSourceMapping is a mapping from a stream to a function.
type EventSourceMapping struct {
	UUID, Account, Region string
	EventSourceARN        string
	FunctionARN           string
	Config
	Enabled      bool
	State        string // Creating, Enabled, Disabled, Updating, Deleting
	Reason       string // StateTransitionReason
	LastModified time.Time
	LastResult   string // LastProcessingResult
	Tags         map[string]string
}

// state is how a mapping at rest stands.
func (m *EventSourceMapping) rest() {
	m.State = "Disabled"
	if m.Enabled {
		m.State = "Enabled"
	}
}
