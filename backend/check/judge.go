package check

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// question is one "may it?", with the policies that count.
type question struct {
	request   policy.Request
	identity  []*document
	resource  *document
	boundary  *document
	mustAllow bool // as policy.Policies.ResourceMustAllow
	things    map[string]bool
}

// answer is a question's verdict and why.
type answer struct {
	verdict Verdict
	likely  policy.Explanation
	reason  string
	assumes []string
}

// environment gives symbols texts.
type environment map[string]string

func (e environment) apply(text string) string {
	for _, symbol := range slices.Sorted(maps.Keys(e)) {
		text = strings.ReplaceAll(text, symbol, e[symbol])
	}
	return text
}

// asked is a decision with the way back from its reasons to the statements of the plan.
type asked struct {
	policy.Explanation
	origin map[string][]int
}

func (q *question) documents() []*document {
	list := slices.Clone(q.identity)
	for _, d := range []*document{q.resource, q.boundary} {
		if d != nil {
			list = append(list, d)
		}
	}
	return list
}

// ask puts the question to the evaluator.
func (q *question) ask(b bound, env environment) asked {
	a := asked{origin: map[string][]int{}}
	source := func(d *document) policy.Source {
		doc, origin := d.render(b, env)
		a.origin[d.name] = origin
		return policy.Source{Name: d.name, Document: doc}
	}
	var p policy.Policies
	p.ResourceMustAllow = q.mustAllow
	for _, d := range q.identity {
		p.Identity = append(p.Identity, source(d))
	}
	if q.resource != nil {
		s := source(q.resource)
		p.Resource = &s
	}
	if q.boundary != nil && (q.boundary.open == "" || b == certain) {
		s := source(q.boundary)
		p.Boundary = &s
	}
	r := q.request
	r.Resource, r.ResourceAccount = env.apply(r.Resource), env.apply(r.ResourceAccount)
	r.Principal.Account, r.Principal.ARN, r.Principal.RoleARN = env.apply(r.Principal.Account), env.apply(r.Principal.ARN), env.apply(r.Principal.RoleARN)
	r.Context = policy.NewContext(nil)
	for key, values := range q.request.Context.All() {
		list := make([]string, len(values))
		for i, v := range values {
			list[i] = env.apply(v)
		}
		r.Context.Set(key, list...)
	}
	a.Explanation = policy.Explain(r, p)
	return a
}

// judge asks three times, as the package's doc says.
func (q *question) judge() answer {
	l := q.ask(likely, nil)
	if l.Allowed() {
		a := answer{verdict: Allowed, likely: l.Explanation, reason: q.granting(l)}
		if !q.ask(certain, nil).Allowed() {
			a.assumes = q.assumptions(l)
		}
		return a
	}
	for _, env := range q.environments() {
		if d := q.ask(possible, env); d.Allowed() {
			return answer{verdict: Unknown, likely: l.Explanation, reason: q.doubts(l, d, env)}
		}
	}
	why := q.nearest(l)
	if why == "" {
		why = q.nearest(q.ask(possible, nil))
	}
	return answer{verdict: Missing, likely: l.Explanation, reason: why}
}

// matched walks through the statements of the plan that a decision's matching reasons are from.
func (q *question) matched(a asked, visit func(*document, *statement)) {
	for _, d := range q.documents() {
		for _, r := range a.Reasons {
			if r.Policy != d.name || !r.Matched || r.Index >= len(a.origin[d.name]) {
				continue
			}
			if i := a.origin[d.name][r.Index]; i >= 0 {
				visit(d, &d.statements[i])
			} else {
				visit(d, nil)
			}
		}
	}
}

// values lists every value of a statement.
func (s *statement) values() []value {
	list := slices.Concat(s.actions, s.notActions, s.resources, s.notResources)
	for _, p := range append(slices.Clone(s.principal), s.notPrincipal...) {
		list = append(list, p.names...)
	}
	for _, c := range s.conditions {
		list = append(list, c.values...)
	}
	return list
}

// assumptions is what an answer rests on that is allowed likely, and not for certain.
func (q *question) assumptions(a asked) []string {
	var list []string
	q.matched(a, func(_ *document, s *statement) {
		for _, v := range s.values() {
			if v.assumes != "" && !slices.Contains(list, v.assumes) {
				list = append(list, v.assumes)
			}
		}
	})
	for _, d := range q.documents() {
		if d.open != "" {
			list = append(list, d.name+" denies nothing ("+d.open+")")
		}
	}
	if len(list) == 0 {
		list = append(list, "no statement that is known only at apply denies it")
	}
	return list
}

