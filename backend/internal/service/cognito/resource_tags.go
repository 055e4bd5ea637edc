package cognito

import (
	"context"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Tags are the tags of a user pool, by its ARN.
func (a *API) Tags(ctx context.Context, poolARN string) (map[string]string, error) {
	parsed, err := arn.Parse(poolARN)
	id, ok := strings.CutPrefix(parsed.Resource, "userpool/")
	if err != nil || !ok {
		return nil, fault.New(fault.NotFound, "%s is not the ARN of a user pool", poolARN)
	}
	p, err := a.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if *p.Arn != poolARN {
		return nil, noPool(id)
	}
	return p.UserPoolTags, nil
}
