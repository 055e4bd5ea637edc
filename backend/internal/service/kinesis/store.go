// Package kinesis is Amazon Kinesis Data Streams: provisioned streams, their shards and records, and what a poller needs
// to read them.
//
// A record goes to the shard whose range of hash keys holds the MD5 of its partition key. Its sequence number comes from
// the shard's own row, which the writer keeps locked until it commits: so within a shard the order of the numbers is the
// order of the commits. Writers that wait share a commit. A put is answered after the commit, and wakes the pollers.
//
// Resharding, enhanced fan-out, on-demand streams and encryption are not simulated and are refused by name.
package kinesis

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of streams.
var Schema = postgres.Schema{Name: "kinesis", Files: files}

// stream is a stream as it was last committed.
type stream struct {
	id                    int64
	account, region, name string
	shards                int
	retention             int // hours
	created               time.Time
	tags                  map[string]string
}

func (s *stream) arn() string { return arn.KinesisStream(s.region, s.account, s.name) }

// shardID is the name of a shard.
func shardID(n int) string { return fmt.Sprintf("shardId-%012d", n) }

// shardNumber reads the name of a shard.
func shardNumber(id string) (int, bool) {
	digits, ok := strings.CutPrefix(id, "shardId-")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 0
}

// sequence is a record's sequence number: 56 digits, so that numbers of a shard sort as text as they do as numbers.
func sequence(shard int, seq int64) string { return fmt.Sprintf("49%05d%049d", shard, seq) }

// parseSequence reads a sequence number; the empty one is before every record.
func parseSequence(s string) (int64, bool) {
	if s == "" {
		return 0, true
	}
	if len(s) != 56 || !strings.HasPrefix(s, "49") {
		return 0, false
	}
	n, err := strconv.ParseInt(s[7:], 10, 64)
	return n, err == nil
}

// keyspace is the number of hash keys: 2^128.
var keyspace = new(big.Int).Lsh(big.NewInt(1), 128)

// hashRange is the range of hash keys of shard n of so many, both ends included.
func hashRange(n, of int) (first, last *big.Int) {
	width := new(big.Int).Div(keyspace, big.NewInt(int64(of)))
	first = new(big.Int).Mul(width, big.NewInt(int64(n)))
	if n == of-1 {
		return first, new(big.Int).Sub(keyspace, big.NewInt(1))
	}
	return first, new(big.Int).Sub(new(big.Int).Add(first, width), big.NewInt(1))
}

// shardOf is the shard whose range holds a hash key.
func shardOf(hash *big.Int, of int) int {
	width := new(big.Int).Div(keyspace, big.NewInt(int64(of)))
	return min(int(new(big.Int).Div(hash, width).Int64()), of-1)
}

// Store keeps streams.
type Store struct {
	db     *postgres.DB
	writer *postgres.Coalescer[*put]
	// wake tells the pollers of a shard about new records.
	wake func(streamARN, shard string)

	mu    sync.Mutex
	cache map[string]*stream // by ARN
}

// NewStore returns a store over db. wake is called after every commit that brought a shard new records.
func NewStore(db *postgres.DB, wake func(streamARN, shard string)) *Store {
	s := &Store{db: db, wake: wake, cache: map[string]*stream{}}
	s.writer = postgres.NewCoalescer(db, 2, 500, s.write)
	return s
}

// Close waits for the writers.
func (s *Store) Close() { s.writer.Close() }

func (s *Store) forget(streamARN string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cache, streamARN)
}

func notFound(account, name string) error {
	return fault.New(fault.NotFound, "Stream %s under account %s not found.", name, account)
}

func (s *Store) get(ctx context.Context, account, region, name string) (*stream, error) {
	key := arn.KinesisStream(region, account, name)
	s.mu.Lock()
	st := s.cache[key]
	s.mu.Unlock()
	if st != nil {
		return st, nil
	}
	st = &stream{account: account, region: region, name: name}
	err := s.db.QueryRow(ctx, `SELECT id, retention, created, tags, (SELECT count(*) FROM kinesis.shards WHERE stream = id)
		FROM kinesis.streams WHERE account = @account AND region = @region AND name = @name`,
		pgx.NamedArgs{"account": account, "region": region, "name": name}).Scan(&st.id, &st.retention, &st.created, &st.tags, &st.shards)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound(account, name)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache[key] = st
	return st, nil
}

