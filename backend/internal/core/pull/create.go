package pull

import (
	"context"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// Create makes a mapping, after the checks that Lambda makes: the source exists, the function exists, its role may read the
// source, a queue hides messages for long enough, there is no such mapping yet. The answer is in the state that the call
// shows (Creating).
func (p *Poller) Create(ctx context.Context, m EventSourceMapping) (*EventSourceMapping, error) {
	s, err := p.source(m.EventSourceARN)
	if err != nil {
		return nil, err
	}
	m.Reason = "USER_INITIATED"
	if m.Tags == nil {
		m.Tags = map[string]string{}
	}
	m.rest()
	if err := p.compileFilters(&m); err != nil {
		return nil, err
	}
	shards, lanes, err := p.checkSource(ctx, s, &m)
	if err != nil {
		return nil, err
	}
	m.UUID = p.IDs.UUID()
	for i := range lanes {
		lanes[i].uuid = m.UUID
	}
	err = p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		m.LastModified = tx.Now
		if err := insertMapping(ctx, tx, &m); err != nil {
			return err
		}
		return insertLanes(ctx, tx, lanes)
	})
	if postgres.IsUnique(err) {
		return nil, p.duplicate(&m)
	}
	if err != nil {
		return nil, err
	}
	r := &running{EventSourceMapping: m, lanes: map[place]*lane{}}
	p.mu.Lock()
	r.add(lanes)
	r.list(shards)
	p.keep(r)
	p.wakeMapping(r)
	p.mu.Unlock()
	if m.Enabled {
		m.State = "Creating"
	}
	return &m, nil
}

// checkSource makes the checks of a new mapping that depend on its source, and returns a stream's shards and their lanes.
func (p *Poller) checkSource(ctx context.Context, s source, m *EventSourceMapping) (shards []Shard, lanes []laneRow, err error) {
	if s.queue != nil {
		_, err := p.checkFunction(ctx, s, m)
		return nil, nil, err
	}
	m.Reason, m.LastResult = "User action", resultNone
	shards, err = s.stream.Shards(ctx, m.EventSourceARN)
	if fault.Is(err, fault.NotFound) {
		return nil, nil, fault.New(fault.Invalid, "Stream not found: %s", m.EventSourceARN)
	}
	if err != nil {
		return nil, nil, err
	}
	if _, err := p.checkFunction(ctx, s, m); err != nil {
		return nil, nil, err
	}
	for _, shard := range shards {
		at, err := s.stream.Position(ctx, m.EventSourceARN, shard.ID, m.StartingPosition, m.StartingPositionTimestamp)
		if err != nil {
			return nil, nil, err
		}
		lanes = append(lanes, lanesOf(m, shard.ID, at)...)
	}
	return shards, lanes, nil
}

// checkFunction checks a mapping's function against its source: it exists, its role has the rights, and a queue hides
// messages for at least as long as the function may run.
func (p *Poller) checkFunction(ctx context.Context, s source, m *EventSourceMapping) (*function.Version, error) {
	fn, err := p.function(ctx, m)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Invalid, "Function does not exist")
	}
	if err != nil {
		return nil, err
	}
	var queue QueueAttributes
	if s.queue != nil {
		queue, err = s.queue.Describe(ctx, m.EventSourceARN)
		if fault.Is(err, fault.NotFound) {
			return nil, fault.New(fault.Invalid, "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "+
				"SQS Error Message: The specified queue does not exist.")
		}
		if err != nil {
			return nil, err
		}
	}
	if err := p.checkRole(ctx, s, m, fn.Version); err != nil {
		return nil, err
	}
	if s.queue != nil {
		return fn.Version, checkQueue(m, queue, fn.Version)
	}
	return fn.Version, p.checkDestination(ctx, m, fn.Version)
}

// Limits of batches of queues (developer guide, SQS).
const (
	maxFIFOBatch  = 10
	unwindowedMax = 10 // a larger batch of a standard queue needs a window
)

