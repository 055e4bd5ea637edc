// Package clock is the only place that knows what time it is.
//
// There are three ways for time to pass:
//
//   - Real: the operating system's time.
//   - Virtual: time stands still until the agenda moves it, because somebody asked to advance it.
//   - Auto: as virtual, but the agenda also moves it to the next due item whenever the system is idle.
//
// A clock does not run anything. What happens later is an item of the agenda, and only the agenda calls Set. What must
// always be real (signature dates, process timeouts, deadlines given to real clients, a client's long poll) uses Wall,
// and says so by that name. Nothing outside this package, execute/process and postgres names time.Now, time.Sleep or
// a timer; tidy_test.go holds the code to it.
package clock

import (
	"fmt"
	"sync"
	"time"
)

// Mode says how time passes.
type Mode string

// The modes of a clock, as the --clock flag spells them.
const (
	Real    Mode = "real"
	Virtual Mode = "virtual"
	Auto    Mode = "auto"
)

// Modes lists every mode, for flags and messages.
func Modes() []Mode { return []Mode{Real, Virtual, Auto} }

// Epoch is where a virtual clock starts when nothing else is said.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Clock tells the time. It is safe for concurrent use.
type Clock struct {
	mode  Mode
	mu    sync.Mutex
	now   time.Time
	moved chan struct{} // closed when a virtual clock is moved; nil until somebody asks
}

// New returns a clock of the mode. A virtual or automatic clock shows start, or Epoch when start is zero.
func New(mode Mode, start time.Time) (*Clock, error) {
	switch mode {
	case Real, Virtual, Auto:
	default:
		return nil, fmt.Errorf("clock %q: want one of %v", mode, Modes())
	}
	if start.IsZero() {
		start = Epoch
	}
	return &Clock{mode: mode, now: start.UTC().Truncate(time.Microsecond)}, nil
}

// NewReal returns a clock that shows the operating system's time.
func NewReal() *Clock { return &Clock{mode: Real} }

// NewVirtual returns a virtual clock that shows start, or Epoch when start is zero.
func NewVirtual(start time.Time) *Clock {
	c, _ := New(Virtual, start)
	return c
}

// Mode returns how this clock's time passes.
func (c *Clock) Mode() Mode { return c.mode }

// IsVirtual reports whether time passes only when the agenda moves it (virtual and auto).
func (c *Clock) IsVirtual() bool { return c.mode != Real }

// Now returns the instant, in UTC, with microseconds (what PostgreSQL keeps).
func (c *Clock) Now() time.Time {
	if c.mode == Real {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves a virtual clock forward to t; an earlier t is ignored. Only the agenda calls it. It panics on a real
// clock, which nobody can move.
func (c *Clock) Set(t time.Time) {
	if c.mode == Real {
		panic("clock: a real clock cannot be set")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t = t.UTC().Truncate(time.Microsecond); t.After(c.now) {
		c.now = t
		if c.moved != nil {
			close(c.moved)
			c.moved = nil
		}
	}
}

// Moved returns a channel that is closed the next time a virtual clock is moved: for what waits in real time for an instant of
// the simulator's, as a client's long poll does. Ask before you look at the time. A real clock's is never closed.
func (c *Clock) Moved() <-chan struct{} {
	if c.mode == Real {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	return c.moved
}

// Wall returns the operating system's time whatever the mode, for the few things that are always real: signature
// dates, deadlines that a real client makes a timer of, and durations that a log line reports.
func Wall() time.Time { return time.Now().UTC() }

// WallTimer is a real timer, for process timeouts, long polls and the real clock's next due item.
type WallTimer struct{ t *time.Timer }

// NewWallTimer returns a timer whose channel receives once after d of real time.
func NewWallTimer(d time.Duration) *WallTimer { return &WallTimer{time.NewTimer(d)} }

// C is the channel on which the timer fires.
func (w *WallTimer) C() <-chan time.Time { return w.t.C }

// Reset makes the timer fire after d from now.
func (w *WallTimer) Reset(d time.Duration) { w.t.Reset(d) }

// Stop ends the timer.
func (w *WallTimer) Stop() { w.t.Stop() }

// Patience is how long a start waits for what its predecessor held: its state folder, its database, its port. The kernel
// frees them when the process is killed; but a child that it was just starting holds copies until it runs its own program.
const Patience = time.Second

// Patiently tries f again until it succeeds, fails otherwise than by what busy reports, or has been tried for Patience.
func Patiently(f func() error, busy func(error) bool) error {
	const pause = 10 * time.Millisecond
	for begin := time.Now(); ; time.Sleep(pause) {
		if err := f(); err == nil || !busy(err) || time.Since(begin) > Patience {
			return err
		}
	}
}
