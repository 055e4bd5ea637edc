package function

import (
	"context"
	"embed"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/blob"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
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
	// Bind makes of a policy the one that is kept, which names users and roles by their unique ids, and Show makes of that the
	// one that is shown (identity does both). Nil ones leave a policy as it is. Set them before the store is used.
	Bind, Show func(ctx context.Context, document string) (string, error)

	db  *postgres.DB
	ids *ident.Source

	mu       sync.Mutex
	revision uint64
	cache    map[Key]*cached
	pools    map[Key]pool // by account and region
	retire   []func(functionARN, version string)
	change   []func(functionARN string)
	forget   []func(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) error
}

// New returns a store over db.
func New(db *postgres.DB, ids *ident.Source) *Store {
	return &Store{db: db, ids: ids, cache: map[Key]*cached{}, pools: map[Key]pool{}}
}

// OnRetire registers f to be called when what a version runs with has changed, or is gone: $LATEST, a version's number, or ""
// for all of them.
func (s *Store) OnRetire(f func(functionARN, version string)) { s.retire = append(s.retire, f) }

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

// OnChange registers f to be called when a function, or one of its versions or aliases, has changed, or is there again.
func (s *Store) OnChange(f func(functionARN string)) { s.change = append(s.change, f) }

// What changed retires when nothing that runs has changed: at none of policies and tags, at aliases of what a name leads to.
const (
	none    = "-"
	aliases = "*"
)

// changed forgets what is known of a function once the transaction is committed, and retires a version ("" all of them).
func (s *Store) changed(tx *postgres.Tx, k Key, retires string) {
	tx.AfterCommit(func() {
		s.mu.Lock()
		s.revision++
		delete(s.cache, k)
		delete(s.pools, Key{Account: k.Account, Region: k.Region})
		s.mu.Unlock()
		if retires == none {
			return
		}
		for _, f := range s.retire {
			if retires != aliases {
				f(k.ARN(), retires)
			}
		}
		for _, f := range s.change {
			f(k.ARN())
		}
	})
}

// PrincipalsChanged tells the store that users or roles have changed: whom a policy names has to be looked up again.
func (s *Store) PrincipalsChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revision++
	clear(s.cache)
}

// NotFound is Lambda's sentence for a function that does not exist.
func NotFound(functionARN string) error {
	return fault.New(fault.NotFound, "Function not found: %s", functionARN)
}

// notFoundAs names the version or alias that was asked for where its function does not exist.
func notFoundAs(err error, ref arn.FunctionRef) error {
	if fault.Is(err, fault.NotFound) && ref.Qualifier != "" && ref.Qualifier != Latest {
		return NotFound(ref.ARN())
	}
	return err
}

// noAlias is Lambda's sentence for an alias that does not exist.
func noAlias(k Key, name string) error {
	return fault.New(fault.NotFound, "Cannot find alias arn: %s", arn.QualifiedFunction(k.Region, k.Account, k.Name, name))
}

// WrongRevision is Lambda's sentence for a revision id that is not the function's.
func WrongRevision() error {
	return fault.New(fault.Precondition, "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}

// List returns an account's functions in a region, by name; with all also their versions, each function's after it, in the
// order of their numbers.
func (s *Store) List(ctx context.Context, account, region string, all bool) ([]Version, error) {
	rows, err := s.db.Query(ctx, `SELECT name, 0::bigint AS number FROM function.functions WHERE account = @account AND region = @region
		UNION ALL SELECT name, version FROM function.versions WHERE @all AND account = @account AND region = @region ORDER BY name, number`,
		pgx.NamedArgs{"account": account, "region": region, "all": all})
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Name   string
		Number int64
	}])
	if err != nil {
		return nil, err
	}
	list := make([]Version, 0, len(found))
	for _, f := range found {
		ref := arn.FunctionRef{Account: account, Region: region, Name: f.Name, Qualifier: Latest}
		if f.Number > 0 {
			ref.Qualifier = strconv.FormatInt(f.Number, 10)
		}
		r, err := s.Describe(ctx, ref)
		if fault.Is(err, fault.NotFound) {
			continue // deleted since
		}
		if err != nil {
			return nil, err
		}
		list = append(list, *r.Version)
	}
	return list, nil
}

// codeID is the id of a version's code among the blobs; "" and $LATEST are the unpublished version.
func codeID(k Key, version string) string {
	if version == "" || version == Latest {
		return "function/" + k.ARN()
	}
	return "function/" + k.ARN() + ":" + version
}

// Create makes a function with its zip file, and with publish its first version. What it returns is in the state that the
// call's answer shows.
func (s *Store) Create(ctx context.Context, k Key, c Config, code Code, zip []byte, tags map[string]string, publish bool) (*Version, error) {
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
		s.changed(tx, k, Latest)
		if err := blob.Put(ctx, tx, codeID(k, ""), zip); err != nil || !publish {
			return err
		}
		return s.publishAs(ctx, tx, k, v)
	})
	if postgres.IsUnique(err) {
		return nil, fault.New(fault.Exists, "Function already exist: %s", k.Name)
	}
	return v, err
}

