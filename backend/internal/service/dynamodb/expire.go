package dynamodb

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
)

// Kinds of items of the agenda. Both are volatile: what they do is found again in the tables.
const (
	kindTrim   = "dynamodb.trim"
	kindExpire = "dynamodb.expire"
)

// expireBatch is how many expired items are deleted at once.
const expireBatch = 100

// Start plans the trimming and the expiries that are due. Call it once the agenda has started.
func (s *Store) Start(ctx context.Context) error {
	next, err := s.nextTrim(ctx)
	if err != nil {
		return err
	}
	if next != nil {
		s.planTrim(*next)
	}
	rows, err := s.db.Query(ctx, `SELECT `+tableColumns+` FROM dynamodb.tables WHERE config->>'TTL' <> '' ORDER BY id`)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, scanTable)
	for _, t := range list {
		if err == nil {
			err = s.planNextExpiry(ctx, t)
		}
	}
	return err
}

// planTrim puts the trimming on the agenda, unless it is there.
func (s *Store) planTrim(due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.trimming {
		s.trimming = true
		s.agenda.Volatile(agenda.Item{Kind: kindTrim, Due: due, Background: true})
	}
}

// trim deletes records that are a day old, and shards and streams that were closed a day ago.
func (s *Store) trim(ctx context.Context, _ agenda.Item) (agenda.Verdict, error) {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		oldest := tx.Now.Add(-retention)
		for _, sql := range []string{`DELETE FROM dynamodb.records WHERE at <= $1`, `DELETE FROM dynamodb.shards WHERE closed <= $1`,
			`DELETE FROM dynamodb.streams WHERE closed <= $1`} {
			if _, err := tx.Exec(ctx, sql, oldest); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return agenda.Done(), err
	}
	s.mu.Lock()
	s.trimming = false
	s.mu.Unlock()
	next, err := s.nextTrim(ctx)
	if err == nil && next != nil {
		s.planTrim(*next)
	}
	return agenda.Done(), err
}

// nextTrim is when something will be a day old; nil when there is nothing.
func (s *Store) nextTrim(ctx context.Context) (*time.Time, error) {
	var oldest *time.Time
	err := s.db.QueryRow(ctx, `SELECT least((SELECT min(at) FROM dynamodb.records), (SELECT min(closed) FROM dynamodb.shards), (SELECT min(closed) FROM dynamodb.streams))`).Scan(&oldest)
	if err != nil || oldest == nil {
		return nil, err
	}
	due := oldest.Add(retention)
	return &due, nil
}

// planExpiry puts the deletion of a table's expired items on the agenda, unless it is there for as early an instant.
func (s *Store) planExpiry(t *table, seconds int64) {
	due := time.Unix(min(seconds, 1<<37), 0) // the year 6325 at most
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.expiring[t.id]; ok && !due.Before(at) {
		return
	}
	s.expiring[t.id] = due
	s.agenda.Volatile(agenda.Item{Kind: kindExpire, Lane: strconv.FormatInt(t.id, 10), Account: t.account, Due: due, Background: true,
		Body: []byte(t.arn())})
}

func (s *Store) planNextExpiry(ctx context.Context, t *table) error {
	var next *int64
	err := s.db.QueryRow(ctx, `SELECT min(expires) FROM dynamodb.items WHERE tbl = $1`, t.id).Scan(&next)
	if err == nil && next != nil {
		s.planExpiry(t, *next)
	}
	return err
}

