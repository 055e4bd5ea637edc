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
// A shard is open until it is split or merged. Its children take what comes after: a writer that had chosen the shard before
// finds it closed, under its lock, and chooses anew. So every record of a parent comes before every record of its children.
//
//	open ──split, merge──▶ closed: readable to its end, then GetRecords names its children ──retention──▶ expired, deleted
//
// A stream that is said to be on demand begins with four shards and keeps them: how AWS scales one is not published. Encryption
// and shard-level metrics are stored and shown. Throughput is limited where the backend is told to (limits.go). Enhanced fan-out,
// warm throughput and larger records are not simulated and are refused by name.
package kinesis

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of streams.
var Schema = postgres.Schema{Name: "kinesis", Files: files}

// stream is a stream as it was last committed.
type stream struct {
	id                    int64
	account, region, name string
	shards                []shard  // by number; those that have expired are deleted some time later
	open                  []*shard // of them, by their hash keys
	retention             int      // hours
	created               time.Time
	tags                  map[string]string
	config
}

// config is what a stream was told beside its retention and tags. It is stored as JSON.
type config struct {
	Mode    types.StreamMode
	KeyID   string              // of the KMS key that is said to encrypt; empty for none
	Metrics []types.MetricsName // shard-level ones
	// When UpdateShardCount and UpdateStreamMode were called, for as long as that counts.
	Scalings, ModeChanges []time.Time `json:",omitempty"`
}

func (s *stream) arn() string { return arn.KinesisStream(s.region, s.account, s.name) }

// sequence is a record's sequence number: 56 digits, so that numbers of a shard sort as text as they do as numbers. It
// begins with the stream's id, so that a stream that is made anew under the name of an earlier one goes on with greater
// numbers, as in AWS, and a checkpoint of before does not hide its records.
func sequence(stream int64, shard int, seq int64) string {
	return fmt.Sprintf("49%012d%05d%037d", stream, shard, seq)
}

// parseSequence reads a sequence number; the empty one is before every record.
func parseSequence(s string) (stream int64, shard int, seq int64, ok bool) {
	if s == "" {
		return 0, 0, 0, true
	}
	if len(s) != 56 || !strings.HasPrefix(s, "49") {
		return 0, 0, 0, false
	}
	stream, err := strconv.ParseInt(s[2:14], 10, 64)
	if err != nil {
		return 0, 0, 0, false
	}
	if shard, err = strconv.Atoi(s[14:19]); err != nil {
		return 0, 0, 0, false
	}
	seq, err = strconv.ParseInt(s[19:], 10, 64)
	return stream, shard, seq, err == nil
}

// Store keeps streams.
type Store struct {
	db     *postgres.DB
	agenda *agenda.Agenda
	writer *postgres.Coalescer[*put]
	// wake tells the pollers of a shard about new records.
	wake func(streamARN, shard string)

	// Limits makes the store hold shards to AWS's throughput (limits.go). Set it before the first call.
	Limits bool

	mu    sync.Mutex
	cache map[string]*stream // by ARN
	// changes counts those of streams: what was read before one is not put into the cache after it.
	changes int
	trims   map[int64]time.Time // by stream: when the item that trims it is due
	usage   map[place]*usage    // of shards, where Limits holds
}

