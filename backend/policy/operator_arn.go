package policy

import "strings"

// The Arn family: ArnEquals and ArnLike are the same: six segments, each with * and ?, the sixth taking the rest. A value
// that is no ARN satisfies neither form.
func init() {
	o := operator{variables: true, admits: isARN,
		constant: func(raw string, v scope) constant { return &textual{newPattern(raw, arnEquals, v)} }}
	add("ArnEquals", "ArnNotEquals", o)
	add("ArnLike", "ArnNotLike", o)
}

// isARN reports whether s has six segments and begins with "arn:".
func isARN(s string) bool { return strings.HasPrefix(s, "arn:") && strings.Count(s, ":") >= 5 }
