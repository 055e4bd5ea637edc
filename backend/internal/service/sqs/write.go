package sqs

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// work is what one caller wants the writer to do to a queue. The writer fills in the results.
type work struct {
	queue *queue
	purge bool
	sends []*outgoing
	claim *claim
	marks []*mark // deletions and changes of visibility
	shift *shift  // a step of a message move task
	err   error   // the queue is gone
}

// claim is a request to receive.
type claim struct {
	queue    *queue
	limit    int           // messages, at least 1
	hide     time.Duration // 0 shows them again at once
	dead     *queue        // the dead-letter queue; nil without one
	attempt  string        // the receiver's name for it, of FIFO queues; "" for none
	quiet    bool          // a poller's: it knows itself when its messages will be visible again
	messages []*message    // taken, in order
	moving   []*message    // taken, for the dead-letter queue
	got      []received
}

// flush is one transaction of the writer.
type flush struct {
	s     *Store
	tx    *postgres.Tx
	after []func()        // changes of memory, under the mutex, in order
	woken map[*queue]bool // where a message became visible, or will be at another time
}

// write commits the work of several callers. It may run again for the same work, after a failure or for part of it: it begins
// by giving back what was taken for a transaction that did not commit.
func (s *Store) write(ctx context.Context, tx *postgres.Tx, list []*work) error {
	s.giveBack()
	// A table of messages is empty or full from one second to the next: no plan may count on it to be short.
	if _, err := tx.Exec(ctx, `SET LOCAL enable_seqscan = off`); err != nil {
		return err
	}
	f := &flush{s: s, tx: tx, woken: map[*queue]bool{}}
	for _, w := range list {
		w.err = nil
	}
	for _, step := range []func(context.Context, []*work) error{f.purge, f.send, f.receive, f.mark, f.shift} {
		if err := step(ctx, list); err != nil {
			return err
		}
	}
	tx.AfterCommit(f.done)
	return nil
}

// giveBack makes visible what is taken and was not committed.
func (s *Store) giveBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.taken {
		for _, m := range c.messages {
			c.queue.release(m)
		}
		for _, m := range c.moving {
			c.queue.release(m)
		}
		c.queue.announce()
	}
	s.taken = nil
}

func (q *queue) release(m *message) {
	if !m.gone && m.state == taken {
		q.show(m)
	}
}

// done brings memory to what was committed, and wakes.
func (f *flush) done() {
	f.s.mu.Lock()
	for _, change := range f.after {
		change()
	}
	f.s.taken = nil
	woken := slices.SortedFunc(maps.Keys(f.woken), func(x, y *queue) int { return cmp.Compare(x.id, y.id) })
	for _, q := range woken {
		q.announce()
	}
	f.s.mu.Unlock()
	for _, q := range woken {
		f.s.wake(q.arn())
	}
}

// sequences gives out n sequence numbers of a queue and returns the one before the first. Without a row, the queue is gone.
func (f *flush) sequences(ctx context.Context, q *queue, n int) (int64, error) {
	var last int64
	err := f.tx.QueryRow(ctx, `UPDATE sqs.sequences SET last = last + @n WHERE queue = @queue RETURNING last`,
		pgx.NamedArgs{"n": n, "queue": q.id}).Scan(&last)
	return last - int64(n), err
}

// purge deletes all messages of the queues that are purged.
func (f *flush) purge(ctx context.Context, list []*work) error {
	for _, w := range list {
		if !w.purge {
			continue
		}
		q := w.queue
		if _, err := f.tx.Exec(ctx, `DELETE FROM sqs.messages WHERE queue = $1`, q.id); err != nil {
			return err
		}
		if _, err := f.tx.Exec(ctx, `UPDATE sqs.queues SET purged = @now WHERE id = @id`, pgx.NamedArgs{"id": q.id, "now": f.tx.Now}); err != nil {
			return err
		}
		f.after = append(f.after, func() {
			q.clear()
			q.purged = f.tx.Now
		})
	}
	return nil
}

// place is a queue and an instant: what one statement changes together.
type place struct {
	queue *queue
	until time.Time
}

