// Package cognito is Amazon Cognito user pools as a source that calls functions synchronously.
//
// A pool keeps its triggers itself, in its LambdaConfig. Whoever signs up waits while Cognito calls the trigger: the
// function's policy must let cognito-idp.amazonaws.com in, with the pool's ARN and account as conditions, and what the
// function answers changes the outcome.
//
//	SignUp ──▶ pre sign-up ──refused──▶ UnexpectedLambdaException, nobody is signed up
//	               │       ──error────▶ UserLambdaValidationException, nobody is signed up
//	               ▼ answer
//	          autoConfirmUser? ──no──▶ UNCONFIRMED, a code is due ──ConfirmSignUp──▶ CONFIRMED ─▶ post confirmation
//	               └─yes─────────────▶ CONFIRMED ─▶ post confirmation
//
// A call that takes more than five seconds counts as failed and is made again, three times in all; the function may have
// done its work each time, as in AWS. A refusal or an error of the function ends the call at once. The pool's row is not
// locked meanwhile: a user name is taken when the trigger has agreed.
//
// There are pools, their clients and their users, and of the triggers pre sign-up and post confirmation. Authentication,
// tokens, groups, MFA, federation and messages are not simulated and are refused by name; the code that AWS would send is
// written to the backend's log.
//
// Sources: the API reference of Amazon Cognito user pools, and its developer guide's pages on Lambda triggers.
package cognito

import (
	"context"
	"embed"
	"log/slog"
	"net/http"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/push"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of user pools.
var Schema = postgres.Schema{Name: "cognito", Files: files}

// API serves Cognito user pools.
type API struct {
	DB         *postgres.DB
	Dispatcher *push.Dispatcher
	Clock      *clock.Clock
	IDs        *ident.Source
	Log        *slog.Logger
}

// Service is Cognito user pools for the wire.
func (a *API) Service() wire.Service {
	return wire.Service{API: wire.CognitoAPI(), Fault: toAWS, Operations: map[string]wire.Operation{
		"CreateUserPool": wire.Op(a.createPool, wire.Unbound[cognito.CreateUserPoolInput]()),
		"ListUserPools":  wire.Op(a.listPools, wire.Unbound[cognito.ListUserPoolsInput]()),
		"DescribeUserPool": wire.Op(a.describePool, wire.Resource(func(ctx context.Context, in *cognito.DescribeUserPoolInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"UpdateUserPool": wire.Op(a.updatePool, wire.Resource(func(ctx context.Context, in *cognito.UpdateUserPoolInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"DeleteUserPool": wire.Op(a.deletePool, wire.Resource(func(ctx context.Context, in *cognito.DeleteUserPoolInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"TagResource": wire.Op(a.tag, wire.Resource(func(_ context.Context, in *cognito.TagResourceInput) string { return *in.ResourceArn })),
		"UntagResource": wire.Op(a.untag, wire.Resource(func(_ context.Context, in *cognito.UntagResourceInput) string {
			return *in.ResourceArn
		})),
		"ListTagsForResource": wire.Op(a.listTags, wire.Resource(func(_ context.Context, in *cognito.ListTagsForResourceInput) string {
			return *in.ResourceArn
		})),
		"CreateUserPoolClient": wire.Op(a.createClient, wire.Resource(func(ctx context.Context, in *cognito.CreateUserPoolClientInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"DescribeUserPoolClient": wire.Op(a.describeClient, wire.Resource(func(ctx context.Context, in *cognito.DescribeUserPoolClientInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"ListUserPoolClients": wire.Op(a.listClients, wire.Resource(func(ctx context.Context, in *cognito.ListUserPoolClientsInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"DeleteUserPoolClient": wire.Op(a.deleteClient, wire.Resource(func(ctx context.Context, in *cognito.DeleteUserPoolClientInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"SignUp":        wire.Op(a.signUp, wire.Unsigned[cognito.SignUpInput]()),
		"ConfirmSignUp": wire.Op(a.confirmSignUp, wire.Unsigned[cognito.ConfirmSignUpInput]()),
		"AdminConfirmSignUp": wire.Op(a.adminConfirmSignUp, wire.Resource(func(ctx context.Context, in *cognito.AdminConfirmSignUpInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"AdminCreateUser": wire.Op(a.adminCreateUser, wire.Resource(func(ctx context.Context, in *cognito.AdminCreateUserInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"AdminGetUser": wire.Op(a.adminGetUser, wire.Resource(func(ctx context.Context, in *cognito.AdminGetUserInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"AdminDeleteUser": wire.Op(a.adminDeleteUser, wire.Resource(func(ctx context.Context, in *cognito.AdminDeleteUserInput) string {
			return resource(ctx, in.UserPoolId)
		})),
		"ListUsers": wire.Op(a.listUsers, wire.Resource(func(ctx context.Context, in *cognito.ListUsersInput) string {
			return resource(ctx, in.UserPoolId)
		})),
	}}
}

// Forget drops the pools of an account ("" for all), in the caller's transaction.
func (a *API) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM cognito.pools WHERE $1 = '' OR account = $1`, account)
	return err
}

func toAWS(_ context.Context, _ string, err error) *wire.Error {
	code := ""
	switch fault.KindOf(err) {
	case fault.NotFound:
		code = "ResourceNotFoundException"
	case fault.Invalid, fault.Unsupported:
		code = "InvalidParameterException"
	case fault.Denied:
		code = "AccessDeniedException"
	case fault.Throttled:
		code = "TooManyRequestsException"
	default:
		return nil
	}
	return wire.Errorf(http.StatusBadRequest, code, "%v", err)
}

// refusal is a refusal with a code of Cognito's own.
func refusal(code, format string, args ...any) error {
	return wire.Errorf(http.StatusBadRequest, code, format, args...)
}

func unsupported(operation, what string) error {
	return fault.New(fault.Unsupported, "lambdasim does not simulate %s of cognito-idp:%s yet", what, operation)
}
