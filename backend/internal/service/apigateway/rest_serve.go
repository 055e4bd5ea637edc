package apigateway

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// The answers of a REST API itself, as recorded: what is wrong behind the integration is 502, what is wrong with it 500.
func failed(status int, detail string) *refusal {
	return &refusal{status: status, message: "Internal server error", kind: "InternalServerErrorException", detail: detail, spaced: status == http.StatusBadGateway}
}

func timedOut(detail string) *refusal {
	return &refusal{status: http.StatusGatewayTimeout, message: "Endpoint request timed out", kind: "InternalServerErrorException", detail: detail, spaced: true}
}

func noToken(detail string) *refusal {
	return &refusal{status: http.StatusForbidden, message: "Missing Authentication Token", kind: "MissingAuthenticationTokenException", detail: detail}
}

// serveREST serves a request to a REST API.
func (a *API) serveREST(w http.ResponseWriter, q *request) error {
	no := func(detail string) error {
		return &refusal{status: http.StatusForbidden, message: "Forbidden", kind: "ForbiddenException", detail: detail}
	}
	d := q.api.rest
	if d.API.DisableExecuteApiEndpoint {
		return no("the API has its execute-api endpoint disabled, and there is no other")
	}
	stage, rest, _ := strings.Cut(strings.TrimPrefix(q.path, "/"), "/")
	i, err := d.stage(&stage)
	if err != nil {
		return no(fmt.Sprintf("the API has no stage %q", stage))
	}
	s := &d.Stages[i]
	q.stage, q.path, q.deploy, q.vars = stage, "/"+rest, aws.ToString(s.DeploymentId), s.Variables
	shown := q.api.restDeployed[q.deploy]
	if shown == nil {
		return no("the stage " + stage + " shows no deployment")
	}
	r, m, values := shown.choose(q.Method, q.path)
	if r == nil {
		return noToken("no resource has a method that fits " + q.Method + " " + q.path)
	}
	q.values, q.signed = values, aws.ToString(m.AuthorizationType) == "AWS_IAM"
	if err := a.identify(q); err != nil {
		return unsignedREST(err)
	}
	h := w.Header()
	h.Set("X-Amzn-Requestid", q.call.RequestID)
	h.Set("X-Amz-Apigw-Id", a.IDs.Of(alphabet, 15)+"=")
	if m.MethodIntegration.Type == types.IntegrationTypeMock {
		if err := a.mayREST(q, trace.Header{}, shown.Policy); err != nil {
			return err
		}
		return mock(w, m.MethodIntegration)
	}
	return a.callREST(w, q, shown, r, m)
}

// unsignedREST is the answer to a request whose signature is missing or wrong.
func unsignedREST(err error) error {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		return err
	}
	return &refusal{status: http.StatusForbidden, message: e.Message, kind: e.Code, detail: e.Code}
}

// callREST calls the function of a method, and answers.
func (a *API) callREST(w http.ResponseWriter, q *request, shown *restDeployment, r *types.Resource, m *types.Method) error {
	t, err := q.api.restTarget(r, m, q.stage, q.Method, q.vars)
	if err != nil {
		return failed(http.StatusInternalServerError, err.Error())
	}
	payload := a.event1(q, "", place{resource: *r.Path, path: unescape(q.path), whole: unescape("/" + q.stage + q.path), resourcePath: *r.Path, resourceID: *r.Id,
		binary: func(t string) bool { return matchesMedia(shown.Binary, t) }})
	e := q.event(t, payload)
	h, err := a.open(e)
	if err != nil {
		return err
	}
	if err := a.mayREST(q, h, shown.Policy); err != nil {
		a.settle(h, trace.Denied, "the client got 403")
		return err
	}
	if aws.ToString(m.MethodIntegration.HttpMethod) != http.MethodPost { // recorded: Lambda is called with POST alone
		a.settle(h, trace.Failed, "the integration's httpMethod is not POST, with which alone functions are called: the client got 500")
		return failed(http.StatusInternalServerError, "the integration's httpMethod is "+aws.ToString(m.MethodIntegration.HttpMethod)+": functions are called with POST alone")
	}
	out, late, err := a.ask(q.Context(), h, e, t)
	switch {
	case late:
		return timedOut(a.tooLate(t))
	case fault.Is(err, fault.TooLarge):
		a.settleRefused(h, err, http.StatusRequestEntityTooLarge)
		return &refusal{status: http.StatusRequestEntityTooLarge, message: "Request Entity Too Large", kind: "RequestTooLargeException", detail: err.Error()}
	case fault.KindOf(err) != "":
		a.settleRefused(h, err, http.StatusInternalServerError)
		return failed(http.StatusInternalServerError, detailOf(err))
	case err != nil:
		return err
	}
	return a.answerREST(w, q, h, shown, out)
}

