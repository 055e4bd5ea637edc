package trace

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the trace's tables.
var Schema = postgres.Schema{Name: "trace", Files: files}

// idsPerEpoch is how many deliveries and steps one start of the backend can number. What is written behind may be lost in
// a crash, so numbers are never read back from the tables: each start has a range of its own.
const idsPerEpoch = 1_000_000_000

// Recorder records deliveries. It is safe for concurrent use and never waits for the database.
type Recorder struct {
	db     *postgres.DB
	clk    *clock.Clock
	nextID atomic.Int64
	seq    atomic.Int64
	behind *postgres.Behind[entry]
}

// entry is one thing to write: a delivery as far as it is known, and new steps.
type entry struct {
	Header
	outcome  Outcome
	attempts int
	steps    []numbered
}

type numbered struct {
	seq int64
	Step
}

// NewRecorder returns a recorder that writes to db.
func NewRecorder(db *postgres.DB, clk *clock.Clock, log *slog.Logger) *Recorder {
	r := &Recorder{db: db, clk: clk}
	base := int64(db.Epoch()-1) * idsPerEpoch
	r.nextID.Store(base)
	r.seq.Store(base)
	r.behind = postgres.NewBehind(db, log, "trace", 2000, 20*time.Millisecond, write)
	return r
}

// Open begins a delivery: it numbers the header, stamps it when it has no instant yet, and records the first steps.
func (r *Recorder) Open(h Header, steps ...Step) Header {
	h = r.Reserve(h)
	r.Add(h, steps...)
	return h
}

// Reserve gives a delivery its id and its instant. It is in the trace once steps are added: after the commit of what it is
// about, so that what is rolled back leaves nothing.
func (r *Recorder) Reserve(h Header) Header {
	h.ID = r.nextID.Add(1)
	if h.At.IsZero() {
		h.At = r.clk.Now()
	}
	return h
}

// Add records steps of a delivery that stays open. Steps without an instant happen now.
func (r *Recorder) Add(h Header, steps ...Step) { r.record(h, Pending, 0, steps) }

// Attempt records that an attempt ran: the number of attempts so far, and the steps.
func (r *Recorder) Attempt(h Header, attempts int, steps ...Step) {
	r.record(h, Pending, attempts, steps)
}

// Settle ends a delivery.
func (r *Recorder) Settle(h Header, outcome Outcome, steps ...Step) { r.record(h, outcome, 0, steps) }

func (r *Recorder) record(h Header, outcome Outcome, attempts int, steps []Step) {
	e := entry{Header: h, outcome: outcome, attempts: attempts, steps: make([]numbered, len(steps))}
	for i, s := range steps {
		if s.At.IsZero() {
			s.At = r.clk.Now()
		}
		s.Reason, s.Decision = storable(s.Reason), storableJSON(s.Decision)
		e.steps[i] = numbered{r.seq.Add(1), s}
	}
	r.behind.Add(e)
}

// storable is s without what PostgreSQL does not keep in text: a NUL, and bytes that are not UTF-8. A function writes its own
// error messages, and these are part of reasons.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

// storableJSON is storable for a JSON text, where a NUL is an escape.
func storableJSON(text json.RawMessage) json.RawMessage {
	const escape = `\u0000`
	if !bytes.Contains(text, []byte(escape)) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch {
		case bytes.HasPrefix(text[i:], []byte(escape)):
			out = append(out, `\ufffd`...)
			i += len(escape) - 1
		case text[i] == '\\' && i+1 < len(text): // an escape, of a backslash maybe: its second half begins none
			out = append(out, text[i], text[i+1])
			i++
		default:
			out = append(out, text[i])
		}
	}
	return out
}

// Flush returns once everything recorded so far can be listed.
func (r *Recorder) Flush(ctx context.Context) error { return r.behind.Flush(ctx) }

// Close writes what is left.
func (r *Recorder) Close() { r.behind.Close() }

// Forget drops the deliveries to targets of an account ("" for all), in the caller's transaction.
func (r *Recorder) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	_, err := tx.Exec(ctx, `
		WITH gone AS (DELETE FROM trace.deliveries WHERE @account = '' OR account = @account RETURNING id)
		DELETE FROM trace.steps WHERE delivery IN (SELECT id FROM gone)`, pgx.NamedArgs{"account": account})
	return err
}

// write stores a batch: each delivery once, with its last word, and every step.
func write(ctx context.Context, tx *postgres.Tx, entries []entry) error {
	merged := map[int64]*entry{}
	var order []int64
	var steps [][]any
	for i := range entries {
		e := &entries[i]
		for _, s := range e.steps {
			var decision any
			if s.Decision != nil {
				decision = json.RawMessage(s.Decision)
			}
			steps = append(steps, []any{s.seq, e.ID, s.At, string(s.Kind), s.Reason, s.Rule, decision})
		}
		m, ok := merged[e.ID]
		if !ok {
			merged[e.ID], order = e, append(order, e.ID)
			continue
		}
		m.attempts = max(m.attempts, e.attempts)
		if e.outcome != Pending {
			m.outcome = e.outcome
		}
		if e.RequestID != "" {
			m.RequestID = e.RequestID
		}
	}
	if err := upsert(ctx, tx, merged, order); err != nil {
		return err
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"trace", "steps"},
		[]string{"seq", "delivery", "at", "kind", "reason", "rule", "decision"}, pgx.CopyFromRows(steps))
	return err
}

func upsert(ctx context.Context, tx *postgres.Tx, merged map[int64]*entry, order []int64) error {
	n := len(order)
	var (
		accounts, regions, services, sources = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		targets, types, requests, outcomes   = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
		ats                                  = make([]time.Time, n)
		parents                              = make([]int64, n)
		also                                 = make([]*string, n) // an array's text: arrays of arrays must be of one length
		attempts                             = make([]int32, n)
	)
	for i, id := range order {
		e := merged[id]
		accounts[i], regions[i], services[i], sources[i] = e.Account, e.Region, e.SourceService, e.SourceARN
		targets[i], types[i], requests[i], outcomes[i] = e.TargetARN, e.InvocationType, e.RequestID, string(e.outcome)
		ats[i], attempts[i], parents[i] = e.At, int32(e.attempts), e.Parent
		if len(e.Also) > 0 {
			text := "{" + strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Also), " ", ","), "[]") + "}"
			also[i] = &text
		}
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO trace.deliveries AS d (id, account, region, source_service, source_arn, target_arn, invocation_type,
			request_id, at, outcome, attempts, parent, also)
		SELECT id, account, region, service, source, target, type, request, at, outcome, attempt, parent, also::bigint[]
		FROM unnest(@ids::bigint[], @accounts::text[], @regions::text[], @services::text[], @sources::text[],
			@targets::text[], @types::text[], @requests::text[], @ats::timestamptz[], @outcomes::text[], @attempts::int[], @parents::bigint[], @also::text[])
			AS x (id, account, region, service, source, target, type, request, at, outcome, attempt, parent, also)
		ON CONFLICT (id) DO UPDATE SET
			outcome = CASE WHEN excluded.outcome = 'pending' THEN d.outcome ELSE excluded.outcome END,
			attempts = greatest(d.attempts, excluded.attempts),
			request_id = CASE WHEN excluded.request_id = '' THEN d.request_id ELSE excluded.request_id END`,
		pgx.NamedArgs{"ids": order, "accounts": accounts, "regions": regions, "services": services, "sources": sources,
			"targets": targets, "types": types, "requests": requests, "ats": ats, "outcomes": outcomes, "attempts": attempts,
			"parents": parents, "also": also})
	return err
}
