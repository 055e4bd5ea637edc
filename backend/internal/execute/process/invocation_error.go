package process

import (
	"encoding/json"
	"net/http"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute"
)

// invocationError is POST invocation/{id}/error: the function failed; its document is passed on as it is.
func (a *api) invocationError(c *call, id string) {
	a.mu.Lock()
	if !a.is(c, id) || !a.move(c, failing, running) {
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
		c.refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size.")
	case err != nil:
		a.state = running
		c.refuse(http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
	default:
		j.result = failure(j.inv, body, c.Header.Get(errorTypeHeader))
		a.state = resultsSent
		c.accept()
	}
}

// failure is the outcome that a program's own error document makes. The type is the document's, or where it has none the
// header's; a body that is empty becomes a document of that type.
func failure(inv *invoke.Invocation, body []byte, header string) *invoke.Outcome {
	var document struct {
		ErrorType    string `json:"errorType"`
		ErrorMessage string `json:"errorMessage"`
	}
	_ = json.Unmarshal(body, &document) // any JSON is admitted, not only an object with these fields
	if document.ErrorType == "" {
		document.ErrorType = header
	}
	if document.ErrorType == "" {
		document.ErrorType = "Runtime.Unknown"
	}
	if len(body) == 0 {
		body = execute.Document(document.ErrorType, document.ErrorMessage)
	}
	return execute.Failed(inv, body, document.ErrorType, document.ErrorMessage)
}
