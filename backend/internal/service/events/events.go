// Package events is Amazon EventBridge: buses, rules and targets.
//
// A bus takes events: from PutEvents, from another bus's rule, from a function's destination. Each rule of the bus whose
// pattern an event matches sends it to the rule's targets, each on its own:
//
//	PutEvents ─▶ bus ─▶ rules whose pattern matches ─▶ targets ─▶ function (its policy, events.amazonaws.com, the rule's ARN)
//	schedule ──────────────────▲                        │  │ └──▶ queue, topic (their policies, the same principal)
//	                                                    │  └────▶ another bus
//	                              refused, or given up  └──▶ the target's dead-letter queue, or lost
//
// What is sent is the event, a part of it (InputPath), a constant (Input), or a text made of its parts (InputTransformer). An
// event is accepted with one item of the agenda for each target that it is for, in one transaction: PutEvents answers when
// it is durable. An event that no rule matches leaves nothing.
//
// A target that refuses (no permission, not there) is not tried again; one that is overloaded is, within the target's
// RetryPolicy. Then the event goes to the target's dead-letter queue with attributes that say why.
//
// A rule of the default bus may have a schedule. Its ticks are background items of the agenda: the clock that is advanced
// runs each of them, and nothing waits for them.
//
// Not simulated, and refused by name: archives, replays, connections, API destinations, partner sources, global endpoints,
// customer keys, log configurations, and targets other than functions, queues, topics and buses. Rules of another account's
// bus are refused too.
//
// Sources: the API reference and the user guide of Amazon EventBridge.
package events

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of buses and rules.
var Schema = postgres.Schema{Name: "events", Files: files}

// API serves EventBridge. Call Register before the agenda starts.
type API struct {
	DB         *postgres.DB
	Authz      *authz.Authorizer
	Dispatcher *push.Dispatcher
	Targets    *target.Targets
	Agenda     *agenda.Agenda
	Trace      *trace.Recorder
	Clock      *clock.Clock
	IDs        *ident.Source
	Log        *slog.Logger

	mu    sync.Mutex
	rules map[busKey][]*rule // what was read since the last change
	reads uint64             // changes so far: what was read before one is not kept
}

// Register tells the agenda who delivers and who ticks.
func (a *API) Register() {
	a.rules = map[busKey][]*rule{}
	a.Agenda.Handle(kindDeliver, perTarget, a.runDelivery)
	a.Agenda.Handle(kindTick, 1, a.tick)
}

