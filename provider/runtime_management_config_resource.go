package provider

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// runtimeManagementModel is lambdasim_runtime_management_config in configuration, plan and state.
type runtimeManagementModel struct {
	Region            types.String `tfsdk:"region"`
	FunctionARN       types.String `tfsdk:"function_arn"`
	FunctionName      types.String `tfsdk:"function_name"`
	Qualifier         types.String `tfsdk:"qualifier"`
	RuntimeVersionARN types.String `tfsdk:"runtime_version_arn"`
	UpdateRuntimeOn   types.String `tfsdk:"update_runtime_on"`
}

func newRuntimeManagementConfigResource() resource.Resource {
	return &importedBy[runtimeManagementModel]{want: "FUNCTION,QUALIFIER, with nothing after the comma for $LATEST", parse: runtimeManagementID, kept: kept[runtimeManagementModel]{
		typ: "lambda_runtime_management_config", noun: "the runtime management of the function", label: func(m *runtimeManagementModel) string { return m.FunctionName.ValueString() },
		schema: runtimeManagementSchema, create: putRuntimeManagement, plan: planRegionAlone, read: readRuntimeManagement,
		update: func(ctx context.Context, b *resourceBase, m, _ *runtimeManagementModel) error {
			return putRuntimeManagement(ctx, b, m)
		},
		remove: func(ctx context.Context, b *resourceBase, m *runtimeManagementModel) error {
			m.UpdateRuntimeOn, m.RuntimeVersionARN = types.StringValue(string(awstypes.UpdateRuntimeOnAuto)), types.StringNull()
			return putRuntimeManagement(ctx, b, m)
		},
	}}
}

func runtimeManagementSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "When the runtime of a function is updated. It is stored: the runtimes of the simulator are the machine's own interpreters. A function has it always: destroying this sets `Auto`, which it is by default.",
		Attributes: map[string]schema.Attribute{
			"region":              regionAttribute(),
			"function_arn":        idAttribute("ARN of the function, with the version."),
			"function_name":       once(true, "Name or ARN of the function. A change replaces the configuration."),
			"qualifier":           once(false, "A published version, or `$LATEST`, which it is where none is given. A change replaces the configuration."),
			"runtime_version_arn": schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the runtime's version, with `Manual`.", Validators: []validator.String{arnValidator()}},
			"update_runtime_on": schema.StringAttribute{Optional: true, MarkdownDescription: "`Auto` (where none is given), `FunctionUpdate` or `Manual`.",
				Validators: []validator.String{stringvalidator.OneOf(enum(awstypes.UpdateRuntimeOn("").Values())...)}},
		},
	}
}

// runtimeManagementID is FUNCTION,QUALIFIER; the AWS provider wants the comma for $LATEST too.
func runtimeManagementID(id string) map[string]string {
	name, qualifier, ok := strings.Cut(id, ",")
	if !ok || functionNameForm.FindString(name) == "" {
		return nil
	}
	parts := map[string]string{"function_name": name}
	if qualifier != "" {
		parts["qualifier"] = qualifier
	}
	return parts
}

func putRuntimeManagement(ctx context.Context, b *resourceBase, m *runtimeManagementModel) error {
	_, err := b.clients.Lambda(m.Region.ValueString()).PutRuntimeManagementConfig(ctx, &lambda.PutRuntimeManagementConfigInput{FunctionName: m.FunctionName.ValueStringPointer(),
		Qualifier: given(m.Qualifier), RuntimeVersionArn: given(m.RuntimeVersionARN), UpdateRuntimeOn: awstypes.UpdateRuntimeOn(or(m.UpdateRuntimeOn, string(awstypes.UpdateRuntimeOnAuto)))})
	return err
}

func readRuntimeManagement(ctx context.Context, b *resourceBase, m *runtimeManagementModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.Lambda(m.Region.ValueString()).GetRuntimeManagementConfig(ctx, &lambda.GetRuntimeManagementConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier)})
	if err != nil {
		return err
	}
	m.FunctionARN, m.RuntimeVersionARN = types.StringPointerValue(out.FunctionArn), optionalString(out.RuntimeVersionArn, m.RuntimeVersionARN)
	if on := string(out.UpdateRuntimeOn); on != string(awstypes.UpdateRuntimeOnAuto) || !m.UpdateRuntimeOn.IsNull() {
		m.UpdateRuntimeOn = types.StringValue(on)
	}
	return nil
}
