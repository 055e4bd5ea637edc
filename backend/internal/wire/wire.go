// Package wire is the HTTP front: it speaks AWS's own protocols, so that the AWS CLI, every SDK and functions themselves
// work against the simulator unchanged.
//
// A request goes through these steps:
//
//	guard ─▶ which service? ─▶ who signed? ─▶ which operation? ─▶ decode ─▶ may they? ─▶ run ─▶ encode
//
// The service comes from the signature's credential scope, and where a request is unsigned from X-Amz-Target, from the form's
// Action and Version, or from the path; what is left is S3's. The signer is found by access key; wire verifies the signature
// and leaves it to an Authenticator to say whose key it is. Dates of signatures are real ones, whatever the simulator's clock
// shows, because clients sign with theirs. An operation is
// a plain function over the AWS SDK's own input and output structs:
//
//	wire.Op(func(ctx context.Context, in *lambda.GetFunctionInput) (*lambda.GetFunctionOutput, error) { … })
//
// One codec for each protocol decodes into and encodes from those structs; names, HTTP bindings and routes come from the
// schemas that the SDK modules export, or by reflection where a module has none (discover.go). There is no hand-kept route
// table and no generated code. S3 has a front of its own and uses wire for authentication, framing and errors.
//
// Errors are *Error: code, status and message, written in the shape of the caller's protocol. Whatever else a service
// returns is translated by the kind of its fault, and otherwise answered as an internal failure and logged. What AWS can and
// the simulator cannot, be it a service or an operation, is answered 501 by name, and never taken for something else.
//
// wire decides nothing about permissions: it asks Config.Authorize with the action and the resource that the operation
// names. An operation that names none is not served, and one that asks for itself and succeeds without having asked is
// answered as a failure. wire keeps no state but what it learned of the SDK's types.
//
// Sources: Signature Version 4 in the IAM User Guide and the Amazon S3 API Reference; the Smithy specifications of AWS
// restJson1, awsJson1.0, awsJson1.1 and awsQuery; the Common Errors page of each service; recorded answers of Lambda.
package wire

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Credential is what an access key id stands for.
type Credential struct {
	Secret       string
	SessionToken string // of temporary credentials: the request must carry it
	Session      authz.Session
}

// Authenticator knows whose access keys are whose. For an unknown key it returns a fault of kind NotFound, whose message
// says which keys there are.
type Authenticator interface {
	Credential(ctx context.Context, accessKeyID string) (Credential, error)
}

// Config is what the front needs.
type Config struct {
	Authenticator Authenticator
	// Authorize asks whether the caller may. It returns nil, or a fault of kind Denied. Nil: nobody is asked (in tests).
	Authorize func(ctx context.Context, q authz.Question) error
	// Signed is told of each request that was signed rightly; nil where nobody wants to know.
	Signed  func(accessKeyID, service, region string)
	Clock   *clock.Clock
	IDs     *ident.Source
	Log     *slog.Logger
	Region  string // where a request does not say
	Account string // of unsigned requests
	// AllowedHosts are names beside the loopback ones under which the backend is reached, in lower case and without ports.
	// S3's virtual-hosted addresses may lie below them.
	AllowedHosts []string
}

// Call is one request: who calls what.
type Call struct {
	Service, Operation string
	Region             string
	Account            string // the caller's
	RequestID          string
	AccessKeyID        string
	SourceIP           string
	UserAgent          string
	Session            authz.Session
	Signed             bool
	HTTP               *http.Request
	BucketHost         string // S3: the bucket that the Host names, "" where the path does

	signature *signature          // as the request carries it; verified when Signed
	unread    error               // why there is no whole signature
	members   map[string]any      // of the JSON body, or of the form
	tagKeys   map[string][]string // condition keys of the tags that the input passes
}

// Cause is what the request says that it follows from: the trace header that the SDK in a function forwards; "" of other callers.
func (c *Call) Cause() string {
	if c == nil || c.HTTP == nil { // nobody called: a service does it by itself
		return ""
	}
	return c.HTTP.Header.Get("X-Amzn-Trace-Id")
}

// Present reports whether a member of the body was sent, and was not null. Plain numbers and booleans of the SDK's
// structs do not tell absent from zero; pointers, lists and maps do. Members below others are reached by further names,
// elements of lists by their index from 0.
func (c *Call) Present(name string, below ...string) bool {
	object := c.members
	for _, next := range below {
		switch inner := object[name].(type) {
		case map[string]any:
			object, name = inner, next
		case []any:
			i, err := strconv.Atoi(next)
			if err != nil || i < 0 || i >= len(inner) {
				return false
			}
			object, name = map[string]any{next: inner[i]}, next
		default:
			return false
		}
	}
	return object[name] != nil
}

// Question is whether the caller may do the action on the resource, which belongs to the account that its ARN names, and
// else to the caller's. Its keys may be added to.
func (c *Call) Question(action, resource string) authz.Question {
	q := authz.Question{Session: c.Session, Action: action, Resource: resource, Region: c.Region, Origin: c.Origin(), Keys: maps.Clone(c.tagKeys)}
	if q.Keys == nil {
		q.Keys = map[string][]string{}
	}
	q.ResourceAccount = authz.SourceOf(resource).Account
	return q
}

// Origin is where the request came from.
func (c *Call) Origin() authz.Origin {
	return authz.Origin{SourceIP: c.SourceIP, UserAgent: c.UserAgent, Network: true, TLS: c.HTTP != nil && c.HTTP.TLS != nil || loopback(c.SourceIP)}
}

// loopback reports whether an address is this machine's own: what comes from there has not been on any wire.
func loopback(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && a.Unmap().IsLoopback()
}

// SignatureAge is how old the signature is, by the real clock: of a presigned request, how long ago it was made.
func (c *Call) SignatureAge() time.Duration {
	if c.signature == nil {
		return 0
	}
	return clock.Wall().Sub(c.signature.at)
}

type callKey struct{}

// CallFrom returns the call that ctx belongs to; nil where it belongs to none (an item of the agenda).
func CallFrom(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// WithCall returns a context that belongs to the call.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// Service is one AWS service.
type Service struct {
	API        *API
	Operations map[string]Operation
	// Handler serves every request of a service that brings its own front (S3) instead of operations. The call is in the
	// request's context; the body has not been read (DecodeBody).
	Handler http.Handler
	Handles []string // the names of the Handler's operations
	// Anonymous lets unsigned requests reach the Handler, as calls of an anonymous session.
	Anonymous bool
	// Fault translates the errors of the core into AWS's for this service. Without it, or where it returns nil, the
	// default by kind holds.
	Fault func(ctx context.Context, operation string, err error) *Error
	// ResourcePolicy is the policy of what an action is asked on, where the resource has one that the action may be granted by;
	// nil elsewhere. Without it no resource of the service has one that the operations' general check looks at.
	ResourcePolicy func(ctx context.Context, action, resource string) (*policy.Source, error)

	older *Service // the same in the protocol that it spoke before
}
