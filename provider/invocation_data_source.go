package provider

import (
	"context"
	"crypto/md5"
	"encoding/hex"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/fwtypes"
)

type invocationDataSource struct{ dataSourceBase }

func newInvocationDataSource() datasource.DataSource { return &invocationDataSource{} }

var _ datasource.DataSourceWithConfigure = &invocationDataSource{}

type invocationModel struct {
	FunctionName types.String `tfsdk:"function_name"`
	ID           types.String `tfsdk:"id"`
	Input        fwtypes.JSON `tfsdk:"input"`
	Qualifier    types.String `tfsdk:"qualifier"`
	Region       types.String `tfsdk:"region"`
	Result       types.String `tfsdk:"result"`
}

// Metadata names the type.
func (d *invocationDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "invocation")
}

// Schema describes the data source.
func (d *invocationDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Invokes a function synchronously, as the provider's caller, each time it is read.",
		Attributes: map[string]schema.Attribute{
			"function_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the function."},
			"id":            schema.StringAttribute{Computed: true, MarkdownDescription: "Name, qualifier and hash of the input."},
			"input":         schema.StringAttribute{CustomType: fwtypes.JSONType{}, Required: true, MarkdownDescription: "The event, JSON."},
			"qualifier":     schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Version or alias; `$LATEST` by default."},
			"region":        schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the function; the provider's by default."},
			"result":        schema.StringAttribute{Computed: true, MarkdownDescription: "What the function answered. A function error is an error of the plan."},
		},
	}
}

// Read invokes.
func (d *invocationDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m invocationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Qualifier, m.Region = types.StringValue(or(m.Qualifier, "$LATEST")), types.StringValue(or(m.Region, d.clients.Region))
	out, err := d.clients.Lambda(m.Region.ValueString()).Invoke(ctx, &lambda.InvokeInput{FunctionName: m.FunctionName.ValueStringPointer(),
		Qualifier: m.Qualifier.ValueStringPointer(), Payload: []byte(m.Input.ValueString())})
	if err != nil {
		addError(&resp.Diagnostics, "Invoking the function", m.FunctionName.ValueString(), err)
		return
	}
	if aws.ToString(out.FunctionError) != "" {
		resp.Diagnostics.AddError("The function "+m.FunctionName.ValueString()+" failed", string(out.Payload))
		return
	}
	sum := md5.Sum([]byte(m.Input.ValueString()))
	m.ID = types.StringValue(m.FunctionName.ValueString() + "_" + m.Qualifier.ValueString() + "_" + hex.EncodeToString(sum[:]))
	m.Result = types.StringValue(string(out.Payload))
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}
