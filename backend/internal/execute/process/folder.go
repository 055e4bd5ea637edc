package process

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// folderPrefix begins the names of the folders that NewFolder makes.
const folderPrefix = "lambdasim-work-"

// Folder is a folder for an executor to work in, under the system's temporary folder, so that an unprivileged user may
// enter it. A lock, which the kernel frees however this process ends, says that its owner lives.
type Folder struct {
	Path string
	lock *os.File
}

// NewFolder makes a folder. Before that it ends what functions of killed backends have left: their folders, and whatever
// runs in them or was started from there.
func NewFolder(log *slog.Logger) (*Folder, error) {
	sweep(os.TempDir(), log)
	// It gets its name when it is locked: under that, nobody sees it without its lock.
	unnamed, err := os.MkdirTemp("", "lambdasim-new-")
	if err != nil {
		return nil, fmt.Errorf("make the folder that functions work in: %w", err)
	}
	f := &Folder{Path: filepath.Join(filepath.Dir(unnamed), folderPrefix+strings.TrimPrefix(filepath.Base(unnamed), "lambdasim-new-"))}
	err = os.Chmod(unnamed, 0o755)
	if err == nil {
		f.lock, err = os.OpenFile(filepath.Join(unnamed, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	}
	if err == nil {
		err = syscall.Flock(int(f.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err == nil {
		err = os.Rename(unnamed, f.Path)
	}
	if err != nil {
		_ = os.RemoveAll(unnamed)
		return nil, fmt.Errorf("make the folder that functions work in: %w", err)
	}
	return f, nil
}

// Remove removes the folder.
func (f *Folder) Remove() error {
	err := os.RemoveAll(f.Path)
	return errors.Join(err, f.lock.Close())
}

// sweep removes the folders whose owners are dead, and ends what has outlived them.
func sweep(base string, log *slog.Logger) {
	paths, _ := filepath.Glob(filepath.Join(base, folderPrefix+"*"))
	for _, path := range paths {
		lock, ok := abandoned(path)
		if !ok {
			continue
		}
		if dir, ok := ownGroup(); ok {
			removeGroups(filepath.Join(dir, filepath.Base(path)))
		}
		if n := endLeftovers(path); n > 0 {
			log.Info("ended what functions of a killed backend had left running", "processes", n, "folder", path)
		}
		unmountAll(path)
		if err := os.RemoveAll(path); err != nil {
			log.Warn("remove a folder that functions of a killed backend worked in; the next start tries again", "error", err)
		}
		_ = lock.Close() // nil is no harm
	}
}

// abandoned reports whether a folder is this user's and its owner dead, and returns its lock, taken. Without a lock it has
// no owner either: a folder gets its name when it is locked, and loses the lock when it is being removed.
func abandoned(path string) (lock *os.File, ok bool) {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() {
		return nil, false
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != uint32(os.Geteuid()) {
		return nil, false
	}
	lock, err = os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Is(err, os.ErrNotExist)
	}
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = lock.Close()
		return nil, false
	}
	return lock, true
}
