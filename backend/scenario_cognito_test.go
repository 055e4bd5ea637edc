package backend_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cognitotypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// cognito is a client of user pools, as the default account's root.
func (b *bundle) cognito() *cognito.Client { return b.pools }

// poolNamed finds a pool of the scenario, and its client.
func (s *story) poolNamed(ctx context.Context, name string) (id, client string, err error) {
	pools, err := s.cognito().ListUserPools(ctx, &cognito.ListUserPoolsInput{MaxResults: aws.Int32(60)})
	if err != nil {
		return "", "", err
	}
	for _, p := range pools.UserPools {
		if *p.Name != name {
			continue
		}
		clients, err := s.cognito().ListUserPoolClients(ctx, &cognito.ListUserPoolClientsInput{UserPoolId: p.Id})
		if err != nil {
			return "", "", err
		}
		return *p.Id, *clients.UserPoolClients[0].ClientId, nil
	}
	return "", "", fmt.Errorf("there is no pool %s", name)
}

func poolARN(id string) string { return "arn:aws:cognito-idp:us-east-1:" + account + ":userpool/" + id }

func init() {
	// pool NAME PRE_SIGN_UP [POST_CONFIRMATION]
	verbs["pool"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		in := &cognito.CreateUserPoolInput{PoolName: &w[0], LambdaConfig: &cognitotypes.LambdaConfigType{PreSignUp: aws.String(functionARN(w[1]))},
			AutoVerifiedAttributes: []cognitotypes.VerifiedAttributeType{"email"}}
		if w[2] != "" {
			in.LambdaConfig.PostConfirmation = aws.String(functionARN(w[2]))
		}
		pool, err := s.cognito().CreateUserPool(ctx, in)
		if err != nil {
			return err
		}
		_, err = s.cognito().CreateUserPoolClient(ctx, &cognito.CreateUserPoolClientInput{UserPoolId: pool.UserPool.Id, ClientName: aws.String("app")})
		return err
	}
	// permit_pool FUNCTION SID POOL [SOURCE_ACCOUNT]
	verbs["permit_pool"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		id, _, err := s.poolNamed(ctx, w[2])
		if err != nil {
			return err
		}
		in := &lambda.AddPermissionInput{FunctionName: &w[0], StatementId: &w[1], Principal: aws.String("cognito-idp.amazonaws.com"),
			Action: aws.String("lambda:InvokeFunction"), SourceArn: aws.String(poolARN(id))}
		if w[3] != "" {
			in.SourceAccount = &w[3]
		}
		_, err = s.lambda.AddPermission(ctx, in)
		return err
	}
	// timeout FUNCTION SECONDS
	verbs["timeout"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		var seconds int32
		if _, err := fmt.Sscan(w[1], &seconds); err != nil {
			return err
		}
		_, err := s.lambda.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: &w[0], Timeout: &seconds})
		return err
	}
	// signup POOL USER EMAIL
	verbs["signup"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		_, client, err := s.poolNamed(ctx, w[0])
		if err != nil {
			return err
		}
		out, err := s.cognito().SignUp(ctx, &cognito.SignUpInput{ClientId: &client, Username: &w[1], Password: aws.String("Passw0rd!"),
			UserAttributes: []cognitotypes.AttributeType{{Name: aws.String("email"), Value: &w[2]}}})
		if err != nil {
			return err
		}
		fmt.Fprintf(&s.said, "signup %s: confirmed %v\n", rest, out.UserConfirmed)
		return nil
	}
	// users POOL: says who there is
	verbs["users"] = func(ctx context.Context, s *story, rest string) error {
		id, _, err := s.poolNamed(ctx, rest)
		if err != nil {
			return err
		}
		out, err := s.cognito().ListUsers(ctx, &cognito.ListUsersInput{UserPoolId: &id})
		if err != nil {
			return err
		}
		var list []string
		for _, u := range out.Users {
			list = append(list, *u.Username+" "+string(u.UserStatus))
		}
		fmt.Fprintf(&s.said, "users %s: %s\n", rest, strings.Join(list, ", "))
		return nil
	}
}
