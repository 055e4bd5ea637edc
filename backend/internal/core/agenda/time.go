package agenda

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// Advance moves a virtual clock forward by d and runs all that falls due on the way, in order. It returns when the
// system is quiet, with the instant reached and how many items ran. A real clock is refused.
func (a *Agenda) Advance(ctx context.Context, d time.Duration) (time.Time, int, error) {
	return a.advance(ctx, &advance{by: d, reply: make(chan advanced, 1)})
}

// AdvanceTo is Advance to an instant; an instant in the past moves nothing.
func (a *Agenda) AdvanceTo(ctx context.Context, to time.Time) (time.Time, int, error) {
	return a.advance(ctx, &advance{to: to, reply: make(chan advanced, 1)})
}

func (a *Agenda) advance(ctx context.Context, adv *advance) (time.Time, int, error) {
	if !a.clk.IsVirtual() {
		return time.Time{}, 0, fault.New(fault.Conflict, "the clock is real, and nobody can move it: start the backend "+
			"with --clock virtual (it then stands still until advanced) or --clock auto (it also jumps when idle)")
	}
	if !a.send(func() { a.advances = append(a.advances, adv) }) {
		return time.Time{}, 0, errClosed
	}
	select {
	case got := <-adv.reply:
		return got.now, got.ran, a.saveClock(ctx)
	case <-ctx.Done():
		a.send(func() { a.abandon(adv) })
		return time.Time{}, 0, ctx.Err()
	case <-a.loopDone:
		return time.Time{}, 0, errClosed
	}
}

// abandon leaves the clock where it is: nobody waits for the rest of the way.
func (a *Agenda) abandon(adv *advance) {
	a.advances = slices.DeleteFunc(a.advances, func(other *advance) bool { return other == adv })
}

// Drain returns nil once nothing is due and nothing is in flight. Items that wait for a later instant do not count; an
// automatic clock follows them first. When ctx ends before, it returns what is still at work.
func (a *Agenda) Drain(ctx context.Context) (flying, due []string, err error) {
	d := &drain{reply: make(chan struct{})}
	if !a.send(func() { a.drains = append(a.drains, d) }) {
		return nil, nil, errClosed
	}
	select {
	case <-d.reply:
		return nil, nil, a.saveClock(ctx)
	case <-a.loopDone:
		return nil, nil, errClosed
	case <-ctx.Done():
	}
	got := make(chan struct{})
	a.send(func() { flying, due = a.atWork(); close(got) })
	select {
	case <-got:
	case <-a.loopDone:
	}
	return flying, due, ctx.Err()
}

// Resting reports whether nothing is at work: nothing is due or in flight, and no item but a background one falls due within
// so long. With a virtual clock nothing falls due by itself.
func (a *Agenda) Resting(within time.Duration) bool {
	got := make(chan bool, 1)
	a.send(func() {
		due, ok := a.earliest(false)
		got <- a.quiet() && (!ok || a.clk.IsVirtual() || due.After(a.clk.Now().Add(within)))
	})
	select {
	case resting := <-got:
		return resting
	case <-a.loopDone:
		return true
	}
}

// restoreClock sets a virtual clock to where it stood.
func (a *Agenda) restoreClock(ctx context.Context) error {
	if !a.clk.IsVirtual() {
		return nil
	}
	rows, err := a.db.Query(ctx, `SELECT now FROM agenda.clock`)
	if err != nil {
		return err
	}
	stood, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return err
	}
	if len(stood) == 1 {
		a.clk.Set(stood[0])
	}
	return nil
}

func (a *Agenda) saveClock(ctx context.Context) error {
	if !a.clk.IsVirtual() {
		return nil
	}
	return a.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error { return writeClock(ctx, tx, tx.Now) })
}

// writeClock notes where a virtual clock stands; it never goes back.
func writeClock(ctx context.Context, tx *postgres.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO agenda.clock AS c (now) VALUES (@now)
		ON CONFLICT (one) DO UPDATE SET now = greatest(c.now, excluded.now)`, pgx.NamedArgs{"now": now})
	return err
}

// move sets a virtual clock. Where it has come to is written behind, so that a crash takes back a moment at most.
func (a *Agenda) move(to time.Time) {
	a.clk.Set(to)
	a.rows.Add(settled{clock: a.clk.Now()})
}
