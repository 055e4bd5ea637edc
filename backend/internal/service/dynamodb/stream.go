package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
)

// labelForm is how a stream's label shows the instant of its enabling.
const labelForm = "2006-01-02T15:04:05.000"

// stream is one enabling of a table's stream.
type stream struct {
	id, tbl                int64
	account, region, table string
	label, view            string
	keys                   []string
	created                time.Time
	closed                 *time.Time
}

func streamARN(region, account, table, label string) string {
	return tableARN(region, account, table) + "/stream/" + label
}

func (s *stream) arn() string { return streamARN(s.region, s.account, s.table, s.label) }

// streamARN is the ARN of the table's current or latest stream.
func (t *table) streamARN() string { return streamARN(t.region, t.account, t.name, t.Stream.Label) }

// shard is a shard of a stream.
type shard struct {
	n     int
	first int64
	last  *int64 // nil while it is open
	// parent is the shard before it of its partition; nil where it is the first.
	parent *int
}

// shardID is the name of a shard: 28 to 65 characters, as the API demands.
func (s *stream) shardID(n int) string {
	return fmt.Sprintf("shardId-%020d-%08x", s.created.UnixMilli(), n)
}

// shardNumber reads the name of a shard.
func (s *stream) shardNumber(id string) (int, bool) {
	hex, ok := strings.CutPrefix(id, fmt.Sprintf("shardId-%020d-", s.created.UnixMilli()))
	n, err := strconv.ParseUint(hex, 16, 31)
	return int(n), ok && err == nil && len(hex) == 8
}

// sequence is a record's sequence number: 30 digits, so that numbers of a shard sort as text as they do as numbers.
func sequence(seq int64) string { return fmt.Sprintf("1%029d", seq) }

// parseSequence reads a sequence number.
func parseSequence(s string) (int64, bool) {
	digits, ok := strings.CutPrefix(s, "1")
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, ok && err == nil && len(s) == 30
}

// record is one record of a stream.
type record struct {
	stream   *stream
	n        int
	seq      int64
	at       time.Time
	name     string // INSERT, MODIFY, REMOVE
	keys     json.RawMessage
	new, old json.RawMessage // nil where the view has none
	size     int
	expired  bool
	parent   int64 // the delivery that it follows from; 0 for none
	streamID int64 // set by the flush alone
}

// append makes the record of a change, where the table has a stream.
func (f *flush) append(o *op, c *cell) {
	st := c.table.Stream
	if st == nil || !st.Enabled {
		return
	}
	at := o.spot(c.table)
	open := f.tips[at]
	f.rollOver(c.table, at, open)
	f.last[at]++
	if f.tx.Now.After(f.times[at]) {
		f.times[at] = f.tx.Now
	}
	item := o.is
	r := record{streamID: st.ID, n: open.n, seq: f.last[at], at: f.times[at], name: "MODIFY", expired: o.verb == expire, parent: f.parent}
	if o.is == nil {
		r.name, item = "REMOVE", o.was
	} else if o.was == nil {
		r.name = "INSERT"
	}
	key := c.table.keyItem(item)
	r.keys, r.size = expression.EncodeItem(key), expression.ItemSize(key)
	if o.is != nil && strings.HasPrefix(st.View, "NEW") {
		r.new = expression.EncodeItem(o.is)
		r.size += expression.ItemSize(o.is)
	}
	if o.was != nil && strings.Contains(st.View, "OLD") {
		r.old = expression.EncodeItem(o.was)
		r.size += expression.ItemSize(o.was)
	}
	f.record = append(f.record, r)
	f.touched[at] = c.table
}

// tip is the open shard of a partition.
type tip struct {
	n     int
	first int64 // its first sequence
	since time.Time
}

// roll is a shard that is closed, and followed by another.
type roll struct {
	stream    int64
	parent, n int
	last      int64
}

// shardLives is how long a shard of a stream stays open. AWS doesn't say how long; its shards are seen to last about four hours.
const shardLives = 4 * time.Hour

// rollOver closes the open shard of a partition before a record, where it has been open for long enough, and opens the next. One
// without records stays, and counts as new. The numbers of a partition's shards are apart by the number of partitions.
func (f *flush) rollOver(t *table, at spot, open *tip) {
	if f.tx.Now.Before(open.since.Add(shardLives)) {
		return
	}
	open.since = f.tx.Now
	if f.last[at] < open.first {
		return
	}
	next := roll{stream: t.Stream.ID, parent: open.n, n: open.n + t.Partitions, last: f.last[at]}
	f.rolls = append(f.rolls, next)
	open.n, open.first = next.n, next.last+1
}

