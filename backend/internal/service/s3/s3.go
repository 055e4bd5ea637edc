// Package s3 is Amazon S3, as far as it is a source of events and a place for code: buckets, objects, and the notification
// configuration with which a bucket chooses functions.
//
// A put commits the object and one delivery for each matching notification in one transaction: an object that was
// acknowledged has its events. Whether the bucket may invoke the function is asked when the notification is configured, as
// S3 does, and again at every event, when nobody is there to hear the answer but the trace.
//
// The front is a switch on method, bucket, key and subresource. A subresource that is not simulated is refused by name; it
// never falls through to the object or the bucket.
//
// A key of a bucket with versioning has a row for each version; its latest may be a delete marker. What is written without
// versioning is the version null, of which there is one. Whoever changes a key holds the lock of its latest version, so that
// sequencers grow with the versions.
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
	"sync"
	"unicode/utf8"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
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
	Clock      *clock.Clock
	IDs        *ident.Source
	Log        *slog.Logger

	known    map[string]operation
	policies sync.Map // by a bucket's name: *compiled
}

// Service is S3 for the wire.
func (a *API) Service() wire.Service {
	a.known = a.operations()
	var names []string
	for _, o := range a.known {
		names = append(names, o.name)
	}
	return wire.Service{API: wire.S3API(), Handler: http.HandlerFunc(a.serve), Handles: names, Anonymous: true}
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

// operation is an operation with the action that its caller needs.
type operation struct {
	name, action string
	run          handler
}

// eachKey stands for the action of an operation that asks for itself, for one key after the other.
const eachKey = ""

// operations are what S3 is asked here, by level, method and subresource (Service Authorization Reference, Amazon S3: the
// actions and the operations that need them). What is not among them is refused by name.
func (a *API) operations() map[string]operation {
	all := map[string]operation{
		"service GET ": {"ListBuckets", "s3:ListAllMyBuckets", a.listBuckets},

		"bucket PUT ":                     {"CreateBucket", "s3:CreateBucket", a.createBucket},
		"bucket HEAD ":                    {"HeadBucket", "s3:ListBucket", a.headBucket},
		"bucket DELETE ":                  {"DeleteBucket", "s3:DeleteBucket", a.deleteBucket},
		"bucket GET ":                     {"ListObjectsV2", "s3:ListBucket", a.listObjects},
		"bucket GET location":             {"GetBucketLocation", "s3:GetBucketLocation", a.getLocation},
		"bucket PUT notification":         {"PutBucketNotificationConfiguration", "s3:PutBucketNotification", a.putNotification},
		"bucket GET notification":         {"GetBucketNotificationConfiguration", "s3:GetBucketNotification", a.getNotification},
		"bucket PUT versioning":           {"PutBucketVersioning", "s3:PutBucketVersioning", a.putVersioning},
		"bucket GET versioning":           {"GetBucketVersioning", "s3:GetBucketVersioning", a.getVersioning},
		"bucket GET versions":             {"ListObjectVersions", "s3:ListBucketVersions", a.listVersions},
		"bucket PUT tagging":              {"PutBucketTagging", "s3:PutBucketTagging", a.putTagging},
		"bucket GET tagging":              {"GetBucketTagging", "s3:GetBucketTagging", a.getTagging},
		"bucket DELETE tagging":           {"DeleteBucketTagging", "s3:PutBucketTagging", a.deleteTagging},
		"bucket PUT policy":               {"PutBucketPolicy", "s3:PutBucketPolicy", a.putPolicy},
		"bucket GET policy":               {"GetBucketPolicy", "s3:GetBucketPolicy", a.getPolicy},
		"bucket DELETE policy":            {"DeleteBucketPolicy", "s3:DeleteBucketPolicy", a.deletePolicy},
		"bucket GET policyStatus":         {"GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", a.getPolicyStatus},
		"bucket PUT publicAccessBlock":    {"PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock", a.putPublicAccess},
		"bucket GET publicAccessBlock":    {"GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock", a.getPublicAccess},
		"bucket DELETE publicAccessBlock": {"DeletePublicAccessBlock", "s3:PutBucketPublicAccessBlock", a.deletePublicAccess},
		"bucket PUT acl":                  {"PutBucketAcl", "s3:PutBucketAcl", a.putACL},
		"bucket GET acl":                  {"GetBucketAcl", "s3:GetBucketAcl", a.getACL},
		"bucket GET uploads":              {"ListMultipartUploads", "s3:ListBucketMultipartUploads", a.listUploads},
		"bucket POST delete":              {"DeleteObjects", eachKey, a.deleteObjects},

		"object PUT ":            {"PutObject", "s3:PutObject", a.putObject},
		"object COPY ":           {"CopyObject", "s3:PutObject", a.copyObject},
		"object GET ":            {"GetObject", "s3:GetObject", a.getObject},
		"object HEAD ":           {"HeadObject", "s3:GetObject", a.getObject},
		"object DELETE ":         {"DeleteObject", "s3:DeleteObject", a.deleteObject},
		"object PUT tagging":     {"PutObjectTagging", "s3:PutObjectTagging", a.putObjectTagging},
		"object GET tagging":     {"GetObjectTagging", "s3:GetObjectTagging", a.getObjectTagging},
		"object DELETE tagging":  {"DeleteObjectTagging", "s3:DeleteObjectTagging", a.deleteObjectTagging},
		"object POST uploads":    {"CreateMultipartUpload", "s3:PutObject", a.createUpload},
		"object PUT uploadId":    {"UploadPart", "s3:PutObject", a.uploadPart},
		"object COPY uploadId":   {"UploadPartCopy", "s3:PutObject", a.uploadPartCopy},
		"object POST uploadId":   {"CompleteMultipartUpload", "s3:PutObject", a.completeUpload},
		"object DELETE uploadId": {"AbortMultipartUpload", "s3:AbortMultipartUpload", a.abortUpload},
		"object GET uploadId":    {"ListParts", "s3:ListMultipartUploadParts", a.listParts},
	}
	a.addSettings(all)
	return all
}

// find finds the operation of a request. A write that names a source is a copy.
func (a *API) find(q *request, sub string) (operation, bool) {
	level, method := "service", q.r.Method
	switch {
	case q.bucket != "" && q.key != "":
		level = "object"
		if method == http.MethodPut && q.r.Header.Get("X-Amz-Copy-Source") != "" && (sub == "" || sub == "uploadId") {
			method = "COPY"
		}
	case q.bucket != "":
		level = "bucket"
	}
	o, ok := a.known[level+" "+method+" "+sub]
	return o, ok
}

// parameters are query parameters that are not subresources.
var parameters = []string{"list-type", "prefix", "delimiter", "max-keys", "marker", "continuation-token", "start-after", "encoding-type",
	"fetch-owner", "x-id", "bucket-region", "max-buckets", "response-content-type", "response-content-disposition", "response-cache-control",
	"response-content-language", "response-content-encoding", "response-expires", "max-parts", "part-number-marker", "max-uploads",
	"key-marker", "upload-id-marker", "version-id-marker"}

// subresourceOf is the query parameter that names a subresource. Two of them are refused: a request is for one thing.
func subresourceOf(query url.Values) (string, error) {
	names := make([]string, 0, len(query))
	for name := range query {
		if name == "partNumber" && query.Has("uploadId") || name == "versionId" {
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
	o, ok := a.find(q, sub)
	if !ok {
		return notSimulated(q, sub)
	}
	q.call.Operation = o.name
	if o.action, err = q.versioned(o); err != nil {
		return err
	}
	if o.action != eachKey {
		if err := a.may(ctx, q, o.action, q.bucket, q.key); err != nil {
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
	return o.run(ctx, q)
}

// ofVersions are the actions of operations on a version that is named (Service Authorization Reference).
var ofVersions = map[string]string{"s3:GetObject": "s3:GetObjectVersion", "s3:DeleteObject": "s3:DeleteObjectVersion", "s3:PutObjectTagging": "s3:PutObjectVersionTagging",
	"s3:GetObjectTagging": "s3:GetObjectVersionTagging", "s3:DeleteObjectTagging": "s3:DeleteObjectVersionTagging"}

// versioned is the action of an operation, which is another where the request names a version.
func (q *request) versioned(o operation) (string, error) {
	if !q.query.Has("versionId") {
		return o.action, nil
	}
	action, ok := ofVersions[o.action]
	if !ok {
		return "", argument("InvalidArgument", "This operation does not accept a version-id.", map[string]string{"ArgumentName": "versionId", "ArgumentValue": q.version()})
	}
	return action, checkVersion(q.version())
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

// may asks for the caller's right: the caller's policies and the bucket's.
func (a *API) may(ctx context.Context, q *request, action, bucket, key string) error {
	resource, owned := "*", noneOf(q.call.Account)
	if bucket != "" {
		resource = arn.Bucket(bucket)
		if b, err := a.bucket(ctx, bucket); err == nil {
			if action != "s3:CreateBucket" { // whose name it is already is for the operation to say
				owned = b
			}
		} else if !fault.Is(err, fault.NotFound) {
			return err
		} else if q.call.Session.Kind == authz.Anonymous && action != "s3:CreateBucket" {
			return err // nobody's policies are asked
		}
	}
	if key != "" {
		resource = arn.Object(bucket, key)
	}
	if expected := q.r.Header.Get("X-Amz-Expected-Bucket-Owner"); expected != "" && bucket == q.bucket && expected != owned.account {
		return accessDenied()
	}
	question := q.call.Question(action, resource)
	question.Keys, question.Late = q.keys(action, owned.account), a.existingTags(ctx, bucket, key, q.version())
	err := a.require(ctx, owned, question)
	if q.call.Session.Kind == authz.Anonymous || q.call.Session.Account != owned.account {
		return stranger(err)
	}
	return quoted(err, resource)
}

// noneOf stands for what has no bucket yet, or none at all.
func noneOf(account string) *bucket { return &bucket{account: account} }

// stranger leaves out the reasons of a refusal: S3 gives them to callers of the bucket's account alone (S3 user guide,
// troubleshooting access denied).
func stranger(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Denied {
		return err
	}
	return &fault.Error{Kind: fault.Denied, Message: accessDenied().Message, Detail: f.Detail}
}

// quoted puts the resource of a refusal into quotation marks, as S3 does.
func quoted(err error, resource string) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Denied {
		return err
	}
	c := *f
	c.Message = strings.Replace(f.Message, " on resource: "+resource, ` on resource: "`+resource+`"`, 1)
	return &c
}

func accessDenied() *wire.Error {
	return wire.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
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
		e := wire.Errorf(http.StatusForbidden, "AccessDenied", "%s", f.Message)
		if detail := strings.ReplaceAll(f.Detail, "\n", " | "); detail != "" {
			e.Headers = map[string]string{wire.HeaderDetail: detail[:min(len(detail), 4096)]}
		}
		return e
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