// NewStore returns a store over db. wake is called after every commit that brought a shard new records.
func NewStore(db *postgres.DB, a *agenda.Agenda, wake func(streamARN, shard string)) *Store {
	s := &Store{db: db, agenda: a, wake: wake, cache: map[string]*stream{}, trims: map[int64]time.Time{}, usage: map[place]*usage{}}
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
	st, err := load(ctx, s.db, account, region, name)
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

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// load reads a stream with its shards.
func load(ctx context.Context, q querier, account, region, name string) (*stream, error) {
	st := &stream{account: account, region: region, name: name}
	err := q.QueryRow(ctx, `SELECT id, retention, created, tags, config FROM kinesis.streams WHERE account = @account AND region = @region AND name = @name`,
		pgx.NamedArgs{"account": account, "region": region, "name": name}).Scan(&st.id, &st.retention, &st.created, &st.tags, &st.config)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound(account, name)
	}
	if err != nil {
		return nil, err
	}
	if st.Mode == "" { // of an earlier version
		st.Mode = types.StreamModeProvisioned
	}
	rows, err := q.Query(ctx, `SELECT shard, low, high, parent, adjacent, opened, closed, last FROM kinesis.shards WHERE stream = $1 ORDER BY shard`, st.id)
	if err != nil {
		return nil, err
	}
	st.shards, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (h shard, err error) {
		var low, high string
		if err = row.Scan(&h.n, &low, &high, &h.parent, &h.adjacent, &h.opened, &h.closed, &h.end); err != nil {
			return h, err
		}
		var first, last bool
		h.low, first = parseHashKey(low)
		if h.high, last = parseHashKey(high); !first || !last {
			return h, fmt.Errorf("%s of %s has the hash keys %q to %q", shardID(h.n), name, low, high)
		}
		return h, nil
	})
	if err == nil && len(st.shards) == 0 {
		return nil, notFound(account, name) // deleted meanwhile
	}
	st.arrange()
	return st, err
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

// create makes a stream with so many open shards of the same width.
func (s *Store) create(ctx context.Context, st *stream, shards int) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := tx.QueryRow(ctx, `INSERT INTO kinesis.streams (account, region, name, retention, created, tags, config)
			VALUES (@account, @region, @name, @retention, @now, @tags, @config) RETURNING id`,
			pgx.NamedArgs{"account": st.account, "region": st.region, "name": st.name, "retention": st.retention, "now": tx.Now,
				"tags": st.tags, "config": st.config}).Scan(&st.id); err != nil {
			return err
		}
		lows, highs := make([]string, shards), make([]string, shards)
		for n := range shards {
			keys := even(n, shards)
			lows[n], highs[n] = keys.low.String(), keys.high.String()
		}
		_, err := tx.Exec(ctx, `INSERT INTO kinesis.shards (stream, shard, last, low, high, opened)
			SELECT @stream, k.n - 1, 0, k.low, k.high, @now FROM unnest(@lows::text[], @highs::text[]) WITH ORDINALITY AS k(low, high, n)`,
			pgx.NamedArgs{"stream": st.id, "lows": lows, "highs": highs, "now": tx.Now})
		if err != nil || st.Mode == types.StreamModeOnDemand {
			return err
		}
		if open, err := countShards(ctx, tx, st.account, st.region); err != nil || open <= maxShards {
			return err
		}
		return wire.Errorf(http.StatusBadRequest, "LimitExceededException", "This request would exceed the shard limit of %d for the account %s", maxShards, st.account)
	})
	if postgres.IsUnique(err) {
		return fault.New(fault.Exists, "Stream %s under account %s already exists.", st.name, st.account)
	}
	if err == nil { // mappings of an earlier stream of the name go on
		for n := range shards {
			s.wake(st.arn(), shardID(n))
		}
	}
	return err
}

// change edits what a stream was told: its retention, tags and configuration.
func (s *Store) change(ctx context.Context, st *stream, edit func(st *stream, now time.Time) error) (*stream, error) {
	var now *stream
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM kinesis.streams WHERE id = $1 FOR UPDATE`, st.id); err != nil {
			return err
		}
		var err error
		if now, err = load(ctx, tx, st.account, st.region, st.name); err != nil {
			return err
		}
		if err := edit(now, tx.Now); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE kinesis.streams SET retention = @retention, tags = @tags, config = @config WHERE id = @id`,
			pgx.NamedArgs{"id": now.id, "retention": now.retention, "tags": now.tags, "config": now.config})
		return err
	})
	s.forget(st.arn())
	return now, err
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
	maps.DeleteFunc(s.usage, func(at place, _ *usage) bool { return at.stream == st.id })
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
		clear(s.usage)
	})
	return err
}
