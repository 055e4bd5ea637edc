// Package sns is Amazon Simple Notification Service: standard and FIFO topics, their policies, their subscriptions, and the
// messages on their way to who subscribed.
//
// A topic keeps its subscriptions: it is a push source. Publish commits one delivery for each subscription that wants the
// message, in one transaction, and answers after it; what a subscription's filter policy keeps out ends there, and the trace
// says so. From then on each delivery is alone:
//
//	lambda       core/push asks the function's policy and hands the event to its asynchronous queue
//	sqs          the queue's policy is asked with sns.amazonaws.com and the topic's ARN; the message goes in, raw or in its envelope
//	http, https  a POST to a loopback address, and to no other: once confirmed, with the retries of the delivery policy
//	email        stays pending: nobody is written to
//
// A delivery that is refused, or whose endpoint is not there, is a client-side error: it is not repeated and goes to the
// subscription's dead-letter queue (RedrivePolicy), or is lost. Lambda's and SQS's own failures, which AWS repeats 100,015 times
// in 23 days, do not happen here: when the database does not answer the agenda tries again until it does.
//
//	Subscribe ─▶ pending ─ConfirmSubscription─▶ confirmed ─▶ deleted, by Unsubscribe or with the topic
//	        └──────── the caller owns the endpoint ──▲
//
// Policies: operations on a topic ask the caller's policies and the topic's; within an account one of them is enough, across
// accounts both must allow, and what the default policy does not list only the owner may do. The default policy is AWS's, whose
// condition AWS:SourceOwner no IAM principal meets: a user needs a policy of his own.
//
// A FIFO topic numbers its messages, forgets none of their order (one delivery of a subscription at a time), and drops what it
// has taken in the last five minutes.
//
// Other services deliver to topics through Target: destinations and dead-letter queues of functions.
//
// Not simulated: SMS, mobile push, email, Firehose; message archives and replay, data protection, encryption and delivery status
// logs (attributes are stored); signatures (the member says so). Sources: the API reference as the SDK's comments have it; the
// developer guide of SNS; recordings of 2023 to 2025.
package sns

import (
	"context"
	"embed"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
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

// Schema is the tables of topics.
var Schema = postgres.Schema{Name: "sns", Files: files}

// principal is who SNS is to policies.
const principal = "sns.amazonaws.com"

// API serves SNS.
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
	Endpoint   func() string // the backend's own address, to which confirmations lead

	filters sync.Map // by subscription ARN: *filter
	ordered sync.Map // by a FIFO topic's id: *sync.Mutex
}

