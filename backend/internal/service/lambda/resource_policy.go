package lambda

import (
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Constraints of the operations on whole policies (API reference, 2026-08).
var (
	policyARNPattern = `arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:function:[a-zA-Z0-9-_]+(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_])+)?`
	policyARNForm    = member(policyARNPattern, maxName)
	uuidPattern      = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`
	uuidForm         = constraint{uuidPattern, regexp.MustCompile(`^(?:` + uuidPattern + `)$`), 36}
)

// onWhole is an operation on a whole policy, with the rights that it needs besides its own: who replaces a policy adds and
// removes permissions (developer guide, working with resource-based policies).
func onWhole[I, O any](f func(context.Context, *I) (*O, error), also ...string) wire.Operation {
	resource := func(in *I) string { return aws.ToString(text(in, "ResourceArn")) }
	return wire.Op(f, wire.Resource(func(_ context.Context, in *I) string { return resource(in) }), wire.Also(func(_ context.Context, in *I) (needs []wire.Need) {
		for _, action := range also {
			needs = append(needs, wire.Need{Action: action, Resource: resource(in)})
		}
		return needs
	}))
}

// policyResource reads the ARN of an operation on a whole policy.
func policyResource(ctx context.Context, resource, revision *string) (function.Key, arn.FunctionRef, error) {
	if err := wire.Validation(append(policyARNForm.check("resourceArn", resource), uuidForm.check("revisionId", revision)...)...); err != nil {
		return function.Key{}, arn.FunctionRef{}, err
	}
	return policyTarget(ctx, resource, nil)
}

func (a *API) putResourcePolicy(ctx context.Context, in *lambda.PutResourcePolicyInput) (*lambda.PutResourcePolicyOutput, error) {
	k, ref, err := policyResource(ctx, in.ResourceArn, in.RevisionId)
	if err != nil {
		return nil, err
	}
	text, revision, err := a.Functions.PutPolicy(ctx, k, ref.Qualifier, *in.Policy, aws.ToString(in.RevisionId))
	if err != nil {
		return nil, err
	}
	return &lambda.PutResourcePolicyOutput{Policy: &text, RevisionId: &revision}, nil
}

func (a *API) getResourcePolicy(ctx context.Context, in *lambda.GetResourcePolicyInput) (*lambda.GetResourcePolicyOutput, error) {
	k, ref, err := policyResource(ctx, in.ResourceArn, nil)
	if err != nil {
		return nil, err
	}
	text, revision, err := a.Functions.PolicyText(ctx, k, ref.Qualifier)
	if err != nil {
		return nil, err
	}
	return &lambda.GetResourcePolicyOutput{Policy: &text, RevisionId: &revision}, nil
}

func (a *API) deleteResourcePolicy(ctx context.Context, in *lambda.DeleteResourcePolicyInput) (*lambda.DeleteResourcePolicyOutput, error) {
	k, ref, err := policyResource(ctx, in.ResourceArn, in.RevisionId)
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteResourcePolicyOutput{}, a.Functions.DeletePolicy(ctx, k, ref.Qualifier, aws.ToString(in.RevisionId))
}
