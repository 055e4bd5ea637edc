package provider

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// functionDataModel is data.lambdasim_function.
type functionDataModel struct {
	ID                           types.String `tfsdk:"id"`
	Region                       types.String `tfsdk:"region"`
	Architectures                types.List   `tfsdk:"architectures"`
	ARN                          types.String `tfsdk:"arn"`
	CapacityProviderConfig       types.List   `tfsdk:"capacity_provider_config"`
	CodeSHA256                   types.String `tfsdk:"code_sha256"`
	CodeSigningConfigARN         types.String `tfsdk:"code_signing_config_arn"`
	DeadLetterConfig             types.List   `tfsdk:"dead_letter_config"`
	Description                  types.String `tfsdk:"description"`
	DurableConfig                types.List   `tfsdk:"durable_config"`
	Environment                  types.List   `tfsdk:"environment"`
	EphemeralStorage             types.List   `tfsdk:"ephemeral_storage"`
	FileSystemConfig             types.List   `tfsdk:"file_system_config"`
	FunctionName                 types.String `tfsdk:"function_name"`
	Handler                      types.String `tfsdk:"handler"`
	ImageURI                     types.String `tfsdk:"image_uri"`
	InvokeARN                    types.String `tfsdk:"invoke_arn"`
	KMSKeyARN                    types.String `tfsdk:"kms_key_arn"`
	LastModified                 types.String `tfsdk:"last_modified"`
	Layers                       types.List   `tfsdk:"layers"`
	LoggingConfig                types.List   `tfsdk:"logging_config"`
	MemorySize                   types.Int64  `tfsdk:"memory_size"`
	QualifiedARN                 types.String `tfsdk:"qualified_arn"`
	QualifiedInvokeARN           types.String `tfsdk:"qualified_invoke_arn"`
	Qualifier                    types.String `tfsdk:"qualifier"`
	ReservedConcurrentExecutions types.Int64  `tfsdk:"reserved_concurrent_executions"`
	ResponseStreamingInvokeARN   types.String `tfsdk:"response_streaming_invoke_arn"`
	Role                         types.String `tfsdk:"role"`
	Runtime                      types.String `tfsdk:"runtime"`
	SigningJobARN                types.String `tfsdk:"signing_job_arn"`
	SigningProfileVersionARN     types.String `tfsdk:"signing_profile_version_arn"`
	SourceCodeHash               types.String `tfsdk:"source_code_hash"`
	SourceCodeSize               types.Int64  `tfsdk:"source_code_size"`
	SourceKMSKeyARN              types.String `tfsdk:"source_kms_key_arn"`
	Tags                         types.Map    `tfsdk:"tags"`
	TenancyConfig                types.List   `tfsdk:"tenancy_config"`
	Timeout                      types.Int64  `tfsdk:"timeout"`
	TracingConfig                types.List   `tfsdk:"tracing_config"`
	Version                      types.String `tfsdk:"version"`
	VPCConfig                    types.List   `tfsdk:"vpc_config"`
}

// The objects of blocks that no function here has.
var (
	instancesConfigType = map[string]attr.Type{"capacity_provider_arn": types.StringType, "execution_environment_memory_gib_per_vcpu": types.Float64Type,
		"per_execution_environment_max_concurrency": types.Int64Type}
	capacityConfigType = map[string]attr.Type{"lambda_managed_instances_capacity_provider_config": types.ListType{ElemType: types.ObjectType{AttrTypes: instancesConfigType}}}
	durableConfigType  = map[string]attr.Type{"execution_timeout": types.Int64Type, "retention_period": types.Int64Type}
	tenancyConfigType  = map[string]attr.Type{"tenant_isolation_mode": types.StringType}
)

func newFunctionDataSource() datasource.DataSource {
	return &looked[functionDataModel]{typ: "lambda_function", noun: "the function", label: func(m *functionDataModel) string { return m.FunctionName.ValueString() }, schema: functionDataSchema, read: readFunctionData}
}

func functionDataSchema() schema.Schema {
	number := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
	}
	list := func(description string) schema.ListAttribute {
		return schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: description}
	}
	objects := func(description string, fields map[string]attr.Type) schema.ListAttribute {
		return schema.ListAttribute{ElementType: types.ObjectType{AttrTypes: fields}, Computed: true, MarkdownDescription: description}
	}
	const none = "Empty: not simulated."
	return schema.Schema{
		MarkdownDescription: "A function: the version or alias of the qualifier; without one the version that was published last, and `$LATEST` where none was.",
		Attributes: map[string]schema.Attribute{
			"id": shownText("The function's name."), "region": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the function; the provider's by default."},
			"architectures": list("Its architecture."), "arn": shownText("ARN without a qualifier."), "capacity_provider_config": objects(none, capacityConfigType),
			"code_sha256": shownText("Base64 SHA-256 of the deployment package."), "code_signing_config_arn": shownText(none), "dead_letter_config": objects("Where events go that are given up.", deadLetterConfigType),
			"description": shownText("Description."), "durable_config": objects(none, durableConfigType), "environment": objects("Environment variables.", environmentType),
			"ephemeral_storage": objects("Temporary storage.", ephemeralStorageType), "file_system_config": objects("EFS access point.", fileSystemConfigType),
			"function_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the function."}, "handler": shownText("Entry point."), "image_uri": shownText("Address of the container image."),
			"invoke_arn": shownText("ARN with which API Gateway invokes the function."), "kms_key_arn": shownText("ARN of the key of its environment's variables."), "last_modified": shownText("When it was last changed."),
			"layers": list("ARNs of its layer versions."), "logging_config": objects("How it logs.", loggingConfigType), "memory_size": number("MB."),
			"qualified_arn": shownText("ARN with the version or alias."), "qualified_invoke_arn": shownText("ARN with which API Gateway invokes that."),
			"qualifier":                      schema.StringAttribute{Optional: true, MarkdownDescription: "Version or alias."},
			"reserved_concurrent_executions": number("Reserved concurrency, `-1` where nothing is reserved."), "response_streaming_invoke_arn": shownText("ARN with which API Gateway invokes it with response streaming."),
			"role": shownText("ARN of the execution role."), "runtime": shownText("Runtime."), "signing_job_arn": shownText(none), "signing_profile_version_arn": shownText(none),
			"source_code_hash": shownText("The same as `code_sha256`."), "source_code_size": number("Size of the deployment package in bytes."), "source_kms_key_arn": shownText("ARN of the key of the deployment package."),
			"tags": shownTags(), "tenancy_config": objects(none, tenancyConfigType), "timeout": number("Seconds."), "tracing_config": objects("Tracing.", tracingConfigType),
			"version": shownText("The version that was read."), "vpc_config": objects("Its network.", vpcConfigType),
		},
	}
}