// Service is SNS for the wire.
func (a *API) Service() wire.Service {
	return wire.Service{API: wire.SNSAPI(), Fault: toAWS, Operations: map[string]wire.Operation{
		"CreateTopic": wire.Op(a.createTopic, wire.Action[sns.CreateTopicInput]("SNS:CreateTopic"),
			wire.Resource(func(ctx context.Context, in *sns.CreateTopicInput) string { return own(ctx, aws.ToString(in.Name)) }),
			wire.Also(func(ctx context.Context, in *sns.CreateTopicInput) []wire.Need {
				if !wire.Tagged(in) {
					return nil
				}
				return []wire.Need{{Action: "SNS:TagResource", Resource: own(ctx, aws.ToString(in.Name))}} // API: CreateTopic
			})),
		"ListTopics": wire.Op(a.listTopics, wire.Action[sns.ListTopicsInput]("SNS:ListTopics"),
			wire.Resource(func(ctx context.Context, _ *sns.ListTopicsInput) string { return own(ctx, "*") })), // so its refusals show it
		"DeleteTopic":              wire.Op(a.deleteTopic, wire.SelfAuthorized[sns.DeleteTopicInput]()),
		"GetTopicAttributes":       on(a, "GetTopicAttributes", a.getTopicAttributes, func(in *sns.GetTopicAttributesInput) *string { return in.TopicArn }),
		"SetTopicAttributes":       on(a, "SetTopicAttributes", a.setTopicAttributes, func(in *sns.SetTopicAttributesInput) *string { return in.TopicArn }),
		"AddPermission":            on(a, "AddPermission", a.addPermission, func(in *sns.AddPermissionInput) *string { return in.TopicArn }),
		"RemovePermission":         on(a, "RemovePermission", a.removePermission, func(in *sns.RemovePermissionInput) *string { return in.TopicArn }),
		"TagResource":              on(a, "TagResource", a.tagResource, func(in *sns.TagResourceInput) *string { return in.ResourceArn }),
		"UntagResource":            on(a, "UntagResource", a.untagResource, func(in *sns.UntagResourceInput) *string { return in.ResourceArn }),
		"ListTagsForResource":      on(a, "ListTagsForResource", a.listTags, func(in *sns.ListTagsForResourceInput) *string { return in.ResourceArn }),
		"Publish":                  wire.Op(a.publishOne, wire.Hot[sns.PublishInput](), wire.SelfAuthorized[sns.PublishInput]()),
		"PublishBatch":             on(a, "Publish", a.publishBatch, func(in *sns.PublishBatchInput) *string { return in.TopicArn }),
		"Subscribe":                on(a, "Subscribe", a.subscribe, func(in *sns.SubscribeInput) *string { return in.TopicArn }),
		"ConfirmSubscription":      wire.Op(a.confirmSubscription, wire.Unsigned[sns.ConfirmSubscriptionInput]()),
		"ListSubscriptionsByTopic": on(a, "ListSubscriptionsByTopic", a.listByTopic, func(in *sns.ListSubscriptionsByTopicInput) *string { return in.TopicArn }),
		"ListSubscriptions": wire.Op(a.listSubscriptions, wire.Action[sns.ListSubscriptionsInput]("SNS:ListSubscriptions"),
			wire.Resource(func(ctx context.Context, _ *sns.ListSubscriptionsInput) string { return own(ctx, "*") })),
		"Unsubscribe": wire.Op(a.unsubscribe, wire.Action[sns.UnsubscribeInput]("SNS:Unsubscribe"), wire.Unbound[sns.UnsubscribeInput]()),
		"GetSubscriptionAttributes": wire.Op(a.getSubscriptionAttributes, wire.Action[sns.GetSubscriptionAttributesInput]("SNS:GetSubscriptionAttributes"),
			wire.Unbound[sns.GetSubscriptionAttributesInput]()),
		"SetSubscriptionAttributes": wire.Op(a.setSubscriptionAttributes, wire.Action[sns.SetSubscriptionAttributesInput]("SNS:SetSubscriptionAttributes"),
			wire.Unbound[sns.SetSubscriptionAttributesInput]()),
	}}
}

// own is the ARN of a topic of the caller's.
func own(ctx context.Context, name string) string {
	call := wire.CallFrom(ctx)
	return arn.Topic(call.Region, call.Account, name)
}

// on is an operation on a topic: it finds the topic, and asks the caller's policies and the topic's.
func on[I, O any](a *API, action string, run func(context.Context, *topic, *I) (*O, error), topicARN func(*I) *string) wire.Operation {
	return wire.Op(func(ctx context.Context, in *I) (*O, error) {
		t, err := a.find(ctx, "TopicArn", aws.ToString(topicARN(in)))
		if err != nil {
			return nil, err
		}
		if err := a.require(ctx, action, t); err != nil {
			return nil, err
		}
		return run(ctx, t, in)
	}, wire.SelfAuthorized[I]())
}

func toAWS(_ context.Context, operation string, err error) *wire.Error {
	switch fault.KindOf(err) {
	case fault.NotFound:
		if strings.HasSuffix(operation, "Resource") {
			return wire.Errorf(http.StatusNotFound, "ResourceNotFound", "Resource does not exist")
		}
		return wire.Errorf(http.StatusNotFound, "NotFound", "%v", err)
	case fault.Denied:
		return wire.Errorf(http.StatusForbidden, "AuthorizationError", "%v", err)
	case fault.Invalid, fault.TooLarge:
		return wire.Errorf(http.StatusBadRequest, "InvalidParameter", "Invalid parameter: %v", err)
	}
	return nil
}

// invalid is a refusal of a parameter: AWS's message has "Invalid parameter: " before it.
func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// invalidValue is a refusal of a message's attribute, which has a code of its own.
func invalidValue(format string, args ...any) error {
	return wire.Errorf(http.StatusBadRequest, "ParameterValueInvalid", format, args...)
}

// find finds the topic of an ARN in the request's region; parameter names where the ARN came from.
func (a *API) find(ctx context.Context, parameter, topicARN string) (*topic, error) {
	parts := strings.Split(topicARN, ":")
	if len(parts) < 6 {
		return nil, invalid("%s Reason: An ARN must have at least 6 elements, not %d", parameter, len(parts))
	}
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sns" || parts[3] != wire.CallFrom(ctx).Region {
		return nil, invalid("%s", parameter)
	}
	return a.get(ctx, topicARN)
}
