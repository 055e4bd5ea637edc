package pull

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Create makes a mapping, after the checks that Lambda makes: the stream exists, the function exists, its role may read the
// stream, there is no such mapping yet. The answer is in the state that the call shows (Creating).
func (p *Poller) Create(ctx context.Context, m EventSourceMapping) (*EventSourceMapping, error) {
	s, err := p.stream(m.EventSourceARN)
	if err != nil {
		return nil, err
	}
	shards, err := s.Shards(ctx, m.EventSourceARN)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Invalid, "Stream not found: %s", m.EventSourceARN)
	}
	if err != nil {
		return nil, err
	}
	if err := p.checkRole(ctx, s, &m); err != nil {
		return nil, err
	}
	m.UUID, m.LastResult, m.Reason = p.IDs.UUID(), resultNone, "User action"
	if m.Tags == nil {
		m.Tags = map[string]string{}
	}
	r := &running{lanes: map[string]*lane{}}
	for _, shard := range shards {
		at, err := s.Position(ctx, m.EventSourceARN, shard, m.StartingPosition, m.StartingPositionTimestamp)
		if err != nil {
			return nil, err
		}
		r.lanes[shard] = &lane{laneRow: laneRow{uuid: m.UUID, shard: shard, checkpoint: at}}
	}
	err = p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		m.LastModified = tx.Now
		if err := insertMapping(ctx, tx, &m); err != nil {
			return err
		}
		for _, shard := range slices.Sorted(maps.Keys(r.lanes)) {
			if err := insertLane(ctx, tx, r.lanes[shard].laneRow); err != nil {
				return err
			}
		}
		return nil
	})
	if postgres.IsUnique(err) {
		return nil, p.duplicate(m)
	}
	if err != nil {
		return nil, err
	}
	m.rest()
	r.EventSourceMapping = m
	p.mu.Lock()
	p.mappings[m.UUID] = r
	p.wakeMapping(r)
	p.mu.Unlock()
	if m.Enabled {
		m.State = "Creating"
	}
	return &m, nil
}

func (p *Poller) duplicate(m EventSourceMapping) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.mappings {
		if r.EventSourceARN == m.EventSourceARN && r.FunctionARN == m.FunctionARN {
			name := m.FunctionARN[strings.Index(m.FunctionARN, ":function:")+len(":function:"):]
			return fault.New(fault.Exists, "The event source arn (\" %s \") and function (\" %s \") provided mapping already exists. Please update or delete the existing mapping with UUID %s",
				m.EventSourceARN, name, r.UUID)
		}
	}
	return fault.New(fault.Exists, "the mapping already exists")
}

// checkRole asks for every right that the source needs, as Lambda does when a mapping is made or changed.
func (p *Poller) checkRole(ctx context.Context, s Stream, m *EventSourceMapping) error {
	ref, err := arn.ParseFunctionRef(m.FunctionARN, false)
	if err != nil {
		return err
	}
	fn, err := p.Functions.Resolve(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.Invalid, "Function does not exist")
	}
	if err != nil {
		return err
	}
	for _, action := range s.Actions() {
		d, role, err := p.readDecision(ctx, action, m.EventSourceARN, fn.Version)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if (err != nil || !d.Allowed()) && !p.Authz.Audit {
			p.Log.Info("a mapping was refused: the execution role lacks a right", "role", role, "action", action, "stream", m.EventSourceARN, "why", d.Explain())
			return fault.New(fault.Invalid, "Cannot access stream %s. Please ensure the role can perform the %s Actions on your stream in IAM.",
				m.EventSourceARN, actionList(s.Actions()))
		}
	}
	return nil
}

// actionList words actions as the message does: "GetRecords, GetShardIterator, and ListStreams".
func actionList(actions []string) string {
	names := make([]string, len(actions))
	for i, a := range actions {
		_, names[i], _ = strings.Cut(a, ":")
	}
	return strings.Join(names[:len(names)-1], ", ") + ", and " + names[len(names)-1]
}

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

// Update changes a mapping; change edits it. The answer is in the state that the call shows.
func (p *Poller) Update(ctx context.Context, account, region, uuid string, change func(*EventSourceMapping) error) (*EventSourceMapping, error) {
	var m *EventSourceMapping
	var was bool
	err := p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) (err error) {
		if m, err = lockMapping(ctx, tx, account, region, uuid); err != nil {
			return err
		}
		was = m.Enabled
		if err := change(m); err != nil {
			return err
		}
		m.LastModified = tx.Now
		return updateMapping(ctx, tx, m)
	})
	if err != nil {
		return nil, err
	}
	m.rest()
	p.mu.Lock()
	if r := p.mappings[uuid]; r != nil {
		m.LastResult = r.LastResult
		r.EventSourceMapping = *m
		p.wakeMapping(r)
	}
	p.mu.Unlock()
	switch {
	case was && !m.Enabled:
		m.State = "Disabling"
	case !was && m.Enabled:
		m.State = "Enabling"
	case m.Enabled:
		m.State = "Updating"
	}
	return m, nil
}

// CheckFunction is the check of a mapping's function and role, for an update that changes the function.
func (p *Poller) CheckFunction(ctx context.Context, m *EventSourceMapping) error {
	s, err := p.stream(m.EventSourceARN)
	if err != nil {
		return err
	}
	return p.checkRole(ctx, s, m)
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
	p.mu.Lock()
	delete(p.mappings, uuid)
	p.mu.Unlock()
	m.State = "Deleting"
	return m, nil
}

// Forget drops the mappings of an account ("" for all), in the caller's transaction.
func (p *Poller) Forget(ctx context.Context, tx *postgres.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM pull.mappings WHERE @account = '' OR account = @account`, pgx.NamedArgs{"account": account})
	tx.AfterCommit(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		maps.DeleteFunc(p.mappings, func(_ string, r *running) bool { return account == "" || r.Account == account })
	})
	return err
}

// MayRead asks whether a mapping's poller may read its stream now: for the list of what invokes a function.
func (p *Poller) MayRead(ctx context.Context, m *EventSourceMapping) (policy.Decision, error) {
	ref, err := arn.ParseFunctionRef(m.FunctionARN, false)
	if err != nil {
		return policy.Decision{}, err
	}
	v, _, err := p.Functions.Get(ctx, function.Key{Account: ref.Account, Region: ref.Region, Name: ref.Name})
	if err != nil {
		return policy.Decision{}, err
	}
	s, err := p.stream(m.EventSourceARN)
	if err != nil {
		return policy.Decision{}, err
	}
	d, _, err := p.readDecision(ctx, s.Actions()[0], m.EventSourceARN, v)
	return d, err
}
