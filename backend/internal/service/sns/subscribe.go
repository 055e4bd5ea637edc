package sns

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// tokenLife is how long a confirmation token is good for (SDK, Subscribe).
const tokenLife = 48 * time.Hour

// elsewhere are the protocols of AWS whose endpoints are nothing that runs here.
var elsewhere = []string{"sms", "application", "firehose"}

func (a *API) subscribe(ctx context.Context, t *topic, in *sns.SubscribeInput) (*sns.SubscribeOutput, error) {
	call := wire.CallFrom(ctx)
	s := &subscription{Topic: t.ID, Owner: call.Account, Principal: call.Session.ARN, Protocol: aws.ToString(in.Protocol),
		Endpoint: aws.ToString(in.Endpoint), Attributes: map[string]string{}, Token: a.IDs.Hex(288), ARN: t.arn() + ":" + a.IDs.UUID()}
	if err := s.checkEndpoint(t); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		value := in.Attributes[name]
		if err := s.check("Attributes Reason: ", name, value, t.fifo()); err != nil {
			return nil, err
		}
		setAttribute(s.Attributes, name, value)
	}
	if text := s.Attributes[attrFilter]; text != "" {
		if _, err := compile("Attributes Reason: ", text, s.scope()); err != nil {
			return nil, err
		}
	}
	s.Confirmed = s.ownedBy(call.Account)
	s.Authenticated = s.Confirmed
	kept, err := a.keep(ctx, t, s)
	if err != nil {
		return nil, err
	}
	if !kept.Confirmed && !in.ReturnSubscriptionArn {
		return &sns.SubscribeOutput{SubscriptionArn: aws.String("pending confirmation")}, nil
	}
	return &sns.SubscribeOutput{SubscriptionArn: &kept.ARN}, nil
}

// ownedBy reports whether an account owns the endpoint, and so need not be asked whether it wants to be subscribed.
func (s *subscription) ownedBy(account string) bool {
	p, err := arn.Parse(s.Endpoint)
	return err == nil && (s.Protocol == "sqs" || s.Protocol == "lambda") && p.Account == account
}

// checkEndpoint says whether there may be such a subscription to a topic.
func (s *subscription) checkEndpoint(t *topic) error {
	p, err := arn.Parse(s.Endpoint)
	isARN := err == nil
	switch {
	case slices.Contains(elsewhere, s.Protocol):
		return unsupported("subscriptions of the protocol " + s.Protocol + "; it delivers to lambda, sqs, http and https, and keeps email pending")
	case !slices.Contains([]string{"lambda", "sqs", "http", "https", "email", "email-json"}, s.Protocol):
		return invalid("Amazon SNS does not support this protocol string: %s", s.Protocol)
	case s.Endpoint == "":
		return invalid("Endpoint")
	case s.Protocol == "sqs" && (!isARN || p.Service != "sqs"):
		return invalid("SQS endpoint ARN")
	case s.Protocol == "lambda" && (!isARN || p.Service != "lambda"):
		return invalid("Lambda endpoint ARN")
	case strings.HasPrefix(s.Protocol, "http"):
		return s.checkURL(t)
	case t.fifo() && s.Protocol != "sqs":
		return invalid("Invalid parameter: Endpoint Reason: Please use FIFO SQS queue")
	case !t.fifo() && s.Protocol == "sqs" && strings.HasSuffix(s.Endpoint, ".fifo"):
		return invalid("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
	}
	return nil
}

func (s *subscription) checkURL(t *topic) error {
	if t.fifo() {
		return invalid("Invalid parameter: Endpoint Reason: Please use FIFO SQS queue")
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != s.Protocol || u.Host == "" {
		return invalid("Endpoint must match the specified protocol")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return invalid("Endpoint Reason: lambdasim calls addresses of this machine only (localhost, 127.0.0.0/8, ::1), and %s is none", u.Host)
	}
	return nil
}

// keep stores a subscription, or finds the one that the topic has of the endpoint already. One that must be confirmed is
// asked in the same transaction.
func (a *API) keep(ctx context.Context, t *topic, s *subscription) (*subscription, error) {
	kept := s
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := topicOf(ctx, tx, t.arn(), "FOR SHARE"); err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `INSERT INTO sns.subscriptions (topic, arn, owner, principal, protocol, endpoint, attributes, confirmed, authenticated, token, created)
			VALUES (@topic, @arn, @owner, @principal, @protocol, @endpoint, @attributes, @confirmed, @authenticated, @token, @now) ON CONFLICT DO NOTHING`,
			pgx.NamedArgs{"topic": s.Topic, "arn": s.ARN, "owner": s.Owner, "principal": s.Principal, "protocol": s.Protocol, "endpoint": s.Endpoint,
				"attributes": s.Attributes, "confirmed": s.Confirmed, "authenticated": s.Authenticated, "token": s.Token, "now": tx.Now})
		if err != nil {
			return err
		}
		if done.RowsAffected() == 1 {
			return a.ask(ctx, tx, t, s)
		}
		list, err := selectSubscriptions(ctx, tx, `WHERE s.topic = @topic AND s.protocol = @protocol AND s.endpoint = @endpoint`,
			pgx.NamedArgs{"topic": s.Topic, "protocol": s.Protocol, "endpoint": s.Endpoint})
		if err != nil || len(list) == 0 {
			return err
		}
		for name, value := range s.Attributes {
			if list[0].Attributes[name] != value {
				return invalid("Attributes Reason: Subscription already exists with different attributes")
			}
		}
		kept = list[0]
		return nil
	})
	return kept, err
}

