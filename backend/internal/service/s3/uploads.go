package s3

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// pageSize reads how many entries a page of a list may have: at most a thousand.
func pageSize(text, name string) (int, error) {
	if text == "" {
		return maxKeys, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, argument("InvalidArgument", "Argument "+name+" must be an integer between 0 and 2147483647", map[string]string{"ArgumentName": name, "ArgumentValue": text})
	}
	return int(min(n, maxKeys)), nil
}

type listedUpload struct {
	Key                             string
	UploadID                        string `xml:"UploadId"`
	Initiator                       string `xml:"Initiator>ID"`
	Owner                           string `xml:"Owner>ID"`
	StorageClass                    string
	Initiated                       string
	ChecksumAlgorithm, ChecksumType string
}

type uploadList struct {
	XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket, KeyMarker  string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string `xml:",omitempty"`
	NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
	Prefix             string
	MaxUploads         int
	IsTruncated        bool
	Uploads            []listedUpload `xml:"Upload"`
}

func (a *API) listUploads(ctx context.Context, q *request) error {
	v := q.query
	if v.Get("delimiter") != "" {
		return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate the delimiter of ListMultipartUploads yet")
	}
	most, err := pageSize(v.Get("max-uploads"), "max-uploads")
	if err != nil {
		return err
	}
	if _, err := a.bucket(ctx, q.bucket); err != nil {
		return err
	}
	out := uploadList{Bucket: q.bucket, KeyMarker: v.Get("key-marker"), UploadIDMarker: v.Get("upload-id-marker"), Prefix: v.Get("prefix"), MaxUploads: most}
	after := out.UploadIDMarker
	if after == "" && out.KeyMarker != "" {
		after = "~" // beyond every id: uploads of the marker's own key are left out
	}
	found, err := a.DB.Query(ctx, `SELECT `+uploadColumns+` FROM s3.uploads
		WHERE bucket = @bucket AND starts_with(key, @prefix) AND (key, id COLLATE "C") > (@key, @id) ORDER BY key, id COLLATE "C" LIMIT @limit`,
		pgx.NamedArgs{"bucket": q.bucket, "prefix": out.Prefix, "key": out.KeyMarker, "id": after, "limit": most + 1})
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(found, scanUpload)
	if err != nil {
		return err
	}
	if out.IsTruncated = len(list) > most && most > 0; len(list) > most {
		list = list[:most]
	}
	for _, u := range list {
		out.Uploads = append(out.Uploads, listedUpload{Key: u.key, UploadID: u.id, Initiator: ownerID(u.initiator), Owner: ownerID(u.initiator), StorageClass: "STANDARD",
			Initiated: stamp(u.created), ChecksumAlgorithm: u.algorithm, ChecksumType: u.checksumType})
		if out.IsTruncated {
			out.NextKeyMarker, out.NextUploadIDMarker = u.key, u.id
		}
	}
	return wire.WriteXML(q, http.StatusOK, out)
}

type listedStoredPart struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
	Checksum     checksumElement
}

type partList struct {
	XMLName                         xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
	Bucket, Key                     string
	UploadID                        string `xml:"UploadId"`
	Initiator                       string `xml:"Initiator>ID"`
	Owner                           string `xml:"Owner>ID"`
	StorageClass                    string
	PartNumberMarker                string
	NextPartNumberMarker            int `xml:",omitempty"`
	MaxParts                        int
	IsTruncated                     bool
	ChecksumAlgorithm, ChecksumType string
	Parts                           []listedStoredPart `xml:"Part"`
}

func (a *API) listParts(ctx context.Context, q *request) error {
	most, err := pageSize(q.query.Get("max-parts"), "max-parts")
	if err != nil {
		return err
	}
	var after int
	if text := q.query.Get("part-number-marker"); text != "" {
		if _, err := fmt.Sscanf(text, "%d", &after); err != nil || after < 0 {
			return argument("InvalidArgument", "Argument part-number-marker must be an integer between 0 and 2147483647", map[string]string{"ArgumentName": "part-number-marker", "ArgumentValue": text})
		}
	}
	u, err := theUpload(ctx, a.DB, q, "")
	if err != nil {
		return err
	}
	stored, err := partsOf(ctx, a.DB, u.id)
	if err != nil {
		return err
	}
	out := partList{Bucket: u.bucket, Key: u.key, UploadID: u.id, Initiator: ownerID(u.initiator), Owner: ownerID(u.initiator), StorageClass: "STANDARD",
		PartNumberMarker: fmt.Sprint(after), MaxParts: most, ChecksumAlgorithm: u.algorithm, ChecksumType: u.checksumType}
	for _, p := range stored {
		if p.number <= after {
			continue
		}
		if len(out.Parts) == most {
			out.IsTruncated = most > 0
			break
		}
		out.Parts = append(out.Parts, listedStoredPart{p.number, stamp(p.modified), `"` + p.etag + `"`, p.size, checksumElement{u.algorithm, p.checksum}})
		out.NextPartNumberMarker = p.number
	}
	return wire.WriteXML(q, http.StatusOK, out)
}
