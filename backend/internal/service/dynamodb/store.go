// Package dynamodb is Amazon DynamoDB with its streams: tables, items, secondary indexes, and what a poller needs to read a
// stream.
//
// An item lives in a partition of its table, chosen by the hash of its partition key: one partition for a provisioned
// table, four for one that is paid by request, as AWS begins. Writers that wait share a commit (write.go). A flush locks
// the rows of the partitions that it writes, in one order, reads the items, evaluates each call against what the calls
// before it have left, and writes what has changed. A call is answered after the commit. So writes of a partition happen
// one after the other, conditions are never wrong, and the numbers of a stream's records are in the order of the commits.
//
// A stream belongs to one enabling of a table: each enabling has a label, an ARN and shards of its own, one for each
// partition. A write that changes something appends one record with the images that the stream's view has; one that
// changes nothing appends none. A shard that has been open for four hours is closed before the next record of its partition,
// and followed by a child. Disabling closes the shards. Records live for 24 hours and are then deleted, and so is a shard
// that was closed then; a closed stream goes with its last record.
//
//	enabled ──write──▶ record ──24 h──▶ trimmed
//	   │ disabled, or the table is deleted
//	   ▼
//	closed: readable to the end of each shard, gone after 24 h
//
// Items that expire (time to live) are deleted when their time has come by the simulator's clock, by the service itself;
// that and the trimming are background items of the agenda, so an automatic clock doesn't run after them.
//
// Expressions are a package of their own (expression). Reads are always of what is committed: all are strongly consistent,
// secondary indexes too. Throughput is stored and answered, never enforced.
//
// Legacy parameters (Expected, AttributesToGet, KeyConditions and their like), PartiQL, backups, replicas, imports and
// exports are not simulated and are refused by name.
package dynamodb

import (
	"context"
	"embed"
	"errors"
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

// Schema is the tables of DynamoDB.
var Schema = postgres.Schema{Name: "dynamodb", Files: files}

// retention is how long a stream's record lives (developer guide, DynamoDB Streams).
const retention = 24 * time.Hour

// Store keeps tables, their items and streams.
type Store struct {
	db     *postgres.DB
	agenda *agenda.Agenda
	writer *postgres.Coalescer[*call]
	// wake tells the pollers of a shard about new records.
	wake func(streamARN, shard string)

	mu       sync.Mutex
	cache    map[string]*table   // by ARN
	changes  int                 // of tables: what was read before one is not put into the cache after it
	trimming bool                // an item that trims is on the agenda
	expiring map[int64]time.Time // by table: when the item that deletes what has expired is due
}

// NewStore returns a store over db. wake is called after every commit that brought a shard new records. Call Start once the
// agenda has started.
func NewStore(db *postgres.DB, a *agenda.Agenda, wake func(streamARN, shard string)) *Store {
	s := &Store{db: db, agenda: a, wake: wake, cache: map[string]*table{}, expiring: map[int64]time.Time{}}
	s.writer = postgres.NewCoalescer(db, 2, 200, s.flush)
	a.Handle(kindTrim, 1, s.trim)
	a.Handle(kindExpire, 1, s.expire)
	return s
}

// Close waits for the writers.
func (s *Store) Close() { s.writer.Close() }

func (s *Store) forget(tableARN string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	delete(s.cache, tableARN)
}

const tableColumns = `id, account, region, name, created, config`

func scanTable(row pgx.CollectableRow) (*table, error) {
	t := &table{}
	err := row.Scan(&t.id, &t.account, &t.region, &t.name, &t.created, &t.definition)
	t.created = t.created.UTC()
	return t, err
}

// get finds a table. What is not there is a fault of kind NotFound.
func (s *Store) get(ctx context.Context, account, region, name string) (*table, error) {
	key := tableARN(region, account, name)
	s.mu.Lock()
	t, before := s.cache[key], s.changes
	s.mu.Unlock()
	if t != nil {
		return t, nil
	}
	rows, err := s.db.Query(ctx, `SELECT `+tableColumns+` FROM dynamodb.tables WHERE account = @account AND region = @region AND name = @name`,
		pgx.NamedArgs{"account": account, "region": region, "name": name})
	if err != nil {
		return nil, err
	}
	t, err = pgx.CollectExactlyOneRow(rows, scanTable)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "Requested resource not found")
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == before {
		s.cache[key] = t
	}
	return t, nil
}

// splitTable reads the ARN of a table, or of something below one: an index or a stream. Policies are asked about the ARN as it
// was given, so one that is written otherwise than ours names nothing.
func splitTable(text string) (p arn.ARN, table, below string, ok bool) {
	p, err := arn.Parse(text)
	rest, isTable := strings.CutPrefix(p.Resource, "table/")
	if err != nil || p.Partition != arn.Partition || p.Service != "dynamodb" || !isTable {
		return p, "", "", false
	}
	table, below, _ = strings.Cut(rest, "/")
	return p, table, below, table != ""
}

func tableARN(region, account, name string) string {
	return arn.ARN{Partition: arn.Partition, Service: "dynamodb", Region: region, Account: account, Resource: "table/" + name}.String()
}

