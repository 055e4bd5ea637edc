package policy

import (
	"fmt"
	"strings"
)

// quantifier says how an operator treats a key with several values.
type quantifier int

const (
	single quantifier = iota
	forAllValues
	forAnyValue
)

// test is a compiled operator.
type test struct {
	quantifier quantifier
	ifExists   bool
	null       bool
	base       operator
}

// operator compares one value of the request with the values of the policy. It is the positive form; negated says that
// the condition wants none to match.
type operator struct {
	negated   bool
	wildcards wildcards
	variables bool
	// compare reports whether the request's value matches the policy's.
	compare func(want, have string) outcome
}

// outcome is what comparing two values gave.
type outcome int

const (
	differs outcome = iota
	matches
	never // the request's value is malformed: the condition fails, negated or not
)

// operators by name, without quantifier and IfExists; each family is in a file of its own.
var operators = map[string]operator{}

// add registers an operator and its negation ("" for none).
func add(name, negation string, o operator) {
	operators[strings.ToLower(name)] = o
	if negation != "" {
		o.negated = true
		operators[strings.ToLower(negation)] = o
	}
}

// parseOperator reads an operator as written in a policy.
func parseOperator(name string) (test, error) {
	var t test
	base := strings.ToLower(name)
	if rest, ok := strings.CutPrefix(base, "forallvalues:"); ok {
		t.quantifier, base = forAllValues, rest
	} else if rest, ok := strings.CutPrefix(base, "foranyvalue:"); ok {
		t.quantifier, base = forAnyValue, rest
	}
	if base == "null" {
		t.null = true
		return t, nil
	}
	base, t.ifExists = strings.CutSuffix(base, "ifexists")
	o, ok := operators[base]
	if !ok {
		return t, &SyntaxError{fmt.Sprintf("unknown condition operator %q", name)}
	}
	t.base = o
	return t, nil
}

// match returns "" when the condition holds, otherwise what failed.
func (c *Condition) match(ctx Context) string {
	have, present := ctx.Get(c.Key)
	if c.test.null {
		return c.matchNull(present)
	}
	if !present || len(have) == 0 {
		return c.missing()
	}
	switch c.test.quantifier {
	case forAllValues:
		for _, h := range have {
			if h != "" && !c.holds(ctx, h) {
				return c.failed(have)
			}
		}
		return ""
	case forAnyValue:
		for _, h := range have {
			if c.holds(ctx, h) {
				return ""
			}
		}
		return c.failed(have)
	}
	if len(have) > 1 || !c.holds(ctx, have[0]) {
		return c.failed(have)
	}
	return ""
}

func (c *Condition) matchNull(present bool) string {
	for _, v := range c.Values {
		if strings.EqualFold(v, "true") != present {
			return ""
		}
	}
	state := "absent"
	if present {
		state = "present"
	}
	return fmt.Sprintf("condition Null %s: the policy wants %s, the key is %s", c.Key, strings.Join(c.Values, " or "), state)
}

// missing applies the rules for a key that the request does not have.
func (c *Condition) missing() string {
	if c.test.ifExists || c.test.quantifier == forAllValues || (c.test.base.negated && c.test.quantifier == single) {
		return ""
	}
	return fmt.Sprintf("condition %s %s: the policy wants %s, the request does not have the key", c.Operator, c.Key, quoted(c.Values))
}

// holds compares one value of the request with all of the policy's: any may match, or with a negated operator none.
func (c *Condition) holds(ctx Context, have string) bool {
	for i := range c.values {
		want, ok := c.values[i].expand(ctx)
		if !ok {
			continue // a variable without a value matches nothing
		}
		switch c.test.base.compare(want, have) {
		case matches:
			return !c.test.base.negated
		case never:
			return false
		}
	}
	return c.test.base.negated
}

func (c *Condition) failed(have []string) string {
	return fmt.Sprintf("condition %s %s: the policy wants %s, the request has %s", c.Operator, c.Key, quoted(c.Values), quoted(have))
}

func quoted(values []string) string {
	q := make([]string, len(values))
	for i, v := range values {
		q[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(q, " or ")
}
