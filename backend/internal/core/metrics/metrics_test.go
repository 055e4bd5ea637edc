package metrics_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
)

func families(r *metrics.Registry) map[string][]metrics.Sample {
	m := map[string][]metrics.Sample{}
	for _, f := range r.Families() {
		m[f.Name] = f.Samples
	}
	return m
}

func TestRegistry(t *testing.T) {
	orders := metrics.Of("111111111111", "us-east-1", "orders", "live", "3")
	other := metrics.Of("222222222222", "us-east-1", "orders", "", "$LATEST")

	t.Run("counts by dimensions, and shows zeros of errors and throttles alone", func(t *testing.T) {
		r := metrics.New()
		r.Series(orders).Add(metrics.Invocations, 2)
		r.Series(other).Add(metrics.Throttles, 1)
		want := map[string][]metrics.Sample{
			"Invocations": {{Dimensions: orders, Value: 2}},
			"Errors":      {{Dimensions: orders}},
			"Throttles":   {{Dimensions: orders}, {Dimensions: other, Value: 1}},
		}
		if diff := cmp.Diff(want, families(r), cmpopts.IgnoreUnexported(metrics.Sample{})); diff != "" {
			t.Error(diff)
		}
		if orders.Resource != "orders:live" || other.Resource != "orders" {
			t.Errorf("resources %q and %q", orders.Resource, other.Resource)
		}
	})

	t.Run("spreads have count, sum and maximum in milliseconds", func(t *testing.T) {
		r := metrics.New()
		for _, d := range []time.Duration{1500 * time.Microsecond, 4 * time.Millisecond, -time.Second} {
			r.Series(orders).Measure(metrics.Duration, d)
		}
		got := families(r)["Duration"]
		if len(got) != 1 || got[0].Count != 3 || got[0].Sum != 5.5 || got[0].Most != 4 {
			t.Errorf("got %+v", got)
		}
	})

	t.Run("nothing is lost between goroutines", func(t *testing.T) {
		r := metrics.New()
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for i := range 1000 {
					r.Series(orders).Add(metrics.Invocations, 1)
					r.Series(orders).Measure(metrics.Duration, time.Duration(i)*time.Millisecond)
					if i%100 == 0 {
						r.Families()
					}
				}
			})
		}
		wait.Wait()
		got := families(r)
		if got["Invocations"][0].Value != 8000 || got["Duration"][0].Count != 8000 || got["Duration"][0].Most != 999 {
			t.Errorf("got %+v and %+v", got["Invocations"], got["Duration"])
		}
	})

	t.Run("an account is forgotten and others are not", func(t *testing.T) {
		r := metrics.New()
		r.Series(orders).Add(metrics.Throttles, 1)
		r.Series(other).Add(metrics.Throttles, 1)
		r.Forget("111111111111")
		if got := families(r)["Throttles"]; len(got) != 1 || got[0].Dimensions != other {
			t.Errorf("got %+v", got)
		}
		if r.Forget(""); len(r.Families()) != 0 {
			t.Errorf("left: %+v", r.Families())
		}
	})
}
