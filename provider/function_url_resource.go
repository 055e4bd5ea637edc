package provider

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	awstypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// functionURLModel is lambdasim_function_url in configuration, plan and state.
type functionURLModel struct {
	ID                types.String   `tfsdk:"id"`
	Region            types.String   `tfsdk:"region"`
	AuthorizationType types.String   `tfsdk:"authorization_type"`
	CORS              []corsData     `tfsdk:"cors"`
	FunctionARN       types.String   `tfsdk:"function_arn"`
	FunctionName      types.String   `tfsdk:"function_name"`
	FunctionURL       types.String   `tfsdk:"function_url"`
	InvokeMode        types.String   `tfsdk:"invoke_mode"`
	Qualifier         types.String   `tfsdk:"qualifier"`
	Timeouts          timeouts.Value `tfsdk:"timeouts"`
	URLID             types.String   `tfsdk:"url_id"`
}

func newFunctionURLResource() resource.Resource {
	return &importedBy[functionURLModel]{want: "NAME or NAME/QUALIFIER", parse: functionURLID, kept: kept[functionURLModel]{
		typ: "lambda_function_url", noun: "the URL of the function",
		label:  func(m *functionURLModel) string { return qualified(m.FunctionName, m.Qualifier) },
		schema: functionURLSchema, create: createFunctionURL, read: readFunctionURL, update: updateFunctionURL,
		remove: func(ctx context.Context, b *resourceBase, m *functionURLModel) error {
			_, err := b.clients.Lambda(m.Region.ValueString()).DeleteFunctionUrlConfig(ctx, &lambda.DeleteFunctionUrlConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier)})
			return err
		},
		plan: planRegionAlone,
	}}
}

func functionURLSchema() schema.Schema {
	names := func(description string) schema.SetAttribute {
		return schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description}
	}
	return schema.Schema{
		MarkdownDescription: "An address at which a function, or an alias of it, is invoked by plain HTTP. With `NONE` the function's policy is given the two statements that let anybody in, as AWS's provider gives them: " +
			"`FunctionURLAllowPublicAccess` and `FunctionURLAllowInvokeAction`. They stay when the URL is destroyed, and are not added when an existing URL changes to `NONE`.",
		Attributes: map[string]schema.Attribute{
			"id":     idAttribute("The function's name, and the qualifier after a slash where there is one."),
			"region": regionAttribute(),
			"authorization_type": schema.StringAttribute{Required: true, MarkdownDescription: "`NONE`, or `AWS_IAM`: calls are signed, and the caller needs permission.",
				Validators: []validator.String{stringvalidator.OneOf("NONE", "AWS_IAM")}},
			"function_arn":  idAttribute("ARN of the function or alias."),
			"function_name": functionNameAttribute("Name or ARN of the function. Another function replaces the URL."),
			"function_url":  idAttribute("The URL: `http://HOST:PORT/_url/ID/`, on the simulator's own address."),
			"invoke_mode": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString("BUFFERED"), MarkdownDescription: "`BUFFERED` (the default) or `RESPONSE_STREAM`.",
				Validators: []validator.String{stringvalidator.OneOf("BUFFERED", "RESPONSE_STREAM")}},
			"qualifier": once(false, "Alias. A change replaces the URL."),
			"url_id":    idAttribute("The ID in the URL."),
		},
		Blocks: map[string]schema.Block{
			"cors": block("What browsers may do with the URL from other origins.", map[string]schema.Attribute{
				"allow_credentials": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether cookies may be sent."},
				"allow_headers":     names("Headers that a request may have."), "allow_methods": names("Methods."), "allow_origins": names("Origins."), "expose_headers": names("Headers of the answer that the page may read."),
				"max_age": schema.Int64Attribute{Optional: true, MarkdownDescription: "Seconds for which a browser may keep the answer to its question, at most 86400.", Validators: []validator.Int64{int64validator.AtMost(86400)}},
			}, nil),
			"timeouts": timeouts.Block(context.Background(), timeouts.Opts{Create: true}),
		},
	}
}

// functionNameAttribute is a function's name or ARN. Another form of the same name does not replace the resource.
func functionNameAttribute(description string) schema.StringAttribute {
	const how = "Another function will destroy and recreate the resource; another form of the same function's name will not."
	return schema.StringAttribute{Required: true, MarkdownDescription: description, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(func(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
			resp.RequiresReplace = req.PlanValue.IsUnknown() || !mayBeSame(req.StateValue.ValueString(), req.PlanValue.ValueString())
		}, how, how)}}
}

