package pull

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/metrics"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/target"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Kinds of items of the agenda, all of them volatile: what they do can be found again from the tables.
const (
	kindPoll     = "pull.poll"     // one round of a lane of a shard
	kindDiscover = "pull.discover" // new shards of a mapping's stream
	kindReceive  = "pull.receive"  // one round of a queue's receiver
	kindBatch    = "pull.batch"    // one batch of a queue
)

// Poller keeps the mappings and runs their lanes and receivers.
type Poller struct {
	DB        *postgres.DB
	Functions *function.Store
	Authz     *authz.Authorizer
	Invoker   *invoke.Invoker
	Agenda    *agenda.Agenda
	Targets   *target.Targets
	Trace     *trace.Recorder
	Clock     *clock.Clock
	IDs       *ident.Source
	Log       *slog.Logger
	Metrics   *metrics.Registry

	streams map[string]Stream // by the service of the ARN; written before Start only, as queues
	queues  map[string]Queue
	lanes   *postgres.Coalescer[settled]

	changing sync.Mutex // one mapping is changed at a time; taken before mu

	mu       sync.Mutex
	mappings map[string]*running   // by UUID
	sources  map[string][]*running // the same by source, each list by UUID
	roles    uint64                // counts changes of roles and functions
	batches  map[string]*delivery  // of queues, at work
	batchID  int
}

// running is a mapping with its lanes or its receiver, as the pollers see it.
type running struct {
	EventSourceMapping
	lanes    map[place]*lane  // of a stream
	shards   map[string]Shard // of the stream, as they were listed last; nil: not yet, and no lane reads
	asking   bool             // an item that lists them is on its way
	leaving  int              // lanes of before that are still at work
	receiver *receiver        // of a queue
}

// Init makes the poller ready for Register. Call Close when the agenda has ended.
func (p *Poller) Init() {
	p.streams, p.queues = map[string]Stream{}, map[string]Queue{}
	p.mappings, p.sources, p.batches = map[string]*running{}, map[string][]*running{}, map[string]*delivery{}
	p.lanes = postgres.NewCoalescer(p.DB, 1, 500, saveLanes)
	p.Agenda.Handle(kindPoll, 1, p.poll)
	p.Agenda.Handle(kindDiscover, 1, p.discover)
	p.Agenda.Handle(kindReceive, 1, p.receive)
	p.Agenda.Handle(kindBatch, 1, p.runBatch)
}

// Register makes a service's streams known. Call it before Start.
func (p *Poller) Register(service string, s Stream) { p.streams[service] = s }

// RegisterQueue makes a service's queues known. Call it before Start.
func (p *Poller) RegisterQueue(service string, q Queue) { p.queues[service] = q }

// Close ends what Init began.
func (p *Poller) Close() { p.lanes.Close() }

// Start reads the mappings and wakes their lanes and receivers. The agenda must have started.
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
		if err := p.compileFilters(m); err != nil {
			return err
		}
		p.keep(&running{EventSourceMapping: *m, lanes: map[place]*lane{}})
	}
	for _, row := range lanes {
		p.mappings[row.uuid].lanes[row.place] = &lane{laneRow: row}
	}
	for _, m := range list {
		if r := p.mappings[m.UUID]; r.receiver != nil {
			p.wakeMapping(r)
		} else {
			p.postDiscover(r) // which wakes the lanes
		}
	}
	return nil
}

// keep files a mapping. Hold the lock.
func (p *Poller) keep(r *running) {
	if p.IsQueue(r.EventSourceARN) {
		r.receiver = &receiver{groups: map[string]bool{}}
	}
	p.mappings[r.UUID] = r
	list := append(slices.Clone(p.sources[r.EventSourceARN]), r)
	slices.SortFunc(list, func(x, y *running) int { return strings.Compare(x.UUID, y.UUID) })
	p.sources[r.EventSourceARN] = list
}

// drop forgets a mapping. Hold the lock.
func (p *Poller) drop(r *running) {
	delete(p.mappings, r.UUID)
	left := slices.DeleteFunc(slices.Clone(p.sources[r.EventSourceARN]), func(x *running) bool { return x == r })
	if p.sources[r.EventSourceARN] = left; len(left) == 0 {
		delete(p.sources, r.EventSourceARN)
	}
}

// Wake tells the lanes of a stream's shard that there are new records. Call it after the commit.
func (p *Poller) Wake(streamARN, shard string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.sources[streamARN] {
		if _, listed := r.shards[shard]; !listed {
			p.postDiscover(r)
			continue
		}
		for i := 0; ; i++ {
			l := r.lanes[place{shard, i}]
			if l == nil {
				break
			}
			if r.Enabled && !l.stopped {
				p.queue(r, l)
			}
		}
	}
}

// WakeQueue tells the receivers of a queue that a message may be visible that was not: sent, given back, or moved there; or
// that the queue was made. Call it after the commit.
func (p *Poller) WakeQueue(queueARN string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.sources[queueARN] {
		if r.receiver == nil || !r.Enabled {
			continue
		}
		r.receiver.told = true
		if !r.receiver.stopped {
			p.queueReceiver(r, p.Clock.Now())
		}
	}
}

// WakeRoles tells the lanes and receivers that were refused that policies of an account have changed.
func (p *Poller) WakeRoles(string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roles++
	for _, uuid := range slices.Sorted(maps.Keys(p.mappings)) {
		if r := p.mappings[uuid]; r.stopped() {
			p.wakeMapping(r)
		}
	}
}

// WakeFunction tells the mappings of a function, named by its unqualified ARN, that it has changed, or is there again.
func (p *Poller) WakeFunction(functionARN string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.roles++
	for _, uuid := range slices.Sorted(maps.Keys(p.mappings)) {
		if r := p.mappings[uuid]; r.FunctionARN == functionARN || strings.HasPrefix(r.FunctionARN, functionARN+":") {
			p.wakeMapping(r)
		}
	}
}

// stopped reports whether the role was refused. Hold the lock.
func (r *running) stopped() bool {
	if r.receiver != nil {
		return r.receiver.stopped
	}
	for _, l := range r.lanes {
		if l.stopped {
			return true
		}
	}
	return false
}

// wakeMapping wakes every lane of a mapping, or its receiver. Hold the lock.
func (p *Poller) wakeMapping(r *running) {
	if !r.Enabled {
		return
	}
	if r.receiver != nil {
		r.receiver.stopped = false
		p.queueReceiver(r, p.Clock.Now())
		return
	}
	for _, at := range slices.SortedFunc(maps.Keys(r.lanes), place.compare) {
		if l := r.lanes[at]; !l.drained {
			l.stopped = false
			p.queue(r, l)
		}
	}
}

// revision is what mayRead takes before it asks, and stop compares.
func (p *Poller) revision() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.roles
}

// setResult keeps LastProcessingResult, and reports whether it is another than before. An empty one is none.
func (p *Poller) setResult(uuid, result string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.mappings[uuid]
	if r == nil || result == "" || r.LastResult == result {
		return false
	}
	r.LastResult = result
	return true
}
