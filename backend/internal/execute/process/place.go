package process

import (
	"cmp"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// place is what every environment needs, whatever its function: a Runtime API, a folder for temporary files, a control group,
// and a stage, on which its program is started.
//
// Making one takes a millisecond, as long as a small program takes to start. So after an environment has got ready, a spare place
// is made for the next one. The stage of a spare sees the machine's mounts as they were when it was made, and keeps them from
// being unmounted; so a spare that nobody takes goes after a minute.
type place struct {
	mark   string // folderVariable's value: no other environment has had it
	tmp    string
	api    *api
	family family
	stage  *stage
}

const (
	// spareAfter is when a spare is made: the one who has just started a function gets the answer first.
	spareAfter = 5 * time.Millisecond
	// spareFor is how long a spare is kept.
	spareFor = time.Minute
)

// newPlace makes a place, with a folder for temporary files that is there already, or, where tmp is "", one of so many MB.
func (e *Executor) newPlace(tmp string, size int) (*place, error) {
	p := &place{mark: e.home.mark(), tmp: tmp}
	var err error
	if p.tmp == "" {
		if p.tmp, err = e.home.tmp(size); err != nil {
			return nil, err
		}
	}
	p.stage = newStage(e.confine("", "", p.tmp)) // goes on beside what follows
	if p.api, err = newAPI(); err == nil && e.home.groups != "" {
		if err = p.family.enter(filepath.Join(e.home.groups, filepath.Base(p.mark))); err != nil {
			err = fmt.Errorf("make a control group: %w", err)
		}
	}
	if err != nil {
		p.leave()
		return nil, err
	}
	return p, nil
}

// leave gives up a place in which nothing runs.
func (p *place) leave() {
	p.stage.close()
	if p.api != nil {
		p.api.close()
	}
	p.family.leave()
	removeTmp(p.tmp)
}

// spares keeps the spare place.
type spares struct {
	mu    sync.Mutex
	spare *place // nil: there is none
	timer *time.Timer
}

// take returns the spare, or nil.
func (s *spares) take() *place {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.spare
	if s.spare = nil; p != nil {
		s.timer.Stop()
	}
	return p
}

// put keeps a place as the spare, and reports whether it was wanted.
func (s *spares) put(p *place) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spare != nil {
		return false
	}
	s.spare = p
	s.timer = time.AfterFunc(spareFor, func() { s.expire(p) })
	return true
}

func (s *spares) expire(p *place) {
	s.mu.Lock()
	mine := s.spare == p
	if mine {
		s.spare = nil
	}
	s.mu.Unlock()
	if mine {
		p.leave()
	}
}

func (s *spares) wanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spare == nil
}

// place returns a place for an environment of the key, with so many MB for temporary files.
func (e *Executor) place(k key, size int) (*place, error) {
	if tmp := e.pool.inheritFolder(k); tmp != "" {
		return e.newPlace(tmp, size)
	}
	p := e.spares.take()
	if p == nil {
		return e.newPlace("", size)
	}
	if size = cmp.Or(size, leastTmp); size != leastTmp && e.home.can.mounts {
		if err := resizeTmp(p.tmp, size); err != nil {
			p.leave()
			return nil, fmt.Errorf("make a folder for temporary files of %d MB: %w", size, err)
		}
	}
	return p, nil
}

// makeSpare makes a spare place where there is none. Where that does not work, the next start finds out why.
func (e *Executor) makeSpare() {
	if !e.spares.wanted() || e.enter() != nil {
		return
	}
	defer e.work.Done()
	p, err := e.newPlace("", leastTmp)
	if err == nil && (p.stage.prepared() != nil || !e.spares.put(p)) {
		p.leave()
	}
}
