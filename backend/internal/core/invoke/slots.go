package invoke

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// Reasons of a throttle, as TooManyRequestsException spells them.
const (
	ReasonConcurrency = "ConcurrentInvocationLimitExceeded"
	ReasonReserved    = "ReservedFunctionConcurrentInvocationLimitExceeded"
)

// throttledMessage is Lambda's sentence for every throttle.
const throttledMessage = "Rate Exceeded."

const kindRelease = "invoke.release"

// slots counts the invocations in flight: of each account and region those of functions without a reservation, of each
// function those outside of provisioned concurrency, and of each version those inside.
type slots struct {
	mu   sync.Mutex
	used map[string]int
}

// slot is what an invocation takes: the counters that it is in.
type slot []string

// provisioned reports whether it is one of those that are provisioned for the version.
func (s slot) provisioned(v *function.Version) bool { return s[0] == v.QualifiedARN() }

// take finds a place: one of the version's provisioned ones, or one of the function's reservation, which covers the
// provisioned ones of all its versions, or one of those that the account's functions without a reservation share.
func (s *slots) take(v *function.Version, l function.Limits) (slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used == nil {
		s.used = map[string]int{}
	}
	ready, own, shared := v.QualifiedARN(), v.ARN(), v.Account+" "+v.Region
	if n := l.Provisioned[v.Version]; s.used[ready] < n {
		return s.count(ready), nil
	}
	if l.Reserved != nil {
		if s.used[own] >= *l.Reserved-l.Total {
			return nil, throttle(ReasonReserved)
		}
		return s.count(own), nil
	}
	if s.used[shared] >= l.Unreserved {
		return nil, throttle(ReasonConcurrency)
	}
	return s.count(own, shared), nil
}

func throttle(reason string) error {
	return &fault.Error{Kind: fault.Throttled, Message: throttledMessage, Detail: reason}
}

// count adds an invocation to counters. Hold the lock.
func (s *slots) count(counters ...string) slot {
	for _, c := range counters {
		s.used[c]++
	}
	return counters
}

func (s *slots) free(taken slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range taken {
		if s.used[c]--; s.used[c] <= 0 {
			delete(s.used, c)
		}
	}
}

// take finds a place for an invocation, by the limits that hold now. The error is of kind Throttled where there is none.
func (iv *Invoker) take(ctx context.Context, fn *function.Resolved) (slot, error) {
	v := fn.Version
	l, err := iv.Functions.Limits(ctx, function.Key{Account: v.Account, Region: v.Region, Name: v.Name})
	if err != nil {
		return nil, err
	}
	return iv.takeOf(fn, l)
}

// takeOf is take where the limits are known, and counts what it decides.
func (iv *Invoker) takeOf(fn *function.Resolved, l function.Limits) (slot, error) {
	v := fn.Version
	provisioned := l.Provisioned[v.Version]
	if provisioned > 0 {
		l.Provisioned[v.Version], _ = iv.ready(v, provisioned) // the map is ours
	}
	taken, err := iv.slots.take(v, l)
	switch {
	case err != nil:
		iv.series(fn).Add(metrics.Throttles, 1)
	case provisioned == 0:
	case taken.provisioned(v):
		iv.series(fn).Add(metrics.ProvisionedConcurrencyInvocations, 1)
	default:
		iv.series(fn).Add(metrics.ProvisionedConcurrencySpilloverInvocations, 1)
	}
	return taken, err
}

// freeAfter gives a slot back when the run has ended on the simulator's clock: at once, unless a script says that it
// takes its time.
func (iv *Invoker) freeAfter(taken slot, out *Outcome) {
	if out == nil || out.Takes <= 0 {
		iv.slots.free(taken)
		return
	}
	body, _ := json.Marshal(taken) // strings always marshal
	iv.Agenda.Volatile(agenda.Item{Kind: kindRelease, Lane: taken[0], Due: iv.Clock.Now().Add(out.Takes), Body: body})
}

func (iv *Invoker) release(_ context.Context, item agenda.Item) (agenda.Verdict, error) {
	var taken slot
	if err := json.Unmarshal(item.Body, &taken); err != nil {
		return agenda.Done(), err
	}
	iv.slots.free(taken)
	return agenda.Done(), nil
}
