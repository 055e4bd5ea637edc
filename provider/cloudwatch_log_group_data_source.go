package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type logGroupDataSource struct{ dataSourceBase }

func newLogGroupDataSource() datasource.DataSource { return &logGroupDataSource{} }

var _ datasource.DataSourceWithConfigure = &logGroupDataSource{}

type logGroupDataModel struct {
	ID                 types.String `tfsdk:"id"`
	Region             types.String `tfsdk:"region"`
	ARN                types.String `tfsdk:"arn"`
	CreationTime       types.Int64  `tfsdk:"creation_time"`
	DeletionProtection types.Bool   `tfsdk:"deletion_protection_enabled"`
	KMSKeyID           types.String `tfsdk:"kms_key_id"`
	Class              types.String `tfsdk:"log_group_class"`
	Name               types.String `tfsdk:"name"`
	Retention          types.Int64  `tfsdk:"retention_in_days"`
	Tags               types.Map    `tfsdk:"tags"`
}

// Metadata names the type.
func (d *logGroupDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cloudwatch_log_group"
}

// Schema describes the data source.
func (d *logGroupDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A CloudWatch Logs group: one that was made, or one that a function has written to.",
		Attributes: map[string]schema.Attribute{
			"id":                          schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the group."},
			"region":                      schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the group; the provider's by default."},
			"arn":                         schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the group."},
			"creation_time":               schema.Int64Attribute{Computed: true, MarkdownDescription: "When it was made, milliseconds since 1970."},
			"deletion_protection_enabled": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it cannot be deleted."},
			"kms_key_id":                  schema.StringAttribute{Computed: true, MarkdownDescription: "Empty: encryption is not simulated."},
			"log_group_class":             schema.StringAttribute{Computed: true, MarkdownDescription: "`STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`."},
			"name":                        schema.StringAttribute{Required: true, MarkdownDescription: "Name of the group."},
			"retention_in_days":           schema.Int64Attribute{Computed: true, MarkdownDescription: "Days for which events are kept, 0 for ever."},
			"tags":                        schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Tags of the group."},
		},
	}
}

// Read finds the group.
func (d *logGroupDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m logGroupDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Region = types.StringValue(or(m.Region, d.clients.Region))
	client := d.clients.Logs(m.Region.ValueString())
	g, err := findLogGroup(ctx, client, m.Name.ValueString())
	if err == nil && g == nil {
		resp.Diagnostics.AddError("Reading the log group "+m.Name.ValueString(), "There is none of this name. A function's group is there once somebody has made it, or the function has run.")
		return
	}
	var tags *cloudwatchlogs.ListTagsForResourceOutput
	if err == nil {
		tags, err = client.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: g.LogGroupArn})
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the log group", m.Name.ValueString(), err)
		return
	}
	m.ID, m.ARN, m.KMSKeyID, m.Class = m.Name, types.StringPointerValue(g.LogGroupArn), types.StringValue(""), types.StringValue(string(g.LogGroupClass))
	m.CreationTime, m.Retention = types.Int64PointerValue(g.CreationTime), types.Int64Value(int64(aws.ToInt32(g.RetentionInDays)))
	m.DeletionProtection = types.BoolValue(aws.ToBool(g.DeletionProtectionEnabled))
	all, diags := types.MapValueFrom(ctx, types.StringType, tags.Tags)
	resp.Diagnostics.Append(diags...)
	m.Tags = all
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
