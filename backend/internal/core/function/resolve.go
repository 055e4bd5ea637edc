package function

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// cached is what an invocation needs of a function. All but versions is read at once, of one instant.
type cached struct {
	version     *Version
	tags        map[string]string
	policies    map[string]*policy.Source // by qualifier, "" for the unqualified function
	aliases     map[string]*Alias
	reserved    *int
	recursion   string         // Terminate or Allow
	provisioned map[string]int // by qualifier

	mu       sync.Mutex
	versions map[string]*Version // those that were asked for
}

func (s *Store) load(ctx context.Context, k Key) (*cached, error) {
	s.mu.Lock()
	c, revision := s.cache[k], s.revision
	s.mu.Unlock()
	if c != nil {
		return c, nil
	}
	c, err := s.read(ctx, k)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision == revision {
		s.cache[k] = c
	}
	return c, nil
}

func (s *Store) read(ctx context.Context, k Key) (*cached, error) {
	c := &cached{version: &Version{Account: k.Account, Region: k.Region, Name: k.Name, Version: Latest, State: "Active", UpdateStatus: "Successful"},
		policies: map[string]*policy.Source{}, aliases: map[string]*Alias{}, versions: map[string]*Version{}}
	v := c.version
	var documents map[string]string
	var aliases []*Alias
	err := s.db.QueryRow(ctx, `SELECT f.config, f.code_sha, f.code_size, f.modified, f.revision, f.generation, f.tags, f.reserved, f.recursion,
		(SELECT jsonb_object_agg(p.qualifier, p.document) FROM function.policies p WHERE (p.account, p.region, p.name) = (f.account, f.region, f.name)),
		(SELECT jsonb_agg(to_jsonb(a)) FROM function.aliases a WHERE (a.account, a.region, a.name) = (f.account, f.region, f.name)),
		(SELECT jsonb_object_agg(c.qualifier, c.requested) FROM function.provisioned c WHERE (c.account, c.region, c.name) = (f.account, f.region, f.name))
		FROM function.functions f WHERE account = @account AND region = @region AND name = @name`, k.args()).
		Scan(&v.Config, &v.Code.SHA256, &v.Code.Size, &v.LastModified, &v.RevisionID, &v.Generation, &c.tags, &c.reserved, &c.recursion, &documents, &aliases, &c.provisioned)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, NotFound(k.ARN())
	}
	if err != nil {
		return nil, err
	}
	v.LastModified = v.LastModified.UTC()
	for _, a := range aliases {
		c.aliases[a.Name] = a
	}
	for _, qualifier := range slices.Sorted(maps.Keys(documents)) {
		text, err := s.shown(ctx, documents[qualifier])
		if err != nil {
			return nil, err
		}
		d, err := policy.Parse([]byte(text))
		if err != nil {
			return nil, err
		}
		c.policies[qualifier] = &policy.Source{Name: policyName(k.Name, qualifier), Document: d}
	}
	return c, nil
}

// published finds a published version, from what is cached or in the database; nil where there is none.
func (s *Store) published(ctx context.Context, k Key, c *cached, version string) (*Version, error) {
	c.mu.Lock()
	v, known := c.versions[version]
	c.mu.Unlock()
	n, ok := number(version)
	if known || !ok {
		return v, nil
	}
	v, err := versionRow(ctx, s.db, k, n)
	if err != nil || v == nil { // what does not exist may be asked for by any number of names: it is not kept
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.versions[version] = v
	return v, nil
}

// Get returns the unpublished version of a function and its tags.
func (s *Store) Get(ctx context.Context, k Key) (*Version, map[string]string, error) {
	c, err := s.load(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	v := *c.version
	return &v, c.tags, nil
}

// Resolve finds what a complete reference (region, account and name are known) leads to now, for one invocation: an alias
// with weights draws. The error is of kind NotFound where there is no such function, version or alias.
func (s *Store) Resolve(ctx context.Context, ref arn.FunctionRef) (*Resolved, error) {
	return s.resolve(ctx, ref, func(a *Alias) string {
		for number, weight := range a.Weights { // one at most
			if s.ids.Float64() < weight {
				return number
			}
		}
		return a.Version
	})
}

// Describe is Resolve for those who invoke nothing: an alias leads to its own version, whatever the weights.
func (s *Store) Describe(ctx context.Context, ref arn.FunctionRef) (*Resolved, error) {
	return s.resolve(ctx, ref, func(a *Alias) string { return a.Version })
}

func (s *Store) resolve(ctx context.Context, ref arn.FunctionRef, choose func(*Alias) string) (*Resolved, error) {
	k := Key{ref.Account, ref.Region, ref.Name}
	c, err := s.load(ctx, k)
	if err != nil {
		return nil, notFoundAs(err, ref)
	}
	r := &Resolved{Version: c.version, Qualifier: ref.Qualifier, InvokedARN: ref.ARN()}
	number := ref.Qualifier
	if a := c.aliases[number]; a != nil {
		number = choose(a)
	}
	if number == "" || number == Latest {
		return r, nil
	}
	if r.Version, err = s.published(ctx, k, c, number); err == nil && r.Version == nil {
		err = NotFound(ref.ARN())
	}
	return r, err
}
