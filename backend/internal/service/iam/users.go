package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

func (a *API) users() map[string]wire.Operation {
	return map[string]wire.Operation{
		"CreateUser":                    op(a, a.createUser),
		"GetUser":                       op(a, a.getUser),
		"ListUsers":                     op(a, a.listUsers),
		"UpdateUser":                    op(a, a.updateUser),
		"DeleteUser":                    op(a, a.deleteUser),
		"PutUserPermissionsBoundary":    op(a, a.putUserBoundary),
		"DeleteUserPermissionsBoundary": op(a, a.deleteUserBoundary),
		"TagUser":                       op(a, a.tagUser),
		"UntagUser":                     op(a, a.untagUser),
		"ListUserTags":                  op(a, a.listUserTags),
		"PutUserPolicy":                 op(a, a.putUserPolicy),
		"GetUserPolicy":                 op(a, a.getUserPolicy),
		"DeleteUserPolicy":              op(a, a.deleteUserPolicy),
		"ListUserPolicies":              op(a, a.listUserPolicies),
		"AttachUserPolicy":              op(a, a.attachUserPolicy),
		"DetachUserPolicy":              op(a, a.detachUserPolicy),
		"ListAttachedUserPolicies":      op(a, a.listAttachedUserPolicies),
		"ListGroupsForUser":             op(a, a.listGroupsForUser),
		"CreateAccessKey":               op(a, a.createAccessKey),
		"ListAccessKeys":                op(a, a.listAccessKeys),
		"UpdateAccessKey":               op(a, a.updateAccessKey),
		"DeleteAccessKey":               op(a, a.deleteAccessKey),
		"GetAccessKeyLastUsed":          op(a, a.getAccessKeyLastUsed),
	}
}