// doubts is why it is not known: what is open in the statements that may match.
func (q *question) doubts(l, d asked, env environment) string {
	var list []string
	say := func(s string) {
		if s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	for _, symbol := range slices.Sorted(maps.Keys(env)) {
		say("it depends on " + symbol + ", which is not known until apply: " + q.nearest(l) + " (allowed if it is " + env[symbol] + ")")
	}
	q.matched(d, func(doc *document, s *statement) {
		if s == nil {
			say(doc.open)
			return
		}
		say(s.open)
		for _, v := range s.values() {
			if v.level == open {
				say(v.why)
			}
			if v.level == taken && len(env) == 0 {
				say(v.assumes + ", or with something after it")
			}
		}
		for _, c := range s.conditions {
			if c.atRuntime() {
				say(doc.name + " has a condition on " + c.key + ", which only the call itself shows")
			}
		}
	})
	for _, doc := range q.documents() {
		if doc == q.boundary {
			say(doc.open)
		}
	}
	if len(list) == 0 {
		list = append(list, q.nearest(l))
	}
	return strings.Join(list, "; ")
}

// nearest is what the statement lacked that came nearest: the one that got as far as its conditions, then as its resource.
func (q *question) nearest(d asked) string {
	if d.Verdict == policy.ExplicitDeny {
		return d.Text()
	}
	best, at := -1, 0
	for i, r := range d.Reasons {
		kind, _, _ := strings.Cut(r.Mismatch, ":")
		rank := slices.Index([]string{"action", "principal", "resource"}, kind)
		if strings.HasPrefix(r.Mismatch, "condition") {
			rank = 3
		}
		if r.Effect == policy.Allow && !r.Matched && rank > best {
			best, at = rank, i
		}
	}
	if best < 0 {
		return ""
	}
	return q.called(d, d.Reasons[at]) + ": " + d.Reasons[at].Mismatch
}

// called is what sentences call the statement of a reason: the resource that adds it, with the Sid where it has one.
func (q *question) called(d asked, r policy.Reason) string {
	for _, doc := range q.documents() {
		if doc.name != r.Policy || r.Index >= len(d.origin[doc.name]) {
			continue
		}
		i := d.origin[doc.name][r.Index]
		if i >= 0 && doc.statements[i].by != "" {
			return doc.statements[i].by
		}
		if r.SID == "" {
			return doc.name
		}
	}
	return fmt.Sprintf("statement %q of %s", r.SID, r.Policy)
}

// granting names the statements that allow.
func (q *question) granting(d asked) string {
	var list []string
	for _, r := range d.Reasons {
		if name := q.called(d, r); r.Matched && r.Effect == policy.Allow && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return "allowed by " + strings.Join(list, " and ")
}

// symbols matches the parts of an ARN that are not known.
var symbols = regexp.MustCompile(`\{[^{}]+\}`)

// environments lists what the symbols may come to for the question to be allowed: nothing in particular, and each way in
// which a text of the request and a text of the policies can be the same.
func (q *question) environments() []environment {
	list := []environment{nil}
	requested := []string{q.request.Resource, q.request.Principal.RoleARN}
	for _, values := range q.request.Context.All() {
		requested = append(requested, values...)
	}
	for _, d := range q.documents() {
		for i := range d.statements {
			for _, v := range d.statements[i].values() {
				for _, text := range requested {
					if q.things[text] && q.things[v.text] {
						continue // two resources of the plan are never one
					}
					for _, env := range []environment{unify(text, concrete(v.text)), unify(v.text, text)} {
						if env != nil {
							list = append(list, env)
						}
					}
				}
			}
		}
	}
	return list
}

// concrete is a text that a pattern matches.
func concrete(pattern string) string { return strings.NewReplacer("*", "x", "?", "x").Replace(pattern) }

// unify finds what the symbols of a text must be for it to equal another; nil where they cannot.
func unify(text, other string) environment {
	found := symbols.FindAllString(text, -1)
	if len(found) == 0 || text == other {
		return nil
	}
	var b strings.Builder
	rest := text
	for _, symbol := range found {
		before, after, _ := strings.Cut(rest, symbol)
		b.WriteString(regexp.QuoteMeta(before))
		if strings.HasPrefix(symbol, "{account") {
			b.WriteString(`(\d{12}|x|\{account[^{}]*\})`)
		} else {
			b.WriteString(`([^:{}]+)`) // two names that are not known are names of two things
		}
		rest = after
	}
	m := regexp.MustCompile("^" + b.String() + regexp.QuoteMeta(rest) + "$").FindStringSubmatch(other)
	if m == nil {
		return nil
	}
	env := environment{}
	for i, symbol := range found {
		if was, ok := env[symbol]; ok && was != m[i+1] {
			return nil
		}
		env[symbol] = m[i+1]
	}
	return env
}
