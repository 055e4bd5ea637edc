package s3

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// maxKeys is the greatest page of a listing.
const maxKeys = 1000

type entry struct {
	Key          string
	LastModified string
	ETag         string
	Size         int64
	Owner        *owner `xml:",omitempty"`
	StorageClass string
}

type owner struct{ ID string }

type commonPrefix struct{ Prefix string }

// listing is the answer of ListObjects and ListObjectsV2.
type listing struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name, Prefix          string
	Delimiter             string `xml:",omitempty"`
	MaxKeys               int
	KeyCount              *int    `xml:",omitempty"`
	Marker                *string `xml:",omitempty"`
	NextMarker            string  `xml:",omitempty"`
	ContinuationToken     string  `xml:",omitempty"`
	NextContinuationToken string  `xml:",omitempty"`
	StartAfter            string  `xml:",omitempty"`
	EncodingType          string  `xml:",omitempty"`
	IsTruncated           bool
	Contents              []entry
	CommonPrefixes        []commonPrefix

	owner *owner // of every entry; nil where the client does not want to know
}

func (a *API) listObjects(ctx context.Context, q *request) error {
	v := q.query
	most, err := pageSize(v.Get("max-keys"), "maxKeys")
	if err != nil {
		return err
	}
	out := &listing{Name: q.bucket, Prefix: v.Get("prefix"), Delimiter: v.Get("delimiter"), MaxKeys: most, EncodingType: v.Get("encoding-type")}
	if out.EncodingType != "" && out.EncodingType != "url" {
		return argument("InvalidArgument", "Invalid Encoding Method specified in Request", map[string]string{"ArgumentName": "encoding-type", "ArgumentValue": out.EncodingType})
	}
	after := v.Get("marker")
	v2 := v.Get("list-type") == "2"
	if v2 {
		after = v.Get("start-after")
		out.StartAfter, out.ContinuationToken = after, v.Get("continuation-token")
		if out.ContinuationToken != "" {
			text, err := base64.StdEncoding.DecodeString(out.ContinuationToken)
			if err != nil {
				return wire.Errorf(http.StatusBadRequest, "InvalidArgument", "The continuation token provided is incorrect")
			}
			after = string(text)
		}
	}
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	if !v2 || v.Get("fetch-owner") == "true" {
		out.owner = &owner{ownerID(b.account)}
	}
	last, err := a.fill(ctx, out, after)
	if err != nil {
		return err
	}
	count := len(out.Contents) + len(out.CommonPrefixes)
	if v2 {
		out.KeyCount = &count
		if out.IsTruncated {
			out.NextContinuationToken = base64.StdEncoding.EncodeToString([]byte(last))
		}
	} else {
		out.Marker = &after
		if out.IsTruncated {
			out.NextMarker = last
		}
	}
	out.encode()
	return wire.WriteXML(q, http.StatusOK, out)
}

// beyond is a key after every key that begins with a prefix.
func beyond(prefix string) string { return prefix + "\U0010FFFF" }

// fill reads objects until the page is full, putting those below a delimiter together. It returns the last key or prefix.
func (a *API) fill(ctx context.Context, out *listing, after string) (last string, err error) {
	if prefix, ok := common(out.Prefix, out.Delimiter, after); ok && prefix == after {
		after = beyond(prefix) // the page before ended with it
	}
	for {
		rows, err := a.DB.Query(ctx, `SELECT key, size, etag, modified FROM s3.objects
			WHERE bucket = @bucket AND latest AND NOT marker AND key > @after AND starts_with(key, @prefix) ORDER BY key LIMIT @limit`,
			pgx.NamedArgs{"bucket": out.Name, "after": after, "prefix": out.Prefix, "limit": maxKeys + 1})
		if err != nil {
			return "", err
		}
		page, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o object, err error) {
			err = row.Scan(&o.key, &o.size, &o.etag, &o.modified)
			return o, err
		})
		if err != nil || len(page) == 0 {
			return last, err
		}
		skipped := ""
		for _, o := range page {
			if skipped != "" && strings.HasPrefix(o.key, skipped) {
				continue
			}
			if len(out.Contents)+len(out.CommonPrefixes) >= out.MaxKeys {
				out.IsTruncated = out.MaxKeys > 0
				return last, nil
			}
			skipped = ""
			if prefix, ok := common(out.Prefix, out.Delimiter, o.key); ok {
				skipped, last = prefix, prefix
				out.CommonPrefixes = append(out.CommonPrefixes, commonPrefix{prefix})
				continue
			}
			last = o.key
			out.Contents = append(out.Contents, entry{o.key, stamp(o.modified), `"` + o.etag + `"`, o.size, out.owner, "STANDARD"})
		}
		after = page[len(page)-1].key
		if skipped != "" {
			after = beyond(skipped)
		}
	}
}

// encode percent-encodes keys where the client asked for it: XML cannot carry every character.
func (l *listing) encode() {
	if l.EncodingType != "url" {
		return
	}
	enc := eventKey // the same encoding
	l.Prefix, l.Delimiter, l.StartAfter, l.NextMarker = enc(l.Prefix), enc(l.Delimiter), enc(l.StartAfter), enc(l.NextMarker)
	if l.Marker != nil {
		marker := enc(*l.Marker)
		l.Marker = &marker
	}
	for i := range l.Contents {
		l.Contents[i].Key = enc(l.Contents[i].Key)
	}
	for i := range l.CommonPrefixes {
		l.CommonPrefixes[i].Prefix = enc(l.CommonPrefixes[i].Prefix)
	}
}
