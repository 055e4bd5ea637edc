package backend_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// binary is the real program, built once for the tests that kill it.
var binary struct {
	once sync.Once
	dir  string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binary.dir != "" {
		_ = os.RemoveAll(binary.dir)
	}
	os.Exit(code)
}

func program(t *testing.T) string {
	t.Helper()
	binary.once.Do(func() {
		if binary.dir, binary.err = os.MkdirTemp("", "lambdasim-binary-"); binary.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(binary.dir, "terraform-provider-lambdasim"), "..").CombinedOutput()
		if err != nil {
			binary.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	must(t, binary.err)
	return filepath.Join(binary.dir, "terraform-provider-lambdasim")
}

// process is the real binary, running.
type process struct {
	cmd *exec.Cmd
	url string
	out *bufio.Reader
	log *os.File

	wait sync.Once
	done chan struct{}
}

// start starts the backend and returns once it answers.
func start(t *testing.T, binary, state string, flags ...string) *process {
	t.Helper()
	p := launch(t, binary, state, append([]string{"--listen", "127.0.0.1:0"}, flags...)...)
	line, err := p.out.ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), "ready at ")
	if err != nil || !ok {
		<-p.ended()
		text, _ := os.ReadFile(p.log.Name())
		t.Fatalf("the backend did not say that it is ready: %q, %v\n%s", line, err, text)
	}
	p.url = url
	return p
}

// launch starts the backend and does not wait.
func launch(t *testing.T, binary, state string, flags ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, append([]string{"backend", "--state-dir", state, "--log-level", "debug"}, flags...)...)}
	p.cmd.Env = append(os.Environ(), "TMPDIR="+os.TempDir())
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	must(t, err)
	p.log, p.cmd.Stderr = log, log
	stdout, err := p.cmd.StdoutPipe()
	must(t, err)
	p.out = bufio.NewReader(stdout)
	must(t, p.cmd.Start())
	_ = log.Close() // the child has it
	t.Cleanup(func() { p.kill(t) })
	return p
}

// kill ends the process as a power cut would; one that has ended already is left at that.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-p.ended()
}

// stop ends the process as a person would.
func (p *process) stop(t *testing.T) {
	t.Helper()
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	<-p.ended()
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("SIGTERM ended it with exit code %d, want 0", code)
	}
}

// ended is closed when the process has ended.
func (p *process) ended() <-chan struct{} {
	p.wait.Do(func() {
		p.done = make(chan struct{})
		go func() { _ = p.cmd.Wait(); close(p.done) }()
	})
	return p.done
}

// gate is a Python function that appends what it receives to a file outside the backend, once a gate file is there; until
// then it waits.
const gate = `
import base64, json, os, time
def handler(event, context):
    while not os.path.exists(os.environ["GATE"]):
        time.sleep(0.01)
    seen = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]] if "Records" in event else [event["n"]]
    with open(os.environ["SEEN"], "a") as f:
        for s in seen:
            f.write(json.dumps(s) + "\n")
`

// folder is one that functions may write in, whatever user they run as, of the backends that are started after it.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lambdasim-crash-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("LAMBDASIM_SHARE", strings.Join(append(filepath.SplitList(os.Getenv("LAMBDASIM_SHARE")), dir), string(os.PathListSeparator)))
	return dir
}

