package pattern

import "strings"

// numeric compiles ["=", n], or one or two bounds: [">", n, "<=", m].
func (c *compiler) numeric(s *values, v *node) error {
	if v.kind != arrayToken {
		return c.fail("Value of numeric must be an array.", v.loc)
	}
	terms := &terms{c: c, list: v}
	op, err := terms.operator()
	if err != nil {
		return err
	}
	r := everything()
	switch op {
	case "=":
		n, err := terms.number("equals")
		if err != nil {
			return err
		}
		s.ranges = append(s.ranges, interval{low: n, high: n})
		return terms.end()
	case "<", "<=":
		if r.high, err = terms.number(op); err != nil {
			return err
		}
		r.openHigh = op == "<"
	case ">", ">=":
		if r.low, err = terms.number(op); err != nil {
			return err
		}
		r.openLow = op == ">"
		if err := terms.upper(&r); err != nil {
			return err
		}
	default:
		return c.fail("Unrecognized numeric range operator: "+op, v.items[0].end)
	}
	s.ranges = append(s.ranges, r)
	return terms.end()
}

// terms are the members of a numeric array, read one after the other.
type terms struct {
	c    *compiler
	list *node
	next int
}

func (t *terms) take() *node {
	if t.next == len(t.list.items) {
		return nil
	}
	t.next++
	return t.list.items[t.next-1]
}

func (t *terms) operator() (string, error) {
	n := t.take()
	if n == nil {
		return "", t.c.fail("Invalid member in numeric match: ]", t.list.end)
	}
	if n.kind != stringToken {
		return "", t.c.fail("Invalid member in numeric match: "+n.text, n.loc)
	}
	return n.text, nil
}

func (t *terms) number(of string) (float64, error) {
	n := t.take()
	if n == nil {
		return 0, t.c.fail("Value of "+of+" must be numeric", t.list.end)
	}
	if n.kind != numberToken {
		return 0, t.c.fail("Value of "+of+" must be numeric", n.loc)
	}
	return n.number(), nil
}

// upper reads the upper bound, when there is one.
func (t *terms) upper(r *interval) error {
	if t.next == len(t.list.items) {
		return nil
	}
	op, err := t.operator()
	if err != nil {
		return err
	}
	if op != "<" && op != "<=" {
		return t.c.fail("Bad numeric range operator: "+op, t.list.items[t.next-1].end)
	}
	if r.high, err = t.number(op); err != nil {
		return err
	}
	if r.openHigh = op == "<"; r.high < r.low || r.high == r.low && (r.openLow || r.openHigh) {
		return t.c.fail("Bottom must be less than top", t.list.items[t.next-1].loc)
	}
	return nil
}

func (t *terms) end() error {
	if n := t.take(); n != nil {
		return t.c.fail("Too many terms in numeric range expression", n.loc)
	}
	return nil
}

// anythingBut compiles a value, a list of values of one type, or an operator with a string or a list of strings.
func (c *compiler) anythingBut(s *values, v *node) error {
	not := &values{}
	switch {
	case v.kind == stringToken || v.kind == numberToken:
		not.add(v)
	case v.kind == arrayToken:
		if err := c.anythingButList(not, v); err != nil {
			return err
		}
	case v.kind == objectToken && c.dialect == EventBridge && len(v.members) == 1:
		m := v.members[0]
		if m.name != "prefix" && m.name != "suffix" && m.name != "equals-ignore-case" && m.name != "wildcard" {
			return c.fail("Unsupported anything-but pattern: "+m.name, m.value.loc)
		}
		if err := c.anythingButOperator(not, m.name, m.value); err != nil {
			return err
		}
	default:
		return c.fail("Value of anything-but must be an array or single string/number value.", v.loc)
	}
	s.not = append(s.not, not)
	return nil
}

func (c *compiler) anythingButList(not *values, v *node) error {
	if len(v.items) == 0 {
		return c.fail("Empty arrays are not allowed", v.end)
	}
	for _, item := range v.items {
		if item.kind != stringToken && item.kind != numberToken {
			return c.failIn("Inside anything but list, start|null|boolean is not supported.", item.loc)
		}
		if item.kind != v.items[0].kind {
			return c.failIn("Inside anything but list, either all values are number or string, mixed type is not supported", item.loc)
		}
		not.add(item)
	}
	return nil
}

// anythingButOperator compiles what is nested in anything-but.
func (c *compiler) anythingButOperator(not *values, name string, v *node) error {
	switch v.kind {
	case objectToken:
		return c.fail("Value of anything-but must be an array or single string/number value.", v.loc)
	case arrayToken:
		if len(v.items) == 0 {
			return c.fail("Empty arrays are not allowed", v.end)
		}
		for _, item := range v.items {
			if err := c.anythingButText(not, name, item, c.failIn); err != nil {
				return err
			}
		}
		return nil
	}
	return c.anythingButText(not, name, v, c.fail)
}

func (c *compiler) anythingButText(not *values, name string, v *node, fail func(string, int) *Error) error {
	switch {
	case name == "wildcard":
		return c.wildcard(not, v, fail)
	case name == "equals-ignore-case" && v.kind != stringToken:
		return fail("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.", v.loc)
	case name == "equals-ignore-case":
		add(&not.folded, strings.ToLower(v.text))
	case v.kind != stringToken:
		return fail("prefix/suffix match pattern must be a string", v.loc)
	case v.text == "":
		return fail("Null prefix/suffix not allowed", v.end)
	case name == "prefix":
		not.prefixes = not.prefixes.add(v.text)
	default:
		not.suffixes = not.suffixes.addBack(v.text)
	}
	return nil
}
