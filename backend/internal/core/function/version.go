package function

import (
	"context"
	"errors"
	"reflect"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// Publication is what PublishVersion asks for.
type Publication struct {
	Description *string // of the version; nil: that of $LATEST
	RevisionID  string  // of $LATEST, when it must be the current one
	CodeSHA256  string  // of $LATEST, when it must be the current one
}

// querier is the database, or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// versionRow reads a published version; nil where there is none.
func versionRow(ctx context.Context, db querier, k Key, number int64) (*Version, error) {
	args := k.args()
	args["version"] = number
	v := &Version{Account: k.Account, Region: k.Region, Name: k.Name, State: "Active", UpdateStatus: "Successful"}
	err := db.QueryRow(ctx, `SELECT version::text, config, code_sha, code_size, modified, revision FROM function.versions
		WHERE account = @account AND region = @region AND name = @name AND version = @version`, args).
		Scan(&v.Version, &v.Config, &v.Code.SHA256, &v.Code.Size, &v.LastModified, &v.RevisionID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	v.LastModified = v.LastModified.UTC()
	return v, err
}

// number reads a version's number, as AWS spells it: 07 is none.
func number(version string) (int64, bool) {
	n, err := strconv.ParseInt(version, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == version
}

func versionExists(ctx context.Context, tx *postgres.Tx, k Key, ref arn.FunctionRef) error {
	n, ok := number(ref.Qualifier)
	if !ok {
		return NotFound(ref.ARN())
	}
	v, err := versionRow(ctx, tx, k, n)
	if err == nil && v == nil {
		err = NotFound(ref.ARN())
	}
	return err
}

// Publish makes a version of what $LATEST is now. Where neither code nor configuration has changed since the last version,
// that version is returned and none is made.
func (s *Store) Publish(ctx context.Context, k Key, p Publication) (*Version, error) {
	var made *Version
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		latest, err := lock(ctx, tx, k)
		if err != nil {
			return err
		}
		if p.RevisionID != "" && p.RevisionID != latest.RevisionID {
			return WrongRevision()
		}
		if p.CodeSHA256 != "" && p.CodeSHA256 != latest.Code.SHA256 {
			return fault.New(fault.Invalid, "CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.",
				p.CodeSHA256, latest.Code.SHA256)
		}
		made, err = s.publish(ctx, tx, k, latest, p.Description)
		return err
	})
	return made, err
}

// publishAs publishes what v, the unpublished version, is, and makes v the answer of the call that asked for both.
func (s *Store) publishAs(ctx context.Context, tx *postgres.Tx, k Key, v *Version) error {
	made, err := s.publish(ctx, tx, k, v, nil)
	if err != nil {
		return err
	}
	v.Version, v.RevisionID = made.Version, made.RevisionID
	return nil
}

// publish makes a version under the function's lock. $LATEST gets a new revision with it.
func (s *Store) publish(ctx context.Context, tx *postgres.Tx, k Key, latest *Version, description *string) (*Version, error) {
	last, err := unchanged(ctx, tx, k, latest)
	if err != nil || last != nil {
		return last, err
	}
	args := k.args()
	var number int64
	if err := tx.QueryRow(ctx, `INSERT INTO function.numbers AS n (account, region, name, last) VALUES (@account, @region, @name, 1)
		ON CONFLICT (account, region, name) DO UPDATE SET last = n.last + 1 RETURNING last`, args).Scan(&number); err != nil {
		return nil, err
	}
	v := *latest
	v.Version, v.RevisionID, v.Generation = strconv.FormatInt(number, 10), s.ids.UUID(), 0
	v.State, v.UpdateStatus, v.StateReason, v.StateCode = "Active", "", "", ""
	if description != nil {
		v.Description = *description
	}
	args["version"], args["config"], args["described"], args["sha"], args["size"] = number, v.Config, latest.Description, v.Code.SHA256, v.Code.Size
	args["now"], args["revision"], args["latest"] = v.LastModified, v.RevisionID, s.ids.UUID()
	if _, err := tx.Exec(ctx, `INSERT INTO function.versions (account, region, name, version, config, described, code_sha, code_size, modified, revision)
		VALUES (@account, @region, @name, @version, @config, @described, @sha, @size, @now, @revision)`, args); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `UPDATE function.functions SET revision = @latest WHERE account = @account AND region = @region AND name = @name`, args); err != nil {
		return nil, err
	}
	s.changed(tx, k, v.Version)
	return &v, blob.Copy(ctx, tx, []string{codeID(k, "")}, []string{codeID(k, v.Version)})
}

