package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// logEventsDataSource reads what functions have logged. AWS's provider has nothing like it.
type logEventsDataSource struct{ dataSourceBase }

func newLogEventsDataSource() datasource.DataSource { return &logEventsDataSource{} }

var _ datasource.DataSourceWithConfigure = &logEventsDataSource{}

type logEventsModel struct {
	ID           types.String `tfsdk:"id"`
	Region       types.String `tfsdk:"region"`
	EndTime      types.Int64  `tfsdk:"end_time"`
	Events       types.List   `tfsdk:"events"`
	Limit        types.Int64  `tfsdk:"limit"`
	LogGroupName types.String `tfsdk:"log_group_name"`
	StartTime    types.Int64  `tfsdk:"start_time"`
}

var logEventType = map[string]attr.Type{"log_stream_name": types.StringType, "message": types.StringType, "timestamp": types.Int64Type}

// mostLogEvents are the events that are read where no limit is given.
const mostLogEvents = 10000

// Metadata names the type.
func (d *logEventsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_cloudwatch_log_events"
}

// Schema describes the data source.
func (d *logEventsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	number := func(description string, least int64) schema.Int64Attribute {
		return schema.Int64Attribute{Optional: true, MarkdownDescription: description, Validators: []validator.Int64{int64validator.AtLeast(least)}}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "What is in a log group, of all its streams, oldest first: for a test that asks what a function has logged. AWS's provider has nothing like it.",
		Attributes: map[string]schema.Attribute{
			"id":       schema.StringAttribute{Computed: true, MarkdownDescription: "Name of the group."},
			"region":   schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the group; the provider's by default."},
			"end_time": number("Only events of before, milliseconds since 1970.", 0), "start_time": number("Only events of then or later, milliseconds since 1970.", 0),
			"limit":          number("At most so many, the oldest; 10000 by default.", 1),
			"log_group_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name of the group: `/aws/lambda/NAME`."},
			"events":         schema.ListAttribute{ElementType: types.ObjectType{AttrTypes: logEventType}, Computed: true, MarkdownDescription: "The events: `message`, `timestamp` (milliseconds since 1970) and `log_stream_name`."},
		},
	}
}

// Read reads the events.
func (d *logEventsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m logEventsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Region, m.ID = types.StringValue(or(m.Region, d.clients.Region)), m.LogGroupName
	most, events := mostLogEvents, []attr.Value{}
	if !m.Limit.IsNull() {
		most = int(m.Limit.ValueInt64())
	}
	in := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: m.LogGroupName.ValueStringPointer(), StartTime: m.StartTime.ValueInt64Pointer(), EndTime: m.EndTime.ValueInt64Pointer()}
	for pages := cloudwatchlogs.NewFilterLogEventsPaginator(d.clients.Logs(m.Region.ValueString()), in); pages.HasMorePages() && len(events) < most; {
		page, err := pages.NextPage(ctx)
		if err != nil {
			addError(&resp.Diagnostics, "Reading the events of the log group", m.LogGroupName.ValueString(), err)
			return
		}
		for _, e := range page.Events {
			events = append(events, types.ObjectValueMust(logEventType, map[string]attr.Value{"log_stream_name": types.StringPointerValue(e.LogStreamName),
				"message": types.StringPointerValue(e.Message), "timestamp": types.Int64Value(aws.ToInt64(e.Timestamp))}))
		}
	}
	m.Events = types.ListValueMust(types.ObjectType{AttrTypes: logEventType}, events[:min(len(events), most)])
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
