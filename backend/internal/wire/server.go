package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"runtime/debug"
	"strings"
)

// maxBody is the greatest body of a request, in bytes: CreateFunction's limit, as recorded. S3 streams and has no such limit.
const maxBody = 70167211

// Server serves every AWS request.
type Server struct {
	cfg      Config
	services map[string]*Service
	targets  map[string]*Service // by the prefix of X-Amz-Target
	under    map[string]*Service // by signing name and a slash and how their paths begin: "apigateway/v2/"
}

// NewServer returns a server of the services. Every operation must be one that the SDK knows, of the SDK's input type.
func NewServer(cfg Config, services ...Service) (*Server, error) {
	if cfg.Authenticator == nil || cfg.IDs == nil || cfg.Log == nil {
		return nil, errors.New("wire: a server needs an Authenticator, IDs and a Log")
	}
	s := &Server{cfg: cfg, services: map[string]*Service{}, targets: map[string]*Service{}, under: map[string]*Service{}}
	for _, svc := range services {
		if svc.API.Under != "" {
			s.under[svc.API.Name+svc.API.Under] = &svc
			if err := known(svc); err != nil {
				return nil, err
			}
			continue
		}
		first := s.services[svc.API.Name]
		if first != nil && (svc.API.Target == "" || s.targets[svc.API.Target] != nil) {
			return nil, fmt.Errorf("wire: the service %s is given twice", svc.API.Name)
		}
		if svc.API.older != nil {
			older := svc
			older.API = svc.API.older
			svc.older = &older
		}
		if first == nil {
			s.services[svc.API.Name] = &svc
		}
		if svc.API.Target != "" {
			s.targets[svc.API.Target] = &svc
		}
		if err := known(svc); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// known checks that the operations of a service are the SDK's, and that each says which permission it needs.
func known(svc Service) error {
	for name, o := range svc.Operations {
		known := svc.API.ops[name]
		if known == nil || known.in != o.in || known.out != o.out {
			return fmt.Errorf("wire: %s has no operation %s from %s to %s", svc.API.Name, name, o.in, o.out)
		}
		if o.asks == undeclared {
			return fmt.Errorf("wire: nobody says which permission %s:%s needs", svc.API.Name, name)
		}
	}
	return nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := s.newCall(r)
	setRequestID(w, call.RequestID)
	svc, form := s.service(call, w, r)
	if svc == nil {
		s.refuseService(call, w, r)
		return
	}
	if svc.older != nil && r.Header.Get("X-Amz-Target") == "" {
		svc = svc.older
	}
	call.Service = svc.API.Name
	ctx := WithCall(r.Context(), call)
	if svc.Handler != nil {
		s.serveHandler(ctx, svc, call, w, r)
		return
	}
	if err := s.serve(ctx, svc, call, form, w, r); err != nil {
		writeError(w, svc.API, s.Translate(ctx, svc, err), call.RequestID)
	}
}

func setRequestID(w http.ResponseWriter, id string) {
	w.Header().Set("X-Amzn-Requestid", id)
	w.Header().Set("X-Amz-Request-Id", id)
}

// serveHandler serves a service with a front of its own. Its body is streamed, so the hash that was signed is taken from
// the header; the handler's reader (DecodeBody) checks the body against it.
func (s *Server) serveHandler(ctx context.Context, svc *Service, call *Call, w http.ResponseWriter, r *http.Request) {
	call.BucketHost = bucketOf(r.Host, s.cfg.AllowedHosts)
	if !svc.Anonymous || !errors.Is(call.unread, errUnsigned) {
		err := s.authenticate(ctx, r, svc.API.Protocol, call, func() (string, error) { return declaredHash(r) })
		if err != nil {
			writeError(w, svc.API, s.Translate(ctx, svc, err), call.RequestID)
			return
		}
	}
	svc.Handler.ServeHTTP(w, r.WithContext(ctx))
}

func (s *Server) serve(ctx context.Context, svc *Service, call *Call, form []byte, w http.ResponseWriter, r *http.Request) error {
	body, err := form, error(nil)
	if body == nil {
		if body, err = readBody(w, r); err != nil {
			return s.nameOperation(svc, r, err)
		}
	}
	// Which operation it is decides whether a signature is needed. That AWS has none such is said only to who may know; that
	// the simulator lacks one is no secret, and the client may be one that does not sign it.
	f, notFound := s.find(svc, r, body)
	var o Operation
	var ok bool
	if notFound == nil {
		call.Operation = f.op.name
		o, ok = svc.Operations[f.op.name]
	}
	missing := notFound == nil && !ok
	if !(o.unsigned || missing) || !errors.Is(call.unread, errUnsigned) {
		err := s.authenticate(ctx, r, svc.API.Protocol, call, func() (string, error) { return bodyHash(r, body) })
		if err != nil {
			return err
		}
	}
	switch {
	case notFound != nil:
		return notFound
	case missing:
		return &Error{Status: http.StatusNotImplemented, Code: "NotImplemented", NoType: true,
			Message: fmt.Sprintf("lambdasim does not simulate %s:%s yet", svc.API.Name, f.op.name)}
	}
	in := reflect.New(f.op.in)
	if err := decode(svc.API, call, f, r, body, in.Elem()); err != nil {
		return err
	}
	if !o.hot {
		if err := required(svc.API, f.op.name, in.Interface()); err != nil {
			return err
		}
	}
	if err := s.authorize(ctx, svc, call, o, in.Interface()); err != nil {
		return err
	}
	out, err := s.runWatched(ctx, call, o, in.Interface())
	if err != nil {
		return err
	}
	return encode(svc.API, f.op, w, out, call.RequestID)
}

// run calls the operation. A panic of its is answered as an internal failure and logged whole: it must not take the other
// requests' connection, or the backend, with it.
func (s *Server) run(ctx context.Context, call *Call, o Operation, in any) (out reflect.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.Error("an operation panicked", "service", call.Service, "operation", call.Operation, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	result, err := o.run(ctx, in)
	if err != nil {
		return reflect.Value{}, err
	}
	if out = reflect.ValueOf(result); out.IsNil() {
		out = reflect.New(o.out) // an operation that has nothing to say may say nil
	}
	return out.Elem(), nil
}

// nameOperation says of a REST request whose body is too large which operation that was meant for, as Lambda does.
func (s *Server) nameOperation(svc *Service, r *http.Request, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Status != http.StatusRequestEntityTooLarge || svc.API.Protocol != RESTJSON {
		return err
	}
	if f, unknown := s.find(svc, r, nil); unknown == nil {
		e.Message += " for the " + f.op.name + " operation"
	}
	return e
}

// readBody reads the whole body. Without a ResponseWriter the connection is not closed after a body that is too large.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLargeException", NoType: true,
			Message: fmt.Sprintf("Request must be smaller than %d bytes", maxBody)}
	}
	if err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Code: "RequestAbortedException", NoType: true,
			Message: fmt.Sprintf("The request's body ended before its length: %v", err)}
	}
	return body, nil
}

