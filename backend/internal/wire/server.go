package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// maxBody is the greatest body of a request, in bytes (CreateFunction's limit, rounded up); S3 streams and has no such
// limit.
const maxBody = 71 << 20

// Server serves every AWS request.
type Server struct {
	cfg      Config
	services map[string]*Service
	targets  map[string]*Service // by the prefix of X-Amz-Target
}

// NewServer returns a server of the services. Every operation must be one that the SDK knows, of the SDK's input type.
func NewServer(cfg Config, services ...Service) (*Server, error) {
	s := &Server{cfg: cfg, services: map[string]*Service{}, targets: map[string]*Service{}}
	for _, svc := range services {
		s.services[svc.API.Name] = &svc
		if svc.API.Target != "" {
			s.targets[svc.API.Target] = &svc
		}
		for name, o := range svc.Operations {
			if known := svc.API.ops[name]; known == nil || known.in != o.in {
				return nil, fmt.Errorf("wire: %s has no operation %s with input %s", svc.API.Name, name, o.in)
			}
		}
	}
	return s, nil
}

// Simulated lists the services, sorted.
func (s *Server) Simulated() []string {
	names := make([]string, 0, len(s.services))
	for name := range s.services {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	svc, err := s.service(r)
	if err != nil {
		writeRESTError(w, err)
		return
	}
	call := s.newCall(r, svc.API.Name)
	w.Header().Set("X-Amzn-Requestid", call.RequestID)
	w.Header().Set("X-Amz-Request-Id", call.RequestID)
	ctx := WithCall(r.Context(), call)
	if svc.Handler != nil {
		s.serveHandler(ctx, svc, call, w, r)
		return
	}
	if err := s.serve(ctx, svc, call, w, r); err != nil {
		s.writeError(w, svc, call, s.Translate(ctx, svc, err))
	}
}

// service finds out which service a request is for.
func (s *Server) service(r *http.Request) (*Service, *Error) {
	name := ""
	if sig, err := readSignature(r); err == nil {
		name = sig.service
	}
	if svc := s.services[name]; svc != nil {
		return svc, nil
	}
	prefix, _, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if svc := s.targets[prefix]; svc != nil && name == "" {
		return svc, nil
	}
	if name == "" {
		if svc := s.services["s3"]; svc != nil && r.Header.Get("X-Amz-Target") == "" && r.Method != http.MethodPost {
			return svc, nil
		}
		return nil, refuse(RESTJSON, errUnsigned)
	}
	return nil, &Error{Status: http.StatusNotImplemented, Code: "NotImplemented", NoType: true,
		Message: fmt.Sprintf("lambdasim does not simulate the service %q; it simulates %s", name, strings.Join(s.Simulated(), ", "))}
}

// serveHandler serves a service with a front of its own. Its body is streamed, so the hash that was signed is taken from
// the header; the handler's reader checks the body against it.
func (s *Server) serveHandler(ctx context.Context, svc *Service, call *Call, w http.ResponseWriter, r *http.Request) {
	err := s.authenticate(ctx, r, svc.API.Protocol, call, func() (string, error) {
		if hash := r.Header.Get("X-Amz-Content-Sha256"); hash != "" {
			return hash, nil
		}
		return unsignedPayload, nil
	})
	if err != nil {
		WriteXMLError(w, s.Translate(ctx, svc, err), call.RequestID)
		return
	}
	svc.Handler.ServeHTTP(w, r.WithContext(ctx))
}

func (s *Server) serve(ctx context.Context, svc *Service, call *Call, w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	err = s.authenticate(ctx, r, svc.API.Protocol, call, func() (string, error) { return bodyHash(r, body) })
	if err != nil {
		return err
	}
	op, values, form, err := s.find(svc, r, body)
	if err != nil {
		return err
	}
	call.Operation = op.name
	o, ok := svc.Operations[op.name]
	if !ok {
		return &Error{Status: http.StatusNotImplemented, Code: "NotImplemented", NoType: true,
			Message: fmt.Sprintf("lambdasim does not simulate %s:%s yet", svc.API.Name, op.name)}
	}
	in := reflect.New(op.in)
	if err := decode(svc.API, op, r, values, form, body, in.Elem()); err != nil {
		return err
	}
	if !o.hot {
		if err := required(svc.API, op.name, in.Interface()); err != nil {
			return err
		}
	}
	if err := s.authorize(ctx, call, o, in.Interface()); err != nil {
		return err
	}
	out, err := o.run(ctx, in.Interface())
	if err != nil {
		return err
	}
	return encode(svc.API, op, w, reflect.ValueOf(out).Elem(), call.RequestID)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLargeException", NoType: true,
			Message: fmt.Sprintf("Request must be smaller than %d bytes", maxBody)}
	}
	return body, err
}

