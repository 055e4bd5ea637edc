package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/function"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const rulePoll = "PULL-ROLE-POLL"

// access is the answer to whether a poller may read now.
type access struct {
	allowed  bool
	step     trace.Step
	result   string // LastProcessingResult of a refusal
	revision uint64 // of the roles, before they were asked
}

// mayRead asks whether Lambda may assume the function's role, and whether the role may do action on the source.
func (p *Poller) mayRead(ctx context.Context, action, sourceARN string, v *function.Version) (access, error) {
	a := access{result: resultDenied, revision: p.revision(), step: trace.Step{Kind: trace.Authorized, Rule: rulePoll}}
	trusted, err := p.Authz.TrustsLambda(ctx, v.Role, v.ARN())
	switch {
	case fault.Is(err, fault.NotFound):
		a.result, a.step.Reason = resultTrust, "refused: "+err.Error()
		return a, nil
	case err != nil:
		return a, err
	case !trusted.Allowed():
		a.result, a.step.Decision = resultTrust, marshal(trusted)
		a.step.Reason = fmt.Sprintf("Lambda assumes the execution role %s\n%s", v.Role, trusted.Text())
		return p.audit(a, authz.TrustQuestion(v.Role, v.ARN()), trusted), nil
	}
	q, d, err := p.decide(ctx, action, sourceARN, v)
	if fault.Is(err, fault.NotFound) { // deleted since
		a.result, a.step.Reason = resultTrust, "refused: "+err.Error()
		return a, nil
	}
	if err != nil {
		return a, err
	}
	a.allowed, a.step.Decision = d.Allowed(), marshal(d)
	a.step.Reason = fmt.Sprintf("%s on %s as the execution role %s\n%s", action, sourceARN, q.Session.RoleARN, d.Text())
	return p.audit(a, q, d), nil
}

// audit remembers a refusal, and lets it through where refusals are only recorded.
func (p *Poller) audit(a access, q authz.Question, d policy.Explanation) access {
	if d.Allowed() {
		return a
	}
	p.Authz.Remember(q, d)
	if p.Authz.Audit {
		a.allowed = true
		a.step.Reason = authz.Audited + a.step.Reason
	}
	return a
}

// decide decides an action of the execution role on the source.
func (p *Poller) decide(ctx context.Context, action, sourceARN string, v *function.Version) (authz.Question, policy.Explanation, error) {
	session, err := p.Authz.RoleSession(ctx, v.Role, v.Name)
	if err != nil {
		return authz.Question{}, policy.Explanation{}, err
	}
	source, err := arn.Parse(sourceARN)
	if err != nil {
		return authz.Question{}, policy.Explanation{}, err
	}
	q := authz.Question{Session: session, Action: action, Resource: sourceARN, ResourceAccount: source.Account, Region: source.Region}
	if q.ResourcePolicy, err = p.sourcePolicy(ctx, sourceARN); err != nil {
		return q, policy.Explanation{}, err
	}
	d, err := p.Authz.Decide(ctx, q)
	return q, d, err
}

// guarded is a source with a policy of its own, which counts beside the role's policies: it can allow within an account, must
// allow across accounts, and can deny. When it changes, WakeRoles must be called.
type guarded interface {
	SourcePolicy(ctx context.Context, sourceARN string) (*policy.Source, error)
}

// sourcePolicy is the source's own policy, nil where it has none.
func (p *Poller) sourcePolicy(ctx context.Context, sourceARN string) (*policy.Source, error) {
	s, err := p.source(sourceARN)
	if fault.Is(err, fault.Unsupported) {
		return nil, nil // a destination that is no source
	}
	if err != nil {
		return nil, err
	}
	g, ok := s.queue.(guarded)
	if !ok {
		return nil, nil
	}
	own, err := g.SourcePolicy(ctx, sourceARN)
	if fault.Is(err, fault.NotFound) {
		return nil, nil // the source is gone: who asks finds out
	}
	return own, err
}

func marshal(d policy.Explanation) json.RawMessage {
	text, err := json.Marshal(d)
	if err != nil { // plain strings and booleans
		panic(err)
	}
	return text
}

// checkRole asks for every right that the source needs, as Lambda does when a mapping is made or its function is changed.
func (p *Poller) checkRole(ctx context.Context, s source, m *EventSourceMapping, v *function.Version) error {
	for _, action := range s.actions() {
		q, d, err := p.decide(ctx, action, m.EventSourceARN, v)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil && p.Authz.Audit {
			return nil // there is no such role: polling will say so
		}
		if err == nil && p.Authz.Enforce(q, d) == nil {
			continue
		}
		if s.queue != nil {
			return fault.New(fault.Invalid, "The provided execution role does not have permissions to call %s on SQS", operation(action))
		}
		return fault.New(fault.Invalid, "Cannot access stream %s. Please ensure the role can perform the %s Actions on your stream in IAM.",
			m.EventSourceARN, actionList(s.actions()))
	}
	return nil
}

// operation is an IAM action without its service.
func operation(action string) string {
	_, name, _ := strings.Cut(action, ":")
	return name
}

// actionList words actions as the message does: "GetRecords, GetShardIterator, and ListStreams".
func actionList(actions []string) string {
	names := make([]string, len(actions))
	for i, a := range actions {
		names[i] = operation(a)
	}
	return strings.Join(names[:len(names)-1], ", ") + ", and " + names[len(names)-1]
}

// MayRead asks whether a mapping's poller may read its source now: for the list of what invokes a function.
func (p *Poller) MayRead(ctx context.Context, m *EventSourceMapping) (policy.Explanation, error) {
	fn, err := p.function(ctx, m)
	if err != nil {
		return policy.Explanation{}, err
	}
	s, err := p.source(m.EventSourceARN)
	if err != nil {
		return policy.Explanation{}, err
	}
	trusted, err := p.Authz.TrustsLambda(ctx, fn.Version.Role, fn.Version.ARN())
	if err != nil || !trusted.Allowed() {
		return trusted, err
	}
	_, d, err := p.decide(ctx, s.actions()[0], m.EventSourceARN, fn.Version)
	return d, err
}
