// Package s3 is Amazon S3, as far as it is a source of events and a place for code: buckets, objects, and the notification
// configuration with which a bucket chooses functions.
//
// A put commits the object and one delivery for each matching notification in one transaction: an object that was
// acknowledged has its events. Whether the bucket may invoke the function is asked when the notification is configured, as
// S3 does, and again at every event, when nobody is there to hear the answer but the trace.
//
// The front is a switch on method, bucket, key and subresource. A subresource that is not simulated is refused by name; it
// never falls through to the object or the bucket. Versioning, multipart uploads, copies, ACLs, tags of objects and bucket
// policies are among those today.
package s3

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of buckets.
var Schema = postgres.Schema{Name: "s3", Files: files}

// API serves S3.
type API struct {
	DB         *postgres.DB
	Authz      *authz.Authorizer
	Dispatcher *push.Dispatcher
	IDs        *ident.Source
	Log        *slog.Logger
}

// Service is S3 for the wire.
func (a *API) Service() wire.Service {
	return wire.Service{API: wire.S3API(), Handler: http.HandlerFunc(a.serve)}
}

// request is one call, taken apart.
type request struct {
	http.ResponseWriter
	r      *http.Request
	call   *wire.Call
	bucket string
	key    string
}

// handler serves one operation.
type handler func(context.Context, *request) error

// service-level, bucket-level and object-level operations without a subresource.
func (a *API) plain(q *request) (action string, h handler) {
	switch {
	case q.bucket == "" && q.r.Method == http.MethodGet:
		return "s3:ListAllMyBuckets", a.listBuckets
	case q.bucket == "":
		return "", nil
	case q.key == "":
		return a.plainBucket(q)
	}
	switch q.r.Method {
	case http.MethodPut:
		if q.r.Header.Get("X-Amz-Copy-Source") != "" {
			return "", nil
		}
		return "s3:PutObject", a.putObject
	case http.MethodGet, http.MethodHead:
		return "s3:GetObject", a.getObject
	case http.MethodDelete:
		return "s3:DeleteObject", a.deleteObject
	}
	return "", nil
}

func (a *API) plainBucket(q *request) (string, handler) {
	switch q.r.Method {
	case http.MethodPut:
		return "s3:CreateBucket", a.createBucket
	case http.MethodHead:
		return "s3:ListBucket", a.headBucket
	case http.MethodDelete:
		return "s3:DeleteBucket", a.deleteBucket
	case http.MethodGet:
		return "s3:ListBucket", a.listObjects
	}
	return "", nil
}

// subresource finds the operation of a subresource of a bucket.
func (a *API) subresource(q *request, name string) (string, handler) {
	if q.key != "" || q.bucket == "" {
		return "", nil
	}
	switch q.r.Method + " " + name {
	case "GET location":
		return "s3:GetBucketLocation", a.getLocation
	case "PUT notification":
		return "s3:PutBucketNotification", a.putNotification
	case "GET notification":
		return "s3:GetBucketNotification", a.getNotification
	case "PUT tagging":
		return "s3:PutBucketTagging", a.putTagging
	case "GET tagging":
		return "s3:GetBucketTagging", a.getTagging
	case "DELETE tagging":
		return "s3:PutBucketTagging", a.deleteTagging
	case "POST delete":
		return "s3:DeleteObject", a.deleteObjects
	}
	return "", nil
}

// parameters are query parameters that are not subresources.
var parameters = []string{"list-type", "prefix", "delimiter", "max-keys", "marker", "continuation-token", "start-after", "encoding-type",
	"fetch-owner", "x-id", "bucket-region", "max-buckets", "response-content-type", "response-content-disposition", "response-cache-control",
	"response-content-language", "response-content-encoding", "response-expires"}

// subresourceOf is the first query parameter that names a subresource.
func subresourceOf(query url.Values) string {
	names := make([]string, 0, len(query))
	for name := range query {
		if !slices.Contains(parameters, name) && !strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return names[0]
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	q := &request{ResponseWriter: w, r: r, call: wire.CallFrom(ctx)}
	q.bucket, q.key = target(r)
	sub := subresourceOf(r.URL.Query())
	var action string
	var h handler
	if sub == "" {
		action, h = a.plain(q)
	} else {
		action, h = a.subresource(q, sub)
	}
	q.call.Operation = strings.TrimPrefix(action, "s3:")
	err := error(notSimulated(q, sub))
	if h != nil {
		if err = a.authorize(ctx, q, action); err == nil {
			err = h(ctx, q)
		}
	}
	if err != nil {
		wire.WriteXMLError(w, a.toAWS(ctx, q, err), q.call.RequestID)
	}
}

// target takes bucket and key from the path, or the bucket from the host (BUCKET.s3.localhost).
func target(r *http.Request) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	host, _, _ := strings.Cut(r.Host, ":")
	if name, _, ok := strings.Cut(host, ".s3."); ok {
		return name, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

func notSimulated(q *request, sub string) *wire.Error {
	what := q.r.Method
	switch {
	case sub != "":
		what += " ?" + sub
	case q.r.Header.Get("X-Amz-Copy-Source") != "":
		what += " with x-amz-copy-source (CopyObject)"
	}
	level := "the service"
	if q.key != "" {
		level = "an object"
	} else if q.bucket != "" {
		level = "a bucket"
	}
	return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate %s on %s of S3 yet", what, level)
}

// authorize asks for the caller's right. Buckets have no policies here, so another account's callers have none.
func (a *API) authorize(ctx context.Context, q *request, action string) error {
	resource, account := "*", q.call.Account
	if q.bucket != "" {
		resource = arn.Bucket(q.bucket)
		if b, err := a.bucket(ctx, q.bucket); err == nil {
			account = b.account
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if q.key != "" {
		resource = arn.Object(q.bucket, q.key)
	} else if action == "s3:DeleteObject" {
		resource += "/*"
	}
	if owner := q.r.Header.Get("X-Amz-Expected-Bucket-Owner"); owner != "" && owner != account {
		return wire.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	return a.Authz.Require(ctx, authz.Question{Session: q.call.Session, Action: action, Resource: resource, ResourceAccount: account, Region: q.call.Region})
}

func (a *API) toAWS(ctx context.Context, q *request, err error) *wire.Error {
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		if ctx.Err() == nil {
			a.Log.Error("an S3 operation failed inside", "operation", q.call.Operation, "request", q.call.RequestID, "error", err)
		}
		return wire.Errorf(http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
	}
	switch f.Kind {
	case fault.Denied:
		return wire.Errorf(http.StatusForbidden, "AccessDenied", "%s", f.Message)
	case fault.NotFound:
		e := wire.Errorf(http.StatusNotFound, f.Detail, "%s", f.Message)
		e.Fields = map[string]string{"BucketName": q.bucket}
		if f.Detail == "NoSuchKey" {
			e.Fields = map[string]string{"Key": q.key}
		}
		return e
	}
	return wire.Errorf(http.StatusBadRequest, "InvalidRequest", "%s", f.Message)
}
