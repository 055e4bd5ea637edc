package autostart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// Limits of real time.
const (
	startLimit  = 2 * time.Minute  // a first start may have to make a cluster, and to fetch PostgreSQL's programs
	healthLimit = 5 * time.Second  // a busy machine answers late
	hungLimit   = 30 * time.Second // for a backend that runs and does not answer
	stopLimit   = 20 * time.Second // from SIGTERM to the end; then it is killed
)

// Options says which backend is wanted.
type Options struct {
	Program string // the executable; this one when empty
	Version string // a backend of another version is replaced
	// Environ is the environment to start it with, as os.Environ gives it; this process's when nil. Of its LAMBDASIM_…
	// variables, those that are set must be what a running backend was started with, or it is replaced.
	Environ   []string
	IdleLimit time.Duration // DefaultIdleLimit when 0
}

func (o *Options) complete() error {
	var err error
	if o.Program == "" {
		if o.Program, err = os.Executable(); err != nil {
			return err
		}
	}
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.IdleLimit == 0 {
		o.IdleLimit = DefaultIdleLimit
	}
	return nil
}

// settings are the variables that make a backend what it is.
func settings(environ []string) map[string]string {
	out := map[string]string{}
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "LAMBDASIM_") && !notSettings[name] && value != "" {
			out[name] = value
		}
	}
	return out
}

// notSettings are read by the provider, or decided by this package.
var notSettings = map[string]bool{"LAMBDASIM_ENDPOINT": true, "LAMBDASIM_LISTEN": true, "LAMBDASIM_STATE_DIR": true, "LAMBDASIM_FOLDER": true,
	"LAMBDASIM_IDLE_LIMIT": true, "LAMBDASIM_CONTROL_TOKEN": true}

// Ensure returns the folder's backend. It starts one where none runs, and replaces one of another version, build or setting.
// Any number of processes may call it at once: they get the same backend.
func (f Folder) Ensure(ctx context.Context, o Options) (*Running, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	if err := f.make(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	held, err := f.lock(ctx, "start.lock")
	if err != nil {
		return nil, err
	}
	defer held.Close()
	want := settings(o.Environ)
	running, err := f.settled(ctx)
	if err != nil {
		return nil, err
	}
	if running != nil {
		if running.serves(o, want) {
			return running, nil
		}
		if err := f.terminate(ctx); err != nil {
			return nil, err
		}
	}
	return f.start(ctx, o, held)
}

// serves reports whether a running backend is one of the version, the build and the settings that are wanted. A setting
// that nobody asks for may be anything.
func (r *Running) serves(o Options, want map[string]string) bool {
	for name, value := range want {
		if r.Settings[name] != value {
			return false
		}
	}
	return r.Version == o.Version && r.Build.is(o.Program)
}

// settled returns the folder's backend, or nil when there is none. One that has been started and does not answer yet (whoever
// started it was interrupted) is given time; one that does not answer at all is ended. Hold start.lock.
func (f Folder) settled(ctx context.Context) (*Running, error) {
	patience, cancel := context.WithTimeout(ctx, hungLimit)
	defer cancel()
	for {
		running, err := f.answering(ctx)
		if running != nil || err != nil {
			return running, err
		}
		free, err := f.tryLock("run.lock")
		if err == nil {
			defer free.Close()
			return nil, f.forget()
		}
		if !errors.Is(err, errHeld) {
			return nil, err
		}
		if pause(patience, retryLock) != nil {
			return nil, f.terminate(ctx)
		}
	}
}

// answering returns the backend that backend.json describes, if it answers, and nil otherwise.
func (f Folder) answering(ctx context.Context) (*Running, error) {
	r, err := f.read()
	if r == nil || err != nil {
		return nil, err
	}
	if syscall.Kill(r.PID, 0) != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, healthLimit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL+control.Prefix+"health", nil)
	if err != nil {
		return nil, nil // the file is not what a backend wrote
	}
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return nil, nil
	}
	defer res.Body.Close()
	var health control.Health
	if json.NewDecoder(res.Body).Decode(&health) != nil || health.PID != r.PID {
		return nil, nil // somebody else has the port now
	}
	return r, nil
}

// terminate ends the process that holds run.lock: gently, and after a while not. That process wrote its id there.
func (f Folder) terminate(ctx context.Context) error {
	text, err := os.ReadFile(f.file("run.lock"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("%s does not say which process holds it: end the backend of this folder by hand; its log is %s", f.file("run.lock"), f.Log())
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end the backend (process %d): %w", pid, err)
		}
		wait, cancel := context.WithTimeout(ctx, stopLimit)
		free, err := f.lock(wait, "run.lock")
		cancel()
		if err == nil {
			defer free.Close()
			return f.forget()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return fmt.Errorf("the backend (process %d) does not end; its log is %s", pid, f.Log())
}

// forget removes what described a backend that has gone. Hold run.lock.
func (f Folder) forget() error {
	err := os.Remove(f.file("backend.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// Status returns the folder's backend if it runs, nil otherwise. It starts nothing.
func (f Folder) Status(ctx context.Context) (*Running, error) { return f.answering(ctx) }

// Stop ends the folder's backend and reports whether there was one. What it keeps stays: the next start goes on with it.
func (f Folder) Stop(ctx context.Context) (bool, error) {
	if _, err := os.Stat(f.dir); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	held, err := f.lock(ctx, "start.lock")
	if err != nil {
		return false, err
	}
	defer held.Close()
	free, err := f.tryLock("run.lock")
	if err == nil {
		defer free.Close()
		return false, f.forget()
	}
	return true, f.terminate(ctx)
}

// Clean ends the folder's backend and removes all it keeps: functions, objects, records, the trace, the log, the port.
func (f Folder) Clean(ctx context.Context) error {
	if _, err := f.Stop(ctx); err != nil {
		return err
	}
	if err := os.RemoveAll(f.StateDir()); err != nil {
		return err
	}
	return os.RemoveAll(f.dir)
}
