package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// URLPrefix begins the paths under which function URLs are served: /_url/ID/…. No bucket's name has an underscore.
const URLPrefix = "/_url/"

const ruleURL = "LAMBDA-URL"

// forbidden is what a function URL answers to who may not call it (recorded from AWS).
const forbidden = "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"

// URLServer serves function URLs. A URL is reached by its path, or by a host name ID.lambda-url.REGION.… as on AWS.
type URLServer struct {
	API     *API
	Metrics *metrics.Registry
	// Authenticate says who signed a request to a URL with the authorization type AWS_IAM.
	Authenticate func(r *http.Request) (*wire.Call, error)
	// Anonymous is the call of nobody, for a URL without authorization.
	Anonymous func(r *http.Request) *wire.Call
}

// Serves reports whether a request is one to a function URL.
func (s *URLServer) Serves(r *http.Request) bool {
	_, _, ok := urlOf(r)
	return ok
}

// urlOf is the id of the function URL that a request is for, and the path that the function sees.
func urlOf(r *http.Request) (id, path string, ok bool) {
	if rest, found := strings.CutPrefix(r.URL.EscapedPath(), URLPrefix); found {
		id, path, _ = strings.Cut(rest, "/")
		return id, "/" + path, true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	id, rest, _ := strings.Cut(host, ".")
	return id, r.URL.EscapedPath(), strings.HasPrefix(rest, "lambda-url.")
}

// refusal is an answer that the URL itself gives.
type urlRefusal struct {
	status        int
	kind, message string
}

func (e *urlRefusal) Error() string { return e.message }

func (e *urlRefusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if e.kind != "" {
		w.Header().Set("X-Amzn-Errortype", e.kind)
	}
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Message": e.message})
}

func (s *URLServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, path, _ := urlOf(r)
	u, err := s.API.URLs.byID(r.Context(), id)
	switch {
	case err != nil:
		(&urlRefusal{http.StatusInternalServerError, "", "Internal Server Error"}).write(w)
		return
	case u == nil:
		(&urlRefusal{http.StatusNotFound, "", "There is no function URL " + id}).write(w)
		return
	}
	if preflight(w, r, u.CORS) {
		return
	}
	begun, answer := s.API.Clock.Now(), &answered{ResponseWriter: w}
	defer func() { s.count(u, answer.status, s.API.Clock.Now().Sub(begun)) }()
	w = answer
	if err := s.serve(w, r, u, path); err != nil {
		refusal, ok := err.(*urlRefusal) //nolint:errorlint // nobody wraps it
		if !ok {
			refusal = &urlRefusal{http.StatusBadGateway, "", "Internal Server Error"}
		}
		refusal.write(w)
	}
}

// answered is an answer whose status is kept.
type answered struct {
	http.ResponseWriter
	status int
}

func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// count adds a request to the function's figures.
func (s *URLServer) count(u *functionURL, status int, took time.Duration) {
	ref := u.ref()
	f := s.Metrics.Series(metrics.Of(ref.Account, ref.Region, ref.Name, ref.Qualifier, ""))
	f.Add(metrics.URLRequests, 1)
	f.Measure(metrics.URLRequestLatency, took)
	switch status / 100 {
	case 4:
		f.Add(metrics.URL4xx, 1)
	case 5:
		f.Add(metrics.URL5xx, 1)
	}
}

func (s *URLServer) serve(w http.ResponseWriter, r *http.Request, u *functionURL, path string) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, invoke.MaxSyncPayload))
	if err != nil {
		return &urlRefusal{http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", fmt.Sprintf("Request must be smaller than %d bytes", invoke.MaxSyncPayload)}
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	call := s.Anonymous(r)
	if u.AuthType == types.FunctionUrlAuthTypeAwsIam {
		if call, err = s.Authenticate(r); err != nil {
			return s.unsigned(err)
		}
	}
	h, err := s.authorize(r.Context(), call, u, r)
	if err != nil {
		return err
	}
	fn, err := s.API.Functions.Resolve(r.Context(), u.ref())
	if err != nil {
		s.API.Trace.Settle(h, trace.Failed, trace.Step{Kind: trace.Settled, Rule: ruleURL, Reason: err.Error()})
		if fault.Is(err, fault.NotFound) { // deleted just now
			err = &urlRefusal{http.StatusNotFound, "", noURL}
		}
		return err
	}
	event, err := json.Marshal(urlEvent(r, u, path, body, call, s.API.Clock.Now()))
	if err != nil {
		return err
	}
	out, err := s.API.Invoker.Invoke(context.WithoutCancel(r.Context()), invoke.Request{Function: fn, Payload: event, Header: h})
	switch {
	case fault.Is(err, fault.Throttled):
		return &urlRefusal{http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded."}
	case fault.Is(err, fault.TooLarge):
		return &urlRefusal{http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException", err.Error()}
	case fault.KindOf(err) != "": // this machine cannot run it, and the message says what to do
		return &urlRefusal{http.StatusBadGateway, "", err.Error()}
	case err != nil:
		return err
	}
	answerURL(w, r, u.CORS, out)
	return nil
}

// unsigned is the answer to a request whose signature is missing or wrong.
func (s *URLServer) unsigned(err error) error {
	message := forbidden
	if e, ok := err.(*wire.Error); ok && e.Code != "MissingAuthenticationTokenException" { //nolint:errorlint // Authenticate returns just this
		message = e.Message
	}
	return &urlRefusal{http.StatusForbidden, "AccessDeniedException", message}
}

// authorize asks for both actions that a call of a function URL needs since October 2025: lambda:InvokeFunctionUrl with the URL's
// authorization type, and lambda:InvokeFunction with lambda:InvokedViaFunctionUrl.
func (s *URLServer) authorize(ctx context.Context, call *wire.Call, u *functionURL, r *http.Request) (trace.Header, error) {
	ref := u.ref()
	own, err := s.API.Functions.Policy(ctx, ref)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return trace.Header{}, err
	}
	who := call.Session.ARN
	if who == "" {
		who = "somebody who did not sign"
	}
	h := s.API.Trace.Open(trace.Header{Account: ref.Account, Region: ref.Region, SourceService: "lambda-url", SourceARN: call.Session.ARN, TargetARN: ref.ARN(),
		InvocationType: string(invoke.RequestResponse), RequestID: call.RequestID}.Follow(call.Cause()),
		trace.Step{Kind: trace.Published, Rule: ruleURL, Reason: fmt.Sprintf("%s calls the function URL: %s %s", who, r.Method, r.URL.Path)},
		trace.Step{Kind: trace.Matched, Reason: fmt.Sprintf("the function URL has the authorization type %s", u.AuthType)})
	for _, need := range []struct {
		action string
		keys   map[string][]string
	}{
		{"lambda:InvokeFunctionUrl", map[string][]string{"lambda:FunctionUrlAuthType": {string(u.AuthType)}}},
		{actionInvoke, map[string][]string{"lambda:FunctionUrlAuthType": {string(u.AuthType)}, "lambda:InvokedViaFunctionUrl": {"true"}}},
	} {
		q := call.Question(need.action, ref.ARN())
		q.ResourcePolicy, q.Region = own, ref.Region
		q.Keys[functionKey] = []string{ref.ARN()}
		for k, v := range need.keys {
			q.Keys[k] = v
		}
		d, err := s.API.Authz.Decide(ctx, q)
		if err != nil {
			return h, err
		}
		if err := s.decided(h, q, d); err != nil {
			return h, err
		}
	}
	return h, nil
}

// decided records a decision, and refuses when it refuses.
func (s *URLServer) decided(h trace.Header, q authz.Question, d policy.Explanation) error {
	decision, err := json.Marshal(d)
	if err != nil { // plain strings and booleans
		panic(err)
	}
	denied := s.API.Authz.Enforce(q, d)
	reason := q.Action + ": " + d.Text()
	if !d.Allowed() && denied == nil {
		reason = authz.Audited + reason
	}
	step := trace.Step{Kind: trace.Authorized, Rule: ruleURL, Reason: reason, Decision: decision}
	if denied == nil {
		s.API.Trace.Add(h, step)
		return nil
	}
	s.API.Trace.Settle(h, trace.Denied, step, trace.Step{Kind: trace.Settled, Rule: ruleURL, Reason: "the caller got 403"})
	return &urlRefusal{http.StatusForbidden, "AccessDeniedException", forbidden}
}
