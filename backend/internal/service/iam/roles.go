package iam

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Session lengths of roles, in seconds.
const (
	minSession     = 3600
	maxSession     = 43200
	maxDescription = 1000
)

func (a *API) roles() map[string]wire.Operation {
	return map[string]wire.Operation{
		"CreateRole":                    op(a, a.createRole),
		"GetRole":                       op(a, a.getRole),
		"ListRoles":                     op(a, a.listRoles),
		"UpdateRole":                    op(a, a.updateRole),
		"UpdateRoleDescription":         op(a, a.updateRoleDescription),
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
	}
}

func (a *API) createRole(ctx context.Context, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	if err := checkName("roleName", *in.RoleName, maxName[identity.Role]); err != nil {
		return nil, err
	}
	path, err := pathOf(in.Path)
	if err != nil {
		return nil, err
	}
	if err := checkBoundary(aws.ToString(in.PermissionsBoundary)); err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags, fold)
	if err != nil {
		return nil, err
	}
	e := &identity.Entity{Key: roleKey(ctx, in.RoleName), Path: path, Trust: *in.AssumeRolePolicyDocument,
		Description: aws.ToString(in.Description), MaxSession: minSession, Boundary: aws.ToString(in.PermissionsBoundary), Tags: tags}
	if in.MaxSessionDuration != nil {
		e.MaxSession = int(*in.MaxSessionDuration)
	}
	if err := checkRole(e); err != nil {
		return nil, err
	}
	if err := checkTrust(e.Trust); err != nil {
		return nil, err
	}
	if err := a.explain(a.Identity.Create(ctx, e), e.Boundary); err != nil {
		return nil, err
	}
	return &iam.CreateRoleOutput{Role: changed(e)}, nil
}

func checkRole(e *identity.Entity) error {
	var v []wire.Violation
	if e.MaxSession < minSession {
		v = append(v, wire.AtLeast("maxSessionDuration", e.MaxSession, minSession))
	}
	if e.MaxSession > maxSession {
		v = append(v, wire.AtMost("maxSessionDuration", e.MaxSession, maxSession))
	}
	if utf8.RuneCountInString(e.Description) > maxDescription {
		v = append(v, wire.MaxLength("description", e.Description, maxDescription))
	}
	if len(v) > 0 {
		return validationError(v...)
	}
	return nil
}

// checkTrust holds a trust policy to IAM's grammar and size. Whether its principals exist, the store finds out.
func checkTrust(text string) error {
	if !json.Valid([]byte(text)) {
		return &policy.MalformedError{Message: "This policy contains invalid Json"} // as recorded; of other policies it says syntax errors
	}
	if err := policy.ValidateTrust([]byte(text)); err != nil {
		return err
	}
	if policy.Size(text) > maxTrust {
		return fault.New(fault.TooLarge, "Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	return nil
}

func role(e *identity.Entity) *types.Role {
	r := &types.Role{RoleName: &e.Name, RoleId: &e.ID, Arn: aws.String(e.ARN()), Path: &e.Path, CreateDate: &e.Created,
		AssumeRolePolicyDocument: document(e.Trust), MaxSessionDuration: aws.Int32(int32(e.MaxSession)), Tags: given(e.Tags), PermissionsBoundary: boundaryOf(e),
		RoleLastUsed: &types.RoleLastUsed{}}
	if e.Description != "" {
		r.Description = &e.Description
	}
	return r
}

// changed is a role as CreateRole and UpdateRoleDescription answer it, as recorded: without session length and last use.
func changed(e *identity.Entity) *types.Role {
	r := role(e)
	r.MaxSessionDuration, r.RoleLastUsed = nil, nil
	return r
}

func (a *API) getRole(ctx context.Context, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	e, err := a.Identity.Get(ctx, roleKey(ctx, in.RoleName))
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: role(e)}, nil
}

// listRoles answers roles without tags and boundary (API: ListRoles).
func (a *API) listRoles(ctx context.Context, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	page, err := a.listEntities(ctx, identity.Role, in.PathPrefix, in.Marker, in.MaxItems)
	out := &iam.ListRolesOutput{Roles: []types.Role{}, Marker: page.next, IsTruncated: page.next != nil}
	for i := range page.items {
		r := role(&page.items[i])
		r.Tags, r.PermissionsBoundary, r.RoleLastUsed = nil, nil, nil
		out.Roles = append(out.Roles, *r)
	}
	return out, err
}

// updateRole leaves what is not given as it was, as recorded; the API's reference says that the session length becomes an hour.
func (a *API) updateRole(ctx context.Context, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	return &iam.UpdateRoleOutput{}, a.Identity.Update(ctx, roleKey(ctx, in.RoleName), func(e *identity.Entity) error {
		if in.Description != nil {
			e.Description = *in.Description
		}
		if in.MaxSessionDuration != nil {
			e.MaxSession = int(*in.MaxSessionDuration)
		}
		return checkRole(e)
	})
}

func (a *API) updateRoleDescription(ctx context.Context, in *iam.UpdateRoleDescriptionInput) (*iam.UpdateRoleDescriptionOutput, error) {
	k := roleKey(ctx, in.RoleName)
	if err := a.Identity.Update(ctx, k, func(e *identity.Entity) error {
		e.Description = *in.Description
		return checkRole(e)
	}); err != nil {
		return nil, err
	}
	e, err := a.Identity.Get(ctx, k)
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleDescriptionOutput{Role: changed(e)}, nil
}

func (a *API) updateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	if err := checkTrust(*in.PolicyDocument); err != nil {
		return nil, err
	}
	return &iam.UpdateAssumeRolePolicyOutput{}, a.Identity.Update(ctx, roleKey(ctx, in.RoleName), func(e *identity.Entity) error {
		e.Trust = *in.PolicyDocument
		return nil
	})
}

