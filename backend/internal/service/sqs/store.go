// Package sqs is Amazon Simple Queue Service: standard and FIFO queues, their messages, policies and dead-letter queues, and
// what a poller needs to receive from them.
//
// The table of messages is the durable log; memory holds the order. A queue is read whole, bodies aside, when it is first
// used, and from then on memory knows which messages are visible, which are hidden or delayed until when, and whose turn it
// is in a FIFO queue:
//
//	sent ─▶ delayed ─▶ visible ─▶ taken ─▶ hidden ─▶ deleted
//	            │         ▲         │         │
//	            └─────────┘         │         ├─▶ visible again, at the end of its visibility timeout
//	                                │
//	                                └─▶ the dead-letter queue, when it was received as often as the redrive policy allows
//
// One writer commits everything that changes messages: what callers wait for at the same time shares a transaction, sends
// first, then receipts, deletions and changes of visibility. Callers are answered after the commit, and memory changes after
// it too, so nothing is given out that a crash could take back. What a transaction has taken and did not commit is visible
// again before the next one begins. Sequence numbers come from a row that the writer keeps locked until it commits. There is
// no lease in the table that nobody remembers: when the backend starts again, a message is hidden for as long as its row says.
//
// A receipt handle names a message and one receipt of it. Only the newest deletes it; an older one is taken and does nothing
// (SDK, DeleteMessage), and on a FIFO queue one whose timeout has ended is refused.
//
// In a FIFO queue a group with a message in flight gives out no other. What a FIFO queue has taken in the last five minutes is
// in a table of its own, since it counts also when the message is gone.
//
// Policies: operations on a queue ask the caller's policies and the queue's own (Policy); within an account one of them is
// enough, across accounts both must allow; what only an owner may do ignores the queue's policy across accounts.
//
// Time is the clock's, and virtual time moves visibility, delay and retention. A long poll waits real time.
//
// Not simulated: encryption (its attributes are stored), throughput quotas, fair queues (the group of a standard queue's
// message is kept and handed on), and the 60 seconds in which a deleted queue's name can't be used again. Sources: the API reference as the SDK's comments have it; the developer guide of SQS.
package sqs

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of queues.
var Schema = postgres.Schema{Name: "sqs", Files: files}

// Store keeps queues and their messages.
type Store struct {
	db     *postgres.DB
	ids    *ident.Source
	authz  *authz.Authorizer
	writer *postgres.Coalescer[*work]
	// wake tells a queue's pollers that messages became visible.
	wake func(queueARN string)
	// policyChanged tells the pollers that a queue's policy may allow them now, with the queue's account.
	policyChanged func(account string)
	expired       *postgres.Behind[expired]
	ended         chan struct{} // closed when no long poll may wait any more
	ending        sync.Once
	agenda        *agenda.Agenda // runs message move tasks

	loading  sync.Mutex // one queue is read at a time
	changing sync.Mutex // one queue's attributes are changed at a time

	mu    sync.Mutex
	cache map[string]*queue // by ARN
	taken []*claim          // by the writer, whose transaction has not committed
}

// expired is a message whose retention has ended.
type expired struct{ queue, seq int64 }

// NewStore returns a store over db. wake is called after every commit that made messages of a queue visible, or that may let
// one become visible sooner than a poller knows, and when a queue is made or changed.
func NewStore(db *postgres.DB, ids *ident.Source, a *authz.Authorizer, log *slog.Logger, wake func(queueARN string)) *Store {
	s := &Store{db: db, ids: ids, authz: a, wake: wake, cache: map[string]*queue{}, ended: make(chan struct{}),
		policyChanged: func(string) {}}
	s.writer = postgres.NewCoalescer(db, 1, 500, s.write)
	s.expired = postgres.NewBehind(db, log, "expired messages", 1000, 0, deleteExpired)
	return s
}

// OnPolicy has f called after a commit that changed a queue's policy, with the queue's account. Call it before the store serves.
func (s *Store) OnPolicy(f func(account string)) { s.policyChanged = f }

