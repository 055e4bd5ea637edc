package process

// Abandon gives the folder's lock free, as the kernel does when the owner dies.
func (f *Folder) Abandon() { _ = f.lock.Close() }

// MakeSpare makes a spare place for the next environment, where there is none, and returns its mark.
func (e *Executor) MakeSpare() string {
	e.makeSpare()
	e.spares.mu.Lock()
	defer e.spares.mu.Unlock()
	return e.spares.spare.mark
}

// ExpireSpare does what happens when nobody has taken the spare for long, and returns the folder for temporary files that it had.
func (e *Executor) ExpireSpare() string {
	e.spares.mu.Lock()
	p := e.spares.spare
	e.spares.mu.Unlock()
	if p == nil {
		return ""
	}
	e.spares.expire(p)
	return p.tmp
}
