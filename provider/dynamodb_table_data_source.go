package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type dynamodbTableDataSource struct{ dataSourceBase }

func newDynamoDBTableDataSource() datasource.DataSource { return &dynamodbTableDataSource{} }

var _ datasource.DataSourceWithConfigure = &dynamodbTableDataSource{}

type dynamodbTableData struct {
	ID                        types.String `tfsdk:"id"`
	Region                    types.String `tfsdk:"region"`
	ARN                       types.String `tfsdk:"arn"`
	Attribute                 types.Set    `tfsdk:"attribute"`
	BillingMode               types.String `tfsdk:"billing_mode"`
	DeletionProtectionEnabled types.Bool   `tfsdk:"deletion_protection_enabled"`
	GlobalSecondaryIndex      types.Set    `tfsdk:"global_secondary_index"`
	HashKey                   types.String `tfsdk:"hash_key"`
	LocalSecondaryIndex       types.Set    `tfsdk:"local_secondary_index"`
	Name                      types.String `tfsdk:"name"`
	RangeKey                  types.String `tfsdk:"range_key"`
	ReadCapacity              types.Int64  `tfsdk:"read_capacity"`
	StreamARN                 types.String `tfsdk:"stream_arn"`
	StreamEnabled             types.Bool   `tfsdk:"stream_enabled"`
	StreamLabel               types.String `tfsdk:"stream_label"`
	StreamViewType            types.String `tfsdk:"stream_view_type"`
	TableClass                types.String `tfsdk:"table_class"`
	Tags                      types.Map    `tfsdk:"tags"`
	WriteCapacity             types.Int64  `tfsdk:"write_capacity"`
}

// Metadata names the type.
func (d *dynamodbTableDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dynamodb_table"
}

// Schema describes the data source.
func (d *dynamodbTableDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	set := func(description string, of map[string]attr.Type) schema.SetAttribute {
		return schema.SetAttribute{Computed: true, MarkdownDescription: description, ElementType: types.ObjectType{AttrTypes: of}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A DynamoDB table that is there already: above all the ARN of its stream.",
		Attributes: map[string]schema.Attribute{
			"id": text("The table's name."), "arn": text("ARN of the table."),
			"name":                        schema.StringAttribute{Required: true, MarkdownDescription: "Name of the table."},
			"region":                      schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the table; the provider's by default."},
			"attribute":                   set("Key attributes with their types.", tableAttributeType),
			"billing_mode":                text("`PROVISIONED` or `PAY_PER_REQUEST`."),
			"deletion_protection_enabled": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether deleting the table is refused."},
			"global_secondary_index":      set("Global secondary indexes.", tableGlobalType),
			"local_secondary_index":       set("Local secondary indexes.", tableLocalType),
			"hash_key":                    text("Attribute of the partition key."), "range_key": text("Attribute of the sort key."),
			"read_capacity":  schema.Int64Attribute{Computed: true, MarkdownDescription: "Read units; stored."},
			"write_capacity": schema.Int64Attribute{Computed: true, MarkdownDescription: "Write units; stored."},
			"stream_arn":     text("ARN of the current or latest stream."), "stream_label": text("When it was enabled."), "stream_view_type": text("What its records hold."),
			"stream_enabled": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the stream is enabled."},
			"table_class":    text("The table's class; stored."),
			"tags":           schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: "Tags."},
		},
	}
}

// Read reads the table.
func (d *dynamodbTableDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var out dynamodbTableData
	resp.Diagnostics.Append(req.Config.Get(ctx, &out)...)
	if resp.Diagnostics.HasError() {
		return
	}
	out.Region = types.StringValue(or(out.Region, d.clients.Region))
	client := d.clients.DynamoDB(out.Region.ValueString())
	table, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: out.Name.ValueStringPointer()})
	if err != nil {
		addError(&resp.Diagnostics, "Reading the table", out.Name.ValueString(), err)
		return
	}
	tags, err := client.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: table.Table.TableArn})
	if err != nil {
		addError(&resp.Diagnostics, "Reading the tags of the table", out.Name.ValueString(), err)
		return
	}
	m := dynamodbTableModel{StreamEnabled: types.BoolValue(false)}
	m.read(ctx, table.Table, &resp.Diagnostics)
	all := map[string]attr.Value{}
	for _, t := range tags.Tags {
		all[aws.ToString(t.Key)] = types.StringPointerValue(t.Value)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &dynamodbTableData{ID: m.ID, Region: out.Region, ARN: m.ARN, Attribute: m.Attribute, BillingMode: m.BillingMode,
		DeletionProtectionEnabled: m.DeletionProtectionEnabled, GlobalSecondaryIndex: m.GlobalSecondaryIndex, HashKey: m.HashKey, LocalSecondaryIndex: m.LocalSecondaryIndex,
		Name: m.Name, RangeKey: m.RangeKey, ReadCapacity: m.ReadCapacity, StreamARN: m.StreamARN, StreamEnabled: m.StreamEnabled, StreamLabel: m.StreamLabel,
		StreamViewType: m.StreamViewType, TableClass: m.TableClass, Tags: types.MapValueMust(types.StringType, all), WriteCapacity: m.WriteCapacity})...)
}
