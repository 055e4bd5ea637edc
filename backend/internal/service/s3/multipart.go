package s3

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of multipart uploads (Amazon S3 multipart upload limits).
const (
	maxParts = 10000
	minPart  = 5 << 20 // bytes, of every part but the last
)

// upload is a multipart upload in progress.
type upload struct {
	id, bucket, key, initiator string
	contentType                string
	headers                    map[string]string
	algorithm, checksumType    string
	created                    time.Time
}

// part is one part of an upload.
type part struct {
	number                 int
	blob                   string
	size                   int64
	etag, checksum, upload string
	modified               time.Time
}

func noUpload() error {
	return wire.Errorf(http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
}

const uploadColumns = `id, bucket, key, initiator, content_type, headers, algorithm, checksum_type, created`

func scanUpload(row pgx.CollectableRow) (*upload, error) {
	u := &upload{}
	err := row.Scan(&u.id, &u.bucket, &u.key, &u.initiator, &u.contentType, &u.headers, &u.algorithm, &u.checksumType, &u.created)
	return u, err
}

// rows is the database, or a transaction.
type rows interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// theUpload reads the upload that a request names; lock is "" or a locking clause.
func theUpload(ctx context.Context, db rows, q *request, lock string) (*upload, error) {
	found, err := db.Query(ctx, `SELECT `+uploadColumns+` FROM s3.uploads WHERE id = @id AND bucket = @bucket AND key = @key `+lock,
		pgx.NamedArgs{"id": q.query.Get("uploadId"), "bucket": q.bucket, "key": q.key})
	if err != nil {
		return nil, err
	}
	u, err := pgx.CollectExactlyOneRow(found, scanUpload)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noUpload()
	}
	return u, err
}

func partsOf(ctx context.Context, db rows, id string) ([]part, error) {
	found, err := db.Query(ctx, `SELECT number, blob, size, etag, checksum, upload, modified FROM s3.parts WHERE upload = $1 ORDER BY number`, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, func(row pgx.CollectableRow) (p part, err error) {
		err = row.Scan(&p.number, &p.blob, &p.size, &p.etag, &p.checksum, &p.upload, &p.modified)
		return p, err
	})
}

type initiated struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
	Bucket   string
	Key      string
	UploadID string `xml:"UploadId"`
}

