package provider

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type functionURLDataSource struct{ dataSourceBase }

func newFunctionURLDataSource() datasource.DataSource { return &functionURLDataSource{} }

var _ datasource.DataSourceWithConfigure = &functionURLDataSource{}

type functionURLDataModel struct {
	ID                types.String `tfsdk:"id"`
	Region            types.String `tfsdk:"region"`
	AuthorizationType types.String `tfsdk:"authorization_type"`
	CORS              types.List   `tfsdk:"cors"`
	CreationTime      types.String `tfsdk:"creation_time"`
	FunctionARN       types.String `tfsdk:"function_arn"`
	FunctionName      types.String `tfsdk:"function_name"`
	FunctionURL       types.String `tfsdk:"function_url"`
	InvokeMode        types.String `tfsdk:"invoke_mode"`
	LastModifiedTime  types.String `tfsdk:"last_modified_time"`
	Qualifier         types.String `tfsdk:"qualifier"`
	URLID             types.String `tfsdk:"url_id"`
}

var corsType = map[string]attr.Type{"allow_credentials": types.BoolType, "max_age": types.Int64Type, "allow_headers": types.ListType{ElemType: types.StringType}, "allow_methods": types.ListType{ElemType: types.StringType},
	"allow_origins": types.ListType{ElemType: types.StringType}, "expose_headers": types.ListType{ElemType: types.StringType}}

// Metadata names the type.
func (d *functionURLDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "function_url")
}

// Schema describes the data source.
func (d *functionURLDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "The URL of a function, or of an alias.",
		Attributes: map[string]schema.Attribute{
			"id": computed("The function's name, and the qualifier after a slash where there is one."), "authorization_type": computed("`NONE` or `AWS_IAM`."),
			"region": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the function; the provider's by default."},
			"cors":   schema.ListAttribute{ElementType: types.ObjectType{AttrTypes: corsType}, Computed: true, MarkdownDescription: "What browsers may do with the URL from other origins."}, "creation_time": computed("When it was made."),
			"function_arn": computed("ARN of the function or alias."), "function_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the function."},
			"function_url": computed("The URL."), "invoke_mode": computed("`BUFFERED` or `RESPONSE_STREAM`."), "last_modified_time": computed("When it was last changed."),
			"qualifier": schema.StringAttribute{Optional: true, MarkdownDescription: "Alias."}, "url_id": computed("The ID in the URL."),
		},
	}
}

// Read reads the URL.
func (d *functionURLDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m functionURLDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Region = types.StringValue(or(m.Region, d.clients.Region))
	out, err := d.clients.Lambda(m.Region.ValueString()).GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier)})
	if err != nil {
		addError(&resp.Diagnostics, "Reading the URL of the function", qualified(m.FunctionName, m.Qualifier), err)
		return
	}
	m.ID = types.StringValue(strings.TrimSuffix(m.FunctionName.ValueString()+"/"+m.Qualifier.ValueString(), "/"))
	m.AuthorizationType, m.InvokeMode, m.CORS = types.StringValue(string(out.AuthType)), types.StringValue(string(out.InvokeMode)), corsObject(out.Cors)
	m.CreationTime, m.LastModifiedTime = types.StringPointerValue(out.CreationTime), types.StringPointerValue(out.LastModifiedTime)
	m.FunctionARN, m.FunctionURL, m.URLID = types.StringPointerValue(out.FunctionArn), types.StringPointerValue(out.FunctionUrl), types.StringValue(urlID(aws.ToString(out.FunctionUrl)))
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

// corsObject is a computed block with what the API says of CORS; none where it says nothing.
func corsObject(c *awstypes.Cors) types.List {
	if c == nil {
		return types.ListValueMust(types.ObjectType{AttrTypes: corsType}, []attr.Value{})
	}
	names := func(list []string) attr.Value { return types.ListValueMust(types.StringType, texts2values(list)) }
	return objects(corsType, map[string]attr.Value{"allow_credentials": types.BoolValue(aws.ToBool(c.AllowCredentials)), "max_age": types.Int64Value(int64(aws.ToInt32(c.MaxAge))),
		"allow_headers": names(c.AllowHeaders), "allow_methods": names(c.AllowMethods), "allow_origins": names(c.AllowOrigins), "expose_headers": names(c.ExposeHeaders)})
}
