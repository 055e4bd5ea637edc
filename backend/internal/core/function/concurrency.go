package function

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

const (
	// AccountConcurrency is how many invocations of one account and region run at once (Lambda's default quota).
	AccountConcurrency = 1000
	// MinimumUnreserved is what reservations must leave to the functions that have none.
	MinimumUnreserved = 100
)

// DetailNotProvisioned marks the refusal that says that there is no provisioned concurrency.
const DetailNotProvisioned = "not provisioned"

// Limits say how many invocations of a function may run at once.
type Limits struct {
	Reserved    *int           // of the function, also its greatest concurrency; nil: it shares the account's
	Provisioned map[string]int // ready environments by version; they come on top of what is shared
	Total       int            // the sum of Provisioned: a reservation covers them
	Unreserved  int            // what the functions without a reservation share
}

// pool is what an account's reservations leave in a region.
type pool struct{ reserved, provisioned int }

func (p pool) unreserved() int { return AccountConcurrency - p.reserved - p.provisioned }

// Limits returns the limits of a function, from what is cached.
func (s *Store) Limits(ctx context.Context, k Key) (Limits, error) {
	c, err := s.load(ctx, k)
	if err != nil {
		return Limits{}, err
	}
	l := Limits{Reserved: c.reserved}
	if len(c.provisioned) > 0 {
		l.Provisioned = map[string]int{}
	}
	for qualifier, n := range c.provisioned {
		version := qualifier
		if a := c.aliases[qualifier]; a != nil {
			version = a.Version
		}
		l.Provisioned[version] += n
		l.Total += n
	}
	here := Key{Account: k.Account, Region: k.Region}
	s.mu.Lock()
	p, known := s.pools[here]
	revision := s.revision
	s.mu.Unlock()
	if !known {
		if p, err = poolOf(ctx, s.db, k, ""); err != nil {
			return l, err
		}
		s.mu.Lock()
		if s.revision == revision {
			s.pools[here] = p
		}
		s.mu.Unlock()
	}
	l.Unreserved = p.unreserved()
	return l, nil
}

// poolOf sums up what the functions of an account and region have reserved and provisioned, the function but left out.
func poolOf(ctx context.Context, db querier, k Key, but string) (pool, error) {
	args := k.args()
	args["but"] = but
	var p pool
	err := db.QueryRow(ctx, `SELECT
		(SELECT coalesce(sum(reserved), 0) FROM function.functions WHERE account = @account AND region = @region AND name <> @but),
		(SELECT coalesce(sum(requested), 0) FROM function.provisioned p JOIN function.functions f USING (account, region, name)
			WHERE account = @account AND region = @region AND f.reserved IS NULL AND name <> @but)`, args).Scan(&p.reserved, &p.provisioned)
	return p, err
}

// lockPool makes the changes of an account's concurrency in a region come one after the other.
func lockPool(ctx context.Context, tx *postgres.Tx, k Key) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('function.pool ' || @account || ' ' || @region, 0))`, k.args())
	return err
}

// Reserved returns the reserved concurrency of a function; nil where it has none.
func (s *Store) Reserved(ctx context.Context, k Key) (*int, error) {
	c, err := s.load(ctx, k)
	if err != nil {
		return nil, err
	}
	return c.reserved, nil
}

// Reserve sets a function's reserved concurrency, or with nil takes it away.
func (s *Store) Reserve(ctx context.Context, k Key, n *int) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := lockPool(ctx, tx, k); err != nil {
			return err
		}
		if _, err := lock(ctx, tx, k); err != nil {
			return err
		}
		own, err := provisionedOf(ctx, tx, k, "")
		if err != nil {
			return err
		}
		others, err := poolOf(ctx, tx, k, k.Name)
		if err != nil {
			return err
		}
		switch {
		case n == nil:
		case *n < own:
			return fault.New(fault.Invalid, " ReservedConcurrentExecutions  %d should not be lower than function's total provisioned concurrency [%d].", *n, own)
		case others.unreserved()-*n < MinimumUnreserved:
			return tooMuch("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", MinimumUnreserved)
		}
		args := k.args()
		args["reserved"] = n
		_, err = tx.Exec(ctx, `UPDATE function.functions SET reserved = @reserved WHERE account = @account AND region = @region AND name = @name`, args)
		s.changed(tx, k, none)
		return err
	})
}

// tooMuch is a refusal for the account's concurrency, which AWS was recorded to send without a type.
func tooMuch(format string, n int) error {
	err := fault.New(fault.Invalid, format, n)
	err.Detail = DetailNoType
	return err
}

// provisionedOf sums up a function's provisioned concurrency, that of one qualifier left out.
func provisionedOf(ctx context.Context, tx *postgres.Tx, k Key, but string) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT coalesce(sum(requested), 0) FROM function.provisioned
		WHERE account = @account AND region = @region AND name = @name AND qualifier <> @qualifier`, policyArgs(k, but)).Scan(&n)
	return n, err
}

