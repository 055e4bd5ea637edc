package iam

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// The two operations that list the context keys which policies name, in conditions and variables, each spelling once, in the
// order of the documents.

func (a *API) getContextKeysForCustomPolicy(_ context.Context, in *iam.GetContextKeysForCustomPolicyInput) (*iam.GetContextKeysForCustomPolicyOutput, error) {
	q := &simulateInput{PolicyInputList: in.PolicyInputList}
	if err := q.constraints(); err != nil {
		return nil, err
	}
	s := &simulation{}
	if err := q.parsePolicies(s); err != nil {
		return nil, err
	}
	return &iam.GetContextKeysForCustomPolicyOutput{ContextKeyNames: contextKeyNames(s.documents())}, nil
}

func (a *API) getContextKeysForPrincipalPolicy(ctx context.Context, in *iam.GetContextKeysForPrincipalPolicyInput) (*iam.GetContextKeysForPrincipalPolicyOutput, error) {
	q := &simulateInput{PolicySourceArn: in.PolicySourceArn, PolicyInputList: in.PolicyInputList}
	if err := q.constraints(); err != nil {
		return nil, err
	}
	source, err := a.policySource(ctx, *in.PolicySourceArn)
	if err != nil {
		return nil, err
	}
	s := &simulation{}
	if err := q.parsePolicies(s); err != nil {
		return nil, err
	}
	s.policies.Identity = append(source.sources(nil), s.policies.Identity...)
	return &iam.GetContextKeysForPrincipalPolicyOutput{ContextKeyNames: contextKeyNames(s.documents())}, nil
}

func contextKeyNames(documents []*policy.Document) []string {
	names := []string{}
	for _, d := range documents {
		for _, key := range policy.ContextKeys(d) {
			if !slices.Contains(names, key) {
				names = append(names, key)
			}
		}
	}
	return names
}
