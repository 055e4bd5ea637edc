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
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

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
		"CreateRole":                    op(a, a.createRole),
		"GetRole":                       op(a, a.getRole),
		"ListRoles":                     op(a, a.listRoles),
		"UpdateRole":                    op(a, a.updateRole),
		"UpdateAssumeRolePolicy":        op(a, a.updateAssumeRolePolicy),
		"DeleteRole":                    op(a, a.deleteRole),
		"PutRolePermissionsBoundary":    op(a, a.putRoleBoundary),
		"DeleteRolePermissionsBoundary": op(a, a.deleteRoleBoundary),
		"TagRole":                       op(a, a.tagRole),
		"UntagRole":                     op(a, a.untagRole),
		"ListRoleTags":                  op(a, a.listRoleTags),
		"PutRolePolicy":                 op(a, a.putRolePolicy),
		"GetRolePolicy":                 op(a, a.getRolePolicy),
		"DeleteRolePolicy":              op(a, a.deleteRolePolicy),
		"ListRolePolicies":              op(a, a.listRolePolicies),
		"AttachRolePolicy":              op(a, a.attachRolePolicy),
		"DetachRolePolicy":              op(a, a.detachRolePolicy),
		"ListAttachedRolePolicies":      op(a, a.listAttachedRolePolicies),
		"ListInstanceProfilesForRole":   op(a, a.listInstanceProfilesForRole),
		"CreatePolicy":                  op(a, a.createPolicy),
		"GetPolicy":                     op(a, a.getPolicy),
		"GetPolicyVersion":              op(a, a.getPolicyVersion),
		"ListPolicyVersions":            op(a, a.listPolicyVersions),
		"CreatePolicyVersion":           op(a, a.createPolicyVersion),
		"TagPolicy":                     op(a, a.tagPolicy),
		"UntagPolicy":                   op(a, a.untagPolicy),
		"DeletePolicy":                  op(a, a.deletePolicy),
		"CreateUser":                    op(a, a.createUser),
		"GetUser":                       op(a, a.getUser),
		"ListUsers":                     op(a, a.listUsers),
		"DeleteUser":                    op(a, a.deleteUser),
		"PutUserPolicy":                 op(a, a.putUserPolicy),
		"GetUserPolicy":                 op(a, a.getUserPolicy),
		"DeleteUserPolicy":              op(a, a.deleteUserPolicy),
		"ListUserPolicies":              op(a, a.listUserPolicies),
		"AttachUserPolicy":              op(a, a.attachUserPolicy),
		"DetachUserPolicy":              op(a, a.detachUserPolicy),
		"ListAttachedUserPolicies":      op(a, a.listAttachedUserPolicies),
		"CreateAccessKey":               op(a, a.createAccessKey),
		"ListAccessKeys":                op(a, a.listAccessKeys),
		"DeleteAccessKey":               op(a, a.deleteAccessKey),
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