// Provisioned is the provisioned concurrency of a version or an alias.
type Provisioned struct {
	Qualifier string
	Requested int
	Modified  time.Time
}

// Provision sets the provisioned concurrency of a version or an alias. It is ready at once.
func (s *Store) Provision(ctx context.Context, k Key, qualifier string, n int) (*Provisioned, error) {
	p := &Provisioned{Qualifier: qualifier, Requested: n}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := lockPool(ctx, tx, k); err != nil {
			return err
		}
		if err := s.lockQualifier(ctx, tx, k, qualifier); err != nil {
			return err
		}
		if err := checkProvision(ctx, tx, k, qualifier, n); err != nil {
			return err
		}
		p.Modified = tx.Now
		args := policyArgs(k, qualifier)
		args["requested"], args["now"] = n, tx.Now
		_, err := tx.Exec(ctx, `INSERT INTO function.provisioned (account, region, name, qualifier, requested, modified)
			VALUES (@account, @region, @name, @qualifier, @requested, @now)
			ON CONFLICT (account, region, name, qualifier) DO UPDATE SET requested = excluded.requested, modified = excluded.modified`, args)
		s.changed(tx, k, none)
		return err
	})
	return p, err
}

// lockQualifier locks the function and says that there is such a version or alias.
func (s *Store) lockQualifier(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) error {
	_, err := lock(ctx, tx, k)
	if err == nil {
		_, err = exists(ctx, tx, k, qualifier)
	}
	if fault.Is(err, fault.NotFound) && IsAlias(qualifier) {
		return noAlias(k, qualifier)
	}
	return notFoundAs(err, arn.FunctionRef{Account: k.Account, Region: k.Region, Name: k.Name, Qualifier: qualifier})
}

// checkProvision holds a request for provisioned concurrency to its rules.
func checkProvision(ctx context.Context, tx *postgres.Tx, k Key, qualifier string, n int) error {
	if IsAlias(qualifier) {
		a, err := aliasRow(ctx, tx, k, qualifier)
		if err != nil {
			return err
		}
		if a.Version == Latest {
			return Unpublished()
		}
	}
	own, err := provisionedOf(ctx, tx, k, qualifier)
	if err != nil {
		return err
	}
	others, err := poolOf(ctx, tx, k, k.Name)
	if err != nil {
		return err
	}
	var reserved *int
	if err := tx.QueryRow(ctx, `SELECT reserved FROM function.functions WHERE account = @account AND region = @region AND name = @name`, k.args()).Scan(&reserved); err != nil {
		return err
	}
	switch left := others.unreserved(); {
	case reserved != nil && own+n > *reserved:
		return fault.New(fault.Invalid, "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function")
	case reserved == nil && own+n > left:
		return tooMuch("Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [%d].", left)
	case reserved == nil && left-own-n < MinimumUnreserved:
		return tooMuch("Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", MinimumUnreserved)
	}
	return provisionedTwice(ctx, tx, k, qualifier)
}

