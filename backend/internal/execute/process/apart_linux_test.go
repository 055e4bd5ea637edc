package process_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/process"
)

// ways are the means by which programs are kept apart: all that this machine has, and the least.
func ways(t *testing.T, test func(t *testing.T, b *bundle)) {
	for name, unconfined := range map[string]bool{"by what the machine has": false, "by process groups": true} {
		t.Run(name, func(t *testing.T) { test(t, setup(t, func(o *process.Options) { o.Unconfined = unconfined })) })
	}
}

// state is a process's, as /proc says it: S, T (stopped), Z; "" for one that is gone.
func state(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[0]
}

// frozen waits until a process is stopped: by a signal, or by its control group. It yields a bounded number of times.
func frozen(t *testing.T, pid int) {
	t.Helper()
	group, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	events := ""
	for line := range strings.Lines(string(group)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
				if _, err := os.Stat(filepath.Join(root, path, "cgroup.events")); err == nil {
					events = filepath.Join(root, path, "cgroup.events")
				}
			}
		}
	}
	for range 1000000 {
		text, _ := os.ReadFile(events)
		if state(pid) == "T" || strings.Contains(string(text), "frozen 1") {
			return
		}
		runtime.Gosched()
	}
	t.Fatalf("process %d runs on", pid)
}

// The developer guide's page on the lifecycle of environments: between invocations an environment is frozen.
func TestAnIdleEnvironmentIsFrozen(t *testing.T) {
	ways(t, func(t *testing.T, b *bundle) {
		pid, err := strconv.Atoi(string(b.run(t, b.python("apart.pid"), "{}").Payload))
		if err != nil {
			t.Fatal(err)
		}
		frozen(t, pid)
		v := b.python("apart.background")
		b.run(t, v, `{"start":true}`)
		for _, child := range children(t) { // all of them are idle
			pid, _ := strconv.Atoi(strings.Fields(child)[0])
			frozen(t, pid)
			was := turns(t, pid)
			for begin := uptime(t); uptime(t) == begin; { // a hundredth of a second, ten turns of the thread
				runtime.Gosched()
			}
			if is := turns(t, pid); is != was {
				t.Errorf("process %d had the processor %s times, then %s, while it was frozen", pid, was, is)
			}
		}
		if n, err := strconv.Atoi(string(b.run(t, v, "{}").Payload)); err != nil || n < 1 {
			t.Errorf("the thread made %d steps, %v", n, err)
		}
		b.succeeds(t, b.python("apart.pid"), "{}", strconv.Itoa(pid)) // the same one goes on
	})
}

// turns is how often each thread of a process gave up the processor.
func turns(t *testing.T, pid int) string {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(threads) == 0 {
		t.Fatalf("process %d has no threads, %v", pid, err)
	}
	var list []string
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, n, _ := strings.Cut(string(text), "\nvoluntary_ctxt_switches:")
		list = append(list, strings.Fields(n)[0])
	}
	return strings.Join(list, " ")
}

func uptime(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))[0]
}

// A regression: a test that a backend is part of may have processes of its own that die with the thread that forked them, as Terraform does
// when terraform-exec starts it. Threads that end with a function's program must be none of those.
func TestOtherPeoplesProcessesOutliveFunctions(t *testing.T) {
	b := setup(t)
	var others []*exec.Cmd
	for range 6 {
		cmd := exec.Command("cat")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = in.Close(), cmd.Wait() })
		others = append(others, cmd)
	}
	for range 20 {
		v := b.python("apart.pid")
		pid, err := strconv.Atoi(string(b.run(t, v, "{}").Payload))
		if err != nil {
			t.Fatal(err)
		}
		b.Retire(v.ARN(), "")
		for state(pid) != "" && state(pid) != "Z" {
			runtime.Gosched()
		}
	}
	for _, cmd := range others {
		if s := state(cmd.Process.Pid); s == "" || s == "Z" {
			t.Errorf("process %d has ended: %v", cmd.Process.Pid, cmd.Wait())
		}
	}
}

func TestWhatAProgramHasStartedEndsWithIt(t *testing.T) {
	ways(t, func(t *testing.T, b *bundle) {
		v := b.python("apart.daemon")
		pid, err := strconv.Atoi(string(b.run(t, v, "{}").Payload))
		if err != nil || state(pid) == "" {
			t.Fatalf("process %d: %v", pid, err)
		}
		if b.Unconfined { // it has left its process group, and that is all there is: a new start finds it
			_ = syscall.Kill(pid, syscall.SIGKILL)
			return
		}
		b.Retire(v.ARN(), "")
		for range 1000000 {
			if s := state(pid); s == "" || s == "Z" {
				return
			}
			runtime.Gosched()
		}
		t.Errorf("process %d outlives the environment (%s)", pid, state(pid))
	})
}

