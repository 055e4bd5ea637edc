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
	event   string // ObjectCreated:Put
	object  *object
	removed bool
}

// notify accepts one event for each notification that the change matches, in the change's own transaction.
func (a *API) notify(ctx context.Context, tx *postgres.Tx, q *request, b *bucket, c change) error {
	var events []push.Event
	for i := range b.notifications {
		n := &b.notifications[i]
		if !n.matches(c) {
			continue
		}
		var sequencer int64
		if err := tx.QueryRow(ctx, `SELECT nextval('s3.changes')`).Scan(&sequencer); err != nil {
			return err
		}
		payload, err := json.Marshal(record(q, b, n, c, tx, sequencer))
		if err != nil {
			return err
		}
		e := b.event(n, payload)
		e.Published = fmt.Sprintf("%s of %s in %s", c.event, c.object.key, b.name)
		e.Matched = fmt.Sprintf("notification %q of the bucket, kept by S3", n.ID)
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

// record is the event as functions receive it (recorded from AWS; S3 user guide, event message structure).
func record(q *request, b *bucket, n *notification, c change, tx *postgres.Tx, sequencer int64) map[string]any {
	o, version := map[string]any{"key": eventKey(c.object.key)}, "2.1"
	switch {
	case strings.HasPrefix(c.event, "ObjectTagging:"): // no size and no sequencer: the object is as it was
		o["eTag"], version = c.object.etag, "2.3"
	case c.removed:
		o["sequencer"] = fmt.Sprintf("%018X", sequencer)
	default:
		o["size"], o["eTag"], o["sequencer"] = c.object.size, c.object.etag, fmt.Sprintf("%018X", sequencer)
	}
	return map[string]any{"Records": []any{map[string]any{
		"eventVersion": version, "eventSource": "aws:s3", "awsRegion": b.region, "eventTime": stamp(tx.Now), "eventName": c.event,
		"userIdentity":      map[string]any{"principalId": "AWS:" + principalID(q.call.Session)},
		"requestParameters": map[string]any{"sourceIPAddress": q.call.SourceIP},
		"responseElements":  map[string]any{"x-amz-request-id": q.call.RequestID, "x-amz-id-2": q.call.RequestID},
		"s3": map[string]any{
			"s3SchemaVersion": "1.0", "configurationId": n.ID,
			"bucket": map[string]any{"name": b.name, "ownerIdentity": map[string]any{"principalId": ownerID(b.account)}, "arn": arn.Bucket(b.name)},
			"object": o,
		},
	}}}
}

// eventKey is a key as events carry it: encoded like a form's field, but for the slashes.
func eventKey(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }

// principalID is the unique id of who made the change.
func principalID(s authz.Session) string { return s.UserID }