// Service is EventBridge for the wire.
func (a *API) Service() wire.Service {
	return wire.Service{API: wire.EventBridgeAPI(), Fault: toAWS, Operations: map[string]wire.Operation{
		"CreateEventBus": wire.Op(a.createBus, onBus(func(in *eventbridge.CreateEventBusInput) *string { return in.Name }), tagging(
			func(ctx context.Context, in *eventbridge.CreateEventBusInput) string { return busARN(ctx, in.Name) })),
		"UpdateEventBus":        wire.Op(a.updateBus, onBus(func(in *eventbridge.UpdateEventBusInput) *string { return in.Name })),
		"DescribeEventBus":      wire.Op(a.describeBus, onBus(func(in *eventbridge.DescribeEventBusInput) *string { return in.Name })),
		"DeleteEventBus":        wire.Op(a.deleteBus, onBus(func(in *eventbridge.DeleteEventBusInput) *string { return in.Name })),
		"ListEventBuses":        wire.Op(a.listBuses, wire.Unbound[eventbridge.ListEventBusesInput]()),
		"PutPermission":         wire.Op(a.putPermission, onBus(func(in *eventbridge.PutPermissionInput) *string { return in.EventBusName })),
		"RemovePermission":      wire.Op(a.removePermission, onBus(func(in *eventbridge.RemovePermissionInput) *string { return in.EventBusName })),
		"PutEvents":             wire.Op(a.putEvents, wire.SelfAuthorized[eventbridge.PutEventsInput]()),
		"TestEventPattern":      wire.Op(a.testPattern, wire.Unbound[eventbridge.TestEventPatternInput]()),
		"PutRule":               wire.Op(a.putRule, onRule(func(in *eventbridge.PutRuleInput) (*string, *string) { return in.EventBusName, in.Name }), taggingRule()),
		"DescribeRule":          wire.Op(a.describeRule, onRule(func(in *eventbridge.DescribeRuleInput) (*string, *string) { return in.EventBusName, in.Name })),
		"EnableRule":            wire.Op(a.enableRule, onRule(func(in *eventbridge.EnableRuleInput) (*string, *string) { return in.EventBusName, in.Name })),
		"DisableRule":           wire.Op(a.disableRule, onRule(func(in *eventbridge.DisableRuleInput) (*string, *string) { return in.EventBusName, in.Name })),
		"DeleteRule":            wire.Op(a.deleteRule, onRule(func(in *eventbridge.DeleteRuleInput) (*string, *string) { return in.EventBusName, in.Name })),
		"ListRules":             wire.Op(a.listRules, wire.Unbound[eventbridge.ListRulesInput]()),
		"ListTargetsByRule":     wire.Op(a.listTargets, onRule(func(in *eventbridge.ListTargetsByRuleInput) (*string, *string) { return in.EventBusName, in.Rule })),
		"ListRuleNamesByTarget": wire.Op(a.listByTarget, wire.Unbound[eventbridge.ListRuleNamesByTargetInput]()),
		"PutTargets":            wire.Op(a.putTargets, onRule(func(in *eventbridge.PutTargetsInput) (*string, *string) { return in.EventBusName, in.Rule })),
		"RemoveTargets":         wire.Op(a.removeTargets, onRule(func(in *eventbridge.RemoveTargetsInput) (*string, *string) { return in.EventBusName, in.Rule })),
		"TagResource":           wire.Op(a.tag, wire.Resource(func(_ context.Context, in *eventbridge.TagResourceInput) string { return aws.ToString(in.ResourceARN) })),
		"UntagResource": wire.Op(a.untag, wire.Resource(func(_ context.Context, in *eventbridge.UntagResourceInput) string {
			return aws.ToString(in.ResourceARN)
		})),
		"ListTagsForResource": wire.Op(a.listTags, wire.Resource(func(_ context.Context, in *eventbridge.ListTagsForResourceInput) string {
			return aws.ToString(in.ResourceARN)
		})),
	}}
}

func onBus[I any](name func(*I) *string) wire.Option[I] {
	return wire.Resource(func(ctx context.Context, in *I) string { return busARN(ctx, name(in)) })
}

func onRule[I any](names func(*I) (bus, rule *string)) wire.Option[I] {
	return wire.Resource(func(ctx context.Context, in *I) string {
		bus, name := names(in)
		return place(ctx, bus).rule(aws.ToString(name)).arn()
	})
}

// tagging asks for the right to tag where a call passes tags.
func tagging[I any](resource func(ctx context.Context, in *I) string) wire.Option[I] {
	return wire.Also(func(ctx context.Context, in *I) []wire.Need {
		if !wire.Tagged(in) {
			return nil
		}
		return []wire.Need{{Action: "events:TagResource", Resource: resource(ctx, in)}}
	})
}

func taggingRule() wire.Option[eventbridge.PutRuleInput] {
	return tagging(func(ctx context.Context, in *eventbridge.PutRuleInput) string {
		return place(ctx, in.EventBusName).rule(aws.ToString(in.Name)).arn()
	})
}

func busARN(ctx context.Context, nameOrARN *string) string { return place(ctx, nameOrARN).arn() }

// Forget drops the buses and rules of an account ("" for all), in the caller's transaction.
func (a *API) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	tx.AfterCommit(a.changed)
	_, err := tx.Exec(ctx, `WITH gone AS (DELETE FROM events.buses WHERE $1 = '' OR account = $1) DELETE FROM events.rules WHERE $1 = '' OR account = $1`, account)
	return err
}

func toAWS(_ context.Context, _ string, err error) *wire.Error {
	code := ""
	switch fault.KindOf(err) {
	case fault.NotFound:
		code = "ResourceNotFoundException"
	case fault.Exists:
		code = "ResourceAlreadyExistsException"
	case fault.Invalid, fault.Unsupported, fault.TooLarge:
		code = "ValidationException"
	case fault.Conflict:
		code = "ConcurrentModificationException"
	case fault.Denied:
		code = "AccessDeniedException"
	default:
		return nil
	}
	return wire.Errorf(http.StatusBadRequest, code, "%v", err)
}

func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

func unsupported(operation, what string) error {
	return fault.New(fault.Unsupported, "lambdasim does not simulate %s of events:%s yet", what, operation)
}