// answerREST answers with what the function answered, and settles the delivery.
func (a *API) answerREST(w http.ResponseWriter, q *request, h trace.Header, shown *restDeployment, out *invoke.Outcome) error {
	if out.Failed() {
		a.settle(h, trace.Failed, "the function failed: the client got 502")
		return failed(http.StatusBadGateway, "the function failed: "+out.ErrorType+": "+out.ErrorMessage)
	}
	answer, err := readStrictly(out.Payload)
	if err == nil && shown.decodes(q.Header.Get("Accept")) {
		err = answer.decode()
	}
	if err != nil {
		a.settle(h, trace.Failed, "Malformed Lambda proxy response: "+err.Error()+": the client got 502")
		return failed(http.StatusBadGateway, "Malformed Lambda proxy response: "+err.Error())
	}
	a.settle(h, trace.Succeeded, answer.text())
	answer.write(w, "application/json")
	return nil
}

// mayREST asks whether who calls may: of a method with AWS_IAM always, of another where the API has a policy. A header without an
// id belongs to no delivery.
func (a *API) mayREST(q *request, h trace.Header, text string) error {
	if !q.signed && text == "" {
		return nil
	}
	var source *policy.Source
	if text != "" {
		document, err := policy.Parse([]byte(expand(text, q.api.key)))
		if err != nil { // it was parsed before it was kept
			return err
		}
		source = &policy.Source{Name: "the policy of the API " + q.api.ID, Document: document}
	}
	err := a.may(q, h, func(question *authz.Question) { question.ResourcePolicy = source })
	if fault.KindOf(err) == "" {
		return err
	}
	who, detail := q.call.Session.ARN, detailOf(err)
	if who == "" {
		who = "anonymous"
		detail = strings.Replace(detail, "User:  is", "User: anonymous is", 1)
	}
	masked := strings.Replace(q.api.execution(q.stage+"/"+q.Method+unescape(q.path)), ":"+q.api.Account+":", ":********"+q.api.Account[8:]+":", 1)
	return &refusal{status: http.StatusForbidden, key: "Message", kind: "AccessDeniedException", detail: detail,
		message: "User: " + who + " is not authorized to perform: execute-api:Invoke on resource: " + masked}
}

// choose finds the method for a request with the values of the path's variables; nil where none fits. A slash at the end does
// not count.
func (d *restDeployment) choose(method, path string) (best *types.Resource, found *types.Method, values map[string]string) {
	var bestFit fit
	bestAny := false
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	for i := range d.Resources {
		r := &d.Resources[i]
		m, own := r.ResourceMethods[method]
		if !own {
			var open bool
			if m, open = r.ResourceMethods["ANY"]; !open {
				continue
			}
		}
		how, v := fits(segments(*r.Path), segments(path))
		if how != nil && (best == nil || better(how, !own, bestFit, bestAny)) {
			best, found, bestFit, bestAny, values = r, &m, how, !own, v
		}
	}
	return best, found, values
}

// restTarget is what a method of a REST API leads to on a stage.
func (s *served) restTarget(r *types.Resource, m *types.Method, stage, method string, variables map[string]string) (target, error) {
	function, err := functionOf(onStage(aws.ToString(m.MethodIntegration.Uri), variables))
	if err != nil {
		return target{}, err
	}
	return target{function: function, called: stage + "/" + method + *r.Path, matched: "method " + *m.HttpMethod + " of the resource " + *r.Path,
		timeout: time.Duration(m.MethodIntegration.TimeoutInMillis) * time.Millisecond}, nil
}

// matchesMedia reports whether a list of media types has that of a Content-Type: itself, by its kind (image/*), or as */*.
func matchesMedia(list []string, contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		t = "application/json" // what API Gateway takes it for
	}
	kind, _, _ := strings.Cut(t, "/")
	for _, m := range list {
		if m == "*/*" || strings.EqualFold(m, t) || strings.EqualFold(m, kind+"/*") {
			return true
		}
	}
	return false
}

// decodes reports whether a function's body in base64 is sent as bytes: where the first type that the client accepts is a binary
// one of the API. Elsewhere it is sent as it is (recorded).
func (d *restDeployment) decodes(accept string) bool {
	first, _, _ := strings.Cut(accept, ",")
	if strings.TrimSpace(first) == "" {
		first = "*/*"
	}
	return matchesMedia(d.Binary, first)
}

// mock answers for a MOCK integration.
func mock(w http.ResponseWriter, i *types.Integration) error {
	r := mocked(i)
	if r == nil {
		return failed(http.StatusInternalServerError, "the MOCK integration has no template {\"statusCode\": NUMBER} for application/json, or no response for its status")
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	for name, v := range r.ResponseParameters {
		h.Set(strings.TrimPrefix(name, "method.response.header."), strings.Trim(v, "'"))
	}
	status := 0
	_, _ = fmt.Sscan(*r.StatusCode, &status) // it was checked
	w.WriteHeader(status)
	_, _ = w.Write([]byte(r.ResponseTemplates["application/json"])) // the client has gone, if it fails
	return nil
}
