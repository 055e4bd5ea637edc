package logs

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cloudwatchlogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/logs/filter"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

const (
	principal = "logs.amazonaws.com"
	// mayNot is what PutSubscriptionFilter says where the function's policy does not let CloudWatch Logs in, or there is none.
	mayNot = "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function."
)

// Register says who carries what subscriptions let through. Call it before anything is written.
func (a *API) Register() { a.Store.OnSubscribed(a.carry) }

func (a *API) putSubscription(ctx context.Context, in *cloudwatchlogs.PutSubscriptionFilterInput) (*cloudwatchlogs.PutSubscriptionFilterOutput, error) {
	switch {
	case in.ApplyOnTransformedLogs:
		return nil, unsupported("PutSubscriptionFilter", "applyOnTransformedLogs")
	case in.FieldSelectionCriteria != nil:
		return nil, unsupported("PutSubscriptionFilter", "fieldSelectionCriteria")
	case len(in.EmitSystemFields) > 0:
		return nil, unsupported("PutSubscriptionFilter", "emitSystemFields")
	}
	n := &logs.Subscription{Name: *in.FilterName, Pattern: *in.FilterPattern, Destination: *in.DestinationArn, Distribution: string(in.Distribution)}
	n.Account, n.Region, n.Group = place(ctx, in.LogGroupName)
	if n.Distribution == "" {
		n.Distribution = string(types.DistributionByLogStream)
	}
	if _, err := filter.Compile(n.Pattern); err != nil {
		return nil, fault.New(fault.Invalid, "Invalid filter pattern: %v", err)
	}
	to, err := arn.Parse(n.Destination)
	switch {
	case err != nil:
		return nil, fault.New(fault.Invalid, "Invalid destination ARN: %v", err)
	case to.Service != "lambda":
		return nil, fault.New(fault.Unsupported, "lambdasim does not simulate %s as a destination of subscription filters yet: only functions", to)
	case in.RoleArn != nil:
		return nil, fault.New(fault.Invalid, "destinationArn for vendor lambda cannot be used with roleArn")
	case to.Account != n.Account:
		return nil, fault.New(fault.Invalid, "%s belongs to another account: a subscription filter calls a function of its own account", to)
	}
	if _, err := a.Store.Group(ctx, n.Account, n.Region, n.Group); err != nil {
		return nil, err
	}
	if err := a.Dispatcher.Permit(ctx, event(n)); err != nil {
		return nil, notPermitted(err)
	}
	return &cloudwatchlogs.PutSubscriptionFilterOutput{}, a.Store.Subscribe(ctx, n)
}

// notPermitted is what is said where the function is not there, or its policy refuses. A header says why.
func notPermitted(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err
	}
	why := f.Detail
	if why == "" {
		why = f.Message
	}
	e := wire.Errorf(http.StatusBadRequest, "InvalidParameterException", mayNot)
	e.Headers = map[string]string{wire.HeaderDetail: strings.ReplaceAll(why, "\n", " | ")}
	return e
}

func (a *API) deleteSubscription(ctx context.Context, in *cloudwatchlogs.DeleteSubscriptionFilterInput) (*cloudwatchlogs.DeleteSubscriptionFilterOutput, error) {
	account, region, name := place(ctx, in.LogGroupName)
	return &cloudwatchlogs.DeleteSubscriptionFilterOutput{}, a.Store.Unsubscribe(ctx, account, region, name, *in.FilterName)
}

