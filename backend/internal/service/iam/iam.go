// Package iam is AWS Identity and Access Management: users, roles, policies and access keys, as far as deciding who may
// invoke what needs them. Documents are checked as IAM checks them when they are written; whether they allow something is
// for authz to say.
package iam

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// API serves IAM.
type API struct{ Identity *identity.Store }

// Service is IAM for the wire.
func (a *API) Service() wire.Service {
	return wire.Service{API: wire.IAMAPI(), Fault: toAWS, Operations: map[string]wire.Operation{
		"CreateRole": wire.Op(a.createRole, wire.Resource(func(ctx context.Context, in *iam.CreateRoleInput) string { return roleARN(ctx, in.RoleName) })),
		"GetRole":    wire.Op(a.getRole, wire.Resource(func(ctx context.Context, in *iam.GetRoleInput) string { return roleARN(ctx, in.RoleName) })),
		"ListRoles":  wire.Op(a.listRoles),
		"UpdateRole": wire.Op(a.updateRole, wire.Resource(func(ctx context.Context, in *iam.UpdateRoleInput) string { return roleARN(ctx, in.RoleName) })),
		"UpdateAssumeRolePolicy": wire.Op(a.updateAssumeRolePolicy, wire.Resource(func(ctx context.Context, in *iam.UpdateAssumeRolePolicyInput) string {
			return roleARN(ctx, in.RoleName)
		})),
		"DeleteRole":                    wire.Op(a.deleteRole, wire.Resource(func(ctx context.Context, in *iam.DeleteRoleInput) string { return roleARN(ctx, in.RoleName) })),
		"PutRolePermissionsBoundary":    wire.Op(a.putRoleBoundary),
		"DeleteRolePermissionsBoundary": wire.Op(a.deleteRoleBoundary),
		"TagRole":                       wire.Op(a.tagRole),
		"UntagRole":                     wire.Op(a.untagRole),
		"ListRoleTags":                  wire.Op(a.listRoleTags),
		"PutRolePolicy":                 wire.Op(a.putRolePolicy, wire.Resource(func(ctx context.Context, in *iam.PutRolePolicyInput) string { return roleARN(ctx, in.RoleName) })),
		"GetRolePolicy":                 wire.Op(a.getRolePolicy),
		"DeleteRolePolicy":              wire.Op(a.deleteRolePolicy),
		"ListRolePolicies":              wire.Op(a.listRolePolicies),
		"AttachRolePolicy":              wire.Op(a.attachRolePolicy),
		"DetachRolePolicy":              wire.Op(a.detachRolePolicy),
		"ListAttachedRolePolicies":      wire.Op(a.listAttachedRolePolicies),
		"ListInstanceProfilesForRole":   wire.Op(a.listInstanceProfilesForRole),
		"CreatePolicy":                  wire.Op(a.createPolicy),
		"GetPolicy":                     wire.Op(a.getPolicy),
		"GetPolicyVersion":              wire.Op(a.getPolicyVersion),
		"ListPolicyVersions":            wire.Op(a.listPolicyVersions),
		"CreatePolicyVersion":           wire.Op(a.createPolicyVersion),
		"TagPolicy":                     wire.Op(a.tagPolicy),
		"UntagPolicy":                   wire.Op(a.untagPolicy),
		"DeletePolicy":                  wire.Op(a.deletePolicy),
		"CreateUser":                    wire.Op(a.createUser),
		"GetUser":                       wire.Op(a.getUser),
		"ListUsers":                     wire.Op(a.listUsers),
		"DeleteUser":                    wire.Op(a.deleteUser),
		"PutUserPolicy":                 wire.Op(a.putUserPolicy),
		"GetUserPolicy":                 wire.Op(a.getUserPolicy),
		"DeleteUserPolicy":              wire.Op(a.deleteUserPolicy),
		"ListUserPolicies":              wire.Op(a.listUserPolicies),
		"AttachUserPolicy":              wire.Op(a.attachUserPolicy),
		"DetachUserPolicy":              wire.Op(a.detachUserPolicy),
		"ListAttachedUserPolicies":      wire.Op(a.listAttachedUserPolicies),
		"CreateAccessKey":               wire.Op(a.createAccessKey),
		"ListAccessKeys":                wire.Op(a.listAccessKeys),
		"DeleteAccessKey":               wire.Op(a.deleteAccessKey),
	}}
}

// toAWS names the errors of identity as IAM does.
func toAWS(_ context.Context, operation string, err error) *wire.Error {
	if m, ok := errors.AsType[*policy.MalformedError](err); ok {
		return wire.Errorf(http.StatusBadRequest, "MalformedPolicyDocument", "%s", m.Message)
	}
	switch fault.KindOf(err) {
	case fault.NotFound:
		return wire.Errorf(http.StatusNotFound, "NoSuchEntity", "%v", err)
	case fault.Exists:
		return wire.Errorf(http.StatusConflict, "EntityAlreadyExists", "%v", err)
	case fault.Conflict:
		return wire.Errorf(http.StatusConflict, "DeleteConflict", "%v", err)
	case fault.TooLarge:
		return wire.Errorf(http.StatusConflict, "LimitExceeded", "%v", err)
	case fault.Invalid:
		return wire.Errorf(http.StatusBadRequest, "ValidationError", "%v", err)
	}
	return nil
}

func account(ctx context.Context) string { return wire.CallFrom(ctx).Account }

func roleARN(ctx context.Context, name *string) string {
	return arn.Role(account(ctx), "/", aws.ToString(name))
}

func roleKey(ctx context.Context, name *string) identity.Key {
	return identity.Key{Account: account(ctx), Kind: identity.Role, Name: *name}
}

var (
	entityName = regexp.MustCompile(`^[\w+=,.@-]+$`)
	pathName   = regexp.MustCompile(`^(/|(/[\x21-\x7e]+/))$`)
)

// checkName holds a name to IAM's form: letters, digits and +=,.@-_, at most max characters.
func checkName(member, name string, most int) error {
	var v []wire.Violation
	if len(name) > most {
		v = append(v, wire.MaxLength(member, name, most))
	}
	if !entityName.MatchString(name) {
		v = append(v, wire.Pattern(member, name, `[\w+=,.@-]+`))
	}
	if len(v) == 0 {
		return nil
	}
	return wire.Errorf(http.StatusBadRequest, "ValidationError", "%s", wire.Describe(v...))
}

func pathOf(path *string) (string, error) {
	if path == nil {
		return "/", nil
	}
	if !pathName.MatchString(*path) {
		return "", wire.Errorf(http.StatusBadRequest, "ValidationError", "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	return *path, nil
}

// document is a policy as IAM's answers carry it: percent-encoded.
func document(text string) *string {
	return aws.String(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
}

func tagsOf(tags []types.Tag) map[string]string {
	m := map[string]string{}
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}