// expire deletes items of a table whose time has come.
func (s *Store) expire(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	p, name, _, _ := splitTable(string(item.Body))
	t, err := s.get(ctx, p.Account, p.Region, name)
	if fault.Is(err, fault.NotFound) {
		return agenda.Done(), nil
	}
	if err != nil {
		return agenda.Done(), err
	}
	for {
		rows, err := s.db.Query(ctx, `SELECT body FROM dynamodb.items WHERE tbl = @tbl AND expires <= @now ORDER BY expires, place LIMIT @limit`,
			pgx.NamedArgs{"tbl": t.id, "now": s.db.Now().Unix(), "limit": expireBatch})
		if err != nil {
			return agenda.Done(), err
		}
		bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
		if err != nil {
			return agenda.Done(), err
		}
		if len(bodies) == 0 {
			break
		}
		c := &call{}
		for _, body := range bodies {
			it, err := expression.DecodeItem(body)
			if err != nil {
				return agenda.Done(), err
			}
			at, _ := t.positionOf(t.Keys, it)
			c.groups = append(c.groups, &group{ops: []*op{{verb: expire, table: t, at: at, item: t.keyItem(it)}}})
		}
		if err := s.write(ctx, c); err != nil {
			return agenda.Done(), err
		}
	}
	s.mu.Lock()
	delete(s.expiring, t.id)
	s.mu.Unlock()
	return agenda.Done(), s.planNextExpiry(ctx, t)
}

// setTTL enables the time to live of an attribute, or disables it with "". Expiries of items that are there are written anew.
func (s *Store) setTTL(ctx context.Context, t *table, attribute string, enable bool) error {
	now, err := s.change(ctx, t, func(ctx context.Context, tx *postgres.Tx, t *table, _ map[int]int64) error {
		if enable == (t.TTL != "") {
			if enable {
				return invalid("TimeToLive is already enabled")
			}
			return invalid("TimeToLive is already disabled")
		}
		if !enable && t.TTL != attribute {
			return invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", t.TTL)
		}
		t.TTL, t.TTLWas = attribute, attribute
		if !enable {
			t.TTL = ""
			_, err := tx.Exec(ctx, `UPDATE dynamodb.items SET expires = NULL WHERE tbl = $1`, t.id)
			return err
		}
		return t.rewriteExpiries(ctx, tx)
	})
	if err != nil {
		return err
	}
	return s.planNextExpiry(ctx, now)
}

// each runs f over the items of a table.
func (t *table) each(ctx context.Context, tx *postgres.Tx, f func(at position, item expression.Item)) error {
	rows, err := tx.Query(ctx, `SELECT place, hash, sort, body FROM dynamodb.items WHERE tbl = $1`, t.id)
	if err != nil {
		return err
	}
	var at position
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&at.place, &at.hash, &at.sort, &body}, func() error {
		item, err := expression.DecodeItem(body)
		if err == nil {
			f(position{at.place, append([]byte{}, at.hash...), append([]byte{}, at.sort...)}, item)
		}
		return err
	})
	return err
}

func (t *table) rewriteExpiries(ctx context.Context, tx *postgres.Tx) error {
	var rows columns
	var expires []int64
	if err := t.each(ctx, tx, func(at position, item expression.Item) {
		if seconds := t.expiry(item, tx.Now); seconds != nil {
			rows.add(t.id, 0, at)
			expires = append(expires, *seconds)
		}
	}); err != nil {
		return err
	}
	args := rows.args()
	args["expires"] = expires
	_, err := tx.Exec(ctx, `UPDATE dynamodb.items i SET expires = e.expires
		FROM unnest(@tables::bigint[], @places::bigint[], @hashes::bytea[], @sorts::bytea[], @expires::bigint[]) AS e(tbl, place, hash, sort, expires)
		WHERE (i.tbl, i.place, i.hash, i.sort) = (e.tbl, e.place, e.hash, e.sort)`, args)
	return err
}

// fillIndex enters the items of a table in an index that it has just got.
func (t *table) fillIndex(ctx context.Context, tx *postgres.Tx, x *index) error {
	var rows entries
	if err := t.each(ctx, tx, func(at position, item expression.Item) {
		if p, ok := t.positionOf(x.Keys, item); ok {
			rows.add(t.id, x.N, p, at)
		}
	}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, insertEntries, rows.args())
	return err
}
