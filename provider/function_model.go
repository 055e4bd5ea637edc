package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
)

// functionModel is lambdasim_function in configuration, plan and state.
type functionModel struct {
	ID                             types.String   `tfsdk:"id"`
	Region                         types.String   `tfsdk:"region"`
	Architectures                  types.List     `tfsdk:"architectures"`
	ARN                            types.String   `tfsdk:"arn"`
	CapacityProviderConfig         types.List     `tfsdk:"capacity_provider_config"`
	CodeSHA256                     types.String   `tfsdk:"code_sha256"`
	CodeSigningConfigARN           types.String   `tfsdk:"code_signing_config_arn"`
	DeadLetterConfig               types.List     `tfsdk:"dead_letter_config"`
	Description                    types.String   `tfsdk:"description"`
	DurableConfig                  types.List     `tfsdk:"durable_config"`
	Environment                    types.List     `tfsdk:"environment"`
	EphemeralStorage               types.List     `tfsdk:"ephemeral_storage"`
	FileSystemConfig               types.List     `tfsdk:"file_system_config"`
	Filename                       types.String   `tfsdk:"filename"`
	FunctionName                   types.String   `tfsdk:"function_name"`
	Handler                        types.String   `tfsdk:"handler"`
	ImageConfig                    types.List     `tfsdk:"image_config"`
	ImageURI                       types.String   `tfsdk:"image_uri"`
	InvokeARN                      types.String   `tfsdk:"invoke_arn"`
	KMSKeyARN                      types.String   `tfsdk:"kms_key_arn"`
	LastModified                   types.String   `tfsdk:"last_modified"`
	Layers                         types.List     `tfsdk:"layers"`
	LoggingConfig                  types.List     `tfsdk:"logging_config"`
	MemorySize                     types.Int64    `tfsdk:"memory_size"`
	PackageType                    types.String   `tfsdk:"package_type"`
	Publish                        types.Bool     `tfsdk:"publish"`
	PublishTo                      types.String   `tfsdk:"publish_to"`
	QualifiedARN                   types.String   `tfsdk:"qualified_arn"`
	QualifiedInvokeARN             types.String   `tfsdk:"qualified_invoke_arn"`
	ReplaceSecurityGroupsOnDestroy types.Bool     `tfsdk:"replace_security_groups_on_destroy"`
	ReplacementSecurityGroupIDs    types.Set      `tfsdk:"replacement_security_group_ids"`
	ReservedConcurrentExecutions   types.Int64    `tfsdk:"reserved_concurrent_executions"`
	ResponseStreamingInvokeARN     types.String   `tfsdk:"response_streaming_invoke_arn"`
	Role                           types.String   `tfsdk:"role"`
	Runtime                        types.String   `tfsdk:"runtime"`
	S3Bucket                       types.String   `tfsdk:"s3_bucket"`
	S3Key                          types.String   `tfsdk:"s3_key"`
	S3ObjectVersion                types.String   `tfsdk:"s3_object_version"`
	SigningJobARN                  types.String   `tfsdk:"signing_job_arn"`
	SigningProfileVersionARN       types.String   `tfsdk:"signing_profile_version_arn"`
	SkipDestroy                    types.Bool     `tfsdk:"skip_destroy"`
	SnapStart                      types.List     `tfsdk:"snap_start"`
	SourceCodeHash                 types.String   `tfsdk:"source_code_hash"`
	SourceCodeSize                 types.Int64    `tfsdk:"source_code_size"`
	SourceKMSKeyARN                types.String   `tfsdk:"source_kms_key_arn"`
	Tags                           types.Map      `tfsdk:"tags"`
	TagsAll                        types.Map      `tfsdk:"tags_all"`
	TenancyConfig                  types.List     `tfsdk:"tenancy_config"`
	Timeout                        types.Int64    `tfsdk:"timeout"`
	Timeouts                       timeouts.Value `tfsdk:"timeouts"`
	TracingConfig                  types.List     `tfsdk:"tracing_config"`
	UseResourceTimeout             types.Bool     `tfsdk:"use_resource_timeout_for_propagation"`
	Version                        types.String   `tfsdk:"version"`
	VPCConfig                      types.List     `tfsdk:"vpc_config"`
}

var deadLetterConfigType = map[string]attr.Type{"target_arn": types.StringType}

var environmentType = map[string]attr.Type{"variables": types.MapType{ElemType: types.StringType}}

// variables are the environment variables; nil where none are given.
func (m *functionModel) variables(ctx context.Context, diags *diag.Diagnostics) map[string]string {
	var blocks []struct {
		Variables types.Map `tfsdk:"variables"`
	}
	if m.Environment.IsNull() || m.Environment.IsUnknown() {
		return nil
	}
	diags.Append(m.Environment.ElementsAs(ctx, &blocks, false)...)
	if len(blocks) == 0 || blocks[0].Variables.IsNull() {
		return nil
	}
	return tagsOf(ctx, blocks[0].Variables, diags)
}

