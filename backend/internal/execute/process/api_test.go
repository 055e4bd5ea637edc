package process_test

import (
	"context"
	"encoding/json"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
)

// raw is a function whose program speaks to the Runtime API without a client.
func (b *bundle) raw(change ...func(*function.Version)) *function.Version {
	v := b.version("raw", "provided.al2023", "some.handler", zipEntries(b.t, entry{"bootstrap", string(goProgram(b.t, "raw")), 0o755}))
	for _, c := range change {
		c(v)
	}
	return v
}

type seen struct {
	Replies []struct {
		Call   string
		Status int
		Body   string
	}
	Headers  map[string][]string
	Event    string
	Env      []string
	UID      int
	Groups   []int
	Writable []string
	Folder   string
}

func (b *bundle) see(t *testing.T, v *function.Version, payload string) seen {
	t.Helper()
	inv := invocation(v, payload)
	inv.ClientContext = `{"custom":{}}`
	out, err := b.Run(context.Background(), inv)
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	if err := json.Unmarshal(out.Payload, &s); err != nil {
		t.Fatalf("%s: %v", out.Payload, err)
	}
	return s
}

// The runtime's state machine: rapi and core of AWS's runtime interface emulator.
func TestTheRuntimeAPIHasStates(t *testing.T) {
	b := setup(t)
	v := b.raw()
	got := b.see(t, v, `"misbehave"`)
	type line struct {
		call   string
		status int
		body   string
	}
	const transition = `{"errorMessage":"State transition from %FROM to %TO failed for runtime. Error: State transition is not allowed","errorType":"InvalidStateTransition"}`
	refusal := func(from, to string) string {
		return strings.NewReplacer("%FROM", from, "%TO", to).Replace(transition)
	}
	check := func(got seen, want []line) {
		t.Helper()
		if len(got.Replies) != len(want) {
			t.Fatalf("got %+v", got.Replies)
		}
		for i, w := range want {
			if r := got.Replies[i]; r.Call != w.call || r.Status != w.status || !strings.HasPrefix(r.Body, w.body) {
				t.Errorf("got  %+v\nwant %+v", r, w)
			}
		}
	}
	const runtime = "/2018-06-01/runtime/"
	check(got, []line{
		{runtime + "invocation/11111111-1111-1111-1111-111111111111/response", 400, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`},
		{runtime + "invocation/next", 200, `"misbehave"`}, // the same event again
		{"again " + requestID, 0, ""},
		{runtime + "invocation/" + requestID + "/response", 400, `{"errorMessage":"Invalid function response mode","errorType":"InvalidFunctionResponseMode"}`},
		{runtime + "init/error", 403, refusal("Running", "InitError")},
		{"/2020-01-01/extension/register", 404, `{"errorMessage":"POST /2020-01-01/extension/register is not part of the simulated Runtime API`},
	})
	check(b.see(t, v, "{}"), []line{
		{runtime + "invocation/" + requestID + "/response", 403, refusal("RuntimeResponseSentState", "InvocationResponse")},
		{runtime + "invocation/" + requestID + "/error", 403, refusal("RuntimeResponseSentState", "InvocationErrorResponse")},
	})
}

// What a program may do with its connection, and the event is neither lost nor taken for another.
func TestAProgramsConnection(t *testing.T) {
	b := setup(t)
	v := b.raw()
	for _, what := range []string{`"in pieces"`, `"hang up"`, `"hang up"`, `"in pieces, then hang up"`, `"as ever"`} {
		if got := b.see(t, v, what); got.Event != what {
			t.Errorf("got %s, want %s", got.Event, what)
		}
	}
}

func TestAnInitialisationThatReportsItsFailure(t *testing.T) {
	b := setup(t)
	out := b.run(t, b.raw(func(v *function.Version) { v.Environment = map[string]string{"INIT": "fail"} }), "{}")
	if string(out.Payload) != `{"errorMessage":"not today","errorType":"Init.Failed"}` || out.FunctionError != "Unhandled" {
		t.Errorf("got %s %s", out.Payload, out.FunctionError)
	}
}

// The headers of next: rendering.go of AWS's runtime interface emulator.
func TestNextDescribesTheEvent(t *testing.T) {
	b := setup(t)
	v := b.raw()
	before := time.Now()
	got := b.see(t, v, `{"a": 1}`)
	if got.Event != `{"a": 1}` {
		t.Errorf("the event came as %s", got.Event)
	}
	deadline, err := strconv.ParseInt(got.Headers["Lambda-Runtime-Deadline-Ms"][0], 10, 64)
	if err != nil || deadline < before.Add(30*time.Second).UnixMilli() || deadline > time.Now().Add(30*time.Second).UnixMilli() {
		t.Errorf("deadline %d, %v", deadline, err)
	}
	delete(got.Headers, "Lambda-Runtime-Deadline-Ms")
	delete(got.Headers, "Date")
	want := map[string][]string{"Lambda-Runtime-Aws-Request-Id": {requestID}, "Lambda-Runtime-Invoked-Function-Arn": {v.ARN()},
		"Lambda-Runtime-Trace-Id": {invocation(v, "").TraceID}, "Lambda-Runtime-Client-Context": {`{"custom":{}}`},
		"Content-Type": {"application/json"}, "Content-Length": {"8"}}
	if d := cmp.Diff(want, got.Headers); d != "" {
		t.Error(d)
	}
}

// The developer guide's list of defined environment variables, and what was recorded in 2026-01.
func TestAProgramSeesLambdasEnvironment(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9") // the backend's own environment is nobody's business
	b := setup(t)
	v := b.raw(func(v *function.Version) { v.Environment = map[string]string{"OWN": "value", "PATH": "/mine"} })
	got := b.see(t, v, "{}")
	env := map[string]string{}
	for _, e := range got.Env {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	for name, want := range map[string]string{"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": "raw",
		"AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/raw",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "LAMBDA_TASK_ROOT": got.Folder, "_HANDLER": "some.handler", "TZ": ":UTC",
		"AWS_ACCESS_KEY_ID": "ASIAKEYraw", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "OWN": "value", "PATH": "/mine"} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
	for _, name := range []string{"AWS_EXECUTION_ENV", "HTTP_PROXY", "HOME", "AWS_LAMBDA_LOG_FORMAT"} { // the first: not for provided runtimes
		if value, there := env[name]; there {
			t.Errorf("%s is %q", name, value)
		}
	}
	if !slices.Equal(got.Writable, []string{"temporary"}) {
		t.Errorf("it may write to %v", got.Writable)
	}
	if os.Geteuid() != 0 {
		return
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	if strconv.Itoa(got.UID) != nobody.Uid || slices.Contains(got.Groups, 0) {
		t.Errorf("it runs as user %d with the groups %v", got.UID, got.Groups)
	}
}
