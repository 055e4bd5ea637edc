package process

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

//go:embed runtime/python/client.py runtime/node/client.mjs runtime/node/load.mjs runtime/node/log.mjs runtime/node/imports.mjs
var clients embed.FS

// home is the folder that programs work in, made at the first run:
//
//	runtime/python, runtime/node   the runtime clients
//	code/SHA                       unpacked packages, shared and not writable
//	tmp/N                          each environment's own folder for temporary files
//	root                           empty: programs see a root of their own there, in their mount namespace
type home struct {
	wanted     string
	log        *slog.Logger
	unconfined bool

	mu     sync.Mutex
	dir    string // "" until made
	owner  *owner
	can    abilities
	groups string // folder of the environments' control groups; "" where there are none
	next   int
}

// prepare makes the folders, once; after a failure the next call tries again.
func (h *home) prepare() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dir != "" {
		return nil
	}
	o, err := findOwner()
	if err != nil {
		return err
	}
	dir, err := h.choose(o)
	if err != nil {
		return fmt.Errorf("make the folder that functions work in: %w", err)
	}
	unmountAll(dir)
	for _, sub := range subfolders {
		path := filepath.Join(dir, sub)
		if err := os.RemoveAll(path); err != nil { // what a backend that was killed has left
			return fmt.Errorf("clear the folder that functions work in: %w", err)
		}
		if err := makeFolder(path); err != nil {
			return err
		}
	}
	if err := writeClients(dir); err != nil {
		return fmt.Errorf("write the runtime clients: %w", err)
	}
	h.dir, h.owner = dir, o
	if h.unconfined {
		return nil
	}
	var obstacle error
	h.can, obstacle = findAbilities(filepath.Join(dir, "root"), o.switches)
	h.groups = groupFolder(filepath.Base(dir))
	h.log.Info("functions are kept apart", "root folders", h.can.mounts, "Landlock", h.can.landlock, "control groups", h.groups != "", "obstacle", obstacle)
	return nil
}

// subfolders are what a home consists of.
var subfolders = []string{"runtime", "code", "tmp", "root"}

// unmountAll unmounts the folders for temporary files.
func unmountAll(dir string) {
	paths, _ := filepath.Glob(filepath.Join(dir, "tmp", "*"))
	for _, path := range paths {
		unmountTmp(path)
	}
}

// choose returns the wanted folder, or one under the system's temporary folder where the owner may not enter that.
func (h *home) choose(o *owner) (string, error) {
	if h.wanted == "" {
		dir, err := os.MkdirTemp("", "lambdasim-")
		if err != nil {
			return "", err
		}
		h.wanted = dir
		return dir, os.Chmod(dir, 0o755)
	}
	dir, err := filepath.Abs(h.wanted)
	if err != nil {
		return "", err
	}
	if err := makeFolder(dir); err != nil {
		return "", err
	}
	obstacle := o.canEnter(dir)
	if obstacle == nil {
		return dir, nil
	}
	sum := sha256.Sum256([]byte(dir))
	other := filepath.Join(os.TempDir(), fmt.Sprintf("lambdasim-%x", sum[:6]))
	h.log.Info("functions work in another folder", "folder", other, "because", obstacle.Error())
	if err := makeFolder(other); err != nil {
		return "", err
	}
	return other, o.canEnter(other)
}

// makeFolder makes a folder that all may enter and this user alone may write to. It refuses one that is somebody else's
// or a link: under a temporary folder anybody may have made it.
func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || (ok && stat.Uid != uint32(os.Geteuid())) {
		return fmt.Errorf("%s is not a folder of this user: remove it, or choose another folder", path)
	}
	return os.Chmod(path, 0o755)
}

func writeClients(dir string) error {
	return fs.WalkDir(clients, ".", func(path string, d fs.DirEntry, err error) error {
		target := filepath.Join(dir, path)
		if err != nil || path == "." {
			return err
		}
		if d.IsDir() {
			return makeFolder(target)
		}
		text, err := clients.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(target, text, 0o644); err != nil {
			return err
		}
		return os.Chmod(target, 0o644)
	})
}

// runtime is the folder of a language's client.
func (h *home) runtime(language string) string { return filepath.Join(h.dir, "runtime", language) }

// codeFolder is where packages are unpacked.
func (h *home) codeFolder() string { return filepath.Join(h.dir, "code") }

// mark is a path that no environment has had before. Nothing is there.
func (h *home) mark() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	return filepath.Join(h.dir, "environment", fmt.Sprint(h.next)) + "/"
}

// root is an empty folder.
func (h *home) root() string { return filepath.Join(h.dir, "root") }

// tmp makes a folder for an environment's temporary files. Where the backend may mount, it holds as many MB as size says.
func (h *home) tmp(size int) (string, error) {
	h.mu.Lock()
	h.next++
	path := filepath.Join(h.dir, "tmp", fmt.Sprint(h.next))
	h.mu.Unlock()
	if err := os.Mkdir(path, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for temporary files: %w", err)
	}
	if h.can.mounts {
		return path, mountTmp(path, cmp.Or(size, leastTmp), h.owner)
	}
	return path, h.owner.own(path)
}

// leastTmp is the ephemeral storage of a function that does not say, in MB.
const leastTmp = 512

// removeTmp removes what tmp has made.
func removeTmp(path string) {
	unmountTmp(path)
	_ = os.RemoveAll(path)
}

// remove removes the folders. The wanted folder itself is left where it was given.
func (h *home) remove() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dir == "" {
		return
	}
	unmountAll(h.dir)
	removeGroups(h.groups)
	for _, sub := range subfolders {
		if err := os.RemoveAll(filepath.Join(h.dir, sub)); err != nil {
			h.log.Warn("remove a folder that functions worked in", "error", err)
		}
	}
	_ = os.Remove(h.dir) // only where it is empty now
	h.dir = ""
}
