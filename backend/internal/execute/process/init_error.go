package process

import "net/http"

// initError is POST init/error: the program could not be made ready (the handler's module fails, for example). It is
// admitted before the first next alone.
func (a *api) initError(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		refuse(w, http.StatusBadRequest, "TruncatedHTTPRequest", "HTTP request detected as truncated")
		return
	}
	if !a.move(w, initError, started) {
		return
	}
	a.failure, a.kind = body, r.Header.Get(errorTypeHeader)
	close(a.failed)
	accept(w)
}
