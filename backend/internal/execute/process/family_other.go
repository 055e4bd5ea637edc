//go:build unix && !linux

package process

import "syscall"

// family is a program and all that it has started, as far as that is in its process group.
type family struct {
	pid    int
	folder string
}

func groupFolder(string) string { return "" }

func ownGroup() (string, bool) { return "", false }

func (f *family) enter(string) error { return nil }

func (f *family) place(*syscall.SysProcAttr) {}

// halt stops everything, and with false lets it go on.
func (f *family) halt(stop bool) {
	signal := syscall.SIGCONT
	if stop {
		signal = syscall.SIGSTOP
	}
	_ = syscall.Kill(-f.pid, signal)
}

// kill ends everything; the program is alive or has not been waited for.
func (f *family) kill() { _ = syscall.Kill(-f.pid, syscall.SIGKILL) }

func (f *family) leave() {}

// memory is not known here.
func (f *family) memory() int { return 0 }

func removeGroups(string) {}
