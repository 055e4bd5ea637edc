// Package layer keeps layers: zip files that functions find unpacked under /opt.
//
// A layer is a name; what has content is its versions, which are published under the next number and never change. A version
// that is deleted is seen no more and can be given to no further function, but those that have it go on with it, as in Lambda
// ("a copy of the version remains in Lambda until no functions refer to it"); here the copy remains until the account is
// reset. A number is never used again.
//
// Each version has a policy of its own, which lets other accounts use it: its statements allow lambda:GetLayerVersion and
// nothing else. It is shown in the order of members that AWS writes.
//
// It stores; it does not unpack (execute/process does), does not decide who may (authz does) and does not say whether a function
// may have its layers (service/lambda does). Sources: the API reference of PublishLayerVersion and its siblings, the developer
// guide's page on layers, and errors recorded from AWS in 2025.
package layer

import (
	"context"
	"embed"
	"errors"
	"strconv"
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

// Schema is the tables of layers.
var Schema = postgres.Schema{Name: "layer", Files: files}

// Key of a layer.
type Key struct{ Account, Region, Name string }

// ARN is the layer's ARN, without a version.
func (k Key) ARN() string { return arn.Layer(k.Region, k.Account, k.Name) }

// VersionARN is the ARN of one of its versions.
func (k Key) VersionARN(number int64) string {
	return arn.LayerVersion(k.Region, k.Account, k.Name, number)
}

func (k Key) args() pgx.NamedArgs {
	return pgx.NamedArgs{"account": k.Account, "region": k.Region, "name": k.Name}
}

func (k Key) version(number int64) pgx.NamedArgs {
	args := k.args()
	args["version"] = number
	return args
}

// Version is a published version of a layer.
type Version struct {
	Key
	Number        int64
	Description   string
	License       string
	Runtimes      []string // that it is for, for lists alone; Lambda holds no function to it
	Architectures []string
	SHA256        string // base64, of the zip file
	Size          int64  // bytes of the zip file
	Unzipped      int64  // bytes of what is in it
	Created       time.Time
}

// ARN is the version's ARN.
func (v *Version) ARN() string { return v.VersionARN(v.Number) }

// Store keeps layers. It is safe for concurrent use.
type Store struct {
	db  *postgres.DB
	ids *ident.Source
}

// New returns a store over db.
func New(db *postgres.DB, ids *ident.Source) *Store { return &Store{db, ids} }

// NotFound is Lambda's sentence for a version of a layer that does not exist.
func NotFound(versionARN string) error {
	return fault.New(fault.NotFound, "Layer version %s does not exist.", versionARN)
}

func codeID(k Key, number int64) string { return "layer/" + k.VersionARN(number) }

// Publish makes the next version of a layer, which is made with its first one. It sets the version's number and instant.
func (s *Store) Publish(ctx context.Context, v *Version, zip []byte) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		args := v.args()
		if err := tx.QueryRow(ctx, `INSERT INTO layer.layers AS l (account, region, name, last) VALUES (@account, @region, @name, 1)
			ON CONFLICT (account, region, name) DO UPDATE SET last = l.last + 1 RETURNING last`, args).Scan(&v.Number); err != nil {
			return err
		}
		v.Created = tx.Now
		args["version"], args["description"], args["license"], args["sha"], args["created"] = v.Number, v.Description, v.License, v.SHA256, tx.Now
		args["runtimes"], args["architectures"], args["size"], args["unzipped"] = v.Runtimes, v.Architectures, v.Size, v.Unzipped
		if _, err := tx.Exec(ctx, `INSERT INTO layer.versions (account, region, name, version, description, license, runtimes, architectures, sha, size, unzipped, created)
			VALUES (@account, @region, @name, @version, @description, @license, @runtimes, @architectures, @sha, @size, @unzipped, @created)`, args); err != nil {
			return err
		}
		return blob.Put(ctx, tx, codeID(v.Key, v.Number), zip)
	})
}

const columns = `account, region, name, version, description, license, runtimes, architectures, sha, size, unzipped, created`

func scan(row pgx.CollectableRow) (v Version, err error) {
	err = row.Scan(&v.Account, &v.Region, &v.Name, &v.Number, &v.Description, &v.License, &v.Runtimes, &v.Architectures, &v.SHA256, &v.Size, &v.Unzipped, &v.Created)
	v.Created = v.Created.UTC()
	return v, err
}

// Get returns a version; a fault of kind NotFound says that there is none, or no more.
func (s *Store) Get(ctx context.Context, k Key, number int64) (*Version, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM layer.versions
		WHERE account = @account AND region = @region AND name = @name AND version = @version AND NOT deleted`, k.version(number))
	if err != nil {
		return nil, err
	}
	v, err := pgx.CollectExactlyOneRow(rows, scan)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, NotFound(k.VersionARN(number))
	}
	return &v, err
}

// List returns the versions of an account's layers in a region, or with a name those of one layer.
func (s *Store) List(ctx context.Context, k Key) ([]Version, error) {
	rows, err := s.db.Query(ctx, `SELECT `+columns+` FROM layer.versions
		WHERE account = @account AND region = @region AND (@name = '' OR name = @name) AND NOT deleted ORDER BY name, version DESC`, k.args())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// Delete hides a version from all but the functions that have it. One that does not exist is no error.
func (s *Store) Delete(ctx context.Context, k Key, number int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE layer.versions SET deleted = true WHERE account = @account AND region = @region AND name = @name AND version = @version`, k.version(number))
		return err
	})
}

// Code reads a version's zip file, also of one that is deleted.
func (s *Store) Code(ctx context.Context, k Key, number int64) ([]byte, error) {
	return blob.Get(ctx, s.db, codeID(k, number))
}

// Forget drops the layers of an account ("" for all), in the caller's transaction.
func (s *Store) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	args := pgx.NamedArgs{"account": account}
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM layer.versions WHERE @account = '' OR account = @account`, args)
	if err != nil {
		return err
	}
	all, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return err
	}
	codes := make([]string, 0, len(all))
	for _, v := range all {
		codes = append(codes, codeID(v.Key, v.Number))
	}
	if _, err := tx.Exec(ctx, `DELETE FROM layer.layers WHERE @account = '' OR account = @account`, args); err != nil {
		return err
	}
	return blob.Delete(ctx, tx, codes...)
}

// ParseVersion reads the ARN of a layer's version.
func ParseVersion(versionARN string) (k Key, number int64, ok bool) {
	ref, err := arn.ParseLayer(versionARN)
	if err != nil || ref.Version == "" {
		return Key{}, 0, false
	}
	number, err = strconv.ParseInt(ref.Version, 10, 64)
	return Key{ref.Account, ref.Region, ref.Name}, number, err == nil
}
