package script_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/execute/script"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

func invocation(attempt int) *invoke.Invocation {
	return &invoke.Invocation{
		RequestID: "11111111-2222-4333-8444-555555555555", Attempt: attempt, Payload: []byte(`{"a":1}`),
		Function: &function.Version{Account: "000000000000", Region: "us-east-1", Name: "f", Version: "$LATEST",
			Config: function.Config{Timeout: 3, MemorySize: 128}},
	}
}

func run(t *testing.T, attempt int, outcomes ...control.ScriptedOutcome) *invoke.Outcome {
	t.Helper()
	e := script.New(clock.NewVirtual(time.Time{}))
	inv := invocation(attempt)
	if err := e.Set(inv.Function.ARN(), control.Script{Outcomes: outcomes}); err != nil {
		t.Fatal(err)
	}
	out, err := e.Run(context.Background(), inv)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRun(t *testing.T) {
	t.Run("returns null where nothing is said", func(t *testing.T) {
		out := run(t, 1, control.ScriptedOutcome{})
		if string(out.Payload) != "null" || out.Failed() || out.Takes != 0 || out.ExecutedVersion != "$LATEST" {
			t.Errorf("got %+v", out)
		}
	})
	t.Run("returns the payload", func(t *testing.T) {
		if out := run(t, 1, control.ScriptedOutcome{Payload: json.RawMessage(`{"ok":true}`)}); string(out.Payload) != `{"ok":true}` {
			t.Errorf("got %s", out.Payload)
		}
	})
	t.Run("echoes the event", func(t *testing.T) {
		if out := run(t, 1, control.ScriptedOutcome{Echo: true}); string(out.Payload) != `{"a":1}` {
			t.Errorf("got %s", out.Payload)
		}
	})
	t.Run("fails with an error document", func(t *testing.T) {
		out := run(t, 1, control.ScriptedOutcome{ErrorType: "Boom", ErrorMessage: "a <b>"})
		if string(out.Payload) != `{"errorMessage":"a <b>","errorType":"Boom"}` || out.FunctionError != "Unhandled" ||
			out.ErrorType != "Boom" || out.ErrorMessage != "a <b>" {
			t.Errorf("got %+v", out)
		}
	})
	t.Run("takes its time on the simulator's clock", func(t *testing.T) {
		if out := run(t, 1, control.ScriptedOutcome{Duration: "2s"}); out.Takes != 2*time.Second || out.Failed() {
			t.Errorf("got %+v", out)
		}
	})
	t.Run("times out after the timeout", func(t *testing.T) {
		out := run(t, 1, control.ScriptedOutcome{Duration: "3.5s", Log: []string{"hello"}})
		want := `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 11111111-2222-4333-8444-555555555555 Error: Task timed out after 3.00 seconds"}`
		if string(out.Payload) != want || out.Takes != 3*time.Second {
			t.Errorf("got %s after %s", out.Payload, out.Takes)
		}
		wantLog := "START RequestId: 11111111-2222-4333-8444-555555555555 Version: $LATEST\nhello\n" +
			"2026-01-01T00:00:03.000Z 11111111-2222-4333-8444-555555555555 Task timed out after 3.00 seconds\n\n" +
			"END RequestId: 11111111-2222-4333-8444-555555555555\n" +
			"REPORT RequestId: 11111111-2222-4333-8444-555555555555\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: timeout\t\n"
		if d := cmp.Diff(wantLog, string(out.Log)); d != "" {
			t.Error(d)
		}
	})
	t.Run("a result over the limit is refused", func(t *testing.T) {
		big := json.RawMessage(`"` + strings.Repeat("x", invoke.MaxResponse) + `"`)
		if out := run(t, 1, control.ScriptedOutcome{Payload: big}); out.ErrorType != "Function.ResponseSizeTooLarge" {
			t.Errorf("got %.100s", out.Payload)
		}
	})
	t.Run("one outcome for each attempt and the last repeats", func(t *testing.T) {
		outcomes := []control.ScriptedOutcome{{Payload: json.RawMessage("1")}, {Payload: json.RawMessage("2")}}
		for attempt, want := range map[int]string{0: "1", 1: "1", 2: "2", 3: "2", 9: "2"} {
			if out := run(t, attempt, outcomes...); string(out.Payload) != want {
				t.Errorf("attempt %d: got %s, want %s", attempt, out.Payload, want)
			}
		}
	})
}

func TestSet(t *testing.T) {
	for name, s := range map[string]control.Script{
		"no outcomes":            {},
		"duration in no unit":    {Outcomes: []control.ScriptedOutcome{{Duration: "5"}}},
		"negative duration":      {Outcomes: []control.ScriptedOutcome{{Duration: "-5s"}}},
		"message without a type": {Outcomes: []control.ScriptedOutcome{{ErrorMessage: "m"}}},
		"echo and payload":       {Outcomes: []control.ScriptedOutcome{{Echo: true, Payload: json.RawMessage("1")}}},
		"error and payload":      {Outcomes: []control.ScriptedOutcome{{ErrorType: "E", Payload: json.RawMessage("1")}}},
		"payload is no JSON":     {Outcomes: []control.ScriptedOutcome{{Payload: json.RawMessage("{")}}},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			e := script.New(clock.NewReal())
			if err := e.Set("arn", s); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v", err)
			}
			if e.Has("arn") {
				t.Error("a refused script was kept")
			}
		})
	}
}

