package identity

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

const entityColumns = `account, kind, name, path, id, created, trust, description, max_session, boundary, tags`

func scanEntity(row pgx.CollectableRow) (e Entity, err error) {
	err = row.Scan(&e.Account, &e.Kind, &e.Name, &e.Path, &e.ID, &e.Created, &e.Trust, &e.Description, &e.MaxSession, &e.Boundary, &e.Tags)
	e.Created = e.Created.UTC()
	return e, err
}

func (k Key) args() pgx.NamedArgs {
	return pgx.NamedArgs{"account": k.Account, "kind": k.Kind, "name": k.Name}
}

// missing is IAM's sentence for an entity that does not exist.
func missing(k Key) error {
	return fault.New(fault.NotFound, "The %s with name %s cannot be found.", k.Kind, k.Name)
}

func taken(k Key) error {
	return fault.New(fault.Exists, "%s with name %s already exists.", k.Kind.noun(), k.Name)
}

// Create makes a user, a group or a role; its id and creation instant are filled in.
func (s *Store) Create(ctx context.Context, e *Entity) error {
	e.ID = s.ids.UniqueID(idPrefixes[e.Kind])
	if e.Tags == nil {
		e.Tags = map[string]string{}
	}
	err := s.write(ctx, e.Account, func(ctx context.Context, tx *postgres.Tx) error {
		e.Created = tx.Now.Truncate(time.Second)
		if e.Boundary != "" {
			if err := attachable(ctx, tx, e.Account, e.Boundary, noBoundary); err != nil {
				return err
			}
		}
		trust, err := bind(ctx, tx, e.Trust)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO identity.entities (`+entityColumns+`)
			VALUES (@account, @kind, @name, @path, @id, @created, @trust, @description, @max, @boundary, @tags)`,
			pgx.NamedArgs{"account": e.Account, "kind": e.Kind, "name": e.Name, "path": e.Path, "id": e.ID, "created": e.Created,
				"trust": trust, "description": e.Description, "max": e.MaxSession, "boundary": e.Boundary, "tags": e.Tags})
		return err
	})
	if postgres.IsUnique(err) {
		return taken(e.Key)
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
	list, err := pgx.CollectRows(rows, scanEntity)
	if err != nil || kind != Role {
		return list, err
	}
	for i := range list {
		if list[i].Trust, err = show(ctx, s.db, list[i].Trust); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Update changes what f changes of an entity: name and path, description, session length, trust policy, boundary or tags.
// It keeps its unique id, and all that belongs to it. f gets the entity without its trust policy; the one that it leaves
// there, if any, replaces it.
func (s *Store) Update(ctx context.Context, k Key, f func(*Entity) error) error {
	var e *Entity
	err := s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) (err error) {
		if e, err = lockEntity(ctx, tx, k); err != nil {
			return err
		}
		boundary, trust := e.Boundary, e.Trust
		e.Trust = "" // in the one that is kept a principal may be gone: it would not be taken again
		if err := f(e); err != nil {
			return err
		}
		if e.Boundary != "" && e.Boundary != boundary {
			if err := attachable(ctx, tx, k.Account, e.Boundary, noBoundary); err != nil {
				return err
			}
		}
		if e.Trust != "" {
			if trust, err = bind(ctx, tx, e.Trust); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `UPDATE identity.entities SET name = @new, path = @path, trust = @trust, description = @description,
				max_session = @max, boundary = @boundary, tags = @tags WHERE account = @account AND kind = @kind AND name = @name`,
			pgx.NamedArgs{"trust": trust, "description": e.Description, "max": e.MaxSession, "boundary": e.Boundary, "new": e.Name,
				"path": e.Path, "tags": e.Tags, "account": k.Account, "kind": k.Kind, "name": k.Name})
		return err
	})
	if postgres.IsUnique(err) {
		return taken(e.Key)
	}
	return err
}

// lockEntity reads an entity and keeps it as it is until the transaction ends. Its trust policy is as it is kept.
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

// Delete removes an entity. Nothing may be left that belongs to it, as IAM demands.
func (s *Store) Delete(ctx context.Context, k Key) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		if err := leftOf(ctx, tx, k); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM identity.entities WHERE account = @account AND kind = @kind AND name = @name`, k.args())
		return err
	})
}

// leftOf says what still belongs to an entity, in IAM's words.
func leftOf(ctx context.Context, tx *postgres.Tx, k Key) error {
	for _, left := range []struct{ what, sql string }{
		{"must delete access keys first", `SELECT EXISTS (SELECT FROM identity.keys WHERE account = @account AND kind = @kind AND name = @name)`},
		{"must remove users from group first", `SELECT EXISTS (SELECT FROM identity.members WHERE account = @account
			AND (group_kind = @kind AND group_name = @name OR user_kind = @kind AND user_name = @name))`},
		{"must remove roles from instance profile first", `SELECT EXISTS (SELECT FROM identity.profiles WHERE account = @account AND role_kind = @kind AND role = @name)`},
		{"must detach all policies first", `SELECT EXISTS (SELECT FROM identity.attached WHERE account = @account AND kind = @kind AND name = @name)`},
		{"must delete policies first", `SELECT EXISTS (SELECT FROM identity.inline WHERE account = @account AND kind = @kind AND name = @name)`},
	} {
		var some bool
		if err := tx.QueryRow(ctx, left.sql, k.args()).Scan(&some); err != nil {
			return err
		}
		if some {
			return fault.New(fault.Conflict, "Cannot delete entity, %s.", left.what)
		}
	}
	return nil
}

// Forget drops everything of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	for _, table := range []string{"members", "profiles", "aliases", "sessions", "entities", "policies"} {
		if _, err := tx.Exec(ctx, `DELETE FROM identity.`+table+` WHERE @account = '' OR account = @account`, pgx.NamedArgs{"account": account}); err != nil {
			return err
		}
	}
	s.changed(tx, account)
	return nil
}
