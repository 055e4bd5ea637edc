package s3

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// change is what happened to an object.
type change struct {
	event  string // ObjectCreated:Put
	object *object
}

// notify accepts one event for each notification that the change matches, and one for EventBridge, in the change's own
// transaction.
func (a *API) notify(ctx context.Context, tx *postgres.Tx, q *request, b *bucket, c change) error {
	var events []push.Event
	published := fmt.Sprintf("%s of %s in %s", c.event, c.object.key, b.name)
	for i := range b.notifications {
		n := &b.notifications[i]
		if !n.matches(c) {
			continue
		}
		payload, err := json.Marshal(notice{[]record{recordOf(q, b, n, c, tx)}})
		if err != nil {
			return err
		}
		e := b.event(n, payload)
		e.Published, e.Matched, e.Cause = published, fmt.Sprintf("notification %q of the bucket, kept by S3", n.ID), q.call.Cause()
		events = append(events, e)
	}
	if b.eventBridge {
		e, err := bridged(q, b, c)
		if err != nil {
			return err
		}
		e.Published, e.Matched, e.Cause = published, "the bucket's EventBridge configuration, kept by S3", q.call.Cause()
		events = append(events, e)
	}
	return a.Dispatcher.Accept(ctx, tx, events...)
}

func (n *notification) matches(c change) bool {
	for _, e := range n.Events {
		if covers(e, "s3:"+c.event) {
			return strings.HasPrefix(c.object.key, text(n.Prefix)) && strings.HasSuffix(c.object.key, text(n.Suffix))
		}
	}
	return false
}

// notice is the event as functions, queues and topics receive it, its members in AWS's order (recorded 2025-01; S3 user guide,
// event message structure).
type notice struct{ Records []record }

type record struct {
	Version   string            `json:"eventVersion"`
	Source    string            `json:"eventSource"`
	Region    string            `json:"awsRegion"`
	Time      string            `json:"eventTime"`
	Name      string            `json:"eventName"`
	Identity  identity          `json:"userIdentity"`
	Request   requestParameters `json:"requestParameters"`
	Response  responseElements  `json:"responseElements"`
	Described entity            `json:"s3"`
}

type identity struct {
	Principal string `json:"principalId"`
}

type requestParameters struct {
	SourceIP string `json:"sourceIPAddress"`
}

type responseElements struct {
	RequestID string `json:"x-amz-request-id"`
	ID2       string `json:"x-amz-id-2"`
}

type entity struct {
	Version       string       `json:"s3SchemaVersion"`
	Configuration string       `json:"configurationId"`
	Bucket        eventBucket  `json:"bucket"`
	Object        *eventObject `json:"object"`
}

type eventBucket struct {
	Name  string   `json:"name"`
	Owner identity `json:"ownerIdentity"`
	ARN   string   `json:"arn"`
}

type eventObject struct {
	Key       string `json:"key"`
	Size      *int64 `json:"size,omitempty"`
	ETag      string `json:"eTag,omitempty"`
	Version   string `json:"versionId,omitempty"`
	Sequencer string `json:"sequencer,omitempty"`
}

// objectOf is the object as its events have it: with a size where there are new bytes, with no more than its name where it is
// gone for good, and without a sequencer where it stays what it was.
func objectOf(c change) *eventObject {
	o := &eventObject{Key: c.object.key, ETag: c.object.etag, Sequencer: fmt.Sprintf("%018X", c.object.seq)}
	if c.object.version != unversioned {
		o.Version = c.object.version
	}
	switch {
	case strings.HasPrefix(c.event, "ObjectCreated:"):
		o.Size = &c.object.size
	case c.event == removedForGood:
		o.ETag = ""
	case c.event == markedDeleted:
	default:
		o.Sequencer = ""
	}
	return o
}

// removedForGood is the event of an object, or of one of its versions, that is gone; markedDeleted that of one that only looks so.
const (
	removedForGood = "ObjectRemoved:Delete"
	markedDeleted  = "ObjectRemoved:DeleteMarkerCreated"
)

func recordOf(q *request, b *bucket, n *notification, c change, tx *postgres.Tx) record {
	version := "2.1"
	if !strings.HasPrefix(c.event, "ObjectCreated:") && !strings.HasPrefix(c.event, "ObjectRemoved:") {
		version = "2.3"
	}
	o := objectOf(c)
	o.Key = eventKey(o.Key)
	return record{Version: version, Source: "aws:s3", Region: b.region, Time: stamp(tx.Now), Name: c.event,
		Identity:  identity{principalID(q.call.Session)},
		Request:   requestParameters{q.call.SourceIP},
		Response:  responseElements{q.call.RequestID, q.call.RequestID},
		Described: entity{"1.0", n.ID, eventBucket{b.name, identity{ownerID(b.account)}, arn.Bucket(b.name)}, o}}
}

// eventKey is a key as events carry it: encoded like a form's field, but for the slashes.
func eventKey(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }

// principalID is the unique id of who made the change.
func principalID(s authz.Session) string {
	if s.Kind == authz.Anonymous {
		return "Anonymous"
	}
	return "AWS:" + s.UserID
}
