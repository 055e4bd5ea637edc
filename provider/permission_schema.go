package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

var (
	statementIDForm = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	tokenForm       = regexp.MustCompile(`^[0-9A-Za-z_.-]+$`)
	actionForm      = regexp.MustCompile(`^(lambda:[*]|lambda:[A-Za-z]+|[*])$`)
	accountForm     = regexp.MustCompile(`^$|^\d{12}$`)
	qualifierForm   = regexp.MustCompile(`^[0-9A-Za-z_$-]+$`)
)

// Schema describes lambdasim_permission: every argument of aws_lambda_permission. Every change replaces the statement.
func (r *permissionResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	computed := []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplaceIfConfigured()}
	optional := func(description string, checks ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description, PlanModifiers: replace, Validators: checks}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A statement of a function's policy: it lets a service, an account, a user or a role use the function. The simulator asks it at every push, every notification and every cross-account call.",
		Attributes: map[string]schema.Attribute{
			"id":     idAttribute("The statement's id."),
			"region": regionAttribute(),
			"action": schema.StringAttribute{Required: true, MarkdownDescription: "What is allowed, for example `lambda:InvokeFunction`.", PlanModifiers: replace,
				Validators: []validator.String{stringvalidator.RegexMatches(actionForm, "want lambda:ACTION, lambda:* or *")}},
			"event_source_token": optional("Condition `lambda:EventSourceToken`.", stringvalidator.LengthBetween(1, 256), stringvalidator.RegexMatches(tokenForm, "letters, digits, dots, - and _")),
			"function_name": schema.StringAttribute{Required: true, MarkdownDescription: "Name or ARN of the function.", PlanModifiers: replace,
				Validators: []validator.String{stringvalidator.LengthBetween(1, 140), stringvalidator.RegexMatches(functionNameForm, "want a function's name or ARN")}},
			"function_url_auth_type":   optional("Condition `lambda:FunctionUrlAuthType`: `NONE` or `AWS_IAM`, with the action `lambda:InvokeFunctionUrl`.", stringvalidator.OneOf("NONE", "AWS_IAM")),
			"invoked_via_function_url": schema.BoolAttribute{Optional: true, MarkdownDescription: "Condition `lambda:InvokedViaFunctionUrl`.", PlanModifiers: []planmodifier.Bool{boolplanmodifier.RequiresReplace()}},
			"principal":                schema.StringAttribute{Required: true, MarkdownDescription: "Who is allowed: a service (`s3.amazonaws.com`), an account's twelve digits, the ARN of a user or role, or `*`.", PlanModifiers: replace},
			"principal_org_id":         optional("Condition `aws:PrincipalOrgID`."),
			"qualifier": optional("Version or alias that the statement is about: it then counts for calls of that version or alias, and for no others.",
				stringvalidator.LengthBetween(1, 128), stringvalidator.RegexMatches(qualifierForm, "want a version or an alias")),
			"source_account": optional("Condition `AWS:SourceAccount`: the account that owns the source, twelve digits.", stringvalidator.RegexMatches(accountForm, "want twelve digits")),
			"source_arn":     optional("Condition `AWS:SourceArn`: the source's ARN; `*` and `?` are wildcards.", arnOrBucketValidator()),
			"statement_id": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Id of the statement; generated when neither it nor a prefix is given.", PlanModifiers: computed,
				Validators: []validator.String{stringvalidator.LengthBetween(1, 100), stringvalidator.RegexMatches(statementIDForm, "letters, digits, - and _"), stringvalidator.ConflictsWith(path.MatchRoot("statement_id_prefix"))}},
			"statement_id_prefix": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "Beginning of a generated id.", PlanModifiers: computed,
				Validators: []validator.String{stringvalidator.LengthBetween(1, 74), stringvalidator.RegexMatches(statementIDForm, "letters, digits, - and _")}},
		},
		Blocks: map[string]schema.Block{"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Read: true, Delete: true})},
	}
}

// arnOrBucketValidator admits the ARNs of sources: those of S3 buckets have neither region nor account.
func arnOrBucketValidator() validator.String {
	return stringvalidator.RegexMatches(regexp.MustCompile(`^$|^arn:[\w-]+:[\w-]+:[\w*-]*:([\d*?]*|aws):.+$`), "want an ARN: arn:partition:service:region:account:resource")
}
