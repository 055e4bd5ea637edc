package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// rootUser is the root user as GetUser answers it, without name, path and date; nil for other callers.
func rootUser(ctx context.Context) *types.User {
	s := wire.CallFrom(ctx).Session
	if s.Kind != authz.Root {
		return nil
	}
	return &types.User{UserId: &s.Account, Arn: &s.ARN}
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
	if err != nil {
		return nil, err
	}
	list := []types.AccessKeyMetadata{}
	for _, key := range keys {
		status := types.StatusTypeInactive
		if key.Active {
			status = types.StatusTypeActive
		}
		list = append(list, types.AccessKeyMetadata{UserName: &k.Name, AccessKeyId: aws.String(key.ID), Status: status, CreateDate: aws.Time(key.Created)})
	}
	page, err := paged(list, func(m types.AccessKeyMetadata) string { return *m.AccessKeyId }, in.Marker, in.MaxItems)
	return &iam.ListAccessKeysOutput{AccessKeyMetadata: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) updateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyInput) (*iam.UpdateAccessKeyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	if in.Status != types.StatusTypeActive && in.Status != types.StatusTypeInactive {
		return nil, validationError(wire.Enum("status", string(in.Status), []string{"Active", "Expired", "Inactive"}))
	}
	return &iam.UpdateAccessKeyOutput{}, a.Identity.SetKeyActive(ctx, k, *in.AccessKeyId, in.Status == types.StatusTypeActive)
}

func (a *API) deleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput) (*iam.DeleteAccessKeyOutput, error) {
	k, err := userKey(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteAccessKeyOutput{}, a.Identity.DeleteKey(ctx, k, *in.AccessKeyId)
}

// getAccessKeyLastUsed answers "N/A" for the service and region of a key that was not used, as IAM does.
func (a *API) getAccessKeyLastUsed(ctx context.Context, in *iam.GetAccessKeyLastUsedInput) (*iam.GetAccessKeyLastUsedOutput, error) {
	owner, use, err := a.Identity.LastUse(ctx, account(ctx), *in.AccessKeyId)
	if err != nil {
		return nil, err
	}
	last := &types.AccessKeyLastUsed{Region: aws.String("N/A"), ServiceName: aws.String("N/A")}
	if !use.At.IsZero() {
		last = &types.AccessKeyLastUsed{LastUsedDate: &use.At, Region: &use.Region, ServiceName: &use.Service}
	}
	return &iam.GetAccessKeyLastUsedOutput{UserName: &owner, AccessKeyLastUsed: last}, nil
}
