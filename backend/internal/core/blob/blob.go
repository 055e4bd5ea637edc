// Package blob keeps bytes: the content of S3 objects and the code of functions.
//
// A blob has an id that its owner chooses, and is written in the owner's transaction: it is there exactly when the row
// that names it is. It is kept in PostgreSQL, so that a backup of the database is a backup of everything. It lies there in
// pieces, and is read and written piece by piece: how large a blob is does not decide how much memory it takes.
package blob

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of blobs.
var Schema = postgres.Schema{Name: "blob", Files: files}

// piece is how many bytes a row holds; only a blob's last row holds fewer.
const piece = 1 << 20

// querier is the database, or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Put writes a blob; one that has the id already is replaced.
func Put(ctx context.Context, tx *postgres.Tx, id string, data []byte) error {
	if err := Delete(ctx, tx, id); err != nil {
		return err
	}
	return Write(ctx, tx, id, bytes.NewReader(data))
}

// Write writes a blob whose id is new, as long as r lasts. It holds one piece in memory.
func Write(ctx context.Context, tx *postgres.Tx, id string, r io.Reader) error {
	buffer := make([]byte, piece)
	for i := 0; ; i++ {
		n, err := io.ReadFull(r, buffer)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		if n > 0 || i == 0 {
			if _, err := tx.Exec(ctx, `INSERT INTO blob.pieces VALUES (@id, @piece, @data)`,
				pgx.NamedArgs{"id": id, "piece": i, "data": buffer[:n]}); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// Read copies n bytes of a blob, from the given offset on, to w, and returns how many there were: fewer when the blob is
// shorter, none when it is gone. What it reads is of one instant. It holds one piece in memory.
func Read(ctx context.Context, db querier, w io.Writer, id string, from, n int64) (copied int64, err error) {
	if n <= 0 {
		return 0, nil
	}
	rows, err := db.Query(ctx, `SELECT piece, data FROM blob.pieces WHERE id = @id AND piece BETWEEN @first AND @last ORDER BY piece`,
		pgx.NamedArgs{"id": id, "first": from / piece, "last": (from + n - 1) / piece})
	if err != nil {
		return 0, err
	}
	var i int64
	var data []byte
	_, err = pgx.ForEachRow(rows, []any{&i, &data}, func() error {
		start := max(0, from-i*piece)
		end := min(int64(len(data)), from+n-i*piece)
		if start >= end {
			return nil
		}
		k, err := w.Write(data[start:end])
		copied += int64(k)
		return err
	})
	return copied, err
}

// Get reads a whole blob; one that does not exist is empty.
func Get(ctx context.Context, db *postgres.DB, id string) ([]byte, error) {
	rows, err := db.Query(ctx, `SELECT data FROM blob.pieces WHERE id = $1 ORDER BY piece`, id)
	if err != nil {
		return nil, err
	}
	parts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return bytes.Join(parts, nil), err
}

// Copy copies blobs within the database: from[i] gets the new id to[i] as well.
func Copy(ctx context.Context, tx *postgres.Tx, from, to []string) error {
	_, err := tx.Exec(ctx, `INSERT INTO blob.pieces SELECT n.new, p.piece, p.data
		FROM unnest(@from::text[], @to::text[]) AS n(old, new) JOIN blob.pieces p ON p.id = n.old`, pgx.NamedArgs{"from": from, "to": to})
	return err
}

// Delete removes blobs; it is no error when there are none.
func Delete(ctx context.Context, tx *postgres.Tx, ids ...string) error {
	_, err := tx.Exec(ctx, `DELETE FROM blob.pieces WHERE id = ANY($1)`, ids)
	return err
}
