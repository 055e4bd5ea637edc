package backend

import (
	"net/http"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// activity remembers when the backend was last asked for something, in real time.
type activity struct {
	mu       sync.Mutex
	inFlight int
	last     time.Time // when the last request began or ended
}

// watched counts the requests that a handler serves.
func (a *activity) watched(h http.Handler) http.Handler {
	a.last = clock.Wall()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.count(1)
		defer a.count(-1)
		h.ServeHTTP(w, r)
	})
}

func (a *activity) count(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.inFlight += n
	a.last = clock.Wall()
}

// since returns for how long nobody has asked for anything.
func (a *activity) since() time.Duration {
	_, idle := a.lastAsked()
	return idle
}

// lastAsked is when somebody last asked for something, and how long ago that was: not at all while somebody waits.
func (a *activity) lastAsked() (last time.Time, idle time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.inFlight > 0 {
		return a.last, 0
	}
	return a.last, clock.Wall().Sub(a.last)
}

// idle reports whether nobody needs the backend: no request for so long, no event at work, and none that will be within as
// long again.
func (b *Backend) idle(limit time.Duration) bool {
	return b.activity.since() >= limit && b.parts.agenda.Resting(limit)
}
