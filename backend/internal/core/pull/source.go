package pull

import (
	"context"
	"maps"
	"slices"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// source is what a mapping reads: a stream or a queue, the other is nil.
type source struct {
	stream Stream
	queue  Queue
}

// actions are what the execution role needs.
func (s source) actions() []string {
	if s.queue != nil {
		return s.queue.Actions()
	}
	return s.stream.Actions()
}

// source finds the service of an ARN.
func (p *Poller) source(sourceARN string) (source, error) {
	parsed, err := arn.Parse(sourceARN)
	if err != nil {
		return source{}, fault.New(fault.Invalid, "Unrecognized event source.")
	}
	s := source{stream: p.streams[parsed.Service], queue: p.queues[parsed.Service]}
	if s.stream == nil && s.queue == nil {
		known := slices.Sorted(maps.Keys(p.streams))
		known = append(known, slices.Sorted(maps.Keys(p.queues))...)
		return s, fault.New(fault.Unsupported, "lambdasim does not simulate event source mappings for %s yet; it simulates %v", parsed.Service, known)
	}
	return s, nil
}

// Supports refuses an ARN of a source that is not simulated, and names it.
func (p *Poller) Supports(sourceARN string) error {
	_, err := p.source(sourceARN)
	return err
}

// IsQueue reports whether the ARN is that of a queue.
func (p *Poller) IsQueue(sourceARN string) bool {
	s, err := p.source(sourceARN)
	return err == nil && s.queue != nil
}

// function finds what a mapping invokes.
func (p *Poller) function(ctx context.Context, m *EventSourceMapping) (*function.Resolved, error) {
	ref, err := arn.ParseFunctionRef(m.FunctionARN, false)
	if err != nil {
		return nil, err
	}
	return p.Functions.Resolve(ctx, ref)
}
