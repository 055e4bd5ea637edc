package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

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

func (a *API) createUser(ctx context.Context, in *iam.CreateUserInput) (*iam.CreateUserOutput, error) {
	if err := checkName("userName", *in.UserName, 64); err != nil {
		return nil, err
	}
	path, err := pathOf(in.Path)
	if err != nil {
		return nil, err
	}
	e := &identity.Entity{Key: identity.Key{Account: account(ctx), Kind: identity.User, Name: *in.UserName}, Path: path,
		Boundary: aws.ToString(in.PermissionsBoundary), Tags: tagsOf(in.Tags)}
	if err := a.Identity.Create(ctx, e); err != nil {
		return nil, err
	}
	return &iam.CreateUserOutput{User: user(e)}, nil
}

func user(e *identity.Entity) *types.User {
	u := &types.User{UserName: &e.Name, UserId: &e.ID, Arn: aws.String(e.ARN()), Path: &e.Path, CreateDate: &e.Created, Tags: tags(e.Tags)}
	if e.Boundary != "" {
		u.PermissionsBoundary = &types.AttachedPermissionsBoundary{PermissionsBoundaryArn: &e.Boundary,
			PermissionsBoundaryType: types.PermissionsBoundaryAttachmentTypePolicy}
	}
	return u
}

func (a *API) getUser(ctx context.Context, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
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
	list, err := a.Identity.List(ctx, account(ctx), identity.User, aws.ToString(in.PathPrefix))
	if err != nil {
		return nil, err
	}
	page, err := paged(list, in.Marker, in.MaxItems)
	out := &iam.ListUsersOutput{Users: []types.User{}, Marker: page.next, IsTruncated: page.next != nil}
	for i := range page.items {
		out.Users = append(out.Users, *user(&page.items[i]))
	}
	return out, err
}

func (a *API) deleteUser(ctx context.Context, in *iam.DeleteUserInput) (*iam.DeleteUserOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteUserOutput{}, a.Identity.Delete(ctx, k)
}

func (a *API) putUserPolicy(ctx context.Context, in *iam.PutUserPolicyInput) (*iam.PutUserPolicyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.PutUserPolicyOutput{}, a.putInline(ctx, k, *in.PolicyName, *in.PolicyDocument, maxInlineUser)
}

func (a *API) getUserPolicy(ctx context.Context, in *iam.GetUserPolicyInput) (*iam.GetUserPolicyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	text, err := a.Identity.Inline(ctx, k, *in.PolicyName)
	return &iam.GetUserPolicyOutput{UserName: in.UserName, PolicyName: in.PolicyName, PolicyDocument: document(text)}, err
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
	full, err := a.Identity.Full(ctx, k)
	if err != nil {
		return nil, err
	}
	page, err := paged(names(full.Inline), in.Marker, in.MaxItems)
	return &iam.ListUserPoliciesOutput{PolicyNames: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) attachUserPolicy(ctx context.Context, in *iam.AttachUserPolicyInput) (*iam.AttachUserPolicyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.AttachUserPolicyOutput{}, a.Identity.Attach(ctx, k, *in.PolicyArn)
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
	list, err := a.attached(ctx, k, in.PathPrefix)
	if err != nil {
		return nil, err
	}
	page, err := paged(list, in.Marker, in.MaxItems)
	return &iam.ListAttachedUserPoliciesOutput{AttachedPolicies: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) createAccessKey(ctx context.Context, in *iam.CreateAccessKeyInput) (*iam.CreateAccessKeyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	key, err := a.Identity.CreateKey(ctx, k)
	if err != nil {
		return nil, err
	}
	return &iam.CreateAccessKeyOutput{AccessKey: &types.AccessKey{UserName: &k.Name, AccessKeyId: &key.ID, SecretAccessKey: &key.Secret,
		Status: types.StatusTypeActive, CreateDate: &key.Created}}, nil
}

func (a *API) listAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput) (*iam.ListAccessKeysOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	keys, err := a.Identity.Keys(ctx, k)
	out := &iam.ListAccessKeysOutput{AccessKeyMetadata: []types.AccessKeyMetadata{}}
	for _, key := range keys {
		status := types.StatusTypeInactive
		if key.Active {
			status = types.StatusTypeActive
		}
		out.AccessKeyMetadata = append(out.AccessKeyMetadata, types.AccessKeyMetadata{UserName: &k.Name, AccessKeyId: aws.String(key.ID),
			Status: status, CreateDate: aws.Time(key.Created)})
	}
	return out, err
}

func (a *API) deleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput) (*iam.DeleteAccessKeyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteAccessKeyOutput{}, a.Identity.DeleteKey(ctx, k, *in.AccessKeyId)
}
