package iam

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// sourceTypes are what the API answers as SourcePolicyType and as keys of EvalDecisionDetails: not the enumeration that its
// reference has.
var sourceTypes = map[policy.PolicyKind]string{
	policy.IdentityPolicy: "IAM Policy",
	policy.ResourcePolicy: "Resource Policy",
	policy.BoundaryPolicy: "Permissions Boundary Policy",
}

// result is what one action came to on all resources: the strictest decision, and the statements and missing keys of all.
func (s *simulation) result(action string) types.EvaluationResult {
	r := types.EvaluationResult{EvalActionName: &action, EvalResourceName: aws.String(s.resourceName(action)),
		EvalDecision: types.PolicyEvaluationDecisionTypeAllowed, MatchedStatements: []types.Statement{}, MissingContextValues: []string{}}
	scoped := !slices.Equal(s.resources, []string{"*"})
	if scoped {
		r.EvalDecisionDetails = map[string]types.PolicyEvaluationDecisionType{}
	}
	var matched []match
	organization, within, bounded := true, true, false
	for _, resource := range s.resources {
		f := s.evaluate(action, resource)
		r.EvalDecision = stricter(r.EvalDecision, decision(f.verdict))
		for _, m := range f.matched {
			if !slices.Contains(matched, m) {
				matched = append(matched, m)
			}
		}
		for _, key := range f.missing {
			if !slices.Contains(r.MissingContextValues, key) {
				r.MissingContextValues = append(r.MissingContextValues, key)
			}
		}
		organization, bounded = organization && !f.denied, bounded || f.bounded
		within = within && (f.withinBound || !f.bounded)
		if scoped {
			for kind, d := range f.details() {
				r.EvalDecisionDetails[kind] = stricter(r.EvalDecisionDetails[kind], d)
			}
			r.ResourceSpecificResults = append(r.ResourceSpecificResults, f.specific())
		}
	}
	r.MatchedStatements = append(r.MatchedStatements, statements(matched)...)
	if s.organized {
		r.OrganizationsDecisionDetail = &types.OrganizationsDecisionDetail{AllowedByOrganizations: organization}
	}
	if bounded {
		r.PermissionsBoundaryDecisionDetail = &types.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: within}
	}
	return r
}

// specific is what the action came to on one resource. What is empty is left out.
func (f *finding) specific() types.ResourceSpecificResult {
	r := types.ResourceSpecificResult{EvalResourceName: &f.resource, EvalResourceDecision: decision(f.verdict),
		EvalDecisionDetails: f.details(), MatchedStatements: statements(f.matched), MissingContextValues: f.missing}
	if f.bounded {
		r.PermissionsBoundaryDecisionDetail = &types.PermissionsBoundaryDecisionDetail{AllowedByPermissionsBoundary: f.withinBound}
	}
	return r
}

// details says, for another account's resource, what each kind of policy decided.
func (f *finding) details() map[string]types.PolicyEvaluationDecisionType {
	if !f.cross || f.denied {
		return nil
	}
	d := map[string]types.PolicyEvaluationDecisionType{
		sourceTypes[policy.IdentityPolicy]: decision(f.kinds.Identity),
		sourceTypes[policy.ResourcePolicy]: decision(f.kinds.Resource),
	}
	if f.bounded {
		d[sourceTypes[policy.BoundaryPolicy]] = decision(f.kinds.Boundary)
	}
	return d
}

// decision is a verdict as the API spells it; policies that are not there allow nothing.
func decision(v policy.Verdict) types.PolicyEvaluationDecisionType {
	if v == policy.Absent {
		v = policy.ImplicitDeny
	}
	return types.PolicyEvaluationDecisionType(v)
}

var strictness = map[types.PolicyEvaluationDecisionType]int{
	types.PolicyEvaluationDecisionTypeAllowed: 1, types.PolicyEvaluationDecisionTypeImplicitDeny: 2, types.PolicyEvaluationDecisionTypeExplicitDeny: 3,
}

func stricter(a, b types.PolicyEvaluationDecisionType) types.PolicyEvaluationDecisionType {
	if strictness[b] > strictness[a] {
		return b
	}
	return a
}

func statements(list []match) []types.Statement {
	var out []types.Statement
	for _, m := range list {
		out = append(out, types.Statement{SourcePolicyId: aws.String(m.id), SourcePolicyType: types.PolicySourceType(sourceTypes[m.kind]),
			StartPosition: &types.Position{Line: int32(m.start.Line), Column: int32(m.start.Column)},
			EndPosition:   &types.Position{Line: int32(m.end.Line), Column: int32(m.end.Column)}})
	}
	return out
}

// resourceName is what a result is said to be about: the one resource, or the form of the service's ARNs, in the partition of
// the first resource.
func (s *simulation) resourceName(action string) string {
	if len(s.resources) == 1 {
		return s.resources[0]
	}
	template := arnTemplate(action)
	for _, r := range s.resources {
		if p := strings.SplitN(r, ":", 3); len(p) == 3 {
			return strings.Replace(template, "arn:aws:", "arn:"+p[1]+":", 1)
		}
	}
	return template
}