// writeRecords appends the records to their shards.
func (f *flush) writeRecords(batch *pgx.Batch) {
	for _, x := range f.rolls {
		batch.Queue(`UPDATE dynamodb.shards SET last = @last, closed = @now WHERE stream = @stream AND n = @parent`,
			pgx.NamedArgs{"stream": x.stream, "parent": x.parent, "last": x.last, "now": f.tx.Now})
		batch.Queue(`INSERT INTO dynamodb.shards (stream, n, first, parent) VALUES (@stream, @n, @first, @parent)`,
			pgx.NamedArgs{"stream": x.stream, "n": x.n, "first": x.last + 1, "parent": x.parent})
	}
	for _, r := range f.record {
		batch.Queue(`INSERT INTO dynamodb.records (stream, n, seq, at, name, keys, new, old, size, expired, parent)
			VALUES (@stream, @n, @seq, @at, @name, @keys, @new, @old, @size, @expired, @parent)`,
			pgx.NamedArgs{"stream": r.streamID, "n": r.n, "seq": r.seq, "at": r.at, "name": r.name, "keys": []byte(r.keys), "new": []byte(r.new),
				"old": []byte(r.old), "size": r.size, "expired": r.expired, "parent": r.parent})
	}
	for at := range f.touched { // their rows are locked: the order is nobody's concern
		open := f.tips[at]
		batch.Queue(`UPDATE dynamodb.partitions SET last = @last, at = @at, shard = @shard, first = @first, since = @since WHERE tbl = @tbl AND n = @n`,
			pgx.NamedArgs{"last": f.last[at], "at": f.times[at], "shard": open.n, "first": open.first, "since": open.since, "tbl": at.table, "n": at.n})
	}
}

// written tells the pollers, and plans what time will bring.
func (s *Store) written(f *flush) {
	for _, at := range slices.SortedFunc(maps.Keys(f.touched), spot.compare) { // in one order: it is that of the pollers' turns
		t := f.touched[at]
		s.wake(t.streamARN(), t.stream().shardID(f.tips[at].n))
	}
	if len(f.record) > 0 {
		s.planTrim(f.tx.Now.Add(retention))
	}
	for _, c := range f.order {
		if at := c.table.expiry(c.now, f.tx.Now); at != nil {
			s.planExpiry(c.table, *at)
		}
	}
}

// stream is the table's current or latest stream, as far as names go.
func (t *table) stream() *stream {
	created, _ := time.Parse(labelForm, t.Stream.Label) // we wrote it
	return &stream{id: t.Stream.ID, account: t.account, region: t.region, table: t.name, label: t.Stream.Label, view: t.Stream.View, created: created}
}

// openStream makes the stream that the definition asks for, with a shard for each partition; last are the newest sequences.
// It completes the definition.
func openStream(ctx context.Context, tx *postgres.Tx, t *table, last map[int]int64) error {
	label := tx.Now.UTC()
	for { // two enablings in one millisecond have labels of their own
		var taken bool
		t.Stream.Label, t.Stream.Enabled = label.Format(labelForm), true
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM dynamodb.streams WHERE account = @account AND region = @region AND table_name = @name AND label = @label)`,
			pgx.NamedArgs{"account": t.account, "region": t.region, "name": t.name, "label": t.Stream.Label}).Scan(&taken)
		if err != nil {
			return err
		}
		if !taken {
			break
		}
		label = label.Add(time.Millisecond)
	}
	if err := tx.QueryRow(ctx, `INSERT INTO dynamodb.streams (account, region, table_name, tbl, label, view, keys, created)
		VALUES (@account, @region, @name, @tbl, @label, @view, @keys, @created) RETURNING id`,
		pgx.NamedArgs{"tbl": t.id, "account": t.account, "region": t.region, "name": t.name, "label": t.Stream.Label, "view": t.Stream.View,
			"keys": t.Keys.names(), "created": label.Truncate(time.Millisecond)}).Scan(&t.Stream.ID); err != nil {
		return err
	}
	for n := range t.Partitions {
		if _, err := tx.Exec(ctx, `INSERT INTO dynamodb.shards (stream, n, first) VALUES (@stream, @n, @first)`,
			pgx.NamedArgs{"stream": t.Stream.ID, "n": n, "first": last[n] + 1}); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE dynamodb.partitions SET shard = n, first = last + 1, since = @now WHERE tbl = @tbl`, pgx.NamedArgs{"tbl": t.id, "now": tx.Now})
	return err
}

