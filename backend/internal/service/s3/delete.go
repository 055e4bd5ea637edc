package s3

import (
	"context"
	"encoding/xml"
	"net/http"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// maxBatch is how many keys a DeleteObjects may name.
const maxBatch = 1000

// remove deletes a key, or one version of it, with its event: it returns what was deleted, or the marker that was made; nil for
// nothing. match is an entity tag that the object must have, "" for any.
func (a *API) remove(ctx context.Context, tx *postgres.Tx, q *request, b *bucket, key, version, match string) (*object, error) {
	latest, err := find(ctx, tx, b.name, key, "", "FOR UPDATE")
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if match != "" && latest != nil && !sameTag(match, latest.etag) {
		return nil, failedCondition("If-Match")
	}
	if version == "" && b.versioning != "" {
		return a.mark(ctx, tx, q, b, key)
	}
	if latest == nil {
		return nil, nil // no error, and no event either
	}
	o := latest
	if version != "" && version != latest.version {
		if o, err = find(ctx, tx, b.name, key, version, "FOR UPDATE"); isMissing(err) {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
	}
	if err := erase(ctx, tx, b, o); err != nil {
		return nil, err
	}
	return o, a.notify(ctx, tx, q, b, change{event: removedForGood, object: o})
}

// erase deletes one version for good. The one before the latest takes its place. The number of the change is the object's.
func erase(ctx context.Context, tx *postgres.Tx, b *bucket, o *object) error {
	err := tx.QueryRow(ctx, `DELETE FROM s3.objects WHERE bucket = $1 AND key = $2 AND version = $3 RETURNING nextval('s3.changes')`, o.bucket, o.key, o.version).Scan(&o.seq)
	if err != nil {
		return err
	}
	if o.latest && b.versioning != "" {
		if _, err := tx.Exec(ctx, `UPDATE s3.objects SET latest = true WHERE bucket = $1 AND key = $2 AND seq =
			(SELECT max(seq) FROM s3.objects WHERE bucket = $1 AND key = $2)`, o.bucket, o.key); err != nil {
			return err
		}
	}
	return blob.Delete(ctx, tx, o.blobs()...)
}

// mark puts a delete marker over a key, also over one that was never there.
func (a *API) mark(ctx context.Context, tx *postgres.Tx, q *request, b *bucket, key string) (*object, error) {
	o := &object{bucket: b.name, key: key, etag: emptyTag, marker: true, modified: tx.Now, version: a.newVersion(b)}
	old, err := hold(ctx, tx, o)
	if err == nil && old != nil {
		err = supersede(ctx, tx, old, o)
	}
	if err != nil {
		return nil, err
	}
	return o, a.notify(ctx, tx, q, b, change{event: markedDeleted, object: o})
}

func (a *API) deleteObject(ctx context.Context, q *request) error {
	var gone *object
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		gone, err = a.remove(ctx, tx, q, b, q.key, q.version(), q.r.Header.Get("If-Match"))
		return err
	})
	if err != nil {
		return err
	}
	if version := q.version(); version != "" {
		q.Header().Set("X-Amz-Version-Id", version)
	}
	if gone != nil {
		gone.answerVersion(q.Header())
	}
	q.WriteHeader(http.StatusNoContent)
	return nil
}

type deleted struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type undeleted struct {
	Key           string
	VersionID     string `xml:"VersionId,omitempty"`
	Code, Message string
}

// deletion is the body of DeleteObjects.
type deletion struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Object  []struct {
		Key       string
		VersionID string `xml:"VersionId"`
		ETag      string
	}
}

// deleteObjects deletes many objects. Each needs its own permission, and what may not be deleted is an error of its own.
func (a *API) deleteObjects(ctx context.Context, q *request) error {
	if q.r.Header.Get("Content-Md5") == "" && sentChecksum(q.r.Header) == "" {
		return wire.Errorf(http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: Content-MD5")
	}
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	var in deletion
	if xml.Unmarshal(body, &in) != nil || len(in.Object) == 0 || len(in.Object) > maxBatch {
		return malformedXML()
	}
	out := struct {
		XMLName xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
		Deleted []deleted   `xml:"Deleted"`
		Errors  []undeleted `xml:"Error"`
	}{}
	for _, o := range in.Object {
		gone, err := a.deleteOne(ctx, q, o.Key, o.VersionID, o.ETag)
		if err == nil {
			if !in.Quiet {
				out.Deleted = append(out.Deleted, told(o.Key, o.VersionID, gone))
			}
			continue
		}
		e := a.toAWS(ctx, q, err)
		if e.Code == "NoSuchBucket" {
			return e
		}
		out.Errors = append(out.Errors, undeleted{o.Key, o.VersionID, e.Code, e.Message})
	}
	return wire.WriteXML(q, http.StatusOK, out)
}

// told is what DeleteObjects says of a key: the version that it was to delete, and the marker that it made or deleted.
func told(key, version string, gone *object) deleted {
	d := deleted{Key: key, VersionID: version}
	if gone != nil && gone.marker {
		d.DeleteMarker, d.DeleteMarkerVersionID = true, gone.version
	}
	return d
}

func (a *API) deleteOne(ctx context.Context, q *request, key, version, match string) (gone *object, err error) {
	if err := validKey(key); err != nil {
		return nil, err
	}
	action := "s3:DeleteObject"
	if version != "" {
		if err := checkVersion(version); err != nil {
			return nil, err
		}
		action = "s3:DeleteObjectVersion"
	}
	if err := a.may(ctx, q, action, q.bucket, key); err != nil {
		return nil, err
	}
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err == nil {
			gone, err = a.remove(ctx, tx, q, b, key, version, match)
		}
		return err
	})
	return gone, err
}
