package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

func (a *API) groups() map[string]wire.Operation {
	return map[string]wire.Operation{
		"CreateGroup":               op(a, a.createGroup),
		"GetGroup":                  op(a, a.getGroup),
		"ListGroups":                op(a, a.listGroups),
		"UpdateGroup":               op(a, a.updateGroup),
		"DeleteGroup":               op(a, a.deleteGroup),
		"AddUserToGroup":            op(a, a.addUserToGroup),
		"RemoveUserFromGroup":       op(a, a.removeUserFromGroup),
		"PutGroupPolicy":            op(a, a.putGroupPolicy),
		"GetGroupPolicy":            op(a, a.getGroupPolicy),
		"DeleteGroupPolicy":         op(a, a.deleteGroupPolicy),
		"ListGroupPolicies":         op(a, a.listGroupPolicies),
		"AttachGroupPolicy":         op(a, a.attachGroupPolicy),
		"DetachGroupPolicy":         op(a, a.detachGroupPolicy),
		"ListAttachedGroupPolicies": op(a, a.listAttachedGroupPolicies),
	}
}

func (a *API) createGroup(ctx context.Context, in *iam.CreateGroupInput) (*iam.CreateGroupOutput, error) {
	if err := checkName("groupName", *in.GroupName, maxName[identity.Group]); err != nil {
		return nil, err
	}
	path, err := pathOf(in.Path)
	if err != nil {
		return nil, err
	}
	e := &identity.Entity{Key: groupKey(ctx, in.GroupName), Path: path}
	if err := a.Identity.Create(ctx, e); err != nil {
		return nil, err
	}
	return &iam.CreateGroupOutput{Group: group(e)}, nil
}

func group(e *identity.Entity) *types.Group {
	return &types.Group{GroupName: &e.Name, GroupId: &e.ID, Arn: aws.String(e.ARN()), Path: &e.Path, CreateDate: &e.Created}
}

func groups(list []identity.Entity) []types.Group {
	out := []types.Group{}
	for i := range list {
		out = append(out, *group(&list[i]))
	}
	return out
}

// getGroup answers the group and a page of its users.
func (a *API) getGroup(ctx context.Context, in *iam.GetGroupInput) (*iam.GetGroupOutput, error) {
	e, err := a.Identity.Get(ctx, groupKey(ctx, in.GroupName))
	if err != nil {
		return nil, err
	}
	list, err := a.Identity.Members(ctx, e.Account, e.Name)
	if err != nil {
		return nil, err
	}
	page, err := paged(list, entityKey, in.Marker, in.MaxItems)
	out := &iam.GetGroupOutput{Group: group(e), Users: []types.User{}, Marker: page.next, IsTruncated: page.next != nil}
	for i := range page.items {
		out.Users = append(out.Users, listedUser(&page.items[i]))
	}
	return out, err
}

func (a *API) listGroups(ctx context.Context, in *iam.ListGroupsInput) (*iam.ListGroupsOutput, error) {
	page, err := a.listEntities(ctx, identity.Group, in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListGroupsOutput{Groups: groups(page.items), Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) updateGroup(ctx context.Context, in *iam.UpdateGroupInput) (*iam.UpdateGroupOutput, error) {
	return &iam.UpdateGroupOutput{}, a.rename(ctx, groupKey(ctx, in.GroupName), in.NewGroupName, in.NewPath)
}

func (a *API) deleteGroup(ctx context.Context, in *iam.DeleteGroupInput) (*iam.DeleteGroupOutput, error) {
	return &iam.DeleteGroupOutput{}, a.Identity.Delete(ctx, groupKey(ctx, in.GroupName))
}

func (a *API) addUserToGroup(ctx context.Context, in *iam.AddUserToGroupInput) (*iam.AddUserToGroupOutput, error) {
	return &iam.AddUserToGroupOutput{}, a.Identity.AddMember(ctx, account(ctx), *in.GroupName, *in.UserName)
}

func (a *API) removeUserFromGroup(ctx context.Context, in *iam.RemoveUserFromGroupInput) (*iam.RemoveUserFromGroupOutput, error) {
	return &iam.RemoveUserFromGroupOutput{}, a.Identity.RemoveMember(ctx, account(ctx), *in.GroupName, *in.UserName)
}

func (a *API) putGroupPolicy(ctx context.Context, in *iam.PutGroupPolicyInput) (*iam.PutGroupPolicyOutput, error) {
	return &iam.PutGroupPolicyOutput{}, a.putInline(ctx, groupKey(ctx, in.GroupName), *in.PolicyName, *in.PolicyDocument)
}

func (a *API) getGroupPolicy(ctx context.Context, in *iam.GetGroupPolicyInput) (*iam.GetGroupPolicyOutput, error) {
	text, err := a.Identity.Inline(ctx, groupKey(ctx, in.GroupName), *in.PolicyName)
	return &iam.GetGroupPolicyOutput{GroupName: in.GroupName, PolicyName: in.PolicyName, PolicyDocument: document(text)}, err
}

func (a *API) deleteGroupPolicy(ctx context.Context, in *iam.DeleteGroupPolicyInput) (*iam.DeleteGroupPolicyOutput, error) {
	return &iam.DeleteGroupPolicyOutput{}, a.Identity.DeleteInline(ctx, groupKey(ctx, in.GroupName), *in.PolicyName)
}

func (a *API) listGroupPolicies(ctx context.Context, in *iam.ListGroupPoliciesInput) (*iam.ListGroupPoliciesOutput, error) {
	page, err := a.listInline(ctx, groupKey(ctx, in.GroupName), in.Marker, in.MaxItems)
	return &iam.ListGroupPoliciesOutput{PolicyNames: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}

func (a *API) attachGroupPolicy(ctx context.Context, in *iam.AttachGroupPolicyInput) (*iam.AttachGroupPolicyOutput, error) {
	return &iam.AttachGroupPolicyOutput{}, a.attach(ctx, groupKey(ctx, in.GroupName), *in.PolicyArn)
}

func (a *API) detachGroupPolicy(ctx context.Context, in *iam.DetachGroupPolicyInput) (*iam.DetachGroupPolicyOutput, error) {
	return &iam.DetachGroupPolicyOutput{}, a.Identity.Detach(ctx, groupKey(ctx, in.GroupName), *in.PolicyArn)
}

func (a *API) listAttachedGroupPolicies(ctx context.Context, in *iam.ListAttachedGroupPoliciesInput) (*iam.ListAttachedGroupPoliciesOutput, error) {
	page, err := a.listAttached(ctx, groupKey(ctx, in.GroupName), in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedGroupPoliciesOutput{AttachedPolicies: page.items, Marker: page.next, IsTruncated: page.next != nil}, err
}
