package lambda

import (
	"context"
	"embed"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of what Lambda's API alone keeps.
var Schema = postgres.Schema{Name: "lambda", Files: files}

// functionURL is a function URL as it is kept.
type functionURL struct {
	ID                string
	Function          function.Key
	Qualifier         string // "" or an alias
	AuthType          types.FunctionUrlAuthType
	Mode              types.InvokeMode
	CORS              *types.Cors
	Created, Modified time.Time
}

// ref is the function or alias that the URL invokes.
func (u *functionURL) ref() arn.FunctionRef {
	return arn.FunctionRef{Region: u.Function.Region, Account: u.Function.Account, Name: u.Function.Name, Qualifier: u.Qualifier}
}

// URLs keeps function URLs.
type URLs struct {
	DB  *postgres.DB
	IDs *ident.Source
}

const urlColumns = `id, account, region, name, qualifier, auth_type, mode, cors, created, modified`

func scanURL(row pgx.CollectableRow) (*functionURL, error) {
	u := &functionURL{}
	err := row.Scan(&u.ID, &u.Function.Account, &u.Function.Region, &u.Function.Name, &u.Qualifier, &u.AuthType, &u.Mode, &u.CORS, &u.Created, &u.Modified)
	u.Created, u.Modified = u.Created.UTC(), u.Modified.UTC()
	return u, err
}

func urlArgs(k function.Key, qualifier string) pgx.NamedArgs {
	return pgx.NamedArgs{"account": k.Account, "region": k.Region, "name": k.Name, "qualifier": qualifier}
}

// one runs a query for one URL; nil where there is none.
func (s *URLs) one(ctx context.Context, where string, args pgx.NamedArgs) (*functionURL, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+urlColumns+` FROM lambda.urls WHERE `+where, args)
	if err != nil {
		return nil, err
	}
	u, err := pgx.CollectExactlyOneRow(rows, scanURL)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return u, err
}

func (s *URLs) byID(ctx context.Context, id string) (*functionURL, error) {
	return s.one(ctx, `id = @id`, pgx.NamedArgs{"id": id})
}

func (s *URLs) get(ctx context.Context, k function.Key, qualifier string) (*functionURL, error) {
	return s.one(ctx, `account = @account AND region = @region AND name = @name AND qualifier = @qualifier`, urlArgs(k, qualifier))
}

func (s *URLs) list(ctx context.Context, k function.Key) ([]*functionURL, error) {
	rows, err := s.DB.Query(ctx, `SELECT `+urlColumns+` FROM lambda.urls WHERE account = @account AND region = @region AND name = @name`, urlArgs(k, ""))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanURL)
}

// create keeps a new URL; it reports false when there is one already.
func (s *URLs) create(ctx context.Context, u *functionURL) (bool, error) {
	u.ID = strings.ReplaceAll(s.IDs.UUID(), "-", "")
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		u.Created, u.Modified = tx.Now, tx.Now
		return s.write(ctx, tx, u, `INSERT INTO lambda.urls (`+urlColumns+`) VALUES (@id, @account, @region, @name, @qualifier, @auth, @mode, @cors, @created, @modified)`)
	})
	if postgres.IsUnique(err) {
		return false, nil
	}
	return err == nil, err
}

// update changes a URL; nil where there is none.
func (s *URLs) update(ctx context.Context, k function.Key, qualifier string, change func(*functionURL)) (*functionURL, error) {
	var u *functionURL
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		rows, err := tx.Query(ctx, `SELECT `+urlColumns+` FROM lambda.urls
			WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier FOR UPDATE`, urlArgs(k, qualifier))
		if err != nil {
			return err
		}
		u, err = pgx.CollectExactlyOneRow(rows, scanURL)
		if errors.Is(err, pgx.ErrNoRows) {
			u, err = nil, nil
		}
		if err != nil || u == nil {
			return err
		}
		change(u)
		u.Modified = tx.Now
		return s.write(ctx, tx, u, `UPDATE lambda.urls SET auth_type = @auth, mode = @mode, cors = @cors, modified = @modified WHERE id = @id`)
	})
	return u, err
}

func (s *URLs) write(ctx context.Context, tx *postgres.Tx, u *functionURL, sql string) error {
	args := urlArgs(u.Function, u.Qualifier)
	args["id"], args["auth"], args["mode"], args["cors"], args["created"], args["modified"] = u.ID, string(u.AuthType), string(u.Mode), u.CORS, u.Created, u.Modified
	_, err := tx.Exec(ctx, sql, args)
	return err
}

// delete removes a URL, and reports whether there was one.
func (s *URLs) delete(ctx context.Context, k function.Key, qualifier string) (bool, error) {
	tag, err := s.DB.Exec(ctx, `DELETE FROM lambda.urls WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier`, urlArgs(k, qualifier))
	return err == nil && tag.RowsAffected() > 0, err
}

// Forget removes the URLs of a function (qualifier "") or of one of its aliases, which are being deleted in the transaction.
func (s *URLs) Forget(ctx context.Context, tx *postgres.Tx, k function.Key, qualifier string) error {
	_, err := tx.Exec(ctx, `DELETE FROM lambda.urls WHERE account = @account AND region = @region AND name = @name
		AND (@qualifier = '' OR qualifier = @qualifier)`, urlArgs(k, qualifier))
	return err
}
