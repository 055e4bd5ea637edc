package s3

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// bucket is a bucket as it is stored.
type bucket struct {
	name, account, region string
	created               time.Time
	notifications         []notification
	eventBridge           bool   // all events go to EventBridge
	versioning            string // "", enabled or suspended
	policy                string // "" for none
	publicAccess          *publicAccess
}

func noBucket() error {
	return &fault.Error{Kind: fault.NotFound, Detail: "NoSuchBucket", Message: "The specified bucket does not exist"}
}

const bucketColumns = `name, account, region, created, notifications, event_bridge, versioning, policy, public_access`

func scanBucket(row pgx.CollectableRow) (*bucket, error) {
	b := &bucket{}
	err := row.Scan(&b.name, &b.account, &b.region, &b.created, &b.notifications, &b.eventBridge, &b.versioning, &b.policy, &b.publicAccess)
	return b, err
}

func (a *API) bucket(ctx context.Context, name string) (*bucket, error) {
	rows, err := a.DB.Query(ctx, `SELECT `+bucketColumns+` FROM s3.buckets WHERE name = $1`, name)
	if err != nil {
		return nil, err
	}
	return one(rows)
}

func one(rows pgx.Rows) (*bucket, error) {
	b, err := pgx.CollectExactlyOneRow(rows, scanBucket)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noBucket()
	}
	return b, err
}

// lockBucket reads a bucket and keeps it from changing until the transaction ends: share is enough for a put.
func lockBucket(ctx context.Context, tx *postgres.Tx, name, strength string) (*bucket, error) {
	rows, err := tx.Query(ctx, `SELECT `+bucketColumns+` FROM s3.buckets WHERE name = $1 FOR `+strength, name)
	if err != nil {
		return nil, err
	}
	return one(rows)
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// validName holds a name to the rules for general purpose buckets (S3 user guide).
func validName(name string) bool {
	_, err := netip.ParseAddr(name)
	return bucketName.MatchString(name) && !strings.Contains(name, "..") && err != nil && !strings.HasPrefix(name, "xn--")
}

func (a *API) createBucket(ctx context.Context, q *request) error {
	if err := refuseHeaders(q); err != nil {
		return err
	}
	if !validName(q.bucket) {
		return &wire.Error{Status: http.StatusBadRequest, Code: "InvalidBucketName", Message: "The specified bucket is not valid.", Fields: map[string]string{"BucketName": q.bucket}}
	}
	region := q.call.Region
	var in struct {
		XMLName            xml.Name `xml:"CreateBucketConfiguration"`
		LocationConstraint string
		Location, Bucket   *struct{}
		Tags               []struct{} `xml:"Tags>Tag"`
	}
	if body, err := readSmall(q); err != nil {
		return err
	} else if len(body) > 0 {
		if xml.Unmarshal(body, &in) != nil {
			return malformedXML()
		}
		if in.Location != nil || in.Bucket != nil || len(in.Tags) > 0 {
			return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate directory buckets and tags of CreateBucketConfiguration yet")
		}
		if in.LocationConstraint != "" && in.LocationConstraint != region {
			return wire.Errorf(http.StatusBadRequest, "IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", in.LocationConstraint)
		}
	}
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO s3.buckets (name, account, region, created, notifications) VALUES (@name, @account, @region, @now, '[]')`,
			pgx.NamedArgs{"name": q.bucket, "account": q.call.Account, "region": region, "now": tx.Now})
		return err
	})
	if postgres.IsUnique(err) {
		return a.taken(ctx, q)
	}
	if err != nil {
		return err
	}
	q.Header().Set("Location", "/"+q.bucket)
	q.WriteHeader(http.StatusOK)
	return nil
}

// taken refuses a name that exists; in us-east-1 its owner may make a bucket again (S3 API reference).
func (a *API) taken(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	e := &wire.Error{Status: http.StatusConflict, Code: "BucketAlreadyExists", Fields: map[string]string{"BucketName": q.bucket},
		Message: "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again."}
	if b.account == q.call.Account {
		if q.call.Region == "us-east-1" && b.region == "us-east-1" {
			q.Header().Set("Location", "/"+q.bucket)
			q.WriteHeader(http.StatusOK)
			return nil
		}
		e.Code, e.Message = "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it."
	}
	return e
}

func (a *API) headBucket(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	q.Header().Set("X-Amz-Bucket-Region", b.region)
	q.WriteHeader(http.StatusOK)
	return nil
}

func (a *API) deleteBucket(ctx context.Context, q *request) error {
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "UPDATE")
		if err != nil {
			return err
		}
		var full bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM s3.objects WHERE bucket = $1)`, q.bucket).Scan(&full); err != nil {
			return err
		}
		if full {
			e := &wire.Error{Status: http.StatusConflict, Code: "BucketNotEmpty", Message: "The bucket you tried to delete is not empty", Fields: map[string]string{"BucketName": q.bucket}}
			if b.versioning != "" {
				e.Message += ". You must delete all versions in the bucket."
			}
			return e
		}
		if err := forgetUploads(ctx, tx, `bucket = @bucket`, pgx.NamedArgs{"bucket": q.bucket}); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM s3.buckets WHERE name = $1`, q.bucket)
		return err
	})
	if err == nil {
		q.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (a *API) getLocation(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	region := b.region
	if region == "us-east-1" {
		region = "" // as S3 spells it
	}
	return wire.WriteXML(q, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
		Region  string   `xml:",chardata"`
	}{Region: region})
}

type bucketEntry struct {
	Name         string
	CreationDate string
	BucketRegion string
}

func (a *API) listBuckets(ctx context.Context, q *request) error {
	rows, err := a.DB.Query(ctx, `SELECT `+bucketColumns+` FROM s3.buckets WHERE account = $1 AND starts_with(name, $2) ORDER BY name`,
		q.call.Account, q.query.Get("prefix"))
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, scanBucket)
	if err != nil {
		return err
	}
	out := struct {
		XMLName xml.Name      `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
		Owner   string        `xml:"Owner>ID"`
		Buckets []bucketEntry `xml:"Buckets>Bucket"`
	}{Owner: ownerID(q.call.Account)}
	for _, b := range list {
		out.Buckets = append(out.Buckets, bucketEntry{b.name, stamp(b.created), b.region})
	}
	return wire.WriteXML(q, http.StatusOK, out)
}

// Forget drops the buckets of an account ("" for all) with their objects, in the caller's transaction.
func (a *API) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	args := pgx.NamedArgs{"account": account}
	if err := forgetUploads(ctx, tx, `bucket IN (SELECT name FROM s3.buckets WHERE @account = '' OR account = @account)`, args); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		WITH gone AS (DELETE FROM s3.objects o USING s3.buckets b WHERE b.name = o.bucket AND (@account = '' OR b.account = @account) RETURNING o.segments)
		DELETE FROM blob.pieces WHERE id IN (SELECT s ->> 'blob' FROM gone, jsonb_array_elements(gone.segments) AS s)`, args)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM s3.buckets WHERE @account = '' OR account = @account`, args)
	return err
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
