package trace

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
)

// DefaultLimit and MaxLimit bound how many deliveries List returns.
const (
	DefaultLimit = 1000
	MaxLimit     = 10000
)

// Query narrows List. Zero values do not narrow.
type Query struct {
	Function string // the name of the target function, or its ARN with or without a qualifier
	Source   string // the source's service, or its ARN
	Outcome  Outcome
	Account  string
	Since    time.Time
	After    int64 // deliveries with a greater id
	Limit    int   // at most MaxLimit; DefaultLimit when 0
}

// List returns deliveries with their steps, oldest first, everything recorded before the call included.
func (r *Recorder) List(ctx context.Context, q Query) ([]Delivery, error) {
	if err := r.Flush(ctx); err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	found, err := r.db.Query(ctx, `
		SELECT id, account, region, source_service, source_arn, target_arn, invocation_type, request_id, at, outcome, attempts, parent, also
		FROM trace.deliveries
		WHERE id > @after
			AND (@function = '' OR target_arn = @function OR split_part(target_arn, ':', 7) = @function
				OR starts_with(target_arn, @function || ':'))
			AND (@source = '' OR source_service = @source OR source_arn = @source)
			AND (@outcome = '' OR outcome = @outcome)
			AND (@account = '' OR account = @account)
			AND (@since::timestamptz IS NULL OR at >= @since)
		ORDER BY id LIMIT @limit`,
		pgx.NamedArgs{"after": q.After, "function": q.Function, "source": q.Source, "outcome": string(q.Outcome),
			"account": q.Account, "since": nullable(q.Since), "limit": min(q.Limit, MaxLimit)})
	if err != nil {
		return nil, err
	}
	deliveries, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (d Delivery, err error) {
		err = row.Scan(&d.ID, &d.Account, &d.Region, &d.SourceService, &d.SourceARN, &d.TargetARN, &d.InvocationType,
			&d.RequestID, &d.At, &d.Outcome, &d.Attempts, &d.Parent, &d.Also)
		d.At = d.At.UTC()
		return d, err
	})
	if err != nil {
		return nil, err
	}
	return deliveries, r.steps(ctx, deliveries)
}

func (r *Recorder) steps(ctx context.Context, deliveries []Delivery) error {
	at := map[int64]*Delivery{}
	ids := make([]int64, len(deliveries))
	for i := range deliveries {
		ids[i] = deliveries[i].ID
		at[ids[i]] = &deliveries[i]
	}
	found, err := r.db.Query(ctx, `
		SELECT delivery, at, kind, reason, rule, decision FROM trace.steps WHERE delivery = ANY(@ids) ORDER BY seq`,
		pgx.NamedArgs{"ids": ids})
	if err != nil {
		return err
	}
	var id int64
	var s Step
	var decision []byte
	_, err = pgx.ForEachRow(found, []any{&id, &s.At, &s.Kind, &s.Reason, &s.Rule, &decision}, func() error {
		s.At, s.Decision = s.At.UTC(), json.RawMessage(append([]byte(nil), decision...))
		if len(s.Decision) == 0 {
			s.Decision = nil
		}
		at[id].Steps = append(at[id].Steps, s)
		return nil
	})
	return err
}

func nullable(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
