package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of objects and requests (S3 User Guide, uploading objects; general purpose bucket quotas).
const (
	maxObject   = 5 << 30 // of one put, one part or one copy, in bytes
	maxKey      = 1024    // bytes
	maxMetadata = 2 << 10 // bytes of names and values
	maxSmall    = 2 << 20 // of a document, in bytes
)

// kept are the headers that are stored with an object and returned with it.
var kept = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// harmless are the values of headers with which they ask for what is so anyway; any other value is refused.
var harmless = map[string][]string{
	"X-Amz-Acl":                                       {"private", "bucket-owner-full-control"},
	"X-Amz-Storage-Class":                             {"STANDARD"},
	"X-Amz-Server-Side-Encryption":                    {"AES256"},
	"X-Amz-Object-Ownership":                          {"BucketOwnerEnforced"},
	"X-Amz-Bucket-Object-Lock-Enabled":                {"false", "False"},
	"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": {"false", "False"},
	"X-Amz-Website-Redirect-Location":                 nil,
	"X-Amz-Object-Lock-Mode":                          nil, "X-Amz-Object-Lock-Legal-Hold": nil, "X-Amz-Object-Lock-Retain-Until-Date": nil,
	"X-Amz-Grant-Full-Control": nil, "X-Amz-Grant-Read": nil, "X-Amz-Grant-Read-Acp": nil, "X-Amz-Grant-Write": nil, "X-Amz-Grant-Write-Acp": nil,
	"X-Amz-Write-Offset-Bytes": nil, "X-Amz-Server-Side-Encryption-Customer-Algorithm": nil,
	"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": nil, "X-Amz-Server-Side-Encryption-Context": nil,
	"X-Amz-Copy-Source-Server-Side-Encryption-Customer-Algorithm": nil,
}

// refuseHeaders refuses a request that asks for what is not simulated.
func refuseHeaders(q *request) error {
	for name, admitted := range harmless {
		given := q.r.Header.Get(name)
		if given == "" {
			continue
		}
		known := false
		for _, v := range admitted {
			known = known || v == given
		}
		if !known {
			return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate %s: %s of S3 yet", strings.ToLower(name), given)
		}
	}
	return nil
}

// segment is a stretch of an object's bytes, in one blob.
type segment struct {
	Blob string `json:"blob"`
	Size int64  `json:"size"`
}

// object is an object as it is stored.
type object struct {
	bucket, key       string
	segments          []segment
	size              int64
	etag, contentType string
	headers           map[string]string // kept ones, x-amz-meta-…, x-amz-checksum-… and x-amz-tagging
	modified          time.Time
	version           string // unversioned, or an id
	marker            bool   // it marks that the key was deleted, and has no bytes
	latest            bool
	seq               int64 // of the change that wrote it
}

func (o *object) blobs() []string {
	ids := make([]string, len(o.segments))
	for i, s := range o.segments {
		ids[i] = s.Blob
	}
	return ids
}

func noKey() error {
	return &fault.Error{Kind: fault.NotFound, Detail: "NoSuchKey", Message: "The specified key does not exist."}
}

func malformedXML() error {
	return wire.Errorf(http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

// ownerID is the canonical user id of an account: 64 hexadecimal digits.
func ownerID(account string) string {
	sum := sha256.Sum256([]byte("lambdasim " + account))
	return hex.EncodeToString(sum[:])
}

// described begins an object of the headers of a request.
func described(q *request) (*object, error) {
	if err := refuseHeaders(q); err != nil {
		return nil, err
	}
	o := &object{bucket: q.bucket, key: q.key, contentType: q.r.Header.Get("Content-Type"), headers: keep(q.r.Header)}
	if o.contentType == "" {
		o.contentType = "binary/octet-stream"
	}
	if text := q.r.Header.Get(tagHeader); text != "" {
		var err error
		if o.headers[tagHeader], err = headerTags(text); err != nil {
			return nil, err
		}
	}
	n := 0
	for name, v := range o.headers {
		if meta, ok := strings.CutPrefix(name, metaPrefix); ok {
			n += len(meta) + len(v)
		}
	}
	if n > maxMetadata {
		return nil, &wire.Error{Status: http.StatusBadRequest, Code: "MetadataTooLarge", Message: "Your metadata headers exceed the maximum allowed metadata size",
			Fields: map[string]string{"Size": fmt.Sprint(n), "MaxSizeAllowed": fmt.Sprint(maxMetadata)}}
	}
	return o, nil
}

const metaPrefix = "X-Amz-Meta-"

func keep(h http.Header) map[string]string {
	m := map[string]string{}
	for _, name := range kept {
		if v := h.Get(name); v != "" {
			m[name] = v
		}
	}
	for name, values := range h {
		if strings.HasPrefix(name, metaPrefix) {
			m[name] = strings.Join(values, ",")
		}
	}
	if v, ok := m["Content-Encoding"]; ok { // the framing is none of the object's
		parts := strings.Split(v, ",")
		var left []string
		for _, p := range parts {
			if p = strings.TrimSpace(p); p != "" && p != "aws-chunked" {
				left = append(left, p)
			}
		}
		if m["Content-Encoding"] = strings.Join(left, ","); len(left) == 0 {
			delete(m, "Content-Encoding")
		}
	}
	return m
}

func (a *API) putObject(ctx context.Context, q *request) error {
	o, err := described(q)
	if err != nil {
		return err
	}
	algorithm := sentChecksum(q.r.Header)
	if algorithm == "" {
		algorithm = defaultChecksum // S3 computes this one where the client gives none
	}
	body, err := readBody(q, maxObject, algorithm)
	if err != nil {
		return err
	}
	defer body.close()
	o.etag = body.etag()
	o.setChecksum(algorithm, body.checksum(), fullObject)
	if err := a.write(ctx, q, o, body, "ObjectCreated:Put"); err != nil {
		return err
	}
	o.answerChecksum(q.Header())
	o.answerVersion(q.Header())
	q.Header().Set("Etag", `"`+o.etag+`"`)
	q.WriteHeader(http.StatusOK)
	return nil
}

// write makes a body the object's content, with its event.
func (a *API) write(ctx context.Context, q *request, o *object, body *spool, event string) error {
	o.size, o.segments = body.size, []segment{{"s3/" + a.IDs.UUID(), body.size}}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		if err := blob.Write(ctx, tx, o.segments[0].Blob, body.reader()); err != nil {
			return err
		}
		return a.replace(ctx, tx, q, b, o, event)
	})
}

// precondition applies If-Match and If-None-Match of a write (S3 User Guide, conditional writes). old is nil when there
// is no such object.
func precondition(h http.Header, old *object) error {
	match, none := h.Get("If-Match"), h.Get("If-None-Match")
	if old != nil && old.marker {
		old = nil
	}
	switch {
	case none != "" && none != "*":
		return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented")
	case none == "*" && old != nil:
		return failedCondition("If-None-Match")
	case match != "" && old == nil:
		return noKey()
	case match != "" && !sameTag(match, old.etag):
		return failedCondition("If-Match")
	}
	return nil
}

func failedCondition(name string) error {
	return &wire.Error{Status: http.StatusPreconditionFailed, Code: "PreconditionFailed", Message: "At least one of the pre-conditions you specified did not hold",
		Fields: map[string]string{"Condition": name}}
}

// sameTag compares an entity tag of a condition, with or without quotes, or "*".
func sameTag(given, etag string) bool {
	given = strings.TrimSpace(given)
	return given == "*" || strings.Trim(strings.TrimPrefix(given, "W/"), `"`) == etag
}
