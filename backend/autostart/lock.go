package autostart

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// retryLock is how often a lock that somebody else holds is tried again, in real time.
const retryLock = 20 * time.Millisecond

// errHeld says that somebody else holds the lock.
var errHeld = errors.New("the lock is held")

// tryLock takes a lock of the folder, or returns errHeld. Close the file to give it back; the kernel does where the
// process is killed.
func (f Folder) tryLock(name string) (*os.File, error) {
	file, err := os.OpenFile(f.file(name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	_ = file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errHeld
	}
	return nil, fmt.Errorf("lock %s: %w", f.file(name), err)
}

// lock waits for a lock of the folder for as long as ctx lets it.
func (f Folder) lock(ctx context.Context, name string) (*os.File, error) {
	for {
		file, err := f.tryLock(name)
		if !errors.Is(err, errHeld) {
			return file, err
		}
		if err := pause(ctx, retryLock); err != nil {
			return nil, fmt.Errorf("wait for %s: %w", f.file(name), err)
		}
	}
}

// pause waits for d of real time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := clock.NewWallTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
