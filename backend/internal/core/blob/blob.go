// Package blob keeps bytes: the content of S3 objects and the code of functions.
//
// A blob has an id that its owner chooses, and is written in the owner's transaction: it is there exactly when the row
// that names it is. It is kept in PostgreSQL, so that a backup of the database is a backup of everything.
package blob

import (
	"bytes"
	"context"
	"embed"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of blobs.
var Schema = postgres.Schema{Name: "blob", Files: files}

// piece is how many bytes a row holds.
const piece = 1 << 20

// Put writes a blob; one that has the id already is replaced.
func Put(ctx context.Context, tx *postgres.Tx, id string, data []byte) error {
	if err := Delete(ctx, tx, id); err != nil {
		return err
	}
	for i := 0; i == 0 || i*piece < len(data); i++ {
		part := data[i*piece : min((i+1)*piece, len(data))]
		if _, err := tx.Exec(ctx, `INSERT INTO blob.pieces VALUES (@id, @piece, @data)`,
			pgx.NamedArgs{"id": id, "piece": i, "data": part}); err != nil {
			return err
		}
	}
	return nil
}

// Get reads a blob; one that does not exist is empty.
func Get(ctx context.Context, db *postgres.DB, id string) ([]byte, error) {
	rows, err := db.Query(ctx, `SELECT data FROM blob.pieces WHERE id = $1 ORDER BY piece`, id)
	if err != nil {
		return nil, err
	}
	parts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return bytes.Join(parts, nil), err
}

// Delete removes a blob; it is no error when there is none.
func Delete(ctx context.Context, tx *postgres.Tx, id string) error {
	_, err := tx.Exec(ctx, `DELETE FROM blob.pieces WHERE id = $1`, id)
	return err
}
