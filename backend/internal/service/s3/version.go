package s3

import (
	"context"
	"errors"
	"net/http"
	"regexp"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// States of a bucket's versioning; it begins with neither.
const (
	enabled   = "Enabled"
	suspended = "Suspended"
)

// unversioned is the id of what is written while versioning is not enabled: a key has at most one such version.
const unversioned = "null"

// emptyTag is the entity tag of no bytes, which delete markers have.
const emptyTag = "d41d8cd98f00b204e9800998ecf8427e"

var versionForm = regexp.MustCompile(`^(null|[0-9a-f]{32})$`)

// checkVersion refuses an id that none can have.
func checkVersion(version string) error {
	switch {
	case version == "":
		return argument("InvalidArgument", "Version id cannot be the empty string", map[string]string{"ArgumentName": "versionId", "ArgumentValue": version})
	case !versionForm.MatchString(version):
		return argument("InvalidArgument", "Invalid version id specified", map[string]string{"ArgumentName": "versionId", "ArgumentValue": version})
	}
	return nil
}

// version is the id that a request names; "" for the latest.
func (q *request) version() string { return q.query.Get("versionId") }

// newVersion is the id of what is written to the bucket now.
func (a *API) newVersion(b *bucket) string {
	if b.versioning == enabled {
		return a.IDs.Hex(32)
	}
	return unversioned
}

// querier is the database, or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const objectColumns = `segments, size, etag, content_type, headers, modified, version, marker, latest, seq`

// find reads one version of a key, delete markers among them, or with "" its latest; lock is "" or a locking clause.
func find(ctx context.Context, db querier, bucket, key, version, lock string) (*object, error) {
	o := &object{bucket: bucket, key: key}
	where := ` AND latest `
	args := []any{bucket, key}
	if version != "" {
		where, args = ` AND version = $3 `, append(args, version)
	}
	err := db.QueryRow(ctx, `SELECT `+objectColumns+` FROM s3.objects WHERE bucket = $1 AND key = $2`+where+lock, args...).
		Scan(&o.segments, &o.size, &o.etag, &o.contentType, &o.headers, &o.modified, &o.version, &o.marker, &o.latest, &o.seq)
	if errors.Is(err, pgx.ErrNoRows) {
		if version != "" {
			return nil, &wire.Error{Status: http.StatusNotFound, Code: "NoSuchVersion", Message: "The specified version does not exist.",
				Fields: map[string]string{"Key": key, "VersionId": version}}
		}
		return nil, noKey()
	}
	return o, err
}

// isMissing reports whether an error of find says that there is no such object or version.
func isMissing(err error) bool {
	e, ok := errors.AsType[*wire.Error](err)
	return fault.Is(err, fault.NotFound) || ok && e.Code == "NoSuchVersion"
}

// read finds what a request for an object is about. A delete marker is not there, or, asked for by its id, not to be read
// (S3 user guide, working with delete markers).
func read(ctx context.Context, db querier, bucket, key, version string) (*object, error) {
	o, err := find(ctx, db, bucket, key, version, "")
	if err != nil || !o.marker {
		return o, err
	}
	e := &wire.Error{Status: http.StatusNotFound, Code: "NoSuchKey", Message: "The specified key does not exist.", Fields: map[string]string{"Key": key},
		Headers: map[string]string{"X-Amz-Delete-Marker": "true", "X-Amz-Version-Id": o.version}}
	if version != "" {
		e.Status, e.Code, e.Message = http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource."
		e.Headers["Allow"], e.Headers["Last-Modified"] = http.MethodDelete, o.modified.UTC().Format(http.TimeFormat)
		e.Fields = map[string]string{"Method": http.MethodGet, "ResourceType": "DeleteMarker"}
	}
	return nil, e
}

// object finds what a request is about, in a bucket that must be there.
func (a *API) object(ctx context.Context, q *request) (*object, *bucket, error) {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return nil, nil, err
	}
	o, err := read(ctx, a.DB, q.bucket, q.key, q.version())
	return o, b, err
}

