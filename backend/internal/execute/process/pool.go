package process

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
)

// key says which attempts an environment can serve: those of one version in one generation.
type key struct {
	function   string // unqualified ARN
	version    string
	generation int64
	code       string // SHA-256 of the package
	epoch      int    // how often the version's environments have been retired
	ahead      bool   // initialised ahead, for provisioned concurrency
}

// of reports whether the key is of the function, and of the version unless that is "".
func (k key) of(function, version string) bool {
	return k.function == function && (version == "" || k.version == version)
}

// mostPassed is how often a waiting run lets later ones of a warm function go first.
const mostPassed = 8

// pool counts environments and keeps the idle ones. The one used last is used next, so that those in excess fall idle.
type pool struct {
	most      int
	idleLimit time.Duration
	freeze    time.Duration // how long an idle environment runs on

	mu     sync.Mutex
	closed bool
	count  int            // places taken: environments alive or about to be
	idle   []*environment // the one idle longest first
	all    map[*environment]bool
	queue  []*waiter
	epochs map[string]int   // by function, and by function and version
	wanted map[key]int      // how many environments are to be there ahead of their events
	spare  map[key][]string // folders for temporary files, of environments that ran out of time
}

// waiter is a run that waits for a place. It receives an environment to use, or nil for leave to start one.
type waiter struct {
	key    key
	passed int
	grant  chan *environment
}

func newPool(most int, idleLimit, freeze time.Duration) *pool {
	return &pool{most: most, idleLimit: idleLimit, freeze: freeze, all: map[*environment]bool{},
		epochs: map[string]int{}, wanted: map[key]int{}, spare: map[key][]string{}}
}

// key says which environments can serve the version as it is now.
func (p *pool) key(v *function.Version, ahead bool) key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return key{v.ARN(), v.Version, v.Generation, v.Code.SHA256, p.epoch(v.ARN(), v.Version), ahead}
}

// epoch is how often the environments of a version have been retired, alone or with all the function's. Hold the lock.
func (p *pool) epoch(function, version string) int {
	return p.epochs[function] + p.epochs[function+":"+version]
}

// acquire returns an idle environment for k, or nil once there is a place for a new one, which the caller starts (add) or
// gives back (free).
func (p *pool) acquire(ctx context.Context, k key, now time.Time) (*environment, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, ErrClosed
	}
	env, evicted, ok := p.take(k, now, isNested(ctx))
	for _, e := range evicted {
		e.stop()
	}
	if ok {
		p.mu.Unlock()
		return env, nil
	}
	w := &waiter{key: k, grant: make(chan *environment, 1)}
	p.queue = append(p.queue, w)
	p.mu.Unlock()
	select {
	case env, open := <-w.grant:
		if !open {
			return nil, ErrClosed
		}
		return env, nil
	case <-ctx.Done():
		p.leave(w)
		return nil, ctx.Err()
	}
}

// take finds a place: the newest idle environment of the key, a free place, or that of the environment idle longest.
func (p *pool) take(k key, now time.Time, nested bool) (env *environment, evicted []*environment, ok bool) {
	for i := len(p.idle) - 1; i >= 0; i-- {
		env := p.idle[i]
		if env.key != k {
			continue
		}
		p.unidle(i)
		if expires := env.credentials.Expires; !expires.IsZero() && !now.Before(expires) {
			p.drop(env)
			evicted = append(evicted, env)
			continue
		}
		return env, evicted, true
	}
	most := p.most
	if nested {
		most *= 2
	}
	if p.count < most {
		p.count++
		return nil, evicted, true
	}
	if len(p.idle) > 0 {
		i := max(0, slices.IndexFunc(p.idle, func(env *environment) bool { return !env.key.ahead })) // those that are provisioned go last
		env := p.idle[i]
		p.unidle(i)
		p.drop(env)
		p.count++
		return nil, append(evicted, env), true
	}
	return nil, evicted, false
}

// freezeIdle stops an environment that is still idle, until it is taken.
func (p *pool) freezeIdle(env *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, idle := range p.idle {
		if idle == env {
			env.halt(true)
			if !env.key.ahead { // one that is provisioned stays
				env.idleTimer = time.AfterFunc(p.idleLimit-p.freeze, func() { p.expire(env) })
			}
			return
		}
	}
}

// unidle takes the i-th idle environment out of the list, and lets it run.
func (p *pool) unidle(i int) {
	env := p.idle[i]
	env.idleTimer.Stop()
	env.halt(false)
	p.idle = append(p.idle[:i], p.idle[i+1:]...)
}

