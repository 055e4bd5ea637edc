package pull

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

const kindPoll = "pull.poll"

// Poller keeps the mappings and runs their lanes.
type Poller struct {
	DB        *postgres.DB
	Functions *function.Store
	Authz     *authz.Authorizer
	Invoker   *invoke.Invoker
	Agenda    *agenda.Agenda
	Trace     *trace.Recorder
	Clock     *clock.Clock
	IDs       *ident.Source
	Log       *slog.Logger

	streams map[string]Stream // by the service of the ARN

	mu       sync.Mutex
	mappings map[string]*running // by UUID
}

// running is a mapping with its lanes, as the pollers see it.
type running struct {
	EventSourceMapping
	lanes map[string]*lane // by shard
}

// lane reads one shard for one mapping. The row belongs to the item of the agenda that runs the lane, of which there is
// one at a time; the rest is under the poller's lock.
type lane struct {
	laneRow
	queued  bool      // an item that will read is on its way
	alarm   time.Time // when an item for the batch that is tried again falls due
	stopped bool      // the role may not read
}

// Register makes a service's streams known. Call it before Start.
func (p *Poller) Register(service string, s Stream) {
	if p.streams == nil {
		p.streams = map[string]Stream{}
		p.mappings = map[string]*running{}
		p.Agenda.Handle(kindPoll, 1, p.poll)
	}
	p.streams[service] = s
}

// Start reads the mappings and wakes their lanes. The agenda must have started.
func (p *Poller) Start(ctx context.Context) error {
	rows, err := p.DB.Query(ctx, `SELECT `+mappingColumns+` FROM pull.mappings ORDER BY uuid`)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, scanMapping)
	if err != nil {
		return err
	}
	lanes, err := loadLanes(ctx, p.DB)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range list {
		p.mappings[m.UUID] = &running{EventSourceMapping: *m, lanes: map[string]*lane{}}
	}
	for _, row := range lanes {
		r := p.mappings[row.uuid]
		r.lanes[row.shard] = &lane{laneRow: row}
	}
	for _, uuid := range slices.Sorted(maps.Keys(p.mappings)) {
		p.wakeMapping(p.mappings[uuid])
	}
	return nil
}

// Wake tells the lanes of a stream's shard that there are new records. Call it after the commit.
func (p *Poller) Wake(streamARN, shard string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, uuid := range slices.Sorted(maps.Keys(p.mappings)) {
		r := p.mappings[uuid]
		if l := r.lanes[shard]; r.EventSourceARN == streamARN && r.Enabled && l != nil && !l.stopped {
			p.queue(r, l)
		}
	}
}

// WakeRoles tells the lanes that were refused that policies of an account have changed.
func (p *Poller) WakeRoles(string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, uuid := range slices.Sorted(maps.Keys(p.mappings)) {
		r := p.mappings[uuid]
		for _, shard := range slices.Sorted(maps.Keys(r.lanes)) {
			if l := r.lanes[shard]; l.stopped && r.Enabled {
				p.queue(r, l)
			}
		}
	}
}

// wakeMapping wakes every lane of a mapping. Hold the lock.
func (p *Poller) wakeMapping(r *running) {
	if !r.Enabled {
		return
	}
	for _, shard := range slices.Sorted(maps.Keys(r.lanes)) {
		l := r.lanes[shard]
		l.stopped = false
		p.queue(r, l)
	}
}

// queue puts a lane on the agenda, unless it is on its way already. Hold the lock.
func (p *Poller) queue(r *running, l *lane) {
	if !l.queued {
		l.queued = true
		p.post(r, l, p.Clock.Now())
	}
}

func (p *Poller) post(r *running, l *lane, due time.Time) {
	p.Agenda.Volatile(agenda.Item{Kind: kindPoll, Lane: r.UUID + " " + l.shard, Account: r.Account, Due: due,
		Body: []byte(r.UUID + " " + l.shard)})
}

// find returns what an item is about, and marks that the next write must wake the lane again.
func (p *Poller) find(item agenda.Item) (*EventSourceMapping, *lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	uuid, shard, _ := cutSpace(string(item.Body))
	r := p.mappings[uuid]
	if r == nil {
		return nil, nil
	}
	l := r.lanes[shard]
	if l == nil {
		return nil, nil
	}
	l.queued = false
	if !r.Enabled {
		return nil, nil
	}
	m := r.EventSourceMapping
	return &m, l
}

// next puts the lane on the agenda for the given instant.
func (p *Poller) next(m *EventSourceMapping, l *lane, due time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.mappings[m.UUID]
	if r == nil {
		return
	}
	if !due.After(p.Clock.Now()) {
		p.queue(r, l)
	} else if !l.alarm.Equal(due) {
		l.alarm = due
		p.post(r, l, due)
	}
}

// stop marks that the role may not read, or that it may again.
func (p *Poller) stop(l *lane, stopped bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.stopped = stopped
}

func (p *Poller) setResult(uuid, result string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.mappings[uuid]; r != nil {
		r.LastResult = result
	}
}

// stream finds the service of an ARN.
func (p *Poller) stream(sourceARN string) (Stream, error) {
	parsed, err := arn.Parse(sourceARN)
	if err != nil {
		return nil, fault.New(fault.Invalid, "Unrecognized event source.")
	}
	s := p.streams[parsed.Service]
	if s == nil {
		return nil, fault.New(fault.Unsupported, "lambdasim does not simulate event source mappings for %s yet; it simulates %v",
			parsed.Service, slices.Sorted(maps.Keys(p.streams)))
	}
	return s, nil
}
