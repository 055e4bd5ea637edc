package logs

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// LogGroup is a log group: one that somebody made, or one that is there because a function has written to it.
type LogGroup struct {
	Account, Region, Name string
	Class                 string // STANDARD, INFREQUENT_ACCESS or DELIVERY
	Retention             int    // days; 0: events are kept
	Protected             bool   // against deletion
	Tags                  map[string]string
	Created               time.Time
	Bytes                 int64 // of messages
}

var (
	errGroupExists = fault.New(fault.Exists, "The specified log group already exists")
	errNoGroup     = fault.New(fault.NotFound, "The specified log group does not exist.")
)

// groups is every group: those that were made, and those that were written to. A fixed subquery, with the account and the
// region as parameters.
const groups = `(
	SELECT account, region, name, class, retention, protected, tags, created FROM logs.groups WHERE account = @account AND region = @region
	UNION ALL
	SELECT account, region, log_group, 'STANDARD', 0, false, '{}', min(at) FROM logs.events e WHERE account = @account AND region = @region AND NOT withheld
		AND NOT EXISTS (SELECT FROM logs.groups g WHERE g.account = e.account AND g.region = e.region AND g.name = e.log_group)
	GROUP BY account, region, log_group) g`

func scanGroup(row pgx.CollectableRow) (*LogGroup, error) {
	g := &LogGroup{}
	err := row.Scan(&g.Account, &g.Region, &g.Name, &g.Class, &g.Retention, &g.Protected, &g.Tags, &g.Created, &g.Bytes)
	g.Created = g.Created.UTC()
	return g, err
}

const groupColumns = `account, region, name, class, retention, protected, tags, created,
	(SELECT coalesce(sum(length(message)), 0) FROM logs.events e WHERE e.account = g.account AND e.region = g.region AND e.log_group = g.name AND NOT withheld)`

// Groups lists groups by name, after one, those that begin with a prefix or contain a text.
func (s *Store) Groups(ctx context.Context, account, region, prefix, part, after string, limit int) ([]*LogGroup, error) {
	if err := s.behind.Flush(ctx); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+groupColumns+` FROM `+groups+` WHERE starts_with(name, @prefix) AND strpos(lower(name), lower(@part)) > 0
		AND name > @after ORDER BY name COLLATE "C" LIMIT @limit`,
		pgx.NamedArgs{"account": account, "region": region, "prefix": prefix, "part": part, "after": after, "limit": limit})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanGroup)
}

// Group finds a group by name.
func (s *Store) Group(ctx context.Context, account, region, name string) (*LogGroup, error) {
	if err := s.behind.Flush(ctx); err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, `SELECT `+groupColumns+` FROM `+groups+` WHERE name = @name`,
		pgx.NamedArgs{"account": account, "region": region, "name": name})
	if err != nil {
		return nil, err
	}
	g, err := pgx.CollectExactlyOneRow(rows, scanGroup)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, s.noGroup(ctx, account, region, name)
	}
	return g, err
}

// noGroup says that there is no such group, and where functions would have written to it, why there is none.
func (s *Store) noGroup(ctx context.Context, account, region, name string) error {
	var withheld bool
	err := s.db.QueryRow(ctx, `SELECT EXISTS (SELECT FROM logs.events WHERE account = @account AND region = @region AND log_group = @name)`,
		pgx.NamedArgs{"account": account, "region": region, "name": name}).Scan(&withheld)
	if err != nil || !withheld {
		return cmp.Or(err, error(errNoGroup))
	}
	return &fault.Error{Kind: errNoGroup.Kind, Message: errNoGroup.Message,
		Detail: "a function has written to it, but its execution role may not: AWS drops what it wrote. GET /_lambdasim/refusals says which rights are missing"}
}

// CreateGroup makes a group. One that a function has written to is there already.
func (s *Store) CreateGroup(ctx context.Context, g *LogGroup) error {
	if _, err := s.Group(ctx, g.Account, g.Region, g.Name); !fault.Is(err, fault.NotFound) {
		if err == nil {
			return errGroupExists
		}
		return err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		g.Created = tx.Now
		_, err := tx.Exec(ctx, `INSERT INTO logs.groups (account, region, name, class, retention, protected, tags, created)
			VALUES (@account, @region, @name, @class, @retention, @protected, @tags, @now)`, g.arguments(tx.Now))
		tx.AfterCommit(s.groupsChanged)
		return err
	})
	if postgres.IsUnique(err) {
		return errGroupExists
	}
	return err
}

func (g *LogGroup) arguments(now time.Time) pgx.NamedArgs {
	tags := g.Tags
	if tags == nil {
		tags = map[string]string{}
	}
	return pgx.NamedArgs{"account": g.Account, "region": g.Region, "name": g.Name, "class": g.Class, "retention": g.Retention,
		"protected": g.Protected, "tags": tags, "now": now}
}

// ChangeGroup writes what change makes of a group.
func (s *Store) ChangeGroup(ctx context.Context, account, region, name string, change func(*LogGroup) error) error {
	g, err := s.Group(ctx, account, region, name)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		// The row is locked, so that two changes do not undo one another; a group that is only written to gets its row now.
		if _, err := tx.Exec(ctx, `INSERT INTO logs.groups (account, region, name, class, retention, protected, tags, created)
			VALUES (@account, @region, @name, @class, @retention, @protected, @tags, @now) ON CONFLICT DO NOTHING`, g.arguments(g.Created)); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT retention, protected, tags FROM logs.groups WHERE account = @account AND region = @region AND name = @name FOR UPDATE`,
			g.arguments(g.Created)).Scan(&g.Retention, &g.Protected, &g.Tags); err != nil {
			return err
		}
		if err := change(g); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE logs.groups SET retention = @retention, protected = @protected, tags = @tags
			WHERE account = @account AND region = @region AND name = @name`, g.arguments(g.Created))
		return err
	})
}

// DeleteGroup removes a group with its events. One that is protected is a fault of kind Invalid.
func (s *Store) DeleteGroup(ctx context.Context, account, region, name string) error {
	g, err := s.Group(ctx, account, region, name)
	if err != nil {
		return err
	}
	if g.Protected {
		return fault.New(fault.Invalid, "Log group %s is protected against deletion: turn its deletion protection off first", name)
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		for _, sql := range []string{`DELETE FROM logs.events WHERE account = @account AND region = @region AND log_group = @name`,
			`DELETE FROM logs.subscriptions WHERE account = @account AND region = @region AND log_group = @name`,
			`DELETE FROM logs.groups WHERE account = @account AND region = @region AND name = @name`} {
			if _, err := tx.Exec(ctx, sql, g.arguments(tx.Now)); err != nil {
				return err
			}
		}
		tx.AfterCommit(s.groupsChanged)
		tx.AfterCommit(s.forgetSubscribed)
		return nil
	})
}
