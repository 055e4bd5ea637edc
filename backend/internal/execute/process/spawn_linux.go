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

// spawn starts cmd, confined, so that it dies with this process, however that ends, and calls exited after its end. The
// kernel sends the signal when the thread that forked ends, not the process: so a thread of its own starts the command and
// waits for it. The thread is confined as the program is, so it does nothing else.
func spawn(cmd *exec.Cmd, c confinement, exited func(error)) error {
	nothing, err := os.Open(os.DevNull) // while this may still be opened
	if err != nil {
		return err
	}
	defer nothing.Close()
	cmd.Stdin = nothing
	started := make(chan error)
	thread.Own(func() {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
		if err := c.apply(); err != nil {
			started <- fmt.Errorf("confine a program: %w", err)
			return
		}
		err := cmd.Start()
		started <- err
		if err == nil {
			err := cmd.Wait()
			go exited(err)
		}
	})
	return <-started
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
