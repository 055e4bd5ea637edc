package expression

import (
	"slices"
	"strings"
)

// Holds reports whether an item satisfies the condition; a nil condition holds. A missing item is the empty one.
func (c *Condition) Holds(item Item) bool { return c == nil || c.holds(c.root, item) }

func (c *Condition) holds(n *node, item Item) bool {
	switch n.op {
	case "and":
		return c.holds(n.args[0], item) && c.holds(n.args[1], item)
	case "or":
		return c.holds(n.args[0], item) || c.holds(n.args[1], item)
	case "not":
		return !c.holds(n.args[0], item)
	case "call":
		return c.call(n, item)
	}
	values := make([]Value, len(n.args))
	for i, arg := range n.args {
		values[i], _ = c.operand(arg, item) // what is not there has no type, and equals nothing
	}
	v := values[0]
	switch n.op {
	case "between":
		return ordered(values[1], v, "<=") && ordered(v, values[2], "<=")
	case "in":
		return slices.ContainsFunc(values[1:], func(w Value) bool { return same(v, w) })
	case "=":
		return same(v, values[1])
	case "<>":
		return !same(v, values[1])
	}
	return ordered(v, values[1], n.op)
}

func same(v, w Value) bool { return v.Type != "" && v.Equal(w) }

// ordered compares scalars of one type; of anything else nothing holds.
func ordered(v, w Value, op string) bool {
	order, ok := v.Compare(w)
	if !ok {
		return false
	}
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

// operand is the value of an operand, and whether there is one.
func (c *Condition) operand(n *node, item Item) (Value, bool) {
	switch n.op {
	case "value":
		return c.values[n.name], true
	case "path":
		return c.resolve(n.path).at(item)
	}
	v, ok := c.operand(n.args[0], item) // size, which alone gives a value
	size, has := v.count()
	if !ok || !has {
		return Value{}, false
	}
	number, err := ParseNumber(itoa(size))
	return Value{Type: N, Number: number}, err == nil
}

// count is the size function: bytes of strings and binaries, elements of the rest.
func (v Value) count() (int, bool) {
	switch v.Type {
	case S, B:
		return len(v.Text), true
	case SS, NS, BS, L:
		return len(v.List), true
	case M:
		return len(v.Map), true
	}
	return 0, false
}

func (c *Condition) call(n *node, item Item) bool {
	v, ok := c.operand(n.args[0], item)
	switch n.name {
	case "attribute_exists":
		return ok
	case "attribute_not_exists":
		return !ok
	}
	w, has := c.operand(n.args[1], item)
	if !ok || !has {
		return false
	}
	switch n.name {
	case "attribute_type":
		return string(v.Type) == w.Text
	case "begins_with":
		return v.Type == w.Type && (v.Type == S || v.Type == B) && strings.HasPrefix(v.Text, w.Text)
	}
	return v.contains(w)
}

// contains: a string or binary holds another of its type, a set or list holds an element.
func (v Value) contains(w Value) bool {
	switch v.Type {
	case S, B:
		return w.Type == v.Type && strings.Contains(v.Text, w.Text)
	case SS, NS, BS, L:
		return slices.ContainsFunc(v.List, w.Equal)
	}
	return false
}
