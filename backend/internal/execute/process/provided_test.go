package process_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

func TestGo(t *testing.T) {
	b := setup(t)
	v := b.golang()
	t.Run("returns its result and is warm from then on", func(t *testing.T) {
		b.succeeds(t, v, `{"do":"count"}`, "1")
		b.succeeds(t, v, `{"do":"count"}`, "2")
	})
	t.Run("an error is its document", func(t *testing.T) {
		out := b.run(t, v, `{"do":"fail"}`)
		if string(out.Payload) != `{"errorMessage":"went wrong","errorType":"errorString"}` || out.FunctionError != "Unhandled" ||
			out.ErrorType != "errorString" || out.ErrorMessage != "went wrong" || out.ExecutedVersion != "$LATEST" {
			t.Errorf("got %+v: %s", out, out.Payload)
		}
		b.succeeds(t, v, `{"do":"count"}`, "4")
	})
	t.Run("a panic is its document with a stack, and ends the environment", func(t *testing.T) {
		out := b.run(t, v, `{"do":"panic"}`)
		var doc struct {
			ErrorMessage, ErrorType string
			StackTrace              []any
		}
		if err := json.Unmarshal(out.Payload, &doc); err != nil {
			t.Fatal(err)
		}
		if doc.ErrorMessage != "no way on" || doc.ErrorType != "string" || len(doc.StackTrace) == 0 {
			t.Errorf("got %s", out.Payload)
		}
		b.succeeds(t, v, `{"do":"count"}`, "1")
	})
	t.Run("a result over the limit is refused", func(t *testing.T) {
		out := b.run(t, v, fmt.Sprintf(`{"do":"big","size":%d}`, invoke.MaxResponse))
		want := `{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}`
		if string(out.Payload) != want {
			t.Errorf("got %.200s", out.Payload)
		}
		b.succeeds(t, v, `{"do":"count"}`, "1") // Go's client ends when its answer is refused
	})
	t.Run("a result of exactly the limit passes", func(t *testing.T) {
		if out := b.run(t, v, fmt.Sprintf(`{"do":"big","size":%d}`, invoke.MaxResponse-2)); out.Failed() || len(out.Payload) != invoke.MaxResponse {
			t.Errorf("got %.200s", out.Payload)
		}
	})
	for code, want := range map[int]string{
		0:   "Runtime exited without providing a reason",
		1:   "Runtime exited with error: exit status 1",
		127: "Runtime exited with error: exit status 127",
	} {
		t.Run(fmt.Sprintf("exit status %d is Runtime.ExitError", code), func(t *testing.T) {
			out := b.run(t, v, fmt.Sprintf(`{"do":"exit","code":%d}`, code))
			want := `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + requestID + ` Error: ` + want + `"}`
			if string(out.Payload) != want || out.ErrorType != "Runtime.ExitError" {
				t.Errorf("got %s", out.Payload)
			}
			if !strings.Contains(string(out.Log), out.ErrorMessage+"\nRuntime.ExitError\nEND RequestId: ") {
				t.Errorf("log:\n%s", out.Log)
			}
		})
	}
	t.Run("its context says who it is", func(t *testing.T) {
		inv := invocation(v, `{"do":"context"}`)
		inv.InvokedARN = v.ARN() + ":alias"
		out, err := b.Run(context.Background(), inv)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Request, ARN, Version, Stream, Trace string
			Left                                 float64
		}
		if err := json.Unmarshal(out.Payload, &got); err != nil {
			t.Fatal(err)
		}
		if got.Request != requestID || got.ARN != v.ARN()+":alias" || got.Version != "$LATEST" || got.Trace != inv.TraceID ||
			got.Left < 20 || got.Left > 30 || !strings.HasPrefix(got.Stream, "2026/01/01/[$LATEST]") {
			t.Errorf("got %s", out.Payload)
		}
	})
}

