package process

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// spawn starts cmd so that it dies with this process, however that ends, and calls exited after its end. The kernel sends
// the signal when the thread that forked ends, not the process: so a goroutine that keeps its thread starts the command
// and waits for it.
func spawn(cmd *exec.Cmd, exited func(error)) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
		err := cmd.Start()
		started <- err
		if err == nil {
			exited(cmd.Wait())
		}
	}()
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
