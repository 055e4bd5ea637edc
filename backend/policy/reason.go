package policy

import (
	"fmt"
	"strings"
)

// Reason is what one statement had to say.
type Reason struct {
	Kind    PolicyKind `json:"kind"`
	Policy  string     `json:"policy"`
	Level   int        `json:"level,omitempty"` // of a service control policy, the organisation's root being 1
	SID     string     `json:"sid,omitempty"`
	Index   int        `json:"index"` // of the statement, from 0
	Effect  Effect     `json:"effect"`
	Matched bool       `json:"matched"`
	// Lacks is the element that the request failed first. Empty when the statement matched.
	Lacks Element `json:"lacks,omitempty"`
	// Unmet is the condition, when that is what it lacked.
	Unmet *Unmet `json:"unmet,omitempty"`
	// Mismatch says what the statement lacked first. Empty when it matched.
	Mismatch string `json:"mismatch,omitempty"`
	// Statement is the statement itself, and Source the policy that it is from.
	Statement *Statement `json:"-"`
	Source    *Source    `json:"-"`
	form      form
}

// Unmet is a condition that a request does not meet.
type Unmet struct {
	Operator string   `json:"operator"`
	Key      string   `json:"key"`
	Want     []string `json:"want"`
	Have     []string `json:"have,omitempty"` // none: the request does not have the key
}

// Delegates reports whether an Allow of a resource policy matched and names only the account, which leaves it to identity
// policies.
func (r *Reason) Delegates() bool { return r.Matched && r.form == byAccount }

func (e *evaluation) reason(kind PolicyKind, s *Source, level, index int, named form, short shortfall) Reason {
	st := &s.Document.Statements[index]
	r := Reason{Kind: kind, Policy: s.Name, Level: level, SID: st.SID, Index: index, Effect: st.Effect, Matched: short.element == Nothing,
		Lacks: short.element, Statement: st, Source: s, form: named}
	switch short.element {
	case ElementPrincipal:
		r.Mismatch = st.principalMismatch(&e.req.Principal)
	case ElementAction:
		r.Mismatch = st.actionMismatch(e.req.Action, short.index)
	case ElementResource:
		r.Mismatch = st.resourceMismatch(&e.req, short.index)
	case ElementCondition:
		c := &st.Conditions[short.index]
		r.Unmet = &Unmet{Operator: c.Operator, Key: c.Key, Want: c.Values, Have: e.req.Context.keys[c.key].values}
		r.Mismatch = c.mismatch(e.req.Context)
	}
	return r
}

func (s *Statement) principalMismatch(p *Principal) string {
	switch {
	case s.Principal != nil:
		return fmt.Sprintf("principal: the policy names %s, the caller is %s", s.Principal, p.Name())
	case s.NotPrincipal != nil:
		return "principal: NotPrincipal spares " + p.Name()
	}
	return "principal: the statement names nobody"
}

func (s *Statement) actionMismatch(action string, index int) string {
	if len(s.NotActions) > 0 {
		return fmt.Sprintf("action: NotAction %s spares %s", s.NotActions[index], action)
	}
	return fmt.Sprintf("action: the policy has %s, the request is %s", strings.Join(s.Actions, ", "), action)
}

func (s *Statement) resourceMismatch(req *Request, index int) string {
	if len(s.NotResources) > 0 {
		return fmt.Sprintf("resource: NotResource %s spares %s", s.NotResources[index], req.Resource)
	}
	text := fmt.Sprintf("resource: the policy has %s, the request is for %s", strings.Join(s.Resources, ", "), req.Resource)
	for i := range s.resources {
		if t := s.resources[i].unresolved(req.Context); t != nil {
			return text + "; " + t.without(req.Context)
		}
	}
	return text
}

// without says why a variable has no value.
func (t *token) without(c Context) string {
	switch key := c.keys[t.key]; {
	case len(key.values) > 1:
		return fmt.Sprintf("${%s} has %d values in this request, and a variable needs one", t.spelled, len(key.values))
	case key.list:
		return fmt.Sprintf("${%s} is a key of several values, and a variable needs one", t.spelled)
	}
	return fmt.Sprintf("${%s} has no value in this request", t.spelled)
}

// mismatch says what a condition that does not hold wants and what the request has.
func (c *Condition) mismatch(ctx Context) string {
	key := ctx.keys[c.key]
	have := key.values
	if c.test.null {
		state := "absent"
		if len(have) > 0 {
			state = "present"
		}
		return fmt.Sprintf("condition Null %s: the policy wants %s, the key is %s", c.Key, strings.Join(c.Values, " or "), state)
	}
	text := fmt.Sprintf("condition %s %s: the policy wants %s, the request ", c.Operator, c.Key, quoted(c.Values))
	if len(have) == 0 {
		return text + "does not have the key"
	}
	text += "has " + quoted(have)
	if key.list && c.test.quantifier == single {
		text += "; " + choose(len(have) > 1, "several values need", "a key that may have several values needs") + " ForAnyValue: or ForAllValues:"
	}
	for _, v := range c.constants {
		if t, ok := v.(templated); ok && t.unresolved(ctx) != nil {
			return text + "; " + t.unresolved(ctx).without(ctx)
		}
	}
	return text
}

func quoted(values []string) string {
	q := make([]string, len(values))
	for i, v := range values {
		q[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(q, " or ")
}
