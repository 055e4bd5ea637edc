package pull

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
)

// postDiscover asks for a mapping's shards, unless somebody is going to. Hold the lock.
func (p *Poller) postDiscover(r *running) {
	if r.receiver == nil && !r.asking {
		r.asking = true
		p.Agenda.Volatile(agenda.Item{Kind: kindDiscover, Lane: r.UUID, Account: r.Account, Due: p.Clock.Now(), Body: []byte(r.UUID)})
	}
}

// discover gives new shards their lanes, and takes those of shards that are gone. New shards are read from the beginning, wherever
// the mapping began: they came after it.
func (p *Poller) discover(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	p.changing.Lock() // or a change of the factor might leave a part of a new shard without its lane
	defer p.changing.Unlock()
	m := p.asked(string(item.Body))
	if m == nil {
		return agenda.Done(), nil
	}
	s, err := p.source(m.EventSourceARN)
	if err != nil {
		return agenda.Done(), err
	}
	shards, err := s.stream.Shards(ctx, m.EventSourceARN)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return agenda.Done(), err
	}
	fresh, gone := p.compare(m, shards, err == nil)
	if len(fresh) > 0 || len(gone) > 0 {
		err := p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM pull.lanes WHERE uuid = @uuid AND shard = ANY(@gone)`, pgx.NamedArgs{"uuid": m.UUID, "gone": gone}); err != nil {
				return err
			}
			return insertLanes(ctx, tx, fresh)
		})
		if err != nil {
			return agenda.Done(), err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.mappings[m.UUID]; r != nil {
		r.add(fresh)
		r.list(shards)
		p.wakeMapping(r)
	}
	return agenda.Done(), nil
}

// asked returns a mapping whose shards are asked for now; nil when it is gone.
func (p *Poller) asked(uuid string) *EventSourceMapping {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.mappings[uuid]
	if r == nil {
		return nil
	}
	r.asking = false
	m := r.EventSourceMapping
	return &m
}

// compare returns lanes for the shards that have none, and takes away those of shards that are not there any more, where the
// stream is. A batch that is tried again ends first.
func (p *Poller) compare(m *EventSourceMapping, shards []Shard, there bool) (fresh []laneRow, gone []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.mappings[m.UUID]
	if r == nil || !there {
		return nil, nil
	}
	listed := map[string]bool{}
	for _, shard := range shards {
		listed[shard.ID] = true
		if r.lanes[place{shard.ID, 0}] == nil {
			fresh = append(fresh, lanesOf(m, shard.ID, "")...)
		}
	}
	held := map[string]bool{}
	for at, l := range r.lanes {
		if !listed[at.shard] {
			held[at.shard] = held[at.shard] || l.busy || l.retrying()
		}
	}
	for _, shard := range slices.Sorted(maps.Keys(held)) {
		if !held[shard] {
			gone = append(gone, shard)
			for i := range m.ParallelizationFactor {
				delete(r.lanes, place{shard, i})
			}
		}
	}
	return fresh, gone
}

// list keeps what is known of the shards. One that was closed since is not read to its end any more. Hold the lock.
func (r *running) list(shards []Shard) {
	known := r.shards
	r.shards = map[string]Shard{}
	for _, shard := range shards {
		r.shards[shard.ID] = shard
	}
	for at, l := range r.lanes {
		if l.drained && known[at.shard].End != r.shards[at.shard].End {
			l.drained = false
		}
	}
}

// waits reports whether a lane's shard came from others that have not been read to their ends. Of one that is not listed all is
// trimmed. Hold the lock.
func (r *running) waits(l *lane) bool {
	for _, parent := range r.shards[l.shard].Parents {
		if _, listed := r.shards[parent]; !listed {
			continue
		}
		for i := 0; ; i++ {
			of := r.lanes[place{parent, i}]
			if of == nil {
				break
			}
			if !of.drained {
				return true
			}
		}
	}
	return false
}

// ended is called when a lane has found no more records. Where its shard is closed there will be none, and the shards that came from
// it are read.
func (p *Poller) ended(ctx context.Context, r *round) error {
	m, l := &r.m, r.l
	if r.end == "" || l.retrying() {
		return nil
	}
	if l.checkpoint < r.end {
		l.checkpoint = r.end
		if err := p.save(ctx, m, l, ""); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	live := p.mappings[m.UUID]
	if live == nil || live.shards[l.shard].End != r.end {
		return nil
	}
	l.drained = true
	for _, at := range slices.SortedFunc(maps.Keys(live.lanes), place.compare) {
		if child := live.lanes[at]; slices.Contains(live.shards[at.shard].Parents, l.shard) && live.Enabled && !child.stopped {
			p.queue(live, child)
		}
	}
	return nil
}
