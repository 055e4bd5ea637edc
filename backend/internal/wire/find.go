package wire

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Simulated lists the services, sorted.
func (s *Server) Simulated() []string {
	names := make([]string, 0, len(s.services))
	for name := range s.services {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// service finds out which service a request is for: the one of the signature's scope; where there is no signature, the one
// of X-Amz-Target, of the form's Version and Action, of a link's Action, or S3, to which anybody may send anything. nil when it is none that is
// simulated. A form that had to be read is returned.
func (s *Server) service(call *Call, w http.ResponseWriter, r *http.Request) (*Service, []byte) {
	target := r.Header.Get("X-Amz-Target")
	prefix, _, _ := strings.Cut(target, ".")
	if call.Service != "" {
		if svc := s.targets[prefix]; svc != nil && svc.API.Name == call.Service { // services may share a signing name
			return svc, nil
		}
		for prefix, svc := range s.under {
			if strings.HasPrefix(call.Service+r.URL.Path, prefix) {
				return svc, nil
			}
		}
		return s.services[call.Service], nil
	}
	if target != "" {
		return s.targets[prefix], nil
	}
	if isForm(r) {
		body, err := readBody(w, r)
		if err != nil {
			return nil, nil
		}
		form, _ := url.ParseQuery(string(body)) // what cannot be read has no Action
		for _, name := range s.Simulated() {
			svc := s.services[name]
			if svc.older != nil {
				svc = svc.older
			}
			if svc.API.Protocol == Query && svc.API.version() == form.Get("Version") && svc.API.ops[form.Get("Action")] != nil {
				return svc, body
			}
		}
		return nil, nil
	}
	if action := r.URL.Query().Get("Action"); action != "" && r.Method == http.MethodGet && r.URL.Path == "/" { // SNS's links to confirm
		for _, name := range s.Simulated() {
			if svc := s.services[name]; svc.API.Protocol == Query && svc.Operations[action].unsigned {
				return svc, nil
			}
		}
	}
	for _, name := range s.Simulated() { // function names and the like live under paths that only their service has
		svc := s.services[name]
		if svc.API.routes == nil || svc.API.Plain {
			continue
		}
		if op, _ := svc.API.routes.match(r.Method, segments(r.URL.EscapedPath()), r.URL.Query(), nil); op != nil {
			return svc, nil
		}
	}
	return s.services["s3"], nil
}

func isForm(r *http.Request) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && media == "application/x-www-form-urlencoded"
}

// refuseService answers a request for a service that is not simulated, or that cannot be told, in the shape that its client
// seems to read.
func (s *Server) refuseService(call *Call, w http.ResponseWriter, r *http.Request) {
	api := &API{Protocol: guess(call, r)}
	name := call.Service
	if name == "" {
		name, _, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	}
	if name == "" {
		writeError(w, api, refuse(api.Protocol, call.unread), call.RequestID)
		return
	}
	s.cfg.Log.Warn("a request was refused: its service is not simulated", "service", name, "simulated", s.Simulated())
	writeError(w, api, &Error{Status: http.StatusNotImplemented, Code: "NotImplemented", NoType: true,
		Message: fmt.Sprintf("lambdasim does not simulate the service %q; it simulates %s", name, strings.Join(s.Simulated(), ", "))}, call.RequestID)
}

// guess tells the protocol of a request whose service is not known.
func guess(call *Call, r *http.Request) Protocol {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case media == "application/x-amz-json-1.0":
		return JSON10
	case r.Header.Get("X-Amz-Target") != "":
		return JSON11
	case media == "application/x-www-form-urlencoded":
		return Query
	case media == "application/xml" || slices.Contains([]string{"s3", "s3express", "s3-object-lambda", "route53", "cloudfront"}, call.Service):
		return RESTXML
	}
	return RESTJSON
}

// find finds the operation of a request.
func (s *Server) find(svc *Service, r *http.Request, body []byte) (found, error) {
	api := svc.API
	switch api.Protocol {
	case RESTJSON:
		if op, values := api.routes.match(r.Method, segments(r.URL.EscapedPath()), r.URL.Query(), nil); op != nil {
			return found{op: op, labels: values}, nil
		}
		return found{}, &Error{Status: http.StatusNotFound, Code: "UnknownOperationException", NoType: true,
			Message: fmt.Sprintf("%s has no operation at %s %s", api.Name, r.Method, r.URL.Path)}
	case Query:
		return findAction(api, r, body)
	}
	prefix, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !ok || prefix != api.Target {
		return found{}, Errorf(http.StatusBadRequest, "UnknownOperationException", "%s expects the header X-Amz-Target: %s.OPERATION, not %q", api.Name, api.Target, r.Header.Get("X-Amz-Target"))
	}
	if op := api.ops[name]; op != nil {
		return found{op: op}, nil
	}
	return found{}, Errorf(http.StatusBadRequest, "UnknownOperationException", "%s has no operation %q", api.Name, name)
}

// findAction finds the operation of the Query protocol: the parameter Action of the form, or of the query.
func findAction(api *API, r *http.Request, body []byte) (found, error) {
	var form url.Values
	var err error
	if r.Method == http.MethodPost {
		form, err = url.ParseQuery(string(body))
	} else {
		form = url.Values{}
	}
	query, err2 := url.ParseQuery(r.URL.RawQuery)
	if err := errors.Join(err, err2); err != nil {
		return found{}, Errorf(http.StatusBadRequest, "MalformedQueryString", "the form cannot be read: %v", err)
	}
	for name, values := range query {
		form[name] = values
	}
	action := form.Get("Action")
	if action == "" {
		return found{}, Errorf(http.StatusBadRequest, "MissingAction", "%s expects the parameter Action", api.Name)
	}
	op := api.ops[action]
	if op == nil {
		return found{}, Errorf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", action, form.Get("Version"))
	}
	return found{op: op, form: form}, nil
}

// version is the API's version, which stands at the end of its namespace: https://iam.amazonaws.com/doc/2010-05-08/.
func (a *API) version() string {
	parts := strings.Split(strings.Trim(a.Namespace, "/"), "/")
	return parts[len(parts)-1]
}
