package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type functionsDataSource struct{ dataSourceBase }

func newFunctionsDataSource() datasource.DataSource { return &functionsDataSource{} }

var _ datasource.DataSourceWithConfigure = &functionsDataSource{}

type functionsDataModel struct {
	ID            types.String `tfsdk:"id"`
	Region        types.String `tfsdk:"region"`
	FunctionARNs  types.List   `tfsdk:"function_arns"`
	FunctionNames types.List   `tfsdk:"function_names"`
}

// Metadata names the type.
func (d *functionsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "functions")
}

// Schema describes the data source.
func (d *functionsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The functions of the caller's account in a region.",
		Attributes: map[string]schema.Attribute{
			"id":             schema.StringAttribute{Computed: true, MarkdownDescription: "The region."},
			"region":         schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the functions; the provider's by default."},
			"function_arns":  schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Their ARNs."},
			"function_names": schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Their names, in the same order."},
		},
	}
}

// Read lists them.
func (d *functionsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m functionsDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Region = types.StringValue(or(m.Region, d.clients.Region))
	arns, names := []attr.Value{}, []attr.Value{}
	for pages := lambda.NewListFunctionsPaginator(d.clients.Lambda(m.Region.ValueString()), &lambda.ListFunctionsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			addError(&resp.Diagnostics, "Listing the functions of", m.Region.ValueString(), err)
			return
		}
		for _, f := range page.Functions {
			arns, names = append(arns, types.StringPointerValue(f.FunctionArn)), append(names, types.StringPointerValue(f.FunctionName))
		}
	}
	m.ID, m.FunctionARNs, m.FunctionNames = m.Region, types.ListValueMust(types.StringType, arns), types.ListValueMust(types.StringType, names)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
