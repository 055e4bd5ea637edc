package events

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/pattern"
)

const defaultBus = "default"

// busKey says which bus.
type busKey struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	Bus     string `json:"bus"`
}

func (k busKey) arn() string { return arn.EventBus(k.Region, k.Account, k.Bus) }

func (k busKey) rule(name string) ruleKey { return ruleKey{k, name} }

func (k busKey) arguments() pgx.NamedArgs {
	return pgx.NamedArgs{"account": k.Account, "region": k.Region, "bus": k.Bus}
}

// ruleKey says which rule.
type ruleKey struct {
	busKey
	Name string `json:"name"`
}

func (k ruleKey) arn() string {
	if k.Bus == defaultBus {
		return arn.EventRule(k.Region, k.Account, k.Name)
	}
	return arn.EventRule(k.Region, k.Account, k.Bus+"/"+k.Name)
}

func (k ruleKey) arguments() pgx.NamedArgs {
	args := k.busKey.arguments()
	args["name"] = k.Name
	return args
}

// place is the bus that a call names, or whose ARN it gives; the caller's default bus where it says nothing.
func place(ctx context.Context, nameOrARN *string) busKey {
	call := wire.CallFrom(ctx)
	name := aws.ToString(nameOrARN)
	if name == "" {
		name = defaultBus
	}
	if k, err := parseBus(name); err == nil {
		return k
	}
	return busKey{call.Account, call.Region, name}
}

func parseBus(text string) (busKey, error) {
	parsed, err := arn.Parse(text)
	name, ok := strings.CutPrefix(parsed.Resource, "event-bus/")
	if err != nil || !ok || parsed.Service != "events" {
		return busKey{}, fault.New(fault.NotFound, "%s is not an event bus's ARN", text)
	}
	return busKey{parsed.Account, parsed.Region, name}, nil
}

// own is place for what nobody may do on another account's bus here.
func own(ctx context.Context, operation string, nameOrARN *string) (busKey, error) {
	k := place(ctx, nameOrARN)
	if k.Account != wire.CallFrom(ctx).Account {
		return k, unsupported(operation, "a bus of another account, which is what EventBusName "+aws.ToString(nameOrARN)+" names, as the place")
	}
	return k, nil
}

// bus is an event bus as it was last committed.
type bus struct {
	busKey
	description, policy string
	tags                map[string]string
	created, modified   time.Time
}

func noBus(name string) error { return fault.New(fault.NotFound, "Event bus %s does not exist.", name) }

const busColumns = `account, region, name, description, policy, tags, created, modified`

func scanBus(row pgx.CollectableRow) (*bus, error) {
	b := &bus{}
	err := row.Scan(&b.Account, &b.Region, &b.Bus, &b.description, &b.policy, &b.tags, &b.created, &b.modified)
	return b, err
}

// querier reads from a table, in a transaction or outside.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// bus returns a bus. The default one is always there.
func (a *API) bus(ctx context.Context, db querier, k busKey) (*bus, error) {
	rows, err := db.Query(ctx, `SELECT `+busColumns+` FROM events.buses WHERE account = @account AND region = @region AND name = @bus`, k.arguments())
	if err != nil {
		return nil, err
	}
	b, err := pgx.CollectExactlyOneRow(rows, scanBus)
	if !errors.Is(err, pgx.ErrNoRows) {
		return b, err
	}
	if k.Bus != defaultBus {
		return nil, noBus(k.Bus)
	}
	return &bus{busKey: k, tags: map[string]string{}}, nil
}

// changeBus writes what change makes of a bus. Two changes do not undo one another.
func (a *API) changeBus(ctx context.Context, k busKey, change func(*bus) error) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := lock(ctx, tx, k); err != nil {
			return err
		}
		b, err := a.bus(ctx, tx, k)
		if err == nil {
			err = change(b)
		}
		if err != nil {
			return err
		}
		return writeBus(ctx, tx, b)
	})
}

