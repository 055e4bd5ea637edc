package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

type policyDecisionFunction struct{}

func newPolicyDecisionFunction() function.Function { return policyDecisionFunction{} }

// statementFields are what is said of one statement.
var statementFields = map[string]attr.Type{"policy": types.StringType, "kind": types.StringType, "sid": types.StringType, "index": types.Int64Type, "effect": types.StringType, "lacks": types.StringType, "mismatch": types.StringType}

// decisionFields are the function's answer.
var decisionFields = map[string]attr.Type{
	"allowed": types.BoolType, "verdict": types.StringType, "decided_by": types.StringType, "explanation": types.StringType, "message": types.StringType,
	"matched":   types.ListType{ElemType: types.ObjectType{AttrTypes: statementFields}},
	"unmatched": types.ListType{ElemType: types.ObjectType{AttrTypes: statementFields}},
}

// Metadata names the function.
func (policyDecisionFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "policy_decision"
}

// Definition describes the function.
func (policyDecisionFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Whether policies allow a request, and why.",
		MarkdownDescription: "Decides whether a request is allowed, by the same rules as every call to the simulator, with a reason for each statement. It is computed here: no backend is started, and nothing is called; " +
			"so a module can assert what its policies allow in `terraform test`, or in a `check`, `precondition` or `postcondition`.\n\n" +
			"The answer has `allowed`, whether the request may go on; `verdict`, one of `allowed`, `implicitDeny` and `explicitDeny`; `decided_by`, the kind of policy that allowed, denied or was missing; `explanation`, in sentences; `message`, the text of AWS's own AccessDenied error, `\"\"` where the request is allowed; and, for every statement, " +
			"`matched` or `unmatched`, with `policy` (the argument that it is in), `kind`, `sid`, `index` (from 0), `effect`, `lacks`, the element of the statement that the request failed first, and `mismatch`, which says how.",
		Parameters: []function.Parameter{function.DynamicParameter{Name: "request", MarkdownDescription: "An object with:\n\n" +
			"- `principal`: who asks: the ARN of a user, a role, a role's session or an account's root; an account's twelve digits, which are its root; a service, for example `s3.amazonaws.com`; or `*`, somebody who has not signed.\n" +
			"- `action`: for example `s3:GetObject`.\n" +
			"- `resource`: an ARN, or `*`.\n" +
			"- `resource_account` (optional): the account that owns the resource, where the ARN does not say it; the principal's without it.\n" +
			"- `identity_policies`, `session_policies`, `rcps` (optional): lists of policies, JSON. An empty list of session policies is none.\n" +
			"- `scps` (optional): a list of policies, or a list of such lists, one for each level of the organisation from its root.\n" +
			"- `resource_policy`, `permissions_boundary` (optional): a policy, JSON.\n" +
			"- `context` (optional): condition keys, each with a value or a list of values. What follows from the principal is filled in: `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:PrincipalIsAWSService`, `aws:PrincipalServiceName`, `aws:username`. Nothing else is.\n\n" +
			"An attribute of any other name is an error."}},
		Return: function.ObjectReturn{AttributeTypes: decisionFields},
	}
}

// Run decides.
func (policyDecisionFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var argument types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &argument); resp.Error != nil {
		return
	}
	q, err := readQuestion(argument.UnderlyingValue())
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	d := policy.Explain(q.request, q.policies)
	message := ""
	if !d.Allowed() {
		message = d.AWSMessage(q.request.Principal.Name(), q.request.Action, q.request.Resource)
	}
	var matched, unmatched []attr.Value
	for _, r := range d.Reasons {
		s := types.ObjectValueMust(statementFields, map[string]attr.Value{"policy": types.StringValue(r.Policy), "kind": types.StringValue(string(r.Kind)), "sid": types.StringValue(r.SID),
			"index": types.Int64Value(int64(r.Index)), "effect": types.StringValue(string(r.Effect)), "lacks": types.StringValue(string(r.Lacks)), "mismatch": types.StringValue(r.Mismatch)})
		if r.Matched {
			matched = append(matched, s)
		} else {
			unmatched = append(unmatched, s)
		}
	}
	list := func(values []attr.Value) types.List {
		return types.ListValueMust(types.ObjectType{AttrTypes: statementFields}, values)
	}
	resp.Error = resp.Result.Set(ctx, types.ObjectValueMust(decisionFields, map[string]attr.Value{
		"allowed": types.BoolValue(d.Allowed()), "verdict": types.StringValue(string(d.Verdict)), "decided_by": types.StringValue(string(d.DecidedBy)),
		"explanation": types.StringValue(d.Text()), "message": types.StringValue(message), "matched": list(matched), "unmatched": list(unmatched),
	}))
}
