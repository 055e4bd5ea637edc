package invoke

import (
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
)

// series are the figures of a function as it was invoked.
func (iv *Invoker) series(fn *function.Resolved) *metrics.Series {
	v := fn.Version
	return iv.Metrics.Series(metrics.Of(v.Account, v.Region, v.Name, fn.Qualifier, v.Version))
}

// queueSeries are the figures of a function's events, which are not those of a version.
func (iv *Invoker) queueSeries(f arn.FunctionRef) *metrics.Series {
	return iv.Metrics.Series(metrics.Of(f.Account, f.Region, f.Name, f.Qualifier, ""))
}

// count adds a run to the function's figures.
func (iv *Invoker) count(fn *function.Resolved, out *Outcome) {
	s := iv.series(fn)
	s.Add(metrics.Invocations, 1)
	if out.Failed() {
		s.Add(metrics.Errors, 1)
	}
	s.Measure(metrics.Duration, max(out.Duration, out.Takes))
}

// received counts an event that is durable.
func (iv *Invoker) received(req Request) {
	iv.queueSeries(refOf(req.Function)).Add(metrics.AsyncEventsReceived, 1)
}

// dropped counts an event that ends without a successful run, once all that there was to hand on has been.
func (iv *Invoker) dropped(e *event, n *ending) {
	if n.Condition != conditionSuccess {
		iv.queueSeries(e.Function).Add(metrics.AsyncEventsDropped, 1)
	}
}

// failure is what counts that its target did not take it.
func (h handover) failure() metrics.Counter {
	if h.Dead {
		return metrics.DeadLetterErrors
	}
	return metrics.DestinationDeliveryFailures
}

// Concurrency is how many invocations of a function run now: outside of provisioned concurrency, and inside by version.
type Concurrency struct {
	Other       int
	Provisioned map[string]int
}

// Concurrency returns what runs now, by unqualified ARN.
func (iv *Invoker) Concurrency() map[string]Concurrency {
	iv.slots.mu.Lock()
	defer iv.slots.mu.Unlock()
	list := map[string]Concurrency{}
	for name, n := range iv.slots.used {
		if strings.Contains(name, " ") { // an account's
			continue
		}
		own, version := name, ""
		if strings.Count(name, ":") > strings.Count("arn:aws:lambda:region:account:function:name", ":") {
			i := strings.LastIndexByte(name, ':')
			own, version = name[:i], name[i+1:]
		}
		c := list[own]
		if version == "" {
			c.Other = n
		} else if c.Provisioned == nil {
			c.Provisioned = map[string]int{version: n}
		} else {
			c.Provisioned[version] = n
		}
		list[own] = c
	}
	return list
}
