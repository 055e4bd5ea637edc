package policy

import "strings"

// The String family: exact, without case, and with * and ? anywhere.
func init() {
	exact := func(raw string, v scope) constant { return &textual{newPattern(raw, literal, v)} }
	fold := func(raw string, v scope) constant { return &foldedText{newPattern(raw, literal, v)} }
	like := func(raw string, v scope) constant { return &textual{newPattern(raw, plain, v)} }
	add("StringEquals", "StringNotEquals", operator{variables: true, constant: exact})
	add("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", operator{variables: true, constant: fold})
	add("StringLike", "StringNotLike", operator{variables: true, constant: like})
}

// textual is a text with or without wildcards.
type textual struct{ pattern }

func (t *textual) compare(have string, c Context) outcome { return when(t.match(have, c)) }

// foldedText is compared in lower case.
type foldedText struct{ pattern }

func (t *foldedText) compare(have string, c Context) outcome {
	want, ok := t.expand(c)
	return when(ok && strings.ToLower(want) == strings.ToLower(have))
}