// withField is a block with one member replaced.
func withField(list types.List, name string, v attr.Value) types.List {
	if len(list.Elements()) == 0 {
		return list
	}
	o, ok := list.Elements()[0].(basetypes.ObjectValue)
	if !ok {
		return list
	}
	fields := o.Attributes()
	fields[name] = v
	return objects(o.AttributeTypes(context.Background()), fields)
}

// field is a member of a computed block; nil where the block or the member is not there.
func field(list types.List, name string) attr.Value {
	if list.IsNull() || list.IsUnknown() || len(list.Elements()) == 0 {
		return nil
	}
	o, ok := list.Elements()[0].(basetypes.ObjectValue)
	if !ok {
		return nil
	}
	v := o.Attributes()[name]
	if v == nil || v.IsNull() || v.IsUnknown() {
		return nil
	}
	return v
}

func fieldText(list types.List, name string) string {
	if s, ok := field(list, name).(types.String); ok {
		return s.ValueString()
	}
	return ""
}

func (m *functionModel) storage() *awstypes.EphemeralStorage {
	if n, ok := field(m.EphemeralStorage, "size").(types.Int64); ok {
		return &awstypes.EphemeralStorage{Size: aws.Int32(int32(n.ValueInt64()))}
	}
	return nil
}

func (m *functionModel) tracing() *awstypes.TracingConfig {
	if mode := fieldText(m.TracingConfig, "mode"); mode != "" {
		return &awstypes.TracingConfig{Mode: awstypes.TracingMode(mode)}
	}
	return nil
}

func (m *functionModel) logging() *awstypes.LoggingConfig {
	if fieldText(m.LoggingConfig, "log_format") == "" {
		return nil
	}
	c := &awstypes.LoggingConfig{LogFormat: awstypes.LogFormat(fieldText(m.LoggingConfig, "log_format")),
		ApplicationLogLevel: awstypes.ApplicationLogLevel(fieldText(m.LoggingConfig, "application_log_level")),
		SystemLogLevel:      awstypes.SystemLogLevel(fieldText(m.LoggingConfig, "system_log_level"))}
	if group := fieldText(m.LoggingConfig, "log_group"); group != "" {
		c.LogGroup = &group
	}
	return c
}

// deadLetter is where given-up events go; nil where nowhere is given.
func (m *functionModel) deadLetter() *awstypes.DeadLetterConfig {
	if target := fieldText(m.DeadLetterConfig, "target_arn"); target != "" {
		return &awstypes.DeadLetterConfig{TargetArn: &target}
	}
	return nil
}

// readDeadLetter takes the target; a block that is written with "" stays.
func (m *functionModel) readDeadLetter(c *awstypes.DeadLetterConfig) {
	target := ""
	if c != nil {
		target = aws.ToString(c.TargetArn)
	}
	switch {
	case target != "":
		m.DeadLetterConfig = objects(deadLetterConfigType, map[string]attr.Value{"target_arn": types.StringValue(target)})
	case fieldText(m.DeadLetterConfig, "target_arn") != "" || len(m.DeadLetterConfig.Elements()) == 0:
		m.DeadLetterConfig = types.ListNull(types.ObjectType{AttrTypes: deadLetterConfigType})
	}
}

func (m *functionModel) architectures(ctx context.Context, diags *diag.Diagnostics) []awstypes.Architecture {
	var list []string
	if !m.Architectures.IsNull() && !m.Architectures.IsUnknown() {
		diags.Append(m.Architectures.ElementsAs(ctx, &list, false)...)
	}
	var out []awstypes.Architecture
	for _, a := range list {
		out = append(out, awstypes.Architecture(a))
	}
	return out
}

// names are the ARNs that follow from region, account, name and the newest version.
func (m *functionModel) names(region, account, name, version string) {
	arn := "arn:aws:lambda:" + region + ":" + account + ":function:" + name
	m.ARN, m.QualifiedARN, m.Version = types.StringValue(arn), types.StringValue(arn+":"+version), types.StringValue(version)
	m.InvokeARN, m.QualifiedInvokeARN = types.StringValue(invokeARN(arn)), types.StringValue(invokeARN(arn+":"+version))
	m.ResponseStreamingInvokeARN = types.StringValue(streamingInvokeARN(region, arn))
}

