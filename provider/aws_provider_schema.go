package provider

import (
	"context"
	_ "embed"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/metaschema"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// awsEndpoints names what an endpoints block can have (the AWS provider's guide to custom service endpoints), and what it
// could have in earlier major versions.
//
//go:embed aws_endpoints.txt
var awsEndpoints string

// awsConfiguration is the AWS provider's configuration block. What is not read is not here.
type awsConfiguration struct {
	AccessKey   types.String      `tfsdk:"access_key"`
	Allowed     types.Set         `tfsdk:"allowed_account_ids"`
	AssumeRole  []assumeRoleBlock `tfsdk:"assume_role"`
	AssumeWeb   []assumeRoleBlock `tfsdk:"assume_role_with_web_identity"`
	DefaultTags []tagsBlock       `tfsdk:"default_tags"`
	Forbidden   types.Set         `tfsdk:"forbidden_account_ids"`
	IgnoreTags  []ignoreTagsBlock `tfsdk:"ignore_tags"`
	Region      types.String      `tfsdk:"region"`
	SecretKey   types.String      `tfsdk:"secret_key"`
	Token       types.String      `tfsdk:"token"`
}

type assumeRoleBlock struct {
	Policy     types.String `tfsdk:"policy"`
	PolicyARNs types.Set    `tfsdk:"policy_arns"`
	RoleARN    types.String `tfsdk:"role_arn"`
}

type ignoreTagsBlock struct {
	Keys        types.Set `tfsdk:"keys"`
	KeyPrefixes types.Set `tfsdk:"key_prefixes"`
}

const ignored = "Accepted, and of no effect: the simulator is the only thing that is ever called."

func ignoredText() schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: ignored}
}

func ignoredFlag() schema.BoolAttribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: ignored}
}

func ignoredNumber() schema.Int64Attribute {
	return schema.Int64Attribute{Optional: true, MarkdownDescription: ignored}
}

func ignoredTexts() schema.ListAttribute {
	return schema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: ignored}
}

func textSet(description string) schema.SetAttribute {
	return schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description}
}

// Schema is the AWS provider's whole configuration block, of v6 and of the majors before it: a module's block must be taken
// as it is. Only what is described otherwise has an effect.
func (p *awsProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "lambdasim in place of the AWS provider: the same names, the simulator behind them, and no way to a cloud.",
		Attributes: map[string]schema.Attribute{
			"access_key":            schema.StringAttribute{Optional: true, MarkdownDescription: "A key that the simulator issued is its owner; twelve digits are that account's root; any other key stands for the root of the default account."},
			"secret_key":            schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Secret of a key that the simulator issued."},
			"token":                 schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: "Session token of a key that the simulator issued."},
			"region":                schema.StringAttribute{Optional: true, MarkdownDescription: "Region; else AWS_REGION's or AWS_DEFAULT_REGION's, else us-east-1."},
			"allowed_account_ids":   textSet("Accounts, of which the caller's must be one. A single one is the account to act in, where nothing else says which."),
			"forbidden_account_ids": textSet("Accounts, of which the caller's must be none."),
			"custom_ca_bundle":      ignoredText(), "ec2_metadata_service_endpoint": ignoredText(), "ec2_metadata_service_endpoint_mode": ignoredText(),
			"http_proxy": ignoredText(), "https_proxy": ignoredText(), "no_proxy": ignoredText(), "insecure": ignoredFlag(), "max_retries": ignoredNumber(),
			"profile": ignoredText(), "retry_mode": ignoredText(), "s3_use_path_style": ignoredFlag(), "s3_us_east_1_regional_endpoint": ignoredText(),
			"shared_config_files": ignoredTexts(), "shared_credentials_files": ignoredTexts(), "skip_credentials_validation": ignoredFlag(),
			"skip_metadata_api_check": ignoredText(), "skip_region_validation": ignoredFlag(), "skip_requesting_account_id": ignoredFlag(), "sts_region": ignoredText(),
			"tag_policy_compliance": ignoredText(), "token_bucket_rate_limiter_capacity": ignoredNumber(), "use_dualstack_endpoint": ignoredFlag(),
			"use_fips_endpoint": ignoredFlag(), "user_agent": ignoredTexts(),
			"s3_force_path_style": ignoredFlag(), "shared_credentials_file": ignoredText(), "skip_get_ec2_platforms": ignoredFlag(), // of earlier majors
		},
		Blocks: map[string]schema.Block{
			"assume_role": assumeBlock(map[string]schema.Attribute{"duration": ignoredText(), "duration_seconds": ignoredNumber(), "external_id": ignoredText(),
				"session_name": ignoredText(), "source_identity": ignoredText(), "tags": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: ignored},
				"transitive_tag_keys": textSet(ignored)}),
			"assume_role_with_web_identity": assumeBlock(map[string]schema.Attribute{"duration": ignoredText(), "session_name": ignoredText(),
				"web_identity_token": schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: ignored}, "web_identity_token_file": ignoredText()}),
			"default_tags": one("Tags for every resource that has tags.", map[string]schema.Attribute{
				"tags": schema.MapAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: "The tags. A resource's own tag of the same name wins."}}),
			"ignore_tags": one("Tags that are left as they are, whoever set them.", map[string]schema.Attribute{"keys": textSet("Their names."), "key_prefixes": textSet("What their names begin with.")}),
			"endpoints":   endpointsBlock(),
		},
	}
}

func one(description string, attributes map[string]schema.Attribute) schema.ListNestedBlock {
	return schema.ListNestedBlock{MarkdownDescription: description, Validators: []validator.List{listvalidator.SizeAtMost(1)}, NestedObject: schema.NestedBlockObject{Attributes: attributes}}
}

// assumeBlock is a block that assumes roles, one after the other.
func assumeBlock(attributes map[string]schema.Attribute) schema.ListNestedBlock {
	attributes["role_arn"] = schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the role. It stands for the root of the account that it names: the role's own policies are not asked."}
	attributes["policy"], attributes["policy_arns"] = schema.StringAttribute{Optional: true, MarkdownDescription: "Not simulated: a warning says so."}, textSet("Not simulated: a warning says so.")
	return schema.ListNestedBlock{MarkdownDescription: "Who the caller becomes.", NestedObject: schema.NestedBlockObject{Attributes: attributes}}
}

// endpointsBlock is a list where the AWS provider has a set: with hundreds of attributes, the plugin framework takes seconds
// to walk one that is found by its value.
func endpointsBlock() schema.ListNestedBlock {
	attributes := map[string]schema.Attribute{}
	for _, name := range strings.Fields(awsEndpoints) {
		attributes[name] = ignoredText()
	}
	return schema.ListNestedBlock{MarkdownDescription: ignored, NestedObject: schema.NestedBlockObject{Attributes: attributes}}
}

// MetaSchema is the AWS provider's: modules that have a provider_meta block fail to plan without it.
func (p *awsProvider) MetaSchema(_ context.Context, _ provider.MetaSchemaRequest, resp *provider.MetaSchemaResponse) {
	resp.Schema = metaschema.Schema{Attributes: map[string]metaschema.Attribute{
		"user_agent": metaschema.ListAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: ignored},
	}}
}
