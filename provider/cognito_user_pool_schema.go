package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// userPoolModel is lambdasim_cognito_user_pool. What is refused as a whole has no type of its own.
type userPoolModel struct {
	ID                          types.String           `tfsdk:"id"`
	Region                      types.String           `tfsdk:"region"`
	AccountRecoverySetting      types.List             `tfsdk:"account_recovery_setting"`
	AdminCreateUserConfig       []adminCreateUserModel `tfsdk:"admin_create_user_config"`
	AliasAttributes             types.Set              `tfsdk:"alias_attributes"`
	ARN                         types.String           `tfsdk:"arn"`
	AutoVerifiedAttributes      types.Set              `tfsdk:"auto_verified_attributes"`
	CreationDate                types.String           `tfsdk:"creation_date"`
	CustomDomain                types.String           `tfsdk:"custom_domain"`
	DeletionProtection          types.String           `tfsdk:"deletion_protection"`
	DeviceConfiguration         types.List             `tfsdk:"device_configuration"`
	Domain                      types.String           `tfsdk:"domain"`
	EmailConfiguration          types.List             `tfsdk:"email_configuration"`
	EmailMFAConfiguration       types.List             `tfsdk:"email_mfa_configuration"`
	EmailVerificationMessage    types.String           `tfsdk:"email_verification_message"`
	EmailVerificationSubject    types.String           `tfsdk:"email_verification_subject"`
	Endpoint                    types.String           `tfsdk:"endpoint"`
	EstimatedNumberOfUsers      types.Int64            `tfsdk:"estimated_number_of_users"`
	LambdaConfig                []lambdaConfigModel    `tfsdk:"lambda_config"`
	LastModifiedDate            types.String           `tfsdk:"last_modified_date"`
	MFAConfiguration            types.String           `tfsdk:"mfa_configuration"`
	Name                        types.String           `tfsdk:"name"`
	PasswordPolicy              types.List             `tfsdk:"password_policy"`
	Schema                      []poolAttributeModel   `tfsdk:"schema"`
	SignInPolicy                types.List             `tfsdk:"sign_in_policy"`
	SMSAuthenticationMessage    types.String           `tfsdk:"sms_authentication_message"`
	SMSConfiguration            types.List             `tfsdk:"sms_configuration"`
	SMSVerificationMessage      types.String           `tfsdk:"sms_verification_message"`
	SoftwareTokenMFA            types.List             `tfsdk:"software_token_mfa_configuration"`
	Tags                        types.Map              `tfsdk:"tags"`
	TagsAll                     types.Map              `tfsdk:"tags_all"`
	UserAttributeUpdateSettings types.List             `tfsdk:"user_attribute_update_settings"`
	UserPoolAddOns              types.List             `tfsdk:"user_pool_add_ons"`
	UserPoolTier                types.String           `tfsdk:"user_pool_tier"`
	UsernameAttributes          types.Set              `tfsdk:"username_attributes"`
	UsernameConfiguration       types.List             `tfsdk:"username_configuration"`
	VerificationMessageTemplate types.List             `tfsdk:"verification_message_template"`
}

type adminCreateUserModel struct {
	AllowAdminCreateUserOnly types.Bool `tfsdk:"allow_admin_create_user_only"`
	InviteMessageTemplate    types.List `tfsdk:"invite_message_template"`
}

type lambdaConfigModel struct {
	CreateAuthChallenge         types.String `tfsdk:"create_auth_challenge"`
	CustomEmailSender           types.List   `tfsdk:"custom_email_sender"`
	CustomMessage               types.String `tfsdk:"custom_message"`
	CustomSMSSender             types.List   `tfsdk:"custom_sms_sender"`
	DefineAuthChallenge         types.String `tfsdk:"define_auth_challenge"`
	KMSKeyID                    types.String `tfsdk:"kms_key_id"`
	PostAuthentication          types.String `tfsdk:"post_authentication"`
	PostConfirmation            types.String `tfsdk:"post_confirmation"`
	PreAuthentication           types.String `tfsdk:"pre_authentication"`
	PreSignUp                   types.String `tfsdk:"pre_sign_up"`
	PreTokenGeneration          types.String `tfsdk:"pre_token_generation"`
	PreTokenGenerationConfig    types.List   `tfsdk:"pre_token_generation_config"`
	UserMigration               types.String `tfsdk:"user_migration"`
	VerifyAuthChallengeResponse types.String `tfsdk:"verify_auth_challenge_response"`
}

type poolAttributeModel struct {
	AttributeDataType          types.String        `tfsdk:"attribute_data_type"`
	DeveloperOnlyAttribute     types.Bool          `tfsdk:"developer_only_attribute"`
	Mutable                    types.Bool          `tfsdk:"mutable"`
	Name                       types.String        `tfsdk:"name"`
	NumberAttributeConstraints []numberConstraints `tfsdk:"number_attribute_constraints"`
	Required                   types.Bool          `tfsdk:"required"`
	StringAttributeConstraints []stringConstraints `tfsdk:"string_attribute_constraints"`
}