type code struct{ runs, retired, closed int }

func (c *code) Run(context.Context, *invoke.Invocation) (*invoke.Outcome, error) {
	c.runs++
	return &invoke.Outcome{}, nil
}
func (c *code) Prepare(_ context.Context, _ *function.Version, n int) (invoke.Prepared, error) {
	return invoke.Prepared{Ready: n}, nil
}

func (c *code) Retire(string, string) { c.retired++ }
func (c *code) Close()                { c.closed++ }

func TestChoose(t *testing.T) {
	scripts, real := script.New(clock.NewReal()), &code{}
	chosen := script.Choose(scripts, real)
	inv := invocation(1)
	arn := inv.Function.ARN()
	must := func() *invoke.Outcome {
		t.Helper()
		out, err := chosen.Run(context.Background(), inv)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if must(); real.runs != 1 {
		t.Error("a function without a script did not run its code")
	}
	if err := scripts.Set(arn, control.Script{Outcomes: []control.ScriptedOutcome{{Echo: true}}}); err != nil {
		t.Fatal(err)
	}
	if out := must(); string(out.Payload) != `{"a":1}` || real.runs != 1 {
		t.Error("a function with a script ran its code")
	}
	if s, ok := scripts.Get(arn); !ok || !s.Outcomes[0].Echo {
		t.Errorf("got %+v", s)
	}
	scripts.Forget("111111111111")
	if !scripts.Has(arn) {
		t.Error("forgetting another account's scripts took this one's")
	}
	scripts.Forget("000000000000")
	if must(); real.runs != 2 || scripts.Delete(arn) {
		t.Error("a function whose script was forgotten did not run its code")
	}
	chosen.Retire(arn, "")
	chosen.Close()
	if real.retired != 1 || real.closed != 1 {
		t.Errorf("not passed on: %+v", real)
	}
}

func TestCasesAreChosenByTheEvent(t *testing.T) {
	e := script.New(clock.NewVirtual(time.Time{}))
	inv := invocation(1)
	ok := func(text string) []control.ScriptedOutcome {
		return []control.ScriptedOutcome{{Payload: json.RawMessage(text)}}
	}
	if err := e.Set(inv.Function.ARN(), control.Script{Outcomes: ok(`"else"`), Cases: []control.ScriptCase{
		{Event: json.RawMessage(`{"Records":[{"body":"poison"}]}`), Outcomes: []control.ScriptedOutcome{{ErrorType: "Boom"}}},
		{Event: json.RawMessage(`{"a":{"b":1}}`), Outcomes: ok(`"b"`)},
		{Event: json.RawMessage(`[1]`), Outcomes: ok(`"list"`)},
	}}); err != nil {
		t.Fatal(err)
	}
	for event, want := range map[string]string{
		`{"Records":[{"body":"fine"},{"body":"poison","id":7}],"more":1}`: "",
		`{"Records":[{"body":"fine"}]}`:                                   `"else"`,
		`{"a":{"b":1,"c":2}}`:                                             `"b"`,
		`{"a":{"b":"1"}}`:                                                 `"else"`,
		`{"a":{"b":{"c":1}}}`:                                             `"else"`,
		`[2,1]`:                                                           `"list"`,
		`null`:                                                            `"else"`,
	} {
		inv.Payload = []byte(event)
		out, err := e.Run(context.Background(), inv)
		if err != nil {
			t.Fatal(err)
		}
		if want == "" && out.ErrorType != "Boom" || want != "" && string(out.Payload) != want {
			t.Errorf("%s: got %s %s", event, out.Payload, out.ErrorType)
		}
	}
}

func TestOutcomesMayBeCountedByInvocation(t *testing.T) {
	e := script.New(clock.NewVirtual(time.Time{}))
	inv := invocation(1)
	if err := e.Set(inv.Function.ARN(), control.Script{Per: control.PerInvocation, Outcomes: []control.ScriptedOutcome{{ErrorType: "First"}, {ErrorType: "Second"}}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 3 {
		out, err := e.Run(context.Background(), inv)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, out.ErrorType)
	}
	if diff := cmp.Diff([]string{"First", "Second", "Second"}, got); diff != "" {
		t.Error(diff)
	}
	if err := e.Set(inv.Function.ARN(), control.Script{Per: "day", Outcomes: []control.ScriptedOutcome{{}}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("per day: %v", err)
	}
}
