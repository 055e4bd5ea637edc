package s3

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// publicAccess is a bucket's public access block. There are no ACLs that grant anything here, so that IgnorePublicAcls has
// nothing to do.
type publicAccess struct {
	BlockPublicAcls       bool
	IgnorePublicAcls      bool
	BlockPublicPolicy     bool
	RestrictPublicBuckets bool
}

type publicAccessBlock struct {
	XMLName xml.Name
	publicAccess
}

func (a *API) putPublicAccess(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	var in publicAccessBlock
	if xml.Unmarshal(body, &in) != nil || in.XMLName.Local != "PublicAccessBlockConfiguration" {
		return malformedXML()
	}
	return a.setPublicAccess(ctx, q, http.StatusOK, &in.publicAccess)
}

func (a *API) deletePublicAccess(ctx context.Context, q *request) error {
	return a.setPublicAccess(ctx, q, http.StatusNoContent, nil)
}

func (a *API) setPublicAccess(ctx context.Context, q *request, status int, p *publicAccess) error {
	return a.changeBucket(ctx, q, status, func(ctx context.Context, tx *postgres.Tx, b *bucket) error {
		_, err := tx.Exec(ctx, `UPDATE s3.buckets SET public_access = $2 WHERE name = $1`, b.name, p)
		return err
	})
}

func (a *API) getPublicAccess(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	if b.publicAccess == nil {
		return &wire.Error{Status: http.StatusNotFound, Code: "NoSuchPublicAccessBlockConfiguration", Message: "The public access block configuration was not found",
			Fields: map[string]string{"BucketName": b.name}}
	}
	return wire.WriteXML(q, http.StatusOK, publicAccessBlock{xml.Name{Space: namespace, Local: "PublicAccessBlockConfiguration"}, *b.publicAccess})
}

// narrowing are condition keys that, with fixed values, make a statement for everybody one for somebody (S3 user guide, blocking
// public access, the meaning of "public"), in lower case.
var narrowing = []string{"aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount", "aws:userid",
	"aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
	"s3:x-amz-server-side-encryption-aws-kms-key-id"}

// public reports whether a bucket's policy lets the public in: a statement allows everybody, under no condition that names somebody.
func public(d *policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(s policy.Statement) bool {
		everybody := s.NotPrincipal != nil || s.Principal != nil && s.Principal.Any
		return s.Effect == policy.Allow && everybody && !slices.ContainsFunc(s.Conditions, narrows)
	})
}

// narrows reports whether a condition demands fixed values of a key that says who, or from where.
func narrows(c policy.Condition) bool {
	operator := strings.ToLower(c.Operator)
	if strings.Contains(operator, "not") || strings.HasPrefix(operator, "null") || strings.HasSuffix(operator, "ifexists") || !slices.Contains(narrowing, strings.ToLower(c.Key)) {
		return false
	}
	return !slices.ContainsFunc(c.Values, func(v string) bool { return !fixed(strings.ToLower(c.Key), v) })
}

// fixed reports whether a value stands for something in particular. A network of more than 2^24 addresses does not, nor does a
// pattern, but that of the sessions of one role.
func fixed(key, value string) bool {
	if key == "aws:sourceip" {
		p, err := netip.ParsePrefix(value)
		if err != nil {
			_, err = netip.ParseAddr(value)
			return err == nil
		}
		return p.Bits() >= 8 && (p.Addr().Is4() || p.Bits() >= 32)
	}
	if key == "aws:userid" && strings.HasPrefix(value, "AROA") {
		value = strings.TrimSuffix(value, ":*")
	}
	return !strings.ContainsAny(value, "*?$")
}
