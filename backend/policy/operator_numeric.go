package policy

import (
	"strconv"
	"strings"
)

// The Numeric family compares decimals by value, exactly. What is no number satisfies only NumericNotEquals.
func init() {
	comparisons("Numeric", func(raw string, holds func(int) bool) constant {
		d, ok := number(raw)
		return numeric{d, ok, holds}
	})
}

type numeric struct {
	decimal
	valid bool
	holds func(int) bool
}

func (n numeric) compare(have string, _ Context) outcome {
	d, ok := number(have)
	return when(n.valid && ok && n.holds(d.order(n.decimal)))
}

// decimal is a number in its one normal form: no zeros in front of whole or behind fraction, and zero is not negative.
type decimal struct {
	negative        bool
	whole, fraction string
}

// longest is how long a number may be, and how far its exponent goes.
const longest, farthest = 128, 400

// number reads an optional sign, digits with at most one point, and an optional exponent.
func number(s string) (decimal, bool) {
	if s == "" || len(s) > longest {
		return decimal{}, false
	}
	negative := s[0] == '-'
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > farthest || e < -farthest {
			return decimal{}, false
		}
		s, exponent = s[:i], e
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole == "" && fraction == "" || !digits(whole) || !digits(fraction) {
		return decimal{}, false
	}
	if exponent > 0 {
		fraction += strings.Repeat("0", max(0, exponent-len(fraction)))
		whole, fraction = whole+fraction[:exponent], fraction[exponent:]
	} else if exponent < 0 {
		whole = strings.Repeat("0", max(0, -exponent-len(whole))) + whole
		whole, fraction = whole[:len(whole)+exponent], whole[len(whole)+exponent:]+fraction
	}
	d := decimal{negative, strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")}
	d.negative = d.negative && (d.whole != "" || d.fraction != "")
	return d, true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// order is negative, zero or positive as d is below, equal to or above other.
func (d decimal) order(other decimal) int {
	sign := 1
	switch {
	case d.negative && other.negative:
		sign = -1
	case d.negative:
		return -1
	case other.negative:
		return 1
	}
	if n := len(d.whole) - len(other.whole); n != 0 {
		return sign * n
	}
	if n := strings.Compare(d.whole, other.whole); n != 0 {
		return sign * n
	}
	return sign * strings.Compare(d.fraction, other.fraction)
}

// comparisons registers the six operators of a family. holds is given how the request's value stands to the policy's.
func comparisons(family string, make func(raw string, holds func(int) bool) constant) {
	register := func(name, negation string, holds func(int) bool) {
		add(family+name, negation, operator{constant: func(raw string, _ scope) constant { return make(raw, holds) }})
	}
	register("Equals", family+"NotEquals", func(o int) bool { return o == 0 })
	register("LessThan", "", func(o int) bool { return o < 0 })
	register("LessThanEquals", "", func(o int) bool { return o <= 0 })
	register("GreaterThan", "", func(o int) bool { return o > 0 })
	register("GreaterThanEquals", "", func(o int) bool { return o >= 0 })
}
