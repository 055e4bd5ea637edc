package iam

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// op is an operation that is authorized on what its input names: a role, a user, a group, a policy or an instance profile, the
// same for every operation (Service Authorization Reference, AWS IAM). An operation that were authorized on "*" would pass by
// every deny that names a role.
func op[I, O any](a *API, f func(context.Context, *I) (*O, error)) wire.Operation {
	return wire.Op(longTerm(f), wire.Resource(func(ctx context.Context, in *I) string { return a.resource(ctx, in) }),
		wire.Keys(func(ctx context.Context, in *I) map[string][]string { return a.keys(ctx, in) }),
		wire.Also(func(ctx context.Context, in *I) []wire.Need { return a.tagging(ctx, in) }))
}

// tagActions are the actions that creating something with tags needs besides (API: CreateRole, CreateUser, CreatePolicy).
var tagActions = map[string]string{"CreateRole": "iam:TagRole", "CreateUser": "iam:TagUser", "CreatePolicy": "iam:TagPolicy",
	"CreateInstanceProfile": "iam:TagInstanceProfile"}

func (a *API) tagging(ctx context.Context, in any) []wire.Need {
	action := tagActions[wire.CallFrom(ctx).Operation]
	if action == "" || !wire.Tagged(in) {
		return nil
	}
	return []wire.Need{{Action: action, Resource: a.resource(ctx, in)}}
}

// longTerm refuses the temporary credentials of a user, of the root user and of a federated user: without a second factor they
// cannot call IAM (IAM User Guide, requesting temporary security credentials).
func longTerm[I, O any](f func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		if s := wire.CallFrom(ctx).Session; !s.Issued.IsZero() && s.Kind != authz.Role {
			return nil, wire.Errorf(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid")
		}
		return f(ctx, in)
	}
}

// named is a member of an input that is a text; nil where the input has none, or has it not.
func named(in any, member string) (value *string, has bool) {
	v := reflect.ValueOf(in).Elem().FieldByName(member)
	if !v.IsValid() {
		return nil, false
	}
	value, has = v.Interface().(*string)
	return value, has
}

// resource is the ARN of what an input names. That of an entity that does not exist yet has the path of the input.
func (a *API) resource(ctx context.Context, in any) string {
	if name, has := named(in, "GroupName"); has {
		return a.entity(ctx, groupKey(ctx, name), in)
	}
	if name, has := named(in, "InstanceProfileName"); has {
		p, err := a.Identity.GetProfile(ctx, account(ctx), aws.ToString(name))
		if err != nil {
			p = &identity.Profile{Account: account(ctx), Path: givenPath(in), Name: aws.ToString(name)}
		}
		return p.ARN()
	}
	if name, has := named(in, "RoleName"); has {
		return a.entity(ctx, roleKey(ctx, name), in)
	}
	if name, has := named(in, "UserName"); has {
		if s := wire.CallFrom(ctx).Session; name == nil && s.Kind == authz.User {
			return s.ARN
		}
		return a.entity(ctx, identity.Key{Account: account(ctx), Kind: identity.User, Name: aws.ToString(name)}, in)
	}
	if source, has := named(in, "PolicySourceArn"); has {
		// It is found by its name alone, so it is that entity's ARN that counts, and not the one that was given.
		if e, ok := parseEntity(aws.ToString(source)); ok && e.account == account(ctx) {
			return a.entity(ctx, identity.Key{Account: e.account, Kind: identity.Kind(e.kind), Name: e.name}, in)
		}
		return "*" // the operation refuses it
	}
	if policy, has := named(in, "PolicyArn"); has {
		return aws.ToString(policy)
	}
	if name, has := named(in, "PolicyName"); has {
		return arn.Policy(account(ctx), givenPath(in), aws.ToString(name))
	}
	if id, has := named(in, "AccessKeyId"); has { // of GetAccessKeyLastUsed, which names no user
		if owner, _, err := a.Identity.LastUse(ctx, account(ctx), aws.ToString(id)); err == nil {
			return a.entity(ctx, identity.Key{Account: account(ctx), Kind: identity.User, Name: owner}, in)
		}
	}
	return "*"
}

func (a *API) entity(ctx context.Context, k identity.Key, in any) string {
	e, err := a.Identity.Get(ctx, k)
	if err != nil { // one that is not there, or cannot be read now, which the operation itself will say
		e = &identity.Entity{Key: k, Path: givenPath(in)}
	}
	return e.ARN()
}

func givenPath(in any) string {
	path, _ := named(in, "Path")
	if p := aws.ToString(path); strings.HasPrefix(p, "/") && strings.HasSuffix(p, "/") {
		return p
	}
	return "/"
}

// keys are IAM's own condition keys: which policy is attached, and which boundary is set, or else the one that the role or
// user has, so that rights can be limited to what is bounded.
func (a *API) keys(ctx context.Context, in any) map[string][]string {
	m := map[string][]string{}
	if v, has := named(in, "PolicyArn"); has && v != nil {
		m["iam:PolicyARN"] = []string{*v}
	}
	boundary, has := named(in, "PermissionsBoundary")
	if !has || boundary == nil {
		boundary = a.boundary(ctx, in)
	}
	if boundary != nil {
		m["iam:PermissionsBoundary"] = []string{*boundary}
	}
	return m
}

// boundary is the permissions boundary of the role or user that an input names; nil for none.
func (a *API) boundary(ctx context.Context, in any) *string {
	for _, other := range []string{"GroupName", "InstanceProfileName"} {
		if _, has := named(in, other); has {
			return nil
		}
	}
	for member, kind := range map[string]identity.Kind{"RoleName": identity.Role, "UserName": identity.User} {
		name, _ := named(in, member)
		if name == nil {
			continue
		}
		if e, err := a.Identity.Get(ctx, identity.Key{Account: account(ctx), Kind: kind, Name: *name}); err == nil && e.Boundary != "" {
			return &e.Boundary
		}
	}
	return nil
}
