package s3

import (
	"bytes"
	"encoding/json"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	deliveries "github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
)

// detail is what EventBridge is told of a change, its members in AWS's order (recorded 2025-01; S3 user guide, EventBridge event
// message structure). Keys are not encoded here.
type detail struct {
	Version      string       `json:"version"`
	Bucket       named        `json:"bucket"`
	Object       bridgeObject `json:"object"`
	RequestID    string       `json:"request-id"`
	Requester    string       `json:"requester"`
	SourceIP     string       `json:"source-ip-address"`
	Reason       string       `json:"reason,omitempty"`
	DeletionType string       `json:"deletion-type,omitempty"`
}

type named struct {
	Name string `json:"name"`
}

type bridgeObject struct {
	Key       string `json:"key"`
	Size      *int64 `json:"size,omitempty"`
	ETag      string `json:"etag,omitempty"`
	Version   string `json:"version-id,omitempty"`
	Sequencer string `json:"sequencer,omitempty"`
}

// bridging says how EventBridge names what S3's notifications call otherwise.
var bridging = map[string]struct{ detailType, reason, deletion string }{
	"ObjectCreated:Put":                     {"Object Created", "PutObject", ""},
	"ObjectCreated:Post":                    {"Object Created", "POST Object", ""},
	"ObjectCreated:Copy":                    {"Object Created", "CopyObject", ""},
	"ObjectCreated:CompleteMultipartUpload": {"Object Created", "CompleteMultipartUpload", ""},
	removedForGood:                          {"Object Deleted", "DeleteObject", "Permanently Deleted"},
	markedDeleted:                           {"Object Deleted", "DeleteObject", "Delete Marker Created"},
	"ObjectTagging:Put":                     {"Object Tags Added", "", ""},
	"ObjectTagging:Delete":                  {"Object Tags Deleted", "", ""},
	"ObjectAcl:Put":                         {"Object ACL Updated", "", ""},
}

// plain is JSON without the escapes that are for web pages.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// bridged is the event for the default bus of the bucket's account and region.
func bridged(q *request, b *bucket, c change) (push.Event, error) {
	as, o := bridging[c.event], objectOf(c)
	requester := q.call.Session.Account
	switch {
	case q.call.Session.Kind == authz.Anonymous:
		requester = "Anonymous"
	case requester == "":
		requester = q.call.Session.ARN // a service
	}
	body, err := plain(detail{Version: "0", Bucket: named{b.name}, Object: bridgeObject(*o), RequestID: q.call.RequestID, Requester: requester,
		SourceIP: q.call.SourceIP, Reason: as.reason, DeletionType: as.deletion})
	return push.Event{Service: "s3", Principal: principal, SourceARN: arn.Bucket(b.name), SourceAccount: b.account, Payload: body,
		Function: arn.EventBus(b.region, b.account, "default"),
		Entry:    deliveries.Entry{Source: "aws.s3", DetailType: as.detailType, Resources: []string{arn.Bucket(b.name)}}}, err
}
