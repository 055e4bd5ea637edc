package check

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// policyAt is the policy that an attribute holds: read where its JSON is known, put together from the configuration where
// it is that of a data aws_iam_policy_document, open otherwise. It is nil where there is none.
func (p *Plan) policyAt(r *resource, steps ...any) *document {
	v := p.attr(r, steps...)
	site := r.address
	switch {
	case v.absent, v.text == "" && v.level == exact && !v.hidden:
		return nil
	case v.hidden:
		return &document{name: site, open: site + ": the plan does not show the policy"}
	case !v.symbolic:
		return parse(site, v.text)
	case v.level != open && v.from != nil && v.from.kind == "iam_policy_document":
		d := p.statementsOf(v.from)
		d.name = site
		return d
	case v.level == open:
		return &document{name: site, open: fmt.Sprintf("the policy of %s is not known: %s", site, v.why)}
	}
	what := "what"
	if v.from != nil {
		what = v.from.address
	}
	return &document{name: site, open: fmt.Sprintf("the policy of %s is built in the configuration (jsonencode or a template) with %s, and a plan does not show how: a data aws_iam_policy_document can be followed", site, what)}
}

// parse reads a policy whose text is known. Everything in it is exact.
func parse(name, text string) *document {
	if _, err := policy.Parse([]byte(text)); err != nil {
		return &document{name: name, open: name + " holds no policy that can be read: " + err.Error()}
	}
	var raw struct {
		Version   string
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return &document{name: name, open: name + " holds no policy that can be read: " + err.Error()}
	}
	d := &document{name: name, version: raw.Version}
	if d.version == "" {
		d.version = policy.Version2008
	}
	var list []map[string]any
	if json.Unmarshal(raw.Statement, &list) != nil {
		var one map[string]any
		if err := json.Unmarshal(raw.Statement, &one); err != nil {
			return &document{name: name, open: name + ": " + err.Error()}
		}
		list = []map[string]any{one}
	}
	for _, m := range list {
		d.statements = append(d.statements, parsed(m))
	}
	return d
}

// parsed is a statement of a policy that policy.Parse has admitted.
func parsed(m map[string]any) statement {
	s := statement{sid: plainText(m["Sid"]), effect: plainText(m["Effect"]), actions: exactly(m["Action"]), notActions: exactly(m["NotAction"]),
		resources: exactly(m["Resource"]), notResources: exactly(m["NotResource"])}
	s.principal, s.anybody = parsedPrincipals(m["Principal"])
	s.notPrincipal, _ = parsedPrincipals(m["NotPrincipal"])
	operators, _ := m["Condition"].(map[string]any)
	for _, operator := range sortedKeys(operators) {
		keys, _ := operators[operator].(map[string]any)
		for _, key := range sortedKeys(keys) {
			s.conditions = append(s.conditions, condition{operator: operator, key: key, values: exactly(keys[key])})
		}
	}
	return s
}

func parsedPrincipals(v any) (list []principals, anybody bool) {
	if v == "*" {
		return nil, true
	}
	m, _ := v.(map[string]any)
	for _, kind := range sortedKeys(m) {
		list = append(list, principals{kind, exactly(m[kind])})
	}
	return list, false
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// exactly is a text or a list of texts, all known.
func exactly(v any) []value {
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]value, len(list))
	for i, e := range list {
		out[i] = known(plainText(e))
	}
	return out
}

// statementsOf puts the document of a data aws_iam_policy_document together, which is read at apply because something in
// it is not known before.
func (p *Plan) statementsOf(r *resource) *document {
	d := &document{name: r.address}
	if p.busy["document "+r.address] {
		d.open = r.address + " refers to itself"
		return d
	}
	p.busy["document "+r.address] = true
	defer delete(p.busy, "document "+r.address)
	if v := p.attr(r, "version"); !v.absent {
		d.version = v.text
	}
	p.include(d, r, "source_policy_documents")
	n, ok := p.length(r, "statement")
	if !ok {
		d.open = "the statements of " + r.address + " are not in the plan"
	}
	for i := range n {
		d.statements = append(d.statements, p.statementOf(r, i))
	}
	p.include(d, r, "override_policy_documents")
	return d
}

// include adds the documents that a data source names. A statement with a Sid takes the place of one that has the same.
func (p *Plan) include(d *document, r *resource, attribute string) {
	n, ok := p.length(r, attribute)
	for i := range n {
		v := p.attr(r, attribute, i)
		var more *document
		switch {
		case v.absent:
			continue
		case !v.symbolic && !v.hidden:
			more = parse(r.address, v.text)
		case v.level != open && v.from != nil && v.from.kind == "iam_policy_document":
			more = p.statementsOf(v.from)
		default:
			ok = false
			continue
		}
		if more.open != "" {
			d.open = more.open
		}
		for _, s := range more.statements {
			at := slices.IndexFunc(d.statements, func(have statement) bool { return have.sid != "" && have.sid == s.sid })
			if at >= 0 {
				d.statements[at] = s
				continue
			}
			d.statements = append(d.statements, s)
		}
	}
	if !ok {
		d.open = r.address + "." + attribute + " is not known"
	}
}

