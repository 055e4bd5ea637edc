// Package s3 is Amazon S3, as far as it is a source of events and a place for code: buckets, objects, and the notification
// configuration with which a bucket chooses functions.
//
// A put commits the object and one delivery for each matching notification in one transaction: an object that was
// acknowledged has its events. Whether the bucket may invoke the function is asked when the notification is configured, as
// S3 does, and again at every event, when nobody is there to hear the answer but the trace.
//
// The front is a switch on method, bucket, key and subresource. A subresource that is not simulated is refused by name; it
// never falls through to the object or the bucket. Versioning, ACLs and bucket policies are among those today.
//
// A body is read to its end, checked, and held in a temporary file where it is large, before a transaction begins; what is
// sent lies ready before a client gets its first byte. So no client makes the database wait, and no object has to fit into
// memory. An object uploaded in parts keeps its bytes where the parts were written.
package s3

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

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
	query  url.Values
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
			return "s3:PutObject", a.copyObject
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
	if q.bucket == "" {
		return "", nil
	}
	if q.key != "" {
		return a.objectSubresource(q, name)
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
	case "GET uploads":
		return "s3:ListBucketMultipartUploads", a.listUploads
	case "POST delete":
		return eachKey, a.deleteObjects
	}
	return "", nil
}

// eachKey stands for the action of an operation that asks for itself, for one key after the other.
const eachKey = "s3:DeleteObjects"

func (a *API) objectSubresource(q *request, name string) (string, handler) {
	switch q.r.Method + " " + name {
	case "PUT tagging":
		return "s3:PutObjectTagging", a.putObjectTagging
	case "GET tagging":
		return "s3:GetObjectTagging", a.getObjectTagging
	case "DELETE tagging":
		return "s3:DeleteObjectTagging", a.deleteObjectTagging
	case "POST uploads":
		return "s3:PutObject", a.createUpload
	case "PUT uploadId":
		if q.r.Header.Get("X-Amz-Copy-Source") != "" {
			return "s3:PutObject", a.uploadPartCopy
		}
		return "s3:PutObject", a.uploadPart
	case "POST uploadId":
		return "s3:PutObject", a.completeUpload
	case "DELETE uploadId":
		return "s3:AbortMultipartUpload", a.abortUpload
	case "GET uploadId":
		return "s3:ListMultipartUploadParts", a.listParts
	}
	return "", nil
}

// parameters are query parameters that are not subresources.
var parameters = []string{"list-type", "prefix", "delimiter", "max-keys", "marker", "continuation-token", "start-after", "encoding-type",
	"fetch-owner", "x-id", "bucket-region", "max-buckets", "response-content-type", "response-content-disposition", "response-cache-control",
	"response-content-language", "response-content-encoding", "response-expires", "max-parts", "part-number-marker", "max-uploads",
	"key-marker", "upload-id-marker"}

