package s3

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// setting is a configuration of a bucket that is kept as it came and given back. Nothing acts on it.
type setting struct {
	subresource string
	root        string // of its document
	name        string // of its operations: Put…, Get…, Delete…
	action      string // the actions are those of Put and Get; deleting needs that of Put, but where deleting says otherwise
	deleting    string
	read        string // the name of the read operation where it is not "Get" and the name
	deleted     string // the name of the delete operation; "" where there is none
	initial     string // what a bucket has that was given none; "" for nothing
	absent      *wire.Error
	check       func(*API, context.Context, *request, []byte) error // may be nil
}

func absent(code, message string) *wire.Error {
	return &wire.Error{Status: http.StatusNotFound, Code: code, Message: message}
}

// settings are what S3 keeps here without doing it (API reference, the operations' own pages; error texts as the SDK's and users'
// reports have them).
var settings = []setting{
	{subresource: "cors", root: "CORSConfiguration", name: "BucketCors", action: "BucketCORS", deleted: "DeleteBucketCors",
		absent: absent("NoSuchCORSConfiguration", "The CORS configuration does not exist")},
	{subresource: "encryption", root: "ServerSideEncryptionConfiguration", name: "BucketEncryption", action: "EncryptionConfiguration", deleted: "DeleteBucketEncryption",
		initial: `<ServerSideEncryptionConfiguration xmlns="` + namespace + `"><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`},
	{subresource: "lifecycle", root: "LifecycleConfiguration", name: "BucketLifecycleConfiguration", action: "LifecycleConfiguration", deleted: "DeleteBucketLifecycle",
		absent: absent("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")},
	{subresource: "logging", root: "BucketLoggingStatus", name: "BucketLogging", action: "BucketLogging",
		initial: `<BucketLoggingStatus xmlns="` + namespace + `"/>`},
	{subresource: "website", root: "WebsiteConfiguration", name: "BucketWebsite", action: "BucketWebsite", deleting: "s3:DeleteBucketWebsite", deleted: "DeleteBucketWebsite",
		absent: absent("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")},
	{subresource: "ownershipControls", root: "OwnershipControls", name: "BucketOwnershipControls", action: "BucketOwnershipControls", deleted: "DeleteBucketOwnershipControls",
		initial: ownership("BucketOwnerEnforced"), absent: absent("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"), check: checkOwnership},
	{subresource: "accelerate", root: "AccelerateConfiguration", name: "BucketAccelerateConfiguration", action: "AccelerateConfiguration",
		initial: `<AccelerateConfiguration xmlns="` + namespace + `"/>`},
	{subresource: "requestPayment", root: "RequestPaymentConfiguration", name: "BucketRequestPayment", action: "BucketRequestPayment",
		initial: `<RequestPaymentConfiguration xmlns="` + namespace + `"><Payer>BucketOwner</Payer></RequestPaymentConfiguration>`},
}

// addSettings adds the operations of settings to a table.
func (a *API) addSettings(to map[string]operation) {
	for _, s := range settings {
		to["bucket PUT "+s.subresource] = operation{"Put" + s.name, "s3:Put" + s.action, func(ctx context.Context, q *request) error { return a.putSetting(ctx, q, s) }}
		to["bucket GET "+s.subresource] = operation{"Get" + s.name, "s3:Get" + s.action, func(ctx context.Context, q *request) error { return a.getSetting(ctx, q, s) }}
		if s.deleted == "" {
			continue
		}
		action := s.deleting
		if action == "" {
			action = "s3:Put" + s.action
		}
		to["bucket DELETE "+s.subresource] = operation{s.deleted, action, func(ctx context.Context, q *request) error { return a.setSetting(ctx, q, s, nil) }}
	}
}

func (a *API) putSetting(ctx context.Context, q *request, s setting) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	if !wellFormed(body, s.root) {
		return malformedXML()
	}
	if s.check != nil {
		if err := s.check(a, ctx, q, body); err != nil {
			return err
		}
	}
	text := string(body)
	return a.setSetting(ctx, q, s, &text)
}

// wellFormed reports whether a document can be read to its end and has the root.
func wellFormed(body []byte, root string) bool {
	d := xml.NewDecoder(bytes.NewReader(body))
	var first string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return first == root
		}
		if err != nil {
			return false
		}
		if start, ok := token.(xml.StartElement); ok && first == "" {
			first = start.Name.Local
		}
	}
}

// setSetting keeps a configuration; nil takes it away.
func (a *API) setSetting(ctx context.Context, q *request, s setting, text *string) error {
	status := http.StatusOK
	if text == nil {
		status = http.StatusNoContent
	}
	return a.changeBucket(ctx, q, status, func(ctx context.Context, tx *postgres.Tx, b *bucket) error {
		if text == nil && s.absent == nil {
			_, err := tx.Exec(ctx, `UPDATE s3.buckets SET settings = settings - @name WHERE name = @bucket`, pgx.NamedArgs{"bucket": b.name, "name": s.subresource})
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE s3.buckets SET settings = settings || jsonb_build_object(@name::text, @text::text) WHERE name = @bucket`,
			pgx.NamedArgs{"bucket": b.name, "name": s.subresource, "text": text})
		return err
	})
}

// setting is what a bucket has of a configuration: its text, "" for none.
func (a *API) setting(ctx context.Context, bucket string, s setting) (string, error) {
	var kept map[string]*string
	err := a.DB.QueryRow(ctx, `SELECT settings FROM s3.buckets WHERE name = $1`, bucket).Scan(&kept)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", noBucket()
	}
	text, ok := kept[s.subresource]
	switch {
	case err != nil || ok && text == nil:
		return "", err
	case ok:
		return *text, nil
	}
	return s.initial, nil
}

func (a *API) getSetting(ctx context.Context, q *request, s setting) error {
	text, err := a.setting(ctx, q.bucket, s)
	if err != nil {
		return err
	}
	if text == "" {
		e := *s.absent
		e.Fields = map[string]string{"BucketName": q.bucket}
		return &e
	}
	q.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(q, text) // who has gone away reads no error either
	return nil
}