// lock holds a bus until the commit, also one that has no row yet.
func lock(ctx context.Context, tx *postgres.Tx, k busKey) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended(@key, 7))`, pgx.NamedArgs{"key": k.arn()})
	return err
}

func writeBus(ctx context.Context, tx *postgres.Tx, b *bus) error {
	args := b.arguments()
	maps.Copy(args, pgx.NamedArgs{"description": b.description, "policy": b.policy, "tags": b.tags, "now": tx.Now})
	_, err := tx.Exec(ctx, `
		INSERT INTO events.buses (account, region, name, description, policy, tags, created, modified)
		VALUES (@account, @region, @bus, @description, @policy, @tags, @now, @now)
		ON CONFLICT (account, region, name) DO UPDATE SET description = excluded.description, policy = excluded.policy, tags = excluded.tags,
			modified = excluded.modified`, args)
	return err
}

// rule is a rule as it was last committed. It is shared: nobody changes it.
type rule struct {
	ruleKey
	description, pattern, schedule, state, role string
	targets                                     []types.Target
	tags                                        map[string]string
	turn                                        string

	compiled *pattern.Pattern // nil without a pattern
}

func (r *rule) enabled() bool { return r.state != string(types.RuleStateDisabled) }

func noRule(k ruleKey) error {
	return fault.New(fault.NotFound, "Rule %s does not exist on EventBus %s.", k.Name, k.Bus)
}

const ruleColumns = `account, region, bus, name, description, pattern, schedule, state, role, targets, tags, turn`

func scanRule(row pgx.CollectableRow) (*rule, error) {
	r := &rule{}
	var targets []byte
	err := row.Scan(&r.Account, &r.Region, &r.Bus, &r.Name, &r.description, &r.pattern, &r.schedule, &r.state, &r.role, &targets, &r.tags, &r.turn)
	if err != nil {
		return nil, err
	}
	if r.pattern != "" {
		if r.compiled, err = pattern.Compile(r.pattern, pattern.EventBridge); err != nil {
			return nil, err
		}
	}
	return r, json.Unmarshal(targets, &r.targets)
}

// rulesOf are the rules of a bus, by name.
func (a *API) rulesOf(ctx context.Context, k busKey) ([]*rule, error) {
	a.mu.Lock()
	list, ok := a.rules[k]
	before := a.reads
	a.mu.Unlock()
	if ok {
		return list, nil
	}
	rows, err := a.DB.Query(ctx, `SELECT `+ruleColumns+` FROM events.rules WHERE account = @account AND region = @region AND bus = @bus ORDER BY name COLLATE "C"`,
		k.arguments())
	if err != nil {
		return nil, err
	}
	if list, err = pgx.CollectRows(rows, scanRule); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.reads == before {
		a.rules[k] = list
	}
	return list, nil
}

// changed drops what was read: after the commit of any change.
func (a *API) changed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.rules)
	a.reads++
}

// rule returns a rule.
func (a *API) rule(ctx context.Context, k ruleKey) (*rule, error) {
	list, err := a.rulesOf(ctx, k.busKey)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(r *rule) bool { return r.Name == k.Name })
	if i < 0 {
		return nil, noRule(k)
	}
	return list[i], nil
}

// changeRule writes what change makes of a rule, or of a new one where there is none and fresh is set.
func (a *API) changeRule(ctx context.Context, k ruleKey, fresh bool, change func(*rule) error) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := lock(ctx, tx, k.busKey); err != nil {
			return err
		}
		if _, err := a.bus(ctx, tx, k.busKey); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT `+ruleColumns+` FROM events.rules WHERE account = @account AND region = @region AND bus = @bus AND name = @name`, k.arguments())
		if err != nil {
			return err
		}
		r, err := pgx.CollectExactlyOneRow(rows, scanRule)
		switch {
		case errors.Is(err, pgx.ErrNoRows) && fresh:
			r = &rule{ruleKey: k, tags: map[string]string{}}
		case errors.Is(err, pgx.ErrNoRows):
			return noRule(k)
		case err != nil:
			return err
		}
		was := *r
		if err := change(r); err != nil {
			return err
		}
		if r.schedule != was.schedule || r.enabled() != was.enabled() {
			if err := a.reschedule(ctx, tx, r); err != nil {
				return err
			}
		}
		tx.AfterCommit(a.changed)
		return writeRule(ctx, tx, r)
	})
}

func writeRule(ctx context.Context, tx *postgres.Tx, r *rule) error {
	if r.targets == nil {
		r.targets = []types.Target{}
	}
	targets, err := json.Marshal(r.targets)
	if err != nil {
		return err
	}
	args := r.arguments()
	maps.Copy(args, pgx.NamedArgs{"description": r.description, "pattern": r.pattern, "schedule": r.schedule, "state": r.state, "role": r.role,
		"targets": targets, "tags": r.tags, "turn": r.turn})
	_, err = tx.Exec(ctx, `
		INSERT INTO events.rules (account, region, bus, name, description, pattern, schedule, state, role, targets, tags, turn)
		VALUES (@account, @region, @bus, @name, @description, @pattern, @schedule, @state, @role, @targets, @tags, @turn)
		ON CONFLICT (account, region, bus, name) DO UPDATE SET description = excluded.description, pattern = excluded.pattern,
			schedule = excluded.schedule, state = excluded.state, role = excluded.role, targets = excluded.targets, tags = excluded.tags, turn = excluded.turn`, args)
	return err
}
