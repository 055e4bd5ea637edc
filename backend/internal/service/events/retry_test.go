package events

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// TestRetries pins how long a target that is overloaded is tried again, and what its dead-letter queue is told.
func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		policy    *types.RetryPolicy
		attempts  int
		exhausted string
		within    time.Duration
	}{
		"as it is by default": {nil, 186, "MaximumRetryAttempts", 24 * time.Hour},
		"no retries":          {&types.RetryPolicy{MaximumRetryAttempts: aws.Int32(0)}, 1, "MaximumRetryAttempts", time.Second},
		"two retries":         {&types.RetryPolicy{MaximumRetryAttempts: aws.Int32(2)}, 3, "MaximumRetryAttempts", 3 * time.Second},
		"a minute":            {&types.RetryPolicy{MaximumEventAgeInSeconds: aws.Int32(60)}, 6, "MaximumEventAgeInSeconds", time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			clk, log := clock.NewVirtual(time.Time{}), slog.New(slog.DiscardHandler)
			db, err := postgres.Open(t.Context(), postgres.Options{URL: pgtest.URL(t), Clock: clk, Schemas: []postgres.Schema{agenda.Schema, trace.Schema, Schema}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(db.Close)
			attempts, dead := 0, []target.Delivery{}
			targets := &target.Targets{}
			targets.Register("sqs", target.Kind{Action: "sqs:SendMessage", Check: func(context.Context, arn.ARN) error { return nil }, Deliver: func(_ context.Context, d target.Delivery) error {
				if d.Target == "arn:aws:sqs:us-east-1:000000000000:dead" {
					dead = append(dead, d)
					return nil
				}
				attempts++
				return fault.New(fault.Throttled, "slow down")
			}})
			a := &API{DB: db, Targets: targets, Agenda: agenda.New(db, clk, log), Trace: trace.NewRecorder(db, clk, log), Clock: clk, IDs: ident.New(1, 1), Log: log}
			a.Register()
			if err := a.Agenda.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := a.Agenda.Close(context.Background()); err != nil {
					t.Error(err)
				}
				a.Trace.Close()
			})
			r := &rule{ruleKey: busKey{"000000000000", "us-east-1", defaultBus}.rule("r")}
			d := a.deliveryOf(r, types.Target{Id: aws.String("q"), Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:q"), RetryPolicy: c.policy,
				DeadLetterConfig: &types.DeadLetterConfig{Arn: aws.String("arn:aws:sqs:us-east-1:000000000000:dead")}}, json.RawMessage(`{"n":1}`), "", "", "")
			if err := a.Agenda.Enqueue(t.Context(), d.item(clk.Now())); err != nil {
				t.Fatal(err)
			}
			if _, _, err := a.Agenda.Advance(t.Context(), c.within); err != nil {
				t.Fatal(err)
			}
			if attempts != c.attempts || len(dead) != 1 {
				t.Fatalf("%d attempts and %d dead letters, want %d and one", attempts, len(dead), c.attempts)
			}
			if got := dead[0].Attributes; got["EXHAUSTED_RETRY_CONDITION"].Value != c.exhausted || got["ERROR_CODE"].Value != "THROTTLING" || string(dead[0].Body) != `{"n":1}` {
				t.Errorf("the dead letter is %s with %v", dead[0].Body, got)
			}
		})
	}
}
