package process

import (
	"context"
	"errors"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute"
)

// run is one attempt on its way through an environment.
type run struct {
	executor *Executor
	inv      *invoke.Invocation
	key      key
	env      *environment  // that asks for events; nil while there is none
	left     time.Duration // of the function's timeout
	init     time.Duration // how long the environment took to get ready; 0 in a warm one
	spent    time.Duration // of the timeout, by an initialisation within it
	log      []byte        // from before the environment that runs the event
}

// errNotReady means that an initialisation took longer than it may.
var errNotReady = errors.New("the initialisation took too long")

// attempt runs one attempt in a warm environment or a new one.
func (e *Executor) attempt(ctx context.Context, inv *invoke.Invocation) (*invoke.Outcome, error) {
	if err := supported(inv.Function); err != nil {
		return nil, err
	}
	if err := e.home.prepare(); err != nil {
		return nil, err
	}
	k := e.pool.key(inv.Function, inv.Provisioned)
	env, err := e.pool.acquire(ctx, k, e.Clock.Now())
	if err != nil {
		return nil, err
	}
	r := &run{executor: e, inv: inv, key: k, env: env, left: timeout(inv.Function)}
	if env == nil {
		return r.cold(ctx)
	}
	return r.invoke(ctx)
}

func timeout(v *function.Version) time.Duration { return time.Duration(v.Timeout) * time.Second }

func (r *run) lines() execute.Lines {
	return execute.Lines{Version: r.inv.Function, At: r.executor.Clock.Now()}
}

// cold runs the attempt in a new environment, for which the pool gave a place. Where that is not ready within the limit,
// it is started once more, now at the expense of the attempt's own timeout.
func (r *run) cold(ctx context.Context) (*invoke.Outcome, error) {
	defer func() {
		if r.env == nil {
			r.executor.pool.free()
		}
	}()
	before, limit := time.Now(), r.executor.InitLimit
	r.note(r.lines().InitStart(runtimeVersion(r.inv.Function)))
	failed, err := r.initialise(ctx, limit)
	if err == errNotReady {
		r.note(r.lines().InitReport(limit, "init", "timeout", ""))
		before = time.Now()
		failed, err = r.initialise(ctx, r.left)
		r.spent, r.init = time.Since(before), 0
		r.left -= r.spent
	}
	switch {
	case err == errNotReady:
		return r.unready(execute.Timeout(r.inv), timeout(r.inv.Function)), nil
	case err != nil:
		return nil, err
	case failed != nil:
		r.note(r.lines().InitReport(time.Since(before), "init", "error", failed.ErrorType))
		return r.unready(failed, time.Since(before)), nil
	}
	return r.invokeNew(ctx)
}

func (r *run) note(line string) { r.log = append(r.log, line...) }

