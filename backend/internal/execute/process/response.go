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
func (a *api) response(c *call, id string) {
	a.mu.Lock()
	if !a.is(c, id) || !modeKnown(c) || !a.move(c, responding, running) {
		a.mu.Unlock()
		return
	}
	j := a.current
	a.mu.Unlock()
	body, err := readBody(c.Request)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case err == errTooLarge:
		j.result = execute.TooLarge(j.inv)
		a.state = resultsSent
		c.refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
			fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", invoke.MaxResponse))
	case err != nil: // the program may try again, or is just ending
		a.state = running
		c.refuse(http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
	default:
		j.result = &invoke.Outcome{Payload: body, ExecutedVersion: j.inv.Function.Version}
		if kind := c.Trailer.Get(errorTypeHeader); kind != "" {
			j.result = execute.Failed(j.inv, body, kind, "the response stream failed")
		}
		a.state = resultsSent
		c.accept()
	}
}

func modeKnown(c *call) bool {
	mode := c.Header.Get(modeHeader)
	if mode == "" || mode == "streaming" {
		return true
	}
	c.refuse(http.StatusBadRequest, "InvalidFunctionResponseMode", "Invalid function response mode")
	return false
}
