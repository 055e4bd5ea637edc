//go:build unix && !linux

package local

import "os/exec"

// spawn starts cmd. Without the parent-death signal of Linux a killed backend leaves it behind; the next start ends it.
func spawn(cmd *exec.Cmd, exited chan<- struct{}) error {
	if err := cmd.Start(); err != nil {
		close(exited)
		return err
	}
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	return nil
}
