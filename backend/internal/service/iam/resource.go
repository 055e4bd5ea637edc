package iam

import (
	"context"
	"reflect"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// op is an operation that is authorized on what its input names: a role, a user, a group, a policy or an instance profile, the same for every operation
// (Service Authorization Reference, AWS IAM). An operation that were authorized on "*" would pass by every deny that names
// a role.
func op[I, O any](a *API, f func(context.Context, *I) (*O, error)) wire.Operation {
	return wire.Op(f, wire.Resource(func(ctx context.Context, in *I) string { return a.resource(ctx, in) }),
		wire.Keys(func(ctx context.Context, in *I) map[string][]string { return a.ofResource(ctx, in, keys(in)) }))
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

// keys are IAM's own condition keys (which policy is attached, and which boundary is set), and the tags that a request passes
// or removes.
func keys(in any) map[string][]string {
	m := map[string][]string{}
	for key, member := range map[string]string{"iam:PolicyARN": "PolicyArn", "iam:PermissionsBoundary": "PermissionsBoundary"} {
		if v, has := named(in, member); has && v != nil {
			m[key] = []string{*v}
		}
	}
	value := reflect.ValueOf(in).Elem()
	if f := value.FieldByName("Tags"); f.IsValid() {
		given, _ := f.Interface().([]types.Tag)
		for _, t := range given {
			m["aws:RequestTag/"+aws.ToString(t.Key)] = []string{aws.ToString(t.Value)}
			m["aws:TagKeys"] = append(m["aws:TagKeys"], aws.ToString(t.Key))
		}
	}
	if f := value.FieldByName("TagKeys"); f.IsValid() {
		if given, _ := f.Interface().([]string); len(given) > 0 {
			m["aws:TagKeys"] = given
		}
	}
	return m
}

// ofResource adds the tags of the user or role that an operation is on.
func (a *API) ofResource(ctx context.Context, in any, m map[string][]string) map[string][]string {
	for _, other := range []string{"GroupName", "InstanceProfileName"} {
		if _, has := named(in, other); has {
			return m
		}
	}
	for member, kind := range map[string]identity.Kind{"RoleName": identity.Role, "UserName": identity.User} {
		name, has := named(in, member)
		if !has || name == nil {
			continue
		}
		e, err := a.Identity.Get(ctx, identity.Key{Account: account(ctx), Kind: kind, Name: *name})
		if err != nil {
			continue // the operation itself will say
		}
		for k, v := range e.Tags {
			m["aws:ResourceTag/"+k], m["iam:ResourceTag/"+k] = []string{v}, []string{v}
		}
	}
	return m
}
