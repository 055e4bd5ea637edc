package identity

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// maxGroups is how many groups a user may be in (IAM quotas).
const maxGroups = 10

// AddMember puts a user into a group; twice is no error.
func (s *Store) AddMember(ctx context.Context, account, group, user string) error {
	return s.member(ctx, account, group, user, func(ctx context.Context, tx *postgres.Tx, args pgx.NamedArgs) error {
		if _, err := tx.Exec(ctx, `INSERT INTO identity.members (account, group_name, user_name) VALUES (@account, @group, @user) ON CONFLICT DO NOTHING`, args); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM identity.members WHERE account = @account AND user_name = @user`, args).Scan(&n); err != nil {
			return err
		}
		if n > maxGroups {
			return fault.New(fault.TooLarge, "Cannot exceed quota for GroupsPerUser: %d", maxGroups)
		}
		return nil
	})
}

// RemoveMember takes a user out of a group.
func (s *Store) RemoveMember(ctx context.Context, account, group, user string) error {
	return s.member(ctx, account, group, user, func(ctx context.Context, tx *postgres.Tx, args pgx.NamedArgs) error {
		tag, err := tx.Exec(ctx, `DELETE FROM identity.members WHERE account = @account AND group_name = @group AND user_name = @user`, args)
		if err == nil && tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, "The user with name %s cannot be found in the group with name %s.", user, group)
		}
		return err
	})
}

// member holds a group and a user while f changes what is between them.
func (s *Store) member(ctx context.Context, account, group, user string, f func(context.Context, *postgres.Tx, pgx.NamedArgs) error) error {
	return s.write(ctx, account, func(ctx context.Context, tx *postgres.Tx) error {
		for _, k := range []Key{{account, User, user}, {account, Group, group}} {
			if _, err := lockEntity(ctx, tx, k); err != nil {
				return err
			}
		}
		return f(ctx, tx, pgx.NamedArgs{"account": account, "group": group, "user": user})
	})
}

// Members lists the users of a group, by name.
func (s *Store) Members(ctx context.Context, account, group string) ([]Entity, error) {
	return s.related(ctx, Key{account, Group, group}, `SELECT `+entityColumns+` FROM identity.entities e
		WHERE account = @account AND kind = 'user' AND EXISTS (SELECT FROM identity.members m
			WHERE m.account = e.account AND m.user_name = e.name AND m.group_name = @name) ORDER BY name`)
}

// GroupsOf lists the groups of a user, by name.
func (s *Store) GroupsOf(ctx context.Context, account, user string) ([]Entity, error) {
	return s.related(ctx, Key{account, User, user}, groupsOf)
}

const groupsOf = `SELECT ` + entityColumns + ` FROM identity.entities e
	WHERE account = @account AND kind = 'group' AND EXISTS (SELECT FROM identity.members m
		WHERE m.account = e.account AND m.group_name = e.name AND m.user_name = @name) ORDER BY name`

func (s *Store) related(ctx context.Context, k Key, sql string) ([]Entity, error) {
	if _, err := s.Full(ctx, k); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, sql, k.args())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanEntity)
}
