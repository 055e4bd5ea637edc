package identity

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Full is an entity with every policy that counts for it, parsed.
type Full struct {
	Entity
	Inline   []Named
	Attached []Named // Name is the ARN
	// Sources are the inline and attached policies, ready to be evaluated.
	Sources  []policy.Source
	Boundary *policy.Source
	Trust    *policy.Source
}

// Full returns an entity with its policies. It comes from the cache after the first time.
func (s *Store) Full(ctx context.Context, k Key) (*Full, error) {
	s.mu.Lock()
	full, revision := s.entities[k], s.revision
	s.mu.Unlock()
	if full != nil {
		return full, nil
	}
	full, err := s.load(ctx, k)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision == revision { // nothing changed while we read
		s.entities[k] = full
	}
	return full, nil
}

func (s *Store) load(ctx context.Context, k Key) (*Full, error) {
	rows, err := s.db.Query(ctx, `SELECT `+entityColumns+` FROM identity.entities WHERE account = @account AND kind = @kind AND name = @name`, k.args())
	if err != nil {
		return nil, err
	}
	e, err := pgx.CollectExactlyOneRow(rows, scanEntity)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, missing(k)
	}
	if err != nil {
		return nil, err
	}
	full := &Full{Entity: e}
	if full.Inline, err = s.named(ctx, `SELECT policy, document FROM identity.inline
		WHERE account = @account AND kind = @kind AND name = @name ORDER BY policy`, k); err != nil {
		return nil, err
	}
	attached, err := s.named(ctx, `SELECT arn, '' FROM identity.attached
		WHERE account = @account AND kind = @kind AND name = @name ORDER BY arn`, k)
	if err != nil {
		return nil, err
	}
	for _, a := range attached {
		p, err := s.GetPolicy(ctx, a.Name)
		if err != nil {
			return nil, err
		}
		full.Attached = append(full.Attached, Named{a.Name, p.Document})
	}
	return full, s.compile(ctx, full)
}

func (s *Store) named(ctx context.Context, sql string, k Key) ([]Named, error) {
	rows, err := s.db.Query(ctx, sql, k.args())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
}

// compile parses the policies. They were validated when they were written.
func (s *Store) compile(ctx context.Context, f *Full) error {
	add := func(name, document string) (policy.Source, error) {
		d, err := policy.Parse([]byte(document))
		return policy.Source{Name: name, Document: d}, err
	}
	owner := string(f.Kind) + " " + f.Name
	for _, p := range f.Inline {
		source, err := add("the inline policy "+p.Name+" of "+owner, p.Document)
		if err != nil {
			return err
		}
		f.Sources = append(f.Sources, source)
	}
	for _, p := range f.Attached {
		source, err := add("the policy "+p.Name+" attached to "+owner, p.Document)
		if err != nil {
			return err
		}
		f.Sources = append(f.Sources, source)
	}
	if f.Entity.Boundary != "" {
		p, err := s.GetPolicy(ctx, f.Entity.Boundary)
		if err != nil {
			return err
		}
		source, err := add("the permissions boundary "+p.ARN+" of "+owner, p.Document)
		if err != nil {
			return err
		}
		f.Boundary = &source
	}
	if f.Kind == Role {
		source, err := add("the trust policy of "+owner, f.Entity.Trust)
		if err != nil {
			return err
		}
		f.Trust = &source
	}
	return nil
}
