package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// invocationEphemeral invokes a function where Terraform needs its answer and must not keep it: when it plans, and again when
// it applies.
type invocationEphemeral struct{ clients *Clients }

func newInvocationEphemeral() ephemeral.EphemeralResource { return &invocationEphemeral{} }

var _ ephemeral.EphemeralResourceWithConfigure = &invocationEphemeral{}

type ephemeralInvocationModel struct {
	Region          types.String `tfsdk:"region"`
	ClientContext   types.String `tfsdk:"client_context"`
	ExecutedVersion types.String `tfsdk:"executed_version"`
	FunctionError   types.String `tfsdk:"function_error"`
	FunctionName    types.String `tfsdk:"function_name"`
	LogResult       types.String `tfsdk:"log_result"`
	LogType         types.String `tfsdk:"log_type"`
	Payload         types.String `tfsdk:"payload"`
	Qualifier       types.String `tfsdk:"qualifier"`
	Result          types.String `tfsdk:"result"`
	StatusCode      types.Int32  `tfsdk:"status_code"`
}

// Metadata names the type.
func (e *invocationEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = lambdaType(req.ProviderTypeName, "invocation")
}

// Configure takes the clients.
func (e *invocationEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.clients = clientsOf(req.ProviderData, &resp.Diagnostics)
}

// Schema describes the ephemeral resource.
func (e *invocationEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	computed := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Invokes a function synchronously, as the provider's caller, each time Terraform plans and each time it applies. Nothing of it is in the state. A function error is an error.",
		Attributes: map[string]schema.Attribute{
			"region":           schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Region of the function; the provider's by default."},
			"client_context":   schema.StringAttribute{Optional: true, MarkdownDescription: "Base64 of JSON that the function finds in its context."},
			"executed_version": computed("The version that was invoked."), "function_error": computed("Null: a function error is an error."),
			"function_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the function."},
			"log_result":    computed("The end of the invocation's log, base64, with `log_type = \"Tail\"`."),
			"log_type":      schema.StringAttribute{Optional: true, MarkdownDescription: "`None` (the default) or `Tail`.", Validators: []validator.String{stringvalidator.OneOf(enum(awstypes.LogType("").Values())...)}},
			"payload":       schema.StringAttribute{Required: true, MarkdownDescription: "The event, JSON.", Validators: []validator.String{jsonText{}}},
			"qualifier":     schema.StringAttribute{Optional: true, MarkdownDescription: "Version or alias."},
			"result":        computed("What the function answered."),
			"status_code":   schema.Int32Attribute{Computed: true, MarkdownDescription: "The HTTP status: 200."},
		},
	}
}

// Open invokes.
func (e *invocationEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m ephemeralInvocationModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.Region = types.StringValue(or(m.Region, e.clients.Region))
	out, err := e.clients.Lambda(m.Region.ValueString()).Invoke(ctx, &lambda.InvokeInput{FunctionName: m.FunctionName.ValueStringPointer(), Payload: []byte(m.Payload.ValueString()),
		Qualifier: given(m.Qualifier), ClientContext: given(m.ClientContext), LogType: awstypes.LogType(m.LogType.ValueString())})
	if err != nil {
		addError(&resp.Diagnostics, "Invoking the function", m.FunctionName.ValueString(), err)
		return
	}
	if aws.ToString(out.FunctionError) != "" {
		resp.Diagnostics.AddError("The function "+m.FunctionName.ValueString()+" failed", string(out.Payload))
		return
	}
	m.Result, m.ExecutedVersion, m.StatusCode = types.StringValue(string(out.Payload)), types.StringPointerValue(out.ExecutedVersion), types.Int32Value(out.StatusCode)
	m.LogResult, m.FunctionError = types.StringPointerValue(out.LogResult), types.StringNull()
	resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
}
