package process_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pythonError is an error document as Python's runtime writes it.
type pythonError struct {
	ErrorMessage string   `json:"errorMessage"`
	ErrorType    string   `json:"errorType"`
	RequestID    *string  `json:"requestId"`
	StackTrace   []string `json:"stackTrace"`
}

func (b *bundle) pythonFails(t *testing.T, handler, payload string) (doc pythonError, log string) {
	t.Helper()
	out := b.run(t, b.python(handler), payload)
	if !out.Failed() {
		t.Fatalf("got %s", out.Payload)
	}
	if err := json.Unmarshal(out.Payload, &doc); err != nil {
		t.Fatalf("%s: %v", out.Payload, err)
	}
	if doc.ErrorType != out.ErrorType || doc.ErrorMessage != out.ErrorMessage {
		t.Errorf("the outcome says %s: %s, its document %s: %s", out.ErrorType, out.ErrorMessage, doc.ErrorType, doc.ErrorMessage)
	}
	return doc, string(out.Log)
}

func TestPython(t *testing.T) {
	b := setup(t)
	t.Run("returns its result and is warm from then on", func(t *testing.T) {
		v := b.python("app.counter")
		b.succeeds(t, v, `{}`, "1")
		b.succeeds(t, v, `{}`, "2")
	})
	t.Run("returns nothing as null", func(t *testing.T) { b.succeeds(t, b.python("app.nothing"), `{}`, "null") })
	t.Run("finds nested handlers", func(t *testing.T) {
		b.succeeds(t, b.python("nested/deep.handler"), `{}`, `"deep"`)
		b.succeeds(t, b.python("nested.deep.handler"), `{}`, `"deep"`)
	})
	t.Run("serialises decimals as numbers and escapes what is not ASCII before 3.12", func(t *testing.T) {
		b.succeeds(t, b.python("app.numbers"), `{}`, `{"d": 1.5, "u": "\u00e9"}`)
		v := b.python("app.numbers")
		v.Runtime, v.Name = "python3.12", "py312"
		b.succeeds(t, v, `{}`, `{"d": 1.5, "u": "é"}`)
	})
	t.Run("an exception is its document", func(t *testing.T) {
		doc, log := b.pythonFails(t, "app.fail", `{}`)
		if doc.ErrorType != "ValueError" || doc.ErrorMessage != `bad "value" é` || *doc.RequestID != requestID || len(doc.StackTrace) != 1 {
			t.Errorf("got %+v", doc)
		}
		if !regexp.MustCompile(`^  File ".*/app.py", line \d+, in fail\n    raise ValueError\(.*\)\n$`).MatchString(doc.StackTrace[0]) {
			t.Errorf("stack trace: %q", doc.StackTrace)
		}
		if !strings.Contains(log, "\n[ERROR] ValueError: bad \"value\" é\nTraceback (most recent call last):\n  File ") {
			t.Errorf("log:\n%s", log)
		}
	})
	t.Run("an exception of its own is named by its class", func(t *testing.T) {
		if doc, _ := b.pythonFails(t, "app.fail_custom", `{}`); doc.ErrorType != "Custom" || doc.ErrorMessage != "custom" {
			t.Errorf("got %+v", doc)
		}
	})
	t.Run("a result without JSON is Runtime.MarshalError", func(t *testing.T) {
		doc, _ := b.pythonFails(t, "app.unserialisable", `{}`)
		if doc.ErrorType != "Runtime.MarshalError" || doc.ErrorMessage != "Unable to marshal response: Object of type set is not JSON serializable" {
			t.Errorf("got %+v", doc)
		}
	})
	t.Run("sys.exit is Runtime.ExitError", func(t *testing.T) {
		for code, want := range map[int]string{0: "Runtime exited without providing a reason", 4: "Runtime exited with error: exit status 4"} {
			out := b.run(t, b.python("app.leave"), fmt.Sprintf(`{"code":%d}`, code))
			if out.ErrorType != "Runtime.ExitError" || out.ErrorMessage != "RequestId: "+requestID+" Error: "+want {
				t.Errorf("got %s", out.Payload)
			}
		}
	})
	t.Run("what it wrote last is kept", func(t *testing.T) {
		out := b.run(t, b.python("app.hard_exit"), `{"code":9}`)
		if !strings.Contains(string(out.Log), "\nlast words\nRequestId: "+requestID+" Error: Runtime exited with error: exit status 9\n") {
			t.Errorf("log:\n%s", out.Log)
		}
	})
}

