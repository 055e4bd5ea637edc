package lambda_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// delivery is the only delivery to a function, with the reasons of its steps of the kinds.
func (b *bundle) delivery(t *testing.T, function string, kinds ...string) (control.Delivery, []string) {
	t.Helper()
	list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{Function: function})
	if err != nil || len(list) != 1 {
		t.Fatalf("got %d deliveries, %v", len(list), err)
	}
	var reasons []string
	for _, s := range list[0].Steps {
		for _, k := range kinds {
			if s.Kind == k {
				reason, _, _ := strings.Cut(s.Reason, ",")
				reasons = append(reasons, k+": "+reason)
			}
		}
	}
	return list[0], reasons
}

// The developer guide, asynchronous error handling: a throttled event goes back to the queue, from one second on, longer each
// time, and this counts as no attempt.
func TestAThrottledEventComesBack(t *testing.T) {
	b := setup(t)
	b.create(t, "busy")
	b.create(t, "f")
	b.script(t, "busy", control.ScriptedOutcome{Duration: "2900ms"})
	b.script(t, "f", control.ScriptedOutcome{})
	for range 1000 {
		if _, err := b.Invoke(t.Context(), call("busy")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Invoke(t.Context(), call("f", event)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.control.AdvanceBy(t.Context(), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	d, reasons := b.delivery(t, "f", "throttled", "retried", "invoked")
	want := []string{"throttled: Rate Exceeded.", "retried: again in 1s", "throttled: Rate Exceeded.", "retried: again in 2s", "invoked: attempt 1 succeeded"}
	if diff := cmp.Diff(want, reasons); diff != "" || d.Outcome != "delivered" || d.Attempts != 1 {
		t.Errorf("%s after %d attempts: %s", d.Outcome, d.Attempts, diff)
	}
	if last := d.Steps[len(d.Steps)-1].At.Sub(d.At); last != 3*time.Second {
		t.Errorf("it ran after %s", last)
	}
}

// The developer guide: an event lives for six hours, and the pause between attempts that find no concurrency, or a service
// that fails, grows to five minutes.
func TestAnEventThatCannotRunExpires(t *testing.T) {
	b := setup(t)
	in := input(t, "f")
	in.Runtime = "java21" // does not run on this machine
	if _, err := b.CreateFunction(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Invoke(t.Context(), call("f", event)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.control.AdvanceBy(t.Context(), 7*time.Hour); err != nil {
		t.Fatal(err)
	}
	d, retried := b.delivery(t, "f", "retried")
	if d.Outcome != "expired" || d.Attempts != 0 {
		t.Errorf("%s after %d attempts", d.Outcome, d.Attempts)
	}
	if age := d.Steps[len(d.Steps)-1].At.Sub(d.At); age < 6*time.Hour-5*time.Minute || age >= 6*time.Hour {
		t.Errorf("it expired after %s", age)
	}
	if len(retried) < 70 || retried[0] != "retried: again in 1s" || retried[8] != "retried: again in 4m16s" || retried[9] != "retried: again in 5m0s" || retried[len(retried)-1] != "retried: again in 5m0s" {
		t.Errorf("%d: %q", len(retried), retried[:min(12, len(retried))])
	}
}
