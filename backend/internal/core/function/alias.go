package function

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// DetailNoType marks the refusals that AWS was recorded to send without the member Type.
const DetailNoType = "no type"

// list is a list of names as AWS prints it.
func list(names []string) string { return "[" + strings.Join(names, ", ") + "]" }

func aliasRow(ctx context.Context, db querier, k Key, name string) (*Alias, error) {
	args := k.args()
	args["alias"] = name
	a := &Alias{Name: name}
	err := db.QueryRow(ctx, `SELECT version, description, weights, revision FROM function.aliases
		WHERE account = @account AND region = @region AND name = @name AND alias = @alias`, args).Scan(&a.Version, &a.Description, &a.Weights, &a.RevisionID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noAlias(k, name)
	}
	return a, err
}

// CreateAlias makes an alias and gives it a revision.
func (s *Store) CreateAlias(ctx context.Context, k Key, a Alias) (*Alias, error) {
	a.RevisionID = s.ids.UUID()
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lock(ctx, tx, k); err != nil {
			return notFoundAs(err, arn.FunctionRef{Account: k.Account, Region: k.Region, Name: k.Name, Qualifier: a.Version})
		}
		first, err := target(ctx, tx, k, a.Version)
		if err != nil {
			return err
		}
		switch _, err := aliasRow(ctx, tx, k, a.Name); {
		case err == nil:
			return fault.New(fault.Exists, "Alias already exists: %s", arn.QualifiedFunction(k.Region, k.Account, k.Name, a.Name))
		case !fault.Is(err, fault.NotFound):
			return err
		}
		if err := checkWeights(ctx, tx, k, &a, first); err != nil {
			return err
		}
		return s.writeAlias(ctx, tx, k, &a)
	})
	return &a, err
}

// UpdateAlias changes an alias. A revision that is not "" must be the current one. Every update gives it a new revision.
func (s *Store) UpdateAlias(ctx context.Context, k Key, name, revision string, change func(*Alias)) (*Alias, error) {
	var a *Alias
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := lock(ctx, tx, k)
		if err == nil {
			a, err = aliasRow(ctx, tx, k, name)
		}
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.NotFound, "Alias not found: %s", arn.QualifiedFunction(k.Region, k.Account, k.Name, name))
		}
		if err != nil {
			return err
		}
		if revision != "" && revision != a.RevisionID {
			return WrongRevision()
		}
		change(a)
		a.RevisionID = s.ids.UUID()
		first, err := target(ctx, tx, k, a.Version)
		if err != nil {
			return err
		}
		if err := checkWeights(ctx, tx, k, a, first); err != nil {
			return err
		}
		return s.writeAlias(ctx, tx, k, a)
	})
	return a, err
}

// target is a version that an alias is to lead to, which must exist.
func target(ctx context.Context, tx *postgres.Tx, k Key, version string) (*Version, error) {
	if version == Latest {
		return lock(ctx, tx, k)
	}
	ref := arn.FunctionRef{Account: k.Account, Region: k.Region, Name: k.Name, Qualifier: version}
	n, ok := number(version)
	if !ok {
		return nil, NotFound(ref.ARN())
	}
	v, err := versionRow(ctx, tx, k, n)
	if err == nil && v == nil {
		err = NotFound(ref.ARN())
	}
	return v, err
}

// checkWeights holds an alias that leads to two versions to the rules of weighted aliases.
func checkWeights(ctx context.Context, tx *postgres.Tx, k Key, a *Alias, first *Version) error {
	if len(a.Weights) > 1 {
		return fault.New(fault.Invalid, "Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for version := range a.Weights {
		if version == a.Version {
			return fault.New(fault.Invalid, "Invalid function version %s. Function version %s is already included in routing configuration.", version, version)
		}
		if a.Version == Latest {
			return &fault.Error{Kind: fault.Invalid, Detail: DetailNoType, Message: "$LATEST is not supported for an alias pointing to more than 1 version"}
		}
		other, err := target(ctx, tx, k, version)
		if err != nil {
			return err
		}
		if other.Role != first.Role {
			return fault.New(fault.Invalid, "The versions %s and %s have different execution roles (%s, %s): an alias can lead to two versions only if they have the same.",
				a.Version, version, first.Role, other.Role)
		}
		if other.DeadLetter != first.DeadLetter {
			return fault.New(fault.Invalid, "The versions %s and %s have different dead-letter queues (%q, %q): an alias can lead to two versions only if they have the same, or none.",
				a.Version, version, first.DeadLetter, other.DeadLetter)
		}
	}
	return nil
}

func (s *Store) writeAlias(ctx context.Context, tx *postgres.Tx, k Key, a *Alias) error {
	if a.Weights == nil {
		a.Weights = map[string]float64{}
	}
	args := k.args()
	args["alias"], args["version"], args["description"], args["weights"], args["revision"] = a.Name, a.Version, a.Description, a.Weights, a.RevisionID
	_, err := tx.Exec(ctx, `INSERT INTO function.aliases (account, region, name, alias, version, description, weights, revision)
		VALUES (@account, @region, @name, @alias, @version, @description, @weights, @revision)
		ON CONFLICT (account, region, name, alias) DO UPDATE SET version = excluded.version, description = excluded.description,
		weights = excluded.weights, revision = excluded.revision`, args)
	s.changed(tx, k, aliases)
	return err
}

// DeleteAlias removes an alias with its policy; one that does not exist is no error (recorded in 2025-11).
func (s *Store) DeleteAlias(ctx context.Context, k Key, name string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lock(ctx, tx, k); err != nil {
			return err
		}
		args := k.args()
		args["alias"] = name
		if _, err := tx.Exec(ctx, `DELETE FROM function.aliases WHERE account = @account AND region = @region AND name = @name AND alias = @alias`, args); err != nil {
			return err
		}
		s.changed(tx, k, aliases)
		return s.dropQualifier(ctx, tx, k, name)
	})
}

// Alias returns an alias; a fault of kind NotFound says that there is none.
func (s *Store) Alias(ctx context.Context, k Key, name string) (*Alias, error) {
	return aliasRow(ctx, s.db, k, name)
}

// Aliases returns a function's aliases by name; with a version only those that lead to it, or to it too.
func (s *Store) Aliases(ctx context.Context, k Key, version string) ([]Alias, error) {
	if _, err := s.load(ctx, k); err != nil {
		return nil, err
	}
	args := k.args()
	args["version"] = version
	rows, err := s.db.Query(ctx, `SELECT alias, version, description, weights, revision FROM function.aliases
		WHERE account = @account AND region = @region AND name = @name AND (@version = '' OR version = @version OR weights ? @version) ORDER BY alias`, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Alias])
}
