package process

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is the user that programs run as: this process's own, or nobody where that is root.
type owner struct {
	uid, gid uint32
	name     string
	switches bool // root becomes this user
}

func findOwner() (*owner, error) {
	if os.Geteuid() != 0 {
		return &owner{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid()), name: "this user"}, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("functions are not run as root, and there is no user nobody to run them as: create it, or start the backend as an ordinary user")
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the id of the user nobody: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("the group of the user nobody: %w", err)
	}
	return &owner{uint32(uid), uint32(gid), u.Username, true}, nil
}

// own gives a file to the owner.
func (o *owner) own(path string) error {
	if !o.switches {
		return nil
	}
	return os.Chown(path, int(o.uid), int(o.gid))
}

// canEnter reports, as an error that names it, a folder on the way to dir (dir included) that the owner may not pass.
func (o *owner) canEnter(dir string) error {
	if !o.switches {
		return nil
	}
	for at := dir; ; at = filepath.Dir(at) {
		if err := o.allows(at, 0o111); err != nil {
			return err
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// canRun reports, as an error that names the obstacle, why the owner may not run the program at path.
func (o *owner) canRun(path string) error {
	if err := o.allows(path, 0o111); err != nil {
		return err
	}
	if err := o.canEnter(filepath.Dir(path)); err != nil {
		return err
	}
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil || resolved == path {
		return err
	}
	return o.canEnter(filepath.Dir(resolved))
}

// allows reports whether the owner has the permission, one of 0o111 (pass or run) and 0o444 (read).
func (o *owner) allows(path string, permission os.FileMode) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	class := permission & 0o007
	switch {
	case stat.Uid == o.uid:
		class = permission & 0o700
	case stat.Gid == o.gid:
		class = permission & 0o070
	}
	if info.Mode().Perm()&class == 0 {
		return fmt.Errorf("the user %s may not enter or run %s (mode %v)", o.name, path, info.Mode().Perm())
	}
	return nil
}
