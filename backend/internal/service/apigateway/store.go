package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// The kinds of APIs.
const (
	kindHTTP = "HTTP"
	kindREST = "REST"
)

// alphabet is that of the identifiers of APIs and their parts.
const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// key says which API.
type key struct {
	Account string
	Region  string
	ID      string
}

// own is the caller's API of an id.
func own(ctx context.Context, id *string) key {
	call := wire.CallFrom(ctx)
	k := key{Account: call.Account, Region: call.Region}
	if id != nil {
		k.ID = *id
	}
	return k
}

func (k key) arguments(kind string) pgx.NamedArgs {
	return pgx.NamedArgs{"account": k.Account, "region": k.Region, "id": k.ID, "kind": kind}
}

func noAPI(k key) error { return notFound("Invalid API identifier specified %s:%s", k.Account, k.ID) }

// querier reads from a table, in a transaction or outside.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// load reads an API of a kind.
func load[D any](ctx context.Context, db querier, kind string, k key, suffix string) (*D, error) {
	rows, err := db.Query(ctx, `SELECT body FROM apigateway.apis WHERE id = @id AND account = @account AND region = @region AND kind = @kind `+suffix, k.arguments(kind))
	if err != nil {
		return nil, err
	}
	d, err := pgx.CollectExactlyOneRow(rows, scan[D])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, noAPI(k)
	}
	return d, err
}

func scan[D any](row pgx.CollectableRow) (*D, error) {
	var text []byte
	if err := row.Scan(&text); err != nil {
		return nil, err
	}
	d := new(D)
	return d, json.Unmarshal(text, d)
}

// list reads the APIs of a kind, of an account and a region ("" for all), in the order in which they were made.
func list[D any](ctx context.Context, db querier, kind string, k key) ([]*D, error) {
	rows, err := db.Query(ctx, `SELECT body FROM apigateway.apis WHERE (@account = '' OR account = @account) AND (@region = '' OR region = @region) AND kind = @kind
		ORDER BY created, id COLLATE "C"`, k.arguments(kind))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan[D])
}

// insert keeps a new API.
func (a *API) insert(ctx context.Context, tx *postgres.Tx, kind string, k key, d any) error {
	args := k.arguments(kind)
	args["created"], args["body"] = tx.Now, plain(d)
	_, err := tx.Exec(ctx, `INSERT INTO apigateway.apis (id, account, region, kind, created, body) VALUES (@id, @account, @region, @kind, @created, @body)`, args)
	tx.AfterCommit(a.changed)
	return err
}

// change writes what f makes of an API. Two changes do not undo one another.
func change[D any](ctx context.Context, a *API, kind string, k key, f func(ctx context.Context, tx *postgres.Tx, d *D) error) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		d, err := load[D](ctx, tx, kind, k, "FOR UPDATE")
		if err != nil {
			return err
		}
		if err := f(ctx, tx, d); err != nil {
			return err
		}
		tx.AfterCommit(a.changed)
		args := k.arguments(kind)
		args["body"] = plain(d)
		_, err = tx.Exec(ctx, `UPDATE apigateway.apis SET body = @body WHERE id = @id`, args)
		return err
	})
}

// remove deletes an API with its deployments.
func (a *API) remove(ctx context.Context, kind string, k key) error {
	return a.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tag, err := tx.Exec(ctx, `DELETE FROM apigateway.apis WHERE id = @id AND account = @account AND region = @region AND kind = @kind`, k.arguments(kind))
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return noAPI(k)
		}
		tx.AfterCommit(a.changed)
		return nil
	})
}

// deploy keeps a copy of what is deployed.
func (a *API) deploy(ctx context.Context, tx *postgres.Tx, api, id string, d any) error {
	_, err := tx.Exec(ctx, `INSERT INTO apigateway.deployments (api, id, created, body) VALUES (@api, @id, @created, @body)
		ON CONFLICT (api, id) DO UPDATE SET body = excluded.body`,
		pgx.NamedArgs{"api": api, "id": id, "created": tx.Now, "body": plain(d)})
	tx.AfterCommit(a.changed)
	return err
}