// mayBeSame reports whether a name and an ARN, or two of either, may be of one function: what only one of them says is not
// compared.
func mayBeSame(a, b string) bool {
	x, y := functionNameForm.FindStringSubmatch(a), functionNameForm.FindStringSubmatch(b)
	if x == nil || y == nil || x[5] != y[5] {
		return a == b
	}
	for _, part := range []int{2, 3, 7} { // region, account, qualifier
		if x[part] != "" && y[part] != "" && x[part] != y[part] {
			return false
		}
	}
	return true
}

// functionURLID takes an id apart. No name and no ARN of a function has a slash.
func functionURLID(id string) map[string]string {
	name, qualifier, both := strings.Cut(id, "/")
	switch {
	case name == "" || both && qualifier == "":
		return nil
	case both:
		return map[string]string{"id": id, "function_name": name, "qualifier": qualifier}
	}
	return map[string]string{"id": id, "function_name": name}
}

// createFunctionURL makes the URL, and lets anybody in where it is for anybody.
func createFunctionURL(ctx context.Context, b *resourceBase, m *functionURLModel) error {
	_, err := b.clients.Lambda(m.Region.ValueString()).CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier),
		AuthType: awstypes.FunctionUrlAuthType(m.AuthorizationType.ValueString()), InvokeMode: awstypes.InvokeMode(m.InvokeMode.ValueString()), Cors: corsOf(m.CORS)})
	if err != nil || m.AuthorizationType.ValueString() != string(awstypes.FunctionUrlAuthTypeNone) {
		return err
	}
	if err := letAnybody(ctx, b, m, &lambda.AddPermissionInput{StatementId: aws.String("FunctionURLAllowPublicAccess"), Action: aws.String("lambda:InvokeFunctionUrl"), FunctionUrlAuthType: awstypes.FunctionUrlAuthTypeNone}); err != nil {
		return err
	}
	return letAnybody(ctx, b, m, &lambda.AddPermissionInput{StatementId: aws.String("FunctionURLAllowInvokeAction"), Action: aws.String("lambda:InvokeFunction"), InvokedViaFunctionUrl: aws.Bool(true)})
}

// letAnybody adds a statement. One of its name that is there already is left as it is.
func letAnybody(ctx context.Context, b *resourceBase, m *functionURLModel, in *lambda.AddPermissionInput) error {
	in.FunctionName, in.Qualifier, in.Principal = m.FunctionName.ValueStringPointer(), given(m.Qualifier), aws.String("*")
	defer b.clients.lockPolicy(m.FunctionName.ValueString())()
	_, err := b.clients.Lambda(m.Region.ValueString()).AddPermission(ctx, in)
	if _, there := errors.AsType[*awstypes.ResourceConflictException](err); there {
		return nil
	}
	return err
}

// updateFunctionURL writes what may change. CORS that is no longer configured is written empty.
func updateFunctionURL(ctx context.Context, b *resourceBase, m, _ *functionURLModel) error {
	cors := corsOf(m.CORS)
	if cors == nil {
		cors = &awstypes.Cors{}
	}
	_, err := b.clients.Lambda(m.Region.ValueString()).UpdateFunctionUrlConfig(ctx, &lambda.UpdateFunctionUrlConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier),
		AuthType: awstypes.FunctionUrlAuthType(m.AuthorizationType.ValueString()), InvokeMode: awstypes.InvokeMode(m.InvokeMode.ValueString()), Cors: cors})
	return err
}

func readFunctionURL(ctx context.Context, b *resourceBase, m *functionURLModel) error {
	m.Region = b.regionOf(m.Region)
	out, err := b.clients.Lambda(m.Region.ValueString()).GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigInput{FunctionName: m.FunctionName.ValueStringPointer(), Qualifier: given(m.Qualifier)})
	if err != nil {
		return err
	}
	if m.ID.ValueString() == "" {
		m.ID = types.StringValue(strings.TrimSuffix(m.FunctionName.ValueString()+"/"+m.Qualifier.ValueString(), "/"))
	}
	m.AuthorizationType, m.InvokeMode = types.StringValue(string(out.AuthType)), types.StringValue(string(out.InvokeMode))
	m.FunctionARN, m.FunctionURL = types.StringPointerValue(out.FunctionArn), types.StringPointerValue(out.FunctionUrl)
	m.URLID = types.StringValue(urlID(aws.ToString(out.FunctionUrl)))
	m.CORS = readCORS(out.Cors, m.CORS)
	return nil
}

// urlID is the last part of a function URL's path.
func urlID(url string) string {
	url = strings.TrimSuffix(url, "/")
	return url[strings.LastIndex(url, "/")+1:]
}
