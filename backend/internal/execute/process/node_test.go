package process_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

func TestNode(t *testing.T) {
	b := setup(t)
	t.Run("returns its result and is warm from then on", func(t *testing.T) {
		v := b.node("index.counter")
		b.succeeds(t, v, "{}", "1")
		b.succeeds(t, v, "{}", "2")
	})
	for handler, want := range map[string]string{
		"index.echo": `{"a":[1,"ü"]}`, "index.nothing": "null", "index.callback": `"called back"`, "index.callbackEarly": `"early"`,
		"index.callbackLate": `"late"`, "index.silent": "null", "index.succeed": `"succeeded"`, "index.inner.handler": `"inner"`,
		"esm.handler": `"esm function"`, "mod/index.handler": `"module by package.json"`, "nested/deep.handler": `"deep"`,
	} {
		t.Run(handler+" returns "+want, func(t *testing.T) { b.succeeds(t, b.node(handler), `{"a":[1,"ü"]}`, want) })
	}
	for handler, want := range map[string][2]string{
		"index.fail":          {"RangeError", `bad "value"`},
		"index.failPlain":     {"string", "text"},
		"index.callbackError": {"TypeError", "called back"},
		"index.circular":      {"Runtime.MarshalError", "Unable to stringify response body: "},
		"index.rejects":       {"Runtime.UnhandledPromiseRejection", "Error: nobody listens"},
		"index.throws":        {"Error", "out of reach"},
		"raises.handler":      {"Error", "at load"},
		"no_module.handler":   {"Runtime.ImportModuleError", "Error: Cannot find module 'that-does-not-exist'"},
		"bad_syntax.handler":  {"Runtime.UserCodeSyntaxError", "SyntaxError: "},
		"index.nobody":        {"Runtime.HandlerNotFound", "index.nobody is undefined or not exported"},
		"index.notAFunction":  {"Runtime.HandlerNotFound", "index.notAFunction is not a function"},
		"handler":             {"Runtime.MalformedHandlerName", "Bad handler"},
	} {
		t.Run(handler+" fails with "+want[0], func(t *testing.T) {
			out := b.run(t, b.node(handler), "{}")
			var document struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(out.Payload, &document); err != nil {
				t.Fatalf("%s: %v", out.Payload, err)
			}
			if out.FunctionError != "Unhandled" || document.ErrorType != want[0] || !strings.HasPrefix(document.ErrorMessage, want[1]) {
				t.Errorf("got %s; log:\n%s", out.Payload, out.Log)
			}
		})
	}
	t.Run("process.exit is Runtime.ExitError", func(t *testing.T) {
		out := b.run(t, b.node("index.exit"), `{"code":3}`)
		if want := `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + requestID + ` Error: Runtime exited with error: exit status 3"}`; string(out.Payload) != want {
			t.Errorf("got %s", out.Payload)
		}
	})
	t.Run("a line of the console names the request and the level", func(t *testing.T) {
		out := b.run(t, b.node("index.echo"), `{"a":1}`)
		want := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t` + requestID + `\tINFO\tgot \{ a: 1 \}$`)
		if !want.Match(out.Log) {
			t.Errorf("log:\n%s", out.Log)
		}
	})
}
