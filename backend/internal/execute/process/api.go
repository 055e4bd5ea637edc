package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
)

// state is a runtime's, named as the Runtime API's own messages name it.
type state string

const (
	started     state = "Started"
	initError   state = "InitError"
	ready       state = "Ready"
	running     state = "Running"
	responding  state = "InvocationResponse"
	failing     state = "InvocationErrorResponse"
	resultsSent state = "RuntimeResponseSentState"
)

// job is one event handed to a program.
type job struct {
	inv      *invoke.Invocation
	deadline time.Time       // real
	result   *invoke.Outcome // under api.mu: what the program answered
	done     chan struct{}   // closed when the program asks for the next event after its answer
}

// api is the Lambda Runtime API of one environment: an HTTP server on a loopback port of its own, with one file for each
// endpoint (next.go, response.go, invocation_error.go, init_error.go). A call in the wrong state changes nothing and is
// refused with 403; the request id is checked before the state, with 400.
type api struct {
	server   *http.Server
	address  string
	events   chan *job     // unbuffered: the one who waits in next receives
	ended    chan struct{} // closed when the environment is over
	isReady  chan struct{} // closed at the first next
	failed   chan struct{} // closed at init/error
	handlers sync.WaitGroup

	mu      sync.Mutex
	state   state
	current *job // the event being run, or the last one that was
	failure []byte
	kind    string // error type of failure, as its header says
}

func newAPI() (*api, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a function's runtime: %w", err)
	}
	a := &api{address: listener.Addr().String(), state: started, events: make(chan *job),
		ended: make(chan struct{}), isReady: make(chan struct{}), failed: make(chan struct{})}
	const prefix = "/2018-06-01/runtime/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+prefix+"invocation/next", a.next)
	mux.HandleFunc("POST "+prefix+"invocation/{id}/response", a.response)
	mux.HandleFunc("POST "+prefix+"invocation/{id}/error", a.invocationError)
	mux.HandleFunc("POST "+prefix+"init/error", a.initError)
	mux.HandleFunc("/", a.unknown)
	a.server = &http.Server{Handler: mux, ConnState: a.count}
	a.handlers.Go(func() { _ = a.server.Serve(listener) })
	return a, nil
}

// count keeps account of connections, each of which is a goroutine.
func (a *api) count(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		a.handlers.Add(1)
	case http.StateClosed, http.StateHijacked:
		a.handlers.Done()
	}
}

// close ends the server, and waits for its connections.
func (a *api) close() {
	close(a.ended)
	_ = a.server.Close()
	a.handlers.Wait()
}

// result is what the program has answered to the event so far, or nil.
func (a *api) result(j *job) *invoke.Outcome {
	a.mu.Lock()
	defer a.mu.Unlock()
	return j.result
}

// initFailure returns what init/error said, if it was called.
func (a *api) initFailure() (document []byte, kind string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failure, a.kind, a.state == initError
}

// unknown answers what the simulator's Runtime API does not have: extensions, telemetry and restored snapshots.
func (a *api) unknown(w http.ResponseWriter, r *http.Request) {
	refuse(w, http.StatusNotFound, "NotFound", fmt.Sprintf("%s %s is not part of the simulated Runtime API, which has invocation/next, invocation/{id}/response, invocation/{id}/error and init/error under /2018-06-01/runtime/",
		r.Method, r.URL.Path))
}

// move changes the state where the present one is one of from. Otherwise it refuses the call. a.mu is held.
func (a *api) move(w http.ResponseWriter, to state, from ...state) bool {
	for _, s := range from {
		if a.state == s {
			a.state = to
			return true
		}
	}
	refuse(w, http.StatusForbidden, "InvalidStateTransition",
		fmt.Sprintf("State transition from %s to %s failed for runtime. Error: State transition is not allowed", a.state, to))
	return false
}

// is checks the request id of a call: it must be the present event's. a.mu is held.
func (a *api) is(w http.ResponseWriter, r *http.Request) bool {
	if a.current != nil && a.current.inv.RequestID == r.PathValue("id") {
		return true
	}
	refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
	return false
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	text, _ := json.Marshal(struct { // strings always marshal
		ErrorMessage string `json:"errorMessage"`
		ErrorType    string `json:"errorType"`
	}{message, kind})
	answer(w, status, text)
}

func accept(w http.ResponseWriter) { answer(w, http.StatusAccepted, []byte(`{"status":"OK"}`)) }

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever called may be gone
}

var errTooLarge = errors.New("over the limit")

// readBody reads a body of at most invoke.MaxResponse bytes. Of a greater one it reads everything too, so that the program
// gets to read the refusal.
func readBody(r *http.Request) ([]byte, error) {
	size := min(max(r.ContentLength, 0), invoke.MaxResponse) + 512
	body := make([]byte, 0, size)
	for {
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
		n, err := r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > invoke.MaxResponse:
			_, _ = io.Copy(io.Discard, r.Body)
			return nil, errTooLarge
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		}
	}
}
