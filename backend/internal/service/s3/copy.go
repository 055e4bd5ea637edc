package s3

import (
	"context"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// source reads x-amz-copy-source, asks for the right to read what it names, and finds it under the header's conditions.
func (a *API) source(ctx context.Context, q *request) (*object, error) {
	path, version, named := strings.Cut(strings.TrimPrefix(q.r.Header.Get("X-Amz-Copy-Source"), "/"), "?versionId=")
	path, err := url.PathUnescape(path)
	bucket, key, ok := strings.Cut(path, "/")
	if err != nil || !ok || key == "" || !validName(bucket) {
		return nil, argument("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
			map[string]string{"ArgumentName": "x-amz-copy-source", "ArgumentValue": q.r.Header.Get("X-Amz-Copy-Source")})
	}
	if err := validKey(key); err != nil {
		return nil, err
	}
	action := "s3:GetObject"
	if named {
		if err := checkVersion(version); err != nil {
			return nil, err
		}
		action = "s3:GetObjectVersion"
	}
	if err := a.may(ctx, q, action, bucket, key); err != nil {
		return nil, err
	}
	b, err := a.bucket(ctx, bucket)
	if err != nil {
		return nil, err
	}
	if owner := q.r.Header.Get("X-Amz-Source-Expected-Bucket-Owner"); owner != "" && owner != b.account {
		return nil, accessDenied()
	}
	o, err := read(ctx, a.DB, bucket, key, version)
	if err != nil {
		if e, ok := errors.AsType[*wire.Error](err); ok && e.Code == "MethodNotAllowed" {
			return nil, wire.Errorf(http.StatusBadRequest, "InvalidRequest", "The source of a copy request may not specifically refer to a delete marker by version id.")
		}
		return nil, err
	}
	if b.versioning != "" {
		q.Header().Set("X-Amz-Copy-Source-Version-Id", o.version)
	}
	return o, copyCondition(q.r.Header, o)
}

// copyCondition applies the conditions x-amz-copy-source-if-… .
func copyCondition(h http.Header, o *object) error {
	const prefix = "X-Amz-Copy-Source-"
	modified := o.modified.UTC().Truncate(time.Second)
	match, none := h.Get(prefix+"If-Match"), h.Get(prefix+"If-None-Match")
	unmodified, err1 := http.ParseTime(h.Get(prefix + "If-Unmodified-Since"))
	since, err2 := http.ParseTime(h.Get(prefix + "If-Modified-Since"))
	switch {
	case match != "" && !sameTag(match, o.etag):
		return failedCondition("x-amz-copy-source-If-Match")
	case match == "" && err1 == nil && modified.After(unmodified):
		return failedCondition("x-amz-copy-source-If-Unmodified-Since")
	case none != "" && sameTag(none, o.etag):
		return failedCondition("x-amz-copy-source-If-None-Match")
	case none == "" && err2 == nil && !modified.After(since):
		return failedCondition("x-amz-copy-source-If-Modified-Since")
	}
	return nil
}

func (a *API) copyObject(ctx context.Context, q *request) error {
	o, err := described(q)
	if err != nil {
		return err
	}
	directive := q.r.Header.Get("X-Amz-Metadata-Directive")
	if directive != "" && directive != "COPY" && directive != "REPLACE" {
		return argument("InvalidArgument", "Unknown metadata directive.", map[string]string{"ArgumentName": "x-amz-metadata-directive", "ArgumentValue": directive})
	}
	given := q.r.Header.Get("X-Amz-Tagging-Directive")
	if given != "" && given != "COPY" && given != "REPLACE" {
		return argument("InvalidArgument", "Unknown tagging directive.", map[string]string{"ArgumentName": "x-amz-tagging-directive", "ArgumentValue": given})
	}
	tags := o.headers[tagHeader]
	for again := true; again; {
		from, err := a.source(ctx, q)
		if err != nil {
			return err
		}
		switch {
		case from.size > maxObject:
			return wire.Errorf(http.StatusBadRequest, "InvalidRequest", "The specified copy source is larger than the maximum allowable size for a copy source: %d", int64(maxObject))
		case from.bucket == o.bucket && from.key == o.key && from.latest && directive != "REPLACE":
			return wire.Errorf(http.StatusBadRequest, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
		}
		if directive != "REPLACE" {
			o.contentType, o.headers = from.contentType, maps.Clone(from.headers)
		}
		if o.headers[tagHeader] = tags; given != "REPLACE" {
			o.headers[tagHeader] = from.headers[tagHeader]
		}
		err = a.copy(ctx, q, from, o)
		if again = errors.Is(err, errReplaced); err != nil && !again {
			return err
		}
	}
	o.answerVersion(q.Header())
	return wire.WriteXML(q, http.StatusOK, copied{XMLName: xml.Name{Local: "CopyObjectResult"}, ETag: `"` + o.etag + `"`, LastModified: stamp(o.modified)})
}

// copied is the answer of CopyObject and UploadPartCopy.
type copied struct {
	XMLName      xml.Name
	Namespace    string `xml:"xmlns,attr,omitempty"`
	ETag         string
	LastModified string
}

// copy writes o with the bytes of from. Those of one put are copied within the database; those that came in parts are read
// and written anew, since the copy's entity tag is that of one put.
func (a *API) copy(ctx context.Context, q *request, from, o *object) error {
	whole := len(from.segments) == 1 && len(from.etag) == hex.EncodedLen(16)
	if !whole {
		body, err := a.content(ctx, from, 0, from.size, defaultChecksum)
		if err != nil {
			return err
		}
		defer body.close()
		o.etag = body.etag()
		o.setChecksum(defaultChecksum, body.checksum(), fullObject)
		return a.write(ctx, q, o, body, "ObjectCreated:Copy")
	}
	o.etag, o.size, o.segments = from.etag, from.size, []segment{{"s3/" + a.IDs.UUID(), from.size}}
	for name, v := range from.headers {
		if strings.HasPrefix(name, checksumPrefix) {
			o.headers[name] = v
		}
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		now, err := find(ctx, tx, from.bucket, from.key, from.version, "FOR UPDATE") // a key may be copied onto itself
		if isMissing(err) || err == nil && (len(now.segments) == 0 || now.segments[0] != from.segments[0]) {
			return errReplaced
		}
		if err != nil {
			return err
		}
		if err := blob.Copy(ctx, tx, from.blobs(), o.blobs()); err != nil {
			return err
		}
		return a.replace(ctx, tx, q, b, o, "ObjectCreated:Copy")
	})
}
