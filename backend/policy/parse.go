package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// SyntaxError says why a text is not a policy, and where.
type SyntaxError struct {
	Message string
	At      Position
	// Statement is the number of the statement from 1; 0 outside of statements.
	Statement int
	// rank says which of IAM's checks finds it.
	rank rank
}

// rank orders IAM's checks: all statements pass one before the next begins.
type rank int

const (
	syntactic rank = iota
	legacy
	actionless
)

func (e *SyntaxError) Error() string {
	if e.Statement > 0 {
		return fmt.Sprintf("%s: statement %d: %s", e.At, e.Statement, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.At, e.Message)
}

// parser reads one text.
type parser struct {
	text      []byte
	statement int // its number, from 1
	variables bool
	// late is the first defect that IAM finds only once the whole text is read.
	late *SyntaxError
	mark mark // the place that position found last
}

func (p *parser) syntaxf(at int, format string, args ...any) error {
	return &SyntaxError{Message: fmt.Sprintf(format, args...), At: p.position(at), Statement: p.statement}
}

// later notes a defect that a check of IAM's finds which comes after the syntax.
func (p *parser) later(r rank, at int, format string, args ...any) {
	if p.late == nil || r < p.late.rank {
		p.late = &SyntaxError{Message: fmt.Sprintf(format, args...), At: p.position(at), Statement: p.statement, rank: r}
	}
}

// Parse reads a policy of any kind: identity, resource, trust, boundary or session. It checks the grammar that all kinds
// share (IAM User Guide, grammar of the JSON policy language): element names are case-sensitive, unknown and repeated ones
// are refused, and so is an operator that does not exist. What only some kinds admit is for Validate. Errors are
// *SyntaxError.
func Parse(text []byte) (*Document, error) {
	p := &parser{text: text}
	d, err := p.document()
	if err != nil {
		return nil, err
	}
	if p.late != nil {
		return nil, p.late
	}
	return d, nil
}

func (p *parser) document() (*Document, error) {
	members, err := p.object(value{raw: p.text})
	if err != nil {
		return nil, err
	}
	d := &Document{Version: Version2008}
	var statements value
	for _, m := range members {
		switch m.name {
		case "Version":
			err = p.string(m.name, m.value, &d.Version)
			if err == nil && d.Version != Version2008 && d.Version != Version2012 {
				err = p.syntaxf(m.at, "Version %q: want %q or %q", d.Version, Version2012, Version2008)
			}
			d.versioned = true
		case "Id":
			err = p.string(m.name, m.value, &d.ID)
			d.hasID = true
		case "Statement":
			statements = m.value
		default:
			err = p.syntaxf(m.nameAt, "unknown element %q", m.name)
		}
		if err != nil {
			return nil, err
		}
	}
	p.variables = d.Version == Version2012
	list, start, err := p.each(statements)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, p.syntaxf(start, "Statement: want at least one statement")
	}
	d.Statements = make([]Statement, len(list))
	for i, v := range list {
		p.statement = i + 1
		s := &d.Statements[i]
		s.Start, s.End = p.position(start), p.position(v.end())
		start = v.end()
		if err := p.parseStatement(v, s); err != nil {
			return nil, err
		}
	}
	p.statement = 0
	return d, nil
}

func (p *parser) parseStatement(v value, s *Statement) error {
	members, err := p.object(v)
	if err != nil {
		return err
	}
	for _, m := range members {
		switch m.name {
		case "Sid":
			err = p.string(m.name, m.value, &s.SID)
		case "Effect":
			err = p.parseEffect(m, s)
		case "Principal":
			s.Principal, err = p.parsePrincipal(m)
		case "NotPrincipal":
			s.NotPrincipal, err = p.parsePrincipal(m)
		case "Action":
			s.Actions, s.actions, err = p.parseActions(m)
		case "NotAction":
			s.NotActions, s.notActions, err = p.parseActions(m)
		case "Resource":
			s.Resources, s.resources, err = p.parseResources(m, s)
		case "NotResource":
			s.NotResources, s.notResources, err = p.parseResources(m, s)
		case "Condition":
			err = p.parseConditions(m.value, s)
		default:
			err = p.syntaxf(m.nameAt, "unknown element %q", m.name)
		}
		if err != nil {
			return err
		}
	}
	return p.checkPairs(v, s, members)
}