func (a *API) deleteRole(ctx context.Context, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	return &iam.DeleteRoleOutput{}, a.Identity.Delete(ctx, roleKey(ctx, in.RoleName))
}

func (a *API) putRoleBoundary(ctx context.Context, in *iam.PutRolePermissionsBoundaryInput) (*iam.PutRolePermissionsBoundaryOutput, error) {
	return &iam.PutRolePermissionsBoundaryOutput{}, a.setBoundary(ctx, roleKey(ctx, in.RoleName), *in.PermissionsBoundary)
}

func (a *API) deleteRoleBoundary(ctx context.Context, in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	return &iam.DeleteRolePermissionsBoundaryOutput{}, a.setBoundary(ctx, roleKey(ctx, in.RoleName), "")
}

func (a *API) tagRole(ctx context.Context, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	return &iam.TagRoleOutput{}, a.tagEntity(ctx, roleKey(ctx, in.RoleName), addTags(in.Tags, fold))
}

func (a *API) untagRole(ctx context.Context, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	return &iam.UntagRoleOutput{}, a.tagEntity(ctx, roleKey(ctx, in.RoleName), removeTags(in.TagKeys, fold))
}

func (a *API) listRoleTags(ctx context.Context, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	page, err := a.listTags(ctx, roleKey(ctx, in.RoleName), in.Marker, in.MaxItems)
	return &iam.ListRoleTagsOutput{Tags: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) putRolePolicy(ctx context.Context, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	return &iam.PutRolePolicyOutput{}, a.putInline(ctx, roleKey(ctx, in.RoleName), *in.PolicyName, *in.PolicyDocument)
}

func (a *API) getRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	text, err := a.Identity.Inline(ctx, roleKey(ctx, in.RoleName), *in.PolicyName)
	return &iam.GetRolePolicyOutput{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: document(text)}, err
}

func (a *API) deleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	return &iam.DeleteRolePolicyOutput{}, a.Identity.DeleteInline(ctx, roleKey(ctx, in.RoleName), *in.PolicyName)
}

func (a *API) listRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	page, err := a.listInline(ctx, roleKey(ctx, in.RoleName), in.Marker, in.MaxItems)
	return &iam.ListRolePoliciesOutput{PolicyNames: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) attachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	return &iam.AttachRolePolicyOutput{}, a.attach(ctx, roleKey(ctx, in.RoleName), *in.PolicyArn)
}

func (a *API) detachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	return &iam.DetachRolePolicyOutput{}, a.Identity.Detach(ctx, roleKey(ctx, in.RoleName), *in.PolicyArn)
}

func (a *API) listAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	page, err := a.listAttached(ctx, roleKey(ctx, in.RoleName), in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}
