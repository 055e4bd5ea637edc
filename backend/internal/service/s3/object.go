package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of objects and requests. S3 admits 5 GiB in one put; the simulator holds an object in memory while it is written.
const (
	maxObject = 512 << 20
	maxKey    = 1024 // bytes
	maxSmall  = 1 << 20
	maxBatch  = 1000 // keys of DeleteObjects
)

// kept are the headers that are stored with an object and returned with it.
var kept = []string{"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// refusedHeaders ask for what is not simulated.
var refusedHeaders = []string{"X-Amz-Acl", "X-Amz-Tagging", "X-Amz-Server-Side-Encryption-Customer-Algorithm", "X-Amz-Object-Lock-Mode", "X-Amz-Website-Redirect-Location"}

// object is an object as it is stored.
type object struct {
	bucket, key, blob string
	size              int64
	etag, contentType string
	headers           map[string]string
	modified          time.Time
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

// readSmall reads the body of a request that is a document.
func readSmall(q *request) ([]byte, error) { return readBody(q, maxSmall) }

// readBody reads and checks a body: framing, hash, checksums, Content-MD5.
func readBody(q *request, most int64) ([]byte, error) {
	b, err := wire.DecodeBody(q.r, q.call)
	if err != nil {
		return nil, err
	}
	tooLarge := &wire.Error{Status: http.StatusBadRequest, Code: "EntityTooLarge", Message: fmt.Sprintf("Your proposed upload exceeds the maximum allowed size, which in this simulator is %d bytes", most)}
	if b.Length > most {
		return nil, tooLarge
	}
	data, err := io.ReadAll(io.LimitReader(b.Reader, most+1))
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return nil, e
	}
	if err != nil || (b.Length >= 0 && int64(len(data)) < b.Length) {
		return nil, wire.Errorf(http.StatusBadRequest, "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	if int64(len(data)) > most {
		return nil, tooLarge
	}
	if given := q.r.Header.Get("Content-Md5"); given != "" {
		sum := md5.Sum(data)
		if want, err := base64.StdEncoding.DecodeString(given); err != nil || len(want) != md5.Size {
			return nil, wire.Errorf(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified is not valid.")
		} else if !bytes.Equal(want, sum[:]) {
			return nil, wire.Errorf(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.")
		}
	}
	return data, checkChecksums(data, q.r.Header, b.Trailer)
}

func (a *API) putObject(ctx context.Context, q *request) error {
	if len(q.key) > maxKey {
		return wire.Errorf(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
	}
	for _, name := range refusedHeaders {
		if q.r.Header.Get(name) != "" && !(name == "X-Amz-Acl" && q.r.Header.Get(name) == "private") {
			return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate the header %s of PutObject yet", strings.ToLower(name))
		}
	}
	data, err := readBody(q, maxObject)
	if err != nil {
		return err
	}
	sum := md5.Sum(data)
	o := &object{bucket: q.bucket, key: q.key, blob: "s3/" + a.IDs.UUID(), size: int64(len(data)), etag: hex.EncodeToString(sum[:]),
		contentType: q.r.Header.Get("Content-Type"), headers: keep(q.r.Header)}
	if o.contentType == "" {
		o.contentType = "binary/octet-stream"
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		if err := a.replace(ctx, tx, o, q.r.Header); err != nil {
			return err
		}
		if err := blob.Put(ctx, tx, o.blob, data); err != nil {
			return err
		}
		return a.notify(ctx, tx, q, b, change{event: "ObjectCreated:Put", object: o})
	})
	if err != nil {
		return err
	}
	q.Header().Set("Etag", `"`+o.etag+`"`)
	q.WriteHeader(http.StatusOK)
	return nil
}

func keep(h http.Header) map[string]string {
	m := map[string]string{}
	for _, name := range kept {
		if v := h.Get(name); v != "" {
			m[name] = v
		}
	}
	for name := range h {
		if strings.HasPrefix(name, "X-Amz-Meta-") {
			m[name] = h.Get(name)
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

// replace writes the object's row, with the conditions of the request, and drops the bytes of the one before.
func (a *API) replace(ctx context.Context, tx *postgres.Tx, o *object, h http.Header) error {
	var old, etag string
	err := tx.QueryRow(ctx, `SELECT blob, etag FROM s3.objects WHERE bucket = $1 AND key = $2 FOR UPDATE`, o.bucket, o.key).Scan(&old, &etag)
	missing := errors.Is(err, pgx.ErrNoRows)
	if err != nil && !missing {
		return err
	}
	match := strings.Trim(h.Get("If-Match"), `"`)
	switch {
	case h.Get("If-None-Match") == "*" && !missing, match != "" && !missing && match != etag:
		return wire.Errorf(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case match != "" && missing:
		return noKey()
	}
	if !missing {
		if err := blob.Delete(ctx, tx, old); err != nil {
			return err
		}
	}
	o.modified = tx.Now
	_, err = tx.Exec(ctx, `INSERT INTO s3.objects VALUES (@bucket, @key, @blob, @size, @etag, @type, @headers, @now)
		ON CONFLICT (bucket, key) DO UPDATE SET blob = excluded.blob, size = excluded.size, etag = excluded.etag,
			content_type = excluded.content_type, headers = excluded.headers, modified = excluded.modified`,
		pgx.NamedArgs{"bucket": o.bucket, "key": o.key, "blob": o.blob, "size": o.size, "etag": o.etag, "type": o.contentType,
			"headers": o.headers, "now": o.modified})
	return err
}

func (a *API) object(ctx context.Context, bucket, key string) (*object, error) {
	if _, err := a.bucket(ctx, bucket); err != nil {
		return nil, err
	}
	o := &object{bucket: bucket, key: key}
	err := a.DB.QueryRow(ctx, `SELECT blob, size, etag, content_type, headers, modified FROM s3.objects WHERE bucket = $1 AND key = $2`, bucket, key).
		Scan(&o.blob, &o.size, &o.etag, &o.contentType, &o.headers, &o.modified)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noKey()
	}
	return o, err
}

// getObject serves GET and HEAD; conditions and ranges are those of HTTP.
func (a *API) getObject(ctx context.Context, q *request) error {
	o, err := a.object(ctx, q.bucket, q.key)
	if err != nil {
		return err
	}
	data, err := blob.Get(ctx, a.DB, o.blob)
	if err != nil {
		return err
	}
	h := q.Header()
	for name, v := range o.headers {
		h.Set(name, v)
	}
	h.Set("Content-Type", o.contentType)
	h.Set("Etag", `"`+o.etag+`"`)
	for name, values := range q.r.URL.Query() {
		if override, ok := strings.CutPrefix(name, "response-"); ok {
			h.Set(override, values[0])
		}
	}
	http.ServeContent(q, q.r, "", o.modified, bytes.NewReader(data))
	return nil
}

// remove deletes one object, if it is there, with its event.
func (a *API) remove(ctx context.Context, tx *postgres.Tx, q *request, b *bucket, key string) error {
	var id string
	err := tx.QueryRow(ctx, `DELETE FROM s3.objects WHERE bucket = $1 AND key = $2 RETURNING blob`, b.name, key).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // no error, and no event either
	}
	if err != nil {
		return err
	}
	if err := blob.Delete(ctx, tx, id); err != nil {
		return err
	}
	return a.notify(ctx, tx, q, b, change{event: "ObjectRemoved:Delete", object: &object{bucket: b.name, key: key}, removed: true})
}

func (a *API) deleteObject(ctx context.Context, q *request) error {
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		return a.remove(ctx, tx, q, b, q.key)
	})
	if err == nil {
		q.WriteHeader(http.StatusNoContent)
	}
	return err
}

type deleted struct{ Key string }

func (a *API) deleteObjects(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	var in struct {
		Quiet  bool
		Object []struct{ Key, VersionId string }
	}
	if xml.Unmarshal(body, &in) != nil || len(in.Object) == 0 || len(in.Object) > maxBatch {
		return malformedXML()
	}
	out := struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
		Deleted []deleted
	}{}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		out.Deleted = nil
		for _, o := range in.Object {
			if err := a.remove(ctx, tx, q, b, o.Key); err != nil {
				return err
			}
			if !in.Quiet {
				out.Deleted = append(out.Deleted, deleted{o.Key})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return wire.WriteXML(q, http.StatusOK, out)
}

// Object reads an object for a service that fetches code. Errors are in S3's words, as Lambda repeats them.
func (a *API) Object(ctx context.Context, _, bucket, key string) ([]byte, error) {
	o, err := a.object(ctx, bucket, key)
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return nil, fmt.Errorf("S3 Error Code: %s. S3 Error Message: %s", f.Detail, f.Message)
	}
	if err != nil {
		return nil, err
	}
	return blob.Get(ctx, a.DB, o.blob)
}