// byARN finds the stream of an ARN.
func (s *Store) byARN(ctx context.Context, streamARN string) (*stream, error) {
	p, err := arn.Parse(streamARN)
	name, ok := strings.CutPrefix(p.Resource, "stream/")
	if err != nil || !ok || strings.Contains(name, "/") {
		return nil, fault.New(fault.NotFound, "%s is not the ARN of a stream", streamARN)
	}
	return s.get(ctx, p.Account, p.Region, name)
}

func (s *Store) create(ctx context.Context, st *stream) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := tx.QueryRow(ctx, `INSERT INTO kinesis.streams (account, region, name, retention, created, tags)
			VALUES (@account, @region, @name, @retention, @now, @tags) RETURNING id`,
			pgx.NamedArgs{"account": st.account, "region": st.region, "name": st.name, "retention": st.retention, "now": tx.Now,
				"tags": st.tags}).Scan(&st.id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO kinesis.shards SELECT @stream, n, 0 FROM generate_series(0, @last) n`,
			pgx.NamedArgs{"stream": st.id, "last": st.shards - 1})
		return err
	})
	if postgres.IsUnique(err) {
		return fault.New(fault.Exists, "Stream %s under account %s already exists.", st.name, st.account)
	}
	return err
}

// change writes a stream's retention and tags.
func (s *Store) change(ctx context.Context, st *stream, retention int, tags map[string]string) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE kinesis.streams SET retention = @retention, tags = @tags WHERE id = @id`,
			pgx.NamedArgs{"id": st.id, "retention": retention, "tags": tags})
		return err
	})
	s.forget(st.arn())
	return err
}

func (s *Store) remove(ctx context.Context, st *stream) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM kinesis.streams WHERE id = $1`, st.id)
		return err
	})
	s.forget(st.arn())
	return err
}

func (s *Store) names(ctx context.Context, account, region string) ([]string, error) {
	rows, err := s.db.Query(ctx, `SELECT name FROM kinesis.streams WHERE account = $1 AND region = $2 ORDER BY name`, account, region)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Forget drops the streams of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM kinesis.streams WHERE @account = '' OR account = @account`, pgx.NamedArgs{"account": account})
	tx.AfterCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		clear(s.cache)
	})
	return err
}

// record is one record on its way in or out.
type record struct {
	shard   int
	seq     int64
	key     string
	data    []byte
	arrival time.Time
}

// put is the records of one call.
type put struct {
	stream  *stream
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
	next := map[place]int64{}
	for _, at := range places {
		var last int64
		err := tx.QueryRow(ctx, `UPDATE kinesis.shards SET last = last + @n WHERE stream = @stream AND shard = @shard RETURNING last`,
			pgx.NamedArgs{"n": count[at], "stream": at.stream, "shard": at.shard}).Scan(&last)
		if errors.Is(err, pgx.ErrNoRows) {
			return notFound(streams[at].account, streams[at].name)
		}
		if err != nil {
			return err
		}
		next[at] = last - count[at]
	}
	var rows [][]any
	for _, p := range puts {
		for i := range p.records {
			r := &p.records[i]
			at := place{p.stream.id, r.shard}
			next[at]++
			r.seq = next[at]
			rows = append(rows, []any{p.stream.id, r.shard, r.seq, r.key, r.data, tx.Now})
		}
	}
	tx.AfterCommit(func() {
		for _, at := range places {
			s.wake(streams[at].arn(), shardID(at.shard))
		}
	})
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"kinesis", "records"}, []string{"stream", "shard", "seq", "key", "data", "arrival"}, pgx.CopyFromRows(rows))
	return err
}

// read returns records of a shard after a sequence, within the retention.
func (s *Store) read(ctx context.Context, st *stream, shard int, after int64, limit int) ([]record, error) {
	rows, err := s.db.Query(ctx, `SELECT shard, seq, key, data, arrival FROM kinesis.records
		WHERE stream = @stream AND shard = @shard AND seq > @after AND arrival > @oldest ORDER BY seq LIMIT @limit`,
		pgx.NamedArgs{"stream": st.id, "shard": shard, "after": after, "limit": limit,
			"oldest": s.db.Now().Add(-time.Duration(st.retention) * time.Hour)})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r record, err error) {
		err = row.Scan(&r.shard, &r.seq, &r.key, &r.data, &r.arrival)
		return r, err
	})
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
