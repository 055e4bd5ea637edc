package apigateway

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Prefix begins the paths under which APIs are served: /_api/ID/…. No bucket's name has an underscore.
const Prefix = "/_api/"

const (
	ruleRoute  = "APIGATEWAY-ROUTE"
	ruleIAM    = "APIGATEWAY-IAM"
	ruleAnswer = "APIGATEWAY-ANSWER"

	maxBody = 10 << 20 // of a request, in bytes (quotas of API Gateway: 10 MB)
)

// endpoint is where an API is reached on this machine.
func (a *API) endpoint(id string) string { return a.Endpoint() + Prefix + id }

// domain is the host name that an API has on AWS, and that functions see.
func (k key) domain() string { return k.ID + ".execute-api." + k.Region + ".amazonaws.com" }

// Serves reports whether a request is one to an API.
func (a *API) Serves(r *http.Request) bool {
	_, _, ok := apiOf(r)
	return ok
}

// apiOf is the id of the API that a request is for, and the escaped path below it.
func apiOf(r *http.Request) (id, path string, ok bool) {
	if rest, found := strings.CutPrefix(r.URL.EscapedPath(), Prefix); found {
		id, path, _ = strings.Cut(rest, "/")
		return id, "/" + path, true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	id, rest, _ := strings.Cut(host, ".")
	return id, r.URL.EscapedPath(), strings.HasPrefix(rest, "execute-api.")
}

// request is one to an API.
type request struct {
	*http.Request
	api    *served
	call   *wire.Call
	stage  string
	path   string // escaped, below the stage
	body   []byte
	values map[string]string // of the path's variables
	deploy string            // the deployment that the stage shows
	vars   map[string]string // of the stage
	signed bool              // the route demanded a signature
}

// refusal is an answer that API Gateway itself gives.
type refusal struct {
	status  int
	message string
	kind    string // X-Amzn-Errortype; REST APIs
	key     string // of the message: "message", or "Message"
	detail  string // what the client of AWS is not told
	spaced  bool   // {"message": "…"}, as some answers were recorded
}

func (e *refusal) Error() string { return e.message }

func (e *refusal) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if e.kind != "" {
		h.Set("X-Amzn-Errortype", e.kind)
	}
	if e.detail != "" {
		detail := strings.NewReplacer("\n", " | ", "\r", "").Replace(e.detail)
		h.Set(wire.HeaderDetail, detail[:min(len(detail), 4096)])
	}
	w.WriteHeader(e.status)
	key := e.key
	if key == "" {
		key = "message"
	}
	colon := ":"
	if e.spaced {
		colon = ": "
	}
	_, _ = io.WriteString(w, `{"`+key+`"`+colon+plain(e.message)+"}") // the client has gone, if it fails
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, path, _ := apiOf(r)
	s, err := a.find(r.Context(), id)
	if err == nil && s == nil {
		err = &refusal{status: http.StatusNotFound, message: "Not Found", detail: "there is no API " + id}
	}
	if err == nil {
		q := &request{Request: r, api: s, path: path}
		if q.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
			err = &refusal{status: http.StatusRequestEntityTooLarge, message: "Request Entity Too Large", kind: "RequestTooLargeException"}
		} else {
			r.Body = io.NopCloser(strings.NewReader(string(q.body)))
			err = a.serve(w, q)
		}
	}
	if err == nil {
		return
	}
	e, ok := err.(*refusal) //nolint:errorlint // nobody wraps it
	if !ok {
		a.Log.Error("a request to an API failed inside", "api", id, "error", err)
		e = &refusal{status: http.StatusInternalServerError, message: "Internal Server Error", detail: "the simulator failed: its log has the reason"}
	}
	e.write(w)
}

func (a *API) serve(w http.ResponseWriter, q *request) error {
	if q.api.kind == kindREST {
		return a.serveREST(w, q)
	}
	return a.serveHTTP(w, q)
}

// target is what a route leads to.
type target struct {
	function string
	called   string // STAGE/METHOD/PATH: the end of aws:SourceArn
	matched  string // which route, for the trace
	timeout  time.Duration
}

// event is a request on its way to the function of a route.
func (q *request) event(t target, payload any) push.Event {
	e := q.api.mapping(t)
	if payload != nil {
		e.Payload = []byte(plain(payload))
	}
	e.Cause = q.call.Cause()
	e.Published = fmt.Sprintf("%s %s of the API %s, stage %s", q.Method, q.path, q.api.ID, q.stage)
	return e
}

