package script

import (
	"context"
	"embed"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the tables of scripts.
var Schema = postgres.Schema{Name: "script", Files: files}

// Store keeps the scripts of an Executor, so that they outlive a restart. What it has committed the executor answers with.
type Store struct {
	*Executor
	DB *postgres.DB
}

// Load gives the executor the scripts that were kept.
func (s *Store) Load(ctx context.Context) error {
	rows, err := s.DB.Query(ctx, `SELECT function, script FROM script.scripts`)
	if err != nil {
		return err
	}
	var function string
	var kept control.Script
	_, err = pgx.ForEachRow(rows, []any{&function, &kept}, func() error {
		if err := s.Set(function, kept); err != nil {
			return fmt.Errorf("the script of %s that was kept: %w", function, err)
		}
		kept = control.Script{}
		return nil
	})
	return err
}

// Put gives a function a script and keeps it. The errors are those of Set.
func (s *Store) Put(ctx context.Context, functionARN string, given control.Script) error {
	if _, err := compile(functionARN, given); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		tx.AfterCommit(func() { _ = s.Set(functionARN, given) }) // it compiled a moment ago
		_, err := tx.Exec(ctx, `INSERT INTO script.scripts (function, script) VALUES (@function, @script)
			ON CONFLICT (function) DO UPDATE SET script = @script`, pgx.NamedArgs{"function": functionARN, "script": given})
		return err
	})
}

// Drop takes a function's script away, in the caller's transaction.
func (s *Store) Drop(ctx context.Context, tx *postgres.Tx, functionARN string) error {
	tx.AfterCommit(func() { s.Delete(functionARN) })
	_, err := tx.Exec(ctx, `DELETE FROM script.scripts WHERE function = @function`, pgx.NamedArgs{"function": functionARN})
	return err
}
