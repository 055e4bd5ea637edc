package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type snsTopicDataSource struct{ dataSourceBase }

func newSNSTopicDataSource() datasource.DataSource { return &snsTopicDataSource{} }

var _ datasource.DataSourceWithConfigure = &snsTopicDataSource{}

type snsTopicDataModel struct {
	ARN    types.String `tfsdk:"arn"`
	ID     types.String `tfsdk:"id"`
	Name   types.String `tfsdk:"name"`
	Region types.String `tfsdk:"region"`
	Tags   types.Map    `tfsdk:"tags"`
}

// Metadata names the type.
func (d *snsTopicDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sns_topic"
}

// Schema describes the data source.
func (d *snsTopicDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A topic of the provider's account, by its name.",
		Attributes: map[string]schema.Attribute{
			"arn":    schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the topic."},
			"id":     schema.StringAttribute{Computed: true, MarkdownDescription: "The topic's ARN."},
			"name":   schema.StringAttribute{Required: true, MarkdownDescription: "Name of the topic."},
			"region": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the topic; the provider's by default."},
			"tags":   schema.MapAttribute{ElementType: types.StringType, Optional: true, Computed: true, MarkdownDescription: "Tags of the topic."},
		},
	}
}

// Read finds the topic.
func (d *snsTopicDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m snsTopicDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	region := or(m.Region, d.clients.Region)
	account, err := d.clients.Account(ctx)
	arn := topicARN(region, account, m.Name)
	var tags *sns.ListTagsForResourceOutput
	if err == nil {
		tags, err = d.clients.SNS(region).ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: &arn})
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the topic", m.Name.ValueString(), err)
		return
	}
	all := map[string]attr.Value{}
	for _, tag := range tags.Tags {
		all[*tag.Key] = types.StringPointerValue(tag.Value)
	}
	m.ARN, m.ID, m.Region = types.StringValue(arn), types.StringValue(arn), types.StringValue(region)
	m.Tags = types.MapValueMust(types.StringType, all)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