func TestGoTimeoutKillsAndTheNextIsFresh(t *testing.T) {
	b := setup(t)
	v := b.golang()
	v.Timeout = 1
	b.succeeds(t, v, `{"do":"count"}`, "1")
	out := b.run(t, v, `{"do":"sleep"}`)
	want := `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ` + requestID + ` Error: Task timed out after 1.00 seconds"}`
	if string(out.Payload) != want {
		t.Errorf("got %s", out.Payload)
	}
	wantLog := regexp.MustCompile(`^START RequestId: \S+ Version: \$LATEST\n2026-01-01T00:00:00.000Z ` + requestID +
		` Task timed out after 1.00 seconds\n\nEND RequestId: \S+\nREPORT RequestId: \S+\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]\d* MB\tStatus: timeout\t\n$`)
	if !wantLog.Match(out.Log) {
		t.Errorf("log:\n%s", out.Log)
	}
	b.succeeds(t, v, `{"do":"count"}`, "1")
}

func TestBootstrap(t *testing.T) {
	failure := func(reason string) string {
		return `{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: ` + requestID + ` Error: ` + reason + `"}`
	}
	script := "#!/bin/sh\nexit 0\n"
	for name, c := range map[string]struct {
		entries []entry
		want    string
	}{
		"missing":                 {[]entry{{"other", script, 0o755}}, failure("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")},
		"not executable":          {[]entry{{"bootstrap", script, 0o644}}, failure("fork/exec /var/task/bootstrap: permission denied")},
		"no program":              {[]entry{{"bootstrap", "just some text, long enough to be read as a header\n", 0o755}}, failure("fork/exec /var/task/bootstrap: exec format error")},
		"without its interpreter": {[]entry{{"bootstrap", "#!/no/such/shell\n", 0o755}}, failure("fork/exec /var/task/bootstrap: no such file or directory")},
		"ending at once": {[]entry{{"bootstrap", "#!/bin/sh\necho bye; exit 7\n", 0o755}},
			`{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + requestID + ` Error: Runtime exited with error: exit status 7"}`},
	} {
		t.Run(name+" is the function's error", func(t *testing.T) {
			b := setup(t)
			v := b.version("f", "provided", "h", zipEntries(t, c.entries...))
			out := b.run(t, v, "{}")
			if string(out.Payload) != c.want {
				t.Errorf("got %s, want %s", out.Payload, c.want)
			}
			if log := string(out.Log); !strings.HasPrefix(log, "INIT_START Runtime Version: provided.v1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:") ||
				!strings.Contains(log, "Status: error\tError Type: "+out.ErrorType+"\t\n") {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	b := setup(t)
	elf := func(machine string) string {
		return "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00" + machine
	}
	foreign, foreignName := elf("\xb7\x00"), "linux/arm64"
	if runtime.GOARCH == "arm64" {
		foreign, foreignName = elf("\x3e\x00"), "linux/amd64"
	}
	for name, c := range map[string]struct {
		runtime, bootstrap string
		want               []string
	}{
		"a runtime that does not run here":    {"java21", "", []string{`"java21"`, "provided.al2023", "python3.*", "nodejs*", "script"}},
		"a program for another processor":     {"provided.al2", foreign, []string{foreignName, "linux/" + runtime.GOARCH, "build it"}},
		"a program for macOS":                 {"provided.al2", "\xcf\xfa\xed\xfe\x0c\x00\x00\x01" + strings.Repeat("\x00", 12), []string{"darwin/arm64", "linux/" + runtime.GOARCH}},
		"a program for Windows":               {"provided", "MZ" + strings.Repeat("\x00", 20), []string{"windows", "linux/" + runtime.GOARCH}},
		"a processor it has no name for":      {"provided", elf("\x08\x00"), []string{"EM_MIPS"}},
		"a runtime whose name only resembles": {"python2.7", "", []string{`"python2.7"`}},
	} {
		t.Run(name, func(t *testing.T) {
			v := b.version("f", c.runtime, "h", zipEntries(t, entry{"bootstrap", c.bootstrap, 0o755}))
			_, err := b.Run(context.Background(), invocation(v, "{}"))
			if !fault.Is(err, fault.Unsupported) {
				t.Fatalf("got %v", err)
			}
			for _, want := range append(c.want, "function f") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %s", want, err)
				}
			}
		})
	}
}
