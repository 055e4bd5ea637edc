package sqs

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// dedupInterval is how long a FIFO queue knows what it has taken (SDK, MessageDeduplicationId).
const dedupInterval = 5 * time.Minute

// outgoing is a message on its way into a queue.
type outgoing struct {
	id         string // the writer replaces it by the earlier one's when the message is a duplicate
	body       string
	attributes []byte  // as stored
	trace      *string // AWSTraceHeader
	cause      *string // what it follows from, where AWSTraceHeader does not say so
	sender     string
	group      *string
	dedup      *string
	delay      time.Duration
	seq        int64 // the writer fills it in
}

// key is under which a FIFO queue remembers the message.
func (o *outgoing) key(perGroup bool) string {
	if perGroup {
		return *o.group + " " + *o.dedup // neither has spaces
	}
	return *o.dedup
}

// send writes the messages of everybody who sends, queue by queue.
func (f *flush) send(ctx context.Context, list []*work) error {
	var order []*queue
	works := map[*queue][]*work{}
	for _, w := range list {
		if len(w.sends) == 0 {
			continue
		}
		if works[w.queue] == nil {
			order = append(order, w.queue)
		}
		works[w.queue] = append(works[w.queue], w)
	}
	var rows inserts
	for _, q := range order {
		if err := f.number(ctx, q, works[q], &rows); err != nil {
			return err
		}
	}
	return rows.run(ctx, f)
}

// number gives the messages of a queue their sequence numbers, and leaves out duplicates.
func (f *flush) number(ctx context.Context, q *queue, works []*work, rows *inserts) error {
	var out []*outgoing
	for _, w := range works {
		out = append(out, w.sends...)
	}
	last, err := f.sequences(ctx, q, len(out))
	if errors.Is(err, pgx.ErrNoRows) {
		for _, w := range works {
			w.err = notFound()
		}
		return nil
	}
	if err != nil {
		return err
	}
	for i, o := range out {
		o.seq = last + int64(i) + 1
	}
	if q.fifo {
		if out, err = f.deduplicate(ctx, q, out); err != nil {
			return err
		}
	}
	for _, o := range out {
		until := f.tx.Now.Add(o.delay)
		rows.add(q.id, o, f.tx.Now, until)
		group := ""
		if o.group != nil {
			group = *o.group
		}
		seq := o.seq
		f.after = append(f.after, func() {
			if !q.gone {
				q.add(seq, group, f.tx.Now, until, 0, f.tx.Now)
			}
		})
		f.woken[q] = true // of a delayed one, too: who waits must know until when
	}
	return nil
}

// deduplicate returns the messages that are none the queue has taken within the interval; the others get the identity of the
// earlier one.
func (f *flush) deduplicate(ctx context.Context, q *queue, out []*outgoing) ([]*outgoing, error) {
	keys := make([]string, len(out))
	f.s.mu.Lock()
	perGroup := q.perGroup
	f.s.mu.Unlock()
	for i, o := range out {
		keys[i] = o.key(perGroup)
	}
	known, err := f.known(ctx, q, keys)
	if err != nil {
		return nil, err
	}
	var fresh []*outgoing
	var freshKeys, ids []string
	var seqs []int64
	for i, o := range out {
		if earlier := known[keys[i]]; earlier != nil {
			o.id, o.seq = earlier.id, earlier.seq
			continue
		}
		known[keys[i]] = o
		fresh, freshKeys, ids, seqs = append(fresh, o), append(freshKeys, keys[i]), append(ids, o.id), append(seqs, o.seq)
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	_, err = f.tx.Exec(ctx, `INSERT INTO sqs.deduplications (queue, key, at, id, seq)
		SELECT @queue, key, @now, id, seq FROM unnest(@keys::text[], @ids::text[], @seqs::bigint[]) AS x (key, id, seq)
		ON CONFLICT (queue, key) DO UPDATE SET at = excluded.at, id = excluded.id, seq = excluded.seq`,
		pgx.NamedArgs{"queue": q.id, "now": f.tx.Now, "keys": freshKeys, "ids": ids, "seqs": seqs})
	if err != nil {
		return nil, err
	}
	return fresh, f.forgetDuplicates(ctx, q, len(fresh))
}

// known is which of the keys the queue has taken within the interval.
func (f *flush) known(ctx context.Context, q *queue, keys []string) (map[string]*outgoing, error) {
	rows, err := f.tx.Query(ctx, `SELECT key, id, seq FROM sqs.deduplications WHERE queue = @queue AND key = ANY(@keys) AND at > @since`,
		pgx.NamedArgs{"queue": q.id, "keys": keys, "since": f.tx.Now.Add(-dedupInterval)})
	if err != nil {
		return nil, err
	}
	known := map[string]*outgoing{}
	var key, id string
	var seq int64
	_, err = pgx.ForEachRow(rows, []any{&key, &id, &seq}, func() error {
		known[key] = &outgoing{id: id, seq: seq}
		return nil
	})
	return known, err
}

// forgetDuplicates deletes, once in a thousand messages, what is older than the interval.
func (f *flush) forgetDuplicates(ctx context.Context, q *queue, n int) error {
	if q.sends += n; q.sends < 1000 {
		return nil
	}
	q.sends = 0
	_, err := f.tx.Exec(ctx, `DELETE FROM sqs.deduplications WHERE queue = @queue AND at <= @since`,
		pgx.NamedArgs{"queue": q.id, "since": f.tx.Now.Add(-dedupInterval)})
	return err
}

// inserts are new rows of messages, column by column.
type inserts struct {
	queues, seqs          []int64
	ids, bodies, senders  []string
	attributes            [][]byte
	traces, groups, dedup []*string
	causes                []*string
	sent, until           []time.Time
}

func (r *inserts) add(queue int64, o *outgoing, sent, until time.Time) {
	r.queues, r.seqs = append(r.queues, queue), append(r.seqs, o.seq)
	r.ids, r.bodies, r.senders = append(r.ids, o.id), append(r.bodies, o.body), append(r.senders, o.sender)
	r.attributes = append(r.attributes, o.attributes)
	r.traces, r.groups, r.dedup = append(r.traces, o.trace), append(r.groups, o.group), append(r.dedup, o.dedup)
	r.causes = append(r.causes, o.cause)
	r.sent, r.until = append(r.sent, sent), append(r.until, until)
}

func (r *inserts) run(ctx context.Context, f *flush) error {
	if len(r.ids) == 0 {
		return nil
	}
	_, err := f.tx.Exec(ctx, `INSERT INTO sqs.messages (queue, seq, id, body, attributes, trace, sender, message_group, dedup, cause, sent, visible, received, receipts)
		SELECT *, 0, 0 FROM unnest(@queues::bigint[], @seqs::bigint[], @ids::text[], @bodies::text[], @attributes::bytea[], @traces::text[],
			@senders::text[], @groups::text[], @dedup::text[], @causes::text[], @sent::timestamptz[], @until::timestamptz[])`,
		pgx.NamedArgs{"queues": r.queues, "seqs": r.seqs, "ids": r.ids, "bodies": r.bodies, "attributes": r.attributes, "traces": r.traces,
			"senders": r.senders, "groups": r.groups, "dedup": r.dedup, "causes": r.causes, "sent": r.sent, "until": r.until})
	return err
}