// answerVersion says which version was written, where the bucket has versions.
func (o *object) answerVersion(h http.Header) {
	if o.version != unversioned {
		h.Set("X-Amz-Version-Id", o.version)
	}
	if o.marker {
		h.Set("X-Amz-Delete-Marker", "true")
	}
}

// replace makes an object the latest version of its key, under the conditions of the request, and accepts the events.
func (a *API) replace(ctx context.Context, tx *postgres.Tx, q *request, b *bucket, o *object, event string) error {
	o.modified, o.version = tx.Now, a.newVersion(b)
	old, err := hold(ctx, tx, o)
	if err != nil {
		return err
	}
	if err := precondition(q.r.Header, old); err != nil {
		return err
	}
	if old != nil {
		if err := supersede(ctx, tx, old, o); err != nil {
			return err
		}
	}
	return a.notify(ctx, tx, q, b, change{event: event, object: o})
}

func (o *object) arguments() pgx.NamedArgs {
	if o.segments == nil {
		o.segments = []segment{}
	}
	if o.headers == nil {
		o.headers = map[string]string{}
	}
	return pgx.NamedArgs{"bucket": o.bucket, "key": o.key, "segments": o.segments, "size": o.size, "etag": o.etag, "type": o.contentType,
		"headers": o.headers, "now": o.modified, "version": o.version, "marker": o.marker}
}

const insertObject = `INSERT INTO s3.objects (bucket, key, segments, size, etag, content_type, headers, modified, version, marker)
	VALUES (@bucket, @key, @segments, @size, @etag, @type, @headers, @now, @version, @marker)`

// hold writes an object whose key has no version yet. Otherwise it writes nothing, and returns the latest version, locked. Where
// two write a new key at once, one row is first and the other sees it.
func hold(ctx context.Context, tx *postgres.Tx, o *object) (latest *object, err error) {
	for {
		err := tx.QueryRow(ctx, insertObject+` ON CONFLICT DO NOTHING RETURNING seq`, o.arguments()).Scan(&o.seq)
		if !errors.Is(err, pgx.ErrNoRows) {
			return nil, err
		}
		latest, err := find(ctx, tx, o.bucket, o.key, "", "FOR UPDATE")
		if !fault.Is(err, fault.NotFound) {
			return latest, err
		} // one that went between the two statements is looked for again
	}
}

// supersede writes an object over the latest version, which is locked. What has no version of its own replaces what had none.
func supersede(ctx context.Context, tx *postgres.Tx, old, o *object) error {
	args := o.arguments()
	if o.version == unversioned && old.version == unversioned {
		if err := blob.Delete(ctx, tx, old.blobs()...); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `UPDATE s3.objects SET segments = @segments, size = @size, etag = @etag, content_type = @type, headers = @headers, modified = @now,
			marker = @marker, seq = nextval('s3.changes') WHERE bucket = @bucket AND key = @key AND version = @version RETURNING seq`, args).Scan(&o.seq)
	}
	if o.version == unversioned {
		if err := drop(ctx, tx, o.bucket, o.key, unversioned); err != nil && !isMissing(err) {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `UPDATE s3.objects SET latest = false WHERE bucket = @bucket AND key = @key AND latest`, args); err != nil {
		return err
	}
	return tx.QueryRow(ctx, insertObject+` RETURNING seq`, args).Scan(&o.seq)
}

// drop deletes one version with its bytes.
func drop(ctx context.Context, tx *postgres.Tx, bucket, key, version string) error {
	o, err := find(ctx, tx, bucket, key, version, "FOR UPDATE")
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM s3.objects WHERE bucket = $1 AND key = $2 AND version = $3`, bucket, key, version); err != nil {
		return err
	}
	return blob.Delete(ctx, tx, o.blobs()...)
}
