package identity

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Full is an entity with every policy that counts for it, parsed.
type Full struct {
	Entity
	Inline   []Named
	Attached []Named // Name is the ARN
	// Groups are a user's, by name, each with its own policies.
	Groups []*Full
	// Sources are the inline and attached policies, and those of the groups, ready to be evaluated.
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
	e, err := one(ctx, s.db, k)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, missing(k)
	}
	full := &Full{Entity: *e}
	if full.Entity.Trust, err = show(ctx, s.db, e.Trust); err != nil {
		return nil, err
	}
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
	if err := s.compile(ctx, full); err != nil {
		return nil, err
	}
	return full, s.join(ctx, full)
}

// join adds the policies of a user's groups.
func (s *Store) join(ctx context.Context, f *Full) error {
	if f.Kind != User {
		return nil
	}
	rows, err := s.db.Query(ctx, groupsOf, f.args())
	if err != nil {
		return err
	}
	groups, err := pgx.CollectRows(rows, scanEntity)
	if err != nil {
		return err
	}
	for _, g := range groups {
		group, err := s.Full(ctx, g.Key)
		if fault.Is(err, fault.NotFound) {
			continue // it went while we read
		}
		if err != nil {
			return err
		}
		f.Groups = append(f.Groups, group)
		f.Sources = append(f.Sources, group.Sources...)
	}
	return nil
}

func (s *Store) named(ctx context.Context, sql string, k Key) ([]Named, error) {
	rows, err := s.db.Query(ctx, sql, k.args())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
}

// source parses a policy. It was validated when it was written.
func source(name, document string) (policy.Source, error) {
	d, err := policy.Parse([]byte(document))
	return policy.Source{Name: name, Document: d}, err
}

// compile parses an entity's own policies.
func (s *Store) compile(ctx context.Context, f *Full) error {
	owner := string(f.Kind) + " " + f.Name
	for _, p := range f.Inline {
		inline, err := source("the inline policy "+p.Name+" of "+owner, p.Document)
		if err != nil {
			return err
		}
		f.Sources = append(f.Sources, inline)
	}
	for _, p := range f.Attached {
		attached, err := source("the policy "+p.Name+" attached to "+owner, p.Document)
		if err != nil {
			return err
		}
		f.Sources = append(f.Sources, attached)
	}
	if f.Entity.Boundary != "" {
		p, err := s.GetPolicy(ctx, f.Entity.Boundary)
		if err != nil {
			return err
		}
		boundary, err := source("the permissions boundary "+p.ARN+" of "+owner, p.Document)
		if err != nil {
			return err
		}
		f.Boundary = &boundary
	}
	if f.Kind == Role {
		trust, err := source("the trust policy of "+owner, f.Entity.Trust)
		if err != nil {
			return err
		}
		f.Trust = &trust
	}
	return nil
}
