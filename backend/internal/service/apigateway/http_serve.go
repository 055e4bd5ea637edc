package apigateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// The answers of an HTTP API itself. AWS says no more; the detail is ours.
func notThere(detail string) error {
	return &refusal{status: http.StatusNotFound, message: "Not Found", detail: detail}
}

func forbidden(detail string) error {
	return &refusal{status: http.StatusForbidden, message: "Forbidden", detail: detail}
}

func broken(detail string) *refusal {
	return &refusal{status: http.StatusInternalServerError, message: "Internal Server Error", detail: detail}
}

func unavailable(detail string) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, message: "Service Unavailable", detail: detail}
}

// serveHTTP serves a request to an HTTP API.
func (a *API) serveHTTP(w http.ResponseWriter, q *request) error {
	d := q.api.http
	if aws.ToBool(d.API.DisableExecuteApiEndpoint) {
		return notThere("the API has its execute-api endpoint disabled, and there is no other")
	}
	if !q.chooseStage(d) {
		return notThere("the API has no stage $default, and none that the path begins with")
	}
	shown := q.api.httpDeployed[q.deploy]
	if shown == nil {
		return notThere("the stage " + q.stage + " shows no deployment")
	}
	if preflight(w, q.Request, shown.CORS) {
		return nil
	}
	h := w.Header()
	h.Set("Apigw-Requestid", a.IDs.Of(alphabet, 15)+"=")
	allowOrigin(w, q.Request, shown.CORS)
	route, values := chooseRoute(shown.Routes, q.Method, q.path)
	if route == nil {
		return notThere("no route fits " + q.Method + " " + q.path)
	}
	q.values, q.signed = values, route.AuthorizationType == types.AuthorizationTypeAwsIam
	integration := shown.integrationOf(route)
	if integration == nil {
		return broken("the route " + *route.RouteKey + " has no integration")
	}
	t, err := q.api.target(route, integration, q.stage, q.Method, q.vars)
	if err != nil {
		return broken(err.Error())
	}
	if err := a.identify(q); err != nil {
		return forbidden(err.Error())
	}
	var payload any
	if *integration.PayloadFormatVersion == "2.0" {
		payload = a.event2(q, *route.RouteKey)
	} else {
		payload = a.event1(q, "1.0", place{resource: pathOf(route), path: unescape(q.withStage()), whole: unescape(q.withStage()), resourcePath: pathOf(route), resourceID: *route.RouteKey})
	}
	return a.callHTTP(w, q, t, shown.CORS, q.event(t, payload), *integration.PayloadFormatVersion)
}

// callHTTP calls the function, and answers.
func (a *API) callHTTP(w http.ResponseWriter, q *request, t target, cors *types.Cors, e push.Event, format string) error {
	h, err := a.open(e)
	if err != nil {
		return err
	}
	if q.signed {
		if err := a.may(q, h, nil); err != nil {
			if fault.KindOf(err) == "" {
				return err
			}
			a.settle(h, trace.Denied, "the client got 403")
			return forbidden(detailOf(err))
		}
	}
	out, late, err := a.ask(q.Context(), h, e, t)
	switch {
	case late:
		return unavailable(a.tooLate(t))
	case fault.Is(err, fault.Throttled):
		a.settleRefused(h, err, http.StatusServiceUnavailable)
		return unavailable(detailOf(err))
	case fault.Is(err, fault.TooLarge):
		a.settleRefused(h, err, http.StatusRequestEntityTooLarge)
		return &refusal{status: http.StatusRequestEntityTooLarge, message: "Request Entity Too Large", detail: err.Error()}
	case fault.KindOf(err) != "":
		a.settleRefused(h, err, http.StatusInternalServerError)
		return broken(detailOf(err))
	case err != nil:
		return err
	}
	return a.answerHTTP(w, h, cors, out, format)
}

// answerHTTP answers with what the function answered, and settles the delivery.
func (a *API) answerHTTP(w http.ResponseWriter, h trace.Header, cors *types.Cors, out *invoke.Outcome, format string) error {
	if out.Failed() {
		a.settle(h, trace.Failed, "the function failed: the client got 500")
		return broken("the function failed: " + out.ErrorType + ": " + out.ErrorMessage)
	}
	answer, err := read(out.Payload, format == "2.0")
	if err == nil {
		err = answer.decode()
	}
	if err != nil {
		a.settle(h, trace.Failed, "the function's answer is not what format "+format+" asks for: "+err.Error()+": the client got 500")
		return broken("the function's answer is not what format " + format + " asks for: " + err.Error())
	}
	if cors != nil { // the API's own settings win
		for name := range answer.headers {
			if strings.HasPrefix(strings.ToLower(name), "access-control-") {
				delete(answer.headers, name)
			}
		}
	}
	a.settle(h, trace.Succeeded, answer.text())
	answer.write(w, "text/plain; charset=utf-8")
	return nil
}

// chooseStage finds the stage: the one that the path begins with, else $default. It reports false where there is none.
func (q *request) chooseStage(d *httpAPI) bool {
	first, rest, _ := strings.Cut(strings.TrimPrefix(q.path, "/"), "/")
	i, err := d.stage(&first)
	if err == nil && first != defaultKey {
		q.path = "/" + rest
	} else if i, err = d.stage(aws.String(defaultKey)); err != nil {
		return false
	}
	s := &d.Stages[i]
	q.stage, q.deploy, q.vars = *s.StageName, aws.ToString(s.DeploymentId), s.StageVariables
	return true
}

// withStage is the path with the stage before it, which functions see where the stage has a name.
func (q *request) withStage() string {
	if q.stage == defaultKey {
		return q.path
	}
	return "/" + q.stage + q.path
}

// chooseRoute finds the route of a request with the values of its variables; nil where none fits.
func chooseRoute(routes []types.Route, method, path string) (best *types.Route, values map[string]string) {
	var bestFit fit
	bestAny := false
	for i := range routes {
		m, template, _ := strings.Cut(*routes[i].RouteKey, " ")
		if m != method && m != "ANY" {
			continue
		}
		how, v := fits(segments(template), segments(path))
		if how != nil && (best == nil || better(how, m == "ANY", bestFit, bestAny)) {
			best, bestFit, bestAny, values = &routes[i], how, m == "ANY", v
		}
	}
	if best != nil {
		return best, values
	}
	for i := range routes {
		if *routes[i].RouteKey == defaultKey {
			return &routes[i], nil
		}
	}
	return nil, nil
}

func (d *httpDeployment) integrationOf(r *types.Route) *types.Integration {
	for i := range d.Integrations {
		if "integrations/"+*d.Integrations[i].IntegrationId == aws.ToString(r.Target) {
			return &d.Integrations[i]
		}
	}
	return nil
}

// target is what a route of an HTTP API leads to on a stage.
func (s *served) target(r *types.Route, i *types.Integration, stage, method string, variables map[string]string) (target, error) {
	function, err := functionOf(onStage(*i.IntegrationUri, variables))
	if err != nil {
		return target{}, err
	}
	called := stage + "/" + defaultKey
	if path := pathOf(r); path != defaultKey {
		called = stage + "/" + method + path
	}
	return target{function: function, called: called, matched: "route " + *r.RouteKey, timeout: time.Duration(*i.TimeoutInMillis) * time.Millisecond}, nil
}

// pathOf is the path of a route, or $default.
func pathOf(r *types.Route) string {
	if _, path, ok := strings.Cut(*r.RouteKey, " "); ok {
		return path
	}
	return defaultKey
}
