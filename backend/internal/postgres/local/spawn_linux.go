package local

import (
	"os/exec"
	"syscall"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/thread"
)

// spawn starts cmd so that it ends with this process, however that ends. The kernel sends the signal when the thread that
// forked ends, not the process: so a thread of its own starts the command and waits for it.
func spawn(cmd *exec.Cmd, exited chan<- struct{}) error {
	started := make(chan error)
	thread.Own(func() {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGINT
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(exited)
	})
	return <-started
}
