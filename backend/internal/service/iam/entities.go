package iam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// This file has what users, groups and roles share; their own files have one function for each operation.

// maxName is how long names may be (IAM quotas).
var maxName = map[identity.Kind]int{identity.User: 64, identity.Role: 64, identity.Group: 128}

// maxInline is the size of an entity's inline policies together, in characters, white space not counted (IAM quotas).
var maxInline = map[identity.Kind]int{identity.User: 2048, identity.Group: 5120, identity.Role: 10240}

func roleKey(ctx context.Context, name *string) identity.Key {
	return identity.Key{Account: account(ctx), Kind: identity.Role, Name: aws.ToString(name)}
}

func groupKey(ctx context.Context, name *string) identity.Key {
	return identity.Key{Account: account(ctx), Kind: identity.Group, Name: aws.ToString(name)}
}

// userKey is the named user, or where no name is given the caller.
func userKey(ctx context.Context, name *string) (identity.Key, error) {
	k := identity.Key{Account: account(ctx), Kind: identity.User, Name: aws.ToString(name)}
	if name != nil {
		return k, nil
	}
	s := wire.CallFrom(ctx).Session
	if s.Kind != authz.User {
		return k, fault.New(fault.Invalid, "Must specify userName when calling with non-User credentials")
	}
	k.Name = s.UserName
	return k, nil
}

// putInline checks and writes an inline policy.
func (a *API) putInline(ctx context.Context, k identity.Key, name, text string) error {
	if err := checkName("policyName", name, 128); err != nil {
		return err
	}
	if err := policy.ValidateIdentity([]byte(text)); err != nil {
		return err
	}
	return a.Identity.PutInline(ctx, k, name, text, func(others []identity.Named) error {
		total := policy.Size(text)
		for _, p := range others {
			total += policy.Size(p.Document)
		}
		if most := maxInline[k.Kind]; total > most {
			return fault.New(fault.TooLarge, "Maximum policy size of %d bytes exceeded for %s %s", most, k.Kind, k.Name)
		}
		return nil
	})
}

// listInline is a page of the names of an entity's inline policies.
func (a *API) listInline(ctx context.Context, k identity.Key, marker *string, most *int32) (page[string], error) {
	full, err := a.Identity.Full(ctx, k)
	if err != nil {
		return page[string]{}, err
	}
	return paged(names(full.Inline), itself, marker, most)
}

func names(list []identity.Named) []string {
	out := []string{}
	for _, n := range list {
		out = append(out, n.Name)
	}
	return out
}

// attach attaches a managed policy. A policy of AWS that is not known is refused as one that does not exist; the log says
// what that is about.
func (a *API) attach(ctx context.Context, k identity.Key, policyARN string) error {
	if err := checkARN("policyArn", policyARN); err != nil {
		return err
	}
	return a.explain(a.Identity.Attach(ctx, k, policyARN), policyARN)
}

// explain says in the log why a policy of AWS was refused.
func (a *API) explain(err error, policyARN string) error {
	if f, ok := err.(*fault.Error); ok && f.Detail == identity.Unknown { //nolint:errorlint // as the store made it
		known := "docs/managed-policies.md lists those that are"
		if other := identity.Spelling(policyARN); other != "" {
			known = "the one of that name is " + other
		}
		a.Log.Warn("a managed policy of AWS is not known to lambdasim, and is refused rather than taken for an empty one", "arn", policyARN, "known", known)
	}
	return err
}

// listAttached is a page of an entity's managed policies whose path begins with prefix.
func (a *API) listAttached(ctx context.Context, k identity.Key, prefix, marker *string, most *int32) (page[types.AttachedPolicy], error) {
	full, err := a.Identity.Full(ctx, k)
	if err != nil {
		return page[types.AttachedPolicy]{}, err
	}
	return paged(attachedOf(full, aws.ToString(prefix)), func(p types.AttachedPolicy) string { return *p.PolicyArn }, marker, most)
}

func attachedOf(full *identity.Full, prefix string) []types.AttachedPolicy {
	out := []types.AttachedPolicy{}
	for _, n := range full.Attached {
		_, rest, _ := strings.Cut(n.Name, ":policy")
		slash := strings.LastIndex(rest, "/") + 1
		if strings.HasPrefix(rest[:slash], prefix) {
			out = append(out, types.AttachedPolicy{PolicyArn: aws.String(n.Name), PolicyName: aws.String(rest[slash:])})
		}
	}
	return out
}

// setBoundary sets an entity's permissions boundary; "" removes it.
func (a *API) setBoundary(ctx context.Context, k identity.Key, boundary string) error {
	if err := checkBoundary(boundary); err != nil {
		return err
	}
	return a.explain(a.Identity.Update(ctx, k, func(e *identity.Entity) error {
		e.Boundary = boundary
		return nil
	}), boundary)
}

func boundaryOf(e *identity.Entity) *types.AttachedPermissionsBoundary {
	if e.Boundary == "" {
		return nil
	}
	return &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: &e.Boundary, PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy}
}

// rename gives a user or a group another name or path.
func (a *API) rename(ctx context.Context, k identity.Key, name, path *string) error {
	if name != nil {
		if err := checkName("new"+map[identity.Kind]string{identity.User: "User", identity.Group: "Group"}[k.Kind]+"Name", *name, maxName[k.Kind]); err != nil {
			return err
		}
	}
	to, err := pathOf(path)
	if err != nil {
		return err
	}
	return a.Identity.Update(ctx, k, func(e *identity.Entity) error {
		if name != nil {
			e.Name = *name
		}
		if path != nil {
			e.Path = to
		}
		return nil
	})
}

// tagEntity changes an entity's tags.
func (a *API) tagEntity(ctx context.Context, k identity.Key, change func(map[string]string) error) error {
	return a.Identity.Update(ctx, k, func(e *identity.Entity) error { return change(e.Tags) })
}

// listTags is a page of an entity's tags.
func (a *API) listTags(ctx context.Context, k identity.Key, marker *string, most *int32) (page[types.Tag], error) {
	e, err := a.Identity.Get(ctx, k)
	if err != nil {
		return page[types.Tag]{}, err
	}
	return paged(tags(e.Tags), tagKey, marker, most)
}
