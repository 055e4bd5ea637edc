// Package identity keeps users, groups, roles, policies and access keys.
//
// It is a store: authz reads it to decide, the iam and sts services write it. What a decision needs (an entity with all
// its policies, a key with its owner) is served from a cache that is dropped after every change; whoever must react to a
// change (a poller whose role lost a right) subscribes with OnChange.
//
// Users, groups and roles are the same thing here, an Entity: they have a name, a path, a unique id and policies. Users and
// roles may have a boundary and tags; a role has a trust policy besides, a user may have access keys and be in groups, whose
// policies count as its own (Full).
//
// A policy that names a user or role as principal means that one and no later one of its name: what is kept is its unique id
// (Bind), what is shown is its ARN while it exists (Show). IAM User Guide, AWS JSON policy elements: Principal.
//
// Names of users, groups, roles, policies and instance profiles are distinguished by more than case (IAM quotas, names), but
// are found only as they were spelt.
package identity

import (
	"context"
	"embed"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of identity.
var Schema = postgres.Schema{Name: "identity", Files: files}

// Kind tells users from groups and roles.
type Kind string

// The kinds of entities.
const (
	User  Kind = "user"
	Role  Kind = "role"
	Group Kind = "group"
)

// idPrefixes are how unique ids begin (IAM User Guide, IAM identifiers).
var idPrefixes = map[Kind]string{User: "AIDA", Role: "AROA", Group: "AGPA"}

// noun is a kind at the beginning of a sentence.
func (k Kind) noun() string { return strings.ToUpper(string(k[:1])) + string(k[1:]) }

// Key of an entity.
type Key struct {
	Account string
	Kind    Kind
	Name    string
}

// Entity is a user, a group or a role.
type Entity struct {
	Key
	Path        string // begins and ends with /
	ID          string // AIDA…, AGPA… or AROA…
	Created     time.Time
	Trust       string // of a role: its trust policy, as it is shown; what is kept has unique ids for principals
	Description string
	MaxSession  int    // seconds, of a role
	Boundary    string // ARN of the permissions boundary; empty for none
	Tags        map[string]string
}

// ARN is the entity's ARN.
func (e *Entity) ARN() string {
	switch e.Kind {
	case User:
		return arn.User(e.Account, e.Path, e.Name)
	case Group:
		return arn.Group(e.Account, e.Path, e.Name)
	}
	return arn.Role(e.Account, e.Path, e.Name)
}

// Named is a policy with its name or ARN.
type Named struct{ Name, Document string }

// Store keeps identities. It is safe for concurrent use.
type Store struct {
	db  *postgres.DB
	ids *ident.Source

	mu        sync.Mutex
	revision  uint64
	entities  map[Key]*Full
	keys      map[string]*Credential
	uses      map[string]Use // of access keys, by id, since the backend started
	listeners []func(account string)
}

// New returns a store over db.
func New(db *postgres.DB, ids *ident.Source) *Store {
	s := &Store{db: db, ids: ids, uses: map[string]Use{}}
	s.forgetCache()
	return s
}

// OnChange registers f to be called after every committed change of an account's users, roles or policies.
func (s *Store) OnChange(f func(account string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, f)
}

func (s *Store) forgetCache() {
	s.revision++
	s.entities, s.keys = map[Key]*Full{}, map[string]*Credential{}
}

// changed drops the cache and tells the listeners, after the commit.
func (s *Store) changed(tx *postgres.Tx, account string) {
	tx.AfterCommit(func() {
		s.mu.Lock()
		s.forgetCache()
		listeners := slices.Clone(s.listeners)
		s.mu.Unlock()
		for _, f := range listeners {
			f(account)
		}
	})
}

// write runs f in a transaction that changes the account.
func (s *Store) write(ctx context.Context, account string, f func(ctx context.Context, tx *postgres.Tx) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		s.changed(tx, account)
		return f(ctx, tx)
	})
}