// initialise starts an environment and waits until it asks for an event; then it is r.env. An outcome means that it
// failed; errNotReady, that the limit passed. In either case the environment has ended, and its place is still taken.
func (r *run) initialise(ctx context.Context, limit time.Duration) (failed *invoke.Outcome, err error) {
	before := time.Now()
	env, err := r.executor.start(ctx, r.key, r.inv.Function)
	if entry, ok := errors.AsType[*entrypointError](err); ok {
		return execute.Failure(r.inv, execute.InvalidEntrypoint, entry.reason), nil
	}
	if err != nil {
		return nil, err
	}
	if !r.executor.pool.add(env) { // closed meanwhile
		env.stop()
	}
	timer, look := time.NewTimer(limit), time.NewTicker(memoryLook)
	defer timer.Stop()
	defer look.Stop()
	for waiting := true; waiting; {
		waiting = false
		select {
		case <-env.api.isReady:
			r.env, r.init = env, time.Since(before)
			time.AfterFunc(spareAfter, r.executor.makeSpare)
			return nil, nil
		case <-env.api.failed:
			env.awaitExit()
		case <-env.exited:
		case <-look.C:
			waiting = !env.overLimit(r.inv.Function.MemorySize)
		case <-timer.C:
			err = errNotReady
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	r.executor.pool.forget(env)
	r.end(env, ctx.Err() == nil)
	if env.keepsTmp() {
		r.executor.pool.keepFolder(env.key, env.tmp)
	}
	r.log = append(r.log, env.out.take()...)
	if err != nil {
		return nil, err
	}
	return r.exited(env)
}

// memoryLook is how often the memory of a program with an event is measured.
const memoryLook = 50 * time.Millisecond

// end kills an environment and waits for it. What ran out of time or ended by itself leaves its temporary files to the next
// one.
func (r *run) end(env *environment, keep bool) {
	env.keepTmp(keep)
	env.finish()
}

// awaitExit lets a program that has reported its failure end by itself, so that what it writes last is kept.
func (env *environment) awaitExit() {
	const grace = time.Second
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-env.exited:
	case <-timer.C:
	}
}

// exited is the outcome of a program that ended before it answered.
func (r *run) exited(env *environment) (*invoke.Outcome, error) {
	if document, kind, ok := env.api.initFailure(); ok {
		return failure(r.inv, document, kind), nil
	}
	if r.executor.ended.Err() != nil {
		return nil, ErrClosed
	}
	return execute.Failure(r.inv, execute.ExitError, env.exitReason()), nil
}

// unready is the outcome of an attempt whose function never got to run.
func (r *run) unready(out *invoke.Outcome, took time.Duration) *invoke.Outcome {
	lines := r.lines()
	r.note(lines.Start(r.inv.RequestID))
	r.note(lines.Failure(r.inv, out) + hint(r.inv.Function, out))
	r.note(lines.End(execute.Report{RequestID: r.inv.RequestID, Duration: took, Outcome: out}))
	out.Log, out.Duration = r.log, took
	return out
}

// invokeNew is invoke in an environment that has just become ready: where that is gone at once, the attempt has failed.
func (r *run) invokeNew(ctx context.Context) (*invoke.Outcome, error) {
	env := r.env
	out, err := r.invoke(ctx)
	if err != errNotServed {
		return out, err
	}
	out, err = r.exited(env)
	if err != nil {
		return nil, err
	}
	return r.unready(out, r.spent), nil
}

// invoke hands the event to the environment, waits for the end of the attempt, and gives the environment back.
// errNotServed means that the environment was gone before it took the event.
func (r *run) invoke(ctx context.Context) (*invoke.Outcome, error) {
	e, env := r.executor, r.env
	begin := time.Now()
	env.out.line(r.lines().Start(r.inv.RequestID))
	j := &job{inv: r.inv, deadline: begin.Add(r.left), done: make(chan struct{})}
	timer := time.NewTimer(r.left)
	defer timer.Stop()
	select {
	case env.api.events <- j:
	case <-env.exited:
		r.log = append(r.log, env.out.take()...)
		e.pool.discard(env)
		return nil, errNotServed
	case <-ctx.Done():
		_ = env.out.take()
		env.keepTmp(false)
		e.pool.release(env)
		return nil, ctx.Err()
	}
	env.keepTmp(true)
	e.keys.add(env.credentials.AccessKeyID, 1)
	out, err := r.await(ctx, j, timer)
	e.keys.add(env.credentials.AccessKeyID, -1)
	if err != nil {
		return nil, err
	}
	out.Duration = r.spent + time.Since(begin)
	if out.ErrorType == execute.TimedOut {
		out.Duration = timeout(r.inv.Function)
	}
	r.finish(out)
	return out, nil
}

// await waits for the end of an attempt. The environment is still taken afterwards; without it being alive where the
// attempt ended otherwise than by the program's asking for the next event. On an error it has been given back.
func (r *run) await(ctx context.Context, j *job, timer *time.Timer) (*invoke.Outcome, error) {
	env := r.env
	look := time.NewTicker(memoryLook)
	defer look.Stop()
	for {
		select {
		case <-j.done:
			return env.api.result(j), nil
		case <-look.C:
			env.overLimit(r.inv.Function.MemorySize)
		case <-env.exited:
			if out := env.api.result(j); out != nil {
				return out, nil
			}
			out, err := r.exited(env)
			if err != nil {
				r.executor.pool.discard(env)
			}
			return out, err
		case <-timer.C:
			r.end(env, true)
			if out := env.api.result(j); out != nil {
				return out, nil
			}
			return execute.Timeout(r.inv), nil
		case <-ctx.Done():
			r.end(env, false)
			r.executor.pool.discard(env)
			return nil, ctx.Err()
		}
	}
}

// finish closes the attempt's log and gives the environment back, in that order: what comes next belongs to the next one.
func (r *run) finish(out *invoke.Outcome) {
	lines, env := r.lines(), r.env
	out.Log = append(r.log, env.out.finish(lines.Failure(r.inv, out)+hint(r.inv.Function, out)+lines.End(execute.Report{RequestID: r.inv.RequestID, Duration: out.Duration,
		Init: r.init, MaxMemoryMB: env.memory(r.inv.Function.MemorySize), Outcome: out}))...)
	if env.keepTmp(false); env.keepsTmp() { // it has ended
		r.executor.pool.keepFolder(env.key, env.tmp)
	}
	r.executor.pool.release(env)
}
