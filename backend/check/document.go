package check

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// bound is how what is not known for certain counts when a document is made ready for the evaluator.
type bound int

const (
	certain  bound = iota // only what is exact grants; whatever may deny denies
	likely                // what is taken grants too; an open document denies nothing
	possible              // what is open grants all that it may come to, and denies nothing
)

// document is a policy, as far as the plan shows it.
type document struct {
	name       string // what reasons call it
	version    string
	statements []statement
	open       string // why the whole document is not known; empty when it is
}

// statement is a statement of it. Elements are exact where the document's JSON is known.
type statement struct {
	sid                     string
	effect                  string
	actions, notActions     []value
	resources, notResources []value
	principal, notPrincipal []principals
	anybody                 bool // Principal "*"
	conditions              []condition
	open                    string // why the statement cannot be read at all
	by                      string // the resource that adds it, where that is not the document's
}

// principals are those of one type: AWS, Service, Federated, CanonicalUser.
type principals struct {
	kind  string
	names []value
}

type condition struct {
	operator, key string
	values        []value
	runtime       bool // only the call itself shows the key
}

// atRuntime are condition keys that no plan can know. What rests on one of them is open.
var atRuntime = []string{"aws:currenttime", "aws:epochtime", "aws:tokenissuetime", "aws:sourceip", "aws:userid", "aws:principalorgid", "aws:principalorgpaths",
	"aws:resourceorgid", "aws:resourceorgpaths", "aws:resourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip"}

func (c *condition) atRuntime() bool {
	key := strings.ToLower(c.key)
	return c.runtime || slices.Contains(atRuntime, key) || strings.HasPrefix(key, "aws:principaltag/") || strings.HasPrefix(key, "aws:resourcetag/") || strings.HasPrefix(key, "aws:requesttag/")
}

// element is a list of values in a bound. grants says that more elements grant more: Resource of an Allow, not of a Deny.
// dropped says that something was left out.
func element(values []value, b bound, grants bool) (list []string, dropped bool) {
	for _, v := range values {
		switch {
		case v.absent:
		case v.level == exact && !v.hidden, v.level == taken && b == likely:
			list = append(list, v.text)
		case grants == (b == possible):
			list = append(list, v.widest()...)
		default:
			dropped = true
		}
	}
	return list, dropped
}

// widest is all that a value may come to: the texts that it is about and what may follow them.
func (v *value) widest() []string {
	if v.level == taken {
		return []string{v.text, v.text + "*"}
	}
	if len(v.about) == 0 {
		return []string{"*"}
	}
	var list []string
	for _, text := range v.about {
		list = append(list, text, text+"*")
	}
	return list
}

// render is the document in a bound, for the evaluator, and which of its own statements each statement is. A document that
// is open denies everything when certain, and allows everything when possible.
func (d *document) render(b bound, env environment) (*policy.Document, []int) {
	version := d.version
	if version == "" {
		version = policy.Version2012
	}
	var list []map[string]any
	var origin []int
	if d.open != "" && b != likely {
		list, origin = append(list, everything(b)), append(origin, -1)
	}
	for i := range d.statements {
		if s := d.statements[i].render(b); s != nil {
			list, origin = append(list, s), append(origin, i)
		}
	}
	if len(list) == 0 {
		return &policy.Document{}, nil
	}
	text, err := json.Marshal(map[string]any{"Version": version, "Statement": list})
	if err != nil {
		return &policy.Document{}, nil
	}
	doc, err := policy.Parse([]byte(env.apply(string(text))))
	if err != nil { // it was parsed before, or is refused at apply
		return &policy.Document{}, nil
	}
	return doc, origin
}

func everything(b bound) map[string]any {
	effect := policy.Deny
	if b == possible {
		effect = policy.Allow
	}
	return map[string]any{"Effect": effect, "Principal": "*", "Action": "*", "Resource": "*"}
}

// render is the statement in a bound; nil where it grants or denies nothing there.
func (s *statement) render(b bound) map[string]any {
	allow := s.effect != string(policy.Deny)
	if s.open != "" {
		if b == possible && allow {
			return everything(possible)
		}
		if b == certain && !allow {
			return everything(certain)
		}
		return nil
	}
	m := map[string]any{"Effect": s.effect}
	if s.sid != "" {
		m["Sid"] = s.sid
	}
	put := func(name string, values []value, grants bool) bool {
		if len(values) == 0 {
			return true
		}
		list, _ := element(values, b, grants)
		if len(list) == 0 && name == "NotAction" {
			m["Action"] = "*"
		}
		if len(list) == 0 {
			return !grants == allow // a Not… without elements excepts nothing
		}
		m[name] = list
		return true
	}
	if !put("Action", s.actions, allow) || !put("NotAction", s.notActions, !allow) ||
		!put("Resource", s.resources, allow) || !put("NotResource", s.notResources, !allow) {
		return nil
	}
	if s.anybody {
		m["Principal"] = "*"
	}
	if !putPrincipals(m, "Principal", s.principal, b, allow) || !putPrincipals(m, "NotPrincipal", s.notPrincipal, b, !allow) {
		return nil
	}
	if !s.putConditions(m, b, allow) {
		return nil
	}
	if m["Action"] == nil && m["NotAction"] == nil {
		return nil
	}
	return m
}

func putPrincipals(m map[string]any, name string, list []principals, b bound, grants bool) bool {
	if len(list) == 0 {
		return true
	}
	set := map[string][]string{}
	for _, p := range list {
		names, _ := element(p.names, b, grants)
		if p.kind == "*" || slices.Contains(names, "*") {
			m[name] = "*"
			return true
		}
		if len(names) > 0 {
			set[p.kind] = append(set[p.kind], names...)
		}
	}
	if len(set) == 0 {
		return false
	}
	m[name] = set
	return true
}

// putConditions adds the conditions. One that is not known makes a statement that allows drop out, unless everything that
// is possible counts; a statement that denies then has no such condition.
func (s *statement) putConditions(m map[string]any, b bound, allow bool) bool {
	all := map[string]map[string][]string{}
	for _, c := range s.conditions {
		if c.vague(b, allow) {
			if allow == (b == possible) {
				continue // without the condition
			}
			return false
		}
		operator := c.operator
		if b == possible && strings.EqualFold(operator, "StringEquals") && slices.ContainsFunc(c.values, func(v value) bool { return v.level != exact }) {
			operator = "StringLike"
		}
		if all[operator] == nil {
			all[operator] = map[string][]string{}
		}
		values, _ := element(c.values, b, allow)
		all[operator][c.key] = append(all[operator][c.key], values...)
	}
	if len(all) > 0 {
		m["Condition"] = all
	}
	return true
}

// vague reports whether a condition cannot be put to the evaluator in a bound.
func (c *condition) vague(b bound, allow bool) bool {
	if c.atRuntime() {
		return true
	}
	likeable := slices.Contains([]string{"arnlike", "arnequals", "stringlike", "stringequals"}, strings.ToLower(c.operator))
	for _, v := range c.values {
		switch {
		case v.hidden, v.level == open && len(v.about) == 0:
			return true
		case v.level == open && !(b == possible && allow && likeable), v.level == taken && b == certain, v.level == taken && b == possible && !likeable:
			return true
		}
	}
	return false
}
