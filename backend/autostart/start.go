package autostart

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
)

// The descriptors that a backend which is started here is given, after the three that every program has.
const (
	readyFD = 3 // on which it says that it answers
	startFD = 4 // start.lock, so that it stays held until the backend has run.lock, even where this process is killed
)

// Ports are taken from below the range that systems give to outgoing connections, so that none of those is in the way.
const (
	firstPort = 20000
	ports     = 12000
	portLimit = time.Second // of real time, for a port that is being given back
)

// start starts a backend and returns once it answers. It needs start.lock, held.
func (f Folder) start(ctx context.Context, o Options, held *os.File) (*Running, error) {
	port, err := f.choosePort(ctx)
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(f.Log(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the backend's log: %w", err)
	}
	defer log.Close()
	begins, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	ready, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer ready.Close()
	closeInherited()
	cmd := exec.Command(o.Program, "backend", "--folder", f.dir, "--listen", "127.0.0.1:"+strconv.Itoa(port), "--state-dir", f.StateDir(),
		"--idle-limit", o.IdleLimit.String(), "--ready-fd", strconv.Itoa(readyFD), "--start-fd", strconv.Itoa(startFD))
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{tell, held}
	cmd.Env = environment(o.Environ)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	_ = tell.Close()
	if err != nil {
		return nil, fmt.Errorf("start a backend: %w", err)
	}
	go func() { _ = cmd.Wait() }() // while this process lives; afterwards it is nobody's child
	running, err := await(ctx, ready)
	if err != nil {
		return nil, fmt.Errorf("the backend did not start: %w\nits log is %s and ends with:\n%s", err, f.Log(), f.tail(begins))
	}
	running.Log = f.Log()
	return running, nil
}

// await reads what the backend says of itself once it answers.
func await(ctx context.Context, ready *os.File) (*Running, error) {
	stop := context.AfterFunc(ctx, func() { _ = ready.SetReadDeadline(clock.Wall().Add(-time.Second)) })
	defer stop()
	text, err := io.ReadAll(ready)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	running := &Running{}
	if len(text) == 0 || json.Unmarshal(text, running) != nil {
		return nil, errors.New("it ended before it was ready")
	}
	return running, nil
}

// tail is what the backend wrote since it was started, its last lines.
func (f Folder) tail(begins int64) string {
	const most = 4096
	log, err := os.Open(f.Log())
	if err != nil {
		return err.Error()
	}
	defer log.Close()
	if size, err := log.Seek(0, io.SeekEnd); err == nil {
		begins = max(begins, size-most)
	}
	text := make([]byte, most)
	n, _ := log.ReadAt(text, begins)
	return string(bytes.TrimSpace(text[:n]))
}

// choosePort returns the folder's port: the one it has always had, or where it has none or somebody else has taken it, a
// free one, which it then keeps.
func (f Folder) choosePort(ctx context.Context) (int, error) {
	kept := f.port()
	if kept != 0 && becomesFree(ctx, kept) {
		return kept, nil
	}
	sum := fnv.New32a()
	_, _ = io.WriteString(sum, f.dir)
	for i := range uint32(ports) {
		port := firstPort + int((sum.Sum32()%ports+i*7)%ports)
		if port != kept && free(port) {
			return port, f.replace("port", []byte(strconv.Itoa(port)+"\n"))
		}
	}
	return 0, fmt.Errorf("no port between %d and %d is free", firstPort, firstPort+ports)
}

// becomesFree reports whether a port is free, or will be in a moment: a process that is killed gives back its locks and its
// port one after the other, and a new backend may be wanted in between.
func becomesFree(ctx context.Context, port int) bool {
	ctx, cancel := context.WithTimeout(ctx, portLimit)
	defer cancel()
	for !free(port) {
		if pause(ctx, retryLock) != nil {
			return false
		}
	}
	return true
}

func free(port int) bool {
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// closeInherited sees to it that no descriptor that this process was started with reaches the backend: Terraform's pipes,
// or those of whoever started Terraform, who would wait for their end.
func closeInherited() {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
				syscall.CloseOnExec(fd)
			}
		}
		return
	}
}

// environment is what a backend is given of ours: nothing of Terraform's, nothing of the plugin's handshake, nobody's
// credentials.
func environment(environ []string) []string {
	kept := make([]string, 0, len(environ))
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "TF_") || strings.HasPrefix(name, "PLUGIN_") || strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "TOFU_") ||
			strings.HasPrefix(name, "LAMBDASIM_") && notSettings[name] && name != "LAMBDASIM_CONTROL_TOKEN" {
			continue
		}
		kept = append(kept, v)
	}
	return kept
}
