package s3

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

type filterRule struct {
	Name  *string
	Value *string
}

type filter struct {
	Rules []filterRule `xml:"S3Key>FilterRule"`
}

// targetConfig is an entry of the configuration; which of the three targets it has depends on the element that it is in.
type targetConfig struct {
	ID       string   `xml:"Id,omitempty"`
	Function string   `xml:"CloudFunction,omitempty"`
	Queue    string   `xml:",omitempty"`
	Topic    string   `xml:",omitempty"`
	Events   []string `xml:"Event"`
	Filter   *filter
}

type configuration struct {
	XMLName   xml.Name
	Topics    []targetConfig `xml:"TopicConfiguration"`
	Queues    []targetConfig `xml:"QueueConfiguration"`
	Functions []targetConfig `xml:"CloudFunctionConfiguration"`
	Bridge    *struct{}      `xml:"EventBridgeConfiguration"`
}

// namespace is of S3's documents.
const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

func argument(code, message string, fields map[string]string) error {
	return &wire.Error{Status: http.StatusBadRequest, Code: code, Message: message, Fields: fields}
}

// putNotification replaces a bucket's configuration, after the checks that S3 makes.
func (a *API) putNotification(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	var in configuration
	if xml.Unmarshal(body, &in) != nil || in.XMLName.Local != "NotificationConfiguration" {
		return malformedXML()
	}
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	list, err := a.read(b, &in)
	if err != nil {
		return err
	}
	if err := ambiguous(list); err != nil {
		return err
	}
	if q.r.Header.Get("X-Amz-Skip-Destination-Validation") != "true" {
		if err := a.validate(ctx, q, b, list); err != nil {
			return err
		}
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockBucket(ctx, tx, q.bucket, "UPDATE"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE s3.buckets SET notifications = $2, event_bridge = $3 WHERE name = $1`, q.bucket, list, in.Bridge != nil)
		return err
	})
}

// read reads the entries of a configuration, whose ids must differ.
func (a *API) read(b *bucket, in *configuration) ([]notification, error) {
	list := []notification{}
	for _, of := range []struct {
		to      destination
		entries []targetConfig
	}{{topics, in.Topics}, {queues, in.Queues}, {functions, in.Functions}} {
		for _, c := range of.entries {
			n, err := a.parse(b, of.to, c)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(list, func(m notification) bool { return m.ID == n.ID }) {
				return nil, argument("InvalidArgument", "Same ID used for multiple configurations. IDs must be unique", map[string]string{"ArgumentName": "Id", "ArgumentValue": n.ID})
			}
			list = append(list, n)
		}
	}
	return list, nil
}

// parse reads one entry.
func (a *API) parse(b *bucket, to destination, c targetConfig) (notification, error) {
	n := notification{ID: c.ID, Target: map[destination]string{functions: c.Function, queues: c.Queue, topics: c.Topic}[to], Events: c.Events}
	if n.ID == "" {
		n.ID = a.IDs.UUID()
	}
	fields := map[string]string{"ArgumentName": to.element, "ArgumentValue": n.Target}
	p, err := arn.Parse(n.Target)
	switch {
	case err != nil || p.Service != to.service || p.Partition != arn.Partition:
		return n, argument("InvalidArgument", "The ARN could not be parsed", fields)
	case p.Region != b.region:
		return n, argument("InvalidArgument", "The notification destination service region is not valid for the bucket location constraint", fields)
	case to == queues && strings.HasSuffix(n.Target, ".fifo"):
		return n, argument("InvalidArgument", "FIFO SQS queues are not supported.", fields)
	case to == topics && strings.HasSuffix(n.Target, ".fifo"): // the guide says that they are not; no text is recorded
		return n, argument("InvalidArgument", "FIFO SNS topics are not supported.", fields)
	case len(c.Events) == 0:
		return n, malformedXML()
	}
	for _, e := range c.Events {
		if !slices.Contains(eventTypes, e) {
			return n, argument("InvalidArgument", "A specified event is not supported for notifications.", map[string]string{"ArgumentName": "Event", "ArgumentValue": e})
		}
	}
	if c.Filter == nil {
		return n, nil
	}
	for _, r := range c.Filter.Rules {
		if r.Name == nil || r.Value == nil {
			return n, malformedXML()
		}
		switch strings.ToLower(*r.Name) {
		case "prefix":
			n.Prefix = r.Value
		case "suffix":
			n.Suffix = r.Value
		default:
			return n, argument("InvalidArgument", "filter rule name must be either prefix or suffix", map[string]string{"ArgumentName": "FilterRule.Name", "ArgumentValue": *r.Name})
		}
	}
	return n, nil
}

// validate asks each function's policy whether this bucket may invoke it, and sends each queue and topic a test event, as S3 does
// when notifications are configured.
func (a *API) validate(ctx context.Context, q *request, b *bucket, list []notification) error {
	fields := map[string]string{}
	for _, n := range list {
		name, why, err := a.try(ctx, q, b, &n)
		if err == nil {
			continue
		}
		if fault.KindOf(err) == "" {
			return err
		}
		a.Log.Info("a notification was refused: the bucket may not send to its destination", "bucket", b.name, "destination", n.Target, "why", err.Error())
		i := len(fields)/2 + 1
		fields[fmt.Sprintf("ArgumentName%d", i)], fields[fmt.Sprintf("ArgumentValue%d", i)] = name, why
	}
	if len(fields) == 0 {
		return nil
	}
	return argument("InvalidArgument", "Unable to validate the following destination configurations", fields)
}

// try tries a destination. Where it refuses, name and why are what S3 says of it (recorded 2025-01).
func (a *API) try(ctx context.Context, q *request, b *bucket, n *notification) (name, why string, err error) {
	to := n.to()
	if to == functions {
		return n.Target + ", null", "Not authorized to invoke function [" + n.Target + "]", a.Dispatcher.Permit(ctx, b.event(n, nil))
	}
	payload, err := json.Marshal(testEvent{"Amazon S3", "s3:TestEvent", stamp(a.Clock.Now()), b.name, q.call.RequestID, q.call.RequestID})
	if err != nil {
		return "", "", err
	}
	e := b.event(n, payload)
	e.Published = "s3:TestEvent of " + b.name + ": " + q.call.Session.ARN + " calls PutBucketNotificationConfiguration"
	e.Matched = fmt.Sprintf("notification %q, which is being configured", n.ID)
	target, err := arn.Parse(n.Target)
	if err != nil {
		return "", "", err
	}
	h := a.Dispatcher.Open(e, target, string(invoke.Event))
	err = a.Dispatcher.Offer(ctx, h, e)
	switch {
	case err != nil && fault.KindOf(err) == "":
		a.Dispatcher.Trace.Settle(h, trace.DroppedForGood, trace.Step{Kind: trace.Settled, Reason: "the simulator failed inside"})
	case fault.Is(err, fault.NotFound):
		why = "The destination " + to.noun + " does not exist"
	default:
		why = "Permissions on the destination " + to.noun + " do not allow S3 to publish notifications from this bucket"
	}
	return n.Target, why, err
}

// testEvent is what queues and topics get when a notification is configured.
type testEvent struct{ Service, Event, Time, Bucket, RequestId, HostId string }

func (a *API) getNotification(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	out := configuration{XMLName: xml.Name{Space: namespace, Local: "NotificationConfiguration"}}
	if b.eventBridge {
		out.Bridge = &struct{}{}
	}
	for _, n := range b.notifications {
		c := targetConfig{ID: n.ID, Events: n.Events}
		prefix, suffix := "Prefix", "Suffix"
		if n.Prefix != nil || n.Suffix != nil {
			c.Filter = &filter{}
		}
		if n.Prefix != nil {
			c.Filter.Rules = append(c.Filter.Rules, filterRule{&prefix, n.Prefix})
		}
		if n.Suffix != nil {
			c.Filter.Rules = append(c.Filter.Rules, filterRule{&suffix, n.Suffix})
		}
		switch n.to() {
		case topics:
			c.Topic = n.Target
			out.Topics = append(out.Topics, c)
		case queues:
			c.Queue = n.Target
			out.Queues = append(out.Queues, c)
		default:
			c.Function = n.Target
			out.Functions = append(out.Functions, c)
		}
	}
	return wire.WriteXML(q, http.StatusOK, out)
}
