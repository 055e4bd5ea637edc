package s3

import (
	"context"
	"encoding/xml"
	"math"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// listedVersion is a Version or a DeleteMarker, as its XMLName says.
type listedVersion struct {
	XMLName      xml.Name
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified string
	ETag         string `xml:",omitempty"`
	Size         *int64
	Owner        owner
	StorageClass string `xml:",omitempty"`
}

// versionListing is the answer of ListObjectVersions.
type versionListing struct {
	XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name, Prefix        string
	Delimiter           string `xml:",omitempty"`
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	Versions            []listedVersion
	CommonPrefixes      []commonPrefix
}

// listVersions lists every version of every key, the newest of a key first.
func (a *API) listVersions(ctx context.Context, q *request) error {
	v := q.query
	most, err := pageSize(v.Get("max-keys"), "maxKeys")
	if err != nil {
		return err
	}
	out := &versionListing{Name: q.bucket, Prefix: v.Get("prefix"), Delimiter: v.Get("delimiter"), KeyMarker: v.Get("key-marker"), VersionIDMarker: v.Get("version-id-marker"),
		MaxKeys: most, EncodingType: v.Get("encoding-type")}
	switch {
	case out.EncodingType != "" && out.EncodingType != "url":
		return argument("InvalidArgument", "Invalid Encoding Method specified in Request", map[string]string{"ArgumentName": "encoding-type", "ArgumentValue": out.EncodingType})
	case out.VersionIDMarker != "" && out.KeyMarker == "":
		return argument("InvalidArgument", "A version-id marker cannot be specified without a key marker.", map[string]string{"ArgumentName": "version-id-marker", "ArgumentValue": out.VersionIDMarker})
	case out.VersionIDMarker != "":
		if err := checkVersion(out.VersionIDMarker); err != nil {
			return err
		}
	}
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	if err := a.fillVersions(ctx, out, owner{ownerID(b.account)}); err != nil {
		return err
	}
	out.encode()
	return wire.WriteXML(q, http.StatusOK, out)
}

// fillVersions reads versions until the page is full, putting those below a delimiter together.
func (a *API) fillVersions(ctx context.Context, out *versionListing, by owner) error {
	after, before, err := a.begin(ctx, out)
	if err != nil || out.MaxKeys == 0 {
		return err
	}
	for {
		page, err := a.versionPage(ctx, out, after, before)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			o := &page[i]
			prefix, grouped := common(out.Prefix, out.Delimiter, o.key)
			if n := len(out.CommonPrefixes); grouped && n > 0 && out.CommonPrefixes[n-1].Prefix == prefix {
				continue
			}
			if len(out.Versions)+len(out.CommonPrefixes) == out.MaxKeys {
				out.IsTruncated = true
				return nil
			}
			if grouped {
				out.CommonPrefixes = append(out.CommonPrefixes, commonPrefix{prefix})
				out.NextKeyMarker, out.NextVersionIDMarker = prefix, ""
				continue
			}
			out.Versions = append(out.Versions, o.listed(by))
			out.NextKeyMarker, out.NextVersionIDMarker = o.key, o.version
		}
		last := page[len(page)-1]
		if after, before = last.key, last.seq; out.NextVersionIDMarker == "" {
			after, before = beyond(out.NextKeyMarker), 0
		}
	}
}

// versionPage reads versions after a key, and those of the key itself that are older than a change.
func (a *API) versionPage(ctx context.Context, out *versionListing, after string, before int64) ([]object, error) {
	rows, err := a.DB.Query(ctx, `SELECT key, version, size, etag, modified, marker, latest, seq FROM s3.objects
		WHERE bucket = @bucket AND (key > @after OR key = @after AND seq < @before) AND starts_with(key, @prefix) ORDER BY key, seq DESC LIMIT @limit`,
		pgx.NamedArgs{"bucket": out.Name, "after": after, "before": before, "prefix": out.Prefix, "limit": out.MaxKeys + 1})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (o object, err error) {
		err = row.Scan(&o.key, &o.version, &o.size, &o.etag, &o.modified, &o.marker, &o.latest, &o.seq)
		return o, err
	})
}

// begin is where a page begins: after a key, or within its versions before a change.
func (a *API) begin(ctx context.Context, out *versionListing) (after string, before int64, err error) {
	if prefix, ok := common(out.Prefix, out.Delimiter, out.KeyMarker); ok && prefix == out.KeyMarker {
		return beyond(prefix), 0, nil // the page before ended with it
	}
	if out.KeyMarker == "" {
		return "", math.MaxInt64, nil
	}
	if out.VersionIDMarker == "" {
		return out.KeyMarker, 0, nil
	}
	o, err := find(ctx, a.DB, out.Name, out.KeyMarker, out.VersionIDMarker, "")
	if isMissing(err) {
		return out.KeyMarker, 0, nil
	}
	if err != nil {
		return "", 0, err
	}
	return out.KeyMarker, o.seq, nil
}

func (o *object) listed(by owner) listedVersion {
	l := listedVersion{XMLName: xml.Name{Local: "Version"}, Key: o.key, VersionID: o.version, IsLatest: o.latest, LastModified: stamp(o.modified), Owner: by}
	if o.marker {
		l.XMLName.Local = "DeleteMarker"
		return l
	}
	l.ETag, l.Size, l.StorageClass = `"`+o.etag+`"`, &o.size, "STANDARD"
	return l
}

// common is the part of a key up to the delimiter after the prefix.
func common(prefix, delimiter, key string) (string, bool) {
	if delimiter == "" || !strings.HasPrefix(key, prefix) {
		return "", false
	}
	i := strings.Index(key[len(prefix):], delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(prefix)+i+len(delimiter)], true
}

// encode percent-encodes keys where the client asked for it, and leaves out where the next page begins when there is none.
func (l *versionListing) encode() {
	if !l.IsTruncated {
		l.NextKeyMarker, l.NextVersionIDMarker = "", ""
	}
	if l.EncodingType != "url" {
		return
	}
	for _, text := range []*string{&l.Prefix, &l.Delimiter, &l.KeyMarker, &l.NextKeyMarker} {
		*text = eventKey(*text)
	}
	for i := range l.Versions {
		l.Versions[i].Key = eventKey(l.Versions[i].Key)
	}
	for i := range l.CommonPrefixes {
		l.CommonPrefixes[i].Prefix = eventKey(l.CommonPrefixes[i].Prefix)
	}
}
