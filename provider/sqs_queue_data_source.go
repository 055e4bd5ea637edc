package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type sqsQueueDataSource struct{ dataSourceBase }

func newSQSQueueDataSource() datasource.DataSource { return &sqsQueueDataSource{} }

var _ datasource.DataSourceWithConfigure = &sqsQueueDataSource{}

type sqsQueueDataModel struct {
	ARN    types.String `tfsdk:"arn"`
	ID     types.String `tfsdk:"id"`
	Name   types.String `tfsdk:"name"`
	Region types.String `tfsdk:"region"`
	Tags   types.Map    `tfsdk:"tags"`
	URL    types.String `tfsdk:"url"`
}

// Metadata names the type.
func (d *sqsQueueDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_sqs_queue"
}

// Schema describes the data source.
func (d *sqsQueueDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A queue of the provider's account, by its name.",
		Attributes: map[string]schema.Attribute{
			"arn":    schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the queue."},
			"id":     schema.StringAttribute{Computed: true, MarkdownDescription: "The queue's URL."},
			"name":   schema.StringAttribute{Required: true, MarkdownDescription: "Name of the queue."},
			"region": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the queue; the provider's by default."},
			"tags":   schema.MapAttribute{ElementType: types.StringType, Optional: true, Computed: true, MarkdownDescription: "Tags of the queue."},
			"url":    schema.StringAttribute{Computed: true, MarkdownDescription: "URL of the queue."},
		},
	}
}

// Read finds the queue.
func (d *sqsQueueDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m sqsQueueDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	region := or(m.Region, d.clients.Region)
	client := d.clients.SQS(region)
	out, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: m.Name.ValueStringPointer()})
	if err != nil {
		addError(&resp.Diagnostics, "Reading the queue", m.Name.ValueString(), err)
		return
	}
	arn, err := d.clients.queueAttribute(ctx, region, *out.QueueUrl, "QueueArn")
	var tags *sqs.ListQueueTagsOutput
	if err == nil {
		tags, err = client.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: out.QueueUrl})
	}
	if err != nil {
		addError(&resp.Diagnostics, "Reading the queue", m.Name.ValueString(), err)
		return
	}
	all := map[string]attr.Value{}
	for k, v := range tags.Tags {
		all[k] = types.StringValue(v)
	}
	m.ARN, m.URL, m.ID, m.Region = types.StringValue(arn), types.StringPointerValue(out.QueueUrl), types.StringPointerValue(out.QueueUrl), types.StringValue(region)
	m.Tags = types.MapValueMust(types.StringType, all)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
