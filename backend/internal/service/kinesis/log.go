package kinesis

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// record is one record on its way in or out.
type record struct {
	shard   int
	seq     int64
	key     string
	data    []byte
	arrival time.Time
	parent  int64 // the delivery that it follows from; 0 for none; of records that are read
}

// put is the records of one call.
type put struct {
	stream  *stream
	parent  int64    // the delivery that the call follows from; 0 for none
	records []record // write fills in seq
}

// place is a shard of a stream.
type place struct {
	stream int64
	shard  int
}

// write commits the records of several calls. It locks the shards' rows in one order, so that two flushers never wait for
// each other.
func (s *Store) write(ctx context.Context, tx *postgres.Tx, puts []*put) error {
	count := map[place]int64{}
	streams := map[place]*stream{}
	for _, p := range puts {
		for _, r := range p.records {
			at := place{p.stream.id, r.shard}
			count[at]++
			streams[at] = p.stream
		}
	}
	places := make([]place, 0, len(count))
	for at := range count {
		places = append(places, at)
	}
	slices.SortFunc(places, func(x, y place) int {
		if x.stream != y.stream {
			return int(x.stream - y.stream)
		}
		return x.shard - y.shard
	})
	next, arrivals := map[place]int64{}, map[place]time.Time{}
	for _, at := range places {
		var last int64
		var arrival time.Time
		err := tx.QueryRow(ctx, `UPDATE kinesis.shards SET last = last + @n, arrival = greatest(arrival, @now)
			WHERE stream = @stream AND shard = @shard RETURNING last, arrival`,
			pgx.NamedArgs{"n": count[at], "now": tx.Now, "stream": at.stream, "shard": at.shard}).Scan(&last, &arrival)
		if errors.Is(err, pgx.ErrNoRows) {
			return notFound(streams[at].account, streams[at].name)
		}
		if err != nil {
			return err
		}
		next[at], arrivals[at] = last-count[at], arrival.UTC()
	}
	var rows [][]any
	for _, p := range puts {
		for i := range p.records {
			r := &p.records[i]
			at := place{p.stream.id, r.shard}
			next[at]++
			r.seq, r.arrival = next[at], arrivals[at]
			rows = append(rows, []any{p.stream.id, r.shard, r.seq, r.key, r.data, r.arrival, p.parent})
		}
	}
	tx.AfterCommit(func() {
		for _, at := range places {
			s.wake(streams[at].arn(), shardID(at.shard))
			s.trimLater(streams[at], tx.Now)
		}
	})
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"kinesis", "records"}, []string{"stream", "shard", "seq", "key", "data", "arrival", "parent"}, pgx.CopyFromRows(rows))
	return err
}

// oldest is the instant at which a stream's records have become too old.
func (s *Store) oldest(st *stream) time.Time {
	return s.db.Now().Add(-time.Duration(st.retention) * time.Hour)
}

// read returns records of a shard after a sequence, within the retention. It ends early once it has as much as one answer may hold.
func (s *Store) read(ctx context.Context, st *stream, shard int, after int64, limit int) (records []record, err error) {
	rows, err := s.db.Query(ctx, `SELECT shard, seq, key, data, arrival, parent FROM kinesis.records
		WHERE stream = @stream AND shard = @shard AND seq > @after AND arrival > @oldest ORDER BY seq LIMIT @limit`,
		pgx.NamedArgs{"stream": st.id, "shard": shard, "after": after, "limit": limit, "oldest": s.oldest(st)})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	size := 0
	for rows.Next() && size < maxGetBytes {
		var r record
		if err := rows.Scan(&r.shard, &r.seq, &r.key, &r.data, &r.arrival, &r.parent); err != nil {
			return nil, err
		}
		size += len(r.data)
		records = append(records, r)
	}
	return records, rows.Err()
}

// newest is the sequence of a shard's newest record, and of the newest before an instant where one is given.
func (s *Store) newest(ctx context.Context, st *stream, shard int, before *time.Time) (seq int64, err error) {
	if before == nil {
		err = s.db.QueryRow(ctx, `SELECT last FROM kinesis.shards WHERE stream = $1 AND shard = $2`, st.id, shard).Scan(&seq)
		return seq, err
	}
	err = s.db.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM kinesis.records WHERE stream = $1 AND shard = $2 AND arrival < $3`,
		st.id, shard, *before).Scan(&seq)
	return seq, err
}

// Trimming: how often a stream is looked at, and how many records one transaction deletes.
const (
	kindTrim  = "kinesis.trim"
	trimEvery = time.Minute
	trimBatch = 10000
)

// Start finds the streams that have records to be trimmed one day.
func (s *Store) Start(ctx context.Context) error {
	rows, err := s.db.Query(ctx, `SELECT account, region, name FROM kinesis.streams t
		WHERE EXISTS (SELECT FROM kinesis.records r WHERE r.stream = t.id) ORDER BY id`)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (st stream, err error) {
		err = row.Scan(&st.account, &st.region, &st.name)
		return st, err
	})
	for _, st := range list {
		found, err := s.get(ctx, st.account, st.region, st.name)
		if err != nil {
			return err
		}
		s.trimLater(found, s.oldest(found)) // at once: what has become too old meanwhile goes
	}
	return err
}

// trimLater sees to it that records that arrived at an instant are deleted when they have become too old.
func (s *Store) trimLater(st *stream, arrival time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trims[st.id] {
		return
	}
	s.trims[st.id] = true
	due := arrival.Add(time.Duration(st.retention) * time.Hour)
	s.agenda.Volatile(agenda.Item{Kind: kindTrim, Lane: st.arn(), Account: st.account, Due: due, Background: true, Body: []byte(st.arn())})
}

// trim deletes the records of a stream that have become too old, and comes again for the rest.
func (s *Store) trim(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	st, err := s.byARN(ctx, string(item.Body))
	if err != nil { // the stream is gone, and its records with it
		return agenda.Done(), nil //nolint:nilerr // see above
	}
	for shard := range st.shards {
		if err := s.trimShard(ctx, st, shard); err != nil {
			return agenda.Done(), err
		}
	}
	s.mu.Lock()
	delete(s.trims, st.id)
	s.mu.Unlock()
	var next *time.Time
	err = s.db.QueryRow(ctx, `SELECT min(r.arrival) FROM kinesis.shards s
		CROSS JOIN LATERAL (SELECT arrival FROM kinesis.records WHERE stream = s.stream AND shard = s.shard ORDER BY seq LIMIT 1) r
		WHERE s.stream = $1`, st.id).Scan(&next)
	if err != nil || next == nil {
		return agenda.Done(), err
	}
	s.trimLater(st, next.Add(trimEvery))
	return agenda.Done(), nil
}

// trimShard deletes from the front, in pieces: a shard's records arrive in order, so none behind one that stays is too old.
func (s *Store) trimShard(ctx context.Context, st *stream, shard int) error {
	for {
		tag, err := s.db.Exec(ctx, `DELETE FROM kinesis.records WHERE stream = @stream AND shard = @shard AND arrival <= @oldest AND seq IN
			(SELECT seq FROM kinesis.records WHERE stream = @stream AND shard = @shard ORDER BY seq LIMIT @limit)`,
			pgx.NamedArgs{"stream": st.id, "shard": shard, "oldest": s.oldest(st), "limit": trimBatch})
		if err != nil || tag.RowsAffected() < trimBatch {
			return err
		}
	}
}
