package process

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// language is how an interpreter is found and asked who it is.
type language struct {
	name  string // as messages name it
	exact string // the program of an exact version, a format with the asked version; "" where there is none
	globs []string
	probe []string // arguments with which it prints its version and, on further lines, its own path and its prefixes
}

var (
	python = language{"Python", "python%s", []string{"python3", "python3.[0-9]", "python3.[0-9][0-9]"},
		[]string{"-c", "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable); print(sys.prefix); print(sys.base_prefix)"}}
	node = language{"Node.js", "", []string{"node", "nodejs"},
		[]string{"-p", "process.versions.node + '\\n' + process.execPath + '\\n' + path.dirname(path.dirname(process.execPath))"}}
)

// interpreter is a program of this machine.
type interpreter struct {
	path    string // of the real program, never of a shim
	version string // for example 3.11.7
	// prefixes are the folders of its own modules and libraries.
	prefixes []string
}

// finder finds interpreters. What it found it remembers; what it did not find is looked for again.
type finder struct {
	log *slog.Logger

	mu    sync.Mutex
	found map[string]interpreter // by language and asked version
}

// interpreter returns the machine's interpreter of the asked version (3.12, 20) that the owner may run, or where there is
// none the newest, and then logs once which was asked for and which was found.
func (f *finder) interpreter(ctx context.Context, l language, asked string, o *owner) (interpreter, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := l.name + " " + asked
	if in, ok := f.found[id]; ok {
		return in, nil
	}
	in, obstacle := search(ctx, l, asked, o)
	if in.path == "" {
		return in, notFound(l, asked, o, obstacle)
	}
	if !sameVersion(in.version, asked) {
		f.log.Info(fmt.Sprintf("functions of %s %s are run with another version, found on this machine", l.name, asked),
			"asked", asked, "found", in.version, "program", in.path)
	}
	if f.found == nil {
		f.found = map[string]interpreter{}
	}
	f.found[id] = in
	return in, nil
}

func notFound(l language, asked string, o *owner, obstacle error) error {
	as := ""
	if o.switches {
		as = fmt.Sprintf(" that the user %s may run (functions are not run as root)", o.name)
	}
	why := ""
	if obstacle != nil {
		why = "; passed over: " + obstacle.Error()
	}
	return fault.New(fault.Unsupported, "no %s %s or other version of it was found on this machine%s: install it where every user may run it, for example in /usr/bin, or start the backend as an ordinary user that has it on PATH%s",
		l.name, asked, as, why)
}

// search looks at the exact program first, then at all. The obstacle is the last reason for which one was passed over.
func search(ctx context.Context, l language, asked string, o *owner) (best interpreter, obstacle error) {
	folders := searchFolders()
	consider := func(name string) {
		for _, path := range candidates(folders, name) {
			in, err := ask(ctx, l, path, o)
			switch {
			case err != nil:
				obstacle = err
			case best.path == "" || better(in.version, best.version, asked):
				best = in
			}
		}
	}
	if l.exact != "" {
		if consider(fmt.Sprintf(l.exact, asked)); best.path != "" && sameVersion(best.version, asked) {
			return best, nil
		}
	}
	for _, glob := range l.globs {
		consider(glob)
	}
	return best, obstacle
}

// searchFolders is PATH, what a shim folder on PATH stands for, and where systems keep programs.
func searchFolders() []string {
	var folders []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		folders = append(folders, dir)
		if filepath.Base(dir) == "shims" {
			behind, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "versions", "*", "bin"))
			folders = append(folders, behind...)
		}
	}
	return append(folders, "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin")
}

// candidates are the programs in the folders that match the pattern, each once.
func candidates(folders []string, pattern string) (paths []string) {
	seen := map[string]bool{}
	for _, dir := range folders {
		if !filepath.IsAbs(dir) {
			continue
		}
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, path := range found {
			real, err := filepath.EvalSymlinks(path)
			if err != nil || seen[real] {
				continue
			}
			seen[real] = true
			paths = append(paths, path)
		}
	}
	return paths
}

// ask starts the program to learn its version and its real path: what is on PATH may be a shim, a script that works for the
// user who installed it alone.
func ask(ctx context.Context, l language, path string, o *owner) (interpreter, error) {
	if err := o.canRun(path); err != nil {
		return interpreter{}, err
	}
	const longest = 20 * time.Second
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, l.probe...)
	cmd.WaitDelay = time.Second
	text, err := cmd.Output()
	if err != nil {
		return interpreter{}, fmt.Errorf("%s does not say its version: %w", path, err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	in := interpreter{path: path, version: strings.TrimSpace(lines[0])}
	if len(lines) > 1 && filepath.IsAbs(strings.TrimSpace(lines[1])) {
		in.path = strings.TrimSpace(lines[1])
		for _, line := range append(lines[2:], filepath.Dir(in.path)) {
			if prefix := filepath.Clean(strings.TrimSpace(line)); filepath.IsAbs(prefix) && prefix != "/" && !slices.Contains(in.prefixes, prefix) {
				in.prefixes = append(in.prefixes, prefix)
			}
		}
	}
	return in, o.canRun(in.path)
}

// sameVersion reports whether a full version (3.12.1) is of the asked one (3.12).
func sameVersion(full, asked string) bool { return full == asked || strings.HasPrefix(full, asked+".") }

// better reports whether a version suits better than the best so far: the asked one, else a newer one.
func better(version, best, asked string) bool {
	if a, b := sameVersion(version, asked), sameVersion(best, asked); a != b {
		return a
	}
	return slices.Compare(numbers(version), numbers(best)) > 0
}

func numbers(version string) (all []int) {
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		all = append(all, cmp.Or(n, 0))
		if err != nil {
			break
		}
	}
	return all
}
