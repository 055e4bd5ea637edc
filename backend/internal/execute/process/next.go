package process

import (
	"net/http"
	"strconv"
)

// next is GET invocation/next: the program waits for an event. Asking again while an event runs is no error: it is served
// again. After an answer, asking is what ends the attempt.
func (a *api) next(c *call) {
	a.mu.Lock()
	if a.state == running {
		j := a.current
		a.mu.Unlock()
		j.serve(c)
		return
	}
	before := a.state
	if !a.move(c, ready, started, ready, resultsSent) {
		a.mu.Unlock()
		return
	}
	switch before {
	case started:
		close(a.isReady)
	case resultsSent:
		close(a.current.done)
	}
	a.mu.Unlock()
	select {
	case j := <-a.events:
		if c.gone() { // who asks again gets it
			select {
			case a.events <- j:
			case <-a.ended:
			}
			return
		}
		a.mu.Lock()
		a.state, a.current = running, j
		a.mu.Unlock()
		j.serve(c)
	case <-a.ended:
	}
}

// serve answers with the event and the headers that describe it.
func (j *job) serve(c *call) {
	c.respond(http.StatusOK, j.inv.Payload,
		"Lambda-Runtime-Aws-Request-Id", j.inv.RequestID,
		"Lambda-Runtime-Deadline-Ms", strconv.FormatInt(j.deadline.UnixMilli(), 10),
		"Lambda-Runtime-Invoked-Function-Arn", j.inv.InvokedARN,
		"Lambda-Runtime-Trace-Id", j.inv.TraceID,
		"Lambda-Runtime-Client-Context", j.inv.ClientContext)
}
