package function

import (
	"context"
	"embed"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of functions.
var Schema = postgres.Schema{Name: "function", Files: files}

// Key of a function.
type Key struct{ Account, Region, Name string }

// ARN is the function's unqualified ARN.
func (k Key) ARN() string { return arn.Function(k.Region, k.Account, k.Name) }

func (k Key) args() pgx.NamedArgs {
	return pgx.NamedArgs{"account": k.Account, "region": k.Region, "name": k.Name}
}

// Store keeps functions. It is safe for concurrent use.
type Store struct {
	db  *postgres.DB
	ids *ident.Source

	mu       sync.Mutex
	revision uint64
	cache    map[Key]*cached
	retire   []func(functionARN string)
	forget   []func(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) error
}

// cached is what an invocation needs of a function.
type cached struct {
	version *Version
	tags    map[string]string
	policy  *policy.Source // nil: it has none
}

// New returns a store over db.
func New(db *postgres.DB, ids *ident.Source) *Store {
	return &Store{db: db, ids: ids, cache: map[Key]*cached{}}
}

// OnRetire registers f to be called when a function's code or configuration has changed, or it is gone.
func (s *Store) OnRetire(f func(functionARN string)) { s.retire = append(s.retire, f) }

// OnDelete registers f to be called in the transaction in which a function is deleted, or (qualifier is not "") one of its
// versions or aliases: what others keep about it goes with it.
func (s *Store) OnDelete(f func(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) error) {
	s.forget = append(s.forget, f)
}

// forgetAll has what others keep about a function, or one of its versions or aliases, deleted.
func (s *Store) forgetAll(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) error {
	for _, f := range s.forget {
		if err := f(ctx, tx, k, qualifier); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) changed(tx *postgres.Tx, k Key, retires bool) {
	tx.AfterCommit(func() {
		s.mu.Lock()
		s.revision++
		delete(s.cache, k)
		s.mu.Unlock()
		if retires {
			for _, f := range s.retire {
				f(k.ARN())
			}
		}
	})
}

// NotFound is Lambda's sentence for a function that does not exist.
func NotFound(functionARN string) error {
	return fault.New(fault.NotFound, "Function not found: %s", functionARN)
}

// WrongRevision is Lambda's sentence for a revision id that is not the function's.
func WrongRevision() error {
	return fault.New(fault.Precondition, "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}

func (s *Store) load(ctx context.Context, k Key) (*cached, error) {
	s.mu.Lock()
	c, revision := s.cache[k], s.revision
	s.mu.Unlock()
	if c != nil {
		return c, nil
	}
	c, err := s.read(ctx, k)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revision == revision {
		s.cache[k] = c
	}
	return c, nil
}

func (s *Store) read(ctx context.Context, k Key) (*cached, error) {
	c := &cached{version: &Version{Account: k.Account, Region: k.Region, Name: k.Name, Version: Latest, State: "Active", UpdateStatus: "Successful"}}
	v := c.version
	var document *string
	err := s.db.QueryRow(ctx, `SELECT f.config, f.code_sha, f.code_size, f.modified, f.revision, f.generation, f.tags, p.document
		FROM function.functions f LEFT JOIN function.policies p USING (account, region, name)
		WHERE account = @account AND region = @region AND name = @name`, k.args()).
		Scan(&v.Config, &v.Code.SHA256, &v.Code.Size, &v.LastModified, &v.RevisionID, &v.Generation, &c.tags, &document)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, NotFound(k.ARN())
	}
	if err != nil {
		return nil, err
	}
	v.LastModified = v.LastModified.UTC()
	if document != nil {
		d, err := policy.Parse([]byte(*document))
		if err != nil {
			return nil, err
		}
		c.policy = &policy.Source{Name: "the policy of function " + k.Name, Document: d}
	}
	return c, nil
}

// Get returns the unpublished version of a function and its tags.
func (s *Store) Get(ctx context.Context, k Key) (*Version, map[string]string, error) {
	c, err := s.load(ctx, k)
	if err != nil {
		return nil, nil, err
	}
	v := *c.version
	return &v, c.tags, nil
}

// Resolve finds what a complete reference (region, account and name are known) leads to. Versions and aliases are not
// simulated: any qualifier but $LATEST is not found.
func (s *Store) Resolve(ctx context.Context, ref arn.FunctionRef) (*Resolved, error) {
	k := Key{ref.Account, ref.Region, ref.Name}
	if ref.Qualifier != "" && ref.Qualifier != Latest {
		return nil, NotFound(ref.ARN())
	}
	c, err := s.load(ctx, k)
	if err != nil {
		return nil, err
	}
	return &Resolved{Version: c.version, Qualifier: ref.Qualifier, InvokedARN: ref.ARN()}, nil
}

// List returns an account's functions in a region, by name.
func (s *Store) List(ctx context.Context, account, region string) ([]Version, error) {
	rows, err := s.db.Query(ctx, `SELECT name FROM function.functions WHERE account = @account AND region = @region ORDER BY name`,
		pgx.NamedArgs{"account": account, "region": region})
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	list := make([]Version, 0, len(names))
	for _, name := range names {
		v, _, err := s.Get(ctx, Key{account, region, name})
		if fault.Is(err, fault.NotFound) {
			continue // deleted since
		}
		if err != nil {
			return nil, err
		}
		list = append(list, *v)
	}
	return list, nil
}

// codeID is the id of a function's code among the blobs.
func codeID(k Key) string { return "function/" + k.ARN() }

// Create makes a function with its zip file. What it returns is in the state that the call's answer shows.
func (s *Store) Create(ctx context.Context, k Key, c Config, code Code, zip []byte, tags map[string]string) (*Version, error) {
	v := &Version{Account: k.Account, Region: k.Region, Name: k.Name, Version: Latest, Config: c, Code: code, RevisionID: s.ids.UUID(),
		State: "Pending", StateReason: "The function is being created.", StateCode: "Creating"}
	if tags == nil {
		tags = map[string]string{}
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		v.LastModified = tx.Now
		args := k.args()
		args["config"], args["sha"], args["size"], args["now"], args["tags"] = c, code.SHA256, code.Size, tx.Now, tags
		args["revision"] = s.ids.UUID() // becoming Active is a change
		if _, err := tx.Exec(ctx, `INSERT INTO function.functions (account, region, name, config, code_sha, code_size, modified, revision, generation, tags)
			VALUES (@account, @region, @name, @config, @sha, @size, @now, @revision, 1, @tags)`, args); err != nil {
			return err
		}
		s.changed(tx, k, true)
		return blob.Put(ctx, tx, codeID(k), zip)
	})
	if postgres.IsUnique(err) {
		return nil, fault.New(fault.Exists, "Function already exist: %s", k.Name)
	}
	return v, err
}

// Update changes a function's configuration (change) and code (zip, when not nil). A revision that is not "" must be the
// current one. What it returns is in the state that the call's answer shows.
func (s *Store) Update(ctx context.Context, k Key, revision string, change func(*Config) error, code *Code, zip []byte) (*Version, error) {
	v := &Version{Account: k.Account, Region: k.Region, Name: k.Name, Version: Latest, RevisionID: s.ids.UUID(), State: "Active",
		UpdateStatus: "InProgress", StateReason: "The function is being created.", StateCode: "Creating"}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		var current string
		err := tx.QueryRow(ctx, `SELECT config, code_sha, code_size, generation, revision FROM function.functions
			WHERE account = @account AND region = @region AND name = @name FOR UPDATE`, k.args()).
			Scan(&v.Config, &v.Code.SHA256, &v.Code.Size, &v.Generation, &current)
		if errors.Is(err, pgx.ErrNoRows) {
			return NotFound(k.ARN())
		}
		if err != nil {
			return err
		}
		if revision != "" && revision != current {
			return WrongRevision()
		}
		if err := change(&v.Config); err != nil {
			return err
		}
		if code != nil {
			v.Code = *code
			if err := blob.Put(ctx, tx, codeID(k), zip); err != nil {
				return err
			}
		}
		v.Generation++
		v.LastModified = tx.Now
		s.changed(tx, k, true)
		return update(ctx, tx, k, v, s.ids.UUID())
	})
	return v, err
}