func (a *API) describeSubscriptions(ctx context.Context, in *cloudwatchlogs.DescribeSubscriptionFiltersInput) (*cloudwatchlogs.DescribeSubscriptionFiltersOutput, error) {
	limit, err := pageSize(in.Limit, maxGroups)
	if err != nil {
		return nil, err
	}
	account, region, name := place(ctx, in.LogGroupName)
	list, err := a.Store.Subscriptions(ctx, account, region, name)
	if err != nil {
		return nil, err
	}
	out := &cloudwatchlogs.DescribeSubscriptionFiltersOutput{SubscriptionFilters: []types.SubscriptionFilter{}}
	for _, n := range list {
		if !strings.HasPrefix(n.Name, aws.ToString(in.FilterNamePrefix)) || n.Name <= aws.ToString(in.NextToken) {
			continue
		}
		if len(out.SubscriptionFilters) == limit {
			out.NextToken = out.SubscriptionFilters[limit-1].FilterName
			break
		}
		out.SubscriptionFilters = append(out.SubscriptionFilters, types.SubscriptionFilter{FilterName: &n.Name, FilterPattern: &n.Pattern, LogGroupName: &n.Group,
			DestinationArn: &n.Destination, Distribution: types.Distribution(n.Distribution), CreationTime: aws.Int64(n.Created.UnixMilli())})
	}
	return out, nil
}

// event is who calls what for a subscription.
func event(n *logs.Subscription) push.Event {
	return push.Event{Service: "logs", Principal: principal, Alias: "logs." + n.Region + ".amazonaws.com", SourceARN: arn.LogGroup(n.Region, n.Account, n.Group) + ":*",
		SourceAccount: n.Account, Function: n.Destination}
}

// data is what a function reads, compressed, from a subscription.
type data struct {
	MessageType         string     `json:"messageType"`
	Owner               string     `json:"owner"`
	LogGroup            string     `json:"logGroup"`
	LogStream           string     `json:"logStream"`
	SubscriptionFilters []string   `json:"subscriptionFilters"`
	LogEvents           []logEvent `json:"logEvents"`
}

type logEvent struct {
	ID        string `json:"id"`
	Timestamp int64  `json:"timestamp"` // milliseconds
	Message   string `json:"message"`
}

// carry puts a batch on its way to the subscription's function.
func (a *API) carry(ctx context.Context, tx *postgres.Tx, b logs.Batch) error {
	n := b.Subscription
	d := data{MessageType: "DATA_MESSAGE", Owner: n.Account, LogGroup: n.Group, LogStream: b.Stream, SubscriptionFilters: []string{n.Name}}
	for _, l := range b.Lines {
		d.LogEvents = append(d.LogEvents, logEvent{eventID(l), l.At.UnixMilli(), l.Message})
	}
	payload, err := compressed(d)
	if err != nil {
		return err
	}
	e := event(n)
	e.Payload, e.Cause = payload, b.Cause
	e.Published = fmt.Sprintf("%d log events of %s", len(b.Lines), n.Group)
	e.Matched = fmt.Sprintf("subscription filter %q", n.Name)
	if n.Pattern != "" {
		e.Matched += " with the pattern " + n.Pattern
	}
	return a.Dispatcher.Accept(ctx, tx, e)
}

// compressed is the event: data in JSON, then gzip, then base64.
func compressed(d data) (json.RawMessage, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]map[string][]byte{"awslogs": {"data": b.Bytes()}})
}

// Mappings lists the functions that subscription filters call, of an account ("" for all).
func (a *API) Mappings(ctx context.Context, account string) ([]push.Mapping, error) {
	list, err := a.Store.AllSubscriptions(ctx, account)
	if err != nil {
		return nil, err
	}
	var out []push.Mapping
	for _, n := range list {
		out = append(out, push.Mapping{ID: n.Name, Mode: invoke.Event, Event: event(n)})
	}
	return out, nil
}

// subscriptions are the operations on subscription filters.
func (a *API) subscriptions() map[string]wire.Operation {
	return map[string]wire.Operation{
		"PutSubscriptionFilter": wire.Op(a.putSubscription, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.PutSubscriptionFilterInput) string {
			return resource(ctx, in.LogGroupName)
		})),
		"DescribeSubscriptionFilters": wire.Op(a.describeSubscriptions, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.DescribeSubscriptionFiltersInput) string {
			return resource(ctx, in.LogGroupName)
		})),
		"DeleteSubscriptionFilter": wire.Op(a.deleteSubscription, wire.Resource(func(ctx context.Context, in *cloudwatchlogs.DeleteSubscriptionFilterInput) string {
			return resource(ctx, in.LogGroupName)
		})),
	}
}
