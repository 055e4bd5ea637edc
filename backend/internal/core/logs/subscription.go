package logs

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs/filter"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// Subscription is a subscription filter of a log group: lines that its pattern lets through go to its destination.
type Subscription struct {
	Account, Region, Group, Name string
	Pattern                      string
	Destination                  string // ARN
	Distribution                 string // Random or ByLogStream: for destinations that have shards
	Created                      time.Time

	filter *filter.Filter
}

// MostSubscriptions is how many subscription filters a group has at most. Source: CloudWatch Logs quotas.
const MostSubscriptions = 2

// Batch is what one attempt wrote, as far as a subscription's pattern lets it through.
type Batch struct {
	Subscription *Subscription
	Stream       string
	Lines        []Line
	Cause        string // what follows from the lines follows from this (trace.Cause)
}

// place is a log group's whole name.
type place struct{ account, region, group string }

// OnSubscribed says who carries batches to their destinations. It is called in the transaction that stores the lines: a
// batch is on its way exactly when its lines are kept. Call it before anything is written.
func (s *Store) OnSubscribed(carry func(ctx context.Context, tx *postgres.Tx, b Batch) error) {
	s.carry = carry
}

// subscribed are the subscriptions of a group. Who has none is not to wait for the database: they are kept in memory.
func (s *Store) subscribed(ctx context.Context, p place) ([]*Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.subscriptions == nil {
		rows, err := s.db.Query(ctx, `SELECT account, region, log_group, name, pattern, destination, distribution, created FROM logs.subscriptions
			ORDER BY account, region, log_group, name COLLATE "C"`)
		if err != nil {
			return nil, err
		}
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Subscription, error) {
			n := &Subscription{}
			err := row.Scan(&n.Account, &n.Region, &n.Group, &n.Name, &n.Pattern, &n.Destination, &n.Distribution, &n.Created)
			if err == nil {
				n.Created = n.Created.UTC()
				n.filter, err = filter.Compile(n.Pattern)
			}
			return n, err
		})
		if err != nil {
			return nil, err
		}
		s.subscriptions = map[place][]*Subscription{}
		for _, n := range all {
			at := place{n.Account, n.Region, n.Group}
			s.subscriptions[at] = append(s.subscriptions[at], n)
		}
	}
	return s.subscriptions[p], nil
}

// forgetSubscribed has subscriptions read again.
func (s *Store) forgetSubscribed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscriptions = nil
}

// Subscriptions lists the subscription filters of a group by name. A group that does not exist is a fault of kind NotFound.
func (s *Store) Subscriptions(ctx context.Context, account, region, group string) ([]*Subscription, error) {
	if _, err := s.Group(ctx, account, region, group); err != nil {
		return nil, err
	}
	return s.subscribed(ctx, place{account, region, group})
}

// AllSubscriptions lists the subscription filters of an account, "" for all accounts.
func (s *Store) AllSubscriptions(ctx context.Context, account string) ([]*Subscription, error) {
	if _, err := s.subscribed(ctx, place{}); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*Subscription
	for at, of := range s.subscriptions {
		if account == "" || at.account == account {
			list = append(list, of...)
		}
	}
	return list, nil
}

// Subscribe writes a subscription filter, also over one of the same name; its pattern has been compiled by who calls. A filter
// too many is a fault of kind TooLarge, a group that does not exist one of kind NotFound.
func (s *Store) Subscribe(ctx context.Context, n *Subscription) error {
	if _, err := s.Group(ctx, n.Account, n.Region, n.Group); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		arguments := pgx.NamedArgs{"account": n.Account, "region": n.Region, "group": n.Group, "name": n.Name, "pattern": n.Pattern, "destination": n.Destination,
			"distribution": n.Distribution, "now": tx.Now}
		if _, err := tx.Exec(ctx, `INSERT INTO logs.subscriptions (account, region, log_group, name, pattern, destination, distribution, created)
			VALUES (@account, @region, @group, @name, @pattern, @destination, @distribution, @now)
			ON CONFLICT (account, region, log_group, name) DO UPDATE SET pattern = @pattern, destination = @destination, distribution = @distribution`, arguments); err != nil {
			return err
		}
		var count int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM logs.subscriptions WHERE account = @account AND region = @region AND log_group = @group`, arguments).Scan(&count); err != nil {
			return err
		}
		if count > MostSubscriptions {
			return fault.New(fault.TooLarge, "Resource limit exceeded.")
		}
		tx.AfterCommit(s.forgetSubscribed)
		return nil
	})
}

// Unsubscribe removes a subscription filter. One that is not there is a fault of kind NotFound.
func (s *Store) Unsubscribe(ctx context.Context, account, region, group, name string) error {
	if _, err := s.Group(ctx, account, region, group); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		done, err := tx.Exec(ctx, `DELETE FROM logs.subscriptions WHERE account = @account AND region = @region AND log_group = @group AND name = @name`,
			pgx.NamedArgs{"account": account, "region": region, "group": group, "name": name})
		if err == nil && done.RowsAffected() == 0 {
			err = fault.New(fault.NotFound, "The specified subscription filter does not exist.")
		}
		tx.AfterCommit(s.forgetSubscribed)
		return err
	})
}

// deliver stores what a subscribed group was written, and hands over what its subscriptions let through.
func (s *Store) deliver(ctx context.Context, w written, to []*Subscription) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		var row int64
		if err := tx.QueryRow(ctx, `INSERT INTO logs.events (account, region, log_group, stream, at, message)
			VALUES (@account, @region, @group, @stream, @at, @lines) RETURNING id`,
			pgx.NamedArgs{"account": w.account, "region": w.region, "group": w.group, "stream": w.stream, "at": w.at, "lines": w.lines}).Scan(&row); err != nil {
			return err
		}
		lines := linesOf(row, Event{Stream: w.stream, At: w.at, Message: w.lines})
		for _, n := range to {
			b := Batch{Subscription: n, Stream: w.stream, Cause: w.cause}
			for _, l := range lines {
				if n.filter.Match(l.Message) {
					b.Lines = append(b.Lines, l)
				}
			}
			if len(b.Lines) == 0 {
				continue
			}
			if err := s.carry(ctx, tx, b); err != nil {
				return err
			}
		}
		return nil
	})
}
