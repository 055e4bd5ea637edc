package iam

import (
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// finding is what came of one action on one resource.
type finding struct {
	resource    string
	verdict     policy.Verdict
	cross       bool
	kinds       policy.Verdicts
	matched     []match
	missing     []string
	bounded     bool // a boundary took part
	withinBound bool
	denied      bool // by a service control policy, which ends it
}

// match is a statement that decided.
type match struct {
	kind       policy.PolicyKind
	id         string
	start, end policy.Position
}

// evaluate asks the policies whether the caller may do an action on a resource.
func (s *simulation) evaluate(action, resource string) finding {
	request := policy.Request{Principal: s.caller, Action: action, Resource: resource, ResourceAccount: s.ownerOf(resource), Context: s.context}
	policies := s.policies
	policies.ResourceMustAllow = policies.Resource != nil && resourceDecides(action)
	if !supports(action, resource) {
		policies = unrelated(policies)
	}
	x := policy.Explain(request, policies)
	f := finding{resource: resource, verdict: x.Verdict, cross: x.CrossAccount, kinds: x.Kinds}
	if scp := x.Kinds.ServiceControl; scp == policy.ExplicitDeny || scp == policy.ImplicitDeny {
		f.verdict, f.denied = scp, true
		return f
	}
	f.bounded, f.withinBound = s.boundary, x.Kinds.Boundary == policy.Allowed
	switch f.verdict {
	case policy.ImplicitDeny:
		f.missing = s.missing()
	case policy.ExplicitDeny:
		f.matched = matches(x.Reasons, policy.Deny, policy.BoundaryPolicy, policy.ResourcePolicy, policy.IdentityPolicy)
	default:
		f.matched = matches(x.Reasons, policy.Allow, policy.ResourcePolicy, policy.IdentityPolicy)
	}
	return f
}

// resourceDecides reports whether the resource's own policy must allow an action in any case: KMS keys and roles.
func resourceDecides(action string) bool {
	a := strings.ToLower(action)
	return strings.HasPrefix(a, "kms:") || strings.HasPrefix(a, "sts:assumerole")
}

// unrelated are policies of which no statement is about the resource: an action that is not about such resources is allowed
// and denied on none of them, whatever a Resource of "*" says. Service control policies stand.
func unrelated(p policy.Policies) policy.Policies {
	nothing := &policy.Document{Version: policy.Version2012}
	empty := func(s *policy.Source) *policy.Source {
		if s == nil {
			return nil
		}
		return &policy.Source{Name: s.Name, Document: nothing}
	}
	p.Identity, p.Resource, p.Boundary = nil, empty(p.Resource), empty(p.Boundary)
	return p
}

// matches lists the statements of one effect that matched, kind by kind, in the order of their policies.
func matches(reasons []policy.Reason, effect policy.Effect, kinds ...policy.PolicyKind) []match {
	var list []match
	for _, kind := range kinds {
		for _, r := range reasons {
			if r.Kind == kind && r.Effect == effect && r.Matched {
				list = append(list, match{kind: kind, id: r.Policy, start: r.Statement.Start, end: r.Statement.End})
			}
		}
	}
	return list
}

// missing lists the context keys that the policies name and the request did not give: those of every statement, about
// whatever action, of identity and resource policies and the boundary; each spelling once, in the order of the documents.
// A key whose value follows from the caller counts as not given.
func (s *simulation) missing() []string {
	var list []string
	for _, d := range s.documents() {
		for _, key := range policy.ContextKeys(d) {
			if !s.given[strings.ToLower(key)] && !slices.Contains(list, key) {
				list = append(list, key)
			}
		}
	}
	return list
}

func (s *simulation) documents() []*policy.Document {
	var list []*policy.Document
	for _, p := range s.policies.Identity {
		list = append(list, p.Document)
	}
	for _, p := range []*policy.Source{s.policies.Resource, s.policies.Boundary} {
		if p != nil {
			list = append(list, p.Document)
		}
	}
	return list
}
