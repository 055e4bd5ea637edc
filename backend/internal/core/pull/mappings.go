package pull

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
)

// Get returns a mapping.
func (p *Poller) Get(account, region, uuid string) (*EventSourceMapping, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.mappings[uuid]
	if r == nil || r.Account != account || r.Region != region {
		return nil, errNoMapping()
	}
	m := r.EventSourceMapping
	return &m, nil
}

// List returns the mappings of an account and region, narrowed by source or function where those are not empty, by UUID.
func (p *Poller) List(account, region, source, functionARN string) []EventSourceMapping {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []EventSourceMapping{}
	for _, uuid := range slices.Sorted(maps.Keys(p.mappings)) {
		m := p.mappings[uuid].EventSourceMapping
		if m.Account == account && (region == "" || m.Region == region) && (source == "" || m.EventSourceARN == source) &&
			(functionARN == "" || m.FunctionARN == functionARN) {
			list = append(list, m)
		}
	}
	return list
}

// Accounts lists the accounts that have mappings.
func (p *Poller) Accounts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[string]bool{}
	for _, r := range p.mappings {
		seen[r.Account] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// Update changes a mapping; change edits it. A function that was not the mapping's before is checked as at creation, and so
// is what depends on the source. The answer is in the state that the call shows. One change is made at a time, so that none
// undoes another; the checks read the database and come before the transaction, which would else wait for a second connection.
func (p *Poller) Update(ctx context.Context, account, region, uuid string, change func(*EventSourceMapping) error) (*EventSourceMapping, error) {
	p.changing.Lock()
	defer p.changing.Unlock()
	before, err := p.Get(account, region, uuid)
	if err != nil {
		return nil, err
	}
	edited := *before
	m := &edited
	m.Tags = maps.Clone(before.Tags)
	if err := change(m); err != nil {
		return nil, err
	}
	if err := p.compileFilters(m); err != nil {
		return nil, err
	}
	if err := p.checkUpdate(ctx, before, m); err != nil {
		return nil, err
	}
	var lanes []laneRow
	var reached map[place]string
	if before.ParallelizationFactor != m.ParallelizationFactor {
		if reached, err = p.reached(ctx, before); err != nil {
			return nil, err
		}
	}
	err = p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
		m.LastModified = tx.Now
		if err := updateMapping(ctx, tx, m); err != nil {
			return err
		}
		lanes, err = relane(ctx, tx, before, m, reached)
		return err
	})
	if postgres.IsUnique(err) {
		return nil, p.duplicate(m)
	}
	if err != nil {
		return nil, err
	}
	m.rest()
	var left []*trace.Header
	p.mu.Lock()
	if r := p.mappings[uuid]; r != nil {
		m.LastResult = r.LastResult
		r.EventSourceMapping = *m
		if lanes != nil {
			left = r.unfinished()
			r.exchange(lanes)
		}
		p.wakeMapping(r)
	}
	p.mu.Unlock()
	p.abandon(left, otherLanes)
	switch {
	case before.Enabled && !m.Enabled:
		m.State = "Disabling"
	case !before.Enabled && m.Enabled:
		m.State = "Enabling"
	default:
		m.State = "Updating"
	}
	return m, nil
}

// reached is how far each lane of a mapping that is at rest has come. What belongs to other lanes behind its checkpoint is
// passed over here: a lane writes that down only with its next batch.
func (p *Poller) reached(ctx context.Context, m *EventSourceMapping) (map[place]string, error) {
	s, err := p.source(m.EventSourceARN)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	at := map[place]string{}
	if r := p.mappings[m.UUID]; r != nil {
		for where, l := range r.lanes {
			if !l.busy {
				at[where] = l.checkpoint
			}
		}
	}
	p.mu.Unlock()
	for where, done := range at {
		if at[where], err = passedOver(ctx, s.stream, m, where, done); err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	return at, nil
}

// passedOver is the last of the records behind a checkpoint before which none belongs to the lane.
func passedOver(ctx context.Context, s Stream, m *EventSourceMapping, where place, done string) (string, error) {
	for {
		records, err := s.Read(ctx, m.EventSourceARN, where.shard, done, filteredAtOnce)
		if err != nil || len(records) == 0 {
			return done, err
		}
		for _, r := range records {
			if part(r.Key, m.ParallelizationFactor) == where.part {
				return done, nil
			}
			done = r.Sequence
		}
	}
}

// Delete removes a mapping. The batch at work, if any, ends; nothing more is read.
func (p *Poller) Delete(ctx context.Context, account, region, uuid string) (*EventSourceMapping, error) {
	m, err := p.Get(account, region, uuid)
	if err != nil {
		return nil, err
	}
	err = p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM pull.mappings WHERE uuid = $1`, uuid)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("delete the mapping %s: %w", uuid, err)
	}
	var left []*trace.Header
	p.mu.Lock()
	if r := p.mappings[uuid]; r != nil {
		left = r.unfinished()
		p.drop(r)
	}
	p.mu.Unlock()
	p.abandon(left, mappingGone)
	m.State = "Deleting"
	return m, nil
}

// Forget drops the mappings of an account ("" for all), in the caller's transaction.
func (p *Poller) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM pull.mappings WHERE @account = '' OR account = @account`, pgx.NamedArgs{"account": account})
	tx.AfterCommit(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, r := range slices.Collect(maps.Values(p.mappings)) {
			if account == "" || r.Account == account {
				p.drop(r)
			}
		}
		maps.DeleteFunc(p.batches, func(_ string, d *delivery) bool { return account == "" || d.m.Account == account })
	})
	return err
}
