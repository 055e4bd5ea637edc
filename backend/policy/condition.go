package policy

import "strings"

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
	variables bool
	// constant compiles a value of the policy.
	constant func(raw string, variables scope) constant
	// admits reports whether a value of the request is one at all; where not, neither form holds. Nil admits everything.
	admits func(have string) bool
}

// constant is a value of the policy, compiled once.
type constant interface {
	compare(have string, c Context) outcome
}

// outcome is what comparing two values gave.
type outcome int

const (
	differs outcome = iota
	matches
	never // the policy's value is malformed: the condition fails, negated or not
)

func when(ok bool) outcome {
	if ok {
		return matches
	}
	return differs
}

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

// parseOperator reads an operator as written in a policy. It reports false when there is none of that name.
func parseOperator(name string) (test, bool) {
	var t test
	base := strings.ToLower(name)
	if rest, ok := strings.CutPrefix(base, "forallvalues:"); ok {
		t.quantifier, base = forAllValues, rest
	} else if rest, ok := strings.CutPrefix(base, "foranyvalue:"); ok {
		t.quantifier, base = forAnyValue, rest
	}
	if base == "null" {
		t.null = true
		return t, true
	}
	base, t.ifExists = strings.CutSuffix(base, "ifexists")
	o, ok := operators[base]
	t.base = o
	return t, ok
}

// compile prepares the values, and adds the keys of their variables.
func (c *Condition) compile(variables bool, keys *[]string) {
	if c.test.null {
		return
	}
	scope := noVariables
	if variables && c.test.base.variables {
		scope = variablesAnywhere
	}
	for _, raw := range c.Values {
		v := c.test.base.constant(raw, scope)
		if t, ok := v.(templated); ok {
			*keys = append(*keys, t.keys()...)
		}
		c.constants = append(c.constants, v)
	}
}

// templated is a constant that may hold variables.
type templated interface {
	keys() []string
	unresolved(Context) *token
}

// match reports whether the condition holds. A key without values is absent; an empty string is a value, for the set
// operators too (recorded against AWS, whose guide says otherwise of ForAllValues).
func (c *Condition) match(ctx Context) bool {
	key := ctx.keys[c.key]
	have := key.values
	if c.test.null {
		return c.matchNull(len(have) > 0)
	}
	if len(have) == 0 {
		return c.test.ifExists || c.test.quantifier == forAllValues || c.test.base.negated && c.test.quantifier == single
	}
	switch c.test.quantifier {
	case forAllValues:
		for _, h := range have {
			if !c.holds(ctx, h) {
				return false
			}
		}
		return true
	case forAnyValue:
		for _, h := range have {
			if c.holds(ctx, h) {
				return true
			}
		}
		return false
	}
	return !key.list && c.holds(ctx, have[0])
}

func (c *Condition) matchNull(present bool) bool {
	for _, v := range c.Values {
		if strings.EqualFold(v, "true") != present {
			return true
		}
	}
	return false
}

// holds compares one value of the request with all of the policy's: any may match, or with a negated operator none.
func (c *Condition) holds(ctx Context, have string) bool {
	o := &c.test.base
	if o.admits != nil && !o.admits(have) {
		return false
	}
	for _, want := range c.constants {
		switch want.compare(have, ctx) {
		case matches:
			return !o.negated
		case never:
			return false
		}
	}
	return o.negated
}