func (a *API) createUpload(ctx context.Context, q *request) error {
	o, err := described(q)
	if err != nil {
		return err
	}
	algorithm, kind, err := uploadChecksum(q.r.Header)
	if err != nil {
		return err
	}
	id := a.IDs.Hex(64)
	err = a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockBucket(ctx, tx, q.bucket, "SHARE"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO s3.uploads (`+uploadColumns+`)
			VALUES (@id, @bucket, @key, @initiator, @type, @headers, @algorithm, @kind, @now)`,
			pgx.NamedArgs{"id": id, "bucket": q.bucket, "key": q.key, "initiator": q.call.Account, "type": o.contentType, "headers": o.headers,
				"algorithm": algorithm, "kind": kind, "now": tx.Now})
		return err
	})
	if err != nil {
		return err
	}
	q.Header().Set(checksumPrefix+"Algorithm", algorithm)
	q.Header().Set(checksumPrefix+"Type", kind)
	return wire.WriteXML(q, http.StatusOK, initiated{Bucket: q.bucket, Key: q.key, UploadID: id})
}

// partNumber reads the number of a part.
func partNumber(q *request) (int, error) {
	n, err := strconv.Atoi(q.query.Get("partNumber"))
	if err != nil || n < 1 || n > maxParts {
		return 0, argument("InvalidArgument", fmt.Sprintf("Part number must be an integer between 1 and %d, inclusive", maxParts),
			map[string]string{"ArgumentName": "partNumber", "ArgumentValue": q.query.Get("partNumber")})
	}
	return n, nil
}

func (a *API) uploadPart(ctx context.Context, q *request) error {
	n, err := partNumber(q)
	if err != nil {
		return err
	}
	u, err := theUpload(ctx, a.DB, q, "")
	if err != nil {
		return err
	}
	body, err := readBody(q, maxObject, u.algorithm)
	if err != nil {
		return err
	}
	defer body.close()
	p := &part{number: n}
	if err := a.storePart(ctx, q, p, body); err != nil {
		return err
	}
	q.Header().Set("Etag", `"`+p.etag+`"`)
	q.Header().Set(checksumPrefix+u.algorithm, p.checksum)
	q.WriteHeader(http.StatusOK)
	return nil
}

// uploadPartCopy makes a part of another object, or of a range of it.
func (a *API) uploadPartCopy(ctx context.Context, q *request) error {
	n, err := partNumber(q)
	if err != nil {
		return err
	}
	u, err := theUpload(ctx, a.DB, q, "")
	if err != nil {
		return err
	}
	var body *spool
	for body == nil {
		o, err := a.source(ctx, q)
		if err != nil {
			return err
		}
		from, size, err := copyRange(q.r.Header.Get("X-Amz-Copy-Source-Range"), o.size)
		if err != nil {
			return err
		}
		body, err = a.content(ctx, o, from, size, u.algorithm)
		if err != nil && !errors.Is(err, errReplaced) {
			return err
		}
	}
	defer body.close()
	p := &part{number: n}
	if err := a.storePart(ctx, q, p, body); err != nil {
		return err
	}
	return wire.WriteXML(q, http.StatusOK, copied{XMLName: xml.Name{Local: "CopyPartResult"}, ETag: `"` + p.etag + `"`, LastModified: stamp(p.modified)})
}

// copyRange reads x-amz-copy-source-range, which must lie within the source.
func copyRange(text string, size int64) (from, n int64, err error) {
	if text == "" {
		return 0, size, nil
	}
	first, last, ok := rangeBounds(text)
	if !ok || first < 0 || last < 0 {
		return 0, 0, argument("InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
			map[string]string{"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": text})
	}
	if last >= size {
		return 0, 0, argument("InvalidArgument", fmt.Sprintf("Range specified is not valid for source object of size: %d", size),
			map[string]string{"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": text})
	}
	return first, last - first + 1, nil
}

// storePart writes a part, in the place of one with its number.
func (a *API) storePart(ctx context.Context, q *request, p *part, body *spool) error {
	p.blob, p.size, p.etag, p.checksum = "s3/"+a.IDs.UUID(), body.size, body.etag(), body.checksum()
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := blob.Write(ctx, tx, p.blob, body.reader()); err != nil {
			return err
		}
		u, err := theUpload(ctx, tx, q, "FOR UPDATE") // after the bytes, so that parts are written side by side
		if err != nil {
			return err
		}
		args := pgx.NamedArgs{"upload": u.id, "number": p.number, "blob": p.blob, "size": p.size, "etag": p.etag, "checksum": p.checksum, "now": tx.Now}
		old, err := tx.Query(ctx, `DELETE FROM s3.parts WHERE upload = @upload AND number = @number RETURNING blob`, args)
		if err != nil {
			return err
		}
		blobs, err := pgx.CollectRows(old, pgx.RowTo[string])
		if err != nil {
			return err
		}
		if err := blob.Delete(ctx, tx, blobs...); err != nil {
			return err
		}
		p.modified = tx.Now
		_, err = tx.Exec(ctx, `INSERT INTO s3.parts VALUES (@upload, @number, @blob, @size, @etag, @checksum, @now)`, args)
		return err
	})
}

func (a *API) abortUpload(ctx context.Context, q *request) error {
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		u, err := theUpload(ctx, tx, q, "FOR UPDATE")
		if err != nil {
			return err
		}
		return forgetUploads(ctx, tx, `id = @id`, pgx.NamedArgs{"id": u.id})
	})
	if err == nil {
		q.WriteHeader(http.StatusNoContent)
	}
	return err
}

// forgetUploads drops uploads with the bytes of their parts.
func forgetUploads(ctx context.Context, tx *postgres.Tx, where string, args pgx.NamedArgs) error {
	_, err := tx.Exec(ctx, `DELETE FROM blob.pieces WHERE id IN (SELECT p.blob FROM s3.parts p JOIN s3.uploads u ON u.id = p.upload WHERE u.`+where+`)`, args)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM s3.uploads u WHERE u.`+where, args)
	}
	return err
}

// multipartTag is the entity tag of an object made of parts: the MD5 of their MD5s, and how many there are.
func multipartTag(parts []part) (string, error) {
	h := md5.New()
	for _, p := range parts {
		raw, err := hex.DecodeString(strings.Trim(p.etag, `"`))
		if err != nil {
			return "", fmt.Errorf("the stored entity tag of part %d: %w", p.number, err)
		}
		h.Write(raw)
	}
	return fmt.Sprintf("%x-%d", h.Sum(nil), len(parts)), nil
}
