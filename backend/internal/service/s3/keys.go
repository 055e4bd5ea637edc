package s3

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
)

// headerKeys are headers that are condition keys of the same name (Service Authorization Reference, Amazon S3).
var headerKeys = []string{"x-amz-acl", "x-amz-content-sha256", "x-amz-copy-source", "x-amz-grant-full-control", "x-amz-grant-read",
	"x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp", "x-amz-metadata-directive", "x-amz-object-ownership",
	"x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-customer-algorithm",
	"x-amz-storage-class", "x-amz-website-redirect-location", "if-match", "if-none-match"}

// keys are the condition keys of a request (Service Authorization Reference, Amazon S3). Those of listing are there for
// s3:ListBucket alone, those of the tags that a write brings for what writes them.
func (q *request) keys(action, owner string) map[string][]string {
	keys := map[string][]string{}
	if owner != "" {
		keys["s3:ResourceAccount"] = []string{owner}
	}
	if action == "s3:ListBucket" {
		for key, parameter := range map[string]string{"s3:prefix": "prefix", "s3:delimiter": "delimiter", "s3:max-keys": "max-keys"} {
			if q.query.Has(parameter) {
				keys[key] = []string{q.query.Get(parameter)}
			}
		}
	}
	if q.query.Has("versionId") {
		keys["s3:VersionId"] = []string{q.version()}
	}
	for _, name := range headerKeys {
		if v := q.r.Header.Get(name); v != "" {
			keys["s3:"+name] = []string{v}
		}
	}
	q.signatureKeys(keys)
	if action == "s3:PutObject" || action == "s3:PutObjectTagging" {
		tagKeys(q.r.Header.Get(tagHeader), keys)
	}
	return keys
}

// signatureKeys say how the request was signed.
func (q *request) signatureKeys(keys map[string][]string) {
	if !q.call.Signed {
		return
	}
	keys["s3:signatureversion"] = []string{"AWS4-HMAC-SHA256"}
	keys["s3:authType"] = []string{"REST-HEADER"}
	if q.query.Has("X-Amz-Signature") {
		keys["s3:authType"] = []string{"REST-QUERY-STRING"}
		keys["s3:signatureAge"] = []string{strconv.FormatInt(q.call.SignatureAge().Milliseconds(), 10)}
	}
}

// tagKeys are the tags that a request brings in its header.
func tagKeys(header string, keys map[string][]string) {
	tags, err := url.ParseQuery(header)
	if header == "" || err != nil {
		return // the operation refuses what it cannot read
	}
	for name, values := range tags {
		keys["s3:RequestObjectTag/"+name] = values[:1]
	}
	keys["s3:RequestObjectTagKeys"] = slices.Sorted(maps.Keys(tags))
}

// existingTags are the tags that an object has: s3:ExistingObjectTag/….
func (a *API) existingTags(ctx context.Context, bucket, key, version string) authz.Late {
	if key == "" {
		return nil
	}
	const prefix = "s3:ExistingObjectTag/"
	return authz.Late{prefix: func() map[string][]string {
		keys := map[string][]string{}
		o, err := find(ctx, a.DB, bucket, key, version, "")
		if err != nil {
			return nil // one that is not there has none; what else there is the operation will say
		}
		for name, value := range o.tags() {
			keys[prefix+name] = []string{value}
		}
		return keys
	}}
}
