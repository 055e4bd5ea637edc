package cognito

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

var poolName = regexp.MustCompile(`^[\w\s+=,.@-]{1,128}$`)

const lowerAlphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789"

func resource(ctx context.Context, pool *string) string {
	call := wire.CallFrom(ctx)
	return arn.UserPool(call.Region, call.Account, aws.ToString(pool))
}

func (a *API) createPool(ctx context.Context, in *cognito.CreateUserPoolInput) (*cognito.CreateUserPoolOutput, error) {
	call := wire.CallFrom(ctx)
	if !poolName.MatchString(*in.PoolName) {
		return nil, wire.Validation(wire.Pattern("poolName", *in.PoolName, `[\w\s+=,.@-]+`))
	}
	switch {
	case len(in.AliasAttributes) > 0:
		return nil, unsupported("CreateUserPool", "AliasAttributes")
	case in.UsernameConfiguration != nil && aws.ToBool(in.UsernameConfiguration.CaseSensitive):
		return nil, unsupported("CreateUserPool", "UsernameConfiguration.CaseSensitive true")
	case in.KeyConfiguration != nil, in.IssuerConfiguration != nil:
		return nil, unsupported("CreateUserPool", "KeyConfiguration and IssuerConfiguration")
	}
	p := types.UserPoolType{Name: in.PoolName, AccountRecoverySetting: in.AccountRecoverySetting, AdminCreateUserConfig: in.AdminCreateUserConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, DeletionProtection: in.DeletionProtection, DeviceConfiguration: in.DeviceConfiguration,
		EmailConfiguration: in.EmailConfiguration, EmailVerificationMessage: in.EmailVerificationMessage, EmailVerificationSubject: in.EmailVerificationSubject,
		LambdaConfig: in.LambdaConfig, MfaConfiguration: in.MfaConfiguration, Policies: in.Policies, SchemaAttributes: in.Schema,
		SmsAuthenticationMessage: in.SmsAuthenticationMessage, SmsConfiguration: in.SmsConfiguration, SmsVerificationMessage: in.SmsVerificationMessage,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings, UserPoolAddOns: in.UserPoolAddOns, UserPoolTags: in.UserPoolTags,
		UserPoolTier: in.UserPoolTier, UsernameAttributes: in.UsernameAttributes, UsernameConfiguration: in.UsernameConfiguration,
		VerificationMessageTemplate: in.VerificationMessageTemplate}
	if err := check("CreateUserPool", &p); err != nil {
		return nil, err
	}
	complete(&p)
	p.SchemaAttributes = append(standardAttributes(in.Schema), custom(in.Schema)...)
	id := call.Region + "_" + a.IDs.Of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 9)
	p.Id, p.Arn = &id, aws.String(arn.UserPool(call.Region, call.Account, id))
	row := &pool{UserPoolType: p, account: call.Account, region: call.Region}
	if err := a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error { return insertPool(ctx, tx, row) }); err != nil {
		return nil, err
	}
	return &cognito.CreateUserPoolOutput{UserPool: row.shown(0)}, nil
}

// check refuses what is not simulated, and what Cognito does not take.
func check(operation string, p *types.UserPoolType) error {
	if p.MfaConfiguration != "" && p.MfaConfiguration != types.UserPoolMfaTypeOff {
		return unsupported(operation, "MfaConfiguration "+string(p.MfaConfiguration))
	}
	if p.LambdaConfig == nil {
		return nil
	}
	c := p.LambdaConfig
	for name, set := range map[string]bool{"CreateAuthChallenge": c.CreateAuthChallenge != nil, "CustomEmailSender": c.CustomEmailSender != nil,
		"CustomMessage": c.CustomMessage != nil, "CustomSMSSender": c.CustomSMSSender != nil, "DefineAuthChallenge": c.DefineAuthChallenge != nil,
		"InboundFederation": c.InboundFederation != nil, "PostAuthentication": c.PostAuthentication != nil, "PreAuthentication": c.PreAuthentication != nil,
		"PreTokenGeneration": c.PreTokenGeneration != nil || c.PreTokenGenerationConfig != nil, "UserMigration": c.UserMigration != nil,
		"VerifyAuthChallengeResponse": c.VerifyAuthChallengeResponse != nil} {
		if set {
			return unsupported(operation, "the trigger "+name+" of LambdaConfig (it has PreSignUp and PostConfirmation)")
		}
	}
	for name, function := range map[string]*string{"preSignUp": c.PreSignUp, "postConfirmation": c.PostConfirmation} {
		if function == nil {
			continue
		}
		if _, err := arn.ParseFunctionRef(*function, false); err != nil || !strings.HasPrefix(*function, "arn:") {
			return wire.Validation(wire.Pattern("lambdaConfig."+name, *function, `arn:[\w+=/,.@-]+:[\w+=/,.@-]+:([\w+=/,.@-]*)?:[0-9]+:[\w+=/,.@-]+(:[\w+=/,.@-]+)?(:[\w+=/,.@-]+)?`))
		}
	}
	return nil
}

