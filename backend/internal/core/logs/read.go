package logs

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// Position is where a line stands in a group: the row of its attempt, and the line there. Positions grow.
type Position struct{ Row, Line int64 }

func (p Position) before(o Position) bool { return p.Row < o.Row || p.Row == o.Row && p.Line < o.Line }

// Line is one line of a log, as it is read.
type Line struct {
	Event
	Position Position
}

// Query says which lines are read.
type Query struct {
	Account, Region, Group string
	Streams                []string // empty: all
	Prefix                 string   // of streams' names
	From, To               time.Time
	After, Before          Position // zero: from the first, to the last
	Backward               bool     // the last ones of what there is, instead of the first
	Limit                  int      // lines
}

// Read returns lines, oldest first, and whether the limit left some out. A group that does not exist is a fault of kind
// NotFound.
func (s *Store) Read(ctx context.Context, q Query) (lines []Line, more bool, err error) {
	if err := s.expire(ctx, q.Account, q.Region, q.Group); err != nil {
		return nil, false, err
	}
	order, before := "ASC", q.Before.Row
	if q.Backward {
		order = "DESC"
	}
	if before == 0 {
		before = 1<<63 - 1
	}
	var to *time.Time
	if !q.To.IsZero() {
		to = &q.To
	}
	// A row has a line at least: one row more than lines are wanted says whether there are more.
	rows, err := s.db.Query(ctx, `SELECT id, stream, at, message FROM logs.events WHERE account = @account AND region = @region AND log_group = @group AND NOT withheld
		AND (@streams::text[] = '{}' OR stream = ANY(@streams)) AND starts_with(stream, @prefix) AND at >= @from AND (@to::timestamptz IS NULL OR at < @to)
		AND id >= @after AND id <= @before ORDER BY id `+order+` LIMIT @limit`,
		pgx.NamedArgs{"account": q.Account, "region": q.Region, "group": q.Group, "streams": append([]string{}, q.Streams...), "prefix": q.Prefix,
			"from": q.From, "to": to, "after": q.After.Row, "before": before, "limit": q.Limit + 2})
	if err != nil {
		return nil, false, err
	}
	type row struct {
		ID      int64
		Stream  string
		At      time.Time
		Message string
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, false, err
	}
	for i := range found {
		r := found[i]
		if q.Backward {
			r = found[len(found)-1-i]
		}
		for _, l := range linesOf(r.ID, Event{Stream: r.Stream, At: r.At.UTC(), Message: r.Message}) {
			if q.After.before(l.Position) && (q.Before.Row == 0 || l.Position.before(q.Before)) {
				lines = append(lines, l)
			}
		}
	}
	if more = len(lines) > q.Limit; more && q.Backward {
		lines = lines[len(lines)-q.Limit:]
	} else if more {
		lines = lines[:q.Limit]
	}
	return lines, more, nil
}

// linesOf takes a row apart.
func linesOf(row int64, e Event) []Line {
	var lines []Line
	for text := range strings.SplitSeq(e.Message, "\n") {
		lines = append(lines, Line{Event{Stream: e.Stream, At: e.At, Message: text}, Position{row, int64(len(lines)) + 1}})
	}
	return lines
}

// LogStream is a stream of a group.
type LogStream struct {
	Name        string
	First, Last time.Time
	Bytes       int64
}

// expire removes what is older than a group's retention. A group that does not exist is a fault of kind NotFound.
func (s *Store) expire(ctx context.Context, account, region, group string) error {
	g, err := s.Group(ctx, account, region, group)
	if err != nil || g.Retention == 0 || s.Clock == nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM logs.events WHERE account = @account AND region = @region AND log_group = @group AND at < @oldest`,
			pgx.NamedArgs{"account": account, "region": region, "group": group, "oldest": s.Clock.Now().AddDate(0, 0, -g.Retention)})
		return err
	})
}

// Latest lists the streams of a group, those with the newest events first.
func (s *Store) Latest(ctx context.Context, account, region, group string, skip, limit int) ([]LogStream, error) {
	if err := s.expire(ctx, account, region, group); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT stream, min(at), max(at), sum(length(message)) FROM logs.events
		WHERE account = @account AND region = @region AND log_group = @group AND NOT withheld
		GROUP BY stream ORDER BY max(at) DESC, stream COLLATE "C" DESC OFFSET @skip LIMIT @limit`,
		pgx.NamedArgs{"account": account, "region": region, "group": group, "skip": skip, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[LogStream])
}

// Streams lists the streams of a group by name, those that begin with a prefix, after one.
func (s *Store) Streams(ctx context.Context, account, region, group, prefix, after string, limit int) ([]LogStream, error) {
	if err := s.expire(ctx, account, region, group); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT stream, min(at), max(at), sum(length(message)) FROM logs.events
		WHERE account = @account AND region = @region AND log_group = @group AND NOT withheld AND starts_with(stream, @prefix) AND stream > @after
		GROUP BY stream ORDER BY stream COLLATE "C" LIMIT @limit`,
		pgx.NamedArgs{"account": account, "region": region, "group": group, "prefix": prefix, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[LogStream])
}