func update(ctx context.Context, tx *postgres.Tx, k Key, v *Version, revision string) error {
	args := k.args()
	args["config"], args["sha"], args["size"], args["now"] = v.Config, v.Code.SHA256, v.Code.Size, v.LastModified
	args["generation"], args["revision"] = v.Generation, revision
	_, err := tx.Exec(ctx, `UPDATE function.functions SET config = @config, code_sha = @sha, code_size = @size, modified = @now,
		generation = @generation, revision = @revision WHERE account = @account AND region = @region AND name = @name`, args)
	return err
}

// SetTags replaces a function's tags by what change makes of them.
func (s *Store) SetTags(ctx context.Context, k Key, change func(map[string]string) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		var tags map[string]string
		err := tx.QueryRow(ctx, `SELECT tags FROM function.functions WHERE account = @account AND region = @region AND name = @name FOR UPDATE`, k.args()).Scan(&tags)
		if errors.Is(err, pgx.ErrNoRows) {
			return NotFound(k.ARN())
		}
		if err != nil {
			return err
		}
		if err := change(tags); err != nil {
			return err
		}
		args := k.args()
		args["tags"] = tags
		_, err = tx.Exec(ctx, `UPDATE function.functions SET tags = @tags WHERE account = @account AND region = @region AND name = @name`, args)
		s.changed(tx, k, false)
		return err
	})
}

// Delete removes a function with its code and its policy.
func (s *Store) Delete(ctx context.Context, k Key) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM function.functions WHERE account = @account AND region = @region AND name = @name`, k.args())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return NotFound(k.ARN())
		}
		s.changed(tx, k, true)
		if err := s.forgetAll(ctx, tx, k, ""); err != nil {
			return err
		}
		return blob.Delete(ctx, tx, codeID(k))
	})
}

// Code reads a function's zip file.
func (s *Store) Code(ctx context.Context, k Key) ([]byte, error) {
	return blob.Get(ctx, s.db, codeID(k))
}

// Forget drops the functions of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	rows, err := tx.Query(ctx, `DELETE FROM function.functions WHERE @account = '' OR account = @account RETURNING account, region, name`,
		pgx.NamedArgs{"account": account})
	if err != nil {
		return err
	}
	gone, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Key])
	for _, k := range gone {
		if err := blob.Delete(ctx, tx, codeID(k)); err != nil {
			return err
		}
		if err := s.forgetAll(ctx, tx, k, ""); err != nil {
			return err
		}
		s.changed(tx, k, true)
	}
	return err
}

// stamp formats an instant as Lambda's LastModified does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

// Modified is LastModified as the API spells it.
func (v *Version) Modified() string { return stamp(v.LastModified) }
