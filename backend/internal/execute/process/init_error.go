package process

import "net/http"

// initError is POST init/error: the program could not be made ready (the handler's module fails, for example). It is
// admitted before the first next alone.
func (a *api) initError(c *call) {
	body, err := readBody(c.Request)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		c.refuse(http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
		return
	}
	if !a.move(c, initError, started) {
		return
	}
	a.failure, a.kind = body, c.Header.Get(errorTypeHeader)
	close(a.failed)
	c.accept()
}
