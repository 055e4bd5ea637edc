package policy_test

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// reference is a second evaluator, slow and obvious, written from AWS's documentation and from recordings of AWS alone. It
// shares nothing with the package: it reads policies as plain JSON maps for every case, matches wildcards by naive recursion
// and asks every question again from the start. Where the package and the reference disagree, one of them misreads AWS.
//
// saw, when set, is told what an evaluation met: rows of the table of principals, operators and how they ended.
type reference struct {
	saw  func(what string)
	read map[string]object // the policies of the case at hand, as JSON
}

func (r *reference) note(what string) {
	if r.saw != nil {
		r.saw(what)
	}
}

// The forms in which a resource policy can name its caller, weakest first. What a grant is worth depends on the form.
const (
	notNamed = iota
	namedByAccount
	namedByRole
	namedDirectly
)

var formNames = []string{"not named", "account", "role", "direct"}

func (r *reference) verdict(c *testCase) policy.Verdict {
	r.read = map[string]object{}
	v := r.decide(c)
	r.note("verdict " + string(v))
	return v
}

func (r *reference) decide(c *testCase) policy.Verdict {
	kind := policy.PrincipalKind(c.Principal.Kind)
	own := kind == policy.IAMUser || kind == policy.RoleSession || kind == policy.FederatedUser
	linked := kind == policy.RoleSession && strings.Contains(c.Principal.RoleARN, ":role/aws-service-role/") // organisations leave these alone
	inOrganization := (own || kind == policy.RootUser) && !linked
	// Deny pass: every policy that applies; the first matching Deny ends it.
	if own && (r.denies(c, c.Identity) || r.denies(c, c.Session) || c.Boundary != nil && r.denies(c, []json.RawMessage{c.Boundary})) {
		return policy.ExplicitDeny
	}
	if c.ResourcePolicy != nil && r.resourceDenies(c, c.ResourcePolicy, false) {
		r.note("resource deny")
		return policy.ExplicitDeny
	}
	for _, rcp := range c.RCPs {
		if !linked && r.resourceDenies(c, rcp, true) {
			r.note("rcp deny")
			return policy.ExplicitDeny
		}
	}
	if inOrganization {
		for _, level := range c.SCPs {
			if r.denies(c, level) {
				r.note("scp deny")
				return policy.ExplicitDeny
			}
		}
		for _, level := range c.SCPs {
			if !r.allows(c, level) {
				r.note("scp silent")
				return policy.ImplicitDeny
			}
		}
	}
	if r.granted(c, kind) {
		return policy.Allowed
	}
	return policy.ImplicitDeny
}

// granted answers what is left after the denies and the SCPs: who allows.
func (r *reference) granted(c *testCase, kind policy.PrincipalKind) bool {
	form := notNamed
	if c.ResourcePolicy != nil {
		form = r.resourceGrant(c)
	}
	switch kind {
	case policy.ServicePrincipal, policy.AnonymousPrincipal, "federated principal":
		r.note("row " + string(kind) + " " + formNames[form])
		return form == namedDirectly
	}
	// The caller's side: identity policies, capped by boundary and session policies. The root user has everything.
	identity, boundary, session := r.allows(c, c.Identity), true, true
	if kind == policy.RootUser {
		identity = true
	} else {
		if c.Boundary != nil {
			boundary = r.allows(c, []json.RawMessage{c.Boundary})
		}
		if len(c.Session) > 0 {
			session = r.allows(c, c.Session)
		} else if kind == policy.FederatedUser {
			session = false
		}
	}
	owner := c.ResourceAccount
	if owner == "" {
		owner = c.Principal.Account
	}
	if owner != c.Principal.Account {
		r.note("row across accounts " + formNames[form])
		return form != notNamed && identity && boundary && session
	}
	row := "row " + string(kind) + " " + formNames[form]
	if c.MustAllow {
		row += " must"
	}
	if !boundary {
		row += " capped"
	}
	r.note(row)
	switch form {
	case namedDirectly:
		return true
	case namedByRole:
		return boundary && session
	case namedByAccount:
		return identity && boundary && session
	}
	return !c.MustAllow && identity && boundary && session
}

// allows says whether some policy of the list allows: the union of the list.
func (r *reference) allows(c *testCase, list []json.RawMessage) bool {
	return slices.ContainsFunc(list, func(p json.RawMessage) bool { return r.anyStatement(c, p, "Allow", nil) })
}

func (r *reference) denies(c *testCase, list []json.RawMessage) bool {
	return slices.ContainsFunc(list, func(p json.RawMessage) bool { return r.anyStatement(c, p, "Deny", nil) })
}

// resourceDenies asks a policy whose statements name principals. everybody: one without Principal is about all callers.
func (r *reference) resourceDenies(c *testCase, p json.RawMessage, everybody bool) bool {
	return r.anyStatement(c, p, "Deny", func(s object) bool {
		if np, ok := s["NotPrincipal"]; ok {
			if c.Boundary != nil { // a principal with a boundary is never spared
				r.note("NotPrincipal and a boundary")
				return true
			}
			return !r.spared(c, np)
		}
		is, ok := s["Principal"]
		return !ok && everybody || r.names(c, is) != notNamed
	})
}

// resourceGrant is the strongest form in which an Allow of the resource policy names the caller.
func (r *reference) resourceGrant(c *testCase) int {
	best := notNamed
	r.anyStatement(c, c.ResourcePolicy, "Allow", func(s object) bool {
		form := notNamed
		if np, ok := s["NotPrincipal"]; ok {
			if !r.spared(c, np) {
				form = namedDirectly // everyone else, anonymous callers included
			}
		} else {
			form = r.names(c, s["Principal"])
		}
		best = max(best, form)
		return false
	})
	return best
}

// anyStatement says whether a statement of that effect matches action, resource and conditions, and then what and says.
func (r *reference) anyStatement(c *testCase, text json.RawMessage, effect string, and func(object) bool) bool {
	doc := r.document(text)
	variables := doc["Version"] == "2012-10-17"
	for _, s := range listOf(doc["Statement"]) {
		s := s.(object)
		if s["Effect"] == effect && r.matchesAction(c, s) && r.matchesResource(c, s, variables) && r.matchesConditions(c, s, variables) &&
			(and == nil || and(s)) {
			return true
		}
	}
	return false
}

func (r *reference) document(text json.RawMessage) object {
	if doc, ok := r.read[string(text)]; ok {
		return doc
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var doc object
	if err := d.Decode(&doc); err != nil {
		panic(err)
	}
	r.read[string(text)] = doc
	return doc
}

// listOf makes a list of what may be one thing or a list of things.
func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// texts is listOf for scalars, each as its text.
func texts(v any) (list []string) {
	for _, v := range listOf(v) {
		switch v := v.(type) {
		case string:
			list = append(list, v)
		case json.Number:
			list = append(list, v.String())
		case bool:
			list = append(list, map[bool]string{true: "true", false: "false"}[v])
		}
	}
	return list
}
