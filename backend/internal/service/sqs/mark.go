package sqs

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// maxVisibility is the longest that a message may be hidden after a receipt (SDK, ChangeMessageVisibility).
const maxVisibility = 12 * time.Hour

// receipt is what a receipt handle says: which message, and which receipt of it. Clients see it as opaque text.
type receipt struct {
	id  string
	arn string
	seq int64
	n   int
}

func (r receipt) String() string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %d %d", r.id, r.arn, r.seq, r.n))
}

// parseReceipt reads a receipt handle of a queue.
func parseReceipt(handle, queueARN string) (receipt, bool) {
	var r receipt
	text, err := base64.StdEncoding.DecodeString(handle)
	if err != nil {
		return r, false
	}
	n, err := fmt.Sscanf(string(text), "%s %s %d %d", &r.id, &r.arn, &r.seq, &r.n)
	return r, err == nil && n == 4 && r.arn == queueARN
}

// mark is a deletion, or a change of visibility, of one message.
type mark struct {
	receipt
	delete bool
	hide   time.Duration // from now on
	// outcome is the writer's: what became of it.
	outcome markOutcome
}

type markOutcome int

const (
	marked  markOutcome = iota
	absent              // there is no such message any more
	stale               // the receipt is not the newest
	visited             // the message is not in flight
	tooLong             // it would be hidden for more than 12 hours
)

// mark deletes messages and changes their visibility, a statement for each queue.
func (f *flush) mark(ctx context.Context, list []*work) error {
	deletes, visible := map[*queue][]int64{}, map[*queue]map[int64]time.Time{}
	f.s.mu.Lock()
	for _, w := range list {
		if len(w.marks) > 0 {
			f.s.advance(w.queue, f.tx.Now)
		}
		for _, k := range w.marks {
			q := w.queue
			m := q.messages[k.seq]
			if k.outcome = q.judge(m, k, f.tx.Now); k.outcome != marked {
				continue
			}
			if k.delete {
				deletes[q] = append(deletes[q], m.seq)
				f.after = append(f.after, func() { q.remove(m) })
				if q.fifo {
					f.woken[q] = true // the group goes on
				}
				continue
			}
			until := f.tx.Now.Add(k.hide)
			if visible[q] == nil {
				visible[q] = map[int64]time.Time{}
			}
			visible[q][m.seq] = until // the last word holds, as in memory
			f.after = append(f.after, func() {
				if !m.gone && m.state == hidden {
					q.hide(m, until)
					f.s.advance(q, f.tx.Now)
				}
			})
			f.woken[q] = true // it may be visible sooner than they know who wait
		}
	}
	f.s.mu.Unlock()
	for q, seqs := range deletes {
		if _, err := f.tx.Exec(ctx, `DELETE FROM sqs.messages WHERE queue = @queue AND seq = ANY(@seqs)`, pgx.NamedArgs{"queue": q.id, "seqs": seqs}); err != nil {
			return err
		}
	}
	for q, changes := range visible {
		var seqs []int64
		var untils []time.Time
		for seq, until := range changes {
			seqs, untils = append(seqs, seq), append(untils, until)
		}
		if _, err := f.tx.Exec(ctx, `UPDATE sqs.messages m SET visible = c.until FROM unnest(@seqs::bigint[], @untils::timestamptz[]) AS c(seq, until)
			WHERE m.queue = @queue AND m.seq = c.seq`, pgx.NamedArgs{"queue": q.id, "seqs": seqs, "untils": untils}); err != nil {
			return err
		}
	}
	return nil
}

// judge says what may become of a mark.
func (q *queue) judge(m *message, k *mark, now time.Time) markOutcome {
	switch {
	case m == nil:
		return absent
	case m.receipts != k.n:
		return stale
	case m.state != hidden && (!k.delete || q.fifo):
		return visited
	case !k.delete && !m.since.IsZero() && now.Add(k.hide).Sub(m.since) > maxVisibility:
		return tooLong
	}
	return marked
}
