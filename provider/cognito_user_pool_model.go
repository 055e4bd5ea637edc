package provider

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awstypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// refuseInside is refuse for the arguments of a block that may be given once.
func refuseInside(ctx context.Context, config tfsdk.Config, name string, inside []string, diags *diag.Diagnostics) {
	var list types.List
	diags.Append(config.GetAttribute(ctx, path.Root(name), &list)...)
	given := firstObject(list)
	for _, argument := range inside {
		v := given[argument]
		if v == nil || !saysSomething(v, false) {
			continue
		}
		summary, detail := refusal(name + "." + argument)
		diags.AddAttributeError(path.Root(name).AtListIndex(0).AtName(argument), summary, detail)
	}
}

// elements are a set's strings as an SDK enum.
func elements[E ~string](ctx context.Context, set types.Set, diags *diag.Diagnostics) []E {
	var out []E
	if !set.IsNull() && !set.IsUnknown() {
		diags.Append(set.ElementsAs(ctx, &out, false)...)
	}
	return out
}

// setLike is what the API has as a set; without anything it stays null or empty, as it was.
func setLike[E ~string](list []E, was types.Set) types.Set {
	if len(list) == 0 {
		if was.IsNull() || was.IsUnknown() {
			return types.SetNull(types.StringType)
		}
		return types.SetValueMust(types.StringType, []attr.Value{})
	}
	values := make([]attr.Value, len(list))
	for i, v := range list {
		values[i] = types.StringValue(string(v))
	}
	return types.SetValueMust(types.StringType, values)
}

func (m *userPoolModel) triggers() *awstypes.LambdaConfigType {
	c := &awstypes.LambdaConfigType{}
	for _, block := range m.LambdaConfig {
		c.PreSignUp, c.PostConfirmation = givenString(block.PreSignUp), givenString(block.PostConfirmation)
	}
	return c
}

// givenString is a string for a request: nil where it is null or empty.
func givenString(s types.String) *string {
	if s.ValueString() == "" {
		return nil
	}
	return s.ValueStringPointer()
}

func (m *userPoolModel) readTriggers(c *awstypes.LambdaConfigType) {
	if c.PreSignUp == nil && c.PostConfirmation == nil {
		for i := range m.LambdaConfig { // an empty block stays
			m.LambdaConfig[i].PreSignUp, m.LambdaConfig[i].PostConfirmation = optionalString(nil, m.LambdaConfig[i].PreSignUp), optionalString(nil, m.LambdaConfig[i].PostConfirmation)
		}
		return
	}
	if len(m.LambdaConfig) == 0 {
		arns := types.ObjectType{AttrTypes: map[string]attr.Type{"lambda_arn": types.StringType, "lambda_version": types.StringType}}
		m.LambdaConfig = []lambdaConfigModel{{CustomEmailSender: types.ListNull(arns), CustomSMSSender: types.ListNull(arns), PreTokenGenerationConfig: types.ListNull(arns)}}
	}
	m.LambdaConfig[0].PreSignUp = optionalString(c.PreSignUp, m.LambdaConfig[0].PreSignUp)
	m.LambdaConfig[0].PostConfirmation = optionalString(c.PostConfirmation, m.LambdaConfig[0].PostConfirmation)
}

func (m *userPoolModel) admin() *awstypes.AdminCreateUserConfigType {
	c := &awstypes.AdminCreateUserConfigType{}
	for _, block := range m.AdminCreateUserConfig {
		c.AllowAdminCreateUserOnly = block.AllowAdminCreateUserOnly.ValueBool()
	}
	return c
}

func (m *userPoolModel) readAdmin(c *awstypes.AdminCreateUserConfigType) {
	switch {
	case c == nil, !c.AllowAdminCreateUserOnly && len(m.AdminCreateUserConfig) == 0:
	case len(m.AdminCreateUserConfig) == 0:
		m.AdminCreateUserConfig = []adminCreateUserModel{{AllowAdminCreateUserOnly: types.BoolValue(true), InviteMessageTemplate: types.ListNull(types.ObjectType{
			AttrTypes: map[string]attr.Type{"email_message": types.StringType, "email_subject": types.StringType, "sms_message": types.StringType}})}}
	case c.AllowAdminCreateUserOnly || !m.AdminCreateUserConfig[0].AllowAdminCreateUserOnly.IsNull():
		m.AdminCreateUserConfig[0].AllowAdminCreateUserOnly = types.BoolValue(c.AllowAdminCreateUserOnly)
	}
}

