package s3

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
)

// notification is one entry of a bucket's notification configuration: the mapping that S3 keeps.
type notification struct {
	ID     string   `json:"id"`
	Target string   `json:"target"` // ARN of a function, a queue or a topic
	Events []string `json:"events"` // s3:ObjectCreated:* …
	Prefix *string  `json:"prefix,omitempty"`
	Suffix *string  `json:"suffix,omitempty"`
}

// destination is a kind of target that a notification can have.
type destination struct {
	service string // in ARNs
	element string // what the configuration calls it, also in errors
	noun    string // in errors
}

// Kinds of destinations (API: PutBucketNotificationConfiguration).
var (
	functions = destination{"lambda", "CloudFunction", "function"}
	queues    = destination{"sqs", "Queue", "queue"}
	topics    = destination{"sns", "Topic", "topic"}
)

// to is the kind of the notification's target.
func (n *notification) to() destination {
	for _, d := range []destination{queues, topics} {
		if strings.HasPrefix(n.Target, "arn:aws:"+d.service+":") {
			return d
		}
	}
	return functions
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

// event is the push of a notification; payload is nil where only the permission is asked.
func (b *bucket) event(n *notification, payload json.RawMessage) push.Event {
	e := push.Event{Service: "s3", Principal: principal, SourceARN: arn.Bucket(b.name), SourceAccount: b.account, Function: n.Target, Payload: payload}
	if n.to() == topics {
		e.Subject = "Amazon S3 Notification" // as recorded, 2025-01
	}
	return e
}

// Mappings lists the notifications of functions that an account's buckets keep ("" for all).
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
			if n.to() != functions {
				continue
			}
			list = append(list, push.Mapping{ID: n.ID, Mode: invoke.Event, Event: b.event(n, nil)})
		}
	}
	return list, rows.Err()
}