// drop forgets an environment and frees its place.
func (p *pool) drop(env *environment) {
	if p.all[env] {
		delete(p.all, env)
		p.count--
	}
}

// leave takes a run that gave up out of the queue, and passes on what it was granted meanwhile.
func (p *pool) leave(w *waiter) {
	p.mu.Lock()
	for i, other := range p.queue {
		if other == w {
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			p.mu.Unlock()
			return
		}
	}
	p.mu.Unlock()
	switch env, open := <-w.grant; {
	case env != nil:
		p.release(env)
	case open:
		p.free()
	}
}

// add counts a started environment in the place that acquire gave. It reports false when the pool has been closed
// meanwhile: then the caller ends the environment.
func (p *pool) add(env *environment) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all[env] = true
	return !p.closed
}

// release gives an environment back after an attempt: to a run that waits, or to the idle ones.
func (p *pool) release(env *environment) {
	p.mu.Lock()
	if p.closed || env.key.epoch != p.epoch(env.key.function, env.key.version) || env.hasExited() || env.key.ahead && p.alike(env.key) > p.wanted[env.key] {
		p.mu.Unlock()
		p.discard(env)
		return
	}
	if w := p.nextFor(env.key); w != nil {
		p.mu.Unlock()
		w.grant <- env
		return
	}
	if len(p.queue) > 0 { // its place is for another function
		p.mu.Unlock()
		p.discard(env)
		return
	}
	p.idle = append(p.idle, env)
	env.idleTimer = time.AfterFunc(p.freeze, func() { p.freezeIdle(env) })
	p.mu.Unlock()
}

// nextFor takes the first waiting run of the key out of the queue, unless the head of the queue has been passed often.
func (p *pool) nextFor(k key) *waiter {
	if len(p.queue) == 0 || (p.queue[0].key != k && p.queue[0].passed >= mostPassed) {
		return nil
	}
	for i, w := range p.queue {
		if w.key == k {
			p.queue[0].passed++
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			return w
		}
	}
	return nil
}

// expire ends an environment that has been idle for long.
func (p *pool) expire(env *environment) {
	p.mu.Lock()
	found := false
	for i, other := range p.idle {
		if other == env {
			p.unidle(i)
			found = true
			break
		}
	}
	p.mu.Unlock()
	if found {
		p.discard(env)
	}
}

// discard ends an environment and gives its place away.
func (p *pool) discard(env *environment) {
	env.stop()
	p.mu.Lock()
	known := p.all[env]
	delete(p.all, env)
	p.mu.Unlock()
	if known {
		p.free()
	}
}

// forget takes out an environment that never got ready; its place stays taken.
func (p *pool) forget(env *environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.all, env)
}

// free gives back a place: to the run that has waited longest, if any.
func (p *pool) free() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) > 0 && !p.closed && p.count <= p.most { // nested runs may have taken more places than there are
		w := p.queue[0]
		p.queue = p.queue[1:]
		w.grant <- nil
		return
	}
	p.count--
}

// retire takes out the idle environments of a function's version, or of all its versions; with the epoch over, no other of
// them becomes idle again.
func (p *pool) retire(function, version string) (idle []*environment, folders []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- {
		if env := p.idle[i]; env.key.of(function, version) {
			p.unidle(i)
			p.drop(env)
			idle = append(idle, env)
		}
	}
	if version != "" {
		p.epochs[function+":"+version]++
	} else {
		p.epochs[function]++
	}
	for k := range p.wanted {
		if k.of(function, version) {
			delete(p.wanted, k)
		}
	}
	for k := range p.spare {
		if k.of(function, version) {
			folders = append(folders, p.spare[k]...)
			delete(p.spare, k)
		}
	}
	return idle, folders
}

// close refuses runs from now on, sends those away that wait, and returns every environment.
func (p *pool) close() (all []*environment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	for i := len(p.idle) - 1; i >= 0; i-- {
		p.unidle(i)
	}
	for _, w := range p.queue {
		close(w.grant)
	}
	p.queue = nil
	for env := range p.all {
		all = append(all, env)
	}
	return all
}

// keepFolder leaves a folder for temporary files to the next environment of the key.
func (p *pool) keepFolder(k key, folder string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spare[k] = append(p.spare[k], folder)
}

// inheritFolder takes a folder that an environment of the key left, or returns "".
func (p *pool) inheritFolder(k key) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.spare[k]
	if len(kept) == 0 {
		return ""
	}
	p.spare[k] = kept[:len(kept)-1]
	return kept[len(kept)-1]
}