func TestPythonInitialisation(t *testing.T) {
	b := setup(t)
	for name, c := range map[string]struct{ handler, kind, message string }{
		"module missing":             {"nowhere.handler", "Runtime.ImportModuleError", "Unable to import module 'nowhere': No module named 'nowhere'"},
		"module's module missing":    {"no_module.handler", "Runtime.ImportModuleError", "Unable to import module 'no_module': No module named 'that_does_not_exist'"},
		"handler missing":            {"app.nowhere", "Runtime.HandlerNotFound", "Handler 'nowhere' missing on module 'app'"},
		"handler without a dot":      {"app", "Runtime.MalformedHandlerName", "Bad handler 'app': not enough values to unpack (expected 2, got 1)"},
		"module raising":             {"raises.handler", "RuntimeError", "at import"},
		"module with a syntax error": {"bad_syntax.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'bad_syntax': expected ':' (bad_syntax.py, line 1)"},
	} {
		t.Run(name+" is "+c.kind, func(t *testing.T) {
			doc, log := b.pythonFails(t, c.handler, `{}`)
			if doc.ErrorType != c.kind || doc.ErrorMessage != c.message || doc.RequestID == nil || *doc.RequestID != "" {
				t.Errorf("got %+v", doc)
			}
			for _, want := range []string{"INIT_START Runtime Version: python:3.11.v1\t", "[ERROR] " + c.kind + ": ",
				"\tPhase: init\tStatus: error\tError Type: " + c.kind + "\n", "START RequestId: ", "END RequestId: "} {
				if !strings.Contains(log, want) {
					t.Errorf("%q is not in the log:\n%s", want, log)
				}
			}
		})
	}
	t.Run("exit while loading is Runtime.ExitError", func(t *testing.T) {
		out := b.run(t, b.python("exits.handler"), `{}`)
		if out.ErrorMessage != "RequestId: "+requestID+" Error: Runtime exited with error: exit status 3" || !strings.Contains(string(out.Log), "\nleaving\n") {
			t.Errorf("got %s; log:\n%s", out.Payload, out.Log)
		}
	})
}

func TestPythonSees(t *testing.T) {
	b := setup(t)
	t.Run("its context", func(t *testing.T) {
		inv := invocation(b.python("app.context"), `{}`)
		inv.ClientContext = `{"custom":{"a":"b"},"client":{"app_title":"title"}}`
		out, err := b.Run(context.Background(), inv)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(out.Payload, &got); err != nil {
			t.Fatalf("%s: %v", out.Payload, err)
		}
		left, stream := got["left"].(float64), got["log_stream_name"].(string)
		if left < 20000 || left > 30000 || !strings.HasPrefix(stream, "2026/01/01/[$LATEST]") {
			t.Errorf("left %v, stream %s", left, stream)
		}
		delete(got, "left")
		delete(got, "log_stream_name")
		want := map[string]any{"aws_request_id": requestID, "function_name": "py-app.context", "function_version": "$LATEST",
			"invoked_function_arn": "arn:aws:lambda:us-east-1:000000000000:function:py-app.context", "memory_limit_in_mb": "128",
			"log_group_name": "/aws/lambda/py-app.context", "custom": map[string]any{"a": "b"}, "app": "title", "identity": nil, "trace": inv.TraceID}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
	t.Run("a log in the order in which it wrote", func(t *testing.T) {
		const size = 300000 // more than a pipe holds
		v := b.python("app.write")
		log := string(b.run(t, v, fmt.Sprintf(`{"size":%d}`, size)).Log)
		want := regexp.MustCompile(`(?s)^INIT_START [^\n]*\nSTART RequestId: ` + requestID + ` Version: \$LATEST\nx+\nto stderr\n\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t` + requestID + `\twarned\nEND RequestId: ` + requestID +
			`\nREPORT RequestId: ` + requestID + `\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: \d+\.\d\d ms\t\n$`)
		if !want.MatchString(log) || strings.Count(log, "x") < size {
			t.Errorf("%d bytes: %.300s … %s", len(log), log, log[max(0, len(log)-400):])
		}
		if warm := string(b.run(t, v, `{"size":1}`).Log); !strings.HasPrefix(warm, "START ") || strings.Contains(warm, "Init Duration") {
			t.Errorf("warm:\n%s", warm)
		}
	})
	t.Run("a JSON log where it is configured", func(t *testing.T) {
		v := b.python("app.write")
		v.LogFormat, v.ApplicationLevel, v.Name = "JSON", "INFO", "pyjson"
		log := string(b.run(t, v, `{"size":1}`).Log)
		for _, want := range []string{`"type":"platform.initStart"`, `"type":"platform.start"`, `"type":"platform.report"`,
			`"level": "WARNING", "message": "warned", "logger": "root", "requestId": "` + requestID, `"message": "not shown"`} {
			if !strings.Contains(log, want) {
				t.Errorf("%s is not in the log:\n%s", want, log)
			}
		}
	})
}