// deployments reads those of an API, in the order in which they were made.
func deployments[D any](ctx context.Context, db querier, api string) ([]*D, error) {
	rows, err := db.Query(ctx, `SELECT body FROM apigateway.deployments WHERE api = @api ORDER BY created, id COLLATE "C"`, pgx.NamedArgs{"api": api})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan[D])
}

// undeploy forgets a deployment; it reports whether there was one.
func (a *API) undeploy(ctx context.Context, tx *postgres.Tx, api, id string) (bool, error) {
	tag, err := tx.Exec(ctx, `DELETE FROM apigateway.deployments WHERE api = @api AND id = @id`, pgx.NamedArgs{"api": api, "id": id})
	tx.AfterCommit(a.changed)
	return err == nil && tag.RowsAffected() > 0, err
}

// Forget drops the APIs of an account ("" for all), in the caller's transaction.
func (a *API) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	tx.AfterCommit(a.changed)
	_, err := tx.Exec(ctx, `DELETE FROM apigateway.apis WHERE $1 = '' OR account = $1`, account)
	return err
}

// changed forgets what was read.
func (a *API) changed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cache, a.changes = nil, a.changes+1
}

// served is an API with what its stages show.
type served struct {
	key
	kind string
	http *httpAPI // of kindHTTP
	rest *restAPI // of kindREST

	httpDeployed map[string]*httpDeployment // by id
	restDeployed map[string]*restDeployment
}

// find returns the API of an id, whoever owns it; nil where there is none.
func (a *API) find(ctx context.Context, id string) (*served, error) {
	a.mu.Lock()
	s, changes := a.cache[id], a.changes
	a.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s = &served{}
	err := a.DB.QueryRow(ctx, `SELECT account, region, id, kind FROM apigateway.apis WHERE id = @id`, pgx.NamedArgs{"id": id}).Scan(&s.Account, &s.Region, &s.ID, &s.kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		err = a.read(ctx, s)
	}
	if fault.Is(err, fault.NotFound) { // deleted just now
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.changes == changes {
		if a.cache == nil {
			a.cache = map[string]*served{}
		}
		a.cache[id] = s
	}
	return s, nil
}

func plain(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // plain values
		panic(err)
	}
	return string(text)
}

// merge sets the members of dst, a pointer to a struct, that a call gave: those of in that are not nil, "" or absent.
func merge(dst, in any) {
	to, from := reflect.ValueOf(dst).Elem(), reflect.ValueOf(in).Elem()
	for i := range from.NumField() {
		f := from.Type().Field(i)
		if !f.IsExported() || f.Anonymous || from.Field(i).IsZero() {
			continue
		}
		if d := to.FieldByName(f.Name); d.IsValid() && d.Type() == f.Type {
			d.Set(from.Field(i))
		}
	}
}

// page is a part of a list: at most max entries, from the one that token names; next is empty at the end.
func page[T any](list []T, token *string, max int) (part []T, next *string, err error) {
	from := 0
	if token != nil {
		if from, err = strconv.Atoi(*token); err != nil || from < 0 || from > len(list) {
			return nil, nil, invalid("Invalid pagination token")
		}
	}
	to := len(list)
	if max > 0 && from+max < to {
		to = from + max
		text := strconv.Itoa(to)
		next = &text
	}
	return list[from:to], next, nil
}

// most reads the MaxResults of a call, which the second version's API has as text; 0 where it says nothing.
func most(text *string) (int, error) {
	if text == nil {
		return 0, nil
	}
	n, err := strconv.Atoi(*text)
	if err != nil || n < 1 {
		return 0, invalid("maxResults %q: want a positive number", *text)
	}
	return n, nil
}

func at(t time.Time) *time.Time {
	t = t.UTC()
	return &t
}
