package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
)

// environment is one program with its Runtime API. It serves one attempt at a time.
type environment struct {
	place
	key         key
	layers      string // key of its unpacked layers
	credentials Credentials
	out         *output
	pid         int

	killing sync.Mutex
	reaped  bool          // under killing: the group's number may be somebody else's now
	frozen  bool          // under killing
	exited  chan struct{} // closed once the program has ended and its output was read
	exit    error         // how, as exec.Cmd.Wait says; read after exited
	peak    atomic.Int64  // MB, of a program that has ended

	used     int // MB, as measured at that time; the run's that has the environment
	measured time.Time

	idleTimer *time.Timer // under the pool's lock, while idle
	kept      bool        // under killing: tmp outlives this environment; settled once it has been reaped
}

// entrypointError means that the package's program cannot be started: that is the function's fault, not the machine's.
type entrypointError struct{ reason string }

func (e *entrypointError) Error() string { return e.reason }

// start starts an environment of the key, for the version, in a place that the pool gave. The errors are those of Run, and
// *entrypointError.
func (e *Executor) start(ctx context.Context, k key, v *function.Version) (*environment, error) {
	task, err := e.useCode(ctx, v)
	if err != nil {
		return nil, err
	}
	opt, err := e.useLayers(ctx, v)
	if err != nil {
		e.code.drop(v.Code.SHA256)
		return nil, err
	}
	env, err := e.startIn(ctx, k, v, task, opt)
	if err != nil {
		e.code.drop(v.Code.SHA256)
		e.layers.drop(layersKey(v))
		return nil, err
	}
	return env, nil
}

func (e *Executor) startIn(ctx context.Context, k key, v *function.Version, task, opt string) (*environment, error) {
	p, err := e.program(ctx, v, task, opt, e.confine(task, opt, "").view)
	if err != nil {
		return nil, err
	}
	own, err := e.place(k, v.EphemeralStorage)
	if err != nil {
		return nil, err
	}
	credentials, err := e.Credentials(ctx, v)
	if err != nil {
		own.leave()
		return nil, fmt.Errorf("credentials for function %s: %w", v.QualifiedARN(), err)
	}
	env := &environment{place: *own, key: k, credentials: credentials, exited: make(chan struct{}), kept: true, layers: layersKey(v)}
	c := e.confine(task, opt, env.tmp)
	c.prefixes = p.prefixes
	err = e.launch(env, p, c, surroundings{version: v, program: p, view: c.view, folder: env.mark, api: env.api.address,
		endpoint: e.Endpoint(), credentials: credentials, now: e.Clock.Now(), ahead: k.ahead})
	if err != nil {
		own.leave()
		return nil, err
	}
	return env, nil
}

// launch starts the program and those who look after it: one waits for its end, one reads its output.
func (e *Executor) launch(env *environment, p *program, c confinement, s surroundings) error {
	out, write, err := newOutput()
	if err != nil {
		return err
	}
	defer write.Close()
	env.out = out
	cmd := exec.Command(p.path, p.args...)
	cmd.Dir, cmd.Env = s.view.task, s.environ()
	cmd.Stdout, cmd.Stderr = write, write
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Chroot: c.view.root}
	env.family.place(cmd.SysProcAttr)
	if o := e.home.owner; o.switches {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: o.uid, Gid: o.gid}
	}
	e.work.Add(1)
	following := make(chan struct{})
	ended := func(err error) {
		env.end(cmd, err)
		out.close()
		<-following
		e.over(env)
		e.work.Done()
	}
	// pid is set by the time anybody else sees env; ended may run before.
	if err := env.stage.spawn(cmd, c, ended); err != nil {
		e.work.Done()
		out.close()
		return startError(p, err)
	}
	env.pid, env.family.pid = cmd.Process.Pid, cmd.Process.Pid
	go func() {
		out.follow()
		close(following)
	}()
	return nil
}

