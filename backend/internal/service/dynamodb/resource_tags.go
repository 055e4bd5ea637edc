package dynamodb

import (
	"context"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Tags are the tags of a table, by its ARN or by that of an index or a stream of it.
func (s *Store) Tags(ctx context.Context, resourceARN string) (map[string]string, error) {
	p, name, _, ok := splitTable(resourceARN)
	if !ok {
		return nil, fault.New(fault.NotFound, "%s is not the ARN of a table", resourceARN)
	}
	t, err := s.get(ctx, p.Account, p.Region, name)
	if err != nil {
		return nil, err
	}
	return t.Tags, nil
}
