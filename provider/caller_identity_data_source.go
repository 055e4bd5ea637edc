package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type callerIdentityDataSource struct{ dataSourceBase }

func newCallerIdentityDataSource() datasource.DataSource { return &callerIdentityDataSource{} }

var _ datasource.DataSourceWithConfigure = &callerIdentityDataSource{}

type callerIdentityModel struct {
	AccountID types.String `tfsdk:"account_id"`
	ARN       types.String `tfsdk:"arn"`
	ID        types.String `tfsdk:"id"`
	UserID    types.String `tfsdk:"user_id"`
}

// Metadata names the type.
func (d *callerIdentityDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_caller_identity"
}

// Schema describes the data source.
func (d *callerIdentityDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "As whom the provider calls the simulator.",
		Attributes: map[string]schema.Attribute{
			"account_id": schema.StringAttribute{Computed: true, MarkdownDescription: "The account, twelve digits."},
			"arn":        schema.StringAttribute{Computed: true, MarkdownDescription: "ARN of the caller."},
			"id":         schema.StringAttribute{Computed: true, MarkdownDescription: "The account."},
			"user_id":    schema.StringAttribute{Computed: true, MarkdownDescription: "Unique id of the caller."},
		},
	}
}

// Read asks STS.
func (d *callerIdentityDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	out, err := d.clients.STS().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		addError(&resp.Diagnostics, "Asking who the caller is:", d.clients.Endpoint, err)
		return
	}
	m := callerIdentityModel{AccountID: types.StringPointerValue(out.Account), ARN: types.StringPointerValue(out.Arn), ID: types.StringPointerValue(out.Account), UserID: types.StringPointerValue(out.UserId)}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
