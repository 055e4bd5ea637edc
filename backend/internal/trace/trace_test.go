package trace_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

// bundle is a recorder on a database of the test's own, with a virtual clock.
type bundle struct {
	*trace.Recorder
	db  *postgres.DB
	clk *clock.Clock
}

func setup(t *testing.T) *bundle {
	t.Helper()
	clk := clock.NewVirtual(time.Time{})
	db := pgtest.NewWithClock(t, clk, trace.Schema)
	b := &bundle{trace.NewRecorder(db, clk, slog.New(slog.DiscardHandler)), db, clk}
	t.Cleanup(b.Close)
	return b
}

func (b *bundle) list(t *testing.T, q trace.Query) []trace.Delivery {
	t.Helper()
	list, err := b.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func header(name string) trace.Header {
	return trace.Header{Account: "000000000000", Region: "us-east-1", SourceService: "invoke", TargetARN: "arn:aws:lambda:us-east-1:000000000000:function:" + name,
		InvocationType: "Event", RequestID: "r-" + name}
}

func TestRecorder(t *testing.T) {
	t.Run("a delivery has its steps in order, each at its instant, its attempts and its last word", func(t *testing.T) {
		b := setup(t)
		h := b.Open(header("f"), trace.Step{Kind: trace.Published, Reason: "p"})
		b.clk.Set(clock.Epoch.Add(time.Minute))
		b.Attempt(h, 1, trace.Step{Kind: trace.Invoked, Reason: "i", Rule: "R", Decision: json.RawMessage(`{"a": 1}`)})
		b.Settle(h, trace.Succeeded, trace.Step{Kind: trace.Settled, At: clock.Epoch.Add(time.Hour)})
		b.Add(h, trace.Step{Kind: trace.Delivered}) // late, and no new outcome
		want := []trace.Delivery{{Header: h, Outcome: trace.Succeeded, Attempts: 1, Steps: []trace.Step{
			{At: clock.Epoch, Kind: trace.Published, Reason: "p"},
			{At: clock.Epoch.Add(time.Minute), Kind: trace.Invoked, Reason: "i", Rule: "R", Decision: json.RawMessage(`{"a": 1}`)},
			{At: clock.Epoch.Add(time.Hour), Kind: trace.Settled},
			{At: clock.Epoch.Add(time.Minute), Kind: trace.Delivered}}}}
		if diff := cmp.Diff(want, b.list(t, trace.Query{})); diff != "" {
			t.Errorf("recorded (-want +got):\n%s", diff)
		}
	})

	t.Run("steps in later batches add to what is stored, and a step that settles nothing leaves the outcome", func(t *testing.T) {
		b := setup(t)
		h := b.Open(header("f"), trace.Step{Kind: trace.Published})
		b.list(t, trace.Query{})
		b.Attempt(h, 2, trace.Step{Kind: trace.Invoked})
		b.list(t, trace.Query{})
		b.Settle(h, trace.Failed)
		b.list(t, trace.Query{})
		b.Attempt(h, 1, trace.Step{Kind: trace.Retried})
		got := b.list(t, trace.Query{})
		if len(got) != 1 || got[0].Outcome != trace.Failed || got[0].Attempts != 2 || len(got[0].Steps) != 3 {
			t.Errorf("recorded %+v", got)
		}
	})

	t.Run("after a restart deliveries and steps get numbers of their own, and an old delivery goes on", func(t *testing.T) {
		url := pgtest.URL(t)
		open := func() *bundle {
			clk := clock.NewVirtual(time.Time{})
			db, err := postgres.Open(t.Context(), postgres.Options{URL: url, Clock: clk, Schemas: []postgres.Schema{trace.Schema}})
			if err != nil {
				t.Fatal(err)
			}
			return &bundle{trace.NewRecorder(db, clk, slog.New(slog.DiscardHandler)), db, clk}
		}
		first := open()
		old := first.Open(header("old"), trace.Step{Kind: trace.Published})
		lost := old // as if it had been lost with the crash: nothing of it is in the table
		lost.ID += 1000
		first.Close()
		first.db.Close()
		second := open()
		defer second.db.Close()
		defer second.Close()
		fresh := second.Open(header("new"), trace.Step{Kind: trace.Published})
		second.Settle(old, trace.Succeeded, trace.Step{Kind: trace.Settled})
		second.Settle(lost, trace.Failed, trace.Step{Kind: trace.Settled})
		got := second.list(t, trace.Query{})
		var is []string
		for _, d := range got {
			is = append(is, fmt.Sprintf("%s %s %d", d.RequestID, d.Outcome, len(d.Steps)))
		}
		if want := []string{"r-old delivered 2", "r-old failed 1", "r-new pending 1"}; !slices.Equal(is, want) || fresh.ID <= lost.ID {
			t.Errorf("recorded %q, want %q", is, want)
		}
	})

	t.Run("what a function wrote, PostgreSQL takes", func(t *testing.T) {
		b := setup(t)
		h := b.Open(header("f"), trace.Step{Kind: trace.Invoked, Reason: "a\x00b\xffc \\u0000",
			Decision: json.RawMessage(`{"nul":"x\u0000\u0000y","backslash":"\\u0000"}`)})
		b.Settle(h, trace.Failed)
		got := b.list(t, trace.Query{})
		var decision map[string]string
		if len(got) != 1 || len(got[0].Steps) != 1 || json.Unmarshal(got[0].Steps[0].Decision, &decision) != nil {
			t.Fatalf("recorded %+v", got)
		}
		if reason := got[0].Steps[0].Reason; reason != "a\uFFFDb\uFFFDc \\u0000" || decision["nul"] != "x\uFFFD\uFFFDy" || decision["backslash"] != `\u0000` {
			t.Errorf("recorded %q, %q", reason, decision)
		}
	})

	t.Run("forgetting an account drops its deliveries with their steps", func(t *testing.T) {
		b := setup(t)
		other := header("g")
		other.Account = "111111111111"
		b.Open(header("f"), trace.Step{Kind: trace.Published})
		b.Open(other, trace.Step{Kind: trace.Published})
		b.list(t, trace.Query{})
		if err := b.db.Tx(t.Context(), func(ctx context.Context, tx *postgres.Tx) error { return b.Forget(ctx, tx, "000000000000") }); err != nil {
			t.Fatal(err)
		}
		var steps int
		if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM trace.steps`).Scan(&steps); err != nil {
			t.Fatal(err)
		}
		if got := b.list(t, trace.Query{}); len(got) != 1 || got[0].Account != "111111111111" || steps != 1 {
			t.Errorf("%d steps and %+v are left", steps, got)
		}
	})
}

func TestList(t *testing.T) {
	b := setup(t)
	const lambda = "arn:aws:lambda:us-east-1:000000000000:function:"
	for i, d := range []struct {
		id, target, service, source, account string
		outcome                              trace.Outcome
	}{
		{"1", lambda + "f_x", "s3", "arn:aws:s3:::bucket", "000000000000", trace.Denied},
		{"2", lambda + "f_x:prod", "invoke", "", "000000000000", trace.Succeeded},
		{"3", lambda + "fax", "kinesis", "arn:aws:kinesis:us-east-1:000000000000:stream/s", "000000000000", trace.Pending},
		{"4", "arn:aws:lambda:us-east-1:111111111111:function:f_x", "s3", "arn:aws:s3:::other", "111111111111", trace.Succeeded},
	} {
		b.clk.Set(clock.Epoch.Add(time.Duration(i) * time.Minute))
		h := b.Open(trace.Header{Account: d.account, Region: "us-east-1", SourceService: d.service, SourceARN: d.source, TargetARN: d.target, RequestID: d.id})
		b.Settle(h, d.outcome)
	}
	first := b.list(t, trace.Query{Limit: 1})[0].ID
	for name, c := range map[string]struct {
		q    trace.Query
		want string
	}{
		"everything, oldest first":                             {trace.Query{}, "1234"},
		"a name: every version in every account":               {trace.Query{Function: "f_x"}, "124"},
		"an ARN: its qualified ones too, and _ is no wildcard": {trace.Query{Function: lambda + "f_x"}, "12"},
		"a qualified ARN":                                      {trace.Query{Function: lambda + "f_x:prod"}, "2"},
		"a source's service":                                   {trace.Query{Source: "s3"}, "14"},
		"a source's ARN":                                       {trace.Query{Source: "arn:aws:s3:::other"}, "4"},
		"an outcome":                                           {trace.Query{Outcome: trace.Succeeded}, "24"},
		"an account":                                           {trace.Query{Account: "111111111111"}, "4"},
		"since":                                                {trace.Query{Since: clock.Epoch.Add(2 * time.Minute)}, "34"},
		"after":                                                {trace.Query{After: first}, "234"},
		"a page":                                               {trace.Query{After: first, Limit: 2}, "23"},
		"several at once":                                      {trace.Query{Source: "s3", Outcome: trace.Denied}, "1"},
		"no pattern":                                           {trace.Query{Function: `%`}, ""},
		"nor an escape":                                        {trace.Query{Function: `a\`}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			for _, d := range b.list(t, c.q) {
				got.WriteString(d.RequestID)
			}
			if got.String() != c.want {
				t.Errorf("listed %s, want %s", got.String(), c.want)
			}
		})
	}
}

func TestText(t *testing.T) {
	at := func(d time.Duration) time.Time { return clock.Epoch.Add(d) }
	list := []trace.Delivery{
		{Header: trace.Header{ID: 1, At: at(0), SourceService: "s3", SourceARN: "arn:aws:s3:::bucket", InvocationType: "Event",
			TargetARN: "arn:aws:lambda:us-east-1:000000000000:function:f:prod"}, Outcome: trace.Denied, Steps: []trace.Step{
			{At: at(0), Kind: trace.Published, Reason: "ObjectCreated:Put of a.jpg", Rule: "PUSH-ACCEPTED"},
			{At: at(1500 * time.Millisecond), Kind: trace.Authorized, Reason: "refused:\n  no statement allows\n\n", Rule: "PUSH-FUNCTION-POLICY"}}},
		{Header: trace.Header{ID: 2, At: at(time.Hour), SourceService: "invoke", InvocationType: "RequestResponse", TargetARN: "arn:aws:sqs:us-east-1:000000000000:q"},
			Outcome: trace.Pending, Attempts: 1, Steps: []trace.Step{
				{At: at(time.Hour), Kind: trace.Invoked, Reason: "attempt 1 failed: \x1b[31mred\x07 \tand\xff broken"}, {At: at(time.Hour), Kind: trace.Settled}}},
		{Header: trace.Header{ID: 3, At: at(2 * time.Hour), SourceService: "kinesis", InvocationType: "RequestResponse", TargetARN: "not an ARN"}, Outcome: trace.DeadLettered, Attempts: 3},
	}
	const golden = "testdata/text.golden"
	got := trace.Text(list)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