// checkQueue checks what depends on the queue's attributes.
func checkQueue(m *EventSourceMapping, q QueueAttributes, v *function.Version) error {
	visible, timeout := int(q.VisibilityTimeout/time.Second), v.Timeout
	switch {
	case q.FIFO && m.MaximumBatchingWindowInSeconds > 0:
		return fault.New(fault.Invalid, "Batching window is not supported for FIFO queues")
	case q.FIFO && m.BatchSize > maxFIFOBatch:
		return fault.New(fault.Invalid, "Maximum batch size for FIFO queues is %d", maxFIFOBatch)
	case m.BatchSize > unwindowedMax && m.MaximumBatchingWindowInSeconds == 0:
		return fault.New(fault.Invalid, "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	case visible < timeout:
		return fault.New(fault.Invalid, "Queue visibility timeout: %d seconds is less than Function timeout: %d seconds", visible, timeout)
	}
	return nil
}

// checkUpdate checks a change of a mapping as far as it depends on the source.
func (p *Poller) checkUpdate(ctx context.Context, before, m *EventSourceMapping) error {
	s, err := p.source(m.EventSourceARN)
	if err != nil {
		return err
	}
	if m.FunctionARN != before.FunctionARN || m.OnFailure != before.OnFailure && m.OnFailure != "" {
		_, err := p.checkFunction(ctx, s, m)
		return err
	}
	if s.queue == nil || m.BatchSize == before.BatchSize && m.MaximumBatchingWindowInSeconds == before.MaximumBatchingWindowInSeconds {
		return nil
	}
	q, err := s.queue.Describe(ctx, m.EventSourceARN)
	if fault.Is(err, fault.NotFound) {
		q = QueueAttributes{}
	} else if err != nil {
		return err
	}
	return checkQueue(m, q, &function.Version{}) // the function is the same, and so is its timeout
}

// relane gives every shard the lanes that a changed parallelization factor asks for, and returns them; nil when it is the
// same. They begin where the slowest lane of the shard was, or its open tumbling window, so that nothing is left out; some records
// may come again. reached says how far the lanes are that have passed over what belongs to others: without it one that never had a
// record would bring back all of the shard's.
func relane(ctx context.Context, tx *postgres.Tx, before, m *EventSourceMapping, reached map[place]string) ([]laneRow, error) {
	if before.ParallelizationFactor == m.ParallelizationFactor {
		return nil, nil
	}
	rows, err := deleteLanes(ctx, tx, m.UUID)
	if err != nil {
		return nil, err
	}
	slowest := map[string]string{}
	var shards []string
	for _, row := range rows {
		done := max(row.checkpoint, reached[row.place])
		if row.window != nil {
			done = row.window.From
		}
		at, ok := slowest[row.shard]
		if !ok {
			shards = append(shards, row.shard)
		}
		if !ok || done < at {
			slowest[row.shard] = done
		}
	}
	lanes := []laneRow{}
	for _, shard := range shards {
		lanes = append(lanes, lanesOf(m, shard, slowest[shard])...)
	}
	return lanes, insertLanes(ctx, tx, lanes)
}

// duplicate is the refusal of a second mapping from a source to a function.
func (p *Poller) duplicate(m *EventSourceMapping) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.sources[m.EventSourceARN] {
		if r.FunctionARN != m.FunctionARN {
			continue
		}
		name := m.FunctionARN[strings.Index(m.FunctionARN, ":function:")+len(":function:"):]
		if r.receiver != nil {
			return fault.New(fault.Exists, "An event source mapping with SQS arn (\" %s \") and function (\" %s \") already exists. Please update or delete the existing mapping with UUID %s",
				m.EventSourceARN, name, r.UUID)
		}
		return fault.New(fault.Exists, "The event source arn (\" %s \") and function (\" %s \") provided mapping already exists. Please update or delete the existing mapping with UUID %s",
			m.EventSourceARN, name, r.UUID)
	}
	return fault.New(fault.Exists, "the mapping already exists")
}
