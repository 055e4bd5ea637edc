package policy_test

import (
	"strings"
)

// matchesConditions: operators and their keys are all needed. All are asked.
func (r *reference) matchesConditions(c *testCase, s object, variables bool) bool {
	block, _ := s["Condition"].(object)
	all := true
	for operator, keys := range block {
		for key, values := range keys.(object) {
			holds := r.condition(c, operator, key, texts(values), variables)
			all = all && holds
		}
	}
	return all
}

func (r *reference) condition(c *testCase, written, key string, want []string, variables bool) bool {
	operator, set := written, ""
	if before, after, found := strings.Cut(operator, ":"); found {
		set, operator = before, after
	}
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	values, present := lookUp(c, key)
	if operator == "Null" {
		for _, w := range want {
			if strings.EqualFold(w, "true") && !present || strings.EqualFold(w, "false") && present {
				r.note("operator Null true")
				return true
			}
		}
		r.note("operator Null false")
		return false
	}
	result := r.compareAll(c, operator, set, key, ifExists, present, values, want, variables)
	outcome := map[bool]string{true: "true", false: "false"}[result]
	switch {
	case !present:
		r.note("missing " + written + " " + outcome)
	case several(key, values) && set == "":
		r.note("several values " + operator + " " + outcome)
	case set != "":
		r.note("set " + set + ":" + operator + " " + outcome)
	default:
		r.note("operator " + operator + " " + outcome)
	}
	return result
}

func (r *reference) compareAll(c *testCase, operator, set, key string, ifExists, present bool, values, want []string, variables bool) bool {
	positive, negated := positiveOf(operator)
	if !present {
		switch {
		case set == "ForAllValues", set == "" && ifExists:
			return true
		case set == "ForAnyValue":
			return false
		}
		return negated
	}
	one := func(value string) bool { return r.compareOne(c, positive, negated, value, want, variables) }
	switch set {
	case "ForAllValues":
		for _, v := range values {
			if !one(v) {
				return false
			}
		}
		return true
	case "ForAnyValue":
		for _, v := range values {
			if one(v) {
				return true
			}
		}
		return false
	}
	return !several(key, values) && one(values[0])
}

// positiveOf is the operator that a negated one negates.
func positiveOf(operator string) (positive string, negated bool) {
	switch operator {
	case "NotIpAddress":
		return "IpAddress", true
	case "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike", "NumericNotEquals", "DateNotEquals", "ArnNotEquals", "ArnNotLike":
		return strings.Replace(operator, "Not", "", 1), true
	}
	return operator, false
}

// compareOne compares one value of the request with all of the policy: it must equal one of them; negated, none.
func (r *reference) compareOne(c *testCase, positive string, negated bool, value string, want []string, variables bool) bool {
	switch positive {
	case "IpAddress":
		if _, ok := parseIP(value); !ok {
			return false // an address that is none never matches, negated or not
		}
	case "ArnEquals", "ArnLike":
		if strings.Count(value, ":") < 5 || !strings.HasPrefix(value, "arn:") {
			return false
		}
	}
	for _, w := range want {
		is, invalid := r.is(c, positive, value, w, variables)
		if invalid {
			return false
		}
		if is {
			return !negated
		}
	}
	return negated
}

// is compares one value with one. invalid ends the whole comparison: no value of the policy after it counts.
func (r *reference) is(c *testCase, positive, value, want string, variables bool) (is, invalid bool) {
	switch positive {
	case "StringEquals":
		w, ok := r.fill(c, want, variables)
		return ok && textOf(w) == value, false
	case "StringEqualsIgnoreCase":
		w, ok := r.fill(c, want, variables)
		return ok && strings.ToLower(textOf(w)) == strings.ToLower(value), false
	case "StringLike":
		w, ok := r.fill(c, want, variables)
		return ok && wild(w, value), false
	case "ArnEquals", "ArnLike":
		return r.arnIs(c, value, want, variables), false
	case "Bool":
		return strings.EqualFold(value, "true") == strings.EqualFold(want, "true"), false
	case "BinaryEquals":
		return value == want, false
	case "IpAddress":
		return ipIs(value, want)
	}
	if family, comparison, ok := cutFamily(positive); ok {
		order, ok := compareNumbersOrDates(family, value, want)
		return ok && holds(comparison, order), false
	}
	panic("operator " + positive)
}

func cutFamily(operator string) (family, comparison string, ok bool) {
	for _, family := range []string{"Numeric", "Date"} {
		if comparison, ok := strings.CutPrefix(operator, family); ok {
			return family, comparison, true
		}
	}
	return "", "", false
}

func holds(comparison string, order int) bool {
	switch comparison {
	case "Equals":
		return order == 0
	case "LessThan":
		return order < 0
	case "LessThanEquals":
		return order <= 0
	case "GreaterThan":
		return order > 0
	case "GreaterThanEquals":
		return order >= 0
	}
	panic("comparison " + comparison)
}

// arnIs compares the six segments of two ARNs one by one; the sixth takes the rest.
func (r *reference) arnIs(c *testCase, value, want string, variables bool) bool {
	have := strings.SplitN(value, ":", 6)
	marks, ok := r.fill(c, want, variables)
	if !ok {
		return false
	}
	var segments [][]mark
	start := 0
	for i, m := range marks {
		if m.unit == ':' && len(segments) < 5 {
			segments, start = append(segments, marks[start:i]), i+1
		}
	}
	segments = append(segments, marks[start:])
	if len(segments) != 6 {
		return false
	}
	for i := range segments {
		if !wild(segments[i], have[i]) {
			return false
		}
	}
	return true
}
