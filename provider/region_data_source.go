package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type regionDataSource struct{ dataSourceBase }

func newRegionDataSource() datasource.DataSource { return &regionDataSource{} }

var _ datasource.DataSourceWithConfigure = &regionDataSource{}

type regionModel struct {
	Endpoint types.String `tfsdk:"endpoint"`
	ID       types.String `tfsdk:"id"`
	Name     types.String `tfsdk:"name"`
	Region   types.String `tfsdk:"region"`
}

// Metadata names the type.
func (d *regionDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_region"
}

// Schema describes the data source.
func (d *regionDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A region: the provider's, or the one that is named. It is computed here; nothing is called.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{Optional: true, MarkdownDescription: "Not simulated: finding a region by its endpoint is refused by name."},
			"id":       schema.StringAttribute{Computed: true, MarkdownDescription: "The region."},
			"name":     schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "The region; older modules name it so."},
			"region":   schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "The region; the provider's by default."},
		},
	}
}

// Read names the region.
func (d *regionDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m regionModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if m.Endpoint.ValueString() != "" {
		summary, detail := refusal("endpoint")
		resp.Diagnostics.AddAttributeError(path.Root("endpoint"), summary, detail)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	region := types.StringValue(or(m.Region, or(m.Name, d.clients.Region)))
	m.ID, m.Name, m.Region = region, region, region
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
