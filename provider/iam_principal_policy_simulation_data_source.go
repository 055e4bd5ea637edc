package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	awstypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type simulationModel struct {
	ID                     types.String             `tfsdk:"id"`
	ActionNames            types.Set                `tfsdk:"action_names"`
	AdditionalPolicies     types.Set                `tfsdk:"additional_policies_json"`
	AllAllowed             types.Bool               `tfsdk:"all_allowed"`
	CallerARN              types.String             `tfsdk:"caller_arn"`
	Context                []simulationContextModel `tfsdk:"context"`
	Boundaries             types.Set                `tfsdk:"permissions_boundary_policies_json"`
	PolicySourceARN        types.String             `tfsdk:"policy_source_arn"`
	ResourceARNs           types.Set                `tfsdk:"resource_arns"`
	ResourceHandlingOption types.String             `tfsdk:"resource_handling_option"`
	ResourceOwnerAccountID types.String             `tfsdk:"resource_owner_account_id"`
	ResourcePolicy         types.String             `tfsdk:"resource_policy_json"`
	Results                types.Set                `tfsdk:"results"`
}

type simulationContextModel struct {
	Key    types.String `tfsdk:"key"`
	Type   types.String `tfsdk:"type"`
	Values types.Set    `tfsdk:"values"`
}

var (
	matchedFields = map[string]attr.Type{"source_policy_id": types.StringType, "source_policy_type": types.StringType}
	resultFields  = map[string]attr.Type{
		"action_name": types.StringType, "allowed": types.BoolType, "decision": types.StringType, "decision_details": types.MapType{ElemType: types.StringType}, "resource_arn": types.StringType,
		"matched_statements": types.SetType{ElemType: types.ObjectType{AttrTypes: matchedFields}}, "missing_context_keys": types.SetType{ElemType: types.StringType},
	}
)

func newIAMSimulationDataSource() datasource.DataSource {
	return &looked[simulationModel]{typ: "iam_principal_policy_simulation", noun: "the policy simulation of", label: func(m *simulationModel) string { return m.PolicySourceARN.ValueString() },
		schema: simulationSchema, read: simulate}
}

func simulationSchema() schema.Schema {
	documents := func(description string) schema.SetAttribute {
		a := givenTexts(false, description)
		a.Validators = []validator.Set{setvalidator.ValueStringsAre(jsonValidator{})}
		return a
	}
	return schema.Schema{
		MarkdownDescription: "Asks the IAM policy simulator whether the policies of a user, group or role allow actions on resources. Resource policies are not looked up, as in AWS: give `resource_policy_json` where one matters.",
		Attributes: map[string]schema.Attribute{
			"id":           shownText("`-`."),
			"action_names": givenTexts(true, "Actions, for example `lambda:InvokeFunction`."), "additional_policies_json": documents("Identity policies besides those of the principal."),
			"all_allowed":                        schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether there is a result and every one is allowed."},
			"caller_arn":                         schema.StringAttribute{Optional: true, MarkdownDescription: "ARN of the user who calls; the principal's own where that is a user.", Validators: []validator.String{arnValidator()}},
			"permissions_boundary_policies_json": documents("A boundary that stands in for the principal's own."),
			"policy_source_arn":                  schema.StringAttribute{Required: true, MarkdownDescription: "ARN of the user, group or role whose policies count.", Validators: []validator.String{arnValidator()}},
			"resource_arns":                      givenTexts(false, "ARNs of resources; `*` without them."),
			"resource_handling_option":           schema.StringAttribute{Optional: true, MarkdownDescription: "The simulator's scenario for an EC2 action."},
			"resource_owner_account_id":          schema.StringAttribute{Optional: true, MarkdownDescription: "The account that owns resources whose ARNs name none.", Validators: []validator.String{stringvalidator.RegexMatches(accountForm, "want twelve digits")}},
			"resource_policy_json":               schema.StringAttribute{Optional: true, MarkdownDescription: "The resources' policy.", Validators: []validator.String{jsonValidator{}}},
			"results": schema.SetAttribute{ElementType: types.ObjectType{AttrTypes: resultFields}, Computed: true, MarkdownDescription: "A result for each action and resource: `action_name`, `resource_arn`, `decision` (`allowed`, `implicitDeny` or `explicitDeny`), `allowed`, `decision_details`, `matched_statements` with `source_policy_id` and `source_policy_type`, and `missing_context_keys`, " +
				"which some policy asks for and no `context` gives."},
		},
		Blocks: map[string]schema.Block{"context": schema.SetNestedBlock{MarkdownDescription: "A condition key of the request.", NestedObject: schema.NestedBlockObject{Attributes: map[string]schema.Attribute{
			"key":    schema.StringAttribute{Required: true, MarkdownDescription: "Its name, for example `aws:SourceIp`."},
			"type":   schema.StringAttribute{Required: true, MarkdownDescription: "How its values are read: `string`, `numeric`, `boolean`, `ip`, `date`, `binary`, or one of these with `List` after it."},
			"values": givenTexts(true, "Its values."),
		}}}},
	}
}