func decode(api *API, call *Call, f found, r *http.Request, body []byte, in reflect.Value) error {
	var err error
	switch api.Protocol {
	case RESTJSON:
		call.members, err = decodeREST(r, f.op, f.labels, body, in)
	case Query:
		call.members, err = decodeQuery(f.form, in, f.op.inSchema)
	default:
		call.members, err = decodeJSON(body, in, f.op.inSchema)
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
	var body []byte
	if len(fieldsOf(op.out, op.outSchema)) > 0 {
		var err error
		if body, err = encodeJSON(out, op.outSchema); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", jsonType(api.Protocol))
	_, _ = w.Write(body) // who has gone away reads no error either
	return nil
}

// required refuses an input that lacks required members, in the words of the protocol.
func required(api *API, name string, in any) error {
	missing := api.missing(name, in)
	if len(missing) == 0 {
		return nil
	}
	list := make([]Violation, len(missing))
	for i, path := range missing {
		_, member, _ := strings.Cut(path, ".") // the first part is the input's name
		list[i] = NotNull(memberPath(member))
	}
	err := &Error{Status: http.StatusBadRequest, Code: "ValidationException", Message: Describe(list...), NoType: true}
	if api.Protocol == Query {
		err.Code = "ValidationError"
	}
	return err
}

// writeError writes an error in the protocol's shape.
func writeError(w http.ResponseWriter, api *API, e *Error, requestID string) {
	if api.queryErrors != nil {
		e = api.inQuery(e)
	}
	switch api.Protocol {
	case RESTJSON:
		writeRESTError(w, e)
	case RESTXML:
		WriteXMLError(w, e, requestID)
	case Query:
		writeQueryError(w, api, e, requestID)
	default:
		writeJSONError(w, api.Protocol, e)
	}
}

// inQuery gives an error of a service that once spoke Query the code that it had there: to old clients as their code, to
// new ones in a header, from which the SDKs take the code that programs of their users compare with.
func (a *API) inQuery(e *Error) *Error {
	was, ok := a.queryErrors[e.Code]
	if !ok {
		was = queryError{e.Code, e.Status}
	}
	c := *e
	if a.Protocol == Query {
		c.Code, c.Status = was.code, was.status
		return &c
	}
	fault := "Sender"
	if e.Status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	c.Headers = maps.Clone(e.Headers)
	if c.Headers == nil {
		c.Headers = map[string]string{}
	}
	c.Headers["X-Amzn-Query-Error"] = was.code + ";" + fault
	return &c
}

// found is what a request was found to ask for.
type found struct {
	op     *operation
	labels []string   // REST-JSON: the values in the path
	form   url.Values // Query
}
