package invoke

import (
	"context"
	"embed"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of asynchronous invocation.
var Schema = postgres.Schema{Name: "invoke", Files: files}

// EventConfig says how asynchronous events of one function, version or alias are handled (FunctionEventInvokeConfig).
type EventConfig struct {
	Function  function.Key
	Qualifier string // $LATEST, a version's number or an alias
	// Retries is how many further attempts follow a function error, 0 to 2; nil: 2.
	Retries *int32
	// MaxAge is how long an event may live, in seconds, 60 to 21,600; nil: six hours.
	MaxAge *int32
	// OnSuccess and OnFailure are the ARNs of destinations for records; "" where there is none.
	OnSuccess, OnFailure string
	Modified             time.Time
}

// ARN is the qualified ARN that the configuration belongs to.
func (c *EventConfig) ARN() string {
	return arn.QualifiedFunction(c.Function.Region, c.Function.Account, c.Function.Name, c.Qualifier)
}

// retries is how many further attempts follow a function error. A function without configuration has the defaults.
func (c *EventConfig) retries() int {
	if c == nil || c.Retries == nil {
		return DefaultRetries
	}
	return int(*c.Retries)
}

func (c *EventConfig) maxAge() time.Duration {
	if c == nil || c.MaxAge == nil {
		return DefaultMaxAge
	}
	return time.Duration(*c.MaxAge) * time.Second
}

// EventConfigs keeps the configurations. They are read at every attempt, so they are served from a cache of what was last
// committed.
type EventConfigs struct {
	db *postgres.DB

	mu       sync.Mutex
	revision uint64
	cache    map[function.Key]map[string]*EventConfig
}

// NewEventConfigs returns the configurations in db.
func NewEventConfigs(db *postgres.DB) *EventConfigs {
	return &EventConfigs{db: db, cache: map[function.Key]map[string]*EventConfig{}}
}

const eventColumns = `account, region, name, qualifier, retries, max_age, on_success, on_failure, modified`

func scanEventConfig(row pgx.CollectableRow) (*EventConfig, error) {
	c := &EventConfig{}
	err := row.Scan(&c.Function.Account, &c.Function.Region, &c.Function.Name, &c.Qualifier, &c.Retries, &c.MaxAge, &c.OnSuccess, &c.OnFailure, &c.Modified)
	c.Modified = c.Modified.UTC()
	return c, err
}

func eventArgs(k function.Key, qualifier string) pgx.NamedArgs {
	return pgx.NamedArgs{"account": k.Account, "region": k.Region, "name": k.Name, "qualifier": qualifier}
}

// List returns the configurations of a function, by qualifier.
func (s *EventConfigs) List(ctx context.Context, k function.Key) ([]*EventConfig, error) {
	rows, err := s.db.Query(ctx, `SELECT `+eventColumns+` FROM invoke.event_configs
		WHERE account = @account AND region = @region AND name = @name ORDER BY qualifier`, eventArgs(k, ""))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanEventConfig)
}

// Get returns the configuration of a qualifier ("" is $LATEST), nil when there is none.
func (s *EventConfigs) Get(ctx context.Context, k function.Key, qualifier string) (*EventConfig, error) {
	if qualifier == "" {
		qualifier = function.Latest
	}
	s.mu.Lock()
	known, hit := s.cache[k]
	revision := s.revision
	s.mu.Unlock()
	if hit {
		return known[qualifier], nil
	}
	list, err := s.List(ctx, k)
	if err != nil {
		return nil, err
	}
	known = make(map[string]*EventConfig, len(list))
	for _, c := range list {
		known[c.Qualifier] = c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision == revision { // nothing changed while we read
		s.cache[k] = known
	}
	return known[qualifier], nil
}

// Set makes the configuration of a qualifier what change makes of it: nil goes in when there is none, and a fault of kind
// NotFound may come out to say that there must be one.
func (s *EventConfigs) Set(ctx context.Context, k function.Key, qualifier string, change func(old *EventConfig) (*EventConfig, error)) (*EventConfig, error) {
	var c *EventConfig
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM invoke.event_configs
			WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier FOR UPDATE`, eventArgs(k, qualifier))
		if err != nil {
			return err
		}
		old, err := pgx.CollectExactlyOneRow(rows, scanEventConfig)
		if errors.Is(err, pgx.ErrNoRows) {
			old, err = nil, nil
		}
		if err != nil {
			return err
		}
		if c, err = change(old); err != nil {
			return err
		}
		c.Function, c.Qualifier, c.Modified = k, qualifier, tx.Now
		args := eventArgs(k, qualifier)
		args["retries"], args["age"], args["success"], args["failure"], args["now"] = c.Retries, c.MaxAge, c.OnSuccess, c.OnFailure, tx.Now
		s.changed(tx)
		_, err = tx.Exec(ctx, `INSERT INTO invoke.event_configs (`+eventColumns+`)
			VALUES (@account, @region, @name, @qualifier, @retries, @age, @success, @failure, @now)
			ON CONFLICT (account, region, name, qualifier) DO UPDATE SET retries = @retries, max_age = @age, on_success = @success,
				on_failure = @failure, modified = @now`, args)
		return err
	})
	return c, err
}

// Delete removes a configuration; a fault of kind NotFound says that there was none.
func (s *EventConfigs) Delete(ctx context.Context, k function.Key, qualifier string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM invoke.event_configs
			WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier`, eventArgs(k, qualifier))
		if err == nil && tag.RowsAffected() == 0 {
			err = fault.New(fault.NotFound, "The function %s doesn't have an EventInvokeConfig", arn.QualifiedFunction(k.Region, k.Account, k.Name, qualifier))
		}
		s.changed(tx)
		return err
	})
}

// Forget removes what belongs to a function (qualifier "") or to one of its versions or aliases, which are being deleted in
// the transaction.
func (s *EventConfigs) Forget(ctx context.Context, tx *postgres.Tx, k function.Key, qualifier string) error {
	s.changed(tx)
	_, err := tx.Exec(ctx, `DELETE FROM invoke.event_configs WHERE account = @account AND region = @region AND name = @name
		AND (@qualifier = '' OR qualifier = @qualifier)`, eventArgs(k, qualifier))
	return err
}

func (s *EventConfigs) changed(tx *postgres.Tx) {
	tx.AfterCommit(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.revision++
		clear(s.cache)
	})
}
