package local

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is the user who runs the cluster: this process's, or where that is root an unprivileged one.
type owner struct {
	uid, gid uint32
	name     string
	switches bool // root becomes this user
}

func findOwner() (*owner, error) {
	if os.Geteuid() != 0 {
		return &owner{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &owner{uint32(uid), uint32(gid), name, true}, nil
		}
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as: create one, or start as an ordinary user")
}

// own gives a file to the owner.
func (o *owner) own(path string) error {
	if !o.switches {
		return nil
	}
	return os.Chown(path, int(o.uid), int(o.gid))
}

// run makes cmd run as the owner, in dir, with a small environment, in a process group of its own so that a terminal's
// Ctrl-C does not reach it.
func (o *owner) run(cmd *exec.Cmd, dir string) {
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if o.switches {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid}
	}
}

// has reports whether a file belongs to this process's user or to the owner.
func (o *owner) has(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == uint32(os.Geteuid()) || stat.Uid == o.uid)
}

// canReach reports, as an error that says what would mend it, when the owner may not pass one of the folders on the way. A
// folder that is not there yet is no obstacle: it is made passable.
func (o *owner) canReach(dir string) error {
	if !o.switches {
		return nil
	}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if errors.Is(err, os.ErrNotExist) && at != filepath.Dir(at) {
			continue
		}
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if ok && !o.passes(info.Mode(), stat) {
			return fmt.Errorf("as root, PostgreSQL is run as the user %s, who may not enter %s (mode %v): choose a --state-dir that others may reach, for example /var/lib/lambdasim",
				o.name, at, info.Mode().Perm())
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

func (o *owner) passes(mode os.FileMode, stat *syscall.Stat_t) bool {
	switch {
	case stat.Uid == o.uid:
		return mode&0o100 != 0
	case stat.Gid == o.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}