// unchanged returns the last version, when $LATEST is still what it was made of, and else nil.
func unchanged(ctx context.Context, tx *postgres.Tx, k Key, latest *Version) (*Version, error) {
	var number int64
	var described string
	err := tx.QueryRow(ctx, `SELECT version, described FROM function.versions JOIN function.numbers USING (account, region, name)
		WHERE account = @account AND region = @region AND name = @name AND version = last`, k.args()).Scan(&number, &described)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	last, err := versionRow(ctx, tx, k, number)
	if err != nil || last == nil {
		return nil, err
	}
	was := last.Config
	was.Description = described
	if last.Code != latest.Code || !sameConfig(was, latest.Config) {
		return nil, nil
	}
	return last, nil
}

// sameConfig compares configurations; no variables and an empty list of them are the same.
func sameConfig(a, b Config) bool {
	for _, c := range []*Config{&a, &b} {
		if len(c.Environment) == 0 {
			c.Environment = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// DeleteVersion removes a published version with its policy. One that does not exist is no error (measured on AWS in 2026-08);
// one that an alias names is a conflict.
func (s *Store) DeleteVersion(ctx context.Context, k Key, number string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lock(ctx, tx, k); err != nil {
			return err
		}
		args := policyArgs(k, number)
		rows, err := tx.Query(ctx, `SELECT alias FROM function.aliases WHERE account = @account AND region = @region AND name = @name
			AND (version = @qualifier OR weights ? @qualifier) ORDER BY alias`, args)
		if err != nil {
			return err
		}
		aliases, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		if len(aliases) > 0 {
			return fault.New(fault.Conflict, "Unable to delete version because the following aliases reference it: %s", list(aliases))
		}
		if _, err := tx.Exec(ctx, `DELETE FROM function.versions WHERE account = @account AND region = @region AND name = @name AND version::text = @qualifier`, args); err != nil {
			return err
		}
		s.changed(tx, k, number)
		if err := s.dropQualifier(ctx, tx, k, number); err != nil {
			return err
		}
		return blob.Delete(ctx, tx, codeID(k, number))
	})
}

// dropQualifier removes what hangs on a version or an alias.
func (s *Store) dropQualifier(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) error {
	if err := deletePolicy(ctx, tx, k, qualifier); err != nil {
		return err
	}
	if err := s.forgetAll(ctx, tx, k, qualifier); err != nil {
		return err
	}
	for _, table := range []string{"provisioned", "runtime_updates"} {
		if _, err := tx.Exec(ctx, `DELETE FROM function.`+table+` WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier`,
			policyArgs(k, qualifier)); err != nil {
			return err
		}
	}
	return nil
}

// Versions returns $LATEST and the published versions of a function, in the order of their numbers.
func (s *Store) Versions(ctx context.Context, k Key) ([]Version, error) {
	latest, _, err := s.Get(ctx, k)
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT version::text, config, code_sha, code_size, modified, revision FROM function.versions
		WHERE account = @account AND region = @region AND name = @name ORDER BY version`, k.args())
	if err != nil {
		return nil, err
	}
	all := []Version{*latest}
	v := Version{Account: k.Account, Region: k.Region, Name: k.Name, State: "Active", UpdateStatus: "Successful"}
	_, err = pgx.ForEachRow(rows, []any{&v.Version, &v.Config, &v.Code.SHA256, &v.Code.Size, &v.LastModified, &v.RevisionID}, func() error {
		one := v
		one.LastModified = v.LastModified.UTC()
		all = append(all, one)
		v.Config = Config{}
		return nil
	})
	return all, err
}