func simulate(ctx context.Context, c *Clients, m *simulationModel) error {
	in := &iam.SimulatePrincipalPolicyInput{ActionNames: setOf(m.ActionNames), PolicyInputList: setOf(m.AdditionalPolicies), PermissionsBoundaryPolicyInputList: setOf(m.Boundaries),
		PolicySourceArn: m.PolicySourceARN.ValueStringPointer(), ResourceArns: setOf(m.ResourceARNs), CallerArn: given(m.CallerARN), ResourceHandlingOption: given(m.ResourceHandlingOption),
		ResourceOwner: given(m.ResourceOwnerAccountID), ResourcePolicy: given(m.ResourcePolicy), MaxItems: aws.Int32(1000)}
	for _, e := range m.Context {
		in.ContextEntries = append(in.ContextEntries, awstypes.ContextEntry{ContextKeyName: e.Key.ValueStringPointer(), ContextKeyType: awstypes.ContextKeyTypeEnum(e.Type.ValueString()), ContextKeyValues: setOf(e.Values)})
	}
	results, all := []attr.Value{}, true
	for pages := iam.NewSimulatePrincipalPolicyPaginator(c.IAM(), in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, r := range page.EvaluationResults {
			all = all && r.EvalDecision == awstypes.PolicyEvaluationDecisionTypeAllowed
			results = append(results, simulationResult(ctx, r))
		}
	}
	m.ID, m.AllAllowed = types.StringValue("-"), types.BoolValue(all && len(results) > 0)
	m.Results = types.SetValueMust(types.ObjectType{AttrTypes: resultFields}, results)
	return nil
}

func simulationResult(ctx context.Context, r awstypes.EvaluationResult) attr.Value {
	details := map[string]string{}
	for kind, decision := range r.EvalDecisionDetails {
		details[kind] = string(decision)
	}
	shown, _ := types.MapValueFrom(ctx, types.StringType, details) // strings always are
	matched := []attr.Value{}
	for _, s := range r.MatchedStatements {
		matched = append(matched, types.ObjectValueMust(matchedFields, map[string]attr.Value{"source_policy_id": types.StringPointerValue(s.SourcePolicyId), "source_policy_type": types.StringValue(string(s.SourcePolicyType))}))
	}
	return types.ObjectValueMust(resultFields, map[string]attr.Value{
		"action_name": types.StringPointerValue(r.EvalActionName), "allowed": types.BoolValue(r.EvalDecision == awstypes.PolicyEvaluationDecisionTypeAllowed),
		"decision": types.StringValue(string(r.EvalDecision)), "decision_details": shown, "resource_arn": types.StringPointerValue(r.EvalResourceName),
		"matched_statements": types.SetValueMust(types.ObjectType{AttrTypes: matchedFields}, distinct(matched)), "missing_context_keys": asSet(r.MissingContextValues),
	})
}

// distinct leaves out what is there already: two statements of one policy are one element of a set.
func distinct(list []attr.Value) (out []attr.Value) {
	for _, v := range list {
		seen := false
		for _, have := range out {
			seen = seen || have.Equal(v)
		}
		if !seen {
			out = append(out, v)
		}
	}
	return out
}
