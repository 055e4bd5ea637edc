//go:build unix && !linux

package process

import (
	"os/exec"
	"syscall"
)

// stage is where a program is started: here it needs no thread of its own.
type stage struct{}

func newStage(confinement) *stage { return &stage{} }

func (s *stage) prepared() error { return nil }

func (s *stage) close() {}

// spawn starts cmd and calls exited after its end. Without Linux's parent-death signal a program whose backend was killed
// ends when it next asks for an event.
func (s *stage) spawn(cmd *exec.Cmd, _ confinement, exited func(error)) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { exited(cmd.Wait()) }()
	return nil
}

// peakMemory is the most memory, in MB, that the running process has used so far: here it is not known before its end.
func peakMemory(int) int { return 0 }

// maxRSS is the most memory of a program that has ended, in MB.
func maxRSS(u *syscall.Rusage) int { return int(u.Maxrss >> 20) }
