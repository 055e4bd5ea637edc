package agenda

import (
	"context"
	"slices"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// stallLimit is how long, in real time, something stays due behind what is at work before that is taken to wait for it.
const stallLimit = time.Second

// stall is the loop's account of what is held up, with a virtual clock.
type stall struct {
	held    time.Time // real; since when something has been due and could not start; zero when nothing is held up
	heldSeq uint64    // what began later has overtaken it
	asked   uint64    // after what a function in flight first asked for something
	waiters int       // how many of those in flight are taken to wait
}

type besideKey struct{}

// Beside reports whether a handler was started beside others that wait for it, although the clock is virtual: then it must
// not wait for its turn, which they hold.
func Beside(ctx context.Context) bool { return ctx.Value(besideKey{}) != nil }

// untilStall returns how long the loop may sleep with a virtual clock. When something has been held up for too long, it
// makes room for it first.
func (a *Agenda) untilStall() time.Duration {
	if len(a.runnable) == 0 || a.closing {
		a.held = time.Time{}
		return time.Hour
	}
	if a.held.IsZero() {
		a.held, a.heldSeq = clock.Wall(), a.seq
	}
	if left := stallLimit - clock.Wall().Sub(a.held); left > 0 {
		return left
	}
	if !a.mayBeAwaited() {
		return stallLimit // look again: more may have been made meanwhile
	}
	for _, f := range a.flying {
		f.waits = true
	}
	a.waiters = len(a.flying)
	flying, due := a.atWork()
	a.log.Warn("what runs may be waiting for what is due, so that goes on beside it; the order of the two can differ in another run of the same",
		"running", flying, "due", due[:min(len(due), 10)], "after", stallLimit)
	a.dispatch()
	return stallLimit
}

// Asked says that a running function has asked something of the simulator: what arrives from now on it may have made.
func (a *Agenda) Asked() {
	a.send(func() {
		for id := range a.flying {
			if id <= a.asked {
				return // of those in flight one has asked before
			}
		}
		a.asked = a.seq
	})
}

// mayBeAwaited reports whether something due may have been made by what is in flight; or whether what is due is
// overtaken by calls from outside, again and again.
func (a *Agenda) mayBeAwaited() bool {
	oldest, newest := ^uint64(0), uint64(0)
	for id := range a.flying {
		oldest, newest = min(oldest, id), max(newest, id)
	}
	if newest > a.heldSeq {
		return true
	}
	if a.asked < oldest {
		return false
	}
	for _, l := range a.lanes {
		if slices.ContainsFunc(l.ready, func(it Item) bool { return it.seq > a.asked }) {
			return true
		}
	}
	return false
}