func (p *parser) parseEffect(m member, s *Statement) error {
	var e string
	if err := p.string(m.name, m.value, &e); err != nil {
		return err
	}
	s.Effect = Effect(e)
	switch {
	case s.Effect == Allow || s.Effect == Deny:
	case strings.EqualFold(e, string(Allow)) || strings.EqualFold(e, string(Deny)):
		p.later(legacy, m.at, "Effect %q: want Allow or Deny, spelled so", e)
	default:
		return p.syntaxf(m.at, "Effect %q: want Allow or Deny", e)
	}
	return nil
}

// checkPairs holds a statement to the rule that exactly one of each pair is there.
func (p *parser) checkPairs(v value, s *Statement, members []member) error {
	has := func(name string) bool {
		return slices.ContainsFunc(members, func(m member) bool { return m.name == name })
	}
	switch {
	case s.Effect == "":
		return p.syntaxf(v.at, "Effect is missing")
	case has("Action") && has("NotAction"):
		return p.syntaxf(v.at, "want only one of Action and NotAction")
	case has("Resource") && has("NotResource"):
		return p.syntaxf(v.at, "want only one of Resource and NotResource")
	case has("Principal") && has("NotPrincipal"):
		return p.syntaxf(v.at, "want only one of Principal and NotPrincipal")
	case len(s.Actions) == 0 && len(s.NotActions) == 0:
		p.later(actionless, v.at, "Action: want at least one action")
	}
	s.resourced = has("Resource") || has("NotResource")
	return nil
}

func (p *parser) parseActions(m member) ([]string, []pattern, error) {
	raw, err := p.strings(m)
	list := make([]pattern, len(raw))
	for i, a := range raw {
		list[i] = actionPattern(a)
	}
	return raw, list, err
}

func (p *parser) parseResources(m member, s *Statement) ([]string, []pattern, error) {
	raw, err := p.strings(m)
	list := make([]pattern, len(raw))
	for i, r := range raw {
		v := noVariables
		if p.variables {
			v = variablesAfterFifthColon
		}
		list[i] = newPattern(r, resource, v)
		s.keys = append(s.keys, list[i].keys()...)
	}
	return raw, list, err
}

func (p *parser) parsePrincipal(m member) (*PrincipalSet, error) {
	var star string
	if json.Unmarshal(m.raw, &star) == nil && m.first() == '"' {
		if star != "*" {
			return nil, p.syntaxf(m.at, "%s %q: want \"*\" or an object", m.name, star)
		}
		return &PrincipalSet{Any: true}, nil
	}
	types, err := p.object(m.value)
	if err != nil || len(types) == 0 {
		return nil, p.syntaxf(m.at, "%s: want \"*\" or an object with AWS, Service, Federated or CanonicalUser", m.name)
	}
	set := &PrincipalSet{}
	for _, t := range types {
		names, err := p.strings(t)
		if err != nil {
			return nil, err
		}
		switch t.name {
		case "AWS":
			set.AWS = names
			set.Any = set.Any || slices.Contains(names, "*")
		case "Service":
			set.Service = names
		case "Federated":
			set.Federated = names
		case "CanonicalUser":
			set.CanonicalUser = names
		default:
			return nil, p.syntaxf(t.nameAt, "%s: unknown type %q", m.name, t.name)
		}
	}
	return set, nil
}

func (p *parser) parseConditions(v value, s *Statement) error {
	operators, err := p.object(v)
	if err != nil {
		return err
	}
	for _, o := range operators {
		keys, err := p.object(o.value)
		if err != nil {
			return err
		}
		t, known := parseOperator(o.name)
		for _, k := range keys {
			if !known {
				return p.syntaxf(o.nameAt, "unknown condition operator %q", o.name)
			}
			values, err := p.scalars(k)
			if err != nil {
				return err
			}
			c := Condition{Operator: o.name, Key: k.name, Values: values, test: t, key: strings.ToLower(k.name)}
			s.keys = append(s.keys, k.name)
			c.compile(p.variables, &s.keys)
			s.Conditions = append(s.Conditions, c)
		}
	}
	return nil
}
