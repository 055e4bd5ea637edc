package policy

import (
	"math/big"
	"strings"
)

// The Numeric family compares decimals by value. What is no number satisfies only NumericNotEquals.
func init() {
	comparisons("Numeric", func(want, have string) (int, bool) {
		w, ok1 := number(want)
		h, ok2 := number(have)
		if !ok1 || !ok2 {
			return 0, false
		}
		return h.Cmp(w), true
	})
}

func number(s string) (*big.Rat, bool) {
	if s == "" || len(s) > 64 || strings.ContainsAny(s, "/_xXpPbBoO") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// comparisons registers the six operators of a family. compare orders the request's value against the policy's.
func comparisons(family string, compare func(want, have string) (int, bool)) {
	register := func(name, negation string, holds func(int) bool) {
		add(family+name, negation, operator{compare: func(want, have string) outcome {
			order, ok := compare(want, have)
			return when(ok && holds(order))
		}})
	}
	register("Equals", family+"NotEquals", func(o int) bool { return o == 0 })
	register("LessThan", "", func(o int) bool { return o < 0 })
	register("LessThanEquals", "", func(o int) bool { return o <= 0 })
	register("GreaterThan", "", func(o int) bool { return o > 0 })
	register("GreaterThanEquals", "", func(o int) bool { return o >= 0 })
}