// subresourceOf is the query parameter that names a subresource. Two of them are refused: a request is for one thing.
func subresourceOf(query url.Values) (string, error) {
	names := make([]string, 0, len(query))
	for name := range query {
		if name == "partNumber" && query.Has("uploadId") {
			continue
		}
		if !slices.Contains(parameters, name) && !strings.HasPrefix(strings.ToLower(name), "x-amz-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	switch len(names) {
	case 0:
		return "", nil
	case 1:
		return names[0], nil
	}
	return names[0], argument("InvalidArgument", "Conflicting query string parameters: "+strings.Join(names, ", "),
		map[string]string{"ArgumentName": "ResourceType", "ArgumentValue": names[0]})
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	q := &request{ResponseWriter: w, r: r, call: wire.CallFrom(ctx)}
	if err := a.dispatch(ctx, q); err != nil {
		wire.WriteXMLError(w, a.toAWS(ctx, q, err), q.call.RequestID)
	}
}

func (a *API) dispatch(ctx context.Context, q *request) (err error) {
	q.bucket, q.key = target(q.r, q.call.BucketHost)
	// A query that cannot be read whole must not pass for one without the part that cannot.
	if q.query, err = url.ParseQuery(q.r.URL.RawQuery); err != nil {
		return invalidURI()
	}
	for name, values := range q.query {
		if !validText(name) || slices.ContainsFunc(values, func(v string) bool { return !validText(v) }) {
			return invalidURI()
		}
	}
	if err := validKey(q.bucket + q.key); err != nil {
		return err
	}
	q.hoist()
	sub, err := subresourceOf(q.query)
	if err != nil {
		return err
	}
	var action string
	var h handler
	if sub == "" {
		action, h = a.plain(q)
	} else {
		action, h = a.subresource(q, sub)
	}
	q.call.Operation = strings.TrimPrefix(action, "s3:")
	if h == nil {
		return notSimulated(q, sub)
	}
	if action != eachKey {
		if err := a.may(ctx, q, action, q.bucket, q.key); err != nil {
			return err
		}
	}
	if q.r.Header.Get(tagHeader) != "" { // what is stored with tags needs the right to tag as well
		if err := a.may(ctx, q, "s3:PutObjectTagging", q.bucket, q.key); err != nil {
			return err
		}
	}
	if len(q.key) > maxKey {
		return &wire.Error{Status: http.StatusBadRequest, Code: "KeyTooLongError", Message: "Your key is too long",
			Fields: map[string]string{"Size": strconv.Itoa(len(q.key)), "MaxSizeAllowed": strconv.Itoa(maxKey)}}
	}
	return h(ctx, q)
}

// hoist makes headers of the x-amz- parameters of a presigned request, which stand for them.
func (q *request) hoist() {
	for name, values := range q.query {
		lower := strings.ToLower(name)
		if !strings.HasPrefix(lower, "x-amz-") || q.r.Header.Get(name) != "" {
			continue
		}
		switch lower {
		case "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signedheaders", "x-amz-signature", "x-amz-security-token", "x-amz-content-sha256":
		default:
			q.r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
}

// validText reports whether a text can be stored: UTF-8 without NUL.
func validText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

func validKey(key string) error {
	if !validText(key) {
		return invalidURI()
	}
	return nil
}

func invalidURI() error {
	return wire.Errorf(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
}

// target takes bucket and key from the path, or the bucket from the host (BUCKET.s3.localhost).
func target(r *http.Request, host string) (bucket, key string) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if host != "" {
		return host, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

func notSimulated(q *request, sub string) *wire.Error {
	what := q.r.Method
	switch {
	case sub != "":
		what += " ?" + sub
	}
	level := "the service"
	if q.key != "" {
		level = "an object"
	} else if q.bucket != "" {
		level = "a bucket"
	}
	return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate %s on %s of S3 yet", what, level)
}

// may asks for the caller's right. Buckets have no policies here, so another account's callers have none.
func (a *API) may(ctx context.Context, q *request, action, bucket, key string) error {
	resource, account := "*", q.call.Account
	if bucket != "" {
		resource = arn.Bucket(bucket)
		if b, err := a.bucket(ctx, bucket); err == nil {
			if action != "s3:CreateBucket" { // whose name it is already is for the operation to say
				account = b.account
			}
		} else if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if key != "" {
		resource = arn.Object(bucket, key)
	}
	if expected := q.r.Header.Get("X-Amz-Expected-Bucket-Owner"); expected != "" && bucket == q.bucket && expected != account {
		return accessDenied()
	}
	return a.Authz.Require(ctx, authz.Question{Session: q.call.Session, Action: action, Resource: resource, ResourceAccount: account,
		Region: q.call.Region, Keys: q.keys()})
}

// keys are the condition keys of a request (Service Authorization Reference, Amazon S3).
func (q *request) keys() map[string][]string {
	keys := q.call.Keys()
	for key, parameter := range map[string]string{"s3:prefix": "prefix", "s3:delimiter": "delimiter", "s3:max-keys": "max-keys"} {
		if q.query.Has(parameter) {
			keys[key] = []string{q.query.Get(parameter)}
		}
	}
	return keys
}

func accessDenied() error { return wire.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied") }

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
