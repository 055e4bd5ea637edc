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

// Policy is a managed policy with the document of its default version.
type Policy struct {
	ARN, Account, Name, Path, ID, Description, Document string
	Created, Updated                                    time.Time // Updated: when its newest version was made
	Tags                                                map[string]string
	Version                                             int // the default one
}

// Version is one version of a managed policy.
type Version struct {
	Number   int
	Document string
	Created  time.Time
	Default  bool
}

// maxVersions is how many versions a managed policy may have (IAM quotas).
const maxVersions = 5

// CreatePolicy makes a managed policy, with its version 1.
func (s *Store) CreatePolicy(ctx context.Context, p *Policy) error {
	p.ARN, p.ID = arn.Policy(p.Account, p.Path, p.Name), s.ids.UniqueID("ANPA")
	if p.Tags == nil {
		p.Tags = map[string]string{}
	}
	err := s.write(ctx, p.Account, func(ctx context.Context, tx *postgres.Tx) error {
		p.Created, p.Updated, p.Version = tx.Now.Truncate(time.Second), tx.Now.Truncate(time.Second), 1
		args := pgx.NamedArgs{"arn": p.ARN, "account": p.Account, "name": p.Name, "path": p.Path, "id": p.ID,
			"description": p.Description, "document": p.Document, "created": p.Created, "tags": p.Tags}
		var taken bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM identity.policies WHERE account = @account AND lower(name) = lower(@name))`, args).Scan(&taken); err != nil {
			return err
		}
		if taken {
			return nameTaken(p.Name)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO identity.policies (arn, account, name, path, id, description, created, updated, tags)
			VALUES (@arn, @account, @name, @path, @id, @description, @created, @created, @tags)`, args); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO identity.versions (arn, version, document, created) VALUES (@arn, 1, @document, @created)`, args)
		return err
	})
	if postgres.IsUnique(err) {
		return nameTaken(p.Name)
	}
	return err
}

func nameTaken(name string) error {
	return fault.New(fault.Exists, "A policy called %s already exists. Duplicate names are not allowed.", name)
}

const policyRows = `SELECT p.arn, p.account, p.name, p.path, p.id, p.description, v.document, p.created, p.updated, p.tags, p.version
	FROM identity.policies p JOIN identity.versions v ON v.arn = p.arn AND v.version = p.version`

func scanPolicy(row pgx.CollectableRow) (p Policy, err error) {
	err = row.Scan(&p.ARN, &p.Account, &p.Name, &p.Path, &p.ID, &p.Description, &p.Document, &p.Created, &p.Updated, &p.Tags, &p.Version)
	p.Created, p.Updated = p.Created.UTC(), p.Updated.UTC()
	return p, err
}

// GetPolicy returns a managed policy, of an account or of AWS.
func (s *Store) GetPolicy(ctx context.Context, policyARN string) (*Policy, error) {
	if p, ok := awsPolicy(policyARN); ok {
		return p, nil
	}
	rows, err := s.db.Query(ctx, policyRows+` WHERE p.arn = $1`, policyARN)
	if err != nil {
		return nil, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanPolicy)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noPolicy(policyARN)
	}
	return &p, err
}

// Policies lists the managed policies of an account, by ARN. Those of AWS are in AWSPolicies.
func (s *Store) Policies(ctx context.Context, account string) ([]*Policy, error) {
	rows, err := s.db.Query(ctx, policyRows+` WHERE p.account = $1 ORDER BY p.arn`, account)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*Policy, error) {
		p, err := scanPolicy(row)
		return &p, err
	})
}

// Versions lists the versions of a managed policy, the newest first. Of a policy of AWS the default one alone is known.
func (s *Store) Versions(ctx context.Context, policyARN string) ([]Version, error) {
	if p, ok := awsPolicy(policyARN); ok {
		return []Version{{p.Version, p.Document, p.Updated, true}}, nil
	}
	rows, err := s.db.Query(ctx, `SELECT v.version, v.document, v.created, v.version = p.version
		FROM identity.versions v JOIN identity.policies p USING (arn) WHERE arn = $1 ORDER BY v.version DESC`, policyARN)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Version])
	if err == nil && len(list) == 0 {
		return nil, noPolicy(policyARN)
	}
	return list, err
}

// change locks a managed policy of the account while f changes it. Those of AWS cannot be changed.
func (s *Store) change(ctx context.Context, account, policyARN string, f func(ctx context.Context, tx *postgres.Tx, p *Policy) error) error {
	return s.write(ctx, account, func(ctx context.Context, tx *postgres.Tx) error {
		rows, err := tx.Query(ctx, policyRows+` WHERE p.arn = $1 AND p.account = $2 FOR UPDATE OF p`, policyARN, account)
		if err != nil {
			return err
		}
		p, err := pgx.CollectExactlyOneRow(rows, scanPolicy)
		if errors.Is(err, pgx.ErrNoRows) {
			return noPolicy(policyARN)
		}
		if err != nil {
			return err
		}
		return f(ctx, tx, &p)
	})
}

// AddVersion gives a managed policy another version, which becomes the default one if it is to.
func (s *Store) AddVersion(ctx context.Context, account, policyARN, document string, makeDefault bool) (v Version, err error) {
	v.Document, v.Default = document, makeDefault
	err = s.change(ctx, account, policyARN, func(ctx context.Context, tx *postgres.Tx, p *Policy) error {
		v.Created = tx.Now.Truncate(time.Second)
		args := pgx.NamedArgs{"arn": policyARN, "document": document, "created": v.Created, "default": makeDefault}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM identity.versions WHERE arn = @arn`, args).Scan(&n); err != nil {
			return err
		}
		if n >= maxVersions {
			return fault.New(fault.TooLarge, "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		if err := tx.QueryRow(ctx, `UPDATE identity.policies SET latest = latest + 1, updated = @created,
			version = CASE WHEN @default THEN latest + 1 ELSE version END WHERE arn = @arn RETURNING latest`, args).Scan(&v.Number); err != nil {
			return err
		}
		args["version"] = v.Number
		_, err := tx.Exec(ctx, `INSERT INTO identity.versions (arn, version, document, created) VALUES (@arn, @version, @document, @created)`, args)
		return err
	})
	return v, err
}

// noVersion is IAM's sentence for a version of a managed policy that is not there.
func noVersion(policyARN string, version int) error {
	return fault.New(fault.NotFound, "Policy %s version v%d does not exist or is not attachable.", policyARN, version)
}

// SetDefaultVersion makes another version of a managed policy the one that counts.
func (s *Store) SetDefaultVersion(ctx context.Context, account, policyARN string, version int) error {
	return ofVersion(policyARN, version)(s.change(ctx, account, policyARN, func(ctx context.Context, tx *postgres.Tx, _ *Policy) error {
		tag, err := tx.Exec(ctx, `UPDATE identity.policies p SET version = $2 WHERE arn = $1
			AND EXISTS (SELECT FROM identity.versions v WHERE v.arn = p.arn AND v.version = $2)`, policyARN, version)
		if err == nil && tag.RowsAffected() == 0 {
			return noVersion(policyARN, version)
		}
		return err
	}))
}

// ofVersion says of the version what is said of a policy that is not there, as IAM does.
func ofVersion(policyARN string, version int) func(error) error {
	return func(err error) error {
		if fault.Is(err, fault.NotFound) {
			return noVersion(policyARN, version)
		}
		return err
	}
}

// DeleteVersion removes a version of a managed policy that is not the default one.
func (s *Store) DeleteVersion(ctx context.Context, account, policyARN string, version int) error {
	return ofVersion(policyARN, version)(s.change(ctx, account, policyARN, func(ctx context.Context, tx *postgres.Tx, p *Policy) error {
		if p.Version == version {
			return fault.New(fault.Conflict, "Cannot delete the default version of a policy.")
		}
		tag, err := tx.Exec(ctx, `DELETE FROM identity.versions WHERE arn = $1 AND version = $2`, policyARN, version)
		if err == nil && tag.RowsAffected() == 0 {
			return noVersion(policyARN, version)
		}
		return err
	}))
}

// TagPolicy changes the tags of a managed policy.
func (s *Store) TagPolicy(ctx context.Context, account, policyARN string, change func(tags map[string]string) error) error {
	return s.change(ctx, account, policyARN, func(ctx context.Context, tx *postgres.Tx, p *Policy) error {
		if err := change(p.Tags); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE identity.policies SET tags = $2 WHERE arn = $1`, policyARN, p.Tags)
		return err
	})
}

// DeletePolicy removes a managed policy that is attached to nobody, nobody's boundary, and has its default version alone.
func (s *Store) DeletePolicy(ctx context.Context, account, policyARN string) error {
	return s.change(ctx, account, policyARN, func(ctx context.Context, tx *postgres.Tx, _ *Policy) error {
		var used, versions bool
		if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM identity.attached WHERE arn = $1)
			OR EXISTS (SELECT FROM identity.entities WHERE boundary = $1),
			(SELECT count(*) FROM identity.versions WHERE arn = $1) > 1`, policyARN).Scan(&used, &versions); err != nil {
			return err
		}
		if used {
			return fault.New(fault.Conflict, "Cannot delete a policy attached to entities.")
		}
		if versions {
			return fault.New(fault.Conflict, "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		_, err := tx.Exec(ctx, `DELETE FROM identity.policies WHERE arn = $1`, policyARN)
		return err
	})
}
