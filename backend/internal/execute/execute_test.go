package execute_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute"
)

// The developer guide's table of system log events and their levels (advanced logging controls).
func TestASystemLogLevelShowsItsEvents(t *testing.T) {
	kind := regexp.MustCompile(`"type":"platform\.(\w+)"`)
	for level, want := range map[string]string{
		"":      "initStart start report | start runtimeDone report",
		"INFO":  "initStart start report | start runtimeDone report",
		"DEBUG": "initStart initReport start runtimeDone report | start runtimeDone report",
		"WARN":  " | runtimeDone report",
	} {
		v := &function.Version{Version: "$LATEST", Config: function.Config{LogFormat: "JSON", SystemLevel: level, Timeout: 3, MemorySize: 128}}
		lines := execute.Lines{Version: v, At: time.Unix(0, 0)}
		inv := &invoke.Invocation{RequestID: "r", Function: v}
		shown := func(text string) string {
			var kinds []string
			for _, m := range kind.FindAllStringSubmatch(text, -1) {
				kinds = append(kinds, m[1])
			}
			return strings.Join(kinds, " ")
		}
		good := lines.InitStart("python:3.12.v1", "arn") + lines.InitReport(time.Second, "init", "success", "") + lines.Start("r") +
			lines.End(execute.Report{RequestID: "r", Outcome: &invoke.Outcome{}})
		bad := lines.Start("r") + lines.End(execute.Report{RequestID: "r", Outcome: execute.Timeout(inv)})
		if d := cmp.Diff(want, shown(good)+" | "+shown(bad)); d != "" {
			t.Errorf("%q: %s", level, d)
		}
	}
}
