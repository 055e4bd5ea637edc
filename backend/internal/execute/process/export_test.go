package process

// Abandon gives the folder's lock free, as the kernel does when the owner dies.
func (f *Folder) Abandon() { _ = f.lock.Close() }
