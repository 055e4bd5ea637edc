package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// SyntaxError says why a text is not a policy.
type SyntaxError struct{ Message string }

func (e *SyntaxError) Error() string { return e.Message }

func syntaxf(format string, args ...any) error { return &SyntaxError{fmt.Sprintf(format, args...)} }

// Parse reads a policy of any kind: identity, resource, trust, boundary or session. It checks the grammar that all kinds
// share (IAM User Guide, grammar of the JSON policy language): element names are case-sensitive, unknown and repeated ones
// are refused, and so is an operator that does not exist. Errors are *SyntaxError.
func Parse(text []byte) (*Document, error) {
	members, err := object(text)
	if err != nil {
		return nil, err
	}
	d := &Document{Version: Version2008}
	var statements json.RawMessage
	for _, m := range members {
		switch m.name {
		case "Version":
			err = m.string(&d.Version)
			if err == nil && d.Version != Version2008 && d.Version != Version2012 {
				err = syntaxf("Version %q: want %q or %q", d.Version, Version2012, Version2008)
			}
		case "Id":
			err = m.string(&d.ID)
		case "Statement":
			statements = m.value
		default:
			err = syntaxf("unknown element %q", m.name)
		}
		if err != nil {
			return nil, err
		}
	}
	list, err := each(statements)
	if err != nil || len(list) == 0 {
		return nil, syntaxf("Statement: want at least one statement")
	}
	for i, raw := range list {
		s, err := parseStatement(raw, d.Version == Version2012)
		if err != nil {
			return nil, syntaxf("statement %d: %v", i+1, err)
		}
		d.Statements = append(d.Statements, *s)
	}
	return d, nil
}

func parseStatement(raw json.RawMessage, variables bool) (*Statement, error) {
	members, err := object(raw)
	if err != nil {
		return nil, err
	}
	s := &Statement{}
	for _, m := range members {
		switch m.name {
		case "Sid":
			err = m.string(&s.SID)
		case "Effect":
			var e string
			err = m.string(&e)
			if s.Effect = Effect(e); err == nil && s.Effect != Allow && s.Effect != Deny {
				err = syntaxf("Effect %q: want Allow or Deny", e)
			}
		case "Principal":
			s.Principal, err = parsePrincipal(m)
		case "NotPrincipal":
			s.NotPrincipal, err = parsePrincipal(m)
		case "Action":
			s.Actions, err = m.strings()
		case "NotAction":
			s.NotActions, err = m.strings()
		case "Resource":
			s.Resources, err = m.strings()
		case "NotResource":
			s.NotResources, err = m.strings()
		case "Condition":
			s.Conditions, err = parseConditions(m.value, variables)
		default:
			err = syntaxf("unknown element %q", m.name)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, r := range s.Resources {
		s.resources = append(s.resources, resourceTemplate(r, variables))
	}
	for _, r := range s.NotResources {
		s.notResources = append(s.notResources, resourceTemplate(r, variables))
	}
	return s, s.check(members)
}

// check holds a statement to the rule that exactly one of each pair is there.
func (s *Statement) check(members []member) error {
	has := func(name string) bool {
		return slices.ContainsFunc(members, func(m member) bool { return m.name == name })
	}
	switch {
	case s.Effect == "":
		return syntaxf("Effect is missing")
	case has("Action") == has("NotAction"):
		return syntaxf("want exactly one of Action and NotAction")
	case has("Resource") && has("NotResource"):
		return syntaxf("want only one of Resource and NotResource")
	case has("Principal") && has("NotPrincipal"):
		return syntaxf("want only one of Principal and NotPrincipal")
	}
	return nil
}

// resourceTemplate compiles a Resource. Variables count only after the fifth colon.
func resourceTemplate(raw string, variables bool) template {
	if at := strings.Index(raw, "${"); at >= 0 && strings.Count(raw[:at], ":") < 5 {
		variables = false
	}
	return newTemplate(raw, resource, variables)
}

func parsePrincipal(m member) (*PrincipalSet, error) {
	var star string
	if json.Unmarshal(m.value, &star) == nil {
		if star != "*" {
			return nil, syntaxf("%s %q: want \"*\" or an object", m.name, star)
		}
		return &PrincipalSet{Any: true}, nil
	}
	types, err := object(m.value)
	if err != nil || len(types) == 0 {
		return nil, syntaxf("%s: want \"*\" or an object with AWS, Service, Federated or CanonicalUser", m.name)
	}
	set := &PrincipalSet{}
	for _, t := range types {
		names, err := t.strings()
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
			return nil, syntaxf("%s: unknown type %q", m.name, t.name)
		}
	}
	return set, nil
}

func parseConditions(raw json.RawMessage, variables bool) ([]Condition, error) {
	operators, err := object(raw)
	if err != nil {
		return nil, err
	}
	var list []Condition
	for _, o := range operators {
		t, err := parseOperator(o.name)
		if err != nil {
			return nil, err
		}
		keys, err := object(o.value)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			values, err := k.scalars()
			if err != nil {
				return nil, err
			}
			c := Condition{Operator: o.name, Key: k.name, Values: values, test: t}
			for _, v := range values {
				c.values = append(c.values, newTemplate(v, t.base.wildcards, variables && t.base.variables))
			}
			list = append(list, c)
		}
	}
	return list, nil
}

// member is one member of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// object reads a JSON object, in order, and refuses repeated names.
func object(text []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, syntaxf("want a JSON object")
	}
	var list []member
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, syntaxf("not JSON: %v", err)
		}
		m := member{name: t.(string)} // the decoder admits only strings here
		if slices.ContainsFunc(list, func(x member) bool { return x.name == m.name }) {
			return nil, syntaxf("element %q is there twice", m.name)
		}
		if err := dec.Decode(&m.value); err != nil {
			return nil, syntaxf("not JSON: %v", err)
		}
		list = append(list, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, syntaxf("not JSON: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, syntaxf("there is something after the JSON object")
	}
	return list, nil
}

// each returns the elements of a list, or the one value itself.
func each(raw json.RawMessage) ([]json.RawMessage, error) {
	if len(raw) > 0 && raw[0] == '[' {
		var list []json.RawMessage
		err := json.Unmarshal(raw, &list)
		return list, err
	}
	if len(raw) == 0 {
		return nil, nil
	}
	return []json.RawMessage{raw}, nil
}

func (m member) string(to *string) error {
	if m.value[0] != '"' || json.Unmarshal(m.value, to) != nil {
		return syntaxf("%s: want a string", m.name)
	}
	return nil
}

// strings reads a string or a list of strings.
func (m member) strings() ([]string, error) {
	list, err := each(m.value)
	if err != nil {
		return nil, syntaxf("%s: want a string or a list of strings", m.name)
	}
	out := make([]string, len(list))
	for i, raw := range list {
		if err := (member{m.name, raw}).string(&out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// scalars reads a string, number or boolean, or a list of them, as text.
func (m member) scalars() ([]string, error) {
	list, err := each(m.value)
	if err != nil {
		return nil, syntaxf("%s: want a value or a list of values", m.name)
	}
	out := make([]string, len(list))
	for i, raw := range list {
		switch raw[0] {
		case '"':
			if err := (member{m.name, raw}).string(&out[i]); err != nil {
				return nil, err
			}
		case '{', '[', 'n':
			return nil, syntaxf("%s: want strings, numbers or booleans", m.name)
		default:
			out[i] = string(raw)
		}
	}
	return out, nil
}
