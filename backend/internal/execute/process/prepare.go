package process

import (
	"context"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
)

// longestAhead is how long an initialisation ahead of events may take, where the function's own timeout is not longer
// (developer guide, lifecycle of environments).
const longestAhead = 130 * time.Second

// Prepare initialises environments of a version ahead of their events until there are n, and ends those that are too many. They
// serve invocations that are Provisioned, do not fall idle, and end with their version; one that an invocation ends is
// replaced by the next. Where there is no place for more programs, those that are missing count as ready: they start when they
// are needed.
func (e *Executor) Prepare(ctx context.Context, v *function.Version, n int) (got invoke.Prepared, err error) {
	end, err := e.begin(ctx)
	if err != nil {
		return got, err
	}
	defer end()
	k := e.pool.key(v, true)
	for _, env := range e.pool.want(k, n) {
		env.stop()
	}
	if n == 0 {
		return got, nil
	}
	if err := supported(v); err != nil {
		return got, err
	}
	if err := e.home.prepare(); err != nil {
		return got, err
	}
	for got.Failure == "" && e.pool.more(k) {
		r := &run{executor: e, inv: &invoke.Invocation{Function: v, InvokedARN: v.QualifiedARN()}, key: k}
		got.Failure, err = r.ahead(ctx)
		got.Log = append(got.Log, r.log...)
		if err != nil {
			return got, err
		}
	}
	if got.Ready = n; got.Failure != "" {
		got.Ready = e.pool.aheadOf(k)
	}
	return got, nil
}

// ahead initialises an environment, for which the pool gave a place, and leaves it to the invocations to come. It says why it could not.
func (r *run) ahead(ctx context.Context) (failure string, err error) {
	before, limit := time.Now(), max(longestAhead, timeout(r.inv.Function))
	r.note(r.lines().InitStart(runtimeVersion(r.inv.Function)))
	failed, err := r.initialise(ctx, limit)
	if r.env != nil {
		r.executor.pool.release(r.env)
		return "", nil
	}
	r.executor.pool.free()
	switch {
	case err == errNotReady:
		r.note(r.lines().InitReport(limit, "init", "timeout", ""))
	case err != nil:
		return "", err
	default:
		r.note(r.lines().InitReport(time.Since(before), "init", "error", failed.ErrorType))
	}
	return invoke.FailureInit, nil
}

// want says how many environments of the key are to be there, and takes out the idle ones that are too many.
func (p *pool) want(k key, n int) (ended []*environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted[k] = n; n == 0 {
		delete(p.wanted, k)
	}
	for i := len(p.idle) - 1; i >= 0 && p.alike(k) > n; i-- {
		if env := p.idle[i]; env.key == k {
			p.unidle(i)
			p.drop(env)
			ended = append(ended, env)
		}
	}
	return ended
}

// more takes a place for one more environment of the key, where one is wanted and there is a free place.
func (p *pool) more(k key) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.alike(k) >= p.wanted[k] || p.count >= p.most {
		return false
	}
	p.count++
	return true
}

// aheadOf is how many environments of the key there are.
func (p *pool) aheadOf(k key) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.alike(k)
}

// alike is how many environments of the key there are. Hold the lock.
func (p *pool) alike(k key) (n int) {
	for env := range p.all {
		if env.key == k {
			n++
		}
	}
	return n
}
