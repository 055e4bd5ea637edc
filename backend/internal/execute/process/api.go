package process

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
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

// api is the Lambda Runtime API of one environment, on a loopback port of its own, with one file for each endpoint (next.go,
// response.go, invocation_error.go, init_error.go). A call in the wrong state changes nothing and is refused with 403; the
// request id is checked before the state, with 400.
type api struct {
	listener net.Listener
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
	open    map[net.Conn]bool
	over    bool
}

func newAPI() (*api, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a function's runtime: %w", err)
	}
	a := &api{listener: listener, address: listener.Addr().String(), state: started, events: make(chan *job),
		ended: make(chan struct{}), isReady: make(chan struct{}), failed: make(chan struct{}), open: map[net.Conn]bool{}}
	a.handlers.Go(a.accept)
	return a, nil
}

// close ends the server, and waits for its connections.
func (a *api) close() {
	close(a.ended)
	_ = a.listener.Close()
	a.mu.Lock()
	a.over = true
	for conn := range a.open {
		_ = conn.Close()
	}
	a.mu.Unlock()
	a.handlers.Wait()
}

// route serves a call.
func (a *api) route(c *call) {
	const prefix, invocation = "/2018-06-01/runtime/", "invocation/"
	rest, ours := strings.CutPrefix(c.URL.Path, prefix)
	id, what, _ := strings.Cut(strings.TrimPrefix(rest, invocation), "/")
	switch {
	case ours && c.Method == http.MethodGet && rest == "invocation/next":
		a.next(c)
	case ours && c.Method == http.MethodPost && rest == "init/error":
		a.initError(c)
	case ours && c.Method == http.MethodPost && strings.HasPrefix(rest, invocation) && what == "response":
		a.response(c, id)
	case ours && c.Method == http.MethodPost && strings.HasPrefix(rest, invocation) && what == "error":
		a.invocationError(c, id)
	default: // what the simulator's Runtime API does not have: extensions, telemetry and restored snapshots
		c.refuse(http.StatusNotFound, "NotFound", fmt.Sprintf("%s %s is not part of the simulated Runtime API, which has invocation/next, invocation/{id}/response, invocation/{id}/error and init/error under /2018-06-01/runtime/",
			c.Method, c.URL.Path))
	}
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

// move changes the state where the present one is one of from. Otherwise it refuses the call. a.mu is held.
func (a *api) move(c *call, to state, from ...state) bool {
	for _, s := range from {
		if a.state == s {
			a.state = to
			return true
		}
	}
	c.refuse(http.StatusForbidden, "InvalidStateTransition",
		fmt.Sprintf("State transition from %s to %s failed for runtime. Error: State transition is not allowed", a.state, to))
	return false
}

// is checks the request id of a call: it must be the present event's. a.mu is held.
func (a *api) is(c *call, id string) bool {
	if a.current != nil && a.current.inv.RequestID == id {
		return true
	}
	c.refuse(http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
	return false
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
