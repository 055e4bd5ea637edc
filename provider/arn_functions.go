package provider

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

// pureFunction is a provider function that has nothing but its name, its definition and what it computes.
type pureFunction struct {
	name       string
	definition function.Definition
	run        func(context.Context, function.RunRequest, *function.RunResponse)
}

// Metadata names the function.
func (f pureFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = f.name
}

// Definition describes the function.
func (f pureFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = f.definition
}

// Run computes.
func (f pureFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	f.run(ctx, req, resp)
}

// arnFields are the parts of an ARN, by the names that the AWS provider gives them.
var arnFields = map[string]attr.Type{"partition": types.StringType, "service": types.StringType, "region": types.StringType, "account_id": types.StringType, "resource": types.StringType}

// newARNParseFunction is the AWS provider's arn_parse.
func newARNParseFunction() function.Function {
	return pureFunction{"arn_parse", function.Definition{
		Summary:             "The parts of an ARN.",
		MarkdownDescription: "Splits an ARN into `partition`, `service`, `region`, `account_id` and `resource`. Where an ARN has no region or account, they are `\"\"`. AWS's provider has the same function.",
		Parameters:          []function.Parameter{function.StringParameter{Name: "arn", MarkdownDescription: "The ARN."}},
		Return:              function.ObjectReturn{AttributeTypes: arnFields},
	}, func(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
		var text string
		if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
			return
		}
		a, err := arn.Parse(text)
		if err != nil {
			resp.Error = function.NewArgumentFuncError(0, err.Error())
			return
		}
		resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(arnFields, map[string]attr.Value{
			"partition": types.StringValue(a.Partition), "service": types.StringValue(a.Service), "region": types.StringValue(a.Region),
			"account_id": types.StringValue(a.Account), "resource": types.StringValue(a.Resource)}))
	}}
}

// newARNBuildFunction is the AWS provider's arn_build.
func newARNBuildFunction() function.Function {
	part := func(name, what string) function.Parameter {
		return function.StringParameter{Name: name, MarkdownDescription: what}
	}
	return pureFunction{"arn_build", function.Definition{
		Summary:             "An ARN from its parts.",
		MarkdownDescription: "Puts an ARN together. Nothing is checked. AWS's provider has the same function.",
		Parameters: []function.Parameter{part("partition", "For example `aws`."), part("service", "For example `lambda`."), part("region", "A region, or `\"\"`."),
			part("account_id", "An account, or `\"\"`."), part("resource", "For example `function:hello`.")},
		Return: function.StringReturn{},
	}, func(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
		var p [5]string
		if resp.Error = req.Arguments.Get(ctx, &p[0], &p[1], &p[2], &p[3], &p[4]); resp.Error != nil {
			return
		}
		resp.Error = resp.Result.Set(ctx, "arn:"+strings.Join(p[:], ":"))
	}}
}

// errNoRole is what trim_iam_role_path says to another ARN.
var errNoRole = errors.New("not the ARN of a role: want arn:PARTITION:iam::ACCOUNT:role/PATH/NAME")

// newTrimRolePathFunction is the AWS provider's trim_iam_role_path.
func newTrimRolePathFunction() function.Function {
	return pureFunction{"trim_iam_role_path", function.Definition{
		Summary:             "The ARN of a role without its path.",
		MarkdownDescription: "Removes the path from a role's ARN: `arn:aws:iam::111122223333:role/with/path/name` becomes `arn:aws:iam::111122223333:role/name`. AWS's provider has the same function.",
		Parameters:          []function.Parameter{function.StringParameter{Name: "arn", MarkdownDescription: "The ARN of a role."}},
		Return:              function.StringReturn{},
	}, func(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
		var text string
		if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
			return
		}
		a, err := arn.Parse(text)
		if err == nil && (a.Service != "iam" || a.Region != "" || !strings.HasPrefix(a.Resource, "role/")) {
			err = errNoRole
		}
		if err != nil {
			resp.Error = function.NewArgumentFuncError(0, err.Error())
			return
		}
		a.Resource = "role/" + a.Resource[strings.LastIndex(a.Resource, "/")+1:]
		resp.Error = resp.Result.Set(ctx, a.String())
	}}
}

// functionFields are the parts of a reference to a function.
var functionFields = map[string]attr.Type{"region": types.StringType, "account_id": types.StringType, "function_name": types.StringType, "qualifier": types.StringType}

// newParseFunctionARNFunction reads every form in which Lambda takes a function's name.
func newParseFunctionARNFunction() function.Function {
	return pureFunction{"parse_function_arn", function.Definition{
		Summary: "The parts of a function's ARN or name.",
		MarkdownDescription: "Splits what Lambda takes as a function's name into `region`, `account_id`, `function_name` and `qualifier`: a name, `name:qualifier`, `account:function:name`, or an ARN, with or without a version or an alias. " +
			"What it does not say is null.",
		Parameters: []function.Parameter{function.StringParameter{Name: "function", MarkdownDescription: "The ARN or the name."}},
		Return:     function.ObjectReturn{AttributeTypes: functionFields},
	}, func(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
		var text string
		if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
			return
		}
		ref, err := arn.ParseFunctionRef(text, false)
		if err != nil {
			resp.Error = function.NewArgumentFuncError(0, err.Error())
			return
		}
		orNull := func(s string) attr.Value {
			if s == "" {
				return types.StringNull()
			}
			return types.StringValue(s)
		}
		resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(functionFields, map[string]attr.Value{"region": orNull(ref.Region), "account_id": orNull(ref.Account),
			"function_name": types.StringValue(ref.Name), "qualifier": orNull(ref.Qualifier)}))
	}}
}
