package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	runs "github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute"
)

// chronicle is what happened in a simulated world, in order: what the functions themselves wrote down, and what the world did
// to the backend. It is kept outside the backend, and outlives its crashes.
type chronicle struct {
	mu    sync.Mutex
	list  []happening
	seen  map[string]int // how often an item was received, by function and name
	cured bool           // poison has no effect any more
}

// What happens. A run is one invocation of a function; the others are the world's doing.
const (
	aRun     = "run"
	aDrain   = "drain"   // everything that was due has been settled
	aStop    = "stop"    // the backend was stopped and started again
	aCrash   = "crash"   // what was not committed is lost
	aConfig  = "config"  // a mapping is made or changed
	aRole    = "role"    // the pollers' role may, or may not
	aReserve = "reserve" // a function may run again, or not at all
)

type happening struct {
	what     string
	at       time.Time
	run      *run
	mapping  *simMapping
	config   simConfig
	function string
	may      bool
}

// run is one invocation as its function saw it.
type run struct {
	function, source string // source: the ARN, or "" for what did not come from a poller
	attempt          int
	items            []received
	window           json.RawMessage // of a tumbling window
	failed           bool
	answer           []byte
	takes            time.Duration
}

// received is one record, message or event of a run.
type received struct {
	id, name string
	receives int    // of a message
	key      string // of an item of a table
}

func (j *chronicle) add(h happening) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, h)
}

// position is how much has happened.
func (j *chronicle) position() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.list)
}

func (j *chronicle) cure() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cured = true
}

// functions are the code of every function of a world, in one life of its backend. What a function does stands in the names
// of what it is given: see behave.
type functions struct {
	*chronicle
	b *backend.Backend
}

func (f *functions) Prepare(_ context.Context, _ *function.Version, n int) (runs.Prepared, error) {
	return runs.Prepared{Ready: n}, nil
}
func (f *functions) Retire(string, string) {}
func (f *functions) Close()                {}

// Run receives an event, writes it down, and behaves as its items say.
func (f *functions) Run(_ context.Context, inv *runs.Invocation) (*runs.Outcome, error) {
	r, err := parseEvent(inv.Payload)
	if err != nil {
		return nil, fmt.Errorf("a function cannot read its event %s: %w", inv.Payload, err)
	}
	r.function, r.attempt = inv.Function.Name, inv.Attempt
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behave(r)
	f.list = append(f.list, happening{what: aRun, at: f.b.Now(), run: r})
	out := &runs.Outcome{Payload: r.answer, ExecutedVersion: inv.Function.Version}
	if r.failed {
		out = execute.Failed(inv, execute.Document("Boom", "as the event says"), "Boom", "as the event says")
	}
	out.Takes = r.takes
	return out, nil
}

// behave decides how a run ends. A name begins with what its item does to the function: fail2 makes it fail the first two
// times, poison until it is cured; report2 is reported as failed twice; junk1 makes the answer name what was not there, once;
// slow3 makes it take three seconds; ok and whatever else does nothing. Hold the lock.
func (f *functions) behave(r *run) {
	var reported []string
	for _, item := range r.items {
		word, _, _ := strings.Cut(item.name, "-")
		verb := strings.TrimRight(word, "0123456789")
		n, _ := strconv.Atoi(word[len(verb):])
		key := r.function + " " + r.source + " " + item.id + " " + item.key
		before := f.seen[key]
		f.seen[key]++
		switch {
		case verb == "slow":
			r.takes = max(r.takes, time.Duration(n)*time.Second)
		case verb == "poison" && !f.cured, verb == "fail" && before < n:
			r.failed = true
		case verb == "report" && before < n:
			reported = append(reported, item.id)
		case verb == "junk" && before < n:
			reported = append(reported, "what-was-not-there")
		}
	}
	r.answer = []byte("null")
	if len(reported) > 0 {
		var answer struct {
			Failures []map[string]string `json:"batchItemFailures"`
		}
		for _, id := range reported {
			answer.Failures = append(answer.Failures, map[string]string{"itemIdentifier": id})
		}
		r.answer, _ = json.Marshal(answer) // strings
	}
}

// parseEvent reads the event of any source.
func parseEvent(payload []byte) (*run, error) {
	var event struct {
		Name    string `json:"n"`
		Window  json.RawMessage
		Records []struct {
			EventSourceARN, EventID, MessageID, Body string
			Attributes                               struct{ ApproximateReceiveCount string }
			S3                                       struct{ Object struct{ Key string } }
			Kinesis                                  struct {
				SequenceNumber string
				Data           []byte
			}
			DynamoDB struct {
				SequenceNumber string
				Keys, NewImage map[string]map[string]any
			}
		}
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, err
	}
	r := &run{window: event.Window}
	if event.Records == nil {
		r.items = []received{{id: event.Name, name: event.Name}}
	}
	for _, e := range event.Records {
		r.source = e.EventSourceARN
		switch {
		case e.S3.Object.Key != "":
			r.source = ""
			r.items = append(r.items, received{id: e.S3.Object.Key, name: e.S3.Object.Key})
		case e.MessageID != "":
			n, err := strconv.Atoi(e.Attributes.ApproximateReceiveCount)
			if err != nil {
				return nil, err
			}
			r.items = append(r.items, received{id: e.MessageID, name: nameIn(e.Body), receives: n})
		case e.Kinesis.SequenceNumber != "":
			r.items = append(r.items, received{id: e.Kinesis.SequenceNumber, name: nameIn(string(e.Kinesis.Data))})
		case e.DynamoDB.SequenceNumber != "":
			name := "gone"
			if image := e.DynamoDB.NewImage; image != nil {
				name, _ = image["n"]["S"].(string)
			}
			r.items = append(r.items, received{id: e.DynamoDB.SequenceNumber, name: name, key: fmt.Sprint(e.DynamoDB.Keys["k"]["S"])})
		default:
			return nil, fmt.Errorf("a record of no source that the simulation has")
		}
	}
	return r, nil
}

// content is what a record or message holds: JSON with its name and kind, or plain text.
func content(name, kind string) string {
	if kind == "" {
		return name
	}
	return fmt.Sprintf(`{"n":%q,"kind":%q}`, name, kind)
}

func nameIn(text string) string {
	var c struct{ N string }
	if json.Unmarshal([]byte(text), &c) != nil {
		return text
	}
	return c.N
}
