// Package logs keeps what functions wrote.
//
// Lambda writes a function's output to the log group of its configuration, in a stream named after the day and the
// version. Writing is behind: an invocation never waits for its log, and a crash loses the last moments of it. Events that
// are older than their group's retention are gone whenever somebody looks; a stream goes with its last event.
//
// A group with subscription filters is written at once, in one transaction with what follows from the lines: see Subscription.
package logs

import (
	"context"
	"crypto/sha256"
	"embed"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of logs.
var Schema = postgres.Schema{Name: "logs", Files: files}

// Store keeps log events. It is safe for concurrent use.
type Store struct {
	Clock *clock.Clock // by which retentions expire; nil: nothing does

	db     *postgres.DB
	behind *postgres.Behind[written]

	groupsChanged func()
	log           *slog.Logger
	carry         func(ctx context.Context, tx *postgres.Tx, b Batch) error

	mu            sync.Mutex                // guards subscriptions
	subscriptions map[place][]*Subscription // nil: they are to be read
}

// written is what one attempt wrote: lines, without the last one's end.
type written struct {
	account, region, group, stream string
	at                             time.Time
	lines                          string
	withheld                       bool
	cause                          string // what follows from it follows from this (trace.Cause)
}

// Event is one line.
type Event struct {
	Stream  string
	At      time.Time
	Message string
	// Withheld says that the execution role might not write it: CloudWatch's API does not show it.
	Withheld bool
}

// New returns a store over db.
func New(db *postgres.DB, log *slog.Logger) *Store {
	return &Store{db: db, log: log, groupsChanged: func() {}, behind: postgres.NewBehind(db, log, "logs", 2000, 50*time.Millisecond, write)}
}

// Group is the log group of a function: the configured one, or /aws/lambda/NAME.
func Group(v *function.Version) string {
	if v.LogGroup != "" {
		return v.LogGroup
	}
	return "/aws/lambda/" + v.Name
}

// Stream is the log stream of a function's version on a day: YYYY/MM/DD/[VERSION]HASH.
func Stream(v *function.Version, at time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", v.QualifiedARN(), v.Generation))
	return fmt.Sprintf("%s/[%s]%x", at.Format("2006/01/02"), v.Version, sum[:16])
}

// Append adds the lines of text to the function's log, or where they are withheld keeps them beside it: Tail alone shows them.
// What follows from them has the cause. What one attempt wrote is one row, taken apart when it is read: an invocation writes
// three lines at least, thousands of times a second.
func (s *Store) Append(ctx context.Context, v *function.Version, at time.Time, text []byte, withheld bool, cause string) {
	// PostgreSQL's text holds no NUL, and a function may write anything.
	lines := strings.ToValidUTF8(strings.ReplaceAll(string(text), "\x00", "\\0"), "\uFFFD")
	if lines = strings.TrimSuffix(lines, "\n"); lines == "" && len(text) == 0 {
		return
	}
	w := written{v.Account, v.Region, Group(v), Stream(v, at), at, lines, withheld, cause}
	if withheld {
		s.behind.Add(w)
		return
	}
	to, err := s.subscribed(ctx, place{w.account, w.region, w.group})
	if err == nil && len(to) > 0 {
		if err = s.deliver(ctx, w, to); err == nil {
			return
		}
	}
	if err != nil {
		s.log.Error("a log's subscriptions got nothing of it", "group", w.group, "error", err)
	}
	s.behind.Add(w)
}

// Tail returns the last n lines of a group, oldest first, those that were withheld among them.
func (s *Store) Tail(ctx context.Context, account, region, group string, n int) ([]Event, error) {
	if err := s.behind.Flush(ctx); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `
		SELECT stream, at, message, withheld FROM (
			SELECT id, stream, at, message, withheld FROM logs.events
			WHERE account = @account AND region = @region AND log_group = @group ORDER BY id DESC LIMIT @n) newest
		ORDER BY id`, // a row has a line at least
		pgx.NamedArgs{"account": account, "region": region, "group": group, "n": n})
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Event])
	if err != nil {
		return nil, err
	}
	var events []Event
	for _, e := range found {
		for line := range strings.SplitSeq(e.Message, "\n") {
			events = append(events, Event{e.Stream, e.At, line, e.Withheld})
		}
	}
	return events[max(0, len(events)-n):], nil
}

// Exists reports whether there is such a group: one that was made, or written to.
func (s *Store) Exists(ctx context.Context, account, region, group string) (there bool, err error) {
	err = s.db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM logs.groups WHERE account = @account AND region = @region AND name = @group)
		OR EXISTS (SELECT FROM logs.events WHERE account = @account AND region = @region AND log_group = @group AND NOT withheld)`,
		pgx.NamedArgs{"account": account, "region": region, "group": group}).Scan(&there)
	return there, err
}

// OnGroups registers f to be called when a group has been made or deleted. Call it before the store serves.
func (s *Store) OnGroups(f func()) { s.groupsChanged = f }

// Forget drops the logs of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	for _, sql := range []string{`DELETE FROM logs.events WHERE @account = '' OR account = @account`, `DELETE FROM logs.groups WHERE @account = '' OR account = @account`,
		`DELETE FROM logs.subscriptions WHERE @account = '' OR account = @account`} {
		if _, err := tx.Exec(ctx, sql, pgx.NamedArgs{"account": account}); err != nil {
			return err
		}
	}
	tx.AfterCommit(s.forgetSubscribed)
	return nil
}

// Close writes what is left.
func (s *Store) Close() { s.behind.Close() }

func write(ctx context.Context, tx *postgres.Tx, all []written) error {
	rows := make([][]any, len(all))
	for i, w := range all {
		rows[i] = []any{w.account, w.region, w.group, w.stream, w.at, w.lines, w.withheld}
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"logs", "events"},
		[]string{"account", "region", "log_group", "stream", "at", "message", "withheld"}, pgx.CopyFromRows(rows))
	return err
}