// statementOf is one statement block.
func (p *Plan) statementOf(r *resource, i int) statement {
	s := statement{effect: string(policy.Allow)}
	if v := p.attr(r, "statement", i, "sid"); !v.symbolic {
		s.sid = v.text
	}
	switch v := p.attr(r, "statement", i, "effect"); {
	case v.symbolic:
		s.open = r.address + ": the effect of a statement is not known"
	case !v.absent:
		s.effect = v.text
	}
	list := func(attribute string) []value { return p.elements(r, attribute, "statement", i, attribute) }
	s.actions, s.notActions, s.resources, s.notResources = list("actions"), list("not_actions"), list("resources"), list("not_resources")
	s.principal, s.anybody = p.principalsOf(r, i, "principals")
	s.notPrincipal, _ = p.principalsOf(r, i, "not_principals")
	n, ok := p.length(r, "statement", i, "condition")
	if !ok {
		s.open = r.address + ": the conditions of a statement are not known"
	}
	for j := range n {
		test, variable := p.attr(r, "statement", i, "condition", j, "test"), p.attr(r, "statement", i, "condition", j, "variable")
		if test.symbolic || variable.symbolic {
			s.open = r.address + ": a condition of a statement is not known"
			continue
		}
		s.conditions = append(s.conditions, condition{operator: test.text, key: variable.text,
			values: p.elements(r, "values", "statement", i, "condition", j, "values")})
	}
	return s
}

func (p *Plan) principalsOf(r *resource, i int, block string) (list []principals, anybody bool) {
	n, _ := p.length(r, "statement", i, block)
	for j := range n {
		kind := p.attr(r, "statement", i, block, j, "type").text
		if kind == "*" {
			return nil, true
		}
		list = append(list, principals{kind, p.elements(r, "identifiers", "statement", i, block, j, "identifiers")})
	}
	return list, false
}

// elements is a list of texts of which some may not be known. An expression of such a list refers to as many things as
// there are unknown elements, if they are plain references; only then is each taken as one of them. The same reference
// a second time has something around it.
func (p *Plan) elements(r *resource, want string, steps ...any) []value {
	n, ok := p.length(r, steps...)
	var list, unknowns []value
	for i := range n {
		v := p.attr(r, append(slices.Clone(steps), i)...)
		if v.symbolic || v.hidden {
			unknowns = append(unknowns, v)
			continue
		}
		list = append(list, v)
	}
	if len(unknowns) == 0 && ok {
		return list
	}
	site := r.address + "." + where(steps)
	e, inDynamic := expressionAt(r.config.Expressions, steps)
	if inDynamic || e == nil || !p.sameBlocks(r, steps) {
		return append(list, opened(site+" comes from a dynamic block, of which a plan shows nothing"))
	}
	a := asker{r.scope, r.key, r.config.ForEach, site, want}
	leaves := references(e)
	var each []value
	shaped := false
	seen := map[string]bool{}
	for _, leaf := range leaves {
		v := p.follow(a, leaf, p.selects(a, leaves))
		if !v.symbolic {
			shaped = shaped || shapes(leaf, v, list)
			continue
		}
		if v.level == exact && (seen[v.text] || strings.HasSuffix(leaf, "execution_arn")) {
			v = opened(site+" has "+leaf+" with something around it, which is not in the plan", v.text)
		}
		if v.level == exact {
			v.level, v.assumes = taken, site+" has "+leaf+" as it stands"
		}
		seen[v.text] = true
		each = append(each, v)
	}
	if ok && !shaped && len(each) == len(unknowns) {
		return append(list, each...)
	}
	whole := p.expression(a, e)
	if whole.level != open {
		whole = opened(site+" is built from "+strings.Join(leaves, " and ")+"; how is not in the plan", whole.text)
	}
	return append(list, whole)
}

// shapes reports whether a reference to something known is a part of an element that is not, as a suffix is, and not an
// element of its own.
func shapes(leaf string, v value, elements []value) bool {
	if strings.HasPrefix(leaf, "each.") || strings.HasPrefix(leaf, "count.") || v.absent {
		return false
	}
	if v.hidden {
		return len(elements) == 0
	}
	return v.text != "" && v.text != "true" && v.text != "false" && !slices.ContainsFunc(elements, func(e value) bool { return e.text == v.text })
}

// sameBlocks reports whether the configuration has as many blocks as the plan: with dynamic blocks among them it has not,
// and the places do not correspond.
func (p *Plan) sameBlocks(r *resource, steps []any) bool {
	name, _ := steps[0].(string)
	blocks, isBlocks := r.config.Expressions[name].([]any)
	n, _ := p.length(r, name)
	return !isBlocks || len(blocks) == n
}
