package wire

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
)

// Operation is a typed operation of a service.
type Operation struct {
	in, out  reflect.Type
	run      func(ctx context.Context, in any) (any, error)
	action   string // of IAM; "" for SERVICE:Operation
	resource func(ctx context.Context, in any) string
	keys     func(ctx context.Context, in any) map[string][]string
	late     func(ctx context.Context, in any) authz.Late
	also     func(ctx context.Context, in any) []Need
	asks     asks
	hot      bool // is not checked for missing members
	unsigned bool // AWS asks for no signature
	tags     *tagMembers
}

// asks says who asks the policies about an operation.
type asks int

const (
	undeclared asks = iota // nobody has said: such an operation is not served
	declared               // wire, for the action on the resource
	self                   // the operation
	nobody                 // AWS asks for no permission
)

// Need is a right that an operation needs beside its own action on its resource.
type Need struct {
	Action, Resource string
	Keys             map[string][]string
}

// Op makes an operation of a function over the SDK's structs. One of Resource, Unbound, SelfAuthorized, Open and Unsigned
// must say who asks the policies.
func Op[I, O any](f func(ctx context.Context, in *I) (*O, error), options ...Option[I]) Operation {
	o := Operation{
		in:   reflect.TypeFor[I](),
		out:  reflect.TypeFor[O](),
		run:  func(ctx context.Context, in any) (any, error) { return f(ctx, in.(*I)) },
		tags: tagMembersOf(reflect.TypeFor[I]()),
	}
	for _, option := range options {
		option(&o)
	}
	return o
}

// Option says how an operation is authorized.
type Option[I any] func(*Operation)

// Resource names the ARN on which the caller needs the action (Service Authorization Reference, the action's resource type).
func Resource[I any](f func(ctx context.Context, in *I) string) Option[I] {
	return func(o *Operation) {
		o.asks = declared
		o.resource = func(ctx context.Context, in any) string { return f(ctx, in.(*I)) }
	}
}

// Unbound marks an operation whose action has no resource type: the caller needs it on "*".
func Unbound[I any]() Option[I] { return func(o *Operation) { o.asks = declared } }

// Keys adds condition keys to the question.
func Keys[I any](f func(ctx context.Context, in *I) map[string][]string) Option[I] {
	return func(o *Operation) {
		o.keys = func(ctx context.Context, in any) map[string][]string { return f(ctx, in.(*I)) }
	}
}

// Late adds condition keys whose values take work, and are found only where a policy asks for them.
func Late[I any](f func(ctx context.Context, in *I) authz.Late) Option[I] {
	return func(o *Operation) {
		o.late = func(ctx context.Context, in any) authz.Late { return f(ctx, in.(*I)) }
	}
}

// Action names the IAM action where it is not SERVICE:Operation.
func Action[I any](action string) Option[I] { return func(o *Operation) { o.action = action } }

// Also names further rights that the operation needs, asked after its own, in order.
func Also[I any](f func(ctx context.Context, in *I) []Need) Option[I] {
	return func(o *Operation) {
		o.also = func(ctx context.Context, in any) []Need { return f(ctx, in.(*I)) }
	}
}

// SelfAuthorized marks an operation that asks the policies itself, because a resource policy takes part. One that succeeds
// without having asked is a defect, and is answered as one.
func SelfAuthorized[I any]() Option[I] { return func(o *Operation) { o.asks = self } }

// Open marks an operation for which AWS asks for a signature and for no permission.
func Open[I any]() Option[I] { return func(o *Operation) { o.asks = nobody } }

// Unsigned marks an operation for which AWS asks no signature (Cognito's sign-up, for example). A request that is signed
// nevertheless must be signed rightly. Nobody is asked whether the caller may.
func Unsigned[I any]() Option[I] { return func(o *Operation) { o.unsigned, o.asks = true, nobody } }

// Hot marks an operation that checks its required members itself: the general check costs tens of microseconds.
func Hot[I any]() Option[I] { return func(o *Operation) { o.hot = true } }

// errUnasked is an operation that ran without asking whether it may.
var errUnasked = errors.New("the operation did not ask whether its caller may: nothing is answered")

// authorize asks whether the caller may run the operation.
func (s *Server) authorize(ctx context.Context, svc *Service, call *Call, o Operation, in any) error {
	call.tagKeys = o.tags.read(in)
	if o.asks != declared || s.cfg.Authorize == nil {
		return nil
	}
	action, resource := o.action, "*"
	if action == "" {
		action = call.Service + ":" + call.Operation
	}
	if o.resource != nil {
		resource = o.resource(ctx, in)
	}
	q := call.Question(action, resource)
	if o.keys != nil {
		for k, v := range o.keys(ctx, in) {
			q.Keys[k] = v
		}
	}
	if o.late != nil {
		q.Late = o.late(ctx, in)
	}
	if err := s.ask(ctx, svc, q); err != nil {
		return err
	}
	if o.also == nil {
		return nil
	}
	for _, need := range o.also(ctx, in) {
		q := call.Question(need.Action, need.Resource)
		for k, v := range need.Keys {
			q.Keys[k] = v
		}
		if err := s.ask(ctx, svc, q); err != nil {
			return err
		}
	}
	return nil
}

// ask asks a question with the resource's own policy beside it, where the service says that there is one.
func (s *Server) ask(ctx context.Context, svc *Service, q authz.Question) error {
	if svc.ResourcePolicy != nil && q.Resource != "*" {
		var err error
		if q.ResourcePolicy, err = svc.ResourcePolicy(ctx, q.Action, q.Resource); err != nil {
			return err
		}
	}
	return s.cfg.Authorize(ctx, q)
}

// runWatched runs an operation that asks for itself, and sees that it did.
func (s *Server) runWatched(ctx context.Context, call *Call, o Operation, in any) (reflect.Value, error) {
	if o.asks != self || s.cfg.Authorize == nil {
		return s.run(ctx, call, o, in)
	}
	ctx, was := authz.Watch(ctx)
	out, err := s.run(ctx, call, o, in)
	if err == nil && !was() {
		return out, fmt.Errorf("%s:%s: %w", call.Service, call.Operation, errUnasked)
	}
	return out, err
}
