package pull

import (
	"context"
	"fmt"
	"slices"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/pattern"
)

const ruleFilter = "PULL-FILTER"

// MaxFilters is the quota of filters of one mapping.
const MaxFilters = 5

// filters are a mapping's filter criteria, ready to be asked: a record is let through when one of the patterns matches it.
type filters struct {
	key      string // what patterns call the record's own content: data, dynamodb, body
	patterns []*pattern.Pattern
}

// compileFilters reads the filters of a mapping.
func (p *Poller) compileFilters(m *EventSourceMapping) error {
	m.filters = filters{}
	if len(m.Filters) == 0 {
		return nil
	}
	s, err := p.source(m.EventSourceARN)
	if err != nil {
		return err
	}
	if len(m.Filters) > MaxFilters {
		return fault.New(fault.Invalid, "The event source mapping has %d filters: the quota is %d.", len(m.Filters), MaxFilters)
	}
	f := filters{key: QueueDataKey}
	if s.stream != nil {
		f.key = s.stream.DataKey()
	}
	for _, text := range m.Filters {
		compiled, err := pattern.Compile(text, pattern.Mapping)
		// A stream's data is JSON: a pattern for its value as a whole is refused.
		if err != nil || s.stream != nil && compiled.Shape(f.key) == pattern.Values {
			return fault.New(fault.Invalid, "Invalid filter pattern definition.")
		}
		f.patterns = append(f.patterns, compiled)
	}
	m.filters = f
	return nil
}

// none reports whether everything is let through.
func (f *filters) none() bool { return len(f.patterns) == 0 }

// pass reports whether a record is let through. view is asked only when there are filters. A pattern for fields of the content
// does not match content that is no JSON, nor one for the content as a whole what is JSON (developer guide, event filtering).
func (f *filters) pass(view func() map[string]any) bool {
	if f.none() {
		return true
	}
	record := view()
	structured := false
	switch record[f.key].(type) {
	case map[string]any, []any:
		structured = true
	}
	return slices.ContainsFunc(f.patterns, func(p *pattern.Pattern) bool {
		switch shape := p.Shape(f.key); {
		case shape == pattern.Fields && !structured, shape == pattern.Values && structured:
			return false
		}
		return p.MatchValue(record)
	})
}

// filteredAtOnce is after how many records that the filters kept away a lane writes down how far it is, when none was let
// through.
const filteredAtOnce = 10000

// filteredStep says how many the filters kept away.
func filteredStep(n int, noun string) trace.Step {
	return trace.Step{Kind: trace.Filtered, Rule: ruleFilter, Reason: plural(n, noun) + ": no filter of the mapping matches"}
}

// keepAway counts a record that the filters did not let through, unless it has been told of already.
func (l *lane) keepAway(sequence string) {
	l.filtered = true
	if sequence > l.told {
		l.skipped++
	}
}

// takeSkipped returns how many records before a batch's end were kept away: those between its records, and when it empties the
// buffer those behind it too. They are not told again when the batch is read again.
func (l *lane) takeSkipped(batch []Record) (n int) {
	for _, r := range batch {
		if r.Sequence > l.told {
			n += r.skipped
		}
	}
	end := l.told
	if len(batch) > 0 {
		end = max(end, last(batch))
	}
	if len(l.buffer) == 0 {
		n, end = n+l.skipped, max(end, l.readTo)
		l.skipped = 0
	}
	l.told = end
	return n
}

// passOver moves the checkpoint over records of which the filters let none through. The function is not invoked.
func (p *Poller) passOver(ctx context.Context, r *round, skipped int, a access) error {
	m, l := &r.m, r.l
	step := filteredStep(skipped, "record")
	if skipped == 0 {
		step.Reason = "the filters have been changed: none matches a record of the batch"
	}
	end := trace.Step{Kind: trace.Settled, Rule: ruleFilter, Reason: "nothing is invoked; the shard is done up to " + short(l.readTo)}
	if l.header != nil { // the filters were changed while its batch was tried again
		p.Trace.Settle(*l.header, trace.FilteredOut, step, end)
	} else if skipped > 0 {
		p.Trace.Settle(p.open(m, l, skipped, a.step, step), trace.FilteredOut, end)
	}
	l.done(l.readTo)
	l.forget()
	if err := p.save(ctx, m, l, ""); err != nil {
		return err
	}
	p.next(m, l, p.Clock.Now())
	return nil
}

// sift deletes the messages that the filters do not let through, and returns the others.
func (p *Poller) sift(ctx context.Context, r *reception, messages []Message) ([]Message, error) {
	if r.m.filters.none() {
		return messages, nil
	}
	var through, out []Message
	var receipts []string
	for _, m := range messages {
		if r.m.filters.pass(m.View) {
			through = append(through, m)
			continue
		}
		out, receipts = append(out, m), append(receipts, m.Receipt)
	}
	if len(out) == 0 {
		return through, nil
	}
	p.figures(&r.m).Add(metrics.FilteredOutEvents, len(out))
	a, err := p.mayRead(ctx, r.q.Actions()[1], r.m.EventSourceARN, r.fn.Version)
	if err != nil {
		return nil, err
	}
	if !a.allowed {
		h := p.openDelivery(&r.m, plural(len(out), "message")+" in the queue", filteredStep(len(out), "message"), a.step)
		p.Trace.Settle(h, trace.Denied, trace.Step{Kind: trace.Settled, Rule: ruleFilter,
			Reason: "nothing is invoked, but the execution role may not delete the messages: they come again after the visibility timeout"})
		return through, nil
	}
	if err := r.q.Delete(ctx, r.m.EventSourceARN, receipts); err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	r.rc.skipped += len(out)
	p.figures(&r.m).Add(metrics.DeletedEvents, len(out))
	return through, nil
}

// tellSkipped says which messages were kept away when no batch is there to say it.
func (p *Poller) tellSkipped(r *reception, a access) {
	n := r.rc.skipped
	if n == 0 || len(r.rc.held) > 0 {
		return
	}
	r.rc.skipped = 0
	h := p.openDelivery(&r.m, plural(n, "message")+" in the queue", a.step, filteredStep(n, "message"))
	p.Trace.Settle(h, trace.FilteredOut, trace.Step{Kind: trace.Settled, Rule: ruleFilter,
		Reason: fmt.Sprintf("nothing is invoked: %s deleted from the queue", plural(n, "message"))})
}
