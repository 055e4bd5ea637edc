package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type eventBusDataModel struct {
	ID          types.String `tfsdk:"id"`
	Region      types.String `tfsdk:"region"`
	ARN         types.String `tfsdk:"arn"`
	Description types.String `tfsdk:"description"`
	Name        types.String `tfsdk:"name"`
}

func newEventBusDataSource() datasource.DataSource {
	return &looked[eventBusDataModel]{typ: "cloudwatch_event_bus", noun: "the event bus", label: func(m *eventBusDataModel) string { return m.Name.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "An event bus, by its name.", Attributes: map[string]schema.Attribute{
				"id": shownText("The bus's name."), "arn": shownText("ARN."), "description": shownText("Description; `\"\"` without one."),
				"region": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region; the provider's by default."},
				"name":   schema.StringAttribute{Required: true, MarkdownDescription: "Name of the bus."},
			}}
		},
		read: func(ctx context.Context, c *Clients, m *eventBusDataModel) error {
			m.Region = types.StringValue(or(m.Region, c.Region))
			out, err := c.EventBridge(m.Region.ValueString()).DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: m.Name.ValueStringPointer()})
			if err != nil {
				return err
			}
			m.ID, m.ARN, m.Description = types.StringPointerValue(out.Name), types.StringPointerValue(out.Arn), blankIfNull(types.StringPointerValue(out.Description))
			return nil
		}}
}
