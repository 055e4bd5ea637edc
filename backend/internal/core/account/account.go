// Package account keeps what an organization says about its accounts: the organization's id and the account's place in it,
// whether the account manages the organization, and the service control policies (SCPs) and resource control policies (RCPs)
// that apply to it.
//
// Accounts exist without being described: one that nobody has described belongs to no organization, and nothing narrows it.
// There is no Organizations API here; descriptions come through the control API. authz reads them for every decision: the
// SCPs of the caller's account, the RCPs of the account that owns the resource.
//
// Levels of SCPs are the root of the organization, the organizational units on the way, and the account itself. A principal
// needs an allow at every level; within a level one policy is enough. RCPs only deny: AWS's own RCPFullAWSAccess allows the
// rest everywhere and cannot be detached, so it need not be given.
//
// Sources: the AWS Organizations User Guide, service control policies and resource control policies.
package account

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the table of accounts.
var Schema = postgres.Schema{Name: "account", Files: files}

// Account is what an organization says about an account.
type Account struct {
	ID               string // twelve digits
	OrganizationID   string // o-…; "" for an account outside of any organization
	OrganizationPath string // aws:PrincipalOrgPaths: o-…/r-…/ou-…/; "" where it was not given
	Management       bool   // SCPs and RCPs do not apply to it
	SCPs             [][]string
	RCPs             []string
}

// Organized is an account, ready for decisions.
type Organized struct {
	Account
	ServiceControl  [][]policy.Source
	ResourceControl []policy.Source
}

// Store keeps accounts. It is safe for concurrent use.
type Store struct {
	db *postgres.DB

	mu        sync.Mutex
	revision  uint64
	accounts  map[string]*Organized
	listeners []func(account string)
}

// New returns a store over db.
func New(db *postgres.DB) *Store { return &Store{db: db, accounts: map[string]*Organized{}} }

// OnChange registers f to be called after every committed change. An organization's other accounts may be touched by it
// (conditions compare organizations), so f gets "" for all of them.
func (s *Store) OnChange(f func(account string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, f)
}

func (s *Store) changed(tx *postgres.Tx) {
	tx.AfterCommit(func() {
		s.mu.Lock()
		s.revision++
		clear(s.accounts)
		listeners := slices.Clone(s.listeners)
		s.mu.Unlock()
		for _, f := range listeners {
			f("")
		}
	})
}

// Put describes an account, and replaces what was said before. A description that contradicts itself, or a policy that
// Organizations would refuse, is a fault of kind Invalid.
func (s *Store) Put(ctx context.Context, a Account) error {
	if err := a.check(); err != nil {
		return err
	}
	if a.SCPs == nil {
		a.SCPs = [][]string{}
	}
	if a.RCPs == nil {
		a.RCPs = []string{}
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		s.changed(tx)
		_, err := tx.Exec(ctx, `INSERT INTO account.accounts (id, organization_id, organization_path, management, scps, rcps)
			VALUES (@id, @organization, @path, @management, @scps, @rcps)
			ON CONFLICT (id) DO UPDATE SET organization_id = excluded.organization_id, organization_path = excluded.organization_path,
				management = excluded.management, scps = excluded.scps, rcps = excluded.rcps`,
			pgx.NamedArgs{"id": a.ID, "organization": a.OrganizationID, "path": a.OrganizationPath, "management": a.Management,
				"scps": a.SCPs, "rcps": a.RCPs})
		return err
	})
}

// Delete forgets what was said about an account. A fault of kind NotFound says that nothing was.
func (s *Store) Delete(ctx context.Context, id string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		s.changed(tx)
		tag, err := tx.Exec(ctx, `DELETE FROM account.accounts WHERE id = @id`, pgx.NamedArgs{"id": id})
		if err == nil && tag.RowsAffected() == 0 {
			return undescribed(id)
		}
		return err
	})
}

func undescribed(id string) error {
	return fault.New(fault.NotFound, "account %s has not been described: it is in no organization", id)
}

// Get returns a described account. A fault of kind NotFound says that it was not.
func (s *Store) Get(ctx context.Context, id string) (*Account, error) {
	o, err := s.Organized(ctx, id)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, undescribed(id)
	}
	a := o.Account
	return &a, nil
}

// List returns the described accounts, by id.
func (s *Store) List(ctx context.Context) ([]Account, error) {
	rows, err := s.db.Query(ctx, `SELECT id, organization_id, organization_path, management, scps, rcps FROM account.accounts ORDER BY id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Account])
}

// Organized returns an account for a decision; nil for one that nobody has described. It comes from the cache after the
// first time.
func (s *Store) Organized(ctx context.Context, id string) (*Organized, error) {
	s.mu.Lock()
	o, known := s.accounts[id]
	revision := s.revision
	s.mu.Unlock()
	if known {
		return o, nil
	}
	o, err := s.load(ctx, id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision == revision { // nothing changed while we read
		s.accounts[id] = o
	}
	return o, nil
}

func (s *Store) load(ctx context.Context, id string) (*Organized, error) {
	rows, err := s.db.Query(ctx, `SELECT id, organization_id, organization_path, management, scps, rcps FROM account.accounts WHERE id = @id`,
		pgx.NamedArgs{"id": id})
	if err != nil {
		return nil, err
	}
	a, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Account])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return organize(a)
}

// organize parses the policies. They were checked when they were written.
func organize(a Account) (*Organized, error) {
	o := &Organized{Account: a}
	for i, level := range a.SCPs {
		var sources []policy.Source
		for j, text := range level {
			d, err := policy.Parse([]byte(text))
			if err != nil {
				return nil, err
			}
			sources = append(sources, policy.Source{Name: fmt.Sprintf("the service control policy %d of level %d of account %s", j+1, i+1, a.ID), Document: d})
		}
		o.ServiceControl = append(o.ServiceControl, sources)
	}
	for i, text := range a.RCPs {
		d, err := policy.Parse([]byte(text))
		if err != nil {
			return nil, err
		}
		o.ResourceControl = append(o.ResourceControl, policy.Source{Name: fmt.Sprintf("the resource control policy %d of account %s", i+1, a.ID), Document: d})
	}
	return o, nil
}

// Forget drops what was said about an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, id string) error {
	s.changed(tx)
	_, err := tx.Exec(ctx, `DELETE FROM account.accounts WHERE @id = '' OR id = @id`, pgx.NamedArgs{"id": id})
	return err
}
