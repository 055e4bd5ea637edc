package invoke

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// AccountConcurrency is how many invocations of one account and region run at once (Lambda's default quota).
const AccountConcurrency = 1000

// ReasonConcurrency is the Reason of a throttle for the account's concurrency, as TooManyRequestsException spells it.
const ReasonConcurrency = "ConcurrentInvocationLimitExceeded"

// throttledMessage is Lambda's sentence for every throttle.
const throttledMessage = "Rate Exceeded."

const kindRelease = "invoke.release"

// slots counts the invocations in flight of each account and region.
type slots struct {
	mu   sync.Mutex
	used map[string]int
}

func (s *slots) take(v *function.Version) (key string, err error) {
	key = v.Account + " " + v.Region
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used == nil {
		s.used = map[string]int{}
	}
	if s.used[key] >= AccountConcurrency {
		return "", &fault.Error{Kind: fault.Throttled, Message: throttledMessage, Detail: ReasonConcurrency}
	}
	s.used[key]++
	return key, nil
}

func (s *slots) free(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used[key]--; s.used[key] <= 0 {
		delete(s.used, key)
	}
}

// freeAfter gives a slot back when the run has ended on the simulator's clock: at once, unless a script says that it
// takes its time.
func (iv *Invoker) freeAfter(key string, out *Outcome) {
	if out == nil || out.Takes <= 0 {
		iv.slots.free(key)
		return
	}
	body, _ := json.Marshal(key) // a string always marshals
	iv.Agenda.Volatile(agenda.Item{Kind: kindRelease, Lane: key, Due: iv.Clock.Now().Add(out.Takes), Body: body})
}

func (iv *Invoker) release(_ context.Context, item agenda.Item) (agenda.Verdict, error) {
	var key string
	if err := json.Unmarshal(item.Body, &key); err != nil {
		return agenda.Done(), err
	}
	iv.slots.free(key)
	return agenda.Done(), nil
}
