package backend_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

const (
	soakers = 500
	// mostPrograms is how many programs a backend runs at once.
	mostPrograms = 64
)

// soak is the test's account of what was asked and what came back.
type soak struct {
	t        *testing.T
	b        *bundle
	mu       sync.Mutex
	accepted []string
	answers  map[string]int
	wrong    int
}

// TestSoak has 500 callers invoke functions that exit, hang, print a megabyte and answer with garbage, and others whose events
// must not be lost. Every answer is one that AWS gives; in the end no process, descriptor, goroutine or folder is left.
// LAMBDASIM_SOAK says for how long (3s); make soak runs it for a minute.
func TestSoak(t *testing.T) {
	long, err := time.ParseDuration(cmpOr(os.Getenv("LAMBDASIM_SOAK"), "3s"))
	must(t, err)
	dir := folder(t)
	url := pgtest.URL(t)
	t.Setenv("TMPDIR", folder(t)) // the backend's work folder, apart from others'
	bootstrap := soakProgram(t)
	goroutines, descriptors, children := runtime.NumGoroutine(), openFiles(t), len(childProcesses(t))
	cfg := backend.Config{Listen: "127.0.0.1:0", DatabaseURL: url, Share: []string{dir}, Log: slog.New(slog.NewTextHandler(&testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))}
	back, err := backend.New(cfg)
	must(t, err)
	must(t, back.Start(t.Context()))
	s := &soak{t: t, answers: map[string]int{}}
	transport := &http.Transport{MaxIdleConnsPerHost: soakers, MaxIdleConns: soakers}
	s.b = &bundle{clients: newClients(back.URL(), "test", "test", ""), b: back, control: control.New(back.URL())}
	s.b.lambda = lambda.New(s.b.lambda.Options(), func(o *lambda.Options) { o.HTTPClient = sdkhttp.Client(transport) })
	s.b.role(t, "r", "")
	for _, name := range []string{"rogue", "writer"} {
		_, err := s.b.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String("arn:aws:iam::" + account + ":role/r"),
			Runtime: "provided.al2023", Handler: aws.String("bootstrap"), Timeout: aws.Int32(map[string]int32{"rogue": 1, "writer": 60}[name]), Code: codeOf(bootstrap),
			Environment: &lambdatypes.Environment{Variables: map[string]string{"SEEN": filepath.Join(dir, "seen")}}})
		must(t, err)
	}
	s.load(long)
	if n := len(childProcesses(t)) - children; n > mostPrograms {
		t.Errorf("%d programs run, at most %d may", n, mostPrograms)
	}
	_, err = s.b.control.Drain(t.Context(), 120*second)
	must(t, err)
	s.checkArrived(filepath.Join(dir, "seen"))
	transport.CloseIdleConnections()
	must(t, back.Close(context.Background()))
	http.DefaultClient.CloseIdleConnections()
	if n := len(childProcesses(t)); n > children {
		t.Errorf("%d child processes before, %d after", children, n)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "lambdasim-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	settled(t, "descriptors", descriptors, func() int { return openFiles(t) })
	settled(t, "goroutines", goroutines, runtime.NumGoroutine)
	t.Logf("%s: %v", long, s.answers)
}

// settled compares with what was before; the clients' own last connections take a moment.
func settled(t *testing.T, what string, before int, now func() int) {
	t.Helper()
	const idle = 12 // of the test's other clients, which keep theirs
	n := 0
	for range 200 {
		if n = now(); n <= before+idle {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d %s before, %d after", before, what, n)
}

func openFiles(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(list)
}

// childProcesses are those of this process, the dead that nobody has waited for among them.
func childProcesses(t *testing.T) (list []string) {
	t.Helper()
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, path := range tasks {
		text, _ := os.ReadFile(path)
		list = append(list, strings.Fields(string(text))...)
	}
	return list
}

// load lets all callers call until the time is over.
func (s *soak) load(long time.Duration) {
	var callers sync.WaitGroup
	var n atomic.Int64
	end := clock.Wall().Add(long)
	for i := range soakers {
		callers.Go(func() {
			for clock.Wall().Before(end) && !s.t.Failed() {
				s.call(i, n.Add(1))
			}
		})
	}
	callers.Wait()
}

// call makes one call, and holds the answer against what AWS says.
func (s *soak) call(caller int, n int64) {
	do := []string{"exit", "print", "garbage", "write", "event", "garbage", "exit", "event", "write", "hang"}[caller%10]
	in := &lambda.InvokeInput{FunctionName: aws.String("rogue"), Payload: fmt.Appendf(nil, `{"do":%q}`, do)}
	name := fmt.Sprint(n)
	if do == "event" || do == "write" {
		in.FunctionName, in.Payload = aws.String("writer"), fmt.Appendf(nil, `{"do":"write","n":%q}`, name)
	}
	if do == "event" {
		in.InvocationType = lambdatypes.InvocationTypeEvent
	}
	out, err := s.b.lambda.Invoke(context.Background(), in)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, throttled := errors.AsType[*lambdatypes.TooManyRequestsException](err); throttled {
		s.answers["throttled"]++
		return
	}
	answer := ""
	if err == nil {
		answer = fmt.Sprint(out.StatusCode, " ", aws.ToString(out.FunctionError), " ", string(out.Payload))
	}
	ok := map[string]bool{
		"exit":    strings.HasPrefix(answer, `200 Unhandled {"errorType":"Runtime.ExitError",`) && strings.HasSuffix(answer, ` Error: Runtime exited with error: exit status 3"}`),
		"hang":    strings.HasPrefix(answer, `200 Unhandled {"errorType":"Sandbox.Timedout",`) && strings.HasSuffix(answer, ` Error: Task timed out after 1.00 seconds"}`),
		"print":   answer == `200  "printed"`,
		"garbage": answer == "200  \x00{[ no JSON \xff",
		"write":   answer == `200  "written"`,
		"event":   answer == "202  ",
	}[do]
	switch s.answers[do]++; {
	case !ok && strings.Contains(answer, "Sandbox.Timedout") && do != "write": // a busy machine's; AWS's as well
		s.answers["late "+do]++
	case !ok:
		if s.wrong++; s.wrong < 5 {
			s.t.Errorf("%s: answered %q, %v", do, answer, err)
		}
	case do == "event" || do == "write":
		s.accepted = append(s.accepted, name)
	}
}

// checkArrived finds every accepted event in what the function has written.
func (s *soak) checkArrived(path string) {
	text, err := os.ReadFile(path)
	must(s.t, err)
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		seen[strings.TrimSpace(line)] = true
	}
	lost := 0
	for _, n := range s.accepted {
		if !seen[n] {
			lost++
		}
	}
	if lost > 0 || len(s.accepted) == 0 {
		s.t.Errorf("%d of %d accepted events were lost", lost, len(s.accepted))
	}
}

// soakProgram is a package with the function.
func soakProgram(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-s -w", "-o", path, "./testdata/soak")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return executable(t, path)
}