func readFunctionData(ctx context.Context, c *Clients, m *functionDataModel) error {
	m.Region = types.StringValue(or(m.Region, c.Region))
	client, in := c.Lambda(m.Region.ValueString()), &lambda.GetFunctionInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier)}
	if in.Qualifier == nil {
		version, err := newest(ctx, client, in.FunctionName)
		if err != nil {
			return err
		}
		if version != "$LATEST" {
			in.Qualifier = &version
		}
	}
	out, err := client.GetFunction(ctx, in)
	if err != nil {
		return err
	}
	var f functionModel
	f.read(out.Configuration)
	arn, qualified := aws.ToString(out.Configuration.FunctionArn), aws.ToString(out.Configuration.FunctionArn)
	if parts := strings.Split(arn, ":"); len(parts) > 7 {
		arn = strings.Join(parts[:7], ":")
	} else {
		qualified += ":" + aws.ToString(out.Configuration.Version)
	}
	m.ID, m.ARN, m.QualifiedARN, m.Version = m.FunctionName, types.StringValue(arn), types.StringValue(qualified), types.StringPointerValue(out.Configuration.Version)
	m.InvokeARN, m.QualifiedInvokeARN = types.StringValue(invokeARN(arn)), types.StringValue(invokeARN(qualified))
	m.ResponseStreamingInvokeARN = types.StringValue(streamingInvokeARN(m.Region.ValueString(), arn))
	m.show(&f)
	m.Tags, m.ReservedConcurrentExecutions = allTags(c, out.Tags), types.Int64Value(-1)
	if n := out.Concurrency; n != nil && n.ReservedConcurrentExecutions != nil {
		m.ReservedConcurrentExecutions = types.Int64Value(int64(*n.ReservedConcurrentExecutions))
	}
	if code := out.Code; code != nil {
		m.ImageURI, m.SourceKMSKeyARN = types.StringValue(aws.ToString(code.ImageUri)), types.StringValue(aws.ToString(code.SourceKMSKeyArn))
	}
	return nil
}

// show takes what a resource of the function would have. What is not there is "" or an empty list.
func (m *functionDataModel) show(f *functionModel) {
	text := func(v types.String) types.String { return types.StringValue(v.ValueString()) }
	blocks := func(v types.List, fields map[string]attr.Type) types.List {
		if v.IsNull() {
			return types.ListValueMust(types.ObjectType{AttrTypes: fields}, []attr.Value{})
		}
		return v
	}
	m.Architectures, m.CodeSHA256, m.SourceCodeHash, m.SourceCodeSize = f.Architectures, f.CodeSHA256, f.CodeSHA256, f.SourceCodeSize
	m.CodeSigningConfigARN, m.SigningJobARN, m.SigningProfileVersionARN = types.StringValue(""), f.SigningJobARN, f.SigningProfileVersionARN
	m.Description, m.Handler, m.Runtime, m.Role, m.KMSKeyARN = text(f.Description), text(f.Handler), text(f.Runtime), f.Role, text(f.KMSKeyARN)
	m.LastModified, m.MemorySize, m.Timeout = f.LastModified, f.MemorySize, f.Timeout
	m.Layers = types.ListValueMust(types.StringType, texts2values(textsOfList(f.Layers)))
	m.DeadLetterConfig, m.Environment, m.EphemeralStorage = blocks(f.DeadLetterConfig, deadLetterConfigType), blocks(f.Environment, environmentType), blocks(f.EphemeralStorage, ephemeralStorageType)
	m.FileSystemConfig, m.LoggingConfig, m.TracingConfig = blocks(f.FileSystemConfig, fileSystemConfigType), blocks(f.LoggingConfig, loggingConfigType), blocks(f.TracingConfig, tracingConfigType)
	m.VPCConfig, m.CapacityProviderConfig = blocks(f.VPCConfig, vpcConfigType), blocks(types.List{}, capacityConfigType)
	m.DurableConfig, m.TenancyConfig = blocks(types.List{}, durableConfigType), blocks(types.List{}, tenancyConfigType)
}
