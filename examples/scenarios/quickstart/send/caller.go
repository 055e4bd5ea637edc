package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// operator is the user as whom the roles are assumed: AWS lets no root user assume a role.
const operator = "quickstart-operator"

// root is the configuration of an account's root user; of the default account when account is empty.
func (s *sender) root(account string) aws.Config {
	if account == "" {
		account = "test"
	}
	return s.config(credentials.NewStaticCredentialsProvider(account, "test", ""))
}

// config never looks at the environment, at shared files or at the machine's metadata: it speaks to the simulator alone.
func (s *sender) config(c aws.CredentialsProvider) aws.Config {
	return aws.Config{HTTPClient: sdkhttp.Client(nil), Region: s.region, BaseEndpoint: aws.String(s.endpoint), Credentials: c}
}

// assume returns the configuration of a session of the role. It makes a user in the role's account for it, and removes the
// user again.
func (s *sender) assume(ctx context.Context, roleARN, session string) (cfg aws.Config, err error) {
	parts := strings.Split(roleARN, ":")
	if len(parts) < 6 {
		return cfg, fmt.Errorf("%q is not the ARN of a role", roleARN)
	}
	users := iam.NewFromConfig(s.root(parts[4]))
	key, err := createOperator(ctx, users)
	defer func() { err = errors.Join(err, deleteOperator(ctx, users, key)) }()
	if err != nil {
		return cfg, err
	}
	tokens := sts.NewFromConfig(s.config(credentials.NewStaticCredentialsProvider(key.id, key.secret, "")))
	got, err := tokens.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &roleARN, RoleSessionName: &session})
	if err != nil {
		return cfg, fmt.Errorf("assume %s: %w", roleARN, err)
	}
	c := got.Credentials
	return s.config(credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)), nil
}

type accessKey struct{ id, secret string }

func createOperator(ctx context.Context, users *iam.Client) (accessKey, error) {
	_, err := users.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(operator)})
	if err != nil && !isCode(err, "EntityAlreadyExists") {
		return accessKey{}, err
	}
	_, err = users.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String(operator), PolicyName: aws.String("assume"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`)})
	if err != nil {
		return accessKey{}, err
	}
	got, err := users.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String(operator)})
	if err != nil {
		return accessKey{}, err
	}
	return accessKey{*got.AccessKey.AccessKeyId, *got.AccessKey.SecretAccessKey}, nil
}

func deleteOperator(ctx context.Context, users *iam.Client, key accessKey) error {
	if key.id != "" {
		if _, err := users.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String(operator), AccessKeyId: &key.id}); err != nil {
			return err
		}
	}
	_, err := users.DeleteUserPolicy(ctx, &iam.DeleteUserPolicyInput{UserName: aws.String(operator), PolicyName: aws.String("assume")})
	if err != nil && !isCode(err, "NoSuchEntity") {
		return err
	}
	_, err = users.DeleteUser(ctx, &iam.DeleteUserInput{UserName: aws.String(operator)})
	if err != nil && !isCode(err, "NoSuchEntity") {
		return err
	}
	return nil
}

func isCode(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}
