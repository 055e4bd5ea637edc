package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// family is a program and all that it has started. Where the backend may make control groups (version 2), that is a group
// of its own: what is in it can be stopped, counted and killed, however it has tried to leave. Elsewhere it is the process
// group, and what has left that is found by its environment variables when the program has ended.
type family struct {
	pid    int
	folder string   // of the control group; "" where there is none
	dir    *os.File // the same
	freeze *os.File // its switch
	procs  *os.File // its members
}

// groupFolder is a folder for the control groups of a backend's environments, under the backend's own; "" where it may not
// make any, or the kernel cannot start programs in one or kill one.
func groupFolder(name string) string {
	dir, ok := ownGroup()
	if !ok {
		return ""
	}
	dir = filepath.Join(dir, name)
	if os.Mkdir(dir, 0o755) != nil {
		return ""
	}
	f := &family{}
	if f.enter(filepath.Join(dir, "try")) == nil {
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr = &syscall.SysProcAttr{}
		f.place(cmd.SysProcAttr)
		_, err := os.Stat(filepath.Join(f.folder, "cgroup.kill"))
		if err == nil && cmd.Run() == nil {
			f.leave()
			return dir
		}
		f.leave()
	}
	_ = os.Remove(dir)
	return ""
}

// ownGroup is the folder of this process's control group.
func ownGroup() (string, bool) {
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", false
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(string(groups)) {
		path, unified := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !unified {
			continue
		}
		for mount := range strings.Lines(string(mounts)) {
			if fields := strings.Fields(mount); len(fields) > 2 && fields[2] == "cgroup2" {
				return filepath.Join(fields[1], path), true
			}
		}
	}
	return "", false
}

// enter makes the control group.
func (f *family) enter(folder string) (err error) {
	if err = os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	f.folder = folder
	if f.dir, err = os.Open(folder); err == nil {
		f.freeze, err = os.OpenFile(filepath.Join(folder, "cgroup.freeze"), os.O_WRONLY, 0)
	}
	if err == nil {
		f.procs, err = os.Open(filepath.Join(folder, "cgroup.procs"))
	}
	if err != nil {
		f.leave()
	}
	return err
}

// place says that a program is started in the group.
func (f *family) place(attr *syscall.SysProcAttr) {
	if f.dir != nil {
		attr.UseCgroupFD, attr.CgroupFD = true, int(f.dir.Fd())
	}
}

// halt stops everything, and with false lets it go on.
func (f *family) halt(stop bool) {
	switch {
	case f.freeze != nil && stop:
		_, _ = f.freeze.WriteAt([]byte("1"), 0)
	case f.freeze != nil:
		_, _ = f.freeze.WriteAt([]byte("0"), 0)
	case stop:
		_ = syscall.Kill(-f.pid, syscall.SIGSTOP)
	default:
		_ = syscall.Kill(-f.pid, syscall.SIGCONT)
	}
}

// kill ends everything; the program is alive or has not been waited for.
func (f *family) kill() {
	_ = syscall.Kill(-f.pid, syscall.SIGKILL)
	if f.folder != "" {
		_ = os.WriteFile(filepath.Join(f.folder, "cgroup.kill"), []byte("1"), 0)
	}
}

// leave kills what is left of the group, and removes it. What is killed takes a moment to be gone.
func (f *family) leave() {
	if f.folder == "" {
		return
	}
	const rounds, pause = 2000, time.Millisecond
	for _, open := range []*os.File{f.dir, f.freeze, f.procs} {
		_ = open.Close() // of none it is nothing
	}
	for range rounds {
		if err := os.Remove(f.folder); err == nil || os.IsNotExist(err) {
			return
		}
		_ = os.WriteFile(filepath.Join(f.folder, "cgroup.kill"), []byte("1"), 0)
		time.Sleep(pause)
	}
}

// members are the processes of the family: those of the group, or the program alone.
func (f *family) members() (pids []int) {
	if f.procs == nil {
		return []int{f.pid}
	}
	var text []byte
	for page := make([]byte, os.Getpagesize()); ; {
		n, err := f.procs.ReadAt(page, int64(len(text)))
		if text = append(text, page[:n]...); n == 0 || err != nil {
			break
		}
	}
	for field := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// memory is what the family uses now that is nobody else's, in MB: without the pages of programs and libraries, which all
// environments share.
func (f *family) memory() (mb int) {
	pages := 0
	for _, pid := range f.members() {
		pages += ownPages(pid)
	}
	return pages * os.Getpagesize() >> 20
}

// ownPages is how many pages of a process are resident and nobody else's; 0 of one that has ended. It is asked for all the time
// that functions run, so it does not go through package os, which takes three times as long.
func ownPages(pid int) int {
	fd, err := syscall.Open("/proc/"+strconv.Itoa(pid)+"/statm", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer syscall.Close(fd)
	var text [128]byte
	n, _ := syscall.Read(fd, text[:])
	fields := strings.Fields(string(text[:max(n, 0)])) // size, resident, shared, …
	if len(fields) < 3 {
		return 0
	}
	resident, _ := strconv.Atoi(fields[1])
	shared, _ := strconv.Atoi(fields[2])
	return resident - shared
}

// removeGroups kills and removes the control groups of a backend.
func removeGroups(dir string) {
	if dir == "" {
		return
	}
	children, _ := filepath.Glob(filepath.Join(dir, "*", "cgroup.kill"))
	for _, kill := range children {
		_ = os.WriteFile(kill, []byte("1"), 0)
		f := &family{folder: filepath.Dir(kill)}
		f.leave()
	}
	_ = os.Remove(dir)
}
