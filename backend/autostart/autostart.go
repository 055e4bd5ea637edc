// Package autostart finds or starts the backend of a working folder, so that nobody has to start one by hand.
//
// A working folder (where terraform runs) has at most one backend of its own. What is known of it lies in the folder's
// .lambdasim/, which git ignores:
//
//	backend.json  who runs: process, address, version, settings; there while it runs
//	port          its port, the same for as long as the folder lives: addresses in Terraform's state stay true
//	backend.log   what it wrote
//	state/        its PostgreSQL cluster (where root runs it, in /var/lib/lambdasim/folders/: see StateDir)
//	start.lock    held by whoever looks for a backend, starts one (until that has run.lock), or is leaving as one
//	run.lock      held by the backend while it lives; says its process id
//
// The life of a folder's backend:
//
//	              Ensure, under start.lock                                 idle, under start.lock
//	nobody ──────────────────────────────▶ starting ──ready──▶ running ─────────────────────────▶ nobody
//	   ▲                                      │ ends early        │ killed, Stop, another version
//	   └──────── error with the log's end ◀───┘                   ▼
//	   ◀──────────────────────────────────────── mended by the next Ensure
//
// Two locks make it safe. Several commands at once take start.lock in turn, so one starts the backend and the others find
// it. A backend that leaves because nobody needed it takes start.lock first and looks once more, so nobody is handed the
// address of one that is going. Files are hints, never proof: who runs is who answers at the address under the process id
// that backend.json names. A killed backend leaves a file that nobody answers for, and the kernel frees its locks.
//
// A backend belongs to no terminal: it has a session of its own, inherits no open file (Terraform waits for the end of
// those that it gave to its provider), and writes to its log.
package autostart

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Name is the folder of a working folder in which its backend is described.
const Name = ".lambdasim"

// DefaultIdleLimit is after how long without a request or an event at work a folder's backend ends.
const DefaultIdleLimit = 10 * time.Minute

// Folder is the .lambdasim of a working folder.
type Folder struct{ dir string }

// In returns the folder of a working folder. Nothing is made yet.
func In(workdir string) (Folder, error) {
	abs, err := filepath.Abs(workdir)
	if err != nil {
		return Folder{}, err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	return Folder{filepath.Join(abs, Name)}, nil
}

// Path is where the folder lies.
func (f Folder) Path() string { return f.dir }

// Log is the file that the backend writes.
func (f Folder) Log() string { return f.file("backend.log") }

func (f Folder) file(name string) string { return filepath.Join(f.dir, name) }

// StateDir is where the backend's PostgreSQL cluster lies. PostgreSQL does not run as root, and the user it then runs as
// may often not enter a working folder, so for root it lies under /var/lib/lambdasim/folders.
func (f Folder) StateDir() string {
	if os.Geteuid() != 0 {
		return f.file("state")
	}
	sum := sha256.Sum256([]byte(f.dir))
	return filepath.Join("/var/lib/lambdasim/folders", fmt.Sprintf("%x", sum[:8]))
}

// Running is a backend at work, as backend.json describes it.
type Running struct {
	PID      int               `json:"pid"`
	URL      string            `json:"url"` // http://127.0.0.1:PORT
	Version  string            `json:"version"`
	Build    Build             `json:"build"`
	Settings map[string]string `json:"settings"` // LAMBDASIM_… variables that it was started with
	Log      string            `json:"-"`
}

// read returns what backend.json says, nil when there is none. It says nothing of whether that backend still lives.
func (f Folder) read() (*Running, error) {
	text, err := os.ReadFile(f.file("backend.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := &Running{}
	if json.Unmarshal(text, r) != nil {
		return nil, nil // torn by a crash of the machine: as good as none
	}
	r.Log = f.Log()
	return r, nil
}

func (f Folder) write(r *Running) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return f.replace("backend.json", append(text, '\n'))
}

// replace writes a file so that a reader sees the old or the new, never a part.
func (f Folder) replace(name string, text []byte) error {
	half := f.file(name + ".new")
	if err := os.WriteFile(half, text, 0o600); err != nil {
		return err
	}
	return os.Rename(half, f.file(name))
}

// make makes the folder, and sees to it that git passes it over.
func (f Folder) make() error {
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of the backend: %w; run in a folder that you may write to, or start a backend yourself and name it in LAMBDASIM_ENDPOINT", err)
	}
	ignore := f.file(".gitignore")
	if _, err := os.Lstat(ignore); err == nil {
		return nil
	}
	return os.WriteFile(ignore, []byte("*\n"), 0o644)
}

// port is the folder's port, 0 when it has none yet.
func (f Folder) port() int {
	text, err := os.ReadFile(f.file("port"))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || n < 1 || n > 65535 {
		return 0
	}
	return n
}
