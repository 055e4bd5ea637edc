package s3

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// mostObjectTags is how many tags an object can have (S3 User Guide, categorizing your storage using tags).
const (
	mostObjectTags = 10
	tooManyTags    = "Object tags"
)

// tagHeader carries an object's tags, encoded like a query; under its name they are kept with the object too.
const tagHeader = "X-Amz-Tagging"

// headerTags checks the tags of a header and returns them in the form in which they are kept.
func headerTags(text string) (string, error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return "", argument("InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
			map[string]string{"ArgumentName": "x-amz-tagging", "ArgumentValue": text})
	}
	var list []tag
	for key, all := range values {
		for _, v := range all {
			list = append(list, tag{key, v})
		}
	}
	tags, err := checkTags(list, mostObjectTags, tooManyTags)
	return keptTags(tags), err
}

func keptTags(tags map[string]string) string {
	v := url.Values{}
	for key, value := range tags {
		v.Set(key, value)
	}
	return v.Encode()
}

func (o *object) tags() map[string]string {
	values, _ := url.ParseQuery(o.headers[tagHeader]) // as keptTags wrote them
	tags := map[string]string{}
	for key := range values {
		tags[key] = values.Get(key)
	}
	return tags
}

func (a *API) putObjectTagging(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	tags, err := readTags(body, mostObjectTags, tooManyTags)
	if err != nil {
		return err
	}
	if err := a.tag(ctx, q, tags, "ObjectTagging:Put"); err != nil {
		return err
	}
	q.WriteHeader(http.StatusOK)
	return nil
}

func (a *API) deleteObjectTagging(ctx context.Context, q *request) error {
	if err := a.tag(ctx, q, nil, "ObjectTagging:Delete"); err != nil {
		return err
	}
	q.WriteHeader(http.StatusNoContent)
	return nil
}

// tag replaces an object's tags, with the event.
func (a *API) tag(ctx context.Context, q *request, tags map[string]string, event string) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		if _, err := read(ctx, tx, q.bucket, q.key, q.version()); err != nil {
			return err
		}
		o, err := find(ctx, tx, q.bucket, q.key, q.version(), "FOR UPDATE")
		if err != nil {
			return err
		}
		o.headers[tagHeader] = keptTags(tags)
		if _, err := tx.Exec(ctx, `UPDATE s3.objects SET headers = $4 WHERE bucket = $1 AND key = $2 AND version = $3`, q.bucket, q.key, o.version, o.headers); err != nil {
			return err
		}
		o.answerVersion(q.Header())
		return a.notify(ctx, tx, q, b, change{event: event, object: o})
	})
}

func (a *API) getObjectTagging(ctx context.Context, q *request) error {
	o, _, err := a.object(ctx, q)
	if err != nil {
		return err
	}
	o.answerVersion(q.Header())
	tags := o.tags()
	out := tagging{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, tag{key, tags[key]})
	}
	return wire.WriteXML(q, http.StatusOK, out)
}
