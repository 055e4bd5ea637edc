package policy_test

import (
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// names says in which form a Principal element names the caller.
func (r *reference) names(c *testCase, element any) int {
	if element == "*" {
		return namedDirectly
	}
	types, _ := element.(object)
	best := notNamed
	for kind, list := range types {
		for _, name := range texts(list) {
			best = max(best, r.namedBy(c, kind, name))
		}
	}
	return best
}

func (r *reference) namedBy(c *testCase, kind, name string) int {
	p := c.Principal
	if kind == "Service" && p.Kind == string(policy.ServicePrincipal) && p.Service == name ||
		kind == "Federated" && p.Kind == "federated principal" && p.Provider == name {
		return namedDirectly
	}
	if kind != "AWS" {
		return notNamed
	}
	if name == "*" {
		return namedDirectly
	}
	switch policy.PrincipalKind(p.Kind) {
	case policy.ServicePrincipal, policy.AnonymousPrincipal, "federated principal":
		return notNamed
	case policy.IAMUser:
		if name == p.ARN || p.UserID != "" && name == p.UserID {
			return namedDirectly
		}
	case policy.RoleSession:
		role, _, _ := strings.Cut(p.UserID, ":")
		if name == p.ARN {
			return namedDirectly
		}
		if name == p.RoleARN || role != "" && name == role {
			return namedByRole
		}
	case policy.FederatedUser:
		if name == p.ARN {
			return namedDirectly
		}
		if p.FederatedBy != "" && name == p.FederatedBy {
			return namedByRole // the user who federated: capped as a role's sessions are
		}
	}
	if name == p.Account || name == "arn:aws:iam::"+p.Account+":root" {
		return namedByAccount
	}
	return notNamed
}

// spared says whether NotPrincipal leaves the caller out: it must list the caller, and its account, and for a session its
// role.
func (r *reference) spared(c *testCase, element any) bool {
	p := c.Principal
	if element == "*" {
		return true
	}
	types, _ := element.(object)
	aws, services := texts(types["AWS"]), texts(types["Service"])
	if slices.Contains(aws, "*") {
		return true
	}
	account := slices.Contains(aws, p.Account) || slices.Contains(aws, "arn:aws:iam::"+p.Account+":root")
	switch policy.PrincipalKind(p.Kind) {
	case policy.ServicePrincipal:
		return slices.Contains(services, p.Service)
	case "federated principal":
		return slices.Contains(texts(types["Federated"]), p.Provider)
	case policy.RootUser:
		return account
	case policy.IAMUser:
		return account && (slices.Contains(aws, p.ARN) || p.UserID != "" && slices.Contains(aws, p.UserID))
	case policy.RoleSession:
		role, _, _ := strings.Cut(p.UserID, ":")
		return account && slices.Contains(aws, p.ARN) && (slices.Contains(aws, p.RoleARN) || role != "" && slices.Contains(aws, role))
	case policy.FederatedUser:
		return account && slices.Contains(aws, p.ARN)
	}
	return false
}

func (r *reference) matchesAction(c *testCase, s object) bool {
	one := func(pattern string) bool {
		if pattern == "*" {
			return true
		}
		return strings.Contains(pattern, ":") && wild(wildcards(strings.ToLower(pattern)), strings.ToLower(c.Action))
	}
	if not, ok := s["NotAction"]; ok {
		return !slices.ContainsFunc(texts(not), one)
	}
	return slices.ContainsFunc(texts(s["Action"]), one)
}

func (r *reference) matchesResource(c *testCase, s object, variables bool) bool {
	one := func(pattern string) bool {
		if pattern == "*" {
			return true
		}
		marks, ok := resourceMarks(pattern, func(text string) ([]mark, bool) { return r.fill(c, text, variables) })
		return ok && wild(marks, c.Resource)
	}
	if not, ok := s["NotResource"]; ok {
		return !slices.ContainsFunc(texts(not), one)
	}
	is, ok := s["Resource"]
	return !ok || slices.ContainsFunc(texts(is), one) // a trust policy has no Resource: it is about its own
}

// resourceMarks makes the marks of a resource's ARN: variables live after the fifth colon only. Before it ? and * stay
// in their segment, except a * that ends one, which may go on beyond the colons; after it a colon is a character.
func resourceMarks(pattern string, fill func(string) ([]mark, bool)) (list []mark, ok bool) {
	parts := strings.SplitN(pattern, ":", 6)
	for i, part := range parts {
		if i > 0 {
			list = append(list, mark{unit: ':'})
		}
		if i == 5 {
			filled, ok := fill(part)
			if !ok {
				return nil, false
			}
			list = append(list, filled...)
			break
		}
		inner := wildcards(part)
		for j := range inner {
			inner[j].inSegment = !(inner[j].any && j == len(inner)-1)
		}
		list = append(list, inner...)
	}
	return list, true
}
