package identity

import (
	"context"
	"embed"
	"errors"
	"path"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// awsPrefix is the ARN prefix of the policies that AWS itself manages.
const awsPrefix = "arn:aws:iam::aws:policy/"

// maxAttached is how many managed policies a user or a role may have (IAM quotas, the default).
const maxAttached = 10

//go:embed aws
var awsPolicies embed.FS

// awsPolicy returns a policy that AWS manages, of those that functions commonly need.
func awsPolicy(policyARN string) (*Policy, bool) {
	rest, ok := strings.CutPrefix(policyARN, awsPrefix)
	if !ok {
		return nil, false
	}
	text, err := awsPolicies.ReadFile("aws/" + path.Base(rest) + ".json")
	if err != nil {
		return nil, false
	}
	dir, name := path.Split(rest)
	return &Policy{ARN: policyARN, Account: "aws", Name: name, Path: "/" + dir, ID: "ANPA" + strings.ToUpper(name), Document: string(text)}, true
}

// AWSPolicies lists the ARNs of the policies managed by AWS that are simulated.
func AWSPolicies() []string {
	entries, err := awsPolicies.ReadDir("aws")
	if err != nil { // it is embedded
		panic(err)
	}
	var list []string
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".json")
		if strings.HasSuffix(name, "Role") {
			name = "service-role/" + name
		}
		list = append(list, awsPrefix+name)
	}
	return list
}

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

func noPolicy(policyARN string) error {
	return fault.New(fault.NotFound, "Policy %s does not exist or is not attachable.", policyARN)
}

// CreatePolicy makes a managed policy.
func (s *Store) CreatePolicy(ctx context.Context, p *Policy) error {
	p.ARN, p.ID = arn.Policy(p.Account, p.Path, p.Name), s.ids.UniqueID("ANPA")
	if p.Tags == nil {
		p.Tags = map[string]string{}
	}
	err := s.write(ctx, p.Account, func(ctx context.Context, tx *postgres.Tx) error {
		p.Created, p.Version = tx.Now, 1
		_, err := tx.Exec(ctx, `INSERT INTO identity.policies (arn, account, name, path, id, description, document, created, tags)
			VALUES (@arn, @account, @name, @path, @id, @description, @document, @created, @tags)`,
			pgx.NamedArgs{"arn": p.ARN, "account": p.Account, "name": p.Name, "path": p.Path, "id": p.ID,
				"description": p.Description, "document": p.Document, "created": p.Created, "tags": p.Tags})
		return err
	})
	if postgres.IsUnique(err) {
		return fault.New(fault.Exists, "A policy called %s already exists. Duplicate names are not allowed.", p.Name)
	}
	return err
}

// GetPolicy returns a managed policy, of an account or of AWS.
func (s *Store) GetPolicy(ctx context.Context, policyARN string) (*Policy, error) {
	if p, ok := awsPolicy(policyARN); ok {
		return p, nil
	}
	rows, err := s.db.Query(ctx, `SELECT arn, account, name, path, id, description, document, created, tags, version
		FROM identity.policies WHERE arn = $1`, policyARN)
	if err != nil {
		return nil, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (p Policy, err error) {
		err = row.Scan(&p.ARN, &p.Account, &p.Name, &p.Path, &p.ID, &p.Description, &p.Document, &p.Created, &p.Tags, &p.Version)
		return p, err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noPolicy(policyARN)
	}
	return &p, err
}

// ReplacePolicy gives a managed policy another document, and the version that follows. The one before is forgotten.
func (s *Store) ReplacePolicy(ctx context.Context, account, policyARN, document string) (version int, err error) {
	err = s.write(ctx, account, func(ctx context.Context, tx *postgres.Tx) error {
		err := tx.QueryRow(ctx, `UPDATE identity.policies SET document = $3, version = version + 1 WHERE arn = $1 AND account = $2 RETURNING version`,
			policyARN, account, document).Scan(&version)
		if errors.Is(err, pgx.ErrNoRows) {
			return noPolicy(policyARN)
		}
		return err
	})
	return version, err
}

// TagPolicy replaces the tags of a managed policy.
func (s *Store) TagPolicy(ctx context.Context, account, policyARN string, change func(tags map[string]string)) error {
	return s.write(ctx, account, func(ctx context.Context, tx *postgres.Tx) error {
		var tags map[string]string
		err := tx.QueryRow(ctx, `SELECT tags FROM identity.policies WHERE arn = $1 AND account = $2 FOR UPDATE`, policyARN, account).Scan(&tags)
		if errors.Is(err, pgx.ErrNoRows) {
			return noPolicy(policyARN)
		}
		if err != nil {
			return err
		}
		change(tags)
		_, err = tx.Exec(ctx, `UPDATE identity.policies SET tags = $2 WHERE arn = $1`, policyARN, tags)
		return err
	})
}

// attachable holds a policy to be one of AWS or of the account, and keeps it there until the transaction ends.
func attachable(ctx context.Context, tx *postgres.Tx, account, policyARN, strength string) error {
	if _, ok := awsPolicy(policyARN); ok {
		return nil
	}
	tag, err := tx.Exec(ctx, `SELECT FROM identity.policies WHERE arn = $1 AND account = $2 FOR `+strength, policyARN, account)
	if err == nil && tag.RowsAffected() == 0 {
		return noPolicy(policyARN)
	}
	return err
}

// DeletePolicy removes a managed policy that is attached to nobody, and nobody's boundary.
func (s *Store) DeletePolicy(ctx context.Context, account, policyARN string) error {
	return s.write(ctx, account, func(ctx context.Context, tx *postgres.Tx) error {
		if err := attachable(ctx, tx, account, policyARN, "UPDATE"); err != nil {
			return err
		}
		var used bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM identity.attached WHERE arn = $1)
			OR EXISTS (SELECT FROM identity.entities WHERE boundary = $1)`, policyARN).Scan(&used); err != nil {
			return err
		}
		if used {
			return fault.New(fault.Conflict, "Cannot delete a policy attached to entities.")
		}
		tag, err := tx.Exec(ctx, `DELETE FROM identity.policies WHERE arn = $1 AND account = $2`, policyARN, account)
		if err == nil && tag.RowsAffected() == 0 {
			return noPolicy(policyARN)
		}
		return err
	})
}

// Attach attaches a managed policy; attaching it twice is no error.
func (s *Store) Attach(ctx context.Context, k Key, policyARN string) error {
	return s.write(ctx, k.Account, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lockEntity(ctx, tx, k); err != nil {
			return err
		}
		if err := attachable(ctx, tx, k.Account, policyARN, "SHARE"); err != nil {
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
			noun := map[Kind]string{User: "User", Role: "Role"}[k.Kind]
			return fault.New(fault.TooLarge, "Cannot exceed quota for PoliciesPer%s: %d", noun, maxAttached)
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
