package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/thread"
)

// stage is a thread on which one program is started, confined, so that it dies with this process, however that ends. The kernel
// sends the signal when the thread that forked ends, not the process: so the thread waits for the program. It is confined as the
// program is, so it does nothing else.
type stage struct {
	orders chan order
	ready  chan struct{} // closed once err is set
	err    error         // of the part of the confinement that does not depend on the function
	ended  chan struct{} // closed when the thread has nothing more to do
}

// order is a program to start.
type order struct {
	cmd     *exec.Cmd
	c       confinement
	exited  func(error)
	started chan error
}

// newStage takes a thread and begins to confine it, as far as c says; it does not wait for that.
func newStage(c confinement) *stage {
	s := &stage{orders: make(chan order), ready: make(chan struct{}), ended: make(chan struct{})}
	thread.Own(func() {
		defer close(s.ended)
		s.err = c.prepare()
		close(s.ready)
		if o, ok := <-s.orders; ok {
			s.start(o)
		}
	})
	return s
}

// prepared waits until the stage can be used, or says why it cannot.
func (s *stage) prepared() error {
	<-s.ready
	return s.err
}

// close gives up a stage on which nothing runs.
func (s *stage) close() {
	close(s.orders)
	<-s.ended
}

// spawn starts cmd, confined by c, and calls exited after its end.
func (s *stage) spawn(cmd *exec.Cmd, c confinement, exited func(error)) error {
	nothing, err := os.Open(os.DevNull) // while this may still be opened
	if err != nil {
		return err
	}
	defer nothing.Close()
	cmd.Stdin = nothing
	started := make(chan error)
	s.orders <- order{cmd, c, exited, started}
	return <-started
}

func (s *stage) start(o order) {
	err := s.err
	if err == nil {
		err = o.c.finish()
	}
	if err != nil {
		o.started <- fmt.Errorf("confine a program: %w", err)
		return
	}
	o.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	err = o.cmd.Start()
	o.started <- err
	if err == nil {
		err := o.cmd.Wait()
		go o.exited(err)
	}
}

// peakMemory is the most memory, in MB, that the running process has used so far; 0 where that is not known.
func peakMemory(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, ok := bytes.Cut(status, []byte("VmHWM:"))
	if !ok {
		return 0
	}
	fields := bytes.Fields(rest)
	kb, err := strconv.Atoi(string(fields[0]))
	if err != nil {
		return 0
	}
	return (kb + 1023) / 1024
}

// maxRSS is the most memory of a program that has ended, in MB.
func maxRSS(u *syscall.Rusage) int { return int(u.Maxrss+1023) / 1024 }
