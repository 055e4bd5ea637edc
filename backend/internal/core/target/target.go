// Package target delivers to what is not a person: queues, topics, buses, functions, buckets.
//
// Whoever has something to hand on (Lambda with the record of an asynchronous invocation or an event for the dead-letter
// queue, a poller with the record of a batch that it gave up, a bus with an event for its rules' targets) makes a Delivery
// and gives it to Targets. Which kind of target an ARN means, what that kind asks for, and whether it exists, is known to the
// service that keeps it: each registers a Kind under its name in ARNs.
//
// A delivery is made as a Sender: the session of an execution role, or a service as principal. The kind asks the policies
// with its own action (sqs:SendMessage) and refuses with a fault of kind Denied; a target that is not there is a fault of
// kind NotFound. When Deliver returns nil, what was delivered is durable. What becomes of a delivery that was refused is up
// to whoever made it: the package retries nothing and records nothing.
package target

import (
	"context"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Delivery is one thing on its way to a target.
type Delivery struct {
	Target string // ARN
	// Sender is who delivers: a session of a role, or a service.
	Sender authz.Session
	// Source is the resource on behalf of which a service delivers: aws:SourceArn, aws:SourceAccount.
	Source authz.Source
	// Keys are condition keys of the request beside the global ones.
	Keys map[string][]string
	Body []byte
	// Attributes are message attributes, for queues and topics.
	Attributes map[string]Attribute
	// Subject is of the message to a topic; empty elsewhere.
	Subject string
	// Group and Dedup are for FIFO queues and topics; empty elsewhere.
	Group, Dedup string
	// Entry is what an event bus takes beside the detail (Body).
	Entry Entry
	// Object is the key under which a bucket keeps Body.
	Object string
	// Decided is told what the policies decided; nil where nobody wants to know. Queues and topics tell.
	Decided func(policy.Explanation)
	// Cause is the delivery that this one follows from; the zero header where nothing came before.
	Cause trace.Header
	// Traced says that a queue's message shows what it follows from, as its AWSTraceHeader.
	Traced bool
}

// Attribute is a message attribute. Type is String, Number or Binary, with a label of the user's after a dot; the value of a Binary one is its bytes.
type Attribute struct{ Type, Value string }

// Entry is the rest of an event for a bus.
type Entry struct {
	Source, DetailType string
	Resources          []string
}

// Kind is a kind of target.
type Kind struct {
	// Action is what the sender needs on the target, for example sqs:SendMessage.
	Action string
	// Service is what messages call the service, for example SQS.
	Service string
	// Rights lists what the sender needs on a target where that is more than Action on the target itself; else it is nil.
	Rights func(targetARN string) []Right
	// Check returns a fault of kind NotFound when there is no such target.
	Check func(ctx context.Context, target arn.ARN) error
	// Deliver hands over, and returns once what was delivered is durable.
	Deliver func(ctx context.Context, d Delivery) error
}

// Right is an action on a resource.
type Right struct{ Action, Resource string }

// Operation is the action without its service: PutObject.
func (r Right) Operation() string { return operation(r.Action) }

// Needs lists what the sender needs on a target.
func (k Kind) Needs(targetARN string) []Right {
	if k.Rights != nil {
		return k.Rights(targetARN)
	}
	return []Right{{k.Action, targetARN}}
}

// Operation is the action without its service: SendMessage.
func (k Kind) Operation() string { return operation(k.Action) }

func operation(action string) string {
	_, name, ok := strings.Cut(action, ":")
	if !ok {
		return action
	}
	return name
}

// Targets are the kinds of targets that there are. The zero value has none.
type Targets struct{ kinds map[string]Kind }

// Register makes a kind known under its service's name in ARNs. Call it before anything is delivered.
func (t *Targets) Register(service string, k Kind) {
	if t.kinds == nil {
		t.kinds = map[string]Kind{}
	}
	t.kinds[service] = k
}

// Kind returns the kind of a target. An ARN that cannot be read is a fault of kind Invalid, a service that is no target here
// one of kind Unsupported.
func (t *Targets) Kind(targetARN string) (Kind, arn.ARN, error) {
	parsed, err := arn.Parse(targetARN)
	if err != nil {
		return Kind{}, parsed, fault.New(fault.Invalid, "%v", err)
	}
	k, ok := t.kinds[parsed.Service]
	if !ok {
		return Kind{}, parsed, fault.New(fault.Unsupported, "lambdasim does not simulate %s as a target yet", targetARN)
	}
	return k, parsed, nil
}

// Check returns a fault of kind NotFound when there is no such target.
func (t *Targets) Check(ctx context.Context, targetARN string) error {
	k, parsed, err := t.Kind(targetARN)
	if err != nil {
		return err
	}
	return k.Check(ctx, parsed)
}

// Deliver hands a delivery to its target and returns once it is durable.
func (t *Targets) Deliver(ctx context.Context, d Delivery) error {
	k, _, err := t.Kind(d.Target)
	if err != nil {
		return err
	}
	return k.Deliver(ctx, d)
}
