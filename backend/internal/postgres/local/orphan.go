package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// stopOrphan ends the postgres that a killed backend left behind in the data folder. We hold the folder's lock, so nobody
// needs it. A process id may have been used again by another program, so it is trusted only if it is a postgres in this
// folder. The server removes postmaster.pid as the last thing it does; its process may linger as a zombie.
func (s *Server) stopOrphan() error {
	file := filepath.Join(s.data, "postmaster.pid")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(text), "\n", 2)[0]))
	if err != nil || pid <= 1 || !s.isOurs(pid) {
		return nil // postgres itself finds out that the file is stale
	}
	s.log.Info("stopping the PostgreSQL that an earlier backend left behind", "pid", pid)
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
		return nil
	}
	deadline := clock.NewWallTimer(30 * time.Second)
	defer deadline.Stop()
	for {
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			return nil
		}
		select {
		case <-deadline.C():
			return fmt.Errorf("the PostgreSQL with process id %d, left behind by an earlier backend in %s, does not stop: end it by hand", pid, s.data)
		case <-clock.NewWallTimer(5 * time.Millisecond).C():
		}
	}
}

// isOurs reports whether the process is a postgres that works in our data folder.
func (s *Server) isOurs(pid int) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	exe, err1 := os.Readlink(filepath.Join(proc, "exe"))
	cwd, err2 := os.Readlink(filepath.Join(proc, "cwd"))
	data, err3 := filepath.EvalSymlinks(s.data)
	if err1 != nil || err2 != nil || err3 != nil {
		return !hasProc()
	}
	return filepath.Base(strings.TrimSuffix(exe, " (deleted)")) == "postgres" && cwd == data
}

// hasProc reports whether this system has /proc; without it the process id must be trusted.
func hasProc() bool {
	_, err := os.Stat("/proc/self/exe")
	return err == nil
}