type numberConstraints struct {
	MaxValue types.String `tfsdk:"max_value"`
	MinValue types.String `tfsdk:"min_value"`
}

type stringConstraints struct {
	MaxLength types.String `tfsdk:"max_length"`
	MinLength types.String `tfsdk:"min_length"`
}

// passwordPolicyType is the one block of a password policy.
var passwordPolicyType = map[string]attr.Type{"minimum_length": types.Int64Type, "password_history_size": types.Int64Type, "require_lowercase": types.BoolType,
	"require_numbers": types.BoolType, "require_symbols": types.BoolType, "require_uppercase": types.BoolType, "temporary_password_validity_days": types.Int64Type}

var userPoolRefused = []refused{{name: "account_recovery_setting"}, {name: "alias_attributes"}, {name: "device_configuration"}, {name: "email_configuration"},
	{name: "email_mfa_configuration"}, {name: "email_verification_message"}, {name: "email_verification_subject"},
	{name: "mfa_configuration", allowed: []attr.Value{types.StringValue("OFF")}}, {name: "sign_in_policy"}, {name: "sms_authentication_message"},
	{name: "sms_configuration"}, {name: "sms_verification_message"}, {name: "software_token_mfa_configuration"}, {name: "user_attribute_update_settings"},
	{name: "user_pool_add_ons"}, {name: "user_pool_tier", allowed: []attr.Value{types.StringValue("ESSENTIALS")}}, {name: "username_configuration"},
	{name: "verification_message_template"}}

