package policy

import "strings"

// The String family: exact, without case, and with * and ? anywhere.
func init() {
	add("StringEquals", "StringNotEquals", operator{variables: true, compare: equal})
	add("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", operator{variables: true, compare: func(want, have string) outcome {
		return when(strings.ToLower(want) == strings.ToLower(have))
	}})
	add("StringLike", "StringNotLike", operator{variables: true, wildcards: plain, compare: like})
}

func equal(want, have string) outcome { return when(want == have) }

func like(want, have string) outcome { return when(glob(want, have)) }

func when(ok bool) outcome {
	if ok {
		return matches
	}
	return differs
}
