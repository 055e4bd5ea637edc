package s3

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// listedPart is a part as CompleteMultipartUpload lists it.
type listedPart struct {
	PartNumber                                                                     int
	ETag                                                                           string
	ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 string
}

// checksum is the listed checksum of an algorithm.
func (p *listedPart) checksum(algorithm string) string {
	return map[string]string{"CRC32": p.ChecksumCRC32, "CRC32C": p.ChecksumCRC32C, "CRC64NVME": p.ChecksumCRC64NVME,
		"SHA1": p.ChecksumSHA1, "SHA256": p.ChecksumSHA256}[algorithm]
}

type completion struct {
	XMLName xml.Name     `xml:"CompleteMultipartUpload"`
	Parts   []listedPart `xml:"Part"`
}

type completed struct {
	XMLName      xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
	Location     string
	Bucket       string
	Key          string
	ETag         string
	Checksum     checksumElement
	ChecksumType string
}

// checksumElement is an element whose name depends on the algorithm: ChecksumCRC32 and so on.
type checksumElement struct{ algorithm, value string }

func (c checksumElement) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	return e.EncodeElement(c.value, xml.StartElement{Name: xml.Name{Local: "Checksum" + c.algorithm}})
}

// completeUpload makes an object of an upload's parts. No byte is copied: the object's bytes stay where the parts lie.
func (a *API) completeUpload(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	var in completion
	if xml.Unmarshal(body, &in) != nil || len(in.Parts) == 0 || len(in.Parts) > maxParts {
		return malformedXML()
	}
	var o *object
	var algorithm string
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "SHARE")
		if err != nil {
			return err
		}
		u, err := theUpload(ctx, tx, q, "FOR UPDATE")
		if err != nil {
			return err
		}
		algorithm = u.algorithm
		if o, err = assembled(ctx, tx, u, in.Parts); err != nil {
			return err
		}
		if err := promised(q.r.Header, u, o); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM s3.uploads WHERE id = $1`, u.id); err != nil {
			return err
		}
		return a.replace(ctx, tx, q, b, o, "ObjectCreated:CompleteMultipartUpload")
	})
	if err != nil {
		return err
	}
	o.answerVersion(q.Header())
	return wire.WriteXML(q, http.StatusOK, completed{Location: "http://" + q.r.Host + q.r.URL.EscapedPath(), Bucket: o.bucket, Key: o.key, ETag: `"` + o.etag + `"`,
		Checksum: checksumElement{algorithm, o.headers[http.CanonicalHeaderKey(checksumPrefix+algorithm)]}, ChecksumType: o.headers[checksumPrefix+"Type"]})
}

// assembled puts the listed parts together, and drops the bytes of those that are not listed.
func assembled(ctx context.Context, tx *postgres.Tx, u *upload, listed []listedPart) (*object, error) {
	stored, err := partsOf(ctx, tx, u.id)
	if err != nil {
		return nil, err
	}
	parts, err := chosen(u, stored, listed)
	if err != nil {
		return nil, err
	}
	o := &object{bucket: u.bucket, key: u.key, contentType: u.contentType, headers: u.headers}
	for _, p := range parts {
		o.segments = append(o.segments, segment{p.blob, p.size})
		o.size += p.size
	}
	if o.etag, err = multipartTag(parts); err != nil {
		return nil, err
	}
	sum, err := combined(u.algorithm, u.checksumType, parts)
	if err != nil {
		return nil, err
	}
	o.setChecksum(u.algorithm, sum, u.checksumType)
	var unused []string
	for _, p := range stored {
		if !slices.ContainsFunc(parts, func(x part) bool { return x.number == p.number }) {
			unused = append(unused, p.blob)
		}
	}
	return o, blob.Delete(ctx, tx, unused...)
}

// chosen finds the stored parts that a client lists, and holds the list to S3's rules.
func chosen(u *upload, stored []part, listed []listedPart) ([]part, error) {
	byNumber := map[int]part{}
	for _, p := range stored {
		byNumber[p.number] = p
	}
	var parts []part
	for i, want := range listed {
		p, ok := byNumber[want.PartNumber]
		given := want.checksum(u.algorithm)
		switch {
		case i > 0 && want.PartNumber <= listed[i-1].PartNumber:
			return nil, &wire.Error{Status: http.StatusBadRequest, Code: "InvalidPartOrder", Fields: map[string]string{"UploadId": u.id},
				Message: "The list of parts was not in ascending order. Parts must be ordered by part number."}
		case !ok, strings.Trim(want.ETag, `"`) != p.etag, given != "" && given != p.checksum:
			return nil, &wire.Error{Status: http.StatusBadRequest, Code: "InvalidPart", Fields: map[string]string{"UploadId": u.id, "PartNumber": fmt.Sprint(want.PartNumber), "ETag": strings.Trim(want.ETag, `"`)},
				Message: "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."}
		case i < len(listed)-1 && p.size < minPart:
			return nil, &wire.Error{Status: http.StatusBadRequest, Code: "EntityTooSmall", Message: "Your proposed upload is smaller than the minimum allowed size",
				Fields: map[string]string{"ETag": p.etag, "PartNumber": fmt.Sprint(p.number), "ProposedSize": fmt.Sprint(p.size), "MinSizeAllowed": fmt.Sprint(minPart)}}
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// promised holds the object to what the request promises of it: a checksum of the whole, and its size.
func promised(h http.Header, u *upload, o *object) error {
	for _, name := range algorithms {
		given := h.Get(checksumPrefix + name)
		if given == "" {
			continue
		}
		have := o.headers[http.CanonicalHeaderKey(checksumPrefix+name)]
		if have != given && !strings.HasPrefix(have, given+"-") {
			return wire.Errorf(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToLower(name))
		}
	}
	if size := h.Get("X-Amz-Mp-Object-Size"); size != "" && size != fmt.Sprint(o.size) {
		return wire.Errorf(http.StatusBadRequest, "InvalidRequest", "The object size does not match the x-amz-mp-object-size header of upload %s", u.id)
	}
	return nil
}
