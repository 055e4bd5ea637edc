package identity

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// maxAttached is how many managed policies a user, a group or a role may have (IAM quotas, the default).
const maxAttached = 10

// attachable holds a policy to be one of AWS or of the account, and keeps it there until the transaction ends; otherwise it
// returns the error.
func attachable(ctx context.Context, tx *postgres.Tx, account, policyARN string, otherwise func(policyARN string) error) error {
	if _, ok := awsPolicy(policyARN); ok {
		return nil
	}
	tag, err := tx.Exec(ctx, `SELECT FROM identity.policies WHERE arn = $1 AND account = $2 FOR SHARE`, policyARN, account)
	if err == nil && tag.RowsAffected() == 0 {
		return otherwise(policyARN)
	}
	return err
}

// Attach attaches a managed policy; attaching it twice is no error.
func (s *Store) Attach(ctx context.Context, k Key, policyARN string) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		if err := attachable(ctx, tx, k.Account, policyARN, notAttachable); err != nil {
			return err
		}
		args := k.args()
		args["arn"] = policyARN
		if _, err := tx.Exec(ctx, `INSERT INTO identity.attached VALUES (@account, @kind, @name, @arn) ON CONFLICT DO NOTHING`, args); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM identity.attached WHERE account = @account AND kind = @kind AND name = @name`, args).Scan(&n); err != nil {
			return err
		}
		if n > maxAttached {
			return fault.New(fault.TooLarge, "Cannot exceed quota for PoliciesPer%s: %d", k.Kind.noun(), maxAttached)
		}
		return nil
	})
}

// Detach detaches a managed policy.
func (s *Store) Detach(ctx context.Context, k Key, policyARN string) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		args := k.args()
		args["arn"] = policyARN
		tag, err := tx.Exec(ctx, `DELETE FROM identity.attached WHERE account = @account AND kind = @kind AND name = @name AND arn = @arn`, args)
		if err == nil && tag.RowsAffected() == 0 {
			return fault.New(fault.NotFound, "Policy %s was not found.", policyARN)
		}
		return err
	})
}

// Holder is an entity that has a managed policy.
type Holder struct {
	Key
	Path, ID string
	Boundary bool // as its permissions boundary
}

// Holders lists who has a managed policy in an account, by kind and name: attached, or as a boundary.
func (s *Store) Holders(ctx context.Context, account, policyARN string) ([]Holder, error) {
	rows, err := s.db.Query(ctx, `SELECT account, kind, name, path, id, false AS bounds FROM identity.entities e
			WHERE account = @account AND EXISTS (SELECT FROM identity.attached a WHERE a.account = e.account AND a.kind = e.kind AND a.name = e.name AND a.arn = @arn)
		UNION ALL SELECT account, kind, name, path, id, true FROM identity.entities WHERE account = @account AND boundary = @arn
		ORDER BY kind, name, bounds`, pgx.NamedArgs{"account": account, "arn": policyARN})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Holder, err error) {
		err = row.Scan(&h.Account, &h.Kind, &h.Name, &h.Path, &h.ID, &h.Boundary)
		return h, err
	})
}

// Usage is how often an account uses a managed policy.
type Usage struct{ Attachments, Boundaries int }

// Usages counts the uses of each managed policy that an account uses, by ARN.
func (s *Store) Usages(ctx context.Context, account string) (map[string]Usage, error) {
	rows, err := s.db.Query(ctx, `SELECT arn, sum(attached), sum(bounds) FROM (
			SELECT arn, 1 AS attached, 0 AS bounds FROM identity.attached WHERE account = @account
			UNION ALL SELECT boundary, 0, 1 FROM identity.entities WHERE account = @account AND boundary <> '') uses
		GROUP BY arn`, pgx.NamedArgs{"account": account})
	if err != nil {
		return nil, err
	}
	all := map[string]Usage{}
	var policyARN string
	var u Usage
	_, err = pgx.ForEachRow(rows, []any{&policyARN, &u.Attachments, &u.Boundaries}, func() error {
		all[policyARN] = u
		return nil
	})
	return all, err
}