// ask sends the confirmation message of a subscription that is pending. Mail is not sent, and functions are not asked: what AWS
// sends them is not established.
func (a *API) ask(ctx context.Context, tx *postgres.Tx, t *topic, s *subscription) error {
	if s.Confirmed || s.Protocol == "lambda" || strings.HasPrefix(s.Protocol, "email") {
		return nil
	}
	d := a.deliveryOf(t, s, &message{ID: a.IDs.UUID(), At: tx.Now, Token: s.Token,
		Body: fmt.Sprintf("You have chosen to subscribe to the topic %s.\nTo confirm the subscription, visit the SubscribeURL included in this message.", t.arn())})
	d.SubscribeURL = a.Endpoint() + "/?" + url.Values{"Action": {"ConfirmSubscription"}, "TopicArn": {t.arn()}, "Token": {s.Token}}.Encode()
	out := fan{a: a, tx: tx, topic: t}
	d.Header = a.Trace.Reserve(out.header(d))
	tx.AfterCommit(func() {
		a.Trace.Add(d.Header, trace.Step{At: tx.Now, Kind: trace.Published, Reason: s.Principal + " calls Subscribe: the endpoint is asked to confirm", Rule: ruleConfirm},
			trace.Step{At: tx.Now, Kind: trace.Matched, Reason: "subscription " + s.ARN[strings.LastIndex(s.ARN, ":")+1:] + " of the topic, kept by SNS"})
	})
	return a.Agenda.Put(ctx, tx, []agenda.Item{d.item(t.fifo(), tx.Now)}...)
}

const ruleConfirm = "SNS-CONFIRM"

var tokenIs = regexp.MustCompile(`^[0-9a-f]{288}$`)

func (a *API) confirmSubscription(ctx context.Context, in *sns.ConfirmSubscriptionInput) (*sns.ConfirmSubscriptionOutput, error) {
	topicARN, token := aws.ToString(in.TopicArn), aws.ToString(in.Token)
	if n := strings.Count(topicARN, ":") + 1; n < 6 {
		return nil, invalid("TopicArn Reason: An ARN must have at least 6 elements, not %d", n)
	}
	if !tokenIs.MatchString(token) {
		return nil, wire.Errorf(http.StatusBadRequest, "InvalidParameter", "Invalid token")
	}
	signed := wire.CallFrom(ctx).Session.Kind != authz.Anonymous && wire.CallFrom(ctx).Session.Kind != ""
	out := &sns.ConfirmSubscriptionOutput{}
	return out, a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		list, err := selectSubscriptions(ctx, tx, `WHERE s.token = @token FOR UPDATE OF s`, pgx.NamedArgs{"token": token})
		if err != nil {
			return err
		}
		if len(list) == 0 || list[0].topicARN() != topicARN || !list[0].Confirmed && tx.Now.Sub(list[0].Created) > tokenLife {
			return invalid("Token")
		}
		out.SubscriptionArn = &list[0].ARN
		if list[0].Confirmed {
			return nil
		}
		_, err = tx.Exec(ctx, `UPDATE sns.subscriptions SET confirmed = true, authenticated = @authenticated WHERE id = @id`,
			pgx.NamedArgs{"id": list[0].ID, "authenticated": signed && aws.ToString(in.AuthenticateOnUnsubscribe) == "true"})
		return err
	})
}

// deadLetter is the queue of a subscription's redrive policy; "" for none.
func (s *subscription) deadLetter() string {
	var r struct{ DeadLetterTargetARN string }
	if json.Unmarshal([]byte(s.Attributes[attrRedrive]), &r) != nil {
		return ""
	}
	return r.DeadLetterTargetARN
}
