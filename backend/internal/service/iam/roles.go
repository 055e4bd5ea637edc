package iam

import (
	"context"
	"maps"
	"net/http"
	"slices"

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

func (a *API) createRole(ctx context.Context, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	if err := checkName("roleName", *in.RoleName, 64); err != nil {
		return nil, err
	}
	path, err := pathOf(in.Path)
	if err != nil {
		return nil, err
	}
	if err := checkTrust(*in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	e := &identity.Entity{Key: roleKey(ctx, in.RoleName), Path: path, Trust: *in.AssumeRolePolicyDocument,
		Description: aws.ToString(in.Description), MaxSession: minSession, Boundary: aws.ToString(in.PermissionsBoundary), Tags: tagsOf(in.Tags)}
	if in.MaxSessionDuration != nil {
		e.MaxSession = int(*in.MaxSessionDuration)
	}
	if err := checkRole(e); err != nil {
		return nil, err
	}
	if err := a.Identity.Create(ctx, e); err != nil {
		return nil, err
	}
	return &iam.CreateRoleOutput{Role: role(e)}, nil
}

func checkRole(e *identity.Entity) error {
	var v []wire.Violation
	if e.MaxSession < minSession {
		v = append(v, wire.AtLeast("maxSessionDuration", e.MaxSession, minSession))
	}
	if e.MaxSession > maxSession {
		v = append(v, wire.AtMost("maxSessionDuration", e.MaxSession, maxSession))
	}
	if len(e.Description) > maxDescription {
		v = append(v, wire.MaxLength("description", e.Description, maxDescription))
	}
	if len(v) > 0 {
		return wire.Errorf(http.StatusBadRequest, "ValidationError", "%s", wire.Describe(v...))
	}
	return nil
}

// checkTrust holds a trust policy to IAM's grammar and size.
func checkTrust(text string) error {
	if err := policy.ValidateTrust([]byte(text)); err != nil {
		return err
	}
	if size(text) > maxTrust {
		return fault.New(fault.TooLarge, "Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	return nil
}

func role(e *identity.Entity) *types.Role {
	r := &types.Role{RoleName: &e.Name, RoleId: &e.ID, Arn: aws.String(e.ARN()), Path: &e.Path, CreateDate: &e.Created,
		AssumeRolePolicyDocument: document(e.Trust), MaxSessionDuration: aws.Int32(int32(e.MaxSession)), Tags: tags(e.Tags)}
	if e.Description != "" {
		r.Description = &e.Description
	}
	if e.Boundary != "" {
		r.PermissionsBoundary = &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: &e.Boundary,
			PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy}
	}
	return r
}

func tags(m map[string]string) []types.Tag {
	var list []types.Tag
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(m[k])})
	}
	return list
}

func (a *API) getRole(ctx context.Context, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	e, err := a.Identity.Get(ctx, roleKey(ctx, in.RoleName))
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: role(e)}, nil
}

func (a *API) listRoles(ctx context.Context, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	list, err := a.Identity.List(ctx, account(ctx), identity.Role, aws.ToString(in.PathPrefix))
	if err != nil {
		return nil, err
	}
	page, err := paged(list, in.Marker, in.MaxItems)
	out := &iam.ListRolesOutput{Roles: []types.Role{}, Marker: page.next, IsTruncated: page.next != nil}
	for i := range page.items {
		out.Roles = append(out.Roles, *role(&page.items[i]))
	}
	return out, err
}

func (a *API) updateRole(ctx context.Context, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	return &iam.UpdateRoleOutput{}, a.Identity.Update(ctx, roleKey(ctx, in.RoleName), func(e *identity.Entity) error {
		e.Description = aws.ToString(in.Description)
		e.MaxSession = minSession
		if in.MaxSessionDuration != nil {
			e.MaxSession = int(*in.MaxSessionDuration)
		}
		return checkRole(e)
	})
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
	return &iam.PutRolePermissionsBoundaryOutput{}, a.Identity.Update(ctx, roleKey(ctx, in.RoleName), func(e *identity.Entity) error {
		e.Boundary = *in.PermissionsBoundary
		return checkRole(e)
	})
}

func (a *API) deleteRoleBoundary(ctx context.Context, in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	return &iam.DeleteRolePermissionsBoundaryOutput{}, a.Identity.Update(ctx, roleKey(ctx, in.RoleName), func(e *identity.Entity) error {
		e.Boundary = ""
		return nil
	})
}

func (a *API) tagRole(ctx context.Context, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	return &iam.TagRoleOutput{}, a.Identity.Update(ctx, roleKey(ctx, in.RoleName), func(e *identity.Entity) error {
		maps.Copy(e.Tags, tagsOf(in.Tags))
		return nil
	})
}

func (a *API) untagRole(ctx context.Context, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	return &iam.UntagRoleOutput{}, a.Identity.Update(ctx, roleKey(ctx, in.RoleName), func(e *identity.Entity) error {
		for _, k := range in.TagKeys {
			delete(e.Tags, k)
		}
		return nil
	})
}

func (a *API) listRoleTags(ctx context.Context, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	e, err := a.Identity.Get(ctx, roleKey(ctx, in.RoleName))
	if err != nil {
		return nil, err
	}
	page, err := paged(append([]types.Tag{}, tags(e.Tags)...), in.Marker, in.MaxItems)
	return &iam.ListRoleTagsOutput{Tags: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

// listInstanceProfilesForRole is what clients ask before they delete a role; there are no instance profiles here.
func (a *API) listInstanceProfilesForRole(ctx context.Context, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	_, err := a.Identity.Get(ctx, roleKey(ctx, in.RoleName))
	return &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []types.InstanceProfile{}}, err
}