// read takes what the API says into the model; what it does not say stays as it was.
func (m *functionModel) read(c *awstypes.FunctionConfiguration) {
	m.ID, m.FunctionName = types.StringPointerValue(c.FunctionName), keepName(m.FunctionName, c)
	m.Role, m.LastModified = types.StringPointerValue(c.Role), types.StringPointerValue(c.LastModified)
	m.Description, m.Handler = optionalString(c.Description, m.Description), optionalString(c.Handler, m.Handler)
	m.Runtime = optionalString(aws.String(string(c.Runtime)), m.Runtime)
	m.MemorySize, m.Timeout = types.Int64Value(int64(aws.ToInt32(c.MemorySize))), types.Int64Value(int64(aws.ToInt32(c.Timeout)))
	m.PackageType, m.CodeSHA256 = types.StringValue(string(c.PackageType)), types.StringPointerValue(c.CodeSha256)
	m.SourceCodeSize = types.Int64Value(c.CodeSize)
	m.SigningJobARN, m.SigningProfileVersionARN = types.StringValue(""), types.StringValue("")
	m.Architectures = types.ListValueMust(types.StringType, texts2values(enum(c.Architectures)))
	if c.EphemeralStorage != nil {
		m.EphemeralStorage = objects(ephemeralStorageType, map[string]attr.Value{"size": types.Int64Value(int64(aws.ToInt32(c.EphemeralStorage.Size)))})
	}
	if c.TracingConfig != nil {
		m.TracingConfig = objects(tracingConfigType, map[string]attr.Value{"mode": types.StringValue(string(c.TracingConfig.Mode))})
	}
	m.readLogging(c.LoggingConfig)
	m.readEnvironment(c.Environment)
	m.readDeadLetter(c.DeadLetterConfig)
	if len(c.Layers) > 0 || len(m.Layers.Elements()) > 0 {
		arns := []attr.Value{}
		for _, l := range c.Layers {
			arns = append(arns, types.StringPointerValue(l.Arn))
		}
		m.Layers = types.ListValueMust(types.StringType, arns)
	}
	for field, value := range map[*types.Bool]bool{&m.Publish: false, &m.SkipDestroy: false} {
		if field.IsNull() || field.IsUnknown() {
			*field = types.BoolValue(value)
		}
	}
	m.readKept(c)
	if m.SourceCodeHash.IsUnknown() {
		m.SourceCodeHash = types.StringPointerValue(c.CodeSha256)
	}
}

// keepName keeps the form in which the function was named, if it is the same function.
func keepName(was types.String, c *awstypes.FunctionConfiguration) types.String {
	if m := functionNameForm.FindStringSubmatch(was.ValueString()); m != nil && m[5] == aws.ToString(c.FunctionName) {
		return was
	}
	return types.StringPointerValue(c.FunctionName)
}

func texts2values(list []string) []attr.Value {
	out := make([]attr.Value, len(list))
	for i, s := range list {
		out[i] = types.StringValue(s)
	}
	return out
}

// objects is a computed block with one object.
func objects(fields map[string]attr.Type, values map[string]attr.Value) types.List {
	return types.ListValueMust(types.ObjectType{AttrTypes: fields}, []attr.Value{types.ObjectValueMust(fields, values)})
}

// readLogging takes the logging configuration; levels that were not given stay so, whatever the API fills in.
func (m *functionModel) readLogging(l *awstypes.LoggingConfig) {
	if l == nil {
		return
	}
	level := func(name, api string) attr.Value {
		given := field(m.LoggingConfig, name) != nil
		if api == "" || (!given && !m.LoggingConfig.IsNull() && !m.LoggingConfig.IsUnknown()) {
			return types.StringNull()
		}
		return types.StringValue(api)
	}
	group := types.StringPointerValue(l.LogGroup)
	if given := len(m.LoggingConfig.Elements()) > 0 && field(m.LoggingConfig, "log_group") == nil; given && group.ValueString() == "/aws/lambda/"+m.ID.ValueString() {
		group = types.StringNull() // a block that is given and names none has none: Terraform holds us to what is written
	}
	m.LoggingConfig = objects(loggingConfigType, map[string]attr.Value{
		"log_format": types.StringValue(string(l.LogFormat)), "log_group": group,
		"application_log_level": level("application_log_level", string(l.ApplicationLogLevel)), "system_log_level": level("system_log_level", string(l.SystemLogLevel)),
	})
}

// readEnvironment takes the variables; an empty block that was configured stays.
func (m *functionModel) readEnvironment(e *awstypes.EnvironmentResponse) {
	if e == nil || len(e.Variables) == 0 {
		if len(m.Environment.Elements()) == 0 {
			m.Environment = types.ListNull(types.ObjectType{AttrTypes: environmentType})
			return
		}
		if o, ok := m.Environment.Elements()[0].(basetypes.ObjectValue); ok {
			if v, ok := o.Attributes()["variables"].(types.Map); ok && len(v.Elements()) == 0 {
				return
			}
		}
		m.Environment = types.ListNull(types.ObjectType{AttrTypes: environmentType})
		return
	}
	values := map[string]attr.Value{}
	for k, v := range e.Variables {
		values[k] = types.StringValue(v)
	}
	m.Environment = objects(environmentType, map[string]attr.Value{"variables": types.MapValueMust(types.StringType, values)})
}
