package expression

import (
	"maps"
	"slices"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Texts of updates that do not fit the item.
const (
	errMissing = Error("The provided expression refers to an attribute that does not exist in the item")
	errPath    = Error("The document path provided in the update expression is invalid for update")
	errOperand = Error("An operand in the update expression has an incorrect data type")
)

// Apply returns the item after the update. The old item is left as it is; every operand is taken from it.
func (u *Update) Apply(item Item) (Item, error) {
	root := &change{}
	for i, a := range u.actions {
		edit, err := u.edit(a, item)
		if err != nil {
			return nil, err
		}
		root.put(u.paths[i], edit)
	}
	v, _, err := root.apply(Value{Type: M, Map: item}, true)
	return v.Map, err
}

// edit says what becomes of the value at a path: old, and whether there was one, to new, and whether there is one.
type edit func(old Value, was bool) (Value, bool, error)

func (u *Update) edit(a action, item Item) (edit, error) {
	if a.section == "REMOVE" {
		return func(Value, bool) (Value, bool, error) { return Value{}, false, nil }, nil
	}
	v, err := u.operand(a.value, item)
	if err != nil {
		return nil, err
	}
	switch a.section {
	case "ADD":
		return func(old Value, was bool) (Value, bool, error) { return old.add(v, was) }, nil
	case "DELETE":
		return func(old Value, was bool) (Value, bool, error) { return old.without(v, was) }, nil
	}
	return func(Value, bool) (Value, bool, error) { return v, true, nil }, nil
}

// operand is the value of a right-hand side.
func (u *Update) operand(n *node, item Item) (Value, error) {
	switch n.op {
	case "value":
		return u.values[n.name], nil
	case "path":
		v, ok := u.resolve(n.path).at(item)
		if !ok {
			return v, errMissing
		}
		return v, nil
	case "call":
		if n.name == "if_not_exists" {
			if v, ok := u.resolve(n.args[0].path).at(item); ok {
				return v, nil
			}
			return u.operand(n.args[1], item)
		}
	}
	x, err := u.operand(n.args[0], item)
	if err != nil {
		return x, err
	}
	y, err := u.operand(n.args[1], item)
	if err != nil {
		return y, err
	}
	if n.op == "call" { // list_append
		if x.Type != L || y.Type != L {
			return x, errOperand
		}
		return Value{Type: L, List: slices.Concat(x.List, y.List)}, nil
	}
	if x.Type != N || y.Type != N {
		return x, errOperand
	}
	if n.op == "-" {
		y.Number = y.Number.Negate()
	}
	sum, err := x.Number.Add(y.Number)
	return Value{Type: N, Number: sum}, err
}

// add is ADD: the sum of numbers, the union of sets.
func (v Value) add(w Value, was bool) (Value, bool, error) {
	switch {
	case !was:
		return w, true, nil
	case v.Type != w.Type:
		return v, true, errOperand
	case v.Type == N:
		sum, err := v.Number.Add(w.Number)
		return Value{Type: N, Number: sum}, true, err
	}
	list := slices.Clone(v.List)
	for _, e := range w.List {
		if !slices.ContainsFunc(v.List, e.Equal) {
			list = append(list, e)
		}
	}
	return Value{Type: v.Type, List: list}, true, nil
}

// without is DELETE: the difference of sets. A set that becomes empty is removed.
func (v Value) without(w Value, was bool) (Value, bool, error) {
	if !was {
		return v, false, nil
	}
	if v.Type != w.Type {
		return v, true, errOperand
	}
	list := slices.DeleteFunc(slices.Clone(v.List), func(e Value) bool { return slices.ContainsFunc(w.List, e.Equal) })
	return Value{Type: v.Type, List: list}, len(list) > 0, nil
}

// change is what an update does to a value: an edit of it, or changes of what is in it.
type change struct {
	edit    edit
	names   map[string]*change
	indexes map[int]*change
}

func (c *change) put(p Path, e edit) {
	for _, step := range p {
		next := c.names[step.Name]
		if step.Index >= 0 {
			next = c.indexes[step.Index]
		}
		if next == nil {
			next = &change{}
			if step.Index >= 0 {
				if c.indexes == nil {
					c.indexes = map[int]*change{}
				}
				c.indexes[step.Index] = next
			} else {
				if c.names == nil {
					c.names = map[string]*change{}
				}
				c.names[step.Name] = next
			}
		}
		c = next
	}
	c.edit = e
}

func (c *change) apply(v Value, was bool) (Value, bool, error) {
	switch {
	case c.edit != nil:
		return c.edit(v, was)
	case c.names != nil && v.Type == M:
		return c.applyMap(v)
	case c.indexes != nil && v.Type == L:
		return c.applyList(v)
	case c.names == nil && c.indexes == nil:
		return v, was, nil
	}
	return v, was, errPath
}

func (c *change) applyMap(v Value) (Value, bool, error) {
	out := maps.Clone(v.Map)
	if out == nil {
		out = Item{}
	}
	for _, name := range slices.Sorted(maps.Keys(c.names)) {
		old, was := v.Map[name]
		value, is, err := c.names[name].apply(old, was)
		if err != nil {
			return v, true, err
		}
		if is {
			out[name] = value
		} else {
			delete(out, name)
		}
	}
	return Value{Type: M, Map: out}, true, nil
}

// applyList changes elements where they were before the update; what is set beyond the end is appended, in the order of the
// indexes.
func (c *change) applyList(v Value) (Value, bool, error) {
	out := make([]Value, 0, len(v.List)+len(c.indexes))
	take := func(ch *change, old Value, was bool) error {
		value, is, err := ch.apply(old, was)
		if err == nil && is {
			out = append(out, value)
		}
		return err
	}
	for i, old := range v.List {
		ch := c.indexes[i]
		if ch == nil {
			ch = &change{}
		}
		if err := take(ch, old, true); err != nil {
			return v, true, err
		}
	}
	for _, i := range slices.Sorted(maps.Keys(c.indexes)) {
		if i < len(v.List) {
			continue
		}
		if err := take(c.indexes[i], Value{}, false); err != nil {
			return v, true, err
		}
	}
	return Value{Type: L, List: out}, true, nil
}

// Changed is the projection of the paths that the update changes: of UPDATED_OLD and UPDATED_NEW.
func (u *Update) Changed() Projection { return Projection(u.paths) }

// Of returns the part of an item that the projection asks for. Elements of a list keep their order and move together.
func (p Projection) Of(item Item) Item {
	if p == nil {
		return item
	}
	root := &change{}
	for _, path := range p {
		root.put(path, func(old Value, was bool) (Value, bool, error) { return old, was, nil })
	}
	v, _ := root.pick(Value{Type: M, Map: item})
	return v.Map
}

// pick keeps what has an edit at its place, and nothing else.
func (c *change) pick(v Value) (Value, bool) {
	switch {
	case c.edit != nil:
		return v, true
	case c.names != nil && v.Type == M:
		out := Item{}
		for name, ch := range c.names {
			if inner, ok := v.Map[name]; ok {
				if picked, ok := ch.pick(inner); ok {
					out[name] = picked
				}
			}
		}
		return Value{Type: M, Map: out}, len(out) > 0
	case c.indexes != nil && v.Type == L:
		out := []Value{}
		for _, i := range slices.Sorted(maps.Keys(c.indexes)) {
			if i < len(v.List) {
				if picked, ok := c.indexes[i].pick(v.List[i]); ok {
					out = append(out, picked)
				}
			}
		}
		return Value{Type: L, List: out}, len(out) > 0
	}
	return Value{}, false
}
