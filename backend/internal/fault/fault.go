// Package fault is the error of the protocol-free core.
//
// The core decides what went wrong (a Kind) and says it in the words that AWS uses (a Message). It knows no AWS
// error code, no HTTP status and no protocol: services translate at their edge, each with one function from Kind to
// code. An error that is not a *Error is a defect or a broken dependency; the edge answers it as an internal failure
// and logs it whole.
package fault

import (
	"errors"
	"fmt"
)

// Kind says what sort of thing went wrong.
type Kind string

// The kinds.
const (
	Invalid      Kind = "invalid"      // the request contradicts a rule
	NotFound     Kind = "not_found"    // what was named does not exist
	Exists       Kind = "exists"       // what was to be made exists already
	Conflict     Kind = "conflict"     // the state of the thing does not admit the request now
	Precondition Kind = "precondition" // a revision id did not match
	Denied       Kind = "denied"       // policies do not allow it
	Throttled    Kind = "throttled"    // a concurrency or rate limit was met
	TooLarge     Kind = "too_large"    // a size limit was exceeded
	Unsupported  Kind = "unsupported"  // AWS can, the simulator cannot
)

// Error is a refusal with its kind and the sentence that the user reads.
type Error struct {
	Kind    Kind
	Message string
	// Detail refines the kind where callers need to tell two refusals of a kind apart (for example the Reason of a
	// throttle). Empty when there is nothing to tell apart.
	Detail string
	Cause  error
}

// New returns an error of the kind, its message formatted as by fmt.Sprintf.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of err, or "" when err carries none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// Is reports whether err carries the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }
