package autostart_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/autostart"
)

// binary is the real program, built once.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "LAMBDASIM_") || strings.HasPrefix(name, "AWS_") || name == "TF_CLI_CONFIG_FILE" {
			_ = os.Unsetenv(name)
		}
	}
	dir, err := os.MkdirTemp("", "lambdasim-autostart-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "terraform-provider-lambdasim")
	if err := build(binary, "1.0.0"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build(to, version string) error {
	out, err := exec.Command("go", "build", "-ldflags", "-X main.version="+version, "-o", to, "../..").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

type bundle struct {
	dir     string // the working folder
	folder  autostart.Folder
	options autostart.Options
}

func setup(t *testing.T) *bundle {
	t.Helper()
	dir := t.TempDir()
	folder, err := autostart.In(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := folder.Clean(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(folder.StateDir()); !os.IsNotExist(err) {
			t.Errorf("clean left %s behind (%v)", folder.StateDir(), err)
		}
	})
	return &bundle{dir, folder, autostart.Options{Program: binary, Version: "1.0.0"}}
}

func (b *bundle) ensure(t *testing.T) *autostart.Running {
	t.Helper()
	running, err := b.folder.Ensure(t.Context(), b.options)
	if err != nil {
		t.Fatal(err)
	}
	return running
}

// ended returns once no backend holds the folder any more.
func (b *bundle) ended(t *testing.T) {
	t.Helper()
	f, err := os.Open(filepath.Join(b.folder.Path(), "run.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}

func (b *bundle) kill(t *testing.T, running *autostart.Running) {
	t.Helper()
	if err := syscall.Kill(running.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	b.ended(t)
}

// env runs the real subcommand in a process of its own and returns the address that it prints.
func (b *bundle) env(program string) (string, error) {
	out, err := exec.Command(program, "env", "--chdir", b.dir).CombinedOutput()
	_, rest, _ := strings.Cut(string(out), "export LAMBDASIM_ENDPOINT=")
	url, _, _ := strings.Cut(rest, "\n")
	if err != nil || url == "" {
		return "", fmt.Errorf("env: %w\n%s", err, out)
	}
	return url, nil
}

func (b *bundle) answers(url string) error {
	res, err := http.Get(url + "/_lambdasim/health")
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func TestManyCommandsAtOnceShareOneBackend(t *testing.T) {
	b := setup(t)
	for _, round := range []string{"nobody runs", "one was killed"} {
		t.Run(round, func(t *testing.T) {
			urls := make([]string, 6)
			errs := make([]error, len(urls))
			var all sync.WaitGroup
			for i := range urls {
				all.Add(1)
				go func() {
					defer all.Done()
					urls[i], errs[i] = b.env(binary)
				}()
			}
			all.Wait()
			running, err := b.folder.Status(t.Context())
			if err != nil || running == nil {
				t.Fatalf("no backend runs (%v)", err)
			}
			for i, url := range urls {
				if errs[i] != nil || url != running.URL {
					t.Errorf("command %d was given %q (%v), want %s", i, url, errs[i], running.URL)
				}
			}
			b.kill(t, running)
		})
	}
}

func TestAFoundBackendIsKept(t *testing.T) {
	b := setup(t)
	first := b.ensure(t)
	if again := b.ensure(t); again.PID != first.PID || again.URL != first.URL {
		t.Errorf("the second command got %+v, want %+v", again, first)
	}
}

func TestThePortIsKeptOverKillStopAndReplacement(t *testing.T) {
	b := setup(t)
	first := b.ensure(t)
	b.kill(t, first)
	second := b.ensure(t)
	if second.PID == first.PID || second.URL != first.URL {
		t.Errorf("after a kill: %s by process %d, want another process than %d at %s", second.URL, second.PID, first.PID, first.URL)
	}
	if was, err := b.folder.Stop(t.Context()); !was || err != nil {
		t.Errorf("stop: %v, %v", was, err)
	}
	if running, err := b.folder.Status(t.Context()); running != nil || err != nil {
		t.Errorf("after a stop there is %+v (%v)", running, err)
	}
	if third := b.ensure(t); third.URL != first.URL {
		t.Errorf("after a stop: %s, want %s", third.URL, first.URL)
	}
}

func TestAPortThatSomebodyElseHasTakenIsExchanged(t *testing.T) {
	b := setup(t)
	first := b.ensure(t)
	b.kill(t, first)
	var taken net.Listener
	var err error
	for begun := time.Now(); time.Since(begun) < 5*time.Second; { // the killed process gives back its lock first, and its port a moment later
		if taken, err = net.Listen("tcp", strings.TrimPrefix(first.URL, "http://")); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	second := b.ensure(t)
	if second.URL == first.URL {
		t.Fatalf("both have %s", first.URL)
	}
	b.kill(t, second)
	_ = taken.Close()
	if third := b.ensure(t); third.URL != second.URL {
		t.Errorf("then %s, want %s: the new port is kept", third.URL, second.URL)
	}
}

func TestABackendOfAnotherVersionOrBuildIsReplaced(t *testing.T) {
	b := setup(t)
	first := b.ensure(t)
	copied := filepath.Join(t.TempDir(), "the-same")
	text, err := os.ReadFile(binary)
	if err == nil {
		err = os.WriteFile(copied, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.options.Program = copied
	if same := b.ensure(t); same.PID != first.PID {
		t.Error("a copy of the same program replaced the backend")
	}
	other := filepath.Join(t.TempDir(), "terraform-provider-lambdasim")
	if err := build(other, "1.0.1"); err != nil {
		t.Fatal(err)
	}
	b.options.Program, b.options.Version = other, "1.0.1"
	next := b.ensure(t)
	if next.PID == first.PID || next.Version != "1.0.1" || next.URL != first.URL {
		t.Errorf("got %+v, want version 1.0.1 at %s", next, first.URL)
	}
}

func TestABackendOfOtherSettingsIsReplaced(t *testing.T) {
	b := setup(t)
	first := b.ensure(t)
	plain := os.Environ()
	b.options.Environ = append(plain, "LAMBDASIM_CLOCK=virtual")
	virtual := b.ensure(t)
	if virtual.PID == first.PID || virtual.Settings["LAMBDASIM_CLOCK"] != "virtual" {
		t.Errorf("got %+v, want one with a virtual clock", virtual)
	}
	b.options.Environ = plain
	if kept := b.ensure(t); kept.PID != virtual.PID {
		t.Error("a command that asks for nothing replaced the backend")
	}
}

func TestAnIdleBackendEndsByItself(t *testing.T) {
	b := setup(t)
	b.options.IdleLimit = 200 * time.Millisecond
	first := b.ensure(t)
	b.ended(t)
	if _, err := os.Stat(filepath.Join(b.folder.Path(), "backend.json")); !os.IsNotExist(err) {
		t.Errorf("backend.json is still there (%v)", err)
	}
	for range 5 { // it is leaving at any instant: whoever asks gets one that answers
		running := b.ensure(t)
		if err := b.answers(running.URL); err != nil {
			t.Errorf("was given the address of one that is gone: %v", err)
		}
	}
	if again := b.ensure(t); again.URL != first.URL {
		t.Errorf("then at %s, want %s", again.URL, first.URL)
	}
}

func TestABackendThatDoesNotStartIsExplained(t *testing.T) {
	b := setup(t)
	b.options.Environ = append(os.Environ(), "LAMBDASIM_CLOCK=sundial")
	_, err := b.folder.Ensure(t.Context(), b.options)
	if err == nil || !strings.Contains(err.Error(), `--clock "sundial"`) || !strings.Contains(err.Error(), b.folder.Log()) {
		t.Errorf("got %v, want the reason and the log's name", err)
	}
	b.options.Environ = nil
	b.ensure(t)
}

func TestAnInterruptedStartIsMendedByTheNextCommand(t *testing.T) {
	b := setup(t)
	for _, after := range []time.Duration{0, 10 * time.Millisecond, 30 * time.Millisecond, 150 * time.Millisecond} {
		cmd := exec.Command(binary, "env", "--chdir", b.dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		killed := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		killed.Stop()
		if err := b.answers(b.ensure(t).URL); err != nil {
			t.Errorf("killed after %s: %v", after, err)
		}
		if _, err := b.folder.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCtrlCLeavesTheBackendAlone(t *testing.T) {
	b := setup(t)
	cmd := exec.Command("sh", "-c", `trap : INT; "$0" env --chdir "$1" >/dev/null && kill -INT 0; wait`, binary, b.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the group that a terminal's Ctrl-C would reach
	if out, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() > 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	if running, err := b.folder.Status(t.Context()); err != nil || running == nil {
		t.Errorf("the backend is gone (%v)", err)
	}
}

// Terraform waits for the end of the pipes that it gave to its provider, and so do those who started Terraform.
func TestTheBackendHoldsNoInheritedDescriptor(t *testing.T) {
	b := setup(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	cmd := exec.Command(binary, "env", "--chdir", b.dir)
	cmd.ExtraFiles = []*os.File{write, write, write}  // one of them would be replaced by the backend's own
	if out, err := cmd.CombinedOutput(); err != nil { // returns at the end of the output too
		t.Fatalf("%v\n%s", err, out)
	}
	_ = write.Close()
	if err := read.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := read.Read(make([]byte, 1)); n != 0 || err == nil || os.IsTimeout(err) {
		t.Errorf("the backend still holds the descriptor: read %d, %v", n, err)
	}
}

func TestABackendIsGivenNobodysCredentials(t *testing.T) {
	b := setup(t)
	b.options.Environ = append(os.Environ(), "AWS_SECRET_ACCESS_KEY=real", "TF_TOKEN_example=secret", "PLUGIN_MIN_PORT=1", "LAMBDASIM_ENDPOINT=http://127.0.0.1:1")
	running := b.ensure(t)
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(running.PID) + "/environ")
	if err != nil {
		t.Skip("this system has no /proc: ", err)
	}
	for _, name := range []string{"AWS_", "TF_", "PLUGIN_", "LAMBDASIM_ENDPOINT"} {
		if strings.Contains("\x00"+string(environ), "\x00"+name) {
			t.Errorf("the backend was given %s…", name)
		}
	}
}

// Whoever starts a backend may be killed before that has run.lock: start.lock must go with it, or the next command starts another.
func TestTheStartLockGoesWithTheBackend(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nreadlink /proc/$$/fd/4\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	folder, err := autostart.In(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = folder.Ensure(t.Context(), autostart.Options{Program: program, Version: "1"})
	if err == nil || !strings.Contains(err.Error(), "start.lock") {
		t.Errorf("the program that was started has not the lock: %v", err)
	}
}
