package expression

import (
	"strconv"
	"strings"
)

// Element is a step of a document path: a name (or a #name before it is looked up), or an index of a list.
type Element struct {
	Name  string
	Index int // −1 for a name
}

// Path is a document path: a.b[0].
type Path []Element

// String is how messages show a path: [a, b, [0]].
func (p Path) String() string {
	parts := make([]string, len(p))
	for i, e := range p {
		parts[i] = e.Name
		if e.Index >= 0 {
			parts[i] = "[" + strconv.Itoa(e.Index) + "]"
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// node is a node of a condition or of a right-hand side.
//
//	and or not             args
//	= <> < <= > >=         args
//	between in             args, the operand first
//	call                   name, args
//	path                   path
//	value                  name, with its colon
//	+ -                    args
type node struct {
	op   string
	name string
	path Path
	args []*node
	// redundant: there are parentheses about parentheses.
	redundant bool
}

// operand reports whether a node has a value, and is not true or false.
func (n *node) operand() bool {
	switch n.op {
	case "path", "value", "call":
		return true
	}
	return false
}

// action is one action of an update.
type action struct {
	section string // SET, REMOVE, ADD, DELETE
	path    Path
	value   *node // none for REMOVE
}

// tree is a parsed text.
type tree struct {
	condition *node
	actions   []action
	sections  []string // of an update, as they were given
	paths     []Path   // of a projection
}
