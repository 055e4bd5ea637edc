package identity

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// Profile is an instance profile: a name under which an EC2 instance would find a role. Nothing here uses one; it can be
// declared and read.
type Profile struct {
	Account, Name, Path, ID string
	Created                 time.Time
	Tags                    map[string]string
	Role                    string // its name; empty for none
}

// ARN is the instance profile's ARN.
func (p *Profile) ARN() string { return arn.InstanceProfile(p.Account, p.Path, p.Name) }

func noProfile(name string) error {
	return fault.New(fault.NotFound, "Instance Profile %s cannot be found.", name)
}

// CreateProfile makes an instance profile; its id and creation instant are filled in.
func (s *Store) CreateProfile(ctx context.Context, p *Profile) error {
	p.ID = s.ids.UniqueID("AIPA")
	err := s.write(ctx, p.Account, func(ctx context.Context, tx *postgres.Tx) error {
		p.Created = tx.Now.Truncate(time.Second)
		_, err := tx.Exec(ctx, `INSERT INTO identity.profiles (account, name, path, id, created, tags) VALUES (@account, @name, @path, @id, @created, @tags)`,
			pgx.NamedArgs{"account": p.Account, "name": p.Name, "path": p.Path, "id": p.ID, "created": p.Created, "tags": p.Tags})
		return err
	})
	if postgres.IsUnique(err) {
		return fault.New(fault.Exists, "Instance Profile %s already exists.", p.Name)
	}
	return err
}

// Profiles lists an account's instance profiles, by name.
func (s *Store) Profiles(ctx context.Context, account string) ([]Profile, error) {
	rows, err := s.db.Query(ctx, `SELECT account, name, path, id, created, tags, coalesce(role, '') FROM identity.profiles WHERE account = $1 ORDER BY name`, account)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Profile])
}

// GetProfile returns an instance profile.
func (s *Store) GetProfile(ctx context.Context, account, name string) (*Profile, error) {
	list, err := s.Profiles(ctx, account)
	for i := range list {
		if list[i].Name == name {
			return &list[i], nil
		}
	}
	if err != nil {
		return nil, err
	}
	return nil, noProfile(name)
}

// UpdateProfile changes what f changes of an instance profile: its role or its tags. A role must exist.
func (s *Store) UpdateProfile(ctx context.Context, account, name string, f func(*Profile) error) error {
	return s.write(ctx, account, func(ctx context.Context, tx *postgres.Tx) error {
		p, err := lockProfile(ctx, tx, account, name)
		if err != nil {
			return err
		}
		if err := f(p); err != nil {
			return err
		}
		var role *string
		if p.Role != "" {
			if _, err := lockEntity(ctx, tx, Key{account, Role, p.Role}); err != nil {
				return err
			}
			role = &p.Role
		}
		_, err = tx.Exec(ctx, `UPDATE identity.profiles SET role = @role, tags = @tags WHERE account = @account AND name = @name`,
			pgx.NamedArgs{"role": role, "tags": p.Tags, "account": account, "name": name})
		return err
	})
}

func lockProfile(ctx context.Context, tx *postgres.Tx, account, name string) (*Profile, error) {
	rows, err := tx.Query(ctx, `SELECT account, name, path, id, created, tags, coalesce(role, '') FROM identity.profiles
		WHERE account = $1 AND name = $2 FOR UPDATE`, account, name)
	if err != nil {
		return nil, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Profile])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noProfile(name)
	}
	return &p, err
}

// DeleteProfile removes an instance profile that has no role.
func (s *Store) DeleteProfile(ctx context.Context, account, name string) error {
	return s.write(ctx, account, func(ctx context.Context, tx *postgres.Tx) error {
		p, err := lockProfile(ctx, tx, account, name)
		if err != nil {
			return err
		}
		if p.Role != "" {
			return fault.New(fault.Conflict, "Cannot delete entity, must remove roles from instance profile first.")
		}
		_, err = tx.Exec(ctx, `DELETE FROM identity.profiles WHERE account = $1 AND name = $2`, account, name)
		return err
	})
}

// Alias is an account's alias; empty for none.
func (s *Store) Alias(ctx context.Context, account string) (alias string, err error) {
	err = s.db.QueryRow(ctx, `SELECT coalesce((SELECT alias FROM identity.aliases WHERE account = $1), '')`, account).Scan(&alias)
	return alias, err
}

// SetAlias gives an account its alias, in the place of the one that it had.
func (s *Store) SetAlias(ctx context.Context, account, alias string) error {
	_, err := s.db.Exec(ctx, `INSERT INTO identity.aliases (alias, account) VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET alias = excluded.alias`, alias, account)
	if postgres.IsUnique(err) {
		return fault.New(fault.Exists, "The account alias %s already exists.", alias)
	}
	return err
}

// DeleteAlias takes an account's alias from it.
func (s *Store) DeleteAlias(ctx context.Context, account, alias string) error {
	tag, err := s.db.Exec(ctx, `DELETE FROM identity.aliases WHERE account = $1 AND alias = $2`, account, alias)
	if err == nil && tag.RowsAffected() == 0 {
		return fault.New(fault.NotFound, "The account alias %s cannot be found.", alias)
	}
	return err
}
