// Package identity keeps users, roles, policies and access keys.
//
// It is a store: authz reads it to decide, the iam and sts services write it. What a decision needs (an entity with all
// its policies, a key with its owner) is served from a cache that is dropped after every change; whoever must react to a
// change (a poller whose role lost a right) subscribes with OnChange.
//
// Users and roles are the same thing here, an Entity: they have a name, a path, a unique id, policies and a boundary; a
// role has a trust policy besides, a user may have access keys.
package identity

import (
	"context"
	"embed"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of identity.
var Schema = postgres.Schema{Name: "identity", Files: files}

// Kind tells users from roles.
type Kind string

// The kinds of entities.
const (
	User Kind = "user"
	Role Kind = "role"
)

// Key of an entity.
type Key struct {
	Account string
	Kind    Kind
	Name    string
}

// Entity is a user or a role.
type Entity struct {
	Key
	Path        string // begins and ends with /
	ID          string // AIDA… or AROA…
	Created     time.Time
	Trust       string // of a role: its trust policy, as it was written
	Description string
	MaxSession  int    // seconds, of a role
	Boundary    string // ARN of the permissions boundary; empty for none
	Tags        map[string]string
}

// ARN is the entity's ARN.
func (e *Entity) ARN() string {
	if e.Kind == User {
		return arn.User(e.Account, e.Path, e.Name)
	}
	return arn.Role(e.Account, e.Path, e.Name)
}

// Named is a policy with its name or ARN.
type Named struct{ Name, Document string }

// Policy is a managed policy.
type Policy struct {
	ARN, Account, Name, Path, ID, Description, Document string
	Created                                             time.Time
	Tags                                                map[string]string
	Version                                             int // of the document, 1 at first; AWS's own policies have 0
}

// Store keeps identities. It is safe for concurrent use.
type Store struct {
	db  *postgres.DB
	ids *ident.Source

	mu        sync.Mutex
	revision  uint64
	entities  map[Key]*Full
	keys      map[string]*Credential
	listeners []func(account string)
}

// New returns a store over db.
func New(db *postgres.DB, ids *ident.Source) *Store {
	s := &Store{db: db, ids: ids}
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

const entityColumns = `account, kind, name, path, id, created, trust, description, max_session, boundary, tags`

func scanEntity(row pgx.CollectableRow) (e Entity, err error) {
	err = row.Scan(&e.Account, &e.Kind, &e.Name, &e.Path, &e.ID, &e.Created, &e.Trust, &e.Description, &e.MaxSession, &e.Boundary, &e.Tags)
	e.Created = e.Created.UTC()
	return e, err
}

// missing is IAM's sentence for an entity that does not exist.
func missing(k Key) error {
	noun := "user"
	if k.Kind == Role {
		noun = "role"
	}
	return fault.New(fault.NotFound, "The %s with name %s cannot be found.", noun, k.Name)
}

// Create makes a user or a role; its id and creation instant are filled in.
func (s *Store) Create(ctx context.Context, e *Entity) error {
	prefix := "AIDA"
	if e.Kind == Role {
		prefix = "AROA"
	}
	e.ID = s.ids.UniqueID(prefix)
	if e.Tags == nil {
		e.Tags = map[string]string{}
	}
	err := s.write(ctx, e.Account, func(ctx context.Context, tx *postgres.Tx) error {
		e.Created = tx.Now.Truncate(time.Second)
		if e.Boundary != "" {
			if err := attachable(ctx, tx, e.Account, e.Boundary, "SHARE"); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO identity.entities (`+entityColumns+`)
			VALUES (@account, @kind, @name, @path, @id, @created, @trust, @description, @max, @boundary, @tags)`,
			pgx.NamedArgs{"account": e.Account, "kind": e.Kind, "name": e.Name, "path": e.Path, "id": e.ID, "created": e.Created,
				"trust": e.Trust, "description": e.Description, "max": e.MaxSession, "boundary": e.Boundary, "tags": e.Tags})
		return err
	})
	if postgres.IsUnique(err) {
		noun := map[Kind]string{User: "User", Role: "Role"}[e.Kind]
		return fault.New(fault.Exists, "%s with name %s already exists.", noun, e.Name)
	}
	return err
}

// Get returns an entity.
func (s *Store) Get(ctx context.Context, k Key) (*Entity, error) {
	full, err := s.Full(ctx, k)
	if err != nil {
		return nil, err
	}
	e := full.Entity
	return &e, nil
}

// List returns an account's entities of a kind whose path begins with prefix, by name.
func (s *Store) List(ctx context.Context, account string, kind Kind, prefix string) ([]Entity, error) {
	rows, err := s.db.Query(ctx, `SELECT `+entityColumns+` FROM identity.entities
		WHERE account = @account AND kind = @kind AND starts_with(path, @prefix) ORDER BY name`,
		pgx.NamedArgs{"account": account, "kind": kind, "prefix": prefix})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanEntity)
}

// Update changes what f changes of an entity: description, session length, trust policy, boundary or tags.
func (s *Store) Update(ctx context.Context, k Key, f func(*Entity) error) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		e, err := lockEntity(ctx, tx, k)
		if err != nil {
			return err
		}
		if err := f(e); err != nil {
			return err
		}
		if e.Boundary != "" {
			if err := attachable(ctx, tx, k.Account, e.Boundary, "SHARE"); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE identity.entities SET trust = @trust, description = @description, max_session = @max,
				boundary = @boundary, tags = @tags WHERE account = @account AND kind = @kind AND name = @name`,
			pgx.NamedArgs{"trust": e.Trust, "description": e.Description, "max": e.MaxSession, "boundary": e.Boundary,
				"tags": e.Tags, "account": k.Account, "kind": k.Kind, "name": k.Name})
		return err
	})
}

func lockEntity(ctx context.Context, tx *postgres.Tx, k Key) (*Entity, error) {
	rows, err := tx.Query(ctx, `SELECT `+entityColumns+` FROM identity.entities
		WHERE account = @account AND kind = @kind AND name = @name FOR UPDATE`, k.args())
	if err != nil {
		return nil, err
	}
	e, err := pgx.CollectExactlyOneRow(rows, scanEntity)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, missing(k)
	}
	return &e, err
}

func (k Key) args() pgx.NamedArgs {
	return pgx.NamedArgs{"account": k.Account, "kind": k.Kind, "name": k.Name}
}

// Delete removes an entity. It must have no policies and no access keys left, as IAM demands.
func (s *Store) Delete(ctx context.Context, k Key) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		var inline, attached, keys bool
		err := tx.QueryRow(ctx, `SELECT
			EXISTS (SELECT FROM identity.inline WHERE account = @account AND kind = @kind AND name = @name),
			EXISTS (SELECT FROM identity.attached WHERE account = @account AND kind = @kind AND name = @name),
			EXISTS (SELECT FROM identity.keys WHERE account = @account AND kind = @kind AND name = @name)`,
			k.args()).Scan(&inline, &attached, &keys)
		switch {
		case err != nil:
			return err
		case inline:
			return fault.New(fault.Conflict, "Cannot delete entity, must delete policies first.")
		case attached:
			return fault.New(fault.Conflict, "Cannot delete entity, must detach all policies first.")
		case keys:
			return fault.New(fault.Conflict, "Cannot delete entity, must delete access keys first.")
		}
		_, err = tx.Exec(ctx, `DELETE FROM identity.entities WHERE account = @account AND kind = @kind AND name = @name`, k.args())
		return err
	})
}

// Forget drops everything of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	for _, table := range []string{"entities", "policies"} {
		if _, err := tx.Exec(ctx, `DELETE FROM identity.`+table+` WHERE @account = '' OR account = @account`, pgx.NamedArgs{"account": account}); err != nil {
			return err
		}
	}
	s.changed(tx, account)
	return nil
}
