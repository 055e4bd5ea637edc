package autostart

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// Tenant is a backend in its folder, seen from inside the backend.
type Tenant struct {
	folder Folder
	ready  *os.File   // whoever started the backend reads the other end; nil when nobody does
	held   []*os.File // locks, until the process ends
}

// Occupy takes a folder for the backend that this process is. readyFD is the descriptor on which somebody waits to hear
// that it answers, and startFD is start.lock as the starter held it, which is given back; 0 where this process was started by
// hand. Another backend in the folder is an error.
func Occupy(dir string, readyFD, startFD int) (*Tenant, error) {
	t := &Tenant{folder: Folder{dir}}
	t.ready = inherited(readyFD, "ready")
	if start := inherited(startFD, "start.lock"); start != nil {
		defer start.Close()
	}
	if err := t.folder.make(); err != nil {
		return nil, err
	}
	lock, err := t.folder.tryLock("run.lock")
	if errors.Is(err, errHeld) {
		return nil, fmt.Errorf("the folder %s has a backend already", dir)
	}
	if err != nil {
		return nil, err
	}
	t.held = append(t.held, lock)
	if err := t.folder.forget(); err != nil {
		return nil, err
	}
	if err := lock.Truncate(0); err != nil {
		return nil, err
	}
	_, err = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return t, err
}

// inherited is a descriptor that this process was started with; PostgreSQL and functions must not keep it open.
func inherited(fd int, name string) *os.File {
	if fd <= 0 {
		return nil
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), name)
}

// Announce says that the backend answers: in backend.json, and to whoever started it and waits.
func (t *Tenant) Announce(url, version string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	build, err := describe(program)
	if err != nil {
		return err
	}
	r := &Running{PID: os.Getpid(), URL: url, Version: version, Build: build, Settings: settings(os.Environ())}
	if err := t.folder.write(r); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if t.ready != nil {
		_, _ = t.ready.Write(text) // whoever waited may have been interrupted
		_ = t.ready.Close()
		t.ready = nil
	}
	return nil
}

// Leave prepares to end because nobody needs the backend: when idle still says so while nobody is looking for a backend, it
// takes the description away and reports true, and keeps everybody who looks waiting until this process has ended.
func (t *Tenant) Leave(idle func() bool) bool {
	held, err := t.folder.tryLock("start.lock")
	if err != nil {
		return false
	}
	if !idle() {
		_ = held.Close()
		return false
	}
	if t.folder.forget() != nil { // it stays, and must not keep those waiting who look for it
		_ = held.Close()
		return false
	}
	t.held = append(t.held, held)
	return true
}

// Vacate takes the description away, where the backend ends for another reason.
func (t *Tenant) Vacate() error { return t.folder.forget() }
