package policy

import "strings"

// Bool compares true and false without case. What is neither matches nothing.
func init() {
	add("Bool", "", operator{constant: func(raw string, _ scope) constant {
		return truth{known: isBool(raw), is: strings.EqualFold(raw, "true")}
	}})
}

type truth struct{ known, is bool }

func (t truth) compare(have string, _ Context) outcome {
	return when(t.known && isBool(have) && t.is == strings.EqualFold(have, "true"))
}

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }
