package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type aliasDataSource struct{ dataSourceBase }

func newAliasDataSource() datasource.DataSource { return &aliasDataSource{} }

var _ datasource.DataSourceWithConfigure = &aliasDataSource{}

type aliasDataModel struct {
	ID              types.String `tfsdk:"id"`
	Region          types.String `tfsdk:"region"`
	ARN             types.String `tfsdk:"arn"`
	Description     types.String `tfsdk:"description"`
	FunctionName    types.String `tfsdk:"function_name"`
	FunctionVersion types.String `tfsdk:"function_version"`
	InvokeARN       types.String `tfsdk:"invoke_arn"`
	Name            types.String `tfsdk:"name"`
}

// Metadata names the type.
func (d *aliasDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "alias")
}

// Schema describes the data source.
func (d *aliasDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "An alias of a function.",
		Attributes: map[string]schema.Attribute{
			"id":               computed("The alias's ARN."),
			"region":           schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the function; the provider's where none is given."},
			"arn":              computed("ARN of the alias."),
			"description":      computed("Description."),
			"function_name":    schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the function."},
			"function_version": computed("The version that the alias leads to."),
			"invoke_arn":       computed("ARN with which API Gateway invokes the alias."),
			"name":             schema.StringAttribute{Required: true, MarkdownDescription: "Name of the alias."},
		},
	}
}

// Read reads the alias.
func (d *aliasDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m aliasDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if m.Region.ValueString() == "" {
		m.Region = types.StringValue(d.clients.Region)
	}
	out, err := d.clients.Lambda(m.Region.ValueString()).GetAlias(ctx, &lambda.GetAliasInput{FunctionName: m.FunctionName.ValueStringPointer(), Name: m.Name.ValueStringPointer()})
	if err != nil {
		addError(&resp.Diagnostics, "Reading the alias", m.Name.ValueString(), err)
		return
	}
	m.ID, m.ARN, m.Description = types.StringPointerValue(out.AliasArn), types.StringPointerValue(out.AliasArn), types.StringPointerValue(out.Description)
	m.FunctionVersion, m.InvokeARN = types.StringPointerValue(out.FunctionVersion), types.StringValue(invokeARN(aws.ToString(out.AliasArn)))
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
