package sqs

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// attempt is a receipt from a FIFO queue that its receiver has named, so that it can ask for it again (SDK,
// ReceiveRequestAttemptId): within five minutes, as long as none of its messages was deleted or hidden for another time, the
// same messages come with the same receipts, and are hidden anew. Attempts are forgotten when the backend ends: then the same
// name receives what is visible.
type attempt struct {
	at       time.Time // of the receipt
	until    time.Time // when its messages will be visible
	messages []*message
	receipts []int
}

var attemptForm = regexp.MustCompile(`^[a-zA-Z0-9!"#$%&'()*+,\-./:;<=>?@\[\\\]^_` + "`" + `{|}~]{1,128}$`)

// checkAttempt says whether a receiver may name its attempt so.
func checkAttempt(q *queue, id *string) error {
	switch {
	case id == nil:
		return nil
	case !q.fifo:
		return wire.Errorf(http.StatusBadRequest, "InvalidParameterValue", "The request includes a parameter that is not valid for this queue type")
	case !attemptForm.MatchString(*id):
		return invalidParameter(*id, "ReceiveRequestAttemptId", "ReceiveRequestAttemptId can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return nil
}

// repeatable is the earlier attempt of a claim's name, nil where there is none or it no longer holds. The mutex is held.
func (q *queue) repeatable(name string, now time.Time) *attempt {
	a := q.attempts[name]
	if name == "" || a == nil || now.Sub(a.at) >= dedupInterval {
		return nil
	}
	for i, m := range a.messages {
		if m.gone || m.state != hidden || m.receipts != a.receipts[i] || !m.until.Equal(a.until) {
			return nil
		}
	}
	return a
}

// remember keeps an attempt, and forgets those whose time is over. The mutex is held.
func (q *queue) remember(c *claim, now time.Time) {
	for name, a := range q.attempts {
		if now.Sub(a.at) >= dedupInterval {
			delete(q.attempts, name)
		}
	}
	a := &attempt{at: now, until: now.Add(c.hide), messages: c.messages}
	for _, m := range c.messages {
		a.receipts = append(a.receipts, m.receipts)
	}
	if q.attempts == nil {
		q.attempts = map[string]*attempt{}
	}
	q.attempts[c.attempt] = a
}

// repeat gives a claim the messages of an earlier attempt, and hides them anew.
func (f *flush) repeat(ctx context.Context, c *claim, a *attempt) error {
	until := f.tx.Now.Add(c.hide)
	rows, err := f.tx.Query(ctx, `UPDATE sqs.messages SET visible = @until WHERE queue = @queue AND seq = ANY(@seqs)
		RETURNING `+receivedColumns, pgx.NamedArgs{"until": until, "queue": c.queue.id, "seqs": sequencesOf(a.messages)})
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, scanReceived)
	if err != nil {
		return err
	}
	found := map[int64]received{}
	for _, r := range list {
		r.queue = c.queue
		found[r.seq] = r
	}
	for _, m := range a.messages {
		if r, ok := found[m.seq]; ok {
			c.got = append(c.got, r)
		}
	}
	f.after = append(f.after, func() {
		for _, m := range a.messages {
			if !m.gone && m.state == hidden {
				c.queue.hide(m, until)
			}
		}
		a.until = until
		f.s.advance(c.queue, f.tx.Now)
	})
	return nil
}
