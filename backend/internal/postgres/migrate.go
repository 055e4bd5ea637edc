package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Schema is the tables of one package: a PostgreSQL schema of that name, and its numbered migrations.
type Schema struct {
	Name  string
	Files fs.FS // holds migrations/NNNN_what.sql, numbered from 0001 without gaps
}

type migration struct {
	number    int
	name, sql string
}

func (m migration) sum() string {
	s := sha256.Sum256([]byte(m.sql))
	return hex.EncodeToString(s[:])
}

// migrations reads a schema's migrations in order.
func (s Schema) migrations() ([]migration, error) {
	names, err := fs.Glob(s.Files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]migration, 0, len(names)) // Glob sorts
	for i, name := range names {
		number, err := strconv.Atoi(strings.SplitN(path.Base(name), "_", 2)[0])
		if err != nil || number != i+1 {
			return nil, fmt.Errorf("schema %s: migration %s: want number %04d", s.Name, name, i+1)
		}
		sql, err := fs.ReadFile(s.Files, name)
		if err != nil {
			return nil, err
		}
		list = append(list, migration{number, path.Base(name), string(sql)})
	}
	return list, nil
}

const bookkeeping = `
CREATE SCHEMA IF NOT EXISTS lambdasim;
CREATE TABLE IF NOT EXISTS lambdasim.migrations (
    schema  text NOT NULL,
    number  integer NOT NULL,
    name    text NOT NULL,
    sum     text NOT NULL,
    applied timestamptz NOT NULL,
    PRIMARY KEY (schema, number)
);
CREATE TABLE IF NOT EXISTS lambdasim.epoch (
    one   boolean PRIMARY KEY DEFAULT true CHECK (one),
    value bigint NOT NULL
);`

// migrate applies what is missing, each migration in a transaction of its own.
func (db *DB) migrate(ctx context.Context, schemas []Schema) error {
	if _, err := db.pool.Exec(ctx, bookkeeping); err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	for _, s := range schemas {
		list, err := s.migrations()
		if err != nil {
			return err
		}
		applied, err := db.applied(ctx, s.Name)
		if err != nil {
			return err
		}
		if len(applied) > len(list) {
			return fmt.Errorf("schema %s is at migration %d and this program knows %d: it was written by a newer version", s.Name, len(applied), len(list))
		}
		for i, m := range list {
			if i < len(applied) {
				if applied[i] != m.sum() {
					return fmt.Errorf("schema %s: migration %s was changed after it had been applied", s.Name, m.name)
				}
				continue
			}
			if err := db.apply(ctx, s.Name, m); err != nil {
				return fmt.Errorf("schema %s: migration %s: %w", s.Name, m.name, err)
			}
		}
	}
	return nil
}

func (db *DB) applied(ctx context.Context, schema string) ([]string, error) {
	rows, err := db.pool.Query(ctx, `SELECT sum FROM lambdasim.migrations WHERE schema = $1 ORDER BY number`, schema)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (db *DB) apply(ctx context.Context, schema string, m migration) error {
	return db.Tx(ctx, func(ctx context.Context, tx *Tx) error {
		if _, err := tx.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS `+pgx.Identifier{schema}.Sanitize()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, m.sql); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO lambdasim.migrations VALUES (@schema, @number, @name, @sum, @now)`,
			pgx.NamedArgs{"schema": schema, "number": m.number, "name": m.name, "sum": m.sum(), "now": tx.Now})
		return err
	})
}

func (db *DB) countEpoch(ctx context.Context) error {
	return db.pool.QueryRow(ctx, `
		INSERT INTO lambdasim.epoch (value) VALUES (1)
		ON CONFLICT (one) DO UPDATE SET value = epoch.value + 1 RETURNING value`).Scan(&db.epoch)
}
