package local

import (
	"os/exec"
	"runtime"
	"syscall"
)

// spawn starts cmd so that it ends with this process, however that ends. The kernel sends the signal when the thread that
// forked ends, not the process: so a goroutine that keeps its thread starts the command and waits for it.
func spawn(cmd *exec.Cmd, exited chan<- struct{}) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(exited)
	}()
	return <-started
}
