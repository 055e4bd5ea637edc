package main

import (
	"os"
	"strconv"
	"time"
)

// A rate says how fast this machine was while others worked on it too. How much processor time an operation takes hardly depends
// on them; and where all processors are busy, two rates stand to each other as the two times do, the other way round. So the rates
// have it beside them.

// tick is the unit in which Linux counts the processor time of processes.
const tick = 10 * time.Millisecond

// ticks is the processor time, user's and system's, that a process has used.
func ticks(pid int) int {
	fields := stat(pid)
	if len(fields) <= 12 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return user + system
}

// ticksOfTree is that of a process and of all that it has started and that has not ended.
func ticksOfTree(root int) (total int) {
	for _, pid := range treeOf(root) {
		total += ticks(pid)
	}
	return total
}

// spent is the processor time that this process, and a server with all that it has started, have used so far; 0 where the server's
// process is not known.
func spent(server int) time.Duration {
	if server == 0 {
		return 0
	}
	return time.Duration(ticks(os.Getpid())+ticksOfTree(server)) * tick
}

// measured is a rate in operations per second, and the processor time that one takes, in microseconds, of client and server
// together; 0 where that is not known.
type measured struct{ rate, processor float64 }

// measure lets so many callers do f together for the window.
func measure(callers int, window time.Duration, server int, f func() error) (m measured, err error) {
	before := spent(server)
	n, took, err := count(callers, window, f)
	if n > 0 {
		m = measured{float64(n) / took.Seconds(), float64((spent(server) - before).Microseconds()) / float64(n)}
	}
	return m, err
}
