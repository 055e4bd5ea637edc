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

// What an orphan is told, and after how long: a clean end; an end at once; the end.
const (
	tellAgain = 5 * time.Second
	killAfter = 15 * time.Second
	giveUp    = 30 * time.Second
)

// stopOrphan ends the postgres that a killed backend left behind in the data folder. We hold the folder's lock, so nobody
// needs it. A process id may have been used again by another program, so nothing is signalled but a postgres that works
// in this folder. Then no file of an earlier server counts any more: postgres would take one for a running server's when
// its process id is that of any other program of the same user.
func (s *Server) stopOrphan() error {
	file := filepath.Join(s.data, "postmaster.pid")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return s.removeStale(file)
	}
	if err != nil {
		return err
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(text), "\n", 2)[0]))
	began, told := clock.Wall(), syscall.Signal(0)
	for {
		left := s.leftovers(pid)
		if len(left) == 0 {
			return s.removeStale(file)
		}
		waited := clock.Wall().Sub(began)
		if waited > giveUp {
			return fmt.Errorf("the PostgreSQL that an earlier backend left behind in %s does not stop: end its processes %v by hand", s.data, left)
		}
		if tell := urgency(waited); tell != told {
			told = tell
			s.log.Info("stopping the PostgreSQL that an earlier backend left behind", "processes", left, "signal", tell.String())
			for _, p := range left {
				if p == pid || tell == syscall.SIGKILL { // the others end with the first
					_ = syscall.Kill(p, tell)
				}
			}
		}
		<-clock.NewWallTimer(5 * time.Millisecond).C()
	}
}

func urgency(waited time.Duration) syscall.Signal {
	switch {
	case waited > killAfter:
		return syscall.SIGKILL
	case waited > tellAgain:
		return syscall.SIGQUIT
	}
	return syscall.SIGINT
}

// leftovers lists the processes that are a postgres at work in our data folder. Without /proc that is the server whose
// process id is given, while it lives.
func (s *Server) leftovers(pid int) (list []int) {
	if !hasProc() {
		if pid > 1 && syscall.Kill(pid, 0) == nil {
			return []int{pid}
		}
		return nil
	}
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		if p, err := strconv.Atoi(filepath.Base(name)); err == nil && s.isOurs(p) {
			list = append(list, p)
		}
	}
	return list
}

// isOurs reports whether the process is a postgres that works in our data folder. A zombie is none: it has no program.
func (s *Server) isOurs(pid int) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	exe, err1 := os.Readlink(filepath.Join(proc, "exe"))
	cwd, err2 := os.Readlink(filepath.Join(proc, "cwd"))
	data, err3 := filepath.EvalSymlinks(s.data)
	return err1 == nil && err2 == nil && err3 == nil &&
		filepath.Base(strings.TrimSuffix(exe, " (deleted)")) == "postgres" && cwd == data
}

// hasProc reports whether this system has /proc; without it the process id must be trusted.
func hasProc() bool {
	_, err := os.Stat("/proc/self/exe")
	return err == nil
}

// removeStale removes what a server that was killed says of itself.
func (s *Server) removeStale(pidFile string) error {
	for _, file := range append(socketFiles(s.sockets), pidFile) {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove what an earlier PostgreSQL has left: %w", err)
		}
	}
	return nil
}
