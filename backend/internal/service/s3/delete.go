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

// remove deletes one object, if it is there, with its event. match is an entity tag that it must have, "" for any.
func (a *API) remove(ctx context.Context, tx *postgres.Tx, q *request, b *bucket, key, match string) error {
	o, err := find(ctx, tx, b.name, key, "FOR UPDATE")
	if fault.Is(err, fault.NotFound) {
		return nil // no error, and no event either
	}
	if err != nil {
		return err
	}
	if match != "" && !sameTag(match, o.etag) {
		return failedCondition("If-Match")
	}
	if _, err := tx.Exec(ctx, `DELETE FROM s3.objects WHERE bucket = $1 AND key = $2`, b.name, key); err != nil {
		return err
	}
	if err := blob.Delete(ctx, tx, o.blobs()...); err != nil {
		return err
	}
	return a.notify(ctx, tx, q, b, change{event: removedForGood, object: &object{bucket: b.name, key: key}})
}

func (a *API) deleteObject(ctx context.Context, q *request) error {
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		return a.remove(ctx, tx, q, b, q.key, q.r.Header.Get("If-Match"))
	})
	if err == nil {
		q.WriteHeader(http.StatusNoContent)
	}
	return err
}

type deleted struct{ Key string }

type undeleted struct{ Key, Code, Message string }

// deletion is the body of DeleteObjects.
type deletion struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Object  []struct{ Key, VersionId, ETag string }
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
	for _, o := range in.Object {
		if o.VersionId != "" && o.VersionId != "null" {
			return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate versions of S3 objects yet: leave out the VersionId of %s", o.Key)
		}
	}
	out := struct {
		XMLName xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
		Deleted []deleted   `xml:"Deleted"`
		Errors  []undeleted `xml:"Error"`
	}{}
	for _, o := range in.Object {
		err := a.deleteOne(ctx, q, o.Key, o.ETag)
		if err == nil {
			if !in.Quiet {
				out.Deleted = append(out.Deleted, deleted{o.Key})
			}
			continue
		}
		e := a.toAWS(ctx, q, err)
		if e.Code == "NoSuchBucket" {
			return e
		}
		out.Errors = append(out.Errors, undeleted{o.Key, e.Code, e.Message})
	}
	return wire.WriteXML(q, http.StatusOK, out)
}

func (a *API) deleteOne(ctx context.Context, q *request, key, match string) error {
	if err := validKey(key); err != nil {
		return err
	}
	if err := a.may(ctx, q, "s3:DeleteObject", q.bucket, key); err != nil {
		return err
	}
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		return a.remove(ctx, tx, q, b, key, match)
	})
}
