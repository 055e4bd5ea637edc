package process

import (
	"os"
	"sync"
	"syscall"
)

// mostOutput is how many bytes of an attempt's log are kept; what comes after is read and dropped.
const mostOutput = 8 << 20

// output is what a program writes to its standard output and error, in the order in which it wrote, with the service's
// own lines put in between. A program writes to a pipe; so that a line is never late, whoever puts a line or takes the log
// first reads what the pipe holds at that moment.
type output struct {
	read *os.File

	mu      sync.Mutex
	kept    []byte
	dropped bool
	buffer  [16 << 10]byte
}

// mostAtOnce bounds what is read in one go, so that a program that never stops writing holds nobody up.
const mostAtOnce = 1 << 20

// newOutput returns an output and the end of its pipe that the program writes to, which the caller closes.
func newOutput() (*output, *os.File, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	// Go's own ends of a pipe don't block; a program's standard output is expected to.
	if raw, err := write.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = syscall.SetNonblock(int(fd), false) })
	}
	return &output{read: read}, write, nil
}

// follow reads until the pipe ends or is closed: so that a program that writes much never waits for a reader.
func (o *output) follow() {
	raw, err := o.read.SyscallConn()
	if err != nil {
		return
	}
	for ended := false; !ended; {
		err := raw.Read(func(fd uintptr) (done bool) {
			o.mu.Lock()
			defer o.mu.Unlock()
			empty := false
			ended, empty = o.readSome(fd)
			return !empty
		})
		if err != nil {
			return
		}
	}
}

// readSome keeps what the pipe holds now, and reports whether the pipe has ended, or else whether it is empty.
func (o *output) readSome(fd uintptr) (ended, empty bool) {
	for read := 0; read < mostAtOnce; {
		n, err := syscall.Read(int(fd), o.buffer[:])
		switch {
		case n > 0:
			o.keep(o.buffer[:n])
			read += n
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return false, true
		default:
			return true, false
		}
	}
	return false, false
}

func (o *output) keep(text []byte) {
	room := mostOutput - len(o.kept)
	if len(text) <= room {
		o.kept = append(o.kept, text...)
		return
	}
	o.kept = append(o.kept, text[:max(room, 0)]...)
	if !o.dropped {
		o.dropped = true
		o.kept = append(o.kept, "\n[the simulator keeps 8 MiB of an attempt's log: the rest was dropped]\n"...)
	}
}

// drain keeps what the pipe holds now.
func (o *output) drain() {
	raw, err := o.read.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { o.readSome(fd) })
}

// line puts a line of the service's after all that the program has written so far.
func (o *output) line(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drain()
	o.endLine()
	o.kept = append(o.kept, text...)
}

// endLine ends a line that the program left open.
func (o *output) endLine() {
	if n := len(o.kept); n > 0 && o.kept[n-1] != '\n' {
		o.kept = append(o.kept, '\n')
	}
}

// take returns the log so far and begins anew.
func (o *output) take() []byte { return o.finish("") }

// finish is line and take at once.
func (o *output) finish(text string) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drain()
	o.endLine()
	log := append(o.kept, text...)
	o.kept, o.dropped = nil, false
	return log
}

// close ends follow. What the pipe still holds is lost.
func (o *output) close() { _ = o.read.Close() }
