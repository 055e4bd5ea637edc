package backend

import (
	"context"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/identity"
)

// tagsOf finds the tags of a resource for aws:ResourceTag/…. Buckets have none for policies: AWS lets their tags count only
// where a bucket was told so, which is not simulated.
func (p *parts) tagsOf(ctx context.Context, resource string) (map[string]string, error) {
	parsed, err := arn.Parse(resource)
	if err != nil {
		return nil, nil
	}
	switch parsed.Service {
	case "lambda":
		return p.lambdaTags(ctx, parsed)
	case "iam":
		return p.identityTags(ctx, parsed)
	case "sqs":
		return p.sqs.Tags(ctx, resource)
	case "sns":
		return p.sns.Tags(ctx, resource)
	case "kinesis":
		return p.kinesis.Tags(ctx, resource)
	case "dynamodb":
		return p.dynamodb.Tags(ctx, resource)
	case "events":
		return p.buses.Tags(ctx, resource)
	case "apigateway":
		return p.gateway.Tags(ctx, resource)
	case "cognito-idp":
		return p.cognito.Tags(ctx, resource)
	case "logs":
		name, _, _ := strings.Cut(strings.TrimPrefix(parsed.Resource, "log-group:"), ":")
		g, err := p.logs.Group(ctx, parsed.Account, parsed.Region, name)
		if err != nil {
			return nil, err
		}
		return g.Tags, nil
	}
	return nil, nil
}

func (p *parts) lambdaTags(ctx context.Context, resource arn.ARN) (map[string]string, error) {
	if uuid, ok := strings.CutPrefix(resource.Resource, "event-source-mapping:"); ok {
		m, err := p.poller.Get(resource.Account, resource.Region, uuid)
		if err != nil {
			return nil, err
		}
		return m.Tags, nil
	}
	ref, err := arn.ParseFunctionRef(resource.String(), false)
	if err != nil {
		return nil, nil
	}
	_, tags, err := p.functions.Get(ctx, function.Key{Account: ref.Account, Region: ref.Region, Name: ref.Name})
	return tags, err
}

func (p *parts) identityTags(ctx context.Context, resource arn.ARN) (map[string]string, error) {
	kinds := map[string]identity.Kind{"role": identity.Role, "user": identity.User}
	kind, _, _ := strings.Cut(resource.Resource, "/")
	if of, ok := kinds[kind]; ok {
		e, err := p.identity.Get(ctx, identity.Key{Account: resource.Account, Kind: of, Name: authz.RoleName(resource.String())})
		if err != nil {
			return nil, err
		}
		return e.Tags, nil
	}
	if kind != "policy" {
		return nil, nil
	}
	managed, err := p.identity.GetPolicy(ctx, resource.String())
	if err != nil {
		return nil, err
	}
	return managed.Tags, nil
}
