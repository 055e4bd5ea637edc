package function

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// What becomes of a loop through a function (PutFunctionRecursionConfig).
const (
	Terminate = "Terminate"
	Allow     = "Allow"
)

// SetRecursion says whether loops through a function are stopped: Terminate or Allow.
func (s *Store) SetRecursion(ctx context.Context, k Key, mode string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lock(ctx, tx, k); err != nil {
			return err
		}
		args := k.args()
		args["mode"] = mode
		_, err := tx.Exec(ctx, `UPDATE function.functions SET recursion = @mode WHERE account = @account AND region = @region AND name = @name`, args)
		s.changed(tx, k, none)
		return err
	})
}

// Recursion says what SetRecursion has said last; Terminate where nobody has.
func (s *Store) Recursion(ctx context.Context, k Key) (string, error) {
	c, err := s.load(ctx, k)
	if err != nil {
		return "", err
	}
	return c.recursion, nil
}

// RuntimeUpdates is when the runtime of a version is updated (PutRuntimeManagementConfig): Auto, FunctionUpdate, or Manual with
// the ARN of the runtime's version. It is kept; runtimes here are this machine's interpreters.
type RuntimeUpdates struct{ On, Runtime string }

// SetRuntimeUpdates sets them for $LATEST or a published version.
func (s *Store) SetRuntimeUpdates(ctx context.Context, k Key, version string, u RuntimeUpdates) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := lockVersion(ctx, tx, k, version); err != nil {
			return err
		}
		args := policyArgs(k, version)
		args["on"], args["runtime"] = u.On, u.Runtime
		_, err := tx.Exec(ctx, `INSERT INTO function.runtime_updates (account, region, name, qualifier, update_on, runtime)
			VALUES (@account, @region, @name, @qualifier, @on, @runtime)
			ON CONFLICT (account, region, name, qualifier) DO UPDATE SET update_on = excluded.update_on, runtime = excluded.runtime`, args)
		return err
	})
}

// RuntimeUpdates returns those of $LATEST or a published version.
func (s *Store) RuntimeUpdates(ctx context.Context, k Key, version string) (u RuntimeUpdates, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := lockVersion(ctx, tx, k, version); err != nil {
			return err
		}
		err := tx.QueryRow(ctx, `SELECT update_on, runtime FROM function.runtime_updates
			WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier`, policyArgs(k, version)).Scan(&u.On, &u.Runtime)
		if errors.Is(err, pgx.ErrNoRows) {
			u, err = RuntimeUpdates{On: "Auto"}, nil
		}
		return err
	})
	return u, err
}

// lockVersion locks the function, and says that it has the version.
func lockVersion(ctx context.Context, tx *postgres.Tx, k Key, version string) error {
	if _, err := lock(ctx, tx, k); err != nil {
		return err
	}
	if version == Latest {
		return nil
	}
	return versionExists(ctx, tx, k, arn.FunctionRef{Account: k.Account, Region: k.Region, Name: k.Name, Qualifier: version})
}
