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
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// notification is one entry of a bucket's notification configuration: the mapping that S3 keeps.
type notification struct {
	ID       string   `json:"id"`
	Function string   `json:"function"` // ARN
	Events   []string `json:"events"`   // s3:ObjectCreated:* …
	Prefix   *string  `json:"prefix,omitempty"`
	Suffix   *string  `json:"suffix,omitempty"`
}

// principal is who S3 is to a function's policy.
const principal = "s3.amazonaws.com"

// eventTypes are the event types that can be configured (S3 user guide); what never happens here is admitted all the same.
var eventTypes = []string{"s3:ReducedRedundancyLostObject", "s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy",
	"s3:ObjectCreated:CompleteMultipartUpload", "s3:ObjectRemoved:*", "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated",
	"s3:ObjectRestore:*", "s3:ObjectRestore:Post", "s3:ObjectRestore:Completed", "s3:ObjectRestore:Delete", "s3:Replication:*",
	"s3:Replication:OperationFailedReplication", "s3:Replication:OperationNotTracked", "s3:Replication:OperationMissedThreshold",
	"s3:Replication:OperationReplicatedAfterThreshold", "s3:ObjectTagging:*", "s3:ObjectTagging:Put", "s3:ObjectTagging:Delete",
	"s3:ObjectAcl:Put", "s3:LifecycleTransition", "s3:IntelligentTiering", "s3:LifecycleExpiration:*", "s3:LifecycleExpiration:Delete",
	"s3:LifecycleExpiration:DeleteMarkerCreated"}

type filterRule struct {
	Name  *string
	Value *string
}

type functionConfig struct {
	ID       string       `xml:"Id,omitempty"`
	Function string       `xml:"CloudFunction"`
	Events   []string     `xml:"Event"`
	Rules    []filterRule `xml:"Filter>S3Key>FilterRule,omitempty"`
}

