package backend

import (
	"os"
	"runtime/debug"
	"time"
)

const (
	// collectAt is how much the heap may grow between two collections, in per cent of what is alive. That is a few
	// megabytes, so that Go's own 100 would collect a hundred times a second under load.
	collectAt = 400
	// restAfter is how long nobody asks for anything before memory that work has used is given back.
	restAfter = 10 * time.Second
)

// memory keeps the backend quick under load and small at rest: rarely collected while it works, and what it does not use
// given back to the system once it rests. GOGC in the environment counts more.
type memory struct{ gaveBack time.Time }

func newMemory() *memory {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	debug.FreeOSMemory() // what the start needed
	dropCode()
	return &memory{}
}

// rest gives memory back once for each time of work that has ended.
func (m *memory) rest(a *activity) {
	if last, idle := a.lastAsked(); idle >= restAfter && last.After(m.gaveBack) {
		debug.FreeOSMemory()
		dropCode()
		m.gaveBack = last
	}
}
