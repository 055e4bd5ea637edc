package sns

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// The names of a subscription's attributes (SDK, Subscribe).
const (
	attrFilter      = "FilterPolicy"
	attrFilterScope = "FilterPolicyScope"
	attrRaw         = "RawMessageDelivery"
	attrRedrive     = "RedrivePolicy"
)

func (s *subscription) scope() string {
	if scope := s.Attributes[attrFilterScope]; scope != "" {
		return scope
	}
	return scopeAttributes
}

// check says whether an attribute of a subscription may be set to a value; its message begins with prefix. A filter policy is
// read by compile, once its scope is known.
func (s *subscription) check(prefix, name, value string, fifo bool) error {
	switch name {
	case attrFilter:
		return nil
	case attrFilterScope:
		if value != scopeAttributes && value != scopeBody {
			return invalid("%sFilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", prefix, value)
		}
		return nil
	case attrRaw:
		lower := strings.ToLower(value)
		if lower != "true" && lower != "false" {
			return invalid("%sRawMessageDelivery: Invalid value [%s]. Must be true or false.", prefix, value)
		}
		if lower == "true" && s.Protocol != "sqs" && !strings.HasPrefix(s.Protocol, "http") {
			return invalid("%sRawMessageDelivery: Delivery protocol [%s] does not support raw message delivery.", prefix, s.Protocol)
		}
		return nil
	case attrRedrive:
		return s.checkRedrive(prefix, value, fifo)
	case attrDelivery:
		if value != "" && !isObject(value) {
			return invalid("%sDeliveryPolicy: failed to parse JSON.", prefix)
		}
		if value != "" && !strings.HasPrefix(s.Protocol, "http") {
			return invalid("%sDelivery protocol [%s] does not support setting a delivery policy", prefix, s.Protocol)
		}
		return nil
	case "ReplayPolicy", "SubscriptionRoleArn":
		return unsupported(name + " of a subscription")
	}
	return invalid("%sAttributeName", prefix)
}

func (s *subscription) checkRedrive(prefix, value string, fifo bool) error {
	if value == "" {
		return nil
	}
	var r struct{ DeadLetterTargetARN string }
	if !isObject(value) || json.Unmarshal([]byte(value), &r) != nil {
		return invalid("%sRedrivePolicy: failed to parse JSON.", prefix)
	}
	p, err := arn.Parse(r.DeadLetterTargetARN)
	switch {
	case err != nil || p.Service != "sqs":
		return invalid("%sRedrivePolicy: deadLetterTargetArn is an invalid arn", prefix)
	case fifo && strings.HasSuffix(s.Endpoint, ".fifo") && !strings.HasSuffix(p.Resource, ".fifo"):
		return invalid("%sRedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.", prefix)
	}
	return nil
}

// shown is every attribute of a subscription, as GetSubscriptionAttributes has it (recorded 2025-10).
func (s *subscription) shown() map[string]string {
	out := map[string]string{
		"SubscriptionArn": s.ARN, "TopicArn": s.topicARN(), "Owner": s.Owner, "Protocol": s.Protocol, "Endpoint": s.Endpoint,
		"ConfirmationWasAuthenticated": strconv.FormatBool(s.Authenticated), "PendingConfirmation": strconv.FormatBool(!s.Confirmed),
		attrRaw: "false", "SubscriptionPrincipal": s.Principal,
	}
	for name, value := range s.Attributes {
		if name == attrRaw {
			value = strings.ToLower(value)
		}
		out[name] = value
	}
	if out[attrFilter] == "" {
		delete(out, attrFilterScope)
	} else {
		out[attrFilterScope] = s.scope()
	}
	if strings.HasPrefix(s.Protocol, "http") {
		out[attrEffective] = retriesOf("", s.Attributes[attrDelivery]).text()
	}
	return out
}

// mine finds a subscription that the caller, or the caller's topic, has.
func (a *API) mine(ctx context.Context, subscriptionARN string) (*subscription, error) {
	if n := strings.Count(subscriptionARN, ":") + 1; n < 6 {
		return nil, invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not %d", n)
	}
	s, err := oneSubscription(ctx, a.DB, subscriptionARN, "")
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	if call.Account != s.Owner && call.Account != s.TopicAccount {
		return nil, fault.New(fault.Denied, "User: %s is not authorized to perform: SNS:%s on resource: %s", call.Session.ARN, call.Operation, subscriptionARN)
	}
	return s, nil
}

func (a *API) getSubscriptionAttributes(ctx context.Context, in *sns.GetSubscriptionAttributesInput) (*sns.GetSubscriptionAttributesOutput, error) {
	s, err := a.mine(ctx, aws.ToString(in.SubscriptionArn))
	if err != nil {
		return nil, err
	}
	return &sns.GetSubscriptionAttributesOutput{Attributes: s.shown()}, nil
}