// triggerARN is a function's ARN of a trigger that is simulated.
func triggerARN(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^arn:`), "want the ARN of a function")}}
}

func constraints(low, high string) schema.ListNestedBlock {
	bound := schema.StringAttribute{Optional: true, MarkdownDescription: "Stored: values of users are not measured by it."}
	return block("Limits of values. They are stored.", map[string]schema.Attribute{low: bound, high: bound}, nil)
}

// Schema describes lambdasim_cognito_user_pool.
func (r *userPoolResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description, PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
	}
	lambdaARN := map[string]schema.Attribute{"lambda_arn": text(true), "lambda_version": text(true)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A Cognito user pool, whose triggers are functions that it calls while the user waits. The function's policy must let `cognito-idp.amazonaws.com` in; " +
			"otherwise whoever signs up reads `UnexpectedLambdaException`. There are the triggers `pre_sign_up` and `post_confirmation`; authentication and messages are not simulated.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("The pool's id."), "region": regionAttribute(), "arn": computed("ARN of the pool: the `source_arn` of its permissions."),
			"alias_attributes": schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: notSimulated, PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()}},
			"auto_verified_attributes": schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "`email`, `phone_number`: what a code verifies at sign-up. The code is in the backend's log.",
				Validators: []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf("email", "phone_number"))}},
			"creation_date": computed("When the pool was made."), "last_modified_date": schema.StringAttribute{Computed: true, MarkdownDescription: "When the pool was changed last."},
			"custom_domain": computed("Empty: hosted pages are not simulated."), "domain": computed("Empty: hosted pages are not simulated."),
			"deletion_protection": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("INACTIVE"), MarkdownDescription: "`ACTIVE`: the pool cannot be deleted. `INACTIVE`.",
				Validators: []validator.String{stringvalidator.OneOf("ACTIVE", "INACTIVE")}},
			"email_verification_message": text(false), "email_verification_subject": text(false), "sms_verification_message": text(false),
			"endpoint":                  computed("The pool's endpoint in AWS; the simulator does not serve it."),
			"estimated_number_of_users": schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of users when the state was refreshed."},
			"mfa_configuration": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("OFF"), MarkdownDescription: "`OFF`. The others are not simulated: refused by name.",
				Validators: []validator.String{stringvalidator.OneOf("OFF", "ON", "OPTIONAL")}},
			"name":                       schema.StringAttribute{Required: true, MarkdownDescription: "Name of the pool.", Validators: []validator.String{stringvalidator.LengthBetween(1, 128)}},
			"password_policy":            computedBlock("What passwords must have: `minimum_length` (6 to 99), `require_lowercase`, `require_numbers`, `require_symbols`, `require_uppercase`; `password_history_size` and `temporary_password_validity_days` are stored.", passwordPolicyType),
			"sms_authentication_message": text(false),
			"tags":                       tagsAttribute(), "tags_all": tagsAllAttribute(),
			"user_pool_tier": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "`ESSENTIALS`. The others are not simulated: refused by name.", PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}},
			"username_attributes": schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "`email`, `phone_number`: what users go by instead of a name. A change replaces the pool.",
				PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()},
				Validators:    []validator.Set{setvalidator.ValueStringsAre(stringvalidator.OneOf("email", "phone_number")), setvalidator.ConflictsWith(path.MatchRoot("alias_attributes"))}},
		},
		Blocks: map[string]schema.Block{
			"account_recovery_setting": block(notSimulated, nil, map[string]schema.Block{"recovery_mechanism": schema.SetNestedBlock{MarkdownDescription: notSimulated,
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{"name": text(true), "priority": requiredNumber()}}}}),
			"admin_create_user_config": block("How administrators make users.", map[string]schema.Attribute{
				"allow_admin_create_user_only": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether SignUp is refused."}},
				map[string]schema.Block{"invite_message_template": block(notSimulated, map[string]schema.Attribute{"email_message": text(false), "email_subject": text(false), "sms_message": text(false)}, nil)}),
			"device_configuration": block(notSimulated, map[string]schema.Attribute{"challenge_required_on_new_device": boolean(), "device_only_remembered_on_user_prompt": boolean()}, nil),
			"email_configuration": block(notSimulated, map[string]schema.Attribute{"configuration_set": text(false), "email_sending_account": text(false), "from_email_address": text(false),
				"reply_to_email_address": text(false), "source_arn": text(false)}, nil),
			"email_mfa_configuration": block(notSimulated, map[string]schema.Attribute{"message": text(false), "subject": text(false)}, nil),
			"lambda_config": block("The pool's triggers.", map[string]schema.Attribute{
				"pre_sign_up":           triggerARN("ARN of the function that decides whether, and as what, a user signs up. It is called synchronously by SignUp and AdminCreateUser, and may answer `autoConfirmUser`, `autoVerifyEmail` and `autoVerifyPhone`."),
				"post_confirmation":     triggerARN("ARN of the function that is told, synchronously, of a user who has been confirmed."),
				"create_auth_challenge": text(false), "custom_message": text(false), "define_auth_challenge": text(false), "kms_key_id": text(false),
				"post_authentication": text(false), "pre_authentication": text(false), "pre_token_generation": text(false), "user_migration": text(false), "verify_auth_challenge_response": text(false)},
				map[string]schema.Block{"custom_email_sender": block(notSimulated, lambdaARN, nil), "custom_sms_sender": block(notSimulated, lambdaARN, nil),
					"pre_token_generation_config": block(notSimulated, lambdaARN, nil)}),
			"schema": schema.SetNestedBlock{MarkdownDescription: "Attributes of users: one of the pool's own, or a standard one that is to be required. A change replaces the pool.",
				PlanModifiers: []planmodifier.Set{setplanmodifier.RequiresReplace()}, Validators: []validator.Set{setvalidator.SizeAtMost(50)},
				NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
					"attribute_data_type":      schema.StringAttribute{Required: true, MarkdownDescription: "`String`, `Number`, `DateTime` or `Boolean`.", Validators: []validator.String{stringvalidator.OneOf("String", "Number", "DateTime", "Boolean")}},
					"developer_only_attribute": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether only developers may change it. Stored."},
					"mutable":                  schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether it may be changed. Stored."},
					"name":                     schema.StringAttribute{Required: true, MarkdownDescription: "Name; users have one of the pool's own as `custom:NAME`.", Validators: []validator.String{stringvalidator.LengthBetween(1, 20)}},
					"required":                 schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether a user must have it. Of standard attributes only."}},
					Blocks: map[string]schema.Block{"number_attribute_constraints": constraints("min_value", "max_value"), "string_attribute_constraints": constraints("min_length", "max_length")}}},
			"sign_in_policy":                   block(notSimulated, map[string]schema.Attribute{"allowed_first_auth_factors": texts(false)}, nil),
			"sms_configuration":                block(notSimulated, map[string]schema.Attribute{"external_id": text(true), "sns_caller_arn": text(true), "sns_region": text(false)}, nil),
			"software_token_mfa_configuration": block(notSimulated, map[string]schema.Attribute{"enabled": schema.BoolAttribute{Required: true, MarkdownDescription: notSimulated}}, nil),
			"user_attribute_update_settings":   block(notSimulated, map[string]schema.Attribute{"attributes_require_verification_before_update": texts(true)}, nil),
			"user_pool_add_ons": block(notSimulated, map[string]schema.Attribute{"advanced_security_mode": text(true)},
				map[string]schema.Block{"advanced_security_additional_flows": block(notSimulated, map[string]schema.Attribute{"custom_auth_mode": text(false)}, nil)}),
			"username_configuration": block(notSimulated, map[string]schema.Attribute{"case_sensitive": boolean()}, nil),
			"verification_message_template": block(notSimulated, map[string]schema.Attribute{"default_email_option": text(false), "email_message": text(false), "email_message_by_link": text(false),
				"email_subject": text(false), "email_subject_by_link": text(false), "sms_message": text(false)}, nil),
		},
	}
}
