package local_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/local"
)

func TestPrograms(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	lay := func(cache string) error {
		bin := filepath.Join(cache, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			return err
		}
		for _, name := range []string{"initdb", "postgres"} {
			if err := os.WriteFile(filepath.Join(bin, name), nil, 0o755); err != nil {
				return err
			}
		}
		return nil
	}

	t.Run("the folder that is named is used and no other", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv(local.ProgramsVariable, filepath.Join(dir, "bin"))
		if _, err := local.FindPrograms(quiet); err == nil || !strings.Contains(err.Error(), "there are no programs initdb and postgres") {
			t.Errorf("an empty folder: %v", err)
		}
		must(t, lay(dir))
		if got, err := local.FindPrograms(quiet); err != nil || got != filepath.Join(dir, "bin") {
			t.Errorf("FindPrograms = %q, %v", got, err)
		}
	})

	t.Run("they are fetched once", func(t *testing.T) {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		fetched := 0
		for range 2 {
			dir, err := local.Fetch(quiet, func(cache string) error { fetched++; return lay(cache) })
			must(t, err)
			if _, err := os.Stat(filepath.Join(dir, "postgres")); err != nil {
				t.Error(err)
			}
		}
		if fetched != 1 {
			t.Errorf("fetched %d times", fetched)
		}
	})

	t.Run("a fetch that fails is one message that says what to do", func(t *testing.T) {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		_, err := local.Fetch(quiet, func(string) error { return errors.New("no route to host") })
		want := "no PostgreSQL was found, and its programs could not be fetched: no route to host; install PostgreSQL 14 or newer (Debian: apt-get install postgresql), set LAMBDASIM_POSTGRES_BIN, or use a server with --database-url"
		if err == nil || err.Error() != want {
			t.Errorf("it said\n%v\nwant\n%s", err, want)
		}
	})

	t.Run("a fetch that brings something else is refused", func(t *testing.T) {
		t.Setenv("XDG_CACHE_HOME", t.TempDir())
		if _, err := local.Fetch(quiet, func(string) error { return nil }); err == nil || !strings.Contains(err.Error(), "does not hold initdb and postgres") {
			t.Errorf("it said %v", err)
		}
	})
}
