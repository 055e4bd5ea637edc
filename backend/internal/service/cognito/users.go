package cognito

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// isRefusal reports whether err is a refusal with this code.
func isRefusal(err error, code string) bool {
	e, ok := errors.AsType[*wire.Error](err)
	return ok && e.Code == code
}

// maxPage is how many entries a list has at most.
const maxPage = 60

func pageSize(name string, n *int32) (int32, error) {
	switch size := aws.ToInt32(n); {
	case n == nil:
		return maxPage, nil
	case size < 1:
		return 0, wire.Validation(wire.AtLeast(name, int(size), 1))
	case size > maxPage:
		return 0, wire.Validation(wire.AtMost(name, int(size), maxPage))
	default:
		return size, nil
	}
}

// adminCreateUser makes a user for an administrator. The pre sign-up trigger may refuse; what it answers is not looked at.
func (a *API) adminCreateUser(ctx context.Context, in *cognito.AdminCreateUserInput) (*cognito.AdminCreateUserOutput, error) {
	p, err := a.pool(ctx, *in.UserPoolId)
	if err != nil {
		return nil, err
	}
	switch {
	case in.MessageAction == types.MessageActionTypeResend:
		return nil, unsupported("AdminCreateUser", "MessageAction RESEND")
	case in.ForceAliasCreation:
		return nil, unsupported("AdminCreateUser", "ForceAliasCreation")
	}
	u, err := a.newUser(ctx, p, *in.Username, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	if in.TemporaryPassword != nil {
		if err := p.checkPassword(*in.TemporaryPassword); err != nil {
			return nil, err
		}
	}
	if _, err := a.mayDo(ctx, p, u, "PreSignUp_AdminCreateUser", noClient, in.ValidationData, in.ClientMetadata); err != nil {
		return nil, err
	}
	u.status = types.UserStatusTypeForceChangePassword
	if err := a.insertUser(ctx, p, u); err != nil {
		return nil, err
	}
	return &cognito.AdminCreateUserOutput{User: u.shown()}, nil
}

// shown is the user as the API shows one.
func (u *user) shown() *types.UserType {
	return &types.UserType{Username: &u.username, Attributes: u.list(), Enabled: true, UserStatus: u.status, UserCreateDate: &u.created, UserLastModifiedDate: &u.modified}
}

func (u *user) list() []types.AttributeType {
	return append([]types.AttributeType{{Name: aws.String("sub"), Value: &u.sub}}, listed(u.attributes)...)
}

func (a *API) adminGetUser(ctx context.Context, in *cognito.AdminGetUserInput) (*cognito.AdminGetUserOutput, error) {
	p, err := a.pool(ctx, *in.UserPoolId)
	if err != nil {
		return nil, err
	}
	u, err := a.user(ctx, p, *in.Username)
	if err != nil {
		return nil, err
	}
	return &cognito.AdminGetUserOutput{Username: &u.username, UserAttributes: u.list(), Enabled: true, UserStatus: u.status,
		UserCreateDate: &u.created, UserLastModifiedDate: &u.modified}, nil
}

func (a *API) adminDeleteUser(ctx context.Context, in *cognito.AdminDeleteUserInput) (*cognito.AdminDeleteUserOutput, error) {
	p, err := a.pool(ctx, *in.UserPoolId)
	if err != nil {
		return nil, err
	}
	u, err := a.user(ctx, p, *in.Username)
	if err != nil {
		return nil, err
	}
	return &cognito.AdminDeleteUserOutput{}, a.removeUser(ctx, p, u)
}

func (a *API) listUsers(ctx context.Context, in *cognito.ListUsersInput) (*cognito.ListUsersOutput, error) {
	switch {
	case in.Filter != nil:
		return nil, unsupported("ListUsers", "Filter")
	case in.AttributesToGet != nil:
		return nil, unsupported("ListUsers", "AttributesToGet")
	}
	p, err := a.pool(ctx, *in.UserPoolId)
	if err != nil {
		return nil, err
	}
	limit, err := pageSize("limit", in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := a.users(ctx, p, aws.ToString(in.PaginationToken), limit+1)
	if err != nil {
		return nil, err
	}
	out := &cognito.ListUsersOutput{Users: []types.UserType{}}
	for i, u := range list {
		if i == int(limit) {
			out.PaginationToken = &list[i-1].username
			break
		}
		out.Users = append(out.Users, *u.shown())
	}
	return out, nil
}

func (a *API) listPools(ctx context.Context, in *cognito.ListUserPoolsInput) (*cognito.ListUserPoolsOutput, error) {
	limit, err := pageSize("maxResults", in.MaxResults)
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	list, err := a.pools(ctx, call.Account, call.Region, aws.ToString(in.NextToken), limit+1)
	if err != nil {
		return nil, err
	}
	out := &cognito.ListUserPoolsOutput{UserPools: []types.UserPoolDescriptionType{}}
	for i, p := range list {
		if i == int(limit) {
			out.NextToken = list[i-1].Id
			break
		}
		out.UserPools = append(out.UserPools, types.UserPoolDescriptionType{Id: p.Id, Name: p.Name, LambdaConfig: p.LambdaConfig,
			CreationDate: &p.created, LastModifiedDate: &p.modified})
	}
	return out, nil
}
