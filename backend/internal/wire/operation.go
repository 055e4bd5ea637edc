package wire

import (
	"context"
	"reflect"
)

// Operation is a typed operation of a service.
type Operation struct {
	in, out  reflect.Type
	run      func(ctx context.Context, in any) (any, error)
	action   string // of IAM; "" for SERVICE:Operation
	resource func(ctx context.Context, in any) string
	keys     func(ctx context.Context, in any) map[string][]string
	self     bool // evaluates policies itself
	hot      bool // is not checked for missing members
	unsigned bool // AWS asks for no signature
}

// Op makes an operation of a function over the SDK's structs.
func Op[I, O any](f func(ctx context.Context, in *I) (*O, error), options ...Option[I]) Operation {
	o := Operation{
		in:  reflect.TypeFor[I](),
		out: reflect.TypeFor[O](),
		run: func(ctx context.Context, in any) (any, error) { return f(ctx, in.(*I)) },
	}
	for _, option := range options {
		option(&o)
	}
	return o
}

// Option says how an operation is authorized.
type Option[I any] func(*Operation)

// Resource names the ARN on which the caller needs the action; without it the action needs Resource "*".
func Resource[I any](f func(ctx context.Context, in *I) string) Option[I] {
	return func(o *Operation) { o.resource = func(ctx context.Context, in any) string { return f(ctx, in.(*I)) } }
}

// Keys adds condition keys to the question.
func Keys[I any](f func(ctx context.Context, in *I) map[string][]string) Option[I] {
	return func(o *Operation) {
		o.keys = func(ctx context.Context, in any) map[string][]string { return f(ctx, in.(*I)) }
	}
}

// Action names the IAM action where it is not SERVICE:Operation.
func Action[I any](action string) Option[I] { return func(o *Operation) { o.action = action } }

// SelfAuthorized marks an operation that asks the policies itself, because a resource policy takes part.
func SelfAuthorized[I any]() Option[I] { return func(o *Operation) { o.self = true } }

// Unsigned marks an operation for which AWS asks no signature (Cognito's sign-up, for example). A request that is signed
// nevertheless must be signed rightly. Nobody is asked whether the caller may.
func Unsigned[I any]() Option[I] { return func(o *Operation) { o.unsigned, o.self = true, true } }

// Hot marks an operation that checks its required members itself: the general check costs tens of microseconds.
func Hot[I any]() Option[I] { return func(o *Operation) { o.hot = true } }

// authorize asks whether the caller may run the operation.
func (s *Server) authorize(ctx context.Context, call *Call, o Operation, in any) error {
	if o.self || s.cfg.Authorize == nil {
		return nil
	}
	action, resource := o.action, "*"
	if action == "" {
		action = call.Service + ":" + call.Operation
	}
	if o.resource != nil {
		resource = o.resource(ctx, in)
	}
	var keys map[string][]string
	if o.keys != nil {
		keys = o.keys(ctx, in)
	}
	return s.cfg.Authorize(ctx, call, action, resource, keys)
}
