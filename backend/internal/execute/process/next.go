package process

import (
	"net/http"
	"strconv"
)

// next is GET invocation/next: the program waits for an event. Asking again while an event runs is no error: it is served
// again. After an answer, asking is what ends the attempt.
func (a *api) next(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if a.state == running {
		j := a.current
		a.mu.Unlock()
		serve(w, j)
		return
	}
	before := a.state
	if !a.move(w, ready, started, ready, resultsSent) {
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
		a.mu.Lock()
		a.state, a.current = running, j
		a.mu.Unlock()
		serve(w, j)
	case <-r.Context().Done():
	case <-a.ended:
	}
}

// serve writes an event with the headers that describe it; those without a value are left out.
func serve(w http.ResponseWriter, j *job) {
	for name, value := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id":       j.inv.RequestID,
		"Lambda-Runtime-Deadline-Ms":          strconv.FormatInt(j.deadline.UnixMilli(), 10),
		"Lambda-Runtime-Invoked-Function-Arn": j.inv.InvokedARN,
		"Lambda-Runtime-Trace-Id":             j.inv.TraceID,
		"Lambda-Runtime-Client-Context":       j.inv.ClientContext,
	} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(j.inv.Payload)))
	answer(w, http.StatusOK, j.inv.Payload)
}
