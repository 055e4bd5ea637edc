package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/agenda"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/invoke"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Rules of docs/fidelity.md that pollers apply.
const (
	rulePoll  = "PULL-ROLE-POLL"
	ruleOrder = "PULL-SHARD-ORDER"
	ruleRetry = "PULL-STREAM-RETRY"
)

func cutSpace(s string) (before, after string, found bool) { return strings.Cut(s, " ") }

// poll runs one round of a lane: read, batch, invoke, settle.
func (p *Poller) poll(ctx context.Context, item agenda.Item) (agenda.Verdict, error) {
	m, l := p.find(item)
	if l == nil {
		return agenda.Done(), nil
	}
	if l.due != nil && l.due.After(p.Clock.Now()) {
		p.next(m, l, *l.due)
		return agenda.Done(), nil
	}
	s, err := p.stream(m.EventSourceARN)
	if err != nil {
		return agenda.Done(), err
	}
	batch, err := p.read(ctx, s, m, l)
	if err != nil || batch == nil {
		return agenda.Done(), err
	}
	ref, err := arn.ParseFunctionRef(m.FunctionARN, false)
	if err != nil {
		return agenda.Done(), err
	}
	fn, err := p.Functions.Resolve(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		return agenda.Done(), p.saveProblem(ctx, m.UUID, "PROBLEM: Function not found.")
	}
	if err != nil {
		return agenda.Done(), err
	}
	allowed, step, err := p.mayRead(ctx, s, m, fn.Version)
	if err != nil {
		return agenda.Done(), err
	}
	h := p.header(m, l, batch, step)
	if !allowed {
		return agenda.Done(), p.refused(ctx, m, l, h, step)
	}
	p.stop(l, false)
	return agenda.Done(), p.invoke(ctx, m, l, fn, batch, h)
}

// read returns the lane's next batch, or nil when there is nothing. A batch that failed is read again with the same end.
func (p *Poller) read(ctx context.Context, s Stream, m *EventSourceMapping, l *lane) (*Batch, error) {
	records, err := s.Read(ctx, m.EventSourceARN, l.shard, l.checkpoint, m.BatchSize)
	if fault.Is(err, fault.NotFound) {
		return nil, p.saveProblem(ctx, m.UUID, "PROBLEM: Stream not found.")
	}
	if err != nil {
		return nil, err
	}
	if l.last != "" {
		for i, r := range records {
			if r.Sequence > l.last {
				records = records[:i]
				break
			}
		}
	}
	if len(records) == 0 && l.last != "" { // the batch that failed has expired
		if l.header != nil {
			p.Trace.Settle(*l.header, trace.Expired, trace.Step{Kind: trace.Settled, Rule: ruleRetry,
				Reason: "the records are older than the stream keeps them"})
		}
		l.done(l.last)
		return p.read(ctx, s, m, l)
	}
	if len(records) == 0 {
		return nil, nil
	}
	return &Batch{Shard: l.shard, Records: cut(records)}, nil
}

// mayRead asks whether Lambda may assume the function's role, and whether the role may read the stream.
func (p *Poller) mayRead(ctx context.Context, s Stream, m *EventSourceMapping, v *function.Version) (bool, trace.Step, error) {
	trusted, err := p.Authz.TrustsLambda(ctx, v.Role)
	if err == nil && !trusted.Allowed() {
		return p.Authz.Audit, trace.Step{Kind: trace.Authorized, Rule: rulePoll, Decision: marshal(trusted),
			Reason: fmt.Sprintf("Lambda assumes the execution role %s\n%s", v.Role, trusted.Explain())}, nil
	}
	d, who, err := p.readDecision(ctx, s.Actions()[0], m.EventSourceARN, v)
	if fault.Is(err, fault.NotFound) {
		return false, trace.Step{Kind: trace.Authorized, Rule: rulePoll, Reason: "refused: " + err.Error()}, nil
	}
	if err != nil {
		return false, trace.Step{}, err
	}
	step := trace.Step{Kind: trace.Authorized, Rule: rulePoll, Decision: marshal(d),
		Reason: fmt.Sprintf("%s on %s as the execution role %s\n%s", s.Actions()[0], m.EventSourceARN, who, d.Explain())}
	if !d.Allowed() && p.Authz.Audit {
		step.Reason = "audit: this would have been refused, and goes on\n" + step.Reason
		return true, step, nil
	}
	return d.Allowed(), step, nil
}

// readDecision decides an action of the execution role on the stream.
func (p *Poller) readDecision(ctx context.Context, action, streamARN string, v *function.Version) (policy.Decision, string, error) {
	session, err := p.Authz.RoleSession(ctx, v.Role, v.Name)
	if err != nil {
		return policy.Decision{}, "", err
	}
	source, err := arn.Parse(streamARN)
	if err != nil {
		return policy.Decision{}, "", err
	}
	d, err := p.Authz.Decide(ctx, authz.Question{Session: session, Action: action, Resource: streamARN,
		ResourceAccount: source.Account, Region: source.Region})
	return d, session.RoleARN, err
}

func marshal(d policy.Decision) json.RawMessage {
	text, err := json.Marshal(d)
	if err != nil { // plain strings and booleans
		panic(err)
	}
	return text
}

