package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// What is computed from an ARN, a region or the provider's block; nothing is called.

type arnDataModel struct {
	ID        types.String `tfsdk:"id"`
	ARN       types.String `tfsdk:"arn"`
	Account   types.String `tfsdk:"account"`
	Partition types.String `tfsdk:"partition"`
	Region    types.String `tfsdk:"region"`
	Resource  types.String `tfsdk:"resource"`
	Service   types.String `tfsdk:"service"`
}

func newARNDataSource() datasource.DataSource {
	return &looked[arnDataModel]{typ: "arn", noun: "the ARN", label: func(m *arnDataModel) string { return m.ARN.ValueString() }, read: readARNData,
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "An ARN, taken apart. It is computed here; nothing is called.", Attributes: map[string]schema.Attribute{
				"id": shownText("The ARN."), "arn": schema.StringAttribute{Required: true, MarkdownDescription: "The ARN."}, "account": shownText("Its account; empty where it has none."),
				"partition": shownText("Its partition: `aws`."), "region": shownText("Its region; empty where it has none."), "resource": shownText("All that follows the account."), "service": shownText("Its service."),
			}}
		}}
}

func readARNData(_ context.Context, _ *Clients, m *arnDataModel) error {
	parts := strings.SplitN(m.ARN.ValueString(), ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return fmt.Errorf("want arn:partition:service:region:account:resource")
	}
	for i, field := range []*types.String{&m.Partition, &m.Service, &m.Region, &m.Account, &m.Resource} {
		*field = types.StringValue(parts[i+1])
	}
	m.ID = m.ARN
	return nil
}

type servicePrincipalDataModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Region      types.String `tfsdk:"region"`
	ServiceName types.String `tfsdk:"service_name"`
	Suffix      types.String `tfsdk:"suffix"`
}

func newServicePrincipalDataSource() datasource.DataSource {
	return &looked[servicePrincipalDataModel]{typ: "service_principal", noun: "the principal of the service", label: func(m *servicePrincipalDataModel) string { return m.ServiceName.ValueString() },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "The principal of an AWS service. It is computed here; nothing is called.", Attributes: map[string]schema.Attribute{
				"id": shownText("Service, region and suffix, with dots between them."), "name": shownText("The principal: `SERVICE.amazonaws.com`."),
				"region":       schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region; the provider's by default."},
				"service_name": schema.StringAttribute{Required: true, MarkdownDescription: "The service: `lambda`, `s3`."}, "suffix": shownText("`amazonaws.com`."),
			}}
		},
		read: func(_ context.Context, c *Clients, m *servicePrincipalDataModel) error {
			const suffix = "amazonaws.com" // of every service in the partition aws
			m.Region, m.Suffix, m.Name = types.StringValue(or(m.Region, c.Region)), types.StringValue(suffix), types.StringValue(m.ServiceName.ValueString()+"."+suffix)
			m.ID = types.StringValue(m.ServiceName.ValueString() + "." + m.Region.ValueString() + "." + suffix)
			return nil
		}}
}

type defaultTagsDataModel struct {
	ID   types.String `tfsdk:"id"`
	Tags types.Map    `tfsdk:"tags"`
}

func newDefaultTagsDataSource() datasource.DataSource {
	return &looked[defaultTagsDataModel]{typ: "default_tags", noun: "the provider's default tags", label: func(*defaultTagsDataModel) string { return "" },
		schema: func() schema.Schema {
			return schema.Schema{MarkdownDescription: "The tags of the provider's `default_tags`. Nothing is called.", Attributes: map[string]schema.Attribute{
				"id": shownText("The partition."), "tags": shownTags(),
			}}
		},
		read: func(_ context.Context, c *Clients, m *defaultTagsDataModel) error {
			m.ID, m.Tags = types.StringValue("aws"), allTags(c, c.DefaultTags)
			return nil
		}}
}
