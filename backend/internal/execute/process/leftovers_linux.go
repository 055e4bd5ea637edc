package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endLeftovers kills every process that belongs to a folder that functions worked in, and returns how many there were.
//
// A program dies with its backend (see spawn), but for three cases: what it has started itself, which gets no signal of
// its parent's death; a program that has changed its user or got privileges, for which the kernel drops the signal; and
// whatever has left the process group, where there are no control groups. A process id says nothing (it may have been used again), and to work in the folder
// is no proof (somebody may look around there): who belongs to it has it in the environment, in a variable that
// every program gets and its children inherit.
func endLeftovers(folder string) int {
	const rounds, pause = 100, 10 * time.Millisecond
	ended := map[int]bool{}
	for range rounds { // what is being killed may be starting others
		found := false
		names, _ := filepath.Glob("/proc/[0-9]*")
		for _, name := range names {
			pid, err := strconv.Atoi(filepath.Base(name))
			if err != nil || pid == os.Getpid() {
				continue
			}
			p, err := os.FindProcess(pid) // before it is looked at: a handle, which no other process can inherit
			if err != nil {
				continue
			}
			if belongs(name, folder) {
				found, ended[pid] = true, true
				_ = p.Signal(syscall.SIGKILL)
			}
			_ = p.Release()
		}
		if !found {
			break
		}
		time.Sleep(pause)
	}
	return len(ended)
}

func belongs(proc, folder string) bool {
	environ, err := os.ReadFile(filepath.Join(proc, "environ"))
	if err != nil {
		return false
	}
	for _, variable := range bytes.Split(environ, []byte{0}) {
		if bytes.HasPrefix(variable, []byte(folderVariable+"="+strings.TrimSuffix(folder, "/")+"/")) {
			return true
		}
	}
	return false
}
