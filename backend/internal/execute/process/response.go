package process

import (
	"fmt"
	"net/http"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute"
)

// Headers with which a program says how its answer comes, and what it failed with.
const (
	modeHeader      = "Lambda-Runtime-Function-Response-Mode"
	errorTypeHeader = "Lambda-Runtime-Function-Error-Type"
)

// response is POST invocation/{id}/response: the result, which is passed on as it is. A streamed one is gathered, and
// fails where its trailers say so.
func (a *api) response(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if !a.is(w, r) || !modeKnown(w, r) || !a.move(w, responding, running) {
		a.mu.Unlock()
		return
	}
	j := a.current
	a.mu.Unlock()
	body, err := readBody(r)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == errTooLarge:
		j.result = execute.TooLarge(j.inv)
		a.state = resultsSent
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
			fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", invoke.MaxResponse))
	case err != nil: // the program may try again, or is just ending
		a.state = running
		refuse(w, http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
	default:
		j.result = &invoke.Outcome{Payload: body, ExecutedVersion: j.inv.Function.Version}
		if kind := r.Trailer.Get(errorTypeHeader); kind != "" {
			j.result = execute.Failed(j.inv, body, kind, "the response stream failed")
		}
		a.state = resultsSent
		accept(w)
	}
}

func modeKnown(w http.ResponseWriter, r *http.Request) bool {
	mode := r.Header.Get(modeHeader)
	if mode == "" || mode == "streaming" {
		return true
	}
	refuse(w, http.StatusBadRequest, "InvalidFunctionResponseMode", "Invalid function response mode")
	return false
}