type configuration struct {
	XMLName   xml.Name         `xml:"NotificationConfiguration"`
	Functions []functionConfig `xml:"CloudFunctionConfiguration"`
	Queues    []struct{}       `xml:"QueueConfiguration"`
	Topics    []struct{}       `xml:"TopicConfiguration"`
	Bridge    *struct{}        `xml:"EventBridgeConfiguration"`
}

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
	if xml.Unmarshal(body, &in) != nil {
		return malformedXML()
	}
	for name, given := range map[string]bool{"QueueConfiguration": len(in.Queues) > 0, "TopicConfiguration": len(in.Topics) > 0, "EventBridgeConfiguration": in.Bridge != nil} {
		if given {
			return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate %s of PutBucketNotificationConfiguration yet", name)
		}
	}
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	list := []notification{}
	for _, c := range in.Functions {
		n, err := a.parse(b, c)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(m notification) bool { return m.ID == n.ID }) {
			return argument("InvalidArgument", "Same ID used for multiple configurations. IDs must be unique", map[string]string{"ArgumentName": "Id", "ArgumentValue": n.ID})
		}
		list = append(list, n)
	}
	if err := ambiguous(list); err != nil {
		return err
	}
	if q.r.Header.Get("X-Amz-Skip-Destination-Validation") != "true" {
		if err := a.validate(ctx, b, list); err != nil {
			return err
		}
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockBucket(ctx, tx, q.bucket, "UPDATE"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE s3.buckets SET notifications = $2 WHERE name = $1`, q.bucket, list)
		return err
	})
}

// parse reads one entry.
func (a *API) parse(b *bucket, c functionConfig) (notification, error) {
	n := notification{ID: c.ID, Function: c.Function, Events: c.Events}
	if n.ID == "" {
		n.ID = a.IDs.UUID()
	}
	fields := map[string]string{"ArgumentName": "CloudFunction", "ArgumentValue": c.Function}
	p, err := arn.Parse(c.Function)
	if err != nil || p.Service != "lambda" {
		return n, argument("InvalidArgument", "The ARN could not be parsed", fields)
	}
	if p.Region != b.region {
		return n, argument("InvalidArgument", "The notification destination service region is not valid for the bucket location constraint", fields)
	}
	if len(c.Events) == 0 {
		return n, malformedXML()
	}
	for _, e := range c.Events {
		if !slices.Contains(eventTypes, e) {
			return n, argument("InvalidArgument", "A specified event is not supported for notifications.", map[string]string{"ArgumentName": "Event", "ArgumentValue": e})
		}
	}
	for _, r := range c.Rules {
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

// ambiguous refuses entries that an object could match twice.
func ambiguous(list []notification) error {
	for i := range list {
		for j := range i {
			x, y := &list[i], &list[j]
			if shareEvent(x.Events, y.Events) && nested(text(x.Prefix), text(y.Prefix), strings.HasPrefix) && nested(text(x.Suffix), text(y.Suffix), strings.HasSuffix) {
				return argument("InvalidArgument", "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.", nil)
			}
		}
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func nested(x, y string, within func(string, string) bool) bool { return within(x, y) || within(y, x) }

func shareEvent(x, y []string) bool {
	for _, e := range x {
		for _, f := range y {
			if e == f || covers(e, f) || covers(f, e) {
				return true
			}
		}
	}
	return false
}

// covers reports whether a configured event type covers another, or a concrete one.
func covers(configured, event string) bool {
	if prefix, ok := strings.CutSuffix(configured, "*"); ok {
		return strings.HasPrefix(event, prefix)
	}
	return configured == event
}

// validate asks each function's policy whether this bucket may invoke it, as S3 does when notifications are configured.
func (a *API) validate(ctx context.Context, b *bucket, list []notification) error {
	fields := map[string]string{}
	for _, n := range list {
		err := a.Dispatcher.Permit(ctx, b.event(&n, nil))
		if err == nil {
			continue
		}
		if fault.KindOf(err) == "" {
			return err
		}
		a.Log.Info("a notification was refused: the bucket may not invoke the function", "bucket", b.name, "function", n.Function, "why", err.Error())
		i := len(fields)/2 + 1
		fields[fmt.Sprintf("ArgumentName%d", i)] = n.Function + ", null"
		fields[fmt.Sprintf("ArgumentValue%d", i)] = "Not authorized to invoke function [" + n.Function + "]"
	}
	if len(fields) == 0 {
		return nil
	}
	return argument("InvalidArgument", "Unable to validate the following destination configurations", fields)
}

func (a *API) getNotification(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	out := struct {
		XMLName   xml.Name         `xml:"http://s3.amazonaws.com/doc/2006-03-01/ NotificationConfiguration"`
		Functions []functionConfig `xml:"CloudFunctionConfiguration"`
	}{}
	for _, n := range b.notifications {
		c := functionConfig{ID: n.ID, Function: n.Function, Events: n.Events}
		prefix, suffix := "Prefix", "Suffix"
		if n.Prefix != nil {
			c.Rules = append(c.Rules, filterRule{&prefix, n.Prefix})
		}
		if n.Suffix != nil {
			c.Rules = append(c.Rules, filterRule{&suffix, n.Suffix})
		}
		out.Functions = append(out.Functions, c)
	}
	return wire.WriteXML(q, http.StatusOK, out)
}

// event is the push of a notification; payload is nil where only the permission is asked.
func (b *bucket) event(n *notification, payload json.RawMessage) push.Event {
	return push.Event{Service: "s3", Principal: principal, SourceARN: arn.Bucket(b.name), SourceAccount: b.account, Function: n.Function, Payload: payload}
}

// Mappings lists the notifications of an account's buckets ("" for all).
func (a *API) Mappings(ctx context.Context, account string) ([]push.Mapping, error) {
	rows, err := a.DB.Query(ctx, `SELECT `+bucketColumns+` FROM s3.buckets WHERE $1 = '' OR account = $1 ORDER BY name`, account)
	if err != nil {
		return nil, err
	}
	var list []push.Mapping
	for rows.Next() {
		b, err := scanBucket(rows)
		if err != nil {
			return nil, err
		}
		for i := range b.notifications {
			n := &b.notifications[i]
			list = append(list, push.Mapping{ID: n.ID, Mode: invoke.Event, Event: b.event(n, nil)})
		}
	}
	return list, rows.Err()
}
