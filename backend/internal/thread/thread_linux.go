// Package thread runs things on threads that end with them.
//
// Two things are the thread's and not the process's: what the kernel confines (mount namespaces, Landlock), and whose end a
// child's parent-death signal waits for. Whoever needs either keeps a thread for itself and lets it end.
//
// Somebody else in the process may have children that are to die with the thread that forked them: Terraform does, when
// terraform-exec has started it in a Go test that a backend is part of. A thread with children is left alone.
package thread

import (
	"bytes"
	"os"
	"runtime"
)

// Own runs f, in a goroutine, on a thread of its own that ends when f returns.
func Own(f func()) {
	taken := make(chan struct{})
	var try func()
	try = func() {
		runtime.LockOSThread()
		if hasChildren() {
			go try()
			<-taken // so that the next one is on another thread
			runtime.UnlockOSThread()
			return
		}
		close(taken)
		f() // never unlocked: the thread ends with the goroutine
	}
	go try()
}

// hasChildren reports whether the current thread has forked a process that still is. A kernel that does not say has none.
func hasChildren() bool {
	text, err := os.ReadFile("/proc/thread-self/children")
	return err == nil && len(bytes.TrimSpace(text)) > 0
}
