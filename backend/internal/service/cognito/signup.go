package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// noClient stands for the client where an administrator acts.
const noClient = "CLIENT_ID_NOT_APPLICABLE"

func (a *API) signUp(ctx context.Context, in *cognito.SignUpInput) (*cognito.SignUpOutput, error) {
	p, err := a.application(ctx, *in.ClientId, *in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if p.AdminCreateUserConfig.AllowAdminCreateUserOnly {
		return nil, refusal("NotAuthorizedException", "SignUp is not permitted for this user pool")
	}
	u, err := a.newUser(ctx, p, *in.Username, in.UserAttributes)
	if err != nil {
		return nil, err
	}
	if in.Password == nil {
		return nil, unsupported("SignUp", "a sign-up without Password")
	}
	if err := p.checkPassword(*in.Password); err != nil {
		return nil, err
	}
	answer, err := a.mayDo(ctx, p, u, "PreSignUp_SignUp", *in.ClientId, in.ValidationData, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	if err := u.apply(answer); err != nil {
		return nil, err
	}
	delivery := a.awaitCode(p, u)
	if err := a.insertUser(ctx, p, u); err != nil {
		return nil, err
	}
	out := &cognito.SignUpOutput{UserConfirmed: u.status == types.UserStatusTypeConfirmed, UserSub: &u.sub, CodeDeliveryDetails: delivery}
	if out.UserConfirmed {
		return out, a.confirmed(ctx, p, u, *in.ClientId, in.ClientMetadata)
	}
	return out, nil
}

// newUser checks who is to become a user, and gives them a name and a sub. Nothing is written.
func (a *API) newUser(ctx context.Context, p *pool, name string, attributes []types.AttributeType) (*user, error) {
	u := &user{username: canonical(name), sub: a.IDs.UUID(), attributes: attributesOf(attributes), status: types.UserStatusTypeUnconfirmed}
	if len(p.UsernameAttributes) > 0 {
		as := nameAttribute(p, name)
		if as == "" {
			return nil, fault.New(fault.Invalid, "Username should be an %s.", p.UsernameAttributes[0])
		}
		for _, by := range names(p.UsernameAttributes) {
			if value, given := u.attributes[by]; given {
				u.attributes[by] = canonical(value)
			}
		}
		u.attributes[as] = canonical(name)
		u.username = u.sub
	}
	if err := p.conform(u.attributes); err != nil {
		return nil, err
	}
	_, err := a.user(ctx, p, name)
	if err == nil {
		return nil, refusal("UsernameExistsException", "User already exists")
	}
	if refused := isRefusal(err, "UserNotFoundException"); !refused {
		return nil, err
	}
	return u, nil
}

// nameAttribute is the attribute that a name is, where the pool's users go by email address or phone number.
func nameAttribute(p *pool, name string) string {
	for _, by := range p.UsernameAttributes {
		if by == types.UsernameAttributeTypeEmail && emailForm.MatchString(name) || by == types.UsernameAttributeTypePhoneNumber && phoneForm.MatchString(name) {
			return string(by)
		}
	}
	return ""
}

// mayDo calls the pre sign-up trigger, where the pool has one.
func (a *API) mayDo(ctx context.Context, p *pool, u *user, source, client string, validation []types.AttributeType, metadata map[string]string) (preSignUpAnswer, error) {
	var answer preSignUpAnswer
	if p.LambdaConfig.PreSignUp == nil {
		return answer, nil
	}
	event := preSignUp{header: p.header(source, u.username, client)}
	event.Request.UserAttributes, event.Request.ClientMetadata = u.attributes, metadata
	if len(validation) > 0 {
		event.Request.ValidationData = attributesOf(validation)
	}
	err := a.fire(ctx, p, "PreSignUp", *p.LambdaConfig.PreSignUp, event.header, event, &answer)
	return answer, err
}

// apply changes the user as the pre sign-up trigger has answered.
func (u *user) apply(answer preSignUpAnswer) error {
	for attribute, verified := range map[string]bool{"email": answer.AutoVerifyEmail, "phone_number": answer.AutoVerifyPhone} {
		if !verified {
			continue
		}
		if u.attributes[attribute] == "" {
			return refusal("InvalidLambdaResponseException", "The pre sign-up trigger verifies the user's %s, and the user has none", attribute)
		}
		u.attributes[attribute+"_verified"] = "true"
	}
	if answer.AutoConfirmUser {
		u.status = types.UserStatusTypeConfirmed
	}
	return nil
}

// awaitCode gives an unconfirmed user the code that confirms them, where the pool verifies an attribute that they have.
func (a *API) awaitCode(p *pool, u *user) *types.CodeDeliveryDetailsType {
	attribute, medium := p.verifies(u)
	if u.status != types.UserStatusTypeUnconfirmed || attribute == "" {
		return nil
	}
	u.code = a.IDs.Of("0123456789", 6)
	a.Log.Info("Cognito would send a confirmation code now", "pool", *p.Id, "user", u.username, "to", u.attributes[attribute], "code", u.code)
	return &types.CodeDeliveryDetailsType{AttributeName: &attribute, DeliveryMedium: medium, Destination: aws.String(masked(medium, u.attributes[attribute]))}
}

// verifies is the attribute that a user's code verifies, and how the code is sent; a phone number comes before an address
// (developer guide, verifying contact information at sign-up).
func (p *pool) verifies(u *user) (attribute string, medium types.DeliveryMediumType) {
	for _, by := range p.AutoVerifiedAttributes {
		if u.attributes[string(by)] == "" {
			continue
		}
		if by == types.VerifiedAttributeTypePhoneNumber {
			return string(by), types.DeliveryMediumTypeSms
		}
		attribute, medium = string(by), types.DeliveryMediumTypeEmail
	}
	return attribute, medium
}

func (a *API) confirmSignUp(ctx context.Context, in *cognito.ConfirmSignUpInput) (*cognito.ConfirmSignUpOutput, error) {
	if in.ForceAliasCreation {
		return nil, unsupported("ConfirmSignUp", "ForceAliasCreation")
	}
	p, err := a.application(ctx, *in.ClientId, *in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	u, err := a.user(ctx, p, *in.Username)
	if err != nil {
		return nil, err
	}
	if u.status != types.UserStatusTypeUnconfirmed {
		return nil, refusal("NotAuthorizedException", "User cannot be confirmed. Current status is %s", u.status)
	}
	if u.code == "" || u.code != *in.ConfirmationCode {
		return nil, refusal("CodeMismatchException", "Invalid verification code provided, please try again.")
	}
	if attribute, _ := p.verifies(u); attribute != "" {
		u.attributes[attribute+"_verified"] = "true"
	}
	return &cognito.ConfirmSignUpOutput{}, a.finish(ctx, p, u, *in.ClientId, in.ClientMetadata)
}

func (a *API) adminConfirmSignUp(ctx context.Context, in *cognito.AdminConfirmSignUpInput) (*cognito.AdminConfirmSignUpOutput, error) {
	p, err := a.pool(ctx, *in.UserPoolId)
	if err != nil {
		return nil, err
	}
	u, err := a.user(ctx, p, *in.Username)
	if err != nil {
		return nil, err
	}
	return &cognito.AdminConfirmSignUpOutput{}, a.finish(ctx, p, u, noClient, in.ClientMetadata)
}

// finish confirms a user and tells the post confirmation trigger.
func (a *API) finish(ctx context.Context, p *pool, u *user, client string, metadata map[string]string) error {
	changed, err := a.confirm(ctx, p, u)
	if err != nil {
		return err
	}
	if !changed {
		return refusal("NotAuthorizedException", "User cannot be confirmed. Current status is %s", u.status)
	}
	u.status = types.UserStatusTypeConfirmed
	return a.confirmed(ctx, p, u, client, metadata)
}

// confirmed tells the post confirmation trigger, where the pool has one. Its failure reaches the caller, and the user stays
// confirmed.
func (a *API) confirmed(ctx context.Context, p *pool, u *user, client string, metadata map[string]string) error {
	if p.LambdaConfig.PostConfirmation == nil {
		return nil
	}
	event := postConfirmation{header: p.header("PostConfirmation_ConfirmSignUp", u.username, client)}
	event.Request.ClientMetadata = metadata
	event.Request.UserAttributes = map[string]string{"sub": u.sub, "cognito:user_status": string(u.status)}
	for name, value := range u.attributes {
		event.Request.UserAttributes[name] = value
	}
	return a.fire(ctx, p, "PostConfirmation", *p.LambdaConfig.PostConfirmation, event.header, event, &struct{}{})
}
