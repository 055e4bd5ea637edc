// Package pull is the pull model: event source mappings that Lambda keeps, and the pollers that serve them.
//
// A poller reads as the function's execution role, puts records or messages together to a batch, and invokes the function
// synchronously. The function's own policy is not consulted: it is Lambda that invokes. There are two kinds of sources, and
// each is a contract that a service registers for its ARNs.
//
// A Stream is read shard by shard. For each shard of a mapping's stream there is a lane (or as many as the parallelization
// factor says, each with its part of the keys). One batch of a lane is at work at a time, so the order within a shard is
// never broken; a failing batch holds up its lane and no other. What a lane must remember over a restart is in its row: the
// checkpoint, which moves when the function has succeeded and never before, and the batch that is being tried again.
//
//	idle ──write──▶ read ──▶ filter ──▶ window ──▶ role? ──▶ invoke ──ok──▶ checkpoint ──more──▶ read …
//	  ▲               │ too old           │ no       │ error
//	  │               ▼                   ▼          ├─ can be split ──▶ halves, the first half first
//	  │            dropped            stopped until  ├─ attempts left ─▶ wait, then the same batch again
//	  └─────────────────────────── the role changes  └─ none left ─────▶ destination, checkpoint
//
// With tumbling windows (tumbling.go) a lane's batches each belong to one window of time, whose state goes from invocation to
// invocation and is dropped after the last one. A shard that came from others is read after them (discover.go).
//
// A Queue is received from. For each mapping there is a receiver, which takes messages as long as fewer batches are at work
// than may be, and the batches themselves, which run side by side. A batch that succeeds is deleted from the queue. One
// that fails isn't: the queue shows its messages again after the visibility timeout. So nothing needs to be remembered.
//
//	idle ──write, or a message visible again──▶ role? ──▶ receive ──▶ window ──▶ batch ──▶ invoke ──▶ delete, or leave
//
// A lane or a receiver at rest has no item on the agenda and no timer. It is woken by a write to its source (Wake,
// WakeQueue), by a change of the account's roles (WakeRoles) or of the function (WakeFunction), by a change of the mapping,
// and at start. A wake-up that comes while it works makes it look once more.
//
// The rules are those of the developer guide's pages on event source mappings, and what was recorded from AWS; how long a
// failing batch of a stream waits is not published, here it is 1 s doubling to 60 s.
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

// Texts of LastProcessingResult, as recorded from AWS, but for the last two: what AWS says there is not established.
const (
	resultNone     = "No records processed"
	resultOK       = "OK"
	resultFailed   = "PROBLEM: Function call failed"
	resultTrust    = "PROBLEM: Lambda failed to assume your function execution role. Please check if the role trust Lambda service principal, and make sure it does not require setting source identity to be assumed."
	resultDenied   = "PROBLEM: Cannot access stream with the function's execution role."
	resultNoStream = "PROBLEM: Stream not found."
)

// Infinite is the value of MaximumRetryAttempts and MaximumRecordAgeInSeconds without a limit.
const Infinite = -1

// Config is what a mapping was given. Fields are named as in the Lambda API.
type Config struct {
	BatchSize                      int // 1 to 10000; of a FIFO queue 1 to 10
	MaximumBatchingWindowInSeconds int // 0 to 300
	ReportBatchItemFailures        bool
	Filters                        []string // patterns, any of which lets a record through; none lets all; at most 5

	// Of streams alone.
	StartingPosition           StartingPosition
	StartingPositionTimestamp  time.Time
	MaximumRetryAttempts       int // -1 to 10000
	MaximumRecordAgeInSeconds  int // -1, or 60 to 604800
	BisectBatchOnFunctionError bool
	ParallelizationFactor      int    // 1 to 10
	OnFailure                  string // ARN of where a record of a batch that was given up goes; empty for nowhere
	TumblingWindowInSeconds    int    // 0 to 900; 0 for none

	// Of queues alone.
	MaximumConcurrency             int // 2 to 1000; 0 for none
	MinimumPollers, MaximumPollers int // of the provisioned mode, 2 to 200 and 2 to 2000; 0 for none

	KMSKey     string // ARN of the key that encrypts the filters; "" for none
	EventCount bool   // whether the mapping's own figures are counted (MetricsConfig)
}

// window is how long a batch may be collected.
func (c *Config) window() time.Duration {
	return time.Duration(c.MaximumBatchingWindowInSeconds) * time.Second
}

// EventSourceMapping is a mapping from a source to a function.
type EventSourceMapping struct {
	UUID, Account, Region string
	EventSourceARN        string
	FunctionARN           string
	Config
	Enabled      bool
	State        string // Creating, Enabled, Disabled, Updating, Deleting
	Reason       string // StateTransitionReason
	LastModified time.Time
	LastResult   string // LastProcessingResult; empty for queues, which have none
	Tags         map[string]string

	filters filters // Config.Filters, compiled
}

// rest gives a mapping the state in which it is between changes, and fills in what rows of earlier versions lack.
func (m *EventSourceMapping) rest() {
	m.State = "Disabled"
	if m.Enabled {
		m.State = "Enabled"
	}
	if m.MaximumRecordAgeInSeconds == 0 {
		m.MaximumRecordAgeInSeconds = Infinite
	}
	m.ParallelizationFactor = max(m.ParallelizationFactor, 1)
}
