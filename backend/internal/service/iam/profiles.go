package iam

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

func (a *API) profiles() map[string]wire.Operation {
	return map[string]wire.Operation{
		"CreateInstanceProfile":         op(a, a.createInstanceProfile),
		"GetInstanceProfile":            op(a, a.getInstanceProfile),
		"ListInstanceProfiles":          op(a, a.listInstanceProfiles),
		"DeleteInstanceProfile":         op(a, a.deleteInstanceProfile),
		"AddRoleToInstanceProfile":      op(a, a.addRoleToInstanceProfile),
		"RemoveRoleFromInstanceProfile": op(a, a.removeRoleFromInstanceProfile),
		"TagInstanceProfile":            op(a, a.tagInstanceProfile),
		"UntagInstanceProfile":          op(a, a.untagInstanceProfile),
		"ListInstanceProfileTags":       op(a, a.listInstanceProfileTags),
	}
}

func (a *API) createInstanceProfile(ctx context.Context, in *iam.CreateInstanceProfileInput) (*iam.CreateInstanceProfileOutput, error) {
	if err := checkName("instanceProfileName", *in.InstanceProfileName, 128); err != nil {
		return nil, err
	}
	path, err := pathOf(in.Path)
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags, exactly)
	if err != nil {
		return nil, err
	}
	p := &identity.Profile{Account: account(ctx), Name: *in.InstanceProfileName, Path: path, Tags: tags}
	if err := a.Identity.CreateProfile(ctx, p); err != nil {
		return nil, err
	}
	answer, err := a.profile(ctx, p)
	return &iam.CreateInstanceProfileOutput{InstanceProfile: answer}, err
}

// profile is an instance profile with its role.
func (a *API) profile(ctx context.Context, p *identity.Profile) (*types.InstanceProfile, error) {
	out := &types.InstanceProfile{InstanceProfileName: &p.Name, InstanceProfileId: &p.ID, Arn: aws.String(p.ARN()), Path: &p.Path,
		CreateDate: aws.Time(p.Created.UTC()), Roles: []types.Role{}, Tags: tags(p.Tags)}
	if p.Role == "" {
		return out, nil
	}
	e, err := a.Identity.Get(ctx, roleKey(ctx, &p.Role))
	if err != nil {
		return nil, err
	}
	r := role(e)
	r.MaxSessionDuration, r.Tags, r.PermissionsBoundary, r.RoleLastUsed = nil, nil, nil, nil
	out.Roles = append(out.Roles, *r)
	return out, nil
}

func (a *API) getInstanceProfile(ctx context.Context, in *iam.GetInstanceProfileInput) (*iam.GetInstanceProfileOutput, error) {
	p, err := a.Identity.GetProfile(ctx, account(ctx), *in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	answer, err := a.profile(ctx, p)
	return &iam.GetInstanceProfileOutput{InstanceProfile: answer}, err
}

// profilePage is a page of the instance profiles that fit, without tags (API: ListInstanceProfiles).
func (a *API) profilePage(ctx context.Context, marker *string, most *int32, fits func(*identity.Profile) bool) (page[types.InstanceProfile], error) {
	all, err := a.Identity.Profiles(ctx, account(ctx))
	if err != nil {
		return page[types.InstanceProfile]{}, err
	}
	list := []types.InstanceProfile{}
	for i := range all {
		if !fits(&all[i]) {
			continue
		}
		p, err := a.profile(ctx, &all[i])
		if err != nil {
			return page[types.InstanceProfile]{}, err
		}
		p.Tags = nil
		list = append(list, *p)
	}
	return paged(list, func(p types.InstanceProfile) string { return *p.InstanceProfileName }, marker, most)
}

func (a *API) listInstanceProfiles(ctx context.Context, in *iam.ListInstanceProfilesInput) (*iam.ListInstanceProfilesOutput, error) {
	page, err := a.profilePage(ctx, in.Marker, in.MaxItems, func(p *identity.Profile) bool { return strings.HasPrefix(p.Path, aws.ToString(in.PathPrefix)) })
	return &iam.ListInstanceProfilesOutput{InstanceProfiles: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) listInstanceProfilesForRole(ctx context.Context, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	if _, err := a.Identity.Get(ctx, roleKey(ctx, in.RoleName)); err != nil {
		return nil, err
	}
	page, err := a.profilePage(ctx, in.Marker, in.MaxItems, func(p *identity.Profile) bool { return p.Role == *in.RoleName })
	return &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) deleteInstanceProfile(ctx context.Context, in *iam.DeleteInstanceProfileInput) (*iam.DeleteInstanceProfileOutput, error) {
	return &iam.DeleteInstanceProfileOutput{}, a.Identity.DeleteProfile(ctx, account(ctx), *in.InstanceProfileName)
}

func (a *API) addRoleToInstanceProfile(ctx context.Context, in *iam.AddRoleToInstanceProfileInput) (*iam.AddRoleToInstanceProfileOutput, error) {
	return &iam.AddRoleToInstanceProfileOutput{}, a.Identity.UpdateProfile(ctx, account(ctx), *in.InstanceProfileName, func(p *identity.Profile) error {
		if p.Role != "" {
			return fault.New(fault.TooLarge, "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
		}
		p.Role = *in.RoleName
		return nil
	})
}

func (a *API) removeRoleFromInstanceProfile(ctx context.Context, in *iam.RemoveRoleFromInstanceProfileInput) (*iam.RemoveRoleFromInstanceProfileOutput, error) {
	return &iam.RemoveRoleFromInstanceProfileOutput{}, a.Identity.UpdateProfile(ctx, account(ctx), *in.InstanceProfileName, func(p *identity.Profile) error {
		if p.Role != *in.RoleName {
			return fault.New(fault.NotFound, "Role %s in Instance Profile %s cannot be found.", *in.RoleName, p.Name)
		}
		p.Role = ""
		return nil
	})
}

func (a *API) tagInstanceProfile(ctx context.Context, in *iam.TagInstanceProfileInput) (*iam.TagInstanceProfileOutput, error) {
	return &iam.TagInstanceProfileOutput{}, a.Identity.UpdateProfile(ctx, account(ctx), *in.InstanceProfileName,
		func(p *identity.Profile) error { return addTags(in.Tags, exactly)(p.Tags) })
}

func (a *API) untagInstanceProfile(ctx context.Context, in *iam.UntagInstanceProfileInput) (*iam.UntagInstanceProfileOutput, error) {
	return &iam.UntagInstanceProfileOutput{}, a.Identity.UpdateProfile(ctx, account(ctx), *in.InstanceProfileName,
		func(p *identity.Profile) error { return removeTags(in.TagKeys, exactly)(p.Tags) })
}

func (a *API) listInstanceProfileTags(ctx context.Context, in *iam.ListInstanceProfileTagsInput) (*iam.ListInstanceProfileTagsOutput, error) {
	p, err := a.Identity.GetProfile(ctx, account(ctx), *in.InstanceProfileName)
	if err != nil {
		return nil, err
	}
	page, err := paged(tags(p.Tags), tagKey, in.Marker, in.MaxItems)
	return &iam.ListInstanceProfileTagsOutput{Tags: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}