// complete fills in what Cognito decides where nothing is said.
func complete(p *types.UserPoolType) {
	if p.Policies == nil {
		p.Policies = &types.UserPoolPolicyType{}
	}
	if p.Policies.PasswordPolicy == nil {
		p.Policies.PasswordPolicy = &types.PasswordPolicyType{MinimumLength: aws.Int32(8), RequireLowercase: true, RequireNumbers: true,
			RequireSymbols: true, RequireUppercase: true, TemporaryPasswordValidityDays: 7}
	}
	if p.DeletionProtection == "" {
		p.DeletionProtection = types.DeletionProtectionTypeInactive
	}
	if p.MfaConfiguration == "" {
		p.MfaConfiguration = types.UserPoolMfaTypeOff
	}
	if p.AdminCreateUserConfig == nil {
		p.AdminCreateUserConfig = &types.AdminCreateUserConfigType{UnusedAccountValidityDays: 7}
	}
	if p.LambdaConfig == nil {
		p.LambdaConfig = &types.LambdaConfigType{}
	}
	if p.EmailConfiguration == nil {
		p.EmailConfiguration = &types.EmailConfigurationType{EmailSendingAccount: types.EmailSendingAccountTypeCognitoDefault}
	}
	if p.VerificationMessageTemplate == nil {
		p.VerificationMessageTemplate = &types.VerificationMessageTemplateType{DefaultEmailOption: types.DefaultEmailOptionTypeConfirmWithCode}
	}
	if p.UserPoolTier == "" {
		p.UserPoolTier = types.UserPoolTierTypeEssentials
	}
}

func (a *API) describePool(ctx context.Context, in *cognito.DescribeUserPoolInput) (*cognito.DescribeUserPoolOutput, error) {
	p, err := a.pool(ctx, *in.UserPoolId)
	if err != nil {
		return nil, err
	}
	users, err := a.countUsers(ctx, *in.UserPoolId)
	return &cognito.DescribeUserPoolOutput{UserPool: p.shown(users)}, err
}

// updatePool writes the pool anew: what is left out goes back to its default, as in AWS. Name, schema and the user names'
// attributes stay.
func (a *API) updatePool(ctx context.Context, in *cognito.UpdateUserPoolInput) (*cognito.UpdateUserPoolOutput, error) {
	if in.KeyConfiguration != nil || in.IssuerConfiguration != nil {
		return nil, unsupported("UpdateUserPool", "KeyConfiguration and IssuerConfiguration")
	}
	return &cognito.UpdateUserPoolOutput{}, a.change(ctx, *in.UserPoolId, func(p *pool) error {
		next := updated(p, in)
		if err := check("UpdateUserPool", &next); err != nil {
			return err
		}
		complete(&next)
		p.UserPoolType = next
		return nil
	})
}

// updated is what UpdateUserPool makes of a pool.
func updated(p *pool, in *cognito.UpdateUserPoolInput) types.UserPoolType {
	next := types.UserPoolType{Id: p.Id, Arn: p.Arn, Name: p.Name, SchemaAttributes: p.SchemaAttributes, UsernameAttributes: p.UsernameAttributes,
		UsernameConfiguration: p.UsernameConfiguration, AccountRecoverySetting: in.AccountRecoverySetting, AdminCreateUserConfig: in.AdminCreateUserConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, DeletionProtection: in.DeletionProtection, DeviceConfiguration: in.DeviceConfiguration,
		EmailConfiguration: in.EmailConfiguration, EmailVerificationMessage: in.EmailVerificationMessage, EmailVerificationSubject: in.EmailVerificationSubject,
		LambdaConfig: in.LambdaConfig, MfaConfiguration: in.MfaConfiguration, Policies: in.Policies,
		SmsAuthenticationMessage: in.SmsAuthenticationMessage, SmsConfiguration: in.SmsConfiguration, SmsVerificationMessage: in.SmsVerificationMessage,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings, UserPoolAddOns: in.UserPoolAddOns, UserPoolTags: in.UserPoolTags,
		UserPoolTier: in.UserPoolTier, VerificationMessageTemplate: in.VerificationMessageTemplate}
	if in.PoolName != nil {
		next.Name = in.PoolName
	}
	if next.UserPoolTags == nil {
		next.UserPoolTags = p.UserPoolTags
	}
	return next
}

func (a *API) deletePool(ctx context.Context, in *cognito.DeleteUserPoolInput) (*cognito.DeleteUserPoolOutput, error) {
	p, err := a.pool(ctx, *in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if p.DeletionProtection == types.DeletionProtectionTypeActive {
		return nil, fault.New(fault.Invalid, "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
	}
	return &cognito.DeleteUserPoolOutput{}, a.removePool(ctx, *p.Id)
}

func (a *API) tag(ctx context.Context, in *cognito.TagResourceInput) (*cognito.TagResourceOutput, error) {
	p, err := a.byARN(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cognito.TagResourceOutput{}, a.change(ctx, *p.Id, func(p *pool) error {
		if p.UserPoolTags == nil {
			p.UserPoolTags = map[string]string{}
		}
		maps.Copy(p.UserPoolTags, in.Tags)
		return nil
	})
}

func (a *API) untag(ctx context.Context, in *cognito.UntagResourceInput) (*cognito.UntagResourceOutput, error) {
	p, err := a.byARN(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cognito.UntagResourceOutput{}, a.change(ctx, *p.Id, func(p *pool) error {
		for _, key := range in.TagKeys {
			delete(p.UserPoolTags, key)
		}
		return nil
	})
}

func (a *API) listTags(ctx context.Context, in *cognito.ListTagsForResourceInput) (*cognito.ListTagsForResourceOutput, error) {
	p, err := a.byARN(ctx, *in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &cognito.ListTagsForResourceOutput{Tags: p.UserPoolTags}, nil
}

// byARN finds the pool of an ARN. Policies are asked about the ARN as it was given, so it must be the pool's own.
func (a *API) byARN(ctx context.Context, poolARN string) (*pool, error) {
	parsed, err := arn.Parse(poolARN)
	id, ok := strings.CutPrefix(parsed.Resource, "userpool/")
	if err != nil || !ok {
		return nil, fault.New(fault.Invalid, "%s is not the ARN of a user pool", poolARN)
	}
	p, err := a.pool(ctx, id)
	if err == nil && *p.Arn != poolARN {
		return nil, noPool(id)
	}
	return p, err
}