// EndPolls lets every long poll answer now with what it has.
func (s *Store) EndPolls() { s.ending.Do(func() { close(s.ended) }) }

// Close waits for the writers.
func (s *Store) Close() {
	s.EndPolls()
	s.writer.Close()
	s.expired.Close()
}

func deleteExpired(ctx context.Context, tx *postgres.Tx, list []expired) error {
	queues, seqs := make([]int64, len(list)), make([]int64, len(list))
	for i, e := range list {
		queues[i], seqs[i] = e.queue, e.seq
	}
	_, err := tx.Exec(ctx, `DELETE FROM sqs.messages WHERE (queue, seq) IN (SELECT unnest(@queues::bigint[]), unnest(@seqs::bigint[]))`,
		pgx.NamedArgs{"queues": queues, "seqs": seqs})
	return err
}

// advance brings a queue to the clock's instant. The mutex is held.
func (s *Store) advance(q *queue, now time.Time) {
	for _, seq := range q.advance(now) {
		s.expired.Add(expired{q.id, seq})
	}
}

func notFound() error { return fault.New(fault.NotFound, "The specified queue does not exist.") }

// get finds a queue, and reads it where it is not in memory yet.
func (s *Store) get(ctx context.Context, account, region, name string) (*queue, error) {
	key := arn.Queue(region, account, name)
	if q := s.cached(key); q != nil {
		return q, nil
	}
	s.loading.Lock()
	defer s.loading.Unlock()
	if q := s.cached(key); q != nil {
		return q, nil
	}
	q := newQueue()
	q.account, q.region, q.name = account, region, name
	var purged *time.Time
	err := s.db.QueryRow(ctx, `SELECT id, attributes, tags, created, modified, purged FROM sqs.queues
		WHERE account = @account AND region = @region AND name = @name`, pgx.NamedArgs{"account": account, "region": region, "name": name}).
		Scan(&q.id, &q.attributes, &q.tags, &q.created, &q.modified, &purged)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound()
	}
	if err != nil {
		return nil, err
	}
	if purged != nil {
		q.purged = *purged
	}
	if q.settings, err = settle(q.attributes); err != nil {
		return nil, err
	}
	q.fifo = q.settings.fifo
	if err := s.load(ctx, q); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache[key] = q
	return q, nil
}

func (s *Store) cached(key string) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cache[key]
}

// load reads what is known of a queue's messages.
func (s *Store) load(ctx context.Context, q *queue) error {
	rows, err := s.db.Query(ctx, `SELECT seq, coalesce(message_group, ''), sent, visible, receipts FROM sqs.messages WHERE queue = $1 ORDER BY seq`, q.id)
	if err != nil {
		return err
	}
	now := s.db.Now()
	var seq int64
	var groupName string
	var sent, until time.Time
	var receipts int
	_, err = pgx.ForEachRow(rows, []any{&seq, &groupName, &sent, &until, &receipts}, func() error {
		q.add(seq, groupName, sent, until, receipts, now)
		return nil
	})
	return err
}

// byARN finds the queue of an ARN.
func (s *Store) byARN(ctx context.Context, queueARN string) (*queue, error) {
	p, err := arn.Parse(queueARN)
	if err != nil || p.Service != "sqs" {
		return nil, notFound()
	}
	return s.get(ctx, p.Account, p.Region, p.Resource)
}

// create makes a queue. One that is there already is left alone: the caller compares.
func (s *Store) create(ctx context.Context, q *queue) (made bool, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		made = false
		var id int64
		err := tx.QueryRow(ctx, `INSERT INTO sqs.queues (account, region, name, attributes, tags, created, modified)
			VALUES (@account, @region, @name, @attributes, @tags, @now, @now) ON CONFLICT DO NOTHING RETURNING id`,
			pgx.NamedArgs{"account": q.account, "region": q.region, "name": q.name, "attributes": q.attributes, "tags": q.tags, "now": tx.Now}).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		made = true
		_, err = tx.Exec(ctx, `INSERT INTO sqs.sequences VALUES ($1, 0)`, id)
		return err
	})
	if made && err == nil {
		s.wake(q.arn()) // mappings may have waited for it
	}
	return made, err
}