// provisionedTwice refuses what is provisioned by another name already.
func provisionedTwice(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) error {
	sql, message := `SELECT EXISTS (SELECT FROM function.aliases a JOIN function.provisioned p USING (account, region, name)
		WHERE account = @account AND region = @region AND name = @name AND a.version = @qualifier AND p.qualifier = a.alias)`, "Version is pointed by a Provisioned Concurrency alias"
	if IsAlias(qualifier) {
		sql, message = `SELECT EXISTS (SELECT FROM function.aliases a JOIN function.provisioned p USING (account, region, name)
			WHERE account = @account AND region = @region AND name = @name AND a.alias = @qualifier AND p.qualifier = a.version)`,
			"Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
	}
	var twice bool
	if err := tx.QueryRow(ctx, sql, policyArgs(k, qualifier)).Scan(&twice); err != nil {
		return err
	}
	if twice {
		return fault.New(fault.Conflict, "%s", message)
	}
	return nil
}

// Unpublished is Lambda's sentence for provisioned concurrency of what is not published.
func Unpublished() error {
	return fault.New(fault.Invalid, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
}

// Unprovision takes away the provisioned concurrency of a version or an alias; where there is none it is no error.
func (s *Store) Unprovision(ctx context.Context, k Key, qualifier string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := s.lockQualifier(ctx, tx, k, qualifier); err != nil {
			return err
		}
		s.changed(tx, k, none)
		_, err := tx.Exec(ctx, `DELETE FROM function.provisioned WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier`,
			policyArgs(k, qualifier))
		return err
	})
}

// ProvisionedBy returns the provisioned concurrency of a version or an alias.
func (s *Store) ProvisionedBy(ctx context.Context, k Key, qualifier string) (*Provisioned, error) {
	var found *Provisioned
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := s.lockQualifier(ctx, tx, k, qualifier); err != nil {
			return err
		}
		all, err := provisions(ctx, tx, k)
		for i := range all {
			if all[i].Qualifier == qualifier {
				found = &all[i]
			}
		}
		return err
	})
	if err == nil && found == nil {
		err = &fault.Error{Kind: fault.NotFound, Detail: DetailNotProvisioned, Message: "No Provisioned Concurrency Config found for this function"}
	}
	return found, err
}

// Provisioning lists the functions that have provisioned concurrency, of all accounts.
func (s *Store) Provisioning(ctx context.Context) ([]Key, error) {
	rows, err := s.db.Query(ctx, `SELECT DISTINCT account, region, name FROM function.provisioned ORDER BY account, region, name`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k Key, err error) {
		err = row.Scan(&k.Account, &k.Region, &k.Name)
		return k, err
	})
}

// Provisions returns the provisioned concurrency of a function's versions and aliases.
func (s *Store) Provisions(ctx context.Context, k Key) (all []Provisioned, err error) {
	if _, err := s.load(ctx, k); err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		all, err = provisions(ctx, tx, k)
		return err
	})
	return all, err
}

func provisions(ctx context.Context, tx *postgres.Tx, k Key) ([]Provisioned, error) {
	rows, err := tx.Query(ctx, `SELECT qualifier, requested, modified FROM function.provisioned
		WHERE account = @account AND region = @region AND name = @name ORDER BY qualifier`, k.args())
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Provisioned])
	for i := range all {
		all[i].Modified = all[i].Modified.UTC()
	}
	return all, err
}

// Usage is what an account has in a region.
type Usage struct {
	Functions  int64
	CodeSize   int64 // bytes of all packages, those of versions too
	Unreserved int
}

// Usage sums up an account's functions in a region.
func (s *Store) Usage(ctx context.Context, account, region string) (Usage, error) {
	k := Key{Account: account, Region: region}
	var u Usage
	err := s.db.QueryRow(ctx, `SELECT count(*), coalesce(sum(code_size), 0) + (SELECT coalesce(sum(v.code_size), 0) FROM function.versions v
		WHERE v.account = @account AND v.region = @region) FROM function.functions WHERE account = @account AND region = @region`, k.args()).
		Scan(&u.Functions, &u.CodeSize)
	if err != nil {
		return u, err
	}
	p, err := poolOf(ctx, s.db, k, "")
	u.Unreserved = p.unreserved()
	return u, err
}
