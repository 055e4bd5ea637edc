// Package kinesis is Amazon Kinesis Data Streams: provisioned streams, their shards and records, and what a poller needs
// to read them.
//
// A record goes to the shard whose range of hash keys holds the MD5 of its partition key. Its sequence number comes from
// the shard's own row, which the writer keeps locked until it commits: so within a shard the order of the numbers is the
// order of the commits. Writers that wait share a commit. A put is answered after the commit, and wakes the pollers.
//
// A record that is older than the stream's retention is trimmed: nobody reads it any more, and an item of the agenda
// deletes it. A stream without records has no such item.
//
// Resharding, enhanced fan-out, on-demand streams and encryption are not simulated and are refused by name.
package kinesis

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
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

// sequence is a record's sequence number: 56 digits, so that numbers of a shard sort as text as they do as numbers. It
// begins with the stream's id, so that a stream that is made anew under the name of an earlier one goes on with greater
// numbers, as in AWS, and a checkpoint of before does not hide its records.
func sequence(stream int64, shard int, seq int64) string {
	return fmt.Sprintf("49%012d%05d%037d", stream, shard, seq)
}

// parseSequence reads a sequence number; the empty one is before every record.
func parseSequence(s string) (stream, seq int64, ok bool) {
	if s == "" {
		return 0, 0, true
	}
	if len(s) != 56 || !strings.HasPrefix(s, "49") {
		return 0, 0, false
	}
	stream, err := strconv.ParseInt(s[2:14], 10, 64)
	if err != nil {
		return 0, 0, false
	}
	seq, err = strconv.ParseInt(s[19:], 10, 64)
	return stream, seq, err == nil
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
	agenda *agenda.Agenda
	writer *postgres.Coalescer[*put]
	// wake tells the pollers of a shard about new records.
	wake func(streamARN, shard string)

	mu    sync.Mutex
	cache map[string]*stream // by ARN
	// changes counts those of streams: what was read before one is not put into the cache after it.
	changes int
	trims   map[int64]bool // streams that have an item of the agenda
}

// NewStore returns a store over db. wake is called after every commit that brought a shard new records.
func NewStore(db *postgres.DB, a *agenda.Agenda, wake func(streamARN, shard string)) *Store {
	s := &Store{db: db, agenda: a, wake: wake, cache: map[string]*stream{}, trims: map[int64]bool{}}
	a.Handle(kindTrim, 1, s.trim)
	s.writer = postgres.NewCoalescer(db, 2, 500, s.write)
	return s
}

// Close waits for the writers.
func (s *Store) Close() { s.writer.Close() }

func (s *Store) forget(streamARN string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	delete(s.cache, streamARN)
}

func notFound(account, name string) error {
	return fault.New(fault.NotFound, "Stream %s under account %s not found.", name, account)
}

func (s *Store) get(ctx context.Context, account, region, name string) (*stream, error) {
	key := arn.KinesisStream(region, account, name)
	s.mu.Lock()
	st, before := s.cache[key], s.changes
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
	if s.changes == before {
		s.cache[key] = st
	}
	return st, nil
}

// byARN finds the stream of an ARN. Policies are asked about the ARN as it was given, so it must be written as the stream's is.
func (s *Store) byARN(ctx context.Context, streamARN string) (*stream, error) {
	p, err := arn.Parse(streamARN)
	name, ok := strings.CutPrefix(p.Resource, "stream/")
	if err != nil || !ok || strings.Contains(name, "/") || arn.KinesisStream(p.Region, p.Account, name) != streamARN {
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
	if err == nil { // mappings of an earlier stream of the name go on
		for n := range st.shards {
			s.wake(st.arn(), shardID(n))
		}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.trims, st.id)
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
		s.changes++
		clear(s.cache)
		clear(s.trims)
	})
	return err
}
