package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type partitionDataSource struct{}

func newPartitionDataSource() datasource.DataSource { return &partitionDataSource{} }

type partitionModel struct {
	DNSSuffix        types.String `tfsdk:"dns_suffix"`
	ID               types.String `tfsdk:"id"`
	Partition        types.String `tfsdk:"partition"`
	ReverseDNSPrefix types.String `tfsdk:"reverse_dns_prefix"`
}

// Metadata names the type.
func (d *partitionDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_partition"
}

// Schema describes the data source.
func (d *partitionDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The partition: `aws`, the only one that is simulated, whatever the region.",
		Attributes: map[string]schema.Attribute{
			"dns_suffix":         schema.StringAttribute{Computed: true, MarkdownDescription: "`amazonaws.com`."},
			"id":                 schema.StringAttribute{Computed: true, MarkdownDescription: "`aws`."},
			"partition":          schema.StringAttribute{Computed: true, MarkdownDescription: "`aws`."},
			"reverse_dns_prefix": schema.StringAttribute{Computed: true, MarkdownDescription: "`com.amazonaws`."},
		},
	}
}

// Read names the partition.
func (d *partitionDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	m := partitionModel{DNSSuffix: types.StringValue("amazonaws.com"), ID: types.StringValue("aws"), Partition: types.StringValue("aws"), ReverseDNSPrefix: types.StringValue("com.amazonaws")}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
