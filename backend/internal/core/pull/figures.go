package pull

import (
	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
)

// uncounted takes the figures of mappings that don't ask for them.
var uncounted metrics.Series

// figures are the mapping's own, where it asks for them: how many records went which way.
func (p *Poller) figures(m *EventSourceMapping) *metrics.Series {
	if !m.EventCount {
		return &uncounted
	}
	return p.Metrics.Series(metrics.Dimensions{Account: m.Account, Region: m.Region, Function: functionOf(m).Name, Mapping: m.UUID})
}

// functionFigures are those of the mapping's function, as the mapping invokes it.
func (p *Poller) functionFigures(m *EventSourceMapping, version string) *metrics.Series {
	ref := functionOf(m)
	return p.Metrics.Series(metrics.Of(m.Account, m.Region, ref.Name, ref.Qualifier, version))
}

func functionOf(m *EventSourceMapping) arn.FunctionRef {
	ref, err := arn.ParseFunctionRef(m.FunctionARN, false)
	if err != nil { // it was made of one when the mapping was
		panic(err)
	}
	return ref
}

// tried counts an attempt at n records, of which failed were not processed. A function that could not be run was not invoked.
func (p *Poller) tried(m *EventSourceMapping, out *invoke.Outcome, n, failed int) {
	f := p.figures(m)
	if out != nil {
		f.Add(metrics.InvokedEvents, n)
	}
	f.Add(metrics.FailedInvokeEvents, failed)
}

// polled counts the records of a lane, each once, however often it is read.
func (l *lane) polled(records []Record) (n int) {
	for _, r := range records {
		if r.Sequence > l.counted {
			l.counted = r.Sequence
			n++
		}
	}
	return n
}