func (a *API) createUser(ctx context.Context, in *iam.CreateUserInput) (*iam.CreateUserOutput, error) {
	if err := checkName("userName", *in.UserName, maxName[identity.User]); err != nil {
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
	e := &identity.Entity{Key: identity.Key{Account: account(ctx), Kind: identity.User, Name: *in.UserName}, Path: path,
		Boundary: aws.ToString(in.PermissionsBoundary), Tags: tags}
	if err := a.explain(a.Identity.Create(ctx, e), e.Boundary); err != nil {
		return nil, err
	}
	return &iam.CreateUserOutput{User: user(e)}, nil
}

func user(e *identity.Entity) *types.User {
	return &types.User{UserName: &e.Name, UserId: &e.ID, Arn: aws.String(e.ARN()), Path: &e.Path, CreateDate: &e.Created,
		Tags: given(e.Tags), PermissionsBoundary: boundaryOf(e)}
}

// listedUser is a user as lists have it: without tags and boundary (API: ListUsers).
func listedUser(e *identity.Entity) types.User {
	u := user(e)
	u.Tags, u.PermissionsBoundary = nil, nil
	return *u
}

func (a *API) getUser(ctx context.Context, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
	if root := rootUser(ctx); in.UserName == nil && root != nil {
		return &iam.GetUserOutput{User: root}, nil
	}
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	e, err := a.Identity.Get(ctx, k)
	if err != nil {
		return nil, err
	}
	return &iam.GetUserOutput{User: user(e)}, nil
}

func (a *API) listUsers(ctx context.Context, in *iam.ListUsersInput) (*iam.ListUsersOutput, error) {
	page, err := a.listEntities(ctx, identity.User, in.PathPrefix, in.Marker, in.MaxItems)
	out := &iam.ListUsersOutput{Users: []types.User{}, Marker: page.next, IsTruncated: page.next != nil}
	for i := range page.items {
		out.Users = append(out.Users, listedUser(&page.items[i]))
	}
	return out, err
}

func (a *API) updateUser(ctx context.Context, in *iam.UpdateUserInput) (*iam.UpdateUserOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.UpdateUserOutput{}, a.rename(ctx, k, in.NewUserName, in.NewPath)
}

func (a *API) deleteUser(ctx context.Context, in *iam.DeleteUserInput) (*iam.DeleteUserOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteUserOutput{}, a.Identity.Delete(ctx, k)
}

func (a *API) putUserBoundary(ctx context.Context, in *iam.PutUserPermissionsBoundaryInput) (*iam.PutUserPermissionsBoundaryOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.PutUserPermissionsBoundaryOutput{}, a.setBoundary(ctx, k, *in.PermissionsBoundary)
}

func (a *API) deleteUserBoundary(ctx context.Context, in *iam.DeleteUserPermissionsBoundaryInput) (*iam.DeleteUserPermissionsBoundaryOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteUserPermissionsBoundaryOutput{}, a.setBoundary(ctx, k, "")
}

func (a *API) tagUser(ctx context.Context, in *iam.TagUserInput) (*iam.TagUserOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.TagUserOutput{}, a.tagEntity(ctx, k, addTags(in.Tags, fold))
}

func (a *API) untagUser(ctx context.Context, in *iam.UntagUserInput) (*iam.UntagUserOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.UntagUserOutput{}, a.tagEntity(ctx, k, removeTags(in.TagKeys, fold))
}

func (a *API) listUserTags(ctx context.Context, in *iam.ListUserTagsInput) (*iam.ListUserTagsOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	page, err := a.listTags(ctx, k, in.Marker, in.MaxItems)
	return &iam.ListUserTagsOutput{Tags: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) putUserPolicy(ctx context.Context, in *iam.PutUserPolicyInput) (*iam.PutUserPolicyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.PutUserPolicyOutput{}, a.putInline(ctx, k, *in.PolicyName, *in.PolicyDocument)
}

func (a *API) getUserPolicy(ctx context.Context, in *iam.GetUserPolicyInput) (*iam.GetUserPolicyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	text, err := a.Identity.Inline(ctx, k, *in.PolicyName)
	return &iam.GetUserPolicyOutput{UserName: &k.Name, PolicyName: in.PolicyName, PolicyDocument: document(text)}, err
}

func (a *API) deleteUserPolicy(ctx context.Context, in *iam.DeleteUserPolicyInput) (*iam.DeleteUserPolicyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteUserPolicyOutput{}, a.Identity.DeleteInline(ctx, k, *in.PolicyName)
}

func (a *API) listUserPolicies(ctx context.Context, in *iam.ListUserPoliciesInput) (*iam.ListUserPoliciesOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	page, err := a.listInline(ctx, k, in.Marker, in.MaxItems)
	return &iam.ListUserPoliciesOutput{PolicyNames: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) attachUserPolicy(ctx context.Context, in *iam.AttachUserPolicyInput) (*iam.AttachUserPolicyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.AttachUserPolicyOutput{}, a.attach(ctx, k, *in.PolicyArn)
}

func (a *API) detachUserPolicy(ctx context.Context, in *iam.DetachUserPolicyInput) (*iam.DetachUserPolicyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.DetachUserPolicyOutput{}, a.Identity.Detach(ctx, k, *in.PolicyArn)
}

func (a *API) listAttachedUserPolicies(ctx context.Context, in *iam.ListAttachedUserPoliciesInput) (*iam.ListAttachedUserPoliciesOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	page, err := a.listAttached(ctx, k, in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedUserPoliciesOutput{AttachedPolicies: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) listGroupsForUser(ctx context.Context, in *iam.ListGroupsForUserInput) (*iam.ListGroupsForUserOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	list, err := a.Identity.GroupsOf(ctx, k.Account, k.Name)
	if err != nil {
		return nil, err
	}
	page, err := paged(list, entityKey, in.Marker, in.MaxItems)
	return &iam.ListGroupsForUserOutput{Groups: groups(page.items), Marker: page.next, IsTruncated: page.next != nil}, err
}
