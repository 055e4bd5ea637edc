package s3

import (
	"context"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// mostTags is how many tags a bucket can have (S3 user guide, "Using cost allocation S3 bucket tags").
const mostTags = 50

type tag struct {
	Key   string
	Value string
}

type tagging struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

// readTags holds a tag set to S3's rules: names of 1 to 128 characters, each once; values of at most 256.
func readTags(body []byte, most int, tooMany string) (map[string]string, error) {
	var in struct {
		Tags []tag `xml:"TagSet>Tag"`
	}
	if xml.Unmarshal(body, &in) != nil {
		return nil, malformedXML()
	}
	return checkTags(in.Tags, most, tooMany)
}

func checkTags(list []tag, most int, tooMany string) (map[string]string, error) {
	if len(list) > most {
		return nil, wire.Errorf(http.StatusBadRequest, "BadRequest", tooMany+" cannot be greater than %d", most)
	}
	tags := map[string]string{}
	for _, t := range list {
		_, twice := tags[t.Key]
		switch n := utf8.RuneCountInString(t.Key); {
		case n < 1 || n > 128:
			return nil, argument("InvalidTag", "The TagKey you have provided is invalid", map[string]string{"TagKey": t.Key})
		case utf8.RuneCountInString(t.Value) > 256:
			return nil, argument("InvalidTag", "The TagValue you have provided is invalid", map[string]string{"TagValue": t.Value})
		case twice:
			return nil, argument("InvalidTag", "Cannot provide multiple Tags with the same key", map[string]string{"TagKey": t.Key})
		}
		tags[t.Key] = t.Value
	}
	return tags, nil
}

// putTagging replaces a bucket's tags. They are kept and given back; no condition key reads them.
func (a *API) putTagging(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	tags, err := readTags(body, mostTags, "Bucket tag count")
	if err == nil {
		err = a.setTags(ctx, q, tags)
	}
	return err
}

func (a *API) setTags(ctx context.Context, q *request, tags map[string]string) error {
	done, err := a.DB.Exec(ctx, `UPDATE s3.buckets SET tags = $2 WHERE name = $1`, q.bucket, tags)
	if err != nil {
		return err
	}
	if done.RowsAffected() == 0 {
		return noBucket()
	}
	q.WriteHeader(http.StatusNoContent)
	return nil
}

func (a *API) getTagging(ctx context.Context, q *request) error {
	if _, err := a.bucket(ctx, q.bucket); err != nil {
		return err
	}
	var tags map[string]string
	if err := a.DB.QueryRow(ctx, `SELECT tags FROM s3.buckets WHERE name = $1`, q.bucket).Scan(&tags); err != nil {
		return err
	}
	if len(tags) == 0 {
		return &wire.Error{Status: http.StatusNotFound, Code: "NoSuchTagSet", Message: "The TagSet does not exist", Fields: map[string]string{"BucketName": q.bucket}}
	}
	out := tagging{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out.Tags = append(out.Tags, tag{key, tags[key]})
	}
	return wire.WriteXML(q, http.StatusOK, out)
}

func (a *API) deleteTagging(ctx context.Context, q *request) error {
	return a.setTags(ctx, q, map[string]string{})
}
