package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Error is an error as AWS answers it.
type Error struct {
	Code    string
	Message string
	Status  int
	Headers map[string]string          // in addition
	Fields  map[string]string          // further members of the body, for example Reason
	Members map[string]json.RawMessage // JSON protocols: further members that are no strings
	NoType  bool                       // REST-JSON: no member Type
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an error.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// byKind is how a fault is answered where a service does not say otherwise.
var byKind = map[fault.Kind]struct {
	status int
	code   string
}{
	fault.Invalid:      {http.StatusBadRequest, "ValidationException"},
	fault.NotFound:     {http.StatusNotFound, "ResourceNotFoundException"},
	fault.Exists:       {http.StatusConflict, "ResourceConflictException"},
	fault.Conflict:     {http.StatusConflict, "ResourceConflictException"},
	fault.Precondition: {http.StatusPreconditionFailed, "PreconditionFailedException"},
	fault.Denied:       {http.StatusForbidden, "AccessDeniedException"},
	fault.Throttled:    {http.StatusTooManyRequests, "TooManyRequestsException"},
	fault.TooLarge:     {http.StatusRequestEntityTooLarge, "RequestEntityTooLargeException"},
	fault.Unsupported:  {http.StatusNotImplemented, "NotImplemented"},
}

// HeaderDetail is a header of an answer that AWS does not send: what AWS's text leaves out, in one line, whose parts are
// separated by " | ". The provider shows it; the AWS CLI does with --debug.
const HeaderDetail = "X-Lambdasim-Detail"

// longestDetail keeps a header within what clients read.
const longestDetail = 4096

// Translate makes an *Error of any error: of itself, by the service's own table, by the kind of its fault. What is left is
// an internal failure, whose text goes to the log and not to the caller. Of a refusal by policies, and of a policy that is
// malformed, a header says what AWS's text leaves out.
func (s *Server) Translate(ctx context.Context, svc *Service, err error) *Error {
	e := s.translate(ctx, svc, err)
	detail := ""
	if m, ok := errors.AsType[*policy.MalformedError](err); ok {
		detail = m.Detail
		s.cfg.Log.Info("a policy is malformed", "operation", CallFrom(ctx).Operation, "message", m.Message, "why", detail)
	} else if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind == fault.Denied {
		detail = f.Detail // it was logged when it was decided
	}
	if detail == "" {
		return e
	}
	detail = strings.ReplaceAll(detail, "\n", " | ")
	with := *e
	with.Headers = maps.Clone(e.Headers)
	if with.Headers == nil {
		with.Headers = map[string]string{}
	}
	with.Headers[HeaderDetail] = detail[:min(len(detail), longestDetail)]
	return &with
}

func (s *Server) translate(ctx context.Context, svc *Service, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	call := CallFrom(ctx)
	if svc.Fault != nil {
		if e := svc.Fault(ctx, call.Operation, err); e != nil {
			return e
		}
	}
	if m, ok := errors.AsType[*policy.MalformedError](err); ok {
		return Errorf(http.StatusBadRequest, policy.CodeMalformed, "%s", m.Message)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return ofFault(svc.API.Protocol, f)
	}
	if ctx.Err() == nil {
		s.cfg.Log.Error("an operation failed inside", "service", call.Service, "operation", call.Operation, "request", call.RequestID, "error", err)
	}
	return Errorf(http.StatusInternalServerError, "InternalFailure",
		"the simulator failed; its log has the reason under request id %s", call.RequestID)
}

// ofFault answers a fault by its kind alone. The JSON protocols answer 400 whatever the client did wrong; Query and REST-XML
// have other names for what every service shares.
func ofFault(p Protocol, f *fault.Error) *Error {
	as := byKind[f.Kind]
	e := &Error{Status: as.status, Code: as.code, Message: f.Message}
	switch f.Kind {
	case fault.Invalid, fault.Denied, fault.TooLarge, fault.Unsupported:
		e.NoType = true // these come from Lambda's front and not from Lambda itself, which alone says Type
	}
	switch p {
	case Query, RESTXML:
		if shared, ok := queryCodes[f.Kind]; ok {
			e.Code, e.Status = shared.code, shared.status
		}
	case JSON10, JSON11:
		if e.Status < 500 {
			e.Status = http.StatusBadRequest
		}
	}
	return e
}

// queryCodes are the errors that the services of Query and REST-XML share.
var queryCodes = map[fault.Kind]struct {
	status int
	code   string
}{
	fault.Invalid:   {http.StatusBadRequest, "ValidationError"},
	fault.Denied:    {http.StatusForbidden, "AccessDenied"},
	fault.Throttled: {http.StatusBadRequest, "Throttling"},
}
