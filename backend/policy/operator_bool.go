package policy

import "strings"

// Bool compares truths: "true", without case, is true, and every other text is false (recorded against AWS: under
// {"Bool": {key: "false"}} a request's "yes" and "" match).
func init() {
	add("Bool", "", operator{constant: func(raw string, _ scope) constant { return truth(isTrue(raw)) }})
}

type truth bool

func (t truth) compare(have string, _ Context) outcome { return when(bool(t) == isTrue(have)) }

func isTrue(s string) bool { return strings.EqualFold(s, "true") }