// header is the delivery of the batch: a new one, or that of the batch that is tried again.
func (p *Poller) header(m *EventSourceMapping, l *lane, b *Batch, read trace.Step) trace.Header {
	if l.header != nil {
		return *l.header
	}
	source, err := arn.Parse(m.EventSourceARN)
	if err != nil { // it was checked when the mapping was made
		panic(err)
	}
	return p.Trace.Open(trace.Header{Account: m.Account, Region: m.Region, SourceService: source.Service, SourceARN: m.EventSourceARN,
		TargetARN: m.FunctionARN, InvocationType: string(invoke.RequestResponse), RequestID: p.IDs.UUID()},
		trace.Step{Kind: trace.Published, Reason: fmt.Sprintf("%s in %s", count(b.Records), l.shard)},
		trace.Step{Kind: trace.Matched, Reason: "event source mapping " + m.UUID + ", kept by Lambda"},
		read,
		trace.Step{Kind: trace.Batched, Rule: ruleOrder, Reason: fmt.Sprintf("%s of %s, %s to %s", count(b.Records), l.shard, short(b.first()), short(b.last()))})
}

// refused stops the lane until the role changes, and says so.
func (p *Poller) refused(ctx context.Context, m *EventSourceMapping, l *lane, h trace.Header, why trace.Step) error {
	p.stop(l, true)
	p.Log.Warn("a poller has stopped: the execution role may not read the stream; it goes on when the role changes",
		"mapping", m.UUID, "stream", m.EventSourceARN, "shard", l.shard, "why", why.Reason)
	if l.header != nil {
		p.Trace.Add(h, why)
	}
	p.Trace.Settle(h, trace.Denied, trace.Step{Kind: trace.Settled, Rule: rulePoll,
		Reason: "the poller has stopped; no record is lost, and it goes on when the role may read again"})
	l.header = nil
	return p.saveProblem(ctx, m.UUID, resultDenied)
}

func (p *Poller) saveProblem(ctx context.Context, uuid, text string) error {
	p.setResult(uuid, text)
	return p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error { return saveResult(ctx, tx, uuid, text) })
}

// invoke runs the function with the batch and settles the lane.
func (p *Poller) invoke(ctx context.Context, m *EventSourceMapping, l *lane, fn *function.Resolved, b *Batch, h trace.Header) error {
	payload, err := b.payload(fn.Version.Role)
	if err != nil {
		return err
	}
	out, err := p.Invoker.Attempt(ctx, invoke.Request{Function: fn, Payload: payload, Header: h}, l.failures+1)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	end := p.Clock.Now()
	if out != nil {
		end = end.Add(out.Takes)
	}
	result := resultOK
	switch {
	case err != nil: // throttled, or this machine cannot run it: does not count as an attempt
		p.Trace.Add(h, trace.Step{Kind: trace.Throttled, Rule: ruleRetry, Reason: err.Error()})
		result = resultFailed
		p.again(l, b, h, end, l.failures)
	case out.Failed() && (m.MaximumRetryAttempts == Infinite || l.failures < m.MaximumRetryAttempts):
		result = resultFailed
		l.failures++
		p.again(l, b, h, end, l.failures)
	case out.Failed():
		result = resultFailed
		p.Trace.Settle(h, trace.DroppedForGood, trace.Step{At: end, Kind: trace.Settled, Rule: ruleRetry,
			Reason: fmt.Sprintf("given up after %d attempts; the mapping has no destination for failures, the shard goes on with the next records", l.failures+1)})
		l.done(b.last())
	default:
		p.Trace.Settle(h, trace.Succeeded, trace.Step{At: end, Kind: trace.Settled, Rule: ruleOrder,
			Reason: "the function succeeded; the shard is done up to " + short(b.last())})
		l.done(b.last())
	}
	p.setResult(m.UUID, result)
	err = p.DB.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error { return saveLane(ctx, tx, l.laneRow, result) })
	if err != nil {
		return fmt.Errorf("settle a batch of %s: %w", l.shard, err)
	}
	if l.due != nil {
		end = *l.due
	}
	p.next(m, l, end)
	return nil
}

// done moves the checkpoint.
func (l *lane) done(to string) {
	l.checkpoint, l.failures, l.last, l.due, l.header = to, 0, "", nil, nil
}

// again schedules the same batch: after a second, then twice as long each time, up to a minute.
func (p *Poller) again(l *lane, b *Batch, h trace.Header, from time.Time, failures int) {
	wait := time.Minute
	if failures < 7 {
		wait = min(time.Minute, time.Second<<max(failures-1, 0))
	}
	due := from.Add(wait)
	l.last, l.due, l.header = b.last(), &due, &h
	p.Trace.Add(h, trace.Step{At: from, Kind: trace.Retried, Rule: ruleRetry,
		Reason: fmt.Sprintf("the same batch again in %s, at %s; the shard waits", wait, due.Format(time.RFC3339))})
}

// count says how many records there are.
func count(records []Record) string {
	if len(records) == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", len(records))
}

// short is a sequence number for people: its last digits.
func short(sequence string) string {
	const digits = 12
	if len(sequence) <= digits {
		return sequence
	}
	return "…" + sequence[len(sequence)-digits:]
}