// startError tells a package's program that cannot be started, in Lambda's words, from an interpreter that cannot.
func startError(p *program, err error) error {
	path, ok := errors.AsType[*fs.PathError](err)
	if p.bootstrap == "" || !ok {
		return fmt.Errorf("start %s: %w", p.path, err)
	}
	if _, missing := os.Stat(p.bootstrap); errors.Is(missing, fs.ErrNotExist) {
		return &entrypointError{"Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}
	}
	return &entrypointError{"fork/exec " + p.shown + ": " + path.Err.Error()}
}

// end notes that the program has ended, and ends what it started.
func (env *environment) end(cmd *exec.Cmd, err error) {
	env.killing.Lock()
	rest := family{pid: cmd.Process.Pid, folder: env.family.folder}
	rest.kill() // what it has left; nothing is no error
	env.reaped = true
	env.killing.Unlock()
	env.exit = err
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		env.peak.CompareAndSwap(0, int64(maxRSS(usage)))
	}
	env.out.line("")
	close(env.exited)
}

// over releases what an environment that has ended used.
func (e *Executor) over(env *environment) {
	env.api.close()
	e.code.drop(env.key.code)
	e.layers.drop(env.layers)
	e.pool.expire(env) // one that died while it was idle
	if e.home.groups == "" && !e.Unconfined {
		endLeftovers(env.mark)
	}
	env.family.leave()
	if !env.keepsTmp() {
		removeTmp(env.tmp)
	}
}

// keepTmp says whether the folder for temporary files is to outlive the environment. Once that has ended it is too late.
func (env *environment) keepTmp(keep bool) {
	env.killing.Lock()
	defer env.killing.Unlock()
	if !env.reaped {
		env.kept = keep
	}
}

func (env *environment) keepsTmp() bool {
	env.killing.Lock()
	defer env.killing.Unlock()
	return env.kept
}

// halt stops an idle environment, and with false lets it go on. It may be called at any time.
func (env *environment) halt(stop bool) {
	env.killing.Lock()
	defer env.killing.Unlock()
	if !env.reaped && env.frozen != stop {
		env.frozen = stop
		env.family.halt(stop)
	}
}

// stop kills the process group, and does not wait. It may be called at any time and more than once.
func (env *environment) stop() {
	env.killing.Lock()
	defer env.killing.Unlock()
	if !env.reaped {
		env.family.kill()
	}
}

// finish kills the process group, and waits until the program has ended and its output has been read.
func (env *environment) finish() {
	if !env.hasExited() {
		env.peak.CompareAndSwap(0, int64(peakMemory(env.pid)))
	}
	env.stop()
	<-env.exited
}

func (env *environment) hasExited() bool {
	select {
	case <-env.exited:
		return true
	default:
		return false
	}
}

// memoryAge is how old the answer to "how much memory has it used?" may be: the system takes a twentieth of a millisecond to
// say, at each of thousands of invocations in a second.
const memoryAge = 200 * time.Millisecond

// memory is the most memory that the program has used so far, in MB, as it was at most memoryAge ago. Of one that ended by
// itself the system counts what the backend used when it started it, so that is shown as at most the memory size. Only the
// run that has the environment calls it.
func (env *environment) memory(size int) int {
	if env.hasExited() {
		return min(int(env.peak.Load()), size)
	}
	if now := time.Now(); now.Sub(env.measured) > memoryAge {
		env.used, env.measured = peakMemory(env.pid), now
	}
	return min(env.used, size)
}

// overLimit kills the environment where it uses more memory than the function's size, in MB, and reports that it has.
func (env *environment) overLimit(size int) bool {
	if env.family.memory() <= size {
		return false
	}
	env.peak.Store(int64(size))
	env.stop()
	return true
}

// exitReason says how the program ended, in Lambda's words.
func (env *environment) exitReason() string {
	if env.exit == nil {
		return "Runtime exited without providing a reason"
	}
	return "Runtime exited with error: " + env.exit.Error()
}
