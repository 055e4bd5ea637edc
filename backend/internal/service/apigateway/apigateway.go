// Package apigateway is Amazon API Gateway: APIs that put functions behind HTTP.
//
// An API keeps routes, and each route an integration, which names a function. A stage shows a deployment of the API: a copy of
// the routes and integrations as they were then. A request to a stage goes through these steps:
//
//	request ─▶ which API and stage? ─▶ which route? ─▶ may the caller (AWS_IAM)? ─▶ may the API (the function's policy)?
//	                                                                                      │
//	answer ◀── made of the function's answer ◀── within the integration's timeout ◀── the function runs
//
// API Gateway calls synchronously, as apigateway.amazonaws.com, with the ARN of what was called as aws:SourceArn:
// arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH, where the path is the route's and the method the request's. A client
// is never told why: a refusal, a function that fails and an answer that is none are all an internal server error. The reason
// is in the trace, and in a header of the answer (wire.HeaderDetail).
//
// An API is served below /_api/ID on the backend's own listener, and under a host name that begins ID.execute-api. as on AWS;
// ApiEndpoint names the former, which works from this machine.
//
// HTTP APIs are API Gateway's second version (http*.go), REST APIs the first (rest*.go); the latter also answer without a function
// (MOCK), and have policies of their own. Not simulated, and refused by name: WebSocket APIs, other integrations, authorizers,
// parameter mappings, VTL templates, validators, imports, domain names, API keys, caches, VPC links, portals.
//
// Sources: the API references of Amazon API Gateway, versions 1 and 2; its developer guide, above all the pages on Lambda proxy
// integrations, routes and CORS of HTTP APIs; recorded answers.
package apigateway

import (
	"context"
	"embed"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of APIs and deployments.
var Schema = postgres.Schema{Name: "apigateway", Files: files}

const principal = "apigateway.amazonaws.com"

// API serves API Gateway: its operations, and the APIs that are made with them.
type API struct {
	DB         *postgres.DB
	Authz      *authz.Authorizer
	Dispatcher *push.Dispatcher
	Trace      *trace.Recorder
	Clock      *clock.Clock
	IDs        *ident.Source
	Log        *slog.Logger
	Endpoint   func() string // of the backend: http://127.0.0.1:4566
	// Authenticate says who signed a request to a route with the authorization type AWS_IAM.
	Authenticate func(r *http.Request) (*wire.Call, error)
	// Anonymous is the call of nobody.
	Anonymous func(r *http.Request) *wire.Call

	mu      sync.Mutex
	cache   map[string]*served // by the API's id; what was read since the last change
	changes uint64             // so far: what was read before one is not kept
	running sync.WaitGroup     // calls of functions, also those whose clients have been answered
}

// Close waits for the calls that are under way.
func (a *API) Close() { a.running.Wait() }

// operation makes an operation of API Gateway. Its permission is apigateway:VERB on the path of what it concerns (Service
// Authorization Reference, Amazon API Gateway Management).
func operation[I, O any](f func(ctx context.Context, in *I) (*O, error), verb string, path func(in *I) string) wire.Operation {
	return wire.Op(f, wire.Action[I]("apigateway:"+verb), wire.Resource(func(ctx context.Context, in *I) string {
		return arn.Gateway(wire.CallFrom(ctx).Region, path(in))
	}))
}

func toAWS(_ context.Context, _ string, err error) *wire.Error {
	status, code := http.StatusBadRequest, "BadRequestException"
	switch fault.KindOf(err) {
	case fault.NotFound:
		status, code = http.StatusNotFound, "NotFoundException"
	case fault.Exists, fault.Conflict:
		status, code = http.StatusConflict, "ConflictException"
	case fault.Invalid, fault.Unsupported, fault.TooLarge:
	case fault.Denied:
		status, code = http.StatusForbidden, "AccessDeniedException"
	default:
		return nil
	}
	return &wire.Error{Status: status, Code: code, Message: err.Error(), NoType: true}
}

func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

func notFound(format string, args ...any) error { return fault.New(fault.NotFound, format, args...) }

// given is an argument of a call, and whether it was given.
type given struct {
	name  string
	given bool
}

// refuse refuses, by name, the first argument that was given and is not simulated.
func refuse(operation string, list ...given) error {
	for _, g := range list {
		if g.given {
			return unsupported(operation, g.name)
		}
	}
	return nil
}

func unsupported(operation, what string) error {
	return fault.New(fault.Unsupported, "lambdasim does not simulate %s of apigateway:%s yet", what, operation)
}

// as is a value in another of the SDK's types, whose members have the same names.
func as[O any](v any) *O {
	text, err := json.Marshal(v)
	if err != nil { // plain values
		panic(err)
	}
	out := new(O)
	if err := json.Unmarshal(text, out); err != nil {
		panic(err)
	}
	return out
}