// Update changes a function's configuration (change) and code (zip, when not nil), and with publish makes a version of it. A
// revision that is not "" must be the current one. What it returns is in the state that the call's answer shows.
func (s *Store) Update(ctx context.Context, k Key, revision string, change func(*Config) error, code *Code, zip []byte, publish bool) (*Version, error) {
	v := &Version{Account: k.Account, Region: k.Region, Name: k.Name, Version: Latest, RevisionID: s.ids.UUID(), State: "Active",
		UpdateStatus: "InProgress", StateReason: "The function is being created.", StateCode: "Creating"}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		latest, err := lock(ctx, tx, k)
		if err != nil {
			return err
		}
		if revision != "" && revision != latest.RevisionID {
			return WrongRevision()
		}
		v.Config, v.Code, v.Generation = latest.Config, latest.Code, latest.Generation
		if err := change(&v.Config); err != nil {
			return err
		}
		if code != nil {
			v.Code = *code
			if err := blob.Put(ctx, tx, codeID(k, ""), zip); err != nil {
				return err
			}
		}
		v.Generation++
		v.LastModified = tx.Now
		s.changed(tx, k, Latest)
		if err := update(ctx, tx, k, v, s.ids.UUID()); err != nil || !publish {
			return err
		}
		return s.publishAs(ctx, tx, k, v)
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

// lock reads the unpublished version and locks the function: whoever changes anything of it holds this lock.
func lock(ctx context.Context, tx *postgres.Tx, k Key) (*Version, error) {
	v := &Version{Account: k.Account, Region: k.Region, Name: k.Name, Version: Latest, State: "Active", UpdateStatus: "Successful"}
	err := tx.QueryRow(ctx, `SELECT config, code_sha, code_size, modified, generation, revision FROM function.functions
		WHERE account = @account AND region = @region AND name = @name FOR UPDATE`, k.args()).
		Scan(&v.Config, &v.Code.SHA256, &v.Code.Size, &v.LastModified, &v.Generation, &v.RevisionID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, NotFound(k.ARN())
	}
	v.LastModified = v.LastModified.UTC()
	return v, err
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
		s.changed(tx, k, none)
		return err
	})
}

// Delete removes a function with its versions, aliases, policies and code.
func (s *Store) Delete(ctx context.Context, k Key) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if _, err := lock(ctx, tx, k); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `DELETE FROM function.versions WHERE account = @account AND region = @region AND name = @name RETURNING version::text`, k.args())
		if err != nil {
			return err
		}
		numbers, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		codes := []string{codeID(k, "")}
		for _, number := range numbers {
			codes = append(codes, codeID(k, number))
		}
		if _, err := tx.Exec(ctx, `DELETE FROM function.functions WHERE account = @account AND region = @region AND name = @name`, k.args()); err != nil {
			return err
		}
		s.changed(tx, k, "")
		if err := s.forgetAll(ctx, tx, k, ""); err != nil {
			return err
		}
		return blob.Delete(ctx, tx, codes...)
	})
}

// Code reads a version's zip file; the version "" is the unpublished one.
func (s *Store) Code(ctx context.Context, k Key, version string) ([]byte, error) {
	return blob.Get(ctx, s.db, codeID(k, version))
}

// Forget drops the functions of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	args := pgx.NamedArgs{"account": account}
	rows, err := tx.Query(ctx, `SELECT account, region, name, version::text FROM function.versions WHERE @account = '' OR account = @account
		UNION ALL SELECT account, region, name, '' FROM function.functions WHERE @account = '' OR account = @account`, args)
	if err != nil {
		return err
	}
	gone, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct {
		Account, Region, Name, Version string
	}])
	if err != nil {
		return err
	}
	codes := make([]string, 0, len(gone))
	for _, g := range gone {
		k := Key{g.Account, g.Region, g.Name}
		codes = append(codes, codeID(k, g.Version))
		if g.Version != "" {
			continue
		}
		s.changed(tx, k, "")
		if err := s.forgetAll(ctx, tx, k, ""); err != nil {
			return err
		}
	}
	for _, table := range []string{"functions", "numbers"} {
		if _, err := tx.Exec(ctx, `DELETE FROM function.`+table+` WHERE @account = '' OR account = @account`, args); err != nil {
			return err
		}
	}
	return blob.Delete(ctx, tx, codes...)
}

// stamp formats an instant as Lambda's LastModified does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000-0700") }

// Modified is LastModified as the API spells it.
func (v *Version) Modified() string { return stamp(v.LastModified) }
