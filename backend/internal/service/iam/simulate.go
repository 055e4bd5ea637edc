package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// The simulation API asks the policies that it is given, or those of a user, group or role, whether they allow actions on
// resources. It does nothing else: no resource need exist, no trust policy, session policy or resource control policy takes
// part. The decision is the engine's that answers for every call here, so it is live AWS's; what AWS's own simulator answers
// otherwise is listed in docs/fidelity.md.
//
// The way of a call:
//
//	constraints   lengths, ranges and enumerations, as one ValidationError (simulate_input.go)
//	parse         actions, resources, policies, context, caller and owner, the first that is wrong as InvalidInput
//	evaluate      every action of the page on every resource (simulate_evaluate.go)
//	answer        one result an action: the strictest decision, the statements of all resources (simulate_result.go)
//
// Sources: IAM API Reference, SimulateCustomPolicy and SimulatePrincipalPolicy; the texts of errors, the positions and the
// form of the answer as they were recorded from the real API in September 2026.

func (a *API) simulations() map[string]wire.Operation {
	return map[string]wire.Operation{
		"SimulateCustomPolicy":             op(a, a.simulateCustomPolicy),
		"SimulatePrincipalPolicy":          op(a, a.simulatePrincipalPolicy),
		"GetContextKeysForCustomPolicy":    op(a, a.getContextKeysForCustomPolicy),
		"GetContextKeysForPrincipalPolicy": op(a, a.getContextKeysForPrincipalPolicy),
	}
}

// simulateInput is what the two operations have in common.
type simulateInput struct {
	ActionNames                        []string
	ResourceArns                       []string
	PolicyInputList                    []string
	PermissionsBoundaryPolicyInputList []string
	OrderedOrganizationPolicyInputList []types.OrderedOrganizationPolicyType
	ContextEntries                     []types.ContextEntry
	ResourcePolicy                     *string
	ResourceOwner                      *string
	CallerArn                          *string
	ResourceHandlingOption             *string
	Marker                             *string
	MaxItems                           *int32

	// Of SimulatePrincipalPolicy alone.
	PolicySourceArn     *string
	PolicyExclusionList []types.PolicyIdentifier
}

// simulation is a question, parsed: what is asked, by whom, under which policies.
type simulation struct {
	actions   []string
	resources []string // ["*"] where none were given
	caller    policy.Principal
	named     bool   // a caller was named: another account's resource makes the question a cross-account one
	owner     string // the account of resources whose ARN has none
	context   policy.Context
	given     map[string]bool // the context keys that the request supplied, in lower case
	policies  policy.Policies
	boundary  bool
	organized bool // service control policies take part
}

func (a *API) simulateCustomPolicy(ctx context.Context, in *iam.SimulateCustomPolicyInput) (*iam.SimulateCustomPolicyOutput, error) {
	q := &simulateInput{ActionNames: in.ActionNames, ResourceArns: in.ResourceArns, PolicyInputList: in.PolicyInputList,
		PermissionsBoundaryPolicyInputList: in.PermissionsBoundaryPolicyInputList,
		OrderedOrganizationPolicyInputList: in.OrderedOrganizationPolicyInputList, ContextEntries: in.ContextEntries,
		ResourcePolicy: in.ResourcePolicy, ResourceOwner: in.ResourceOwner, CallerArn: in.CallerArn,
		ResourceHandlingOption: in.ResourceHandlingOption, Marker: in.Marker, MaxItems: in.MaxItems}
	if err := q.constraints(); err != nil {
		return nil, err
	}
	s, err := q.parse(account(ctx))
	if err != nil {
		return nil, err
	}
	page, err := a.answer(ctx, s, q)
	if err != nil {
		return nil, err
	}
	return &iam.SimulateCustomPolicyOutput{EvaluationResults: page.items, Marker: page.next, IsTruncated: page.next != nil}, nil
}

func (a *API) simulatePrincipalPolicy(ctx context.Context, in *iam.SimulatePrincipalPolicyInput) (*iam.SimulatePrincipalPolicyOutput, error) {
	q := &simulateInput{ActionNames: in.ActionNames, ResourceArns: in.ResourceArns, PolicyInputList: in.PolicyInputList,
		PermissionsBoundaryPolicyInputList: in.PermissionsBoundaryPolicyInputList, ContextEntries: in.ContextEntries,
		ResourcePolicy: in.ResourcePolicy, ResourceOwner: in.ResourceOwner, CallerArn: in.CallerArn,
		ResourceHandlingOption: in.ResourceHandlingOption, Marker: in.Marker, MaxItems: in.MaxItems,
		PolicySourceArn: in.PolicySourceArn, PolicyExclusionList: in.PolicyExclusionList}
	if err := q.constraints(); err != nil {
		return nil, err
	}
	source, err := a.policySource(ctx, aws.ToString(in.PolicySourceArn))
	if err != nil {
		return nil, err
	}
	if q.CallerArn == nil {
		q.CallerArn = in.PolicySourceArn
	}
	s, err := q.parse(account(ctx))
	if err != nil {
		return nil, err
	}
	if err := a.join(ctx, s, source, in.PolicyExclusionList); err != nil {
		return nil, err
	}
	page, err := a.answer(ctx, s, q)
	if err != nil {
		return nil, err
	}
	return &iam.SimulatePrincipalPolicyOutput{EvaluationResults: page.items, Marker: page.next, IsTruncated: page.next != nil}, nil
}

// answer evaluates the actions of the page that is asked for.
func (a *API) answer(ctx context.Context, s *simulation, q *simulateInput) (page[types.EvaluationResult], error) {
	from, err := simulateMarker(wire.CallFrom(ctx).Operation, account(ctx), q.Marker)
	if err != nil {
		return page[types.EvaluationResult]{}, err
	}
	most := defaultItems
	if q.MaxItems != nil {
		most = int(*q.MaxItems)
	}
	from = min(from, len(s.actions))
	end := min(from+most, len(s.actions))
	p := page[types.EvaluationResult]{items: []types.EvaluationResult{}}
	for _, action := range s.actions[from:end] {
		p.items = append(p.items, s.result(action))
	}
	if end < len(s.actions) {
		p.next = aws.String(newSimulateMarker(wire.CallFrom(ctx).Operation, account(ctx), end))
	}
	return p, nil
}
