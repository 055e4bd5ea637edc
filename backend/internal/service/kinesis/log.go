package kinesis

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// record is one record on its way in or out.
type record struct {
	shard   int
	seq     int64
	key     string
	hash    hashKey // of what comes in
	data    []byte
	arrival time.Time
	parent  int64 // the delivery that it follows from; 0 for none; of records that are read
}

// put is the records of one call.
type put struct {
	stream  *stream
	parent  int64    // the delivery that the call follows from; 0 for none
	records []record // write fills in seq
	moved   bool     // nothing is written: a shard has been closed since the records were placed
	err     error    // nothing is written
}

// place is a shard of a stream.
type place struct {
	stream int64
	shard  int
}

func (x place) compare(y place) int {
	return cmp.Or(cmp.Compare(x.stream, y.stream), cmp.Compare(x.shard, y.shard))
}

// append puts records at the ends of their shards and returns after the commit. It fills in where they are. parent is the delivery that
// the call follows from, 0 for none.
func (s *Store) append(ctx context.Context, st *stream, parent int64, records []record) error {
	for {
		p := &put{stream: st, parent: parent, records: records}
		if err := s.writer.Add(ctx, p); err != nil {
			return err
		}
		if p.err != nil || !p.moved {
			return p.err
		}
		s.forget(st.arn())
		again, err := s.byARN(ctx, st.arn())
		if err != nil {
			return err
		}
		st = again
		for i := range records {
			records[i].shard = st.shardOf(records[i].hash)
		}
	}
}

// end is the newest record of a shard that writers have locked.
type end struct {
	last    int64
	arrival time.Time
	n       int64 // records that are appended
	closed  bool
}