// bodyHash is the hash that was signed: that of the body. Where a header names it as well, it must be the same, unless the
// body is not signed.
func bodyHash(r *http.Request, body []byte) (string, error) {
	named := r.Header.Get("X-Amz-Content-Sha256")
	if named == unsignedPayload {
		return named, nil
	}
	hash := hashHex(body)
	if named != "" && named != hash {
		return "", errMismatchBody
	}
	return hash, nil
}

var errMismatchBody = &Error{Status: http.StatusBadRequest, Code: "InvalidSignatureException", NoType: true,
	Message: "The provided 'x-amz-content-sha256' header does not match what was computed."}

// find finds the operation of a request.
func (s *Server) find(svc *Service, r *http.Request, body []byte) (*operation, []string, url.Values, error) {
	switch svc.API.Protocol {
	case RESTJSON:
		if op, values := svc.API.routes.match(r.Method, segments(r.URL.EscapedPath()), nil); op != nil {
			return op, values, nil, nil
		}
		return nil, nil, nil, &Error{Status: http.StatusNotFound, Code: "UnknownOperationException", NoType: true,
			Message: fmt.Sprintf("%s has no operation at %s %s", svc.API.Name, r.Method, r.URL.Path)}
	case Query:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, nil, nil, Errorf(http.StatusBadRequest, "MalformedQueryString", "the form cannot be read: %v", err)
		}
		for name, values := range r.URL.Query() {
			form[name] = values
		}
		if op := svc.API.ops[form.Get("Action")]; op != nil {
			return op, nil, form, nil
		}
		return nil, nil, nil, Errorf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", form.Get("Action"), form.Get("Version"))
	}
	_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if op := svc.API.ops[name]; op != nil {
		return op, nil, nil, nil
	}
	return nil, nil, nil, Errorf(http.StatusBadRequest, "UnknownOperationException", "%s has no operation %q", svc.API.Name, name)
}

func decode(api *API, op *operation, r *http.Request, values []string, form url.Values, body []byte, in reflect.Value) error {
	switch api.Protocol {
	case RESTJSON:
		return decodeREST(r, op, values, body, in)
	case Query:
		return decodeQuery(form, in)
	}
	return decodeJSON(body, in, op.inSchema)
}

// required refuses an input that lacks required members, in the words of the protocol.
func required(api *API, name string, in any) error {
	missing := api.missing(name, in)
	if len(missing) == 0 {
		return nil
	}
	var list []Violation
	for _, path := range missing {
		_, member, _ := strings.Cut(path, ".") // the first part is the input's name
		list = append(list, NotNull(lowerCamel(member)))
	}
	err := Validation(list...).(*Error) // the list is not empty
	if api.Protocol == Query {
		err.Code = "ValidationError"
	}
	return err
}

func encode(api *API, op *operation, w http.ResponseWriter, out reflect.Value, requestID string) error {
	switch api.Protocol {
	case RESTJSON:
		return encodeREST(w, op, out)
	case Query:
		w.Header().Set("Content-Type", "text/xml")
		_, err := w.Write(encodeQuery(api, op, out, requestID))
		return err
	}
	w.Header().Set("Content-Type", jsonType(api.Protocol))
	if len(fieldsOf(op.out, op.outSchema)) == 0 {
		return nil
	}
	body, err := encodeJSON(out, op.outSchema)
	if err != nil {
		return err
	}
	_, err = w.Write(body)
	return err
}

func (s *Server) writeError(w http.ResponseWriter, svc *Service, call *Call, e *Error) {
	switch svc.API.Protocol {
	case RESTJSON:
		writeRESTError(w, e)
	case Query:
		writeQueryError(w, svc.API, e, call.RequestID)
	default:
		writeJSONError(w, svc.API.Protocol, e)
	}
}