// change changes a queue's attributes and tags: edit gets copies of them as they were committed last. One change is made at a
// time, so that none undoes another.
func (s *Store) change(ctx context.Context, q *queue, edit func(attributes, tags map[string]string) error) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	attributes, tags := s.stored(q)
	if err := edit(attributes, tags); err != nil {
		return err
	}
	set, err := settle(attributes)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		done, err := tx.Exec(ctx, `UPDATE sqs.queues SET attributes = @attributes, tags = @tags, modified = @now WHERE id = @id`,
			pgx.NamedArgs{"id": q.id, "attributes": attributes, "tags": tags, "now": tx.Now})
		if err == nil && done.RowsAffected() == 0 {
			return notFound()
		}
		tx.AfterCommit(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			q.attributes, q.tags, q.settings, q.modified = attributes, tags, set, tx.Now
			q.announce()
		})
		return err
	})
	if err == nil {
		s.policyChanged(q.account)
		s.wake(q.arn()) // its visibility timeout may be another
	}
	return err
}

// stored are copies of a queue's attributes and tags.
func (s *Store) stored(q *queue) (attributes, tags map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(q.attributes), maps.Clone(q.tags)
}

// remove deletes a queue with its messages.
func (s *Store) remove(ctx context.Context, q *queue) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tx.AfterCommit(func() { s.forget(q) })
		return deleteQueues(ctx, tx, []int64{q.id})
	})
}

// deleteQueues deletes queues. The sequence's row goes first: the writer that holds it commits before, and none comes after.
func deleteQueues(ctx context.Context, tx *postgres.Tx, ids []int64) error {
	for _, sql := range []string{
		`DELETE FROM sqs.sequences WHERE queue = ANY($1)`,
		`DELETE FROM sqs.messages WHERE queue = ANY($1)`,
		`DELETE FROM sqs.deduplications WHERE queue = ANY($1)`,
		`DELETE FROM sqs.moves WHERE queue = ANY($1)`,
		`DELETE FROM sqs.queues WHERE id = ANY($1)`,
	} {
		if _, err := tx.Exec(ctx, sql, ids); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) forget(q *queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.gone = true
	q.clear()
	q.announce()
	if s.cache[q.arn()] == q {
		delete(s.cache, q.arn())
	}
}

// Forget drops the queues of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	rows, err := tx.Query(ctx, `SELECT id FROM sqs.queues WHERE @account = '' OR account = @account ORDER BY id`, pgx.NamedArgs{"account": account})
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		s.mu.Lock()
		var list []*queue
		for _, q := range s.cache {
			if account == "" || q.account == account {
				list = append(list, q)
			}
		}
		s.mu.Unlock()
		for _, q := range list {
			s.forget(q)
		}
	})
	return deleteQueues(ctx, tx, ids)
}

// names lists the names of queues that begin with a prefix and come after a name.
func (s *Store) names(ctx context.Context, account, region, prefix, after string, limit int) ([]string, error) {
	rows, err := s.db.Query(ctx, `SELECT name FROM sqs.queues WHERE account = @account AND region = @region AND starts_with(name, @prefix)
		AND name COLLATE "C" > @after ORDER BY name COLLATE "C" LIMIT @limit`,
		pgx.NamedArgs{"account": account, "region": region, "prefix": prefix, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// sources lists the names of queues that have the queue as their dead-letter queue.
func (s *Store) sources(ctx context.Context, q *queue) ([]string, error) {
	rows, err := s.db.Query(ctx, `SELECT name FROM sqs.queues WHERE account = @account AND region = @region AND attributes ? 'RedrivePolicy'
		AND (attributes->>'RedrivePolicy')::jsonb->>'deadLetterTargetArn' = @arn ORDER BY name COLLATE "C"`,
		pgx.NamedArgs{"account": q.account, "region": q.region, "arn": q.arn()})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