// write commits the records of several calls. It locks the shards' rows in one order, so that two flushers never wait for
// each other. A call that finds one of its shards closed writes nothing.
func (s *Store) write(ctx context.Context, tx *postgres.Tx, puts []*put) error {
	ends, err := lockEnds(ctx, tx, puts)
	if err != nil {
		return err
	}
	var rows [][]any
	streams := map[place]*stream{}
	for _, p := range puts {
		if p.misplaced(ends); p.moved || p.err != nil {
			continue
		}
		for i := range p.records {
			r := &p.records[i]
			at := place{p.stream.id, r.shard}
			e := ends[at]
			e.n++
			e.last++
			if e.arrival.Before(tx.Now) {
				e.arrival = tx.Now
			}
			streams[at] = p.stream
			r.seq, r.arrival = e.last, e.arrival
			rows = append(rows, []any{p.stream.id, r.shard, r.seq, r.key, r.data, r.arrival, p.parent})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	places := slices.SortedFunc(maps.Keys(streams), place.compare)
	tx.AfterCommit(func() {
		for _, at := range places {
			s.wake(streams[at].arn(), shardID(at.shard))
			s.trimLater(streams[at], tx.Now)
		}
	})
	if err := saveEnds(ctx, tx, places, ends); err != nil {
		return err
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"kinesis", "records"}, []string{"stream", "shard", "seq", "key", "data", "arrival", "parent"}, pgx.CopyFromRows(rows))
	return err
}

// misplaced says why a call's records can't be written where they were placed, if they can't.
func (p *put) misplaced(ends map[place]*end) {
	p.moved, p.err = false, nil
	for _, r := range p.records {
		switch e := ends[place{p.stream.id, r.shard}]; {
		case e == nil:
			p.err = notFound(p.stream.account, p.stream.name)
		case e.closed:
			p.moved = true
		}
	}
}

// lockEnds locks the shards that calls write to, in one order.
func lockEnds(ctx context.Context, tx *postgres.Tx, puts []*put) (map[place]*end, error) {
	ends := map[place]*end{}
	var streams []int64
	var shards []int
	for _, p := range puts {
		for _, r := range p.records {
			at := place{p.stream.id, r.shard}
			if _, ok := ends[at]; !ok {
				ends[at] = nil
				streams, shards = append(streams, at.stream), append(shards, at.shard)
			}
		}
	}
	rows, err := tx.Query(ctx, `SELECT stream, shard, last, arrival, closed IS NOT NULL FROM kinesis.shards
		WHERE (stream, shard) IN (SELECT * FROM unnest(@streams::bigint[], @shards::int[])) ORDER BY stream, shard FOR UPDATE`,
		pgx.NamedArgs{"streams": streams, "shards": shards})
	if err != nil {
		return nil, err
	}
	var at place
	var e end
	var arrival pgtype.Timestamptz // -infinity before the first record
	_, err = pgx.ForEachRow(rows, []any{&at.stream, &at.shard, &e.last, &arrival, &e.closed}, func() error {
		found := e
		found.arrival = arrival.Time.UTC()
		ends[at] = &found
		return nil
	})
	return ends, err
}

func saveEnds(ctx context.Context, tx *postgres.Tx, places []place, ends map[place]*end) error {
	n := len(places)
	streams, shards, lasts, arrivals := make([]int64, n), make([]int, n), make([]int64, n), make([]time.Time, n)
	for i, at := range places {
		streams[i], shards[i], lasts[i], arrivals[i] = at.stream, at.shard, ends[at].last, ends[at].arrival
	}
	_, err := tx.Exec(ctx, `UPDATE kinesis.shards s SET last = n.last, arrival = n.arrival
		FROM unnest(@streams::bigint[], @shards::int[], @lasts::bigint[], @arrivals::timestamptz[]) AS n(stream, shard, last, arrival)
		WHERE s.stream = n.stream AND s.shard = n.shard`, pgx.NamedArgs{"streams": streams, "shards": shards, "lasts": lasts, "arrivals": arrivals})
	return err
}

// oldest is the instant at which a stream's records have become too old.
func (s *Store) oldest(st *stream) time.Time { return st.horizon(s.db.Now()) }

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

// newest is the sequence of a shard's newest record, of a closed one its end, and of the newest before an instant where one is given.
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

// Start finds the streams that have records, or closed shards, to be trimmed one day.
func (s *Store) Start(ctx context.Context) error {
	rows, err := s.db.Query(ctx, `SELECT account, region, name FROM kinesis.streams t
		WHERE EXISTS (SELECT FROM kinesis.records r WHERE r.stream = t.id) OR EXISTS (SELECT FROM kinesis.shards s WHERE s.stream = t.id AND s.closed IS NOT NULL)
		ORDER BY id`)
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
	due := arrival.Add(time.Duration(st.retention) * time.Hour)
	if at, ok := s.trims[st.id]; ok && !due.Before(at) {
		return
	}
	s.trims[st.id] = due
	s.agenda.Volatile(agenda.Item{Kind: kindTrim, Lane: st.arn(), Account: st.account, Due: due, Background: true, Body: []byte(st.arn())})
}

// trim deletes the records of a stream that have become too old, and the shards that were closed before them, and comes again for
// the rest.
func (s *Store) trim(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	st, err := s.byARN(ctx, string(item.Body))
	if err != nil { // the stream is gone, and its records with it
		return agenda.Done(), nil //nolint:nilerr // see above
	}
	if s.replanned(st, item.Due) {
		return agenda.Done(), nil
	}
	for _, h := range st.shards {
		if err := s.trimShard(ctx, st, h.n); err != nil {
			return agenda.Done(), err
		}
	}
	gone, err := s.db.Exec(ctx, `DELETE FROM kinesis.shards WHERE stream = @stream AND closed <= @oldest`, pgx.NamedArgs{"stream": st.id, "oldest": s.oldest(st)})
	if err != nil {
		return agenda.Done(), err
	}
	if gone.RowsAffected() > 0 {
		s.forget(st.arn())
	}
	s.mu.Lock()
	delete(s.trims, st.id)
	s.mu.Unlock()
	var next *time.Time
	err = s.db.QueryRow(ctx, `SELECT min(least(r.arrival, s.closed)) FROM kinesis.shards s
		LEFT JOIN LATERAL (SELECT arrival FROM kinesis.records WHERE stream = s.stream AND shard = s.shard ORDER BY seq LIMIT 1) r ON true
		WHERE s.stream = $1`, st.id).Scan(&next)
	if err != nil || next == nil {
		return agenda.Done(), err
	}
	s.trimLater(st, next.Add(trimEvery))
	return agenda.Done(), nil
}

// replanned reports whether an earlier item has done what one was to do, and planned the next.
func (s *Store) replanned(st *stream, due time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trims[st.id].After(due)
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
