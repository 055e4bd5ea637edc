package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// recursionModel is lambdasim_function_recursion_config in configuration, plan and state.
type recursionModel struct {
	Region        types.String `tfsdk:"region"`
	FunctionName  types.String `tfsdk:"function_name"`
	RecursiveLoop types.String `tfsdk:"recursive_loop"`
}

func newFunctionRecursionConfigResource() resource.Resource {
	return &importedBy[recursionModel]{want: "a function's name", parse: functionScriptID, kept: kept[recursionModel]{
		typ: "lambda_function_recursion_config", noun: "the recursion configuration of the function", label: func(m *recursionModel) string { return m.FunctionName.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{
				MarkdownDescription: "What becomes of a function that invokes itself in a loop through a queue, a topic or a bucket. A function has it always: destroying this sets `Terminate`, which it is by default.",
				Attributes: map[string]schema.Attribute{
					"region": regionAttribute(), "function_name": once(true, "Name of the function. A change replaces the configuration."),
					"recursive_loop": schema.StringAttribute{Required: true, MarkdownDescription: "`Allow` or `Terminate`.", Validators: []validator.String{stringvalidator.OneOf(enum(awstypes.RecursiveLoop("").Values())...)}},
				},
			}
		},
		create: putRecursion, plan: planRegionAlone,
		update: func(ctx context.Context, b *resourceBase, m, _ *recursionModel) error { return putRecursion(ctx, b, m) },
		read: func(ctx context.Context, b *resourceBase, m *recursionModel) error {
			m.Region = b.regionOf(m.Region)
			out, err := b.clients.Lambda(m.Region.ValueString()).GetFunctionRecursionConfig(ctx, &lambda.GetFunctionRecursionConfigInput{FunctionName: m.FunctionName.ValueStringPointer()})
			if err != nil {
				return err
			}
			m.RecursiveLoop = types.StringValue(string(out.RecursiveLoop))
			return nil
		},
		remove: func(ctx context.Context, b *resourceBase, m *recursionModel) error {
			m.RecursiveLoop = types.StringValue(string(awstypes.RecursiveLoopTerminate))
			return putRecursion(ctx, b, m)
		},
	}}
}

func putRecursion(ctx context.Context, b *resourceBase, m *recursionModel) error {
	_, err := b.clients.Lambda(m.Region.ValueString()).PutFunctionRecursionConfig(ctx, &lambda.PutFunctionRecursionConfigInput{FunctionName: m.FunctionName.ValueStringPointer(),
		RecursiveLoop: awstypes.RecursiveLoop(m.RecursiveLoop.ValueString())})
	return err
}
