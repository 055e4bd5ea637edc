package iam

import (
	"context"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// op is an operation that is authorized on what its input names: a role, a user or a policy, the same for every operation
// (Service Authorization Reference, AWS IAM). An operation that were authorized on "*" would pass by every deny that names
// a role.
func op[I, O any](a *API, f func(context.Context, *I) (*O, error)) wire.Operation {
	return wire.Op(f, wire.Resource(func(ctx context.Context, in *I) string { return a.resource(ctx, in) }),
		wire.Keys(func(_ context.Context, in *I) map[string][]string { return keys(in) }))
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

// resource is the ARN of what an input names. That of a role or user that does not exist yet has the path of the input.
func (a *API) resource(ctx context.Context, in any) string {
	if name, has := named(in, "RoleName"); has {
		return a.entity(ctx, identity.Key{Account: account(ctx), Kind: identity.Role, Name: aws.ToString(name)}, in)
	}
	if name, has := named(in, "UserName"); has {
		if s := wire.CallFrom(ctx).Session; name == nil && s.Kind == authz.User {
			return s.ARN
		}
		return a.entity(ctx, identity.Key{Account: account(ctx), Kind: identity.User, Name: aws.ToString(name)}, in)
	}
	if policy, has := named(in, "PolicyArn"); has {
		return aws.ToString(policy)
	}
	if name, has := named(in, "PolicyName"); has {
		return arn.Policy(account(ctx), givenPath(in), aws.ToString(name))
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

// keys are IAM's own condition keys: which policy is attached, and which boundary is set.
func keys(in any) map[string][]string {
	m := map[string][]string{}
	for key, member := range map[string]string{"iam:PolicyARN": "PolicyArn", "iam:PermissionsBoundary": "PermissionsBoundary"} {
		if v, has := named(in, member); has && v != nil {
			m[key] = []string{*v}
		}
	}
	return m
}
