package policy_test

import (
	"strings"
	"unicode/utf16"
)

// mark is one place of a pattern: a character (a UTF-16 unit, as AWS counts), one character of any kind (?), or any number
// of them (*). inSegment keeps a wildcard from matching a colon.
type mark struct {
	unit      uint16
	one, any  bool
	inSegment bool
}

// literal is text without wildcards.
func literal(text string) (list []mark) {
	for _, unit := range utf16.Encode([]rune(text)) {
		list = append(list, mark{unit: unit})
	}
	return list
}

// wildcards is text in which * and ? are wildcards.
func wildcards(text string) []mark {
	list := literal(text)
	for i := range list {
		list[i].any, list[i].one = list[i].unit == '*', list[i].unit == '?'
	}
	return list
}

// wild matches a whole text, by trying everything.
func wild(pattern []mark, text string) bool { return tryAll(pattern, utf16.Encode([]rune(text))) }

func tryAll(pattern []mark, text []uint16) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	p := pattern[0]
	if p.any {
		return tryAll(pattern[1:], text) || len(text) > 0 && !(p.inSegment && text[0] == ':') && tryAll(pattern, text[1:])
	}
	if len(text) == 0 {
		return false
	}
	return (p.one && !(p.inSegment && text[0] == ':') || !p.one && p.unit == text[0]) && tryAll(pattern[1:], text[1:])
}

// fill puts variables into a text, and makes marks of it. What a variable brings in is literal. False: a variable has no
// value and no default.
func (r *reference) fill(c *testCase, text string, variables bool) (list []mark, ok bool) {
	if !variables {
		return wildcards(text), true
	}
	for {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			return append(list, wildcards(text)...), true
		}
		inner, after, closed := strings.Cut(rest, "}")
		if !closed {
			r.note("variable unterminated")
			return append(list, wildcards(text)...), true
		}
		list = append(list, wildcards(before)...)
		value, ok := r.variable(c, inner)
		if !ok {
			r.note("variable without value")
			return nil, false
		}
		list, text = append(list, literal(value)...), after
	}
}

func (r *reference) variable(c *testCase, inner string) (string, bool) {
	if inner == "*" || inner == "?" || inner == "$" {
		r.note("variable escape")
		return inner, true
	}
	key, fallback, hasDefault := strings.Cut(inner, ", '")
	if hasDefault {
		if fallback, hasDefault = strings.CutSuffix(fallback, "'"); !hasDefault {
			key = inner
		}
	}
	values, present := lookUp(c, key)
	switch {
	case present && !several(key, values):
		r.note("variable with value")
		return values[0], true
	case present:
		r.note("variable multivalued")
		return "", false
	case hasDefault:
		r.note("variable by default")
		return fallback, true
	}
	return "", false
}

// lookUp finds a condition key, whatever its case. A key without values is absent.
// several reports whether a key counts as one of several values: it has them, or is of those that AWS lists as multivalued.
func several(key string, values []string) bool {
	switch strings.ToLower(key) {
	case "aws:calledvia", "aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths", "aws:principalservicenameslist", "aws:tagkeys",
		"dynamodb:attributes", "dynamodb:leadingkeys", "lambda:layer", "lambda:vpcids", "lambda:subnetids", "lambda:securitygroupids":
		return true
	}
	return len(values) > 1
}

func lookUp(c *testCase, key string) ([]string, bool) {
	for name, values := range c.Context {
		if strings.EqualFold(name, key) && len(values) > 0 {
			return values, true
		}
	}
	return nil, false
}
