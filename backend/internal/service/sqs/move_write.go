package sqs

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// shiftAtOnce is how many messages a task without a rate moves in one transaction.
const shiftAtOnce = 500

// shift is one step of a task, or its end by a caller. The writer fills in what became of it.
type shift struct {
	move
	cancel bool
	ended  bool // by this step: it is completed, cancelled or failed
}

// visible counts the messages that could be received.
func (s *Store) visible(q *queue) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(q, s.db.Now())
	return len(q.messages) - q.hidden - q.delayed
}

// shift does a step of each task.
func (f *flush) shift(ctx context.Context, list []*work) error {
	for _, w := range list {
		if w.shift == nil {
			continue
		}
		if err := f.step(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// step moves the next messages of a task, or ends it. A task ends when it has moved as many as there were when it was started, or
// when no more are visible.
func (f *flush) step(ctx context.Context, w *work) error {
	h := w.shift
	h.ended = false
	err := f.tx.QueryRow(ctx, `SELECT status, moved FROM sqs.moves WHERE handle = $1 FOR UPDATE`, h.handle).Scan(&h.status, &h.moved)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && h.status != moveRunning {
		return nil
	}
	if err != nil {
		return err
	}
	if h.cancel {
		return f.endMove(ctx, h, moveCancelled, "")
	}
	limit := shiftAtOnce
	if h.rate != nil {
		limit = int(*h.rate)
	}
	limit = int(min(int64(limit), h.total-h.moved))
	c := &claim{queue: w.queue}
	f.s.mu.Lock()
	f.s.advance(w.queue, f.tx.Now)
	w.queue.next(func(m *message) bool {
		if len(c.moving) == limit {
			return false
		}
		c.moving = append(c.moving, m)
		return true
	})
	f.s.taken = append(f.s.taken, c)
	f.s.mu.Unlock()
	stuck, err := f.shiftAll(ctx, h, c)
	switch {
	case err != nil:
		return err
	case stuck != "":
		return f.endMove(ctx, h, moveFailed, stuck)
	case len(c.moving) < limit || h.moved == h.total:
		return f.endMove(ctx, h, moveCompleted, "")
	}
	_, err = f.tx.Exec(ctx, `UPDATE sqs.moves SET moved = @moved WHERE id = @id`, pgx.NamedArgs{"moved": h.moved, "id": h.id})
	return err
}

func (f *flush) endMove(ctx context.Context, h *shift, status, reason string) error {
	h.ended, h.status = true, status
	_, err := f.tx.Exec(ctx, `UPDATE sqs.moves SET status = @status, reason = @reason, moved = @moved WHERE id = @id`,
		pgx.NamedArgs{"status": status, "reason": given(reason), "moved": h.moved, "id": h.id})
	return err
}

// shiftAll moves what was taken, up to the first message that cannot be: why says the reason, and it and those behind it are
// given back.
func (f *flush) shiftAll(ctx context.Context, h *shift, c *claim) (why string, err error) {
	origins, err := f.origins(ctx, c)
	if err != nil {
		return "", err
	}
	perQueue := map[*queue][]*message{}
	var order []*queue
	n := len(c.moving)
	for i, m := range c.moving {
		to := h.destination
		if to == nil {
			to = origins[m.seq]
		}
		var q *queue
		if to == nil {
			why = moveNoSource
		} else if q, err = f.s.byARN(ctx, *to); fault.Is(err, fault.NotFound) {
			why = moveNoQueue
		} else if err != nil {
			return "", err
		}
		if why != "" {
			back := c.moving[i:]
			n = i
			f.after = append(f.after, func() {
				for _, m := range back {
					c.queue.release(m)
				}
			})
			break
		}
		if perQueue[q] == nil {
			order = append(order, q)
		}
		perQueue[q] = append(perQueue[q], m)
	}
	slices.SortFunc(order, func(x, y *queue) int { return cmp.Compare(x.id, y.id) })
	for _, to := range order {
		if err := f.shiftTo(ctx, c.queue, to, perQueue[to]); err != nil {
			return "", err
		}
	}
	h.moved += int64(n)
	return why, nil
}

// origins are where messages of a dead-letter queue came from; nil for one that was sent to it.
func (f *flush) origins(ctx context.Context, c *claim) (map[int64]*string, error) {
	rows, err := f.tx.Query(ctx, `SELECT seq, origin FROM sqs.messages WHERE queue = @queue AND seq = ANY(@seqs)`,
		pgx.NamedArgs{"queue": c.queue.id, "seqs": sequencesOf(c.moving)})
	if err != nil {
		return nil, err
	}
	origins := map[int64]*string{}
	var seq int64
	var origin *string
	_, err = pgx.ForEachRow(rows, []any{&seq, &origin}, func() error {
		origins[seq] = origin
		return nil
	})
	return origins, err
}

func sequencesOf(list []*message) []int64 {
	seqs := make([]int64, len(list))
	for i, m := range list {
		seqs[i] = m.seq
	}
	return seqs
}

// shiftTo moves messages to a queue, where they are new ones: with ids of their own, sent now, never received (developer guide,
// dead-letter queue redrive).
func (f *flush) shiftTo(ctx context.Context, from, to *queue, list []*message) error {
	last, err := f.sequences(ctx, to, len(list))
	if err != nil {
		return err // also where it was deleted a moment ago: the next step knows
	}
	ids := make([]string, len(list))
	for i := range ids {
		ids[i] = f.s.ids.UUID()
	}
	rows, err := f.tx.Query(ctx, `WITH moved AS (DELETE FROM sqs.messages WHERE queue = @from AND seq = ANY(@seqs) RETURNING *)
		INSERT INTO sqs.messages (queue, seq, id, body, attributes, trace, sender, message_group, dedup, cause, origin, sent, first, visible, received, receipts)
		SELECT @to, @last + n.place, n.id, body, attributes, trace, sender, message_group, dedup, cause, NULL, @now, NULL, @now, 0, 0
		FROM moved JOIN unnest(@seqs::bigint[], @ids::text[]) WITH ORDINALITY AS n(seq, id, place) USING (seq)
		RETURNING seq, coalesce(message_group, '')`,
		pgx.NamedArgs{"from": from.id, "seqs": sequencesOf(list), "ids": ids, "to": to.id, "last": last, "now": f.tx.Now})
	if err != nil {
		return err
	}
	var seq int64
	var group string
	now := f.tx.Now
	if _, err = pgx.ForEachRow(rows, []any{&seq, &group}, func() error {
		n, g := seq, group
		f.after = append(f.after, func() { to.add(n, g, now, now, 0, now) })
		return nil
	}); err != nil {
		return err
	}
	f.after = append(f.after, func() {
		for _, m := range list {
			from.remove(m)
		}
	})
	f.woken[to] = true
	if from.fifo {
		f.woken[from] = true // the groups go on
	}
	return nil
}