// closeStream closes the shards of the table's stream, if it is enabled. Its records stay until they are a day old.
func (s *Store) closeStream(ctx context.Context, tx *postgres.Tx, t *table) error {
	if t.Stream == nil || !t.Stream.Enabled {
		return nil
	}
	t.Stream.Enabled = false
	if _, err := tx.Exec(ctx, `UPDATE dynamodb.shards s SET last = greatest(p.last, s.first), closed = @now FROM dynamodb.partitions p
		WHERE s.stream = @stream AND s.last IS NULL AND p.tbl = @tbl AND s.n = p.shard`,
		pgx.NamedArgs{"stream": t.Stream.ID, "tbl": t.id, "now": tx.Now}); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE dynamodb.streams SET closed = @now WHERE id = @id`, pgx.NamedArgs{"id": t.Stream.ID, "now": tx.Now})
	tx.AfterCommit(func() { s.planTrim(tx.Now.Add(retention)) })
	return err
}

const streamColumns = `id, tbl, account, region, table_name, label, view, keys, created, closed`

func scanStream(row pgx.CollectableRow) (*stream, error) {
	st := &stream{}
	err := row.Scan(&st.id, &st.tbl, &st.account, &st.region, &st.table, &st.label, &st.view, &st.keys, &st.created, &st.closed)
	st.created = st.created.UTC()
	return st, err
}

// streamByARN finds a stream.
func (s *Store) streamByARN(ctx context.Context, text string) (*stream, error) {
	p, table, below, ok := splitTable(text)
	label, isStream := strings.CutPrefix(below, "stream/")
	if !ok || !isStream {
		return nil, fault.New(fault.NotFound, "Requested resource not found: Stream: %s not found", text)
	}
	rows, err := s.db.Query(ctx, `SELECT `+streamColumns+` FROM dynamodb.streams
		WHERE account = @account AND region = @region AND table_name = @table AND label = @label`,
		pgx.NamedArgs{"account": p.Account, "region": p.Region, "table": table, "label": label})
	if err != nil {
		return nil, err
	}
	st, err := pgx.CollectExactlyOneRow(rows, scanStream)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "Requested resource not found: Stream: %s not found", text)
	}
	return st, err
}

// shards lists a stream's shards, but for those that were closed a day ago: all their records are trimmed.
func (s *Store) shards(ctx context.Context, st *stream) ([]shard, error) {
	rows, err := s.db.Query(ctx, `SELECT n, first, last, parent FROM dynamodb.shards WHERE stream = @stream AND (closed IS NULL OR closed > @oldest) ORDER BY n`,
		pgx.NamedArgs{"stream": st.id, "oldest": s.db.Now().Add(-retention)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h shard, err error) {
		err = row.Scan(&h.n, &h.first, &h.last, &h.parent)
		return h, err
	})
}

// streams lists an account's streams, of one table where it is named, after a stream.
func (s *Store) streams(ctx context.Context, account, region, table string, after int64, limit int) ([]*stream, error) {
	rows, err := s.db.Query(ctx, `SELECT `+streamColumns+` FROM dynamodb.streams WHERE account = @account AND region = @region
		AND (@table = '' OR table_name = @table) AND id > @after ORDER BY id LIMIT @limit`,
		pgx.NamedArgs{"account": account, "region": region, "table": table, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanStream)
}

// read returns records of a shard after a sequence, those that are not a day old: at most limit, and no more once they are
// so many bytes.
func (s *Store) read(ctx context.Context, st *stream, n int, after int64, limit, bytes int) ([]record, error) {
	rows, err := s.db.Query(ctx, `SELECT seq, at, name, keys, new, old, size, expired, parent FROM dynamodb.records
		WHERE stream = @stream AND n = @n AND seq IN (SELECT seq FROM (SELECT seq, sum(size) OVER (ORDER BY seq) - size AS before FROM
			(SELECT seq, size FROM dynamodb.records WHERE stream = @stream AND n = @n AND seq > @after AND at > @oldest ORDER BY seq LIMIT @limit) r) w
			WHERE before < @bytes)
		ORDER BY seq`,
		pgx.NamedArgs{"stream": st.id, "n": n, "after": after, "limit": limit, "bytes": bytes, "oldest": s.db.Now().Add(-retention)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (record, error) {
		r := record{stream: st, n: n}
		err := row.Scan(&r.seq, &r.at, &r.name, (*[]byte)(&r.keys), (*[]byte)(&r.new), (*[]byte)(&r.old), &r.size, &r.expired, &r.parent)
		return r, err
	})
}

// newest is the sequence of the newest record that a shard has had; before its first, that of what came before the shard.
func (s *Store) newest(ctx context.Context, st *stream, h shard) (seq int64, err error) {
	if h.last != nil {
		return *h.last, nil
	}
	err = s.db.QueryRow(ctx, `SELECT coalesce((SELECT last FROM dynamodb.partitions WHERE tbl = @tbl AND shard = @n),
		(SELECT last FROM dynamodb.shards WHERE stream = @stream AND n = @n), @before)`, // the second: closed meanwhile
		pgx.NamedArgs{"tbl": st.tbl, "stream": st.id, "n": h.n, "before": h.first - 1}).Scan(&seq)
	return seq, err
}

// before is the sequence of a shard's newest record before an instant.
func (s *Store) before(ctx context.Context, st *stream, h shard, at time.Time) (seq int64, err error) {
	err = s.db.QueryRow(ctx, `SELECT coalesce(max(seq), 0) FROM dynamodb.records WHERE stream = @stream AND n = @n AND at < @at`,
		pgx.NamedArgs{"stream": st.id, "n": h.n, "at": at}).Scan(&seq)
	return seq, err
}

// shard finds a shard by its name.
func (s *Store) shard(ctx context.Context, st *stream, id string) (shard, error) {
	list, err := s.shards(ctx, st)
	if err != nil {
		return shard{}, err
	}
	n, ok := st.shardNumber(id)
	for _, h := range list {
		if ok && h.n == n {
			return h, nil
		}
	}
	return shard{}, fault.New(fault.NotFound, "Requested resource not found: Shard: %s in Stream: %s not found", id, st.arn())
}