// create makes a table, with a stream where the definition says so.
func (s *Store) create(ctx context.Context, t *table) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		t.created = tx.Now
		if err := tx.QueryRow(ctx, `INSERT INTO dynamodb.tables (account, region, name, created, config)
			VALUES (@account, @region, @name, @now, @config) RETURNING id`,
			pgx.NamedArgs{"account": t.account, "region": t.region, "name": t.name, "now": tx.Now, "config": t.definition}).Scan(&t.id); err != nil {
			return err
		}
		if t.Stream != nil {
			if err := openStream(ctx, tx, t, nil); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `UPDATE dynamodb.tables SET config = @config WHERE id = @id`, pgx.NamedArgs{"id": t.id, "config": t.definition}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO dynamodb.partitions (tbl, n, last, at, shard, since) SELECT @tbl, n, 0, @now, n, @now FROM generate_series(0, @last) n`,
			pgx.NamedArgs{"tbl": t.id, "now": tx.Now, "last": t.Partitions - 1})
		return err
	})
	if postgres.IsUnique(err) {
		return fault.New(fault.Exists, "Table already exists: %s", t.name)
	}
	return err
}

// change edits a table's definition under the locks of all its partitions: no write is under way meanwhile. what may
// return an error to leave everything as it is.
func (s *Store) change(ctx context.Context, t *table, what func(ctx context.Context, tx *postgres.Tx, t *table, last map[int]int64) error) (*table, error) {
	var now *table
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		last, err := lockTable(ctx, tx, t.id)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT `+tableColumns+` FROM dynamodb.tables WHERE id = $1`, t.id)
		if err != nil {
			return err
		}
		now, err = pgx.CollectExactlyOneRow(rows, scanTable)
		if errors.Is(err, pgx.ErrNoRows) {
			return missingTable(t.name)
		}
		if err != nil {
			return err
		}
		if err := what(ctx, tx, now, last); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE dynamodb.tables SET config = @config WHERE id = @id`, pgx.NamedArgs{"id": t.id, "config": now.definition})
		return err
	})
	s.forget(t.arn())
	return now, err
}

// lockTable locks all partitions of a table, and returns the newest sequences.
func lockTable(ctx context.Context, tx *postgres.Tx, id int64) (map[int]int64, error) {
	rows, err := tx.Query(ctx, `SELECT n, last FROM dynamodb.partitions WHERE tbl = $1 ORDER BY n FOR UPDATE`, id)
	if err != nil {
		return nil, err
	}
	last := map[int]int64{}
	var n int
	var seq int64
	_, err = pgx.ForEachRow(rows, []any{&n, &seq}, func() error { last[n] = seq; return nil })
	return last, err
}

func missingTable(name string) error {
	return fault.New(fault.NotFound, "Requested resource not found: Table: %s not found", name)
}

// remove deletes a table with its items. Its stream is closed and stays for a day.
func (s *Store) remove(ctx context.Context, t *table) error {
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		last, err := lockTable(ctx, tx, t.id)
		if err != nil {
			return err
		}
		if len(last) == 0 {
			return missingTable(t.name)
		}
		if err := s.closeStream(ctx, tx, t); err != nil {
			return err
		}
		for _, sql := range []string{`DELETE FROM dynamodb.entries WHERE tbl = $1`, `DELETE FROM dynamodb.items WHERE tbl = $1`, `DELETE FROM dynamodb.tables WHERE id = $1`} {
			if _, err := tx.Exec(ctx, sql, t.id); err != nil {
				return err
			}
		}
		return nil
	})
	s.forget(t.arn())
	return err
}

// names lists an account's tables after a name.
func (s *Store) names(ctx context.Context, account, region, after string, limit int) ([]string, error) {
	rows, err := s.db.Query(ctx, `SELECT name FROM dynamodb.tables WHERE account = @account AND region = @region AND name COLLATE "C" > @after
		ORDER BY name COLLATE "C" LIMIT @limit`, pgx.NamedArgs{"account": account, "region": region, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// counted is how many items a table or an index of it has, and their bytes.
func (s *Store) counted(ctx context.Context, t *table, idx int) (items, bytes int64, err error) {
	sql := `SELECT count(*), coalesce(sum(size), 0) FROM dynamodb.items WHERE tbl = @tbl AND @idx = 0`
	if idx > 0 {
		sql = `SELECT count(*), coalesce(sum(i.size), 0) FROM dynamodb.entries e JOIN dynamodb.items i
			ON i.tbl = e.tbl AND i.place = e.item_place AND i.hash = e.item_hash AND i.sort = e.item_sort WHERE e.tbl = @tbl AND e.idx = @idx`
	}
	err = s.db.QueryRow(ctx, sql, pgx.NamedArgs{"tbl": t.id, "idx": idx}).Scan(&items, &bytes)
	return items, bytes, err
}

// Forget drops the tables and streams of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	for _, sql := range []string{
		`SELECT FROM dynamodb.partitions WHERE tbl IN (SELECT id FROM dynamodb.tables WHERE @account = '' OR account = @account) ORDER BY tbl, n FOR UPDATE`,
		`DELETE FROM dynamodb.entries WHERE tbl IN (SELECT id FROM dynamodb.tables WHERE @account = '' OR account = @account)`,
		`DELETE FROM dynamodb.items WHERE tbl IN (SELECT id FROM dynamodb.tables WHERE @account = '' OR account = @account)`,
		`DELETE FROM dynamodb.tables WHERE @account = '' OR account = @account`,
		`DELETE FROM dynamodb.streams WHERE @account = '' OR account = @account`,
		`DELETE FROM dynamodb.tokens WHERE @account = '' OR account = @account`,
	} {
		if _, err := tx.Exec(ctx, sql, pgx.NamedArgs{"account": account}); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.changes++
		clear(s.cache)
		if account == "" { // the agenda has forgotten them too
			s.trimming = false
			clear(s.expiring)
		}
	})
	return nil
}
