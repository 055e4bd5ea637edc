package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/thread"
)

// hostFolders are the folders of the machine that a program sees under a root of its own: programs, their libraries and
// their settings. Those that are links stay links.
var hostFolders = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix", "/gnu"}

// systemFolders are seen too, but not what is mounted in them: no /dev/shm, which Lambda does not have either.
var systemFolders = []string{"/dev", "/proc", "/sys"}

// resolver is where a distribution keeps what /etc/resolv.conf links to.
const resolver = "/run/systemd/resolve"

// abilities are what this machine and this user can do to keep programs apart.
type abilities struct {
	mounts   bool // a root of its own for each program, as root alone can
	landlock int  // version of the kernel's Landlock; 0: none
}

// findAbilities tries them out, in threads that end with it.
func findAbilities(empty string, mayMount bool) (a abilities, obstacle error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno == 0 {
		a.landlock = int(version)
	} else {
		obstacle = fmt.Errorf("Landlock: %w", errno)
	}
	if mayMount {
		err := make(chan error)
		thread.Own(func() {
			c := confinement{abilities: abilities{mounts: true}, root: empty, view: view{task: "/var/task", client: "/var/runtime", tmp: "/tmp"},
				task: "/usr", client: "/usr", tmp: "/usr"}
			err <- errors.Join(c.prepare(), c.finish())
		})
		cannot := <-err
		if a.mounts = cannot == nil; !a.mounts {
			obstacle = errors.Join(obstacle, fmt.Errorf("mounts: %w", cannot))
		}
	}
	return a, obstacle
}

// prepare begins to confine the calling thread, and with it what it starts, as far as that is the same for all functions. The
// thread can never be used for anything else.
func (c confinement) prepare() error {
	if c.mounts {
		return c.mountRoot()
	}
	return nil
}

// finish adds to a prepared thread what is the function's own, and ends its rights.
func (c confinement) finish() error {
	if c.mounts {
		if err := c.mountFunction(); err != nil {
			return err
		}
	}
	if c.landlock > 0 {
		if err := c.restrict(); err != nil {
			return fmt.Errorf("Landlock: %w", err)
		}
	}
	return nil
}

// mountRoot makes the program's root, in a mount namespace that is gone when the thread and the program are. All but the
// folders of the function is in it.
func (c confinement) mountRoot() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("a private mount namespace: %w", err)
	}
	if err := unix.Mount("tmpfs", c.root, "tmpfs", unix.MS_NOSUID, "size=1m,mode=755"); err != nil {
		return fmt.Errorf("a root folder: %w", err)
	}
	for _, path := range hostFolders {
		if err := c.show(path, unix.MS_REC); err != nil {
			return err
		}
	}
	for _, path := range append([]string{resolver}, systemFolders...) {
		if err := c.show(path, 0); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(c.root+"/opt", 0o755); err != nil {
		return err
	}
	own := [][2]string{{c.tmp, c.view.tmp}, {c.client, c.view.client}}
	if c.libraries != "" {
		own = append(own, [2]string{c.libraries, c.view.libraries})
	}
	return c.bindAll(own)
}

// mountFunction adds the function's folders to the root.
func (c confinement) mountFunction() error {
	own := [][2]string{{c.task, c.view.task}}
	if c.layers != "" {
		own = append(own, [2]string{c.layers, c.view.opt})
	}
	for _, path := range slices.Concat(c.prefixes, c.share) {
		if !slices.ContainsFunc(hostFolders, func(seen string) bool { return path == seen || strings.HasPrefix(path, seen+"/") }) {
			own = append(own, [2]string{path, path})
		}
	}
	return c.bindAll(own)
}

func (c confinement) bindAll(own [][2]string) error {
	for _, o := range own {
		if err := c.bind(o[0], o[1], unix.MS_REC); err != nil {
			return err
		}
	}
	return nil
}

// show makes a folder of the machine seen where it is; one that is not there is not missed.
func (c confinement) show(path string, flags uintptr) error {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil
	case info.Mode()&os.ModeSymlink != 0:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return os.Symlink(to, c.root+path)
	case !info.IsDir():
		return nil
	}
	return c.bind(path, path, flags)
}

func (c confinement) bind(from, to string, flags uintptr) error {
	if err := os.MkdirAll(c.root+to, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(from, c.root+to, "", unix.MS_BIND|flags, ""); err != nil {
		return fmt.Errorf("%s as %s: %w", from, to, err)
	}
	return nil
}

// Rights of Landlock.
const (
	mayRead  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	mayWrite = unix.LANDLOCK_ACCESS_FS_WRITE_FILE
)

// all is every right on files that a version of Landlock knows.
func all(version int) (rights uint64) {
	rights = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1
	for _, later := range []struct {
		version int
		right   uint64
	}{{2, unix.LANDLOCK_ACCESS_FS_REFER}, {3, unix.LANDLOCK_ACCESS_FS_TRUNCATE}, {5, unix.LANDLOCK_ACCESS_FS_IOCTL_DEV}} {
		if version >= later.version {
			rights |= later.right
		}
	}
	return rights
}

// restrict makes a Landlock domain. With a root of its own a program may use all of that; otherwise it gets the folders one
// by one, and the shared /tmp, which functions name outright. In either case the domain keeps it from looking into, and
// from sending signals to, what is outside.
func (c confinement) restrict() error {
	every := all(c.landlock)
	attr, size := unix.LandlockRulesetAttr{Access_fs: every}, uintptr(8)
	if c.landlock >= 4 {
		size = 16
	}
	if c.landlock >= 6 {
		size, attr.Scoped = 24, unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	if c.landlock >= 7 { // before, it would keep this process's own threads from one another
		attr.Scoped |= unix.LANDLOCK_SCOPE_SIGNAL
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(fd))
	for path, rights := range c.rules(every) {
		if err := allow(int(fd), path, rights); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if _, _, errno = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func (c confinement) rules(every uint64) map[string]uint64 {
	if c.mounts {
		return map[string]uint64{c.root: every}
	}
	rules := map[string]uint64{"/proc": mayRead | mayWrite, "/sys": mayRead, "/dev": every, "/opt": mayRead, resolver: mayRead,
		c.task: mayRead, c.client: mayRead, c.tmp: every, os.TempDir(): every}
	for _, path := range slices.Concat(hostFolders, c.prefixes, []string{c.libraries, c.layers, userLibraries()}) {
		if path != "" {
			rules[path] = mayRead
		}
	}
	for _, path := range c.share {
		rules[path] = every
	}
	return rules
}

// userLibraries is where pip puts modules of the user's own.
func userLibraries() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "lib")
}

// allow adds a rule; a folder that is not there needs none.
func allow(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err == unix.ENOENT {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// mountTmp gives a folder for temporary files the size that the function's configuration says, in MB.
func mountTmp(path string, size int, o *owner) error {
	return unix.Mount("tmpfs", path, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%dm,mode=700,uid=%d,gid=%d", size, o.uid, o.gid))
}

// resizeTmp gives it another size.
func resizeTmp(path string, size int) error {
	return unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("size=%dm", size))
}

// unmountTmp is the end of mountTmp; of a folder that is not mounted it is nothing.
func unmountTmp(path string) { _ = unix.Unmount(path, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW) }