// receive takes messages for everybody who asks, and moves those that were received too often.
func (f *flush) receive(ctx context.Context, list []*work) error {
	rows := map[place][]int64{}
	claims := map[place][]*claim{}
	repeats := map[*claim]*attempt{}
	var places []place
	f.s.mu.Lock()
	for _, w := range list {
		c := w.claim
		if c == nil {
			continue
		}
		c.queue, c.messages, c.moving, c.got = w.queue, nil, nil, nil
		f.s.advance(w.queue, f.tx.Now)
		if again := w.queue.repeatable(c.attempt, f.tx.Now); again != nil {
			repeats[c] = again
			continue
		}
		w.queue.claim(c)
		f.s.taken = append(f.s.taken, c)
		at := place{w.queue, f.tx.Now.Add(c.hide)}
		if claims[at] == nil {
			places = append(places, at)
		}
		claims[at] = append(claims[at], c)
		for _, m := range c.messages {
			rows[at] = append(rows[at], m.seq)
		}
	}
	f.s.mu.Unlock()
	for c, again := range repeats {
		if err := f.repeat(ctx, c, again); err != nil {
			return err
		}
	}
	for _, at := range places {
		if err := f.count(ctx, at, rows[at], claims[at]); err != nil {
			return err
		}
		for _, c := range claims[at] {
			if err := f.move(ctx, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// claim takes what a receiver may have. The mutex is held.
func (q *queue) claim(c *claim) {
	q.next(func(m *message) bool {
		if c.dead != nil && q.redrive != nil && m.receipts >= q.redrive.max {
			c.moving = append(c.moving, m)
			return true
		}
		if len(c.messages) == c.limit {
			return false
		}
		c.messages = append(c.messages, m)
		return true
	})
}

// count writes the receipt of messages, and reads them for their receivers.
func (f *flush) count(ctx context.Context, at place, seqs []int64, claims []*claim) error {
	if len(seqs) == 0 {
		return nil
	}
	rows, err := f.tx.Query(ctx, `UPDATE sqs.messages SET visible = @until, received = received + 1, receipts = receipts + 1, first = coalesce(first, @now)
		WHERE queue = @queue AND seq = ANY(@seqs)
		RETURNING `+receivedColumns,
		pgx.NamedArgs{"until": at.until, "now": f.tx.Now, "queue": at.queue.id, "seqs": seqs})
	if err != nil {
		return err
	}
	found := map[int64]received{}
	list, err := pgx.CollectRows(rows, scanReceived)
	if err != nil {
		return err
	}
	for _, r := range list {
		r.queue = at.queue
		found[r.seq] = r
	}
	for _, c := range claims {
		for _, m := range c.messages {
			r, ok := found[m.seq]
			if ok {
				c.got = append(c.got, r)
			}
			f.after = append(f.after, func() { // a row that is not there was deleted by a commit whose answer was lost
				switch {
				case m.gone:
				case !ok:
					at.queue.remove(m)
				default:
					m.receipts, m.since = r.receipts, f.tx.Now
					at.queue.hide(m, at.until)
				}
			})
		}
		if c.attempt != "" && len(c.messages) > 0 {
			f.after = append(f.after, func() { at.queue.remember(c, f.tx.Now) })
		}
		if c.hide == 0 {
			f.after = append(f.after, func() { f.s.advance(at.queue, f.tx.Now) })
		}
		if len(c.got) > 0 && (!c.quiet || c.hide == 0) {
			f.woken[at.queue] = true
		}
	}
	return nil
}

// move moves what a claim found received too often to the dead-letter queue. A standard queue's message keeps the time at
// which it was sent, so that it lives no longer there (developer guide, dead-letter queues).
func (f *flush) move(ctx context.Context, c *claim) error {
	if len(c.moving) == 0 {
		return nil
	}
	last, err := f.sequences(ctx, c.dead, len(c.moving))
	if err != nil {
		return err // also where the dead-letter queue was deleted a moment ago: the next receipt knows
	}
	seqs := make([]int64, len(c.moving))
	for i, m := range c.moving {
		seqs[i] = m.seq
	}
	rows, err := f.tx.Query(ctx, `WITH moved AS (DELETE FROM sqs.messages WHERE queue = @from AND seq = ANY(@seqs) RETURNING *)
		INSERT INTO sqs.messages (queue, seq, id, body, attributes, trace, sender, message_group, dedup, cause, origin, sent, first, visible, received, receipts)
		SELECT @to, @last + row_number() OVER (ORDER BY seq), id, body, attributes, trace, sender, message_group, dedup, cause, @origin,
			CASE WHEN @fifo THEN @now ELSE sent END, first, @now, received, 0 FROM moved
		RETURNING seq, coalesce(message_group, ''), sent`,
		pgx.NamedArgs{"from": c.queue.id, "seqs": seqs, "to": c.dead.id, "last": last, "origin": c.queue.arn(), "fifo": c.queue.fifo, "now": f.tx.Now})
	if err != nil {
		return err
	}
	var seq int64
	var group string
	var sent time.Time
	if _, err = pgx.ForEachRow(rows, []any{&seq, &group, &sent}, func() error {
		n, g, at := seq, group, sent
		f.after = append(f.after, func() { c.dead.add(n, g, at, f.tx.Now, 0, f.tx.Now) })
		return nil
	}); err != nil {
		return err
	}
	f.after = append(f.after, func() {
		for _, m := range c.moving {
			c.queue.remove(m)
		}
	})
	f.woken[c.dead] = true
	if c.queue.fifo {
		f.woken[c.queue] = true // the groups go on
	}
	return nil
}
