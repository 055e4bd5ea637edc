package s3

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// enforced is the ownership under which a bucket has no ACLs: that of new buckets since April 2023.
const enforced = "BucketOwnerEnforced"

func ownership(o string) string {
	return `<OwnershipControls xmlns="` + namespace + `"><Rule><ObjectOwnership>` + o + `</ObjectOwnership></Rule></OwnershipControls>`
}

type ownershipControls struct {
	Rules []string `xml:"Rule>ObjectOwnership"`
}

func checkOwnership(_ *API, _ context.Context, _ *request, body []byte) error {
	var in ownershipControls
	if xml.Unmarshal(body, &in) != nil || len(in.Rules) != 1 || !slices.Contains([]string{enforced, "BucketOwnerPreferred", "ObjectWriter"}, in.Rules[0]) {
		return malformedXML()
	}
	return nil
}

// acl is the setting for a bucket's access control list, which grants nothing here.
var acl = setting{subresource: "acl", root: "AccessControlPolicy", name: "BucketAcl", action: "BucketAcl"}

// Groups of S3's, as ACLs name them.
const (
	allUsers      = "http://acs.amazonaws.com/groups/global/AllUsers"
	authenticated = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	logDelivery   = "http://acs.amazonaws.com/groups/s3/LogDelivery"
)

// canned are what the canned ACLs of a bucket grant beside full control to its owner (S3 user guide, access control list overview).
var canned = map[string][][2]string{
	"private": nil, "bucket-owner-full-control": nil, "bucket-owner-read": nil,
	"public-read":        {{allUsers, "READ"}},
	"public-read-write":  {{allUsers, "READ"}, {allUsers, "WRITE"}},
	"authenticated-read": {{authenticated, "READ"}},
	"log-delivery-write": {{logDelivery, "WRITE"}, {logDelivery, "READ_ACP"}},
}

// aclOf is a canned ACL as a document.
func aclOf(name, owner string) string {
	const instance = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	var grants strings.Builder
	fmt.Fprintf(&grants, `<Grant><Grantee %s xsi:type="CanonicalUser"><ID>%s</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>`, instance, owner)
	for _, g := range canned[name] {
		fmt.Fprintf(&grants, `<Grant><Grantee %s xsi:type="Group"><URI>%s</URI></Grantee><Permission>%s</Permission></Grant>`, instance, g[0], g[1])
	}
	return `<AccessControlPolicy xmlns="` + namespace + `"><Owner><ID>` + owner + `</ID></Owner><AccessControlList>` + grants.String() + `</AccessControlList></AccessControlPolicy>`
}

// putACL keeps a bucket's ACL, given by a name or as a document. A bucket whose ownership is enforced has none.
func (a *API) putACL(ctx context.Context, q *request) error {
	body, err := readSmall(q)
	if err != nil {
		return err
	}
	for name := range q.r.Header {
		if strings.HasPrefix(name, "X-Amz-Grant-") {
			return wire.Errorf(http.StatusNotImplemented, "NotImplemented", "lambdasim does not simulate %s of PutBucketAcl yet: give an AccessControlPolicy", strings.ToLower(name))
		}
	}
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	controls, err := a.setting(ctx, q.bucket, settings[slices.IndexFunc(settings, func(s setting) bool { return s.subresource == "ownershipControls" })])
	if err != nil {
		return err
	}
	if strings.Contains(controls, enforced) {
		return wire.Errorf(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	}
	text := string(body)
	if name := q.r.Header.Get("X-Amz-Acl"); name != "" {
		if _, ok := canned[name]; !ok {
			return argument("InvalidArgument", "", map[string]string{"ArgumentName": "x-amz-acl", "ArgumentValue": name})
		}
		text = aclOf(name, ownerID(b.account))
	} else if !wellFormed(body, acl.root) {
		return malformedXML()
	}
	if everybody := strings.Contains(text, allUsers) || strings.Contains(text, authenticated); everybody && b.publicAccess != nil && b.publicAccess.BlockPublicAcls {
		return wire.Errorf(http.StatusForbidden, "AccessDenied", `User: %s is not authorized to perform: s3:PutBucketAcl on resource: "arn:aws:s3:::%s" because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.`,
			q.call.Session.ARN, b.name)
	}
	return a.setSetting(ctx, q, acl, &text)
}

func (a *API) getACL(ctx context.Context, q *request) error {
	b, err := a.bucket(ctx, q.bucket)
	if err != nil {
		return err
	}
	own := acl
	own.initial = aclOf("private", ownerID(b.account))
	return a.getSetting(ctx, q, own)
}