func seen(t *testing.T, dir string) (list []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "seen"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var s string
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// world makes a function with a gate, and a stream that is mapped to it.
func world(t *testing.T, url, dir string) *clients {
	t.Helper()
	c, ctx := newClients(url, "test", "test", ""), t.Context()
	_, err := c.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustLambda)})
	must(t, err)
	_, err = c.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kinesis:*","Resource":"*"}]}`)})
	must(t, err)
	for _, name := range []string{"events", "records"} {
		_, err = c.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String("arn:aws:iam::" + account + ":role/r"), Runtime: "python3.12",
			Handler: aws.String("main.handler"), Timeout: aws.Int32(60), Code: codeOf(archive(t, map[string]string{"main.py": gate})),
			Environment: &lambdatypes.Environment{Variables: map[string]string{"GATE": filepath.Join(dir, "gate"), "SEEN": filepath.Join(dir, "seen")}}})
		must(t, err)
	}
	_, err = c.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(1)})
	must(t, err)
	_, err = c.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("records"), StartingPosition: "TRIM_HORIZON",
		EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:" + account + ":stream/s"), BatchSize: aws.Int32(2)})
	must(t, err)
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAKilledBackendLosesNothingThatItAccepted(t *testing.T) {
	binary, state, dir := program(t), stateFolder(t), folder(t)
	p := start(t, binary, state)
	c, ctx := world(t, p.url, dir), context.WithoutCancel(t.Context())
	for i := range 5 {
		out, err := c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("events"), InvocationType: "Event", Payload: fmt.Appendf(nil, `{"n":"event %d"}`, i)})
		must(t, err)
		if out.StatusCode != 202 {
			t.Fatalf("status %d, want 202", out.StatusCode)
		}
	}
	p.kill(t) // between the 202 and the run: the function waits at its gate
	p = start(t, binary, state)
	c = newClients(p.url, "test", "test", "")
	in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
	for i := range 5 {
		in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{PartitionKey: aws.String("k"), Data: fmt.Appendf(nil, "record %d", i)})
	}
	_, err := c.kinesis.PutRecords(ctx, in)
	must(t, err)
	p.kill(t) // in the middle of a poll: the function waits at its gate with the first batch
	p = start(t, binary, state)
	must(t, os.WriteFile(filepath.Join(dir, "gate"), nil, 0o644))
	_, err = control.New(p.url).Drain(ctx, 60*second)
	must(t, err)
	got := seen(t, dir)
	for i := range 5 {
		for _, want := range []string{fmt.Sprintf("event %d", i), fmt.Sprintf("record %d", i)} {
			if !slices.Contains(got, want) {
				t.Errorf("%q was accepted and never arrived; what arrived: %q", want, got)
			}
		}
	}
	records := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return !strings.HasPrefix(s, "record") })
	if !slices.IsSorted(records) || len(records) < 5 {
		t.Errorf("the shard's records arrived as %q, want them in order", records)
	}
	p.stop(t)
}

func TestASecondBackendOnOneStateFolderIsTold(t *testing.T) {
	binary, state := program(t), stateFolder(t)
	start(t, binary, state)
	out, err := exec.Command(binary, "backend", "--listen", "127.0.0.1:0", "--state-dir", state).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another backend owns the state folder") {
		t.Errorf("the second backend ended with %v and said %q", err, out)
	}
}

// A child that has left its function's process group gets no signal when the backend is killed.
func TestAStartEndsWhatFunctionsOfAKilledBackendLeftRunning(t *testing.T) {
	state, dir := stateFolder(t), folder(t)
	t.Setenv("TMPDIR", dir) // apart from what others leave; the function may enter it
	p := start(t, program(t), state)
	c := world(t, p.url, dir)
	const leaves = `
import os, subprocess
def handler(event, context):
    child = subprocess.Popen(["sleep", "600"], cwd="/", start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [os.getpid(), child.pid]
`
	_, err := c.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: aws.String("leaves"), Role: aws.String("arn:aws:iam::" + account + ":role/r"),
		Runtime: "python3.12", Handler: aws.String("main.handler"), Code: codeOf(archive(t, map[string]string{"main.py": leaves}))})
	must(t, err)
	out, err := c.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("leaves")})
	must(t, err)
	var pids []int
	if err := json.Unmarshal(out.Payload, &pids); err != nil || len(pids) != 2 {
		t.Fatalf("it answered %s, %v", out.Payload, err)
	}
	p.kill(t)
	if !alive(pids[1]) {
		t.Fatal("the child died with the backend: this test tests nothing")
	}
	p = start(t, program(t), state)
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("the process %d outlived the next start", pid)
		}
	}
	p.stop(t)
	if left, _ := filepath.Glob(filepath.Join(dir, "lambdasim-*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

// alive reports whether a process runs: a zombie does not.
func alive(pid int) bool {
	_, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
	return err == nil
}

// stateFolder is a state folder that PostgreSQL's user can reach.
func stateFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lambdasim-state-")
	must(t, err)
	must(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