// The developer guide: a function that uses more memory than it has is ended with Runtime.ExitError, "signal: killed".
func TestAFunctionThatUsesTooMuchMemoryIsKilled(t *testing.T) {
	b := setup(t)
	for _, payload := range []string{`{}`, `{"child":true}`} {
		v := b.python("apart.eat")
		out := b.run(t, v, payload)
		if want := `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + requestID + ` Error: Runtime exited with error: signal: killed"}`; string(out.Payload) != want {
			t.Errorf("%s: got %s", payload, out.Payload)
		}
		if !strings.Contains(string(out.Log), "\tMax Memory Used: 128 MB\t") || out.Duration > 20*time.Second {
			t.Errorf("%s: after %s:\n%s", payload, out.Duration, out.Log)
		}
	}
}

func TestAFunctionSeesItsOwnFoldersAlone(t *testing.T) {
	b := setup(t)
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	other := b.run(t, b.python("apart.pid"), "{}")
	out := b.run(t, b.python("apart.look"), fmt.Sprintf(`{"files":[%q,"/etc/hostname","/root/.bashrc","/var/task/apart.py"],"pid":%s}`, outside, other.Payload))
	var got struct {
		Files           map[string]string
		Environ, Signal string
	}
	if err := json.Unmarshal(out.Payload, &got); err != nil {
		t.Fatalf("%s: %v", out.Payload, err)
	}
	if os.Geteuid() == 0 {
		name, _ := os.ReadFile("/etc/hostname")
		want := map[string]string{outside: "No such file or directory", "/root/.bashrc": "No such file or directory",
			"/etc/hostname": string(name[:min(5, len(name))]), "/var/task/apart.py": `"""Fu`}
		if d := cmp.Diff(want, got.Files); d != "" && !strings.Contains(b.log.String(), "mounts:") { // CI's root may mount; a container's may not
			t.Error(d)
		}
	}
	if strings.Contains(b.log.String(), "Landlock=0") {
		t.Skip("this kernel has no Landlock: nothing keeps programs of one user from looking into one another")
	}
	if got.Environ != "Permission denied" {
		t.Errorf("another function's environment: %q", got.Environ)
	}
	if got.Signal != "Operation not permitted" && strings.Contains(b.log.String(), "Landlock=7") {
		t.Errorf("a signal to another function: %q", got.Signal)
	}
}

func TestTemporaryFiles(t *testing.T) {
	b := setup(t)
	t.Run("survive a program that ends by itself", func(t *testing.T) {
		v := b.python("apart.crash")
		if out := b.run(t, v, "{}"); out.ErrorType != "Runtime.ExitError" {
			t.Fatalf("got %s", out.Payload)
		}
		b.succeeds(t, v, "{}", `"left"`)
	})
	t.Run("are bounded by the ephemeral storage", func(t *testing.T) {
		if strings.Contains(b.log.String(), "root folders\"=false") {
			t.Skip("this user may not mount: temporary files lie on the machine's disk")
		}
		for _, spare := range []bool{false, true} { // a folder made for it, and one made ahead, which gets its size
			if _ = b.ExpireSpare(); spare {
				b.MakeSpare()
			}
			v := b.python("apart.fill")
			v.EphemeralStorage = 16
			b.succeeds(t, v, `{"mb":12}`, `"written"`)
			b.succeeds(t, v, `{"mb":20}`, `"No space left on device"`)
			b.Retire(v.ARN(), "")
		}
	})
}

func TestAPlaceMadeAheadIsTheNextEnvironments(t *testing.T) {
	ways(t, func(t *testing.T, b *bundle) {
		b.run(t, b.python("apart.pid"), "{}") // makes the folders
		first := b.MakeSpare()
		if again := b.MakeSpare(); again != first {
			t.Errorf("there are two: %s and %s", first, again)
		}
		b.succeeds(t, b.python("apart.folder"), "{}", strconv.Quote(first))
		second := b.MakeSpare()
		tmp := b.ExpireSpare()
		if _, err := os.Stat(tmp); !os.IsNotExist(err) {
			t.Errorf("its folder %q is left: %v", tmp, err)
		}
		if third := b.MakeSpare(); third == second {
			t.Errorf("%s is used again", third)
		}
	})
}
