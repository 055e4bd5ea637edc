package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	awstypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type userPoolResource struct{ resourceBase }

func newUserPoolResource() resource.Resource { return &userPoolResource{} }

var (
	_ resource.ResourceWithConfigure      = &userPoolResource{}
	_ resource.ResourceWithModifyPlan     = &userPoolResource{}
	_ resource.ResourceWithValidateConfig = &userPoolResource{}
	_ resource.ResourceWithImportState    = &userPoolResource{}
)

// Metadata names the type.
func (r *userPoolResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cognito_user_pool"
}

// ValidateConfig refuses what is not simulated.
func (r *userPoolResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	refuse(ctx, req.Config, userPoolRefused, &resp.Diagnostics)
	refuseInside(ctx, req.Config, "lambda_config", []string{"create_auth_challenge", "custom_email_sender", "custom_message", "custom_sms_sender", "define_auth_challenge",
		"kms_key_id", "post_authentication", "pre_authentication", "pre_token_generation", "pre_token_generation_config", "user_migration", "verify_auth_challenge_response"}, &resp.Diagnostics)
	refuseInside(ctx, req.Config, "admin_create_user_config", []string{"invite_message_template"}, &resp.Diagnostics)
	var policy types.List
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("password_policy"), &policy)...)
	if p := firstObject(policy); p != nil {
		if n, ok := p["minimum_length"].(types.Int64); ok && !n.IsNull() && !n.IsUnknown() && (n.ValueInt64() < 6 || n.ValueInt64() > 99) {
			resp.Diagnostics.AddAttributeError(path.Root("password_policy"), "minimum_length of password_policy", fmt.Sprintf("It is %d; want 6 to 99.", n.ValueInt64()))
		}
	}
}

// firstObject is the one object of a list that stands for a block, nil where there is none or it is not known.
func firstObject(list types.List) map[string]attr.Value {
	if len(list.Elements()) == 0 {
		return nil
	}
	object, ok := list.Elements()[0].(types.Object)
	if !ok || object.IsUnknown() || object.IsNull() {
		return nil
	}
	return object.Attributes()
}

// ModifyPlan fills in region and tags.
func (r *userPoolResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.clients == nil || req.Plan.Raw.IsNull() {
		return
	}
	r.planRegion(ctx, req, resp)
	r.planTags(ctx, resp)
}

// Create makes the pool.
func (r *userPoolResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m userPoolModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	in := &cognito.CreateUserPoolInput{PoolName: m.Name.ValueStringPointer(), LambdaConfig: m.triggers(), AdminCreateUserConfig: m.admin(), Policies: m.policies(),
		AutoVerifiedAttributes: elements[awstypes.VerifiedAttributeType](ctx, m.AutoVerifiedAttributes, &resp.Diagnostics),
		UsernameAttributes:     elements[awstypes.UsernameAttributeType](ctx, m.UsernameAttributes, &resp.Diagnostics),
		DeletionProtection:     awstypes.DeletionProtectionType(m.DeletionProtection.ValueString()), Schema: m.attributes(), UserPoolTags: tagsOf(ctx, m.TagsAll, &resp.Diagnostics)}
	if resp.Diagnostics.HasError() {
		return
	}
	out, err := r.clients.Cognito(m.Region.ValueString()).CreateUserPool(ctx, in)
	if err != nil {
		addError(&resp.Diagnostics, "Creating the user pool", m.Name.ValueString(), err)
		return
	}
	m.ID = types.StringPointerValue(out.UserPool.Id)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), m.ID)...)
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// refresh reads the pool; it reports false when there is none or reading fails.
func (r *userPoolResource) refresh(ctx context.Context, m *userPoolModel, diags *diag.Diagnostics) bool {
	out, err := r.clients.Cognito(m.Region.ValueString()).DescribeUserPool(ctx, &cognito.DescribeUserPoolInput{UserPoolId: m.ID.ValueStringPointer()})
	if isNotFound(err) {
		return false
	}
	if err != nil {
		addError(diags, "Reading the user pool", m.ID.ValueString(), err)
		return false
	}
	p := out.UserPool
	m.ARN, m.Name = types.StringPointerValue(p.Arn), types.StringPointerValue(p.Name)
	m.CreationDate, m.LastModifiedDate = types.StringValue(p.CreationDate.Format(time.RFC3339)), types.StringValue(p.LastModifiedDate.Format(time.RFC3339))
	m.CustomDomain, m.Domain = types.StringValue(""), types.StringValue("")
	m.DeletionProtection, m.MFAConfiguration = types.StringValue(string(p.DeletionProtection)), types.StringValue(string(p.MfaConfiguration))
	m.UserPoolTier, m.EstimatedNumberOfUsers = types.StringValue(string(p.UserPoolTier)), types.Int64Value(int64(p.EstimatedNumberOfUsers))
	if m.Region.IsNull() {
		m.Region = types.StringValue(r.clients.Region)
	}
	m.Endpoint = types.StringValue("cognito-idp." + m.Region.ValueString() + ".amazonaws.com/" + m.ID.ValueString())
	m.AutoVerifiedAttributes = setLike(p.AutoVerifiedAttributes, m.AutoVerifiedAttributes)
	m.UsernameAttributes = setLike(p.UsernameAttributes, m.UsernameAttributes)
	m.readTriggers(p.LambdaConfig)
	m.readAdmin(p.AdminCreateUserConfig)
	m.readPolicies(p.Policies)
	m.readAttributes(p.SchemaAttributes)
	m.Tags, m.TagsAll = r.readTags(p.UserPoolTags, m.Tags)
	return true
}

// Read refreshes the state; a pool that is gone leaves it.
func (r *userPoolResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m userPoolModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	} else if !resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
	}
}

// Update writes the pool anew, which is what UpdateUserPool does.
func (r *userPoolResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m userPoolModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	in := &cognito.UpdateUserPoolInput{UserPoolId: m.ID.ValueStringPointer(), PoolName: m.Name.ValueStringPointer(), LambdaConfig: m.triggers(), AdminCreateUserConfig: m.admin(), Policies: m.policies(),
		AutoVerifiedAttributes: elements[awstypes.VerifiedAttributeType](ctx, m.AutoVerifiedAttributes, &resp.Diagnostics),
		DeletionProtection:     awstypes.DeletionProtectionType(m.DeletionProtection.ValueString()), UserPoolTags: tagsOf(ctx, m.TagsAll, &resp.Diagnostics)}
	if resp.Diagnostics.HasError() {
		return
	}
	if _, err := r.clients.Cognito(m.Region.ValueString()).UpdateUserPool(ctx, in); err != nil {
		addError(&resp.Diagnostics, "Updating the user pool", m.ID.ValueString(), err)
		return
	}
	if r.refresh(ctx, &m, &resp.Diagnostics) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	}
}

// Delete removes the pool with its users.
func (r *userPoolResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m userPoolModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.clients.Cognito(m.Region.ValueString()).DeleteUserPool(ctx, &cognito.DeleteUserPoolInput{UserPoolId: aws.String(m.ID.ValueString())})
	if err != nil && !isNotFound(err) {
		addError(&resp.Diagnostics, "Deleting the user pool", m.ID.ValueString(), err)
	}
}

// ImportState imports by id.
func (r *userPoolResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), cutRegion(ctx, req, resp), resp)
}
