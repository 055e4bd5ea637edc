package identity

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// PutInline writes an inline policy. In the same transaction fits are asked whether it goes with the entity's others.
func (s *Store) PutInline(ctx context.Context, k Key, name, document string, fits ...func(others []Named) error) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		args := k.args()
		args["policy"], args["document"] = name, document
		rows, err := tx.Query(ctx, `SELECT policy, document FROM identity.inline
			WHERE account = @account AND kind = @kind AND name = @name AND policy <> @policy`, args)
		if err != nil {
			return err
		}
		others, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
		if err != nil {
			return err
		}
		for _, fit := range fits {
			if err := fit(others); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, `INSERT INTO identity.inline (account, kind, name, policy, document)
			VALUES (@account, @kind, @name, @policy, @document)
			ON CONFLICT (account, kind, name, policy) DO UPDATE SET document = excluded.document`, args)
		return err
	})
}

// DeleteInline removes an inline policy.
func (s *Store) DeleteInline(ctx context.Context, k Key, name string) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		args := k.args()
		args["policy"] = name
		tag, err := tx.Exec(ctx, `DELETE FROM identity.inline WHERE account = @account AND kind = @kind AND name = @name AND policy = @policy`, args)
		if err == nil && tag.RowsAffected() == 0 {
			return noInline(k, name)
		}
		return err
	})
}

func noInline(k Key, name string) error {
	return fault.New(fault.NotFound, "The %s policy with name %s cannot be found.", k.Kind, name)
}

// Inline returns one inline policy.
func (s *Store) Inline(ctx context.Context, k Key, name string) (string, error) {
	full, err := s.Full(ctx, k)
	if err != nil {
		return "", err
	}
	for _, p := range full.Inline {
		if p.Name == name {
			return p.Document, nil
		}
	}
	return "", noInline(k, name)
}