func (a *API) setSubscriptionAttributes(ctx context.Context, in *sns.SetSubscriptionAttributesInput) (*sns.SetSubscriptionAttributesOutput, error) {
	if _, err := a.mine(ctx, aws.ToString(in.SubscriptionArn)); err != nil {
		return nil, err
	}
	name, value := aws.ToString(in.AttributeName), aws.ToString(in.AttributeValue)
	return &sns.SetSubscriptionAttributesOutput{}, a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		s, err := oneSubscription(ctx, tx, *in.SubscriptionArn, "FOR UPDATE OF s")
		if err != nil {
			return err
		}
		if err := s.check("", name, value, strings.HasSuffix(s.TopicOwn, ".fifo")); err != nil {
			return err
		}
		setAttribute(s.Attributes, name, value)
		if text := s.Attributes[attrFilter]; text != "" && (name == attrFilter || name == attrFilterScope) {
			if _, err := compile("", text, s.scope()); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE sns.subscriptions SET attributes = @attributes WHERE id = @id`, pgx.NamedArgs{"id": s.ID, "attributes": s.Attributes})
		return err
	})
}

// unsubscribe deletes a subscription. Deleting one that is not there succeeds (recorded 2025-10).
func (a *API) unsubscribe(ctx context.Context, in *sns.UnsubscribeInput) (*sns.UnsubscribeOutput, error) {
	s, err := a.mine(ctx, aws.ToString(in.SubscriptionArn))
	if fault.Is(err, fault.NotFound) {
		if strings.Count(*in.SubscriptionArn, ":") == 5 {
			return nil, invalid("SubscriptionId")
		}
		return &sns.UnsubscribeOutput{}, nil
	}
	if err != nil {
		return nil, err
	}
	return &sns.UnsubscribeOutput{}, a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tx.AfterCommit(func() { a.filters.Delete(s.ARN) })
		if _, err := tx.Exec(ctx, `UPDATE sns.topics SET deleted = deleted + 1 WHERE id = $1`, s.Topic); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM sns.subscriptions WHERE id = $1`, s.ID)
		return err
	})
}

// page lists a page of subscriptions that come after a token, which is the id of the last one before.
func (a *API) page(ctx context.Context, where string, args pgx.NamedArgs, token *string) ([]types.Subscription, *string, error) {
	after, err := strconv.ParseInt(aws.ToString(token), 10, 64)
	if token != nil && err != nil {
		return nil, nil, invalid("NextToken")
	}
	args["after"], args["limit"] = after, pageSize+1
	list, err := selectSubscriptions(ctx, a.DB, where+` AND s.id > @after ORDER BY s.id LIMIT @limit`, args)
	if err != nil {
		return nil, nil, err
	}
	var next *string
	if len(list) > pageSize {
		list = list[:pageSize]
		next = aws.String(strconv.FormatInt(list[pageSize-1].ID, 10))
	}
	out := []types.Subscription{}
	for _, s := range list {
		shown := types.Subscription{SubscriptionArn: &s.ARN, TopicArn: aws.String(s.topicARN()), Owner: &s.Owner, Protocol: &s.Protocol, Endpoint: &s.Endpoint}
		if !s.Confirmed {
			shown.SubscriptionArn = aws.String("PendingConfirmation")
		}
		out = append(out, shown)
	}
	return out, next, nil
}

func (a *API) listSubscriptions(ctx context.Context, in *sns.ListSubscriptionsInput) (*sns.ListSubscriptionsOutput, error) {
	call := wire.CallFrom(ctx)
	list, next, err := a.page(ctx, `WHERE s.owner = @owner AND t.region = @region`, pgx.NamedArgs{"owner": call.Account, "region": call.Region}, in.NextToken)
	return &sns.ListSubscriptionsOutput{Subscriptions: list, NextToken: next}, err
}

func (a *API) listByTopic(ctx context.Context, t *topic, in *sns.ListSubscriptionsByTopicInput) (*sns.ListSubscriptionsByTopicOutput, error) {
	list, next, err := a.page(ctx, `WHERE s.topic = @topic`, pgx.NamedArgs{"topic": t.ID}, in.NextToken)
	return &sns.ListSubscriptionsByTopicOutput{Subscriptions: list, NextToken: next}, err
}

// Mappings lists the functions that an account's topics call ("" for all).
func (a *API) Mappings(ctx context.Context, account string) ([]push.Mapping, error) {
	subscribed, err := selectSubscriptions(ctx, a.DB, `WHERE s.protocol = 'lambda' AND s.confirmed AND (@account = '' OR t.account = @account) ORDER BY s.id`,
		pgx.NamedArgs{"account": account})
	if err != nil {
		return nil, err
	}
	var list []push.Mapping
	for _, s := range subscribed {
		d := delivery{Topic: s.topicARN(), Account: s.TopicAccount, Endpoint: s.Endpoint}
		list = append(list, push.Mapping{ID: s.ARN, Mode: invoke.Event, Event: d.pushed()})
	}
	return list, nil
}