// open begins the delivery of an event, which settle ends.
func (a *API) open(e push.Event) (trace.Header, error) {
	to, err := arn.Parse(e.Function)
	if err != nil { // it was read before it was kept
		return trace.Header{}, err
	}
	return a.Dispatcher.Open(e, to, string(invoke.RequestResponse)), nil
}

// mapping is who would call whom.
func (s *served) mapping(t target) push.Event {
	return push.Event{Service: "apigateway", Principal: principal, SourceARN: s.execution(t.called), SourceAccount: s.Account, Function: t.function,
		Matched: t.matched + ", kept by API Gateway"}
}

// ended is how a call of a function ended.
type ended struct {
	out *invoke.Outcome
	err error
}

// ask runs the function of a delivery. Where that takes longer than the integration waits, the client is answered then, and the
// function goes on. The delivery is settled by settle, or by ask itself where the time was over.
func (a *API) ask(ctx context.Context, h trace.Header, e push.Event, t target) (out *invoke.Outcome, late bool, err error) {
	done := make(chan ended, 1)
	ctx = context.WithoutCancel(ctx) // a client that goes away does not end a function
	a.running.Add(1)
	answered := make(chan bool, 1) // whether somebody waited
	go func() {
		defer a.running.Done()
		out, err := a.Dispatcher.Ask(ctx, h, e)
		done <- ended{out, err}
		if waited := <-answered; !waited {
			a.settle(h, trace.Failed, a.tooLate(t))
		}
	}()
	var over <-chan time.Time
	if !a.Clock.IsVirtual() {
		timer := clock.NewWallTimer(t.timeout)
		defer timer.Stop()
		over = timer.C()
	}
	select {
	case end := <-done:
		answered <- true
		if end.err == nil && a.Clock.IsVirtual() && end.out.Takes > t.timeout {
			a.settle(h, trace.Failed, a.tooLate(t))
			return nil, true, nil
		}
		return end.out, false, end.err
	case <-over:
		answered <- false
		return nil, true, nil
	}
}

func (a *API) tooLate(t target) string {
	return fmt.Sprintf("the function took longer than the integration waits (%s): the client was told so, and its answer is lost", t.timeout)
}

func (a *API) settle(h trace.Header, o trace.Outcome, reason string) {
	a.Trace.Settle(h, o, trace.Step{Kind: trace.Settled, Rule: ruleAnswer, Reason: reason})
}

// settleRefused ends a delivery whose function was not run, and says why.
func (a *API) settleRefused(h trace.Header, err error, status int) {
	o := trace.Failed
	switch fault.KindOf(err) {
	case fault.Denied, fault.NotFound:
		o = trace.Denied
	case fault.Throttled:
		o = trace.ThrottledOut
	}
	reason := fmt.Sprintf("the client got %d", status)
	if o != trace.Denied { // whose reason is a step of its own
		reason = err.Error() + ": " + reason
	}
	a.settle(h, o, reason)
}

// identify says who signed a request, or that nobody had to.
func (a *API) identify(q *request) error {
	q.call = a.Anonymous(q.Request)
	if !q.signed {
		return nil
	}
	call, err := a.Authenticate(q.Request)
	if err != nil {
		return err
	}
	if call.Service != "execute-api" {
		return &wire.Error{Code: "InvalidSignatureException", Message: "Credential should be scoped to correct service: 'execute-api'"}
	}
	q.call = call
	return nil
}

// may asks whether who signed a request may call an API, and records it. It is asked for what was called: the path as it is,
// not as the route has it.
func (a *API) may(q *request, h trace.Header, decide func(*authz.Question)) error {
	question := q.call.Question("execute-api:Invoke", q.api.execution(q.stage+"/"+q.Method+unescape(q.path)))
	question.Region, question.ResourceAccount = q.api.Region, q.api.Account
	if decide != nil {
		decide(&question)
	}
	d, err := a.Authz.Decide(q.Context(), question)
	if err != nil {
		return err
	}
	denied := a.Authz.Enforce(question, d)
	reason := "execute-api:Invoke: " + d.Text()
	if !d.Allowed() && denied == nil {
		reason = authz.Audited + reason
	}
	if h.ID == 0 { // a MOCK integration calls nobody: there is no delivery
		return denied
	}
	a.Trace.Add(h, trace.Step{Kind: trace.Authorized, Rule: ruleIAM, Reason: reason, Decision: []byte(plain(d))})
	return denied
}

// detailOf is what a client of AWS is not told of an error.
func detailOf(err error) string {
	if f, ok := err.(*fault.Error); ok && f.Kind == fault.Denied && f.Detail != "" { //nolint:errorlint // it is asked as it was returned
		return f.Message + "\n" + f.Detail
	}
	return err.Error()
}

func text(s *string) string { return aws.ToString(s) }