func (m *userPoolModel) policies() *awstypes.UserPoolPolicyType {
	p := firstObject(m.PasswordPolicy)
	if p == nil {
		return nil
	}
	number := func(name string) *int32 { n, _ := p[name].(types.Int64); return int32Of(n) }
	flag := func(name string) bool { b, _ := p[name].(types.Bool); return b.ValueBool() }
	return &awstypes.UserPoolPolicyType{PasswordPolicy: &awstypes.PasswordPolicyType{MinimumLength: number("minimum_length"), PasswordHistorySize: number("password_history_size"),
		RequireLowercase: flag("require_lowercase"), RequireNumbers: flag("require_numbers"), RequireSymbols: flag("require_symbols"), RequireUppercase: flag("require_uppercase"),
		TemporaryPasswordValidityDays: aws.ToInt32(number("temporary_password_validity_days"))}}
}

// readPolicies takes the password policy; what was not given and is not set stays null.
func (m *userPoolModel) readPolicies(c *awstypes.UserPoolPolicyType) {
	if c == nil || c.PasswordPolicy == nil {
		return
	}
	p, was := c.PasswordPolicy, firstObject(m.PasswordPolicy)
	number := func(name string, n int32) types.Int64 {
		if before, ok := was[name].(types.Int64); n == 0 && (!ok || before.IsNull()) {
			return types.Int64Null()
		}
		return types.Int64Value(int64(n))
	}
	flag := func(name string, b bool) types.Bool {
		if before, ok := was[name].(types.Bool); !b && ok && before.IsNull() {
			return types.BoolNull()
		}
		return types.BoolValue(b)
	}
	m.PasswordPolicy = objects(passwordPolicyType, map[string]attr.Value{"minimum_length": number("minimum_length", aws.ToInt32(p.MinimumLength)),
		"password_history_size": number("password_history_size", aws.ToInt32(p.PasswordHistorySize)), "require_lowercase": flag("require_lowercase", p.RequireLowercase),
		"require_numbers": flag("require_numbers", p.RequireNumbers), "require_symbols": flag("require_symbols", p.RequireSymbols),
		"require_uppercase": flag("require_uppercase", p.RequireUppercase), "temporary_password_validity_days": number("temporary_password_validity_days", p.TemporaryPasswordValidityDays)})
}

func (m *userPoolModel) attributes() []awstypes.SchemaAttributeType {
	var out []awstypes.SchemaAttributeType
	for _, a := range m.Schema {
		s := awstypes.SchemaAttributeType{Name: a.Name.ValueStringPointer(), AttributeDataType: awstypes.AttributeDataType(a.AttributeDataType.ValueString()),
			DeveloperOnlyAttribute: a.DeveloperOnlyAttribute.ValueBoolPointer(), Mutable: a.Mutable.ValueBoolPointer(), Required: a.Required.ValueBoolPointer()}
		for _, c := range a.NumberAttributeConstraints {
			s.NumberAttributeConstraints = &awstypes.NumberAttributeConstraintsType{MinValue: c.MinValue.ValueStringPointer(), MaxValue: c.MaxValue.ValueStringPointer()}
		}
		for _, c := range a.StringAttributeConstraints {
			s.StringAttributeConstraints = &awstypes.StringAttributeConstraintsType{MinLength: c.MinLength.ValueStringPointer(), MaxLength: c.MaxLength.ValueStringPointer()}
		}
		out = append(out, s)
	}
	return out
}

// readAttributes takes the pool's own attributes. They cannot change after the pool was made, so those that the state has are
// kept as they were written.
func (m *userPoolModel) readAttributes(list []awstypes.SchemaAttributeType) {
	if len(m.Schema) > 0 {
		return
	}
	for _, s := range list {
		name, own := strings.CutPrefix(strings.TrimPrefix(aws.ToString(s.Name), "dev:"), "custom:")
		if !own {
			continue
		}
		a := poolAttributeModel{Name: types.StringValue(name), AttributeDataType: types.StringValue(string(s.AttributeDataType)),
			DeveloperOnlyAttribute: types.BoolPointerValue(s.DeveloperOnlyAttribute), Mutable: types.BoolPointerValue(s.Mutable), Required: types.BoolPointerValue(s.Required)}
		if c := s.NumberAttributeConstraints; c != nil {
			a.NumberAttributeConstraints = []numberConstraints{{MaxValue: types.StringPointerValue(c.MaxValue), MinValue: types.StringPointerValue(c.MinValue)}}
		}
		if c := s.StringAttributeConstraints; c != nil {
			a.StringAttributeConstraints = []stringConstraints{{MaxLength: types.StringPointerValue(c.MaxLength), MinLength: types.StringPointerValue(c.MinLength)}}
		}
		m.Schema = append(m.Schema, a)
	}
	slices.SortFunc(m.Schema, func(x, y poolAttributeModel) int { return strings.Compare(x.Name.ValueString(), y.Name.ValueString()) })
}
