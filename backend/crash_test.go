package backend_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

// program builds the real binary once for the tests that kill it.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "terraform-provider-lambdasim")
	out, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// process is the real binary, running.
type process struct {
	cmd *exec.Cmd
	url string
	log *os.File
}

func start(t *testing.T, binary, state string, flags ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, append([]string{"backend", "--listen", "127.0.0.1:0", "--state-dir", state, "--log-level", "debug"}, flags...)...)}
	p.cmd.Env = append(os.Environ(), "TMPDIR="+os.TempDir())
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	p.log, p.cmd.Stderr = log, log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), "ready at ")
	if err != nil || !ok {
		_ = p.cmd.Wait()
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("the backend did not say that it is ready: %q, %v\n%s", line, err, text)
	}
	p.url = url
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

// kill ends the process as a power cut would.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
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

// folder is one that functions may write in, whatever user they run as.
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
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("SIGTERM ended it with %v, want exit code 0", err)
	}
}

func TestASecondBackendOnOneStateFolderIsTold(t *testing.T) {
	binary, state := program(t), stateFolder(t)
	start(t, binary, state)
	out, err := exec.Command(binary, "backend", "--listen", "127.0.0.1:0", "--state-dir", state).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another backend owns the state folder") {
		t.Errorf("the second backend ended with %v and said %q", err, out)
	}
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
