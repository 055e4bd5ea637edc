package s3

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// maxPolicy is how long a bucket's policy may be, in bytes (S3 user guide, bucket policies).
const maxPolicy = 20 << 10

// compiled is a bucket's policy in the form in which it is asked.
type compiled struct {
	text     string
	document *policy.Document
	public   bool
}

// compile reads a bucket's policy; the last one of each bucket is kept.
func (a *API) compile(b *bucket) (*compiled, error) {
	if kept, ok := a.policies.Load(b.name); ok && kept.(*compiled).text == b.policy {
		return kept.(*compiled), nil
	}
	d, err := policy.Parse([]byte(b.policy))
	if err != nil {
		return nil, err
	}
	c := &compiled{b.policy, d, public(d)}
	a.policies.Store(b.name, c)
	return c, nil
}

// ofPolicies are what the root user of a bucket's account may do whatever the bucket's policy denies (API: PutBucketPolicy).
var ofPolicies = map[string]bool{"s3:PutBucketPolicy": true, "s3:GetBucketPolicy": true, "s3:DeleteBucketPolicy": true}

// require asks the caller's policies and the bucket's. Who is of another account, or nobody, is told no more than that it is denied.
func (a *API) require(ctx context.Context, b *bucket, q authz.Question) error {
	q.ResourceAccount = b.account
	if b.policy != "" {
		c, err := a.compile(b)
		if err != nil {
			return err
		}
		stranger := q.Session.Kind != authz.Service && q.Session.Account != b.account
		switch {
		case q.Session.Kind == authz.Root && !stranger && ofPolicies[q.Action]:
		case stranger && c.public && b.publicAccess != nil && b.publicAccess.RestrictPublicBuckets: // S3 user guide, blocking public access
		default:
			q.ResourcePolicy = &policy.Source{Name: "the policy of bucket " + b.name, Document: c.document}
		}
	}
	return a.Authz.Require(ctx, q)
}

// malformed is S3's refusal of a policy.
func malformed(message string) error {
	return wire.Errorf(http.StatusBadRequest, "MalformedPolicy", "%s", message)
}

// checkPolicy holds a policy to the grammar, and to what S3 has besides (texts as users report them).
func checkPolicy(bucket, text string) (*policy.Document, error) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") || !json.Valid([]byte(text)) {
		return nil, malformed("Policies must be valid JSON and the first byte must be '{'")
	}
	if len(text) > maxPolicy {
		return nil, wire.Errorf(http.StatusBadRequest, "PolicyTooLarge", "Normalized policy document exceeds the maximum allowed size of %d bytes.", maxPolicy)
	}
	d, err := policy.Parse([]byte(text))
	if err == nil {
		err = incomplete(d)
	}
	if _, ok := errors.AsType[*wire.Error](err); ok {
		return nil, err
	}
	if err := policy.ValidateResource([]byte(text)); err != nil {
		m, ok := errors.AsType[*policy.MalformedError](err)
		if !ok {
			return nil, malformed(err.Error())
		}
		return nil, &wire.Error{Status: http.StatusBadRequest, Code: "MalformedPolicy", Message: m.Message, Headers: map[string]string{wire.HeaderDetail: strings.ReplaceAll(m.Detail, "\n", " | ")}}
	}
	if err != nil { // what the one parser reads, the other does too
		return nil, malformed(err.Error())
	}
	return d, about(bucket, d)
}

// incomplete refuses a policy that lacks an element.
func incomplete(d *policy.Document) error {
	for i := range d.Statements {
		s := &d.Statements[i]
		switch {
		case s.Principal == nil && s.NotPrincipal == nil:
			return malformed("Missing required field Principal")
		case len(s.Actions)+len(s.NotActions) == 0:
			return malformed("Missing required field Action")
		case len(s.Resources)+len(s.NotResources) == 0:
			return malformed("Missing required field Resource")
		}
	}
	return nil
}

// about refuses a policy that speaks of another service or of another bucket.
func about(bucket string, d *policy.Document) error {
	for i := range d.Statements {
		s := &d.Statements[i]
		for _, action := range slices.Concat(s.Actions, s.NotActions) {
			if action != "*" && !strings.HasPrefix(strings.ToLower(action), "s3:") {
				return malformed("Policy has invalid action")
			}
		}
		for _, resource := range slices.Concat(s.Resources, s.NotResources) {
			if rest, ok := strings.CutPrefix(resource, arn.Bucket(bucket)); resource != "*" && (!ok || rest != "" && rest[0] != '/' && rest[0] != '*') {
				return malformed("Policy has invalid resource")
			}
		}
	}
	return nil
}

func (a *API) putPolicy(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	d, err := checkPolicy(q.bucket, string(body))
	if err != nil {
		return err
	}
	bound, err := a.Authz.Identity.Bind(ctx, string(body))
	if _, ok := errors.AsType[*policy.MalformedError](err); ok {
		return malformed("Invalid principal in policy")
	}
	if err != nil {
		return err
	}
	return a.changeBucket(ctx, q, http.StatusNoContent, func(ctx context.Context, tx *postgres.Tx, b *bucket) error {
		if b.account != q.call.Session.Account {
			return wire.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		}
		if b.publicAccess != nil && b.publicAccess.BlockPublicPolicy && public(d) {
			return wire.Errorf(http.StatusForbidden, "AccessDenied", `User: %s is not authorized to perform: s3:PutBucketPolicy on resource: "%s" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
				q.call.Session.ARN, arn.Bucket(b.name))
		}
		_, err := tx.Exec(ctx, `UPDATE s3.buckets SET policy = $2 WHERE name = $1`, b.name, bound)
		return err
	})
}

// changeBucket changes a bucket in a transaction of its own, which no write of its objects shares.
func (a *API) changeBucket(ctx context.Context, q *request, status int, change func(context.Context, *postgres.Tx, *bucket) error) error {
	err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		b, err := lockBucket(ctx, tx, q.bucket, "UPDATE")
		if err != nil {
			return err
		}
		return change(ctx, tx, b)
	})
	if err == nil {
		q.WriteHeader(status)
	}
	return err
}

func noPolicy(bucket string) error {
	return &wire.Error{Status: http.StatusNotFound, Code: "NoSuchBucketPolicy", Message: "The bucket policy does not exist", Fields: map[string]string{"BucketName": bucket}}
}

func (a *API) getPolicy(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	if b.policy == "" {
		return noPolicy(b.name)
	}
	text, err := a.Authz.Identity.Show(ctx, b.policy)
	if err != nil {
		return err
	}
	q.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(q, text) // who has gone away reads no error either
	return nil
}

func (a *API) deletePolicy(ctx context.Context, q *request) error {
	return a.changeBucket(ctx, q, http.StatusNoContent, func(ctx context.Context, tx *postgres.Tx, b *bucket) error {
		_, err := tx.Exec(ctx, `UPDATE s3.buckets SET policy = '' WHERE name = $1`, b.name)
		return err
	})
}

func (a *API) getPolicyStatus(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	if b.policy == "" {
		return noPolicy(b.name)
	}
	c, err := a.compile(b)
	if err != nil {
		return err
	}
	return wire.WriteXML(q, http.StatusOK, struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PolicyStatus"`
		IsPublic bool
	}{IsPublic: c.public})
}
