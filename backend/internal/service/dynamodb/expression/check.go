package expression

import (
	"fmt"
	"slices"
)

// scope is the names and values that a request brings, and which of them have been used.
type scope struct {
	names  map[string]string
	values map[string]Value
	used   map[string]bool
}

// first is a place for refusals: the first that is put there stays.
type first struct{ err error }

func (f *first) put(format string, args ...any) {
	if f.err == nil {
		f.err = Error(fmt.Sprintf(format, args...))
	}
}

// checks collects the refusals of one expression by their rank.
type checks struct {
	*scope
	parens, function, section, misused, reserved, undefined, operand, distinct, overlap, kind first
}

// arity is how many operands a function has.
var arity = map[grammar]map[string]int{
	condition: {"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2, "size": 1},
	update:    {"if_not_exists": 2, "list_append": 2},
}

// path looks up the names of a path.
func (c *checks) path(p Path) Path {
	out := slices.Clone(p)
	for i, e := range p {
		switch {
		case e.Index >= 0:
		case e.Name[0] == '#':
			name, ok := c.names[e.Name]
			if !ok {
				c.undefined.put("An expression attribute name used in the document path is not defined; attribute name: %s", e.Name)
			}
			c.used[e.Name] = true
			out[i].Name = name
		case isReserved(e.Name):
			c.reserved.put("Attribute name is a reserved keyword; reserved keyword: %s", e.Name)
		}
	}
	return out
}

func (c *checks) value(name string) Value {
	v, ok := c.values[name]
	if !ok {
		c.undefined.put("An expression attribute value used in expression is not defined; attribute value: %s", name)
	}
	c.used[name] = true
	return v
}

// literal is the value of a node that is one; of others it has no type.
func (c *checks) literal(n *node) Value {
	if n.op == "value" {
		return c.values[n.name]
	}
	return Value{}
}

// walk checks a node and those below it.
func (c *checks) walk(g grammar, n *node) {
	if n.redundant {
		c.parens.put("The expression has redundant parentheses;")
	}
	switch n.op {
	case "path":
		c.path(n.path)
		return
	case "value":
		c.value(n.name)
		return
	}
	for _, arg := range n.args {
		c.walk(g, arg)
		c.place(g, n, arg)
	}
	switch n.op {
	case "call":
		c.call(g, n)
	case "=", "<>", "<", "<=", ">", ">=":
		c.distinctOperands(n.op, n.args)
		if n.op != "=" && n.op != "<>" {
			c.types(n, "operator: ", S, N, B)
		}
	case "between":
		c.between(n)
	case "+", "-":
		c.types(n, "operator or function: ", N)
	}
}

// place refuses a function where it cannot stand: among conditions only size gives a value, and size alone is no condition.
func (c *checks) place(g grammar, above, n *node) {
	if g != condition || n.op != "call" {
		return
	}
	joins := above.op == "and" || above.op == "or" || above.op == "not"
	if (n.name == "size") == joins {
		c.misused.put("The function is not allowed to be used this way in an expression; function: %s", n.name)
	}
}

func (c *checks) call(g grammar, n *node) {
	want, known := arity[g][n.name]
	if !known {
		if _, elsewhere := arity[condition+update-g][n.name]; elsewhere && g == update {
			c.function.put("The function is not allowed in an update expression; function: %s", n.name)
		} else if elsewhere {
			c.function.put("The function is not allowed in a condition expression; function: %s", n.name)
		}
		c.function.put("Invalid function name; function: %s", n.name)
		return
	}
	if want != len(n.args) {
		c.operand.put("Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d", n.name, len(n.args))
		return
	}
	c.distinctOperands(n.name, n.args)
	switch n.name {
	case "attribute_exists", "attribute_not_exists", "if_not_exists":
		if n.args[0].op != "path" {
			c.kind.put("Operator or function requires a document path; operator or function: %s", n.name)
		}
	case "begins_with":
		c.types(n, "operator or function: ", S, B)
	case "list_append":
		c.types(n, "operator or function: ", L)
	case "size":
		c.types(n, "operator or function: ", S, B, SS, NS, BS, L, M)
	case "attribute_type":
		c.typeName(n)
	}
}

func (c *checks) typeName(n *node) {
	v := c.literal(n.args[1])
	switch {
	case n.args[1].op != "value":
		c.kind.put("Incorrect operand type for operator or function; operator or function: attribute_type, operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
	case v.Type != "" && v.Type != S:
		c.kind.put("Incorrect operand type for operator or function; operator or function: attribute_type, operand type: %s", v.Type)
	case v.Type == S && !slices.Contains([]Type{S, N, B, BOOL, NULL, SS, NS, BS, L, M}, Type(v.Text)):
		c.kind.put("Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}", v.Text)
	}
}

// types refuses literal operands of other types.
func (c *checks) types(n *node, what string, allowed ...Type) {
	name := n.op
	if n.op == "call" {
		name = n.name
	}
	for _, arg := range n.args {
		if t := c.literal(arg).Type; t != "" && !slices.Contains(allowed, t) {
			c.kind.put("Incorrect operand type for operator or function; %s%s, operand type: %s", what, name, t)
		}
	}
}

func (c *checks) between(n *node) {
	low, high := c.literal(n.args[1]), c.literal(n.args[2])
	if low.Type == "" || high.Type == "" {
		return
	}
	bounds := fmt.Sprintf("lower bound operand: AttributeValue: {%s:%s}, upper bound operand: AttributeValue: {%s:%s}", low.Type, low.print(), high.Type, high.print())
	order, ok := low.Compare(high)
	switch {
	case low.Type != high.Type:
		c.kind.put("The BETWEEN operator requires same data type for lower and upper bounds; %s", bounds)
	case !ok:
		c.kind.put("Incorrect operand type for operator or function; operator or function: BETWEEN, operand type: %s", low.Type)
	case order > 0:
		c.kind.put("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; %s", bounds)
	}
}

func (c *checks) distinctOperands(name string, args []*node) {
	if len(args) != 2 || args[0].op != "path" || args[1].op != "path" {
		return
	}
	if p := c.path(args[0].path); slices.Equal(p, c.path(args[1].path)) && name != "if_not_exists" && name != "list_append" {
		c.distinct.put("The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s", name, p)
	}
}

// disjoint refuses paths of which one lies within another, or that take one thing for a list and for a map.
func (c *checks) disjoint(paths []Path) {
	for i, q := range paths {
		for _, p := range paths[:i] {
			n := 0
			for n < len(p) && n < len(q) && p[n] == q[n] {
				n++
			}
			switch {
			case n == len(p) || n == len(q):
				c.overlap.put("Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", p, q)
			case (p[n].Index >= 0) != (q[n].Index >= 0):
				c.overlap.put("Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %s, path two: %s", p, q)
			}
		}
	}
}

// verdict is the refusal that AWS would give.
func (c *checks) verdict() error {
	for _, f := range []first{c.parens, c.function, c.section, c.misused, c.reserved, c.undefined, c.overlap, c.operand, c.distinct, c.kind} {
		if f.err != nil {
			return f.err
		}
	}
	return nil
}

func (c *checks) condition(n *node) error {
	c.walk(condition, n)
	if n.op == "call" && n.name == "size" {
		c.misused.put("The function is not allowed to be used this way in an expression; function: size")
	}
	return c.verdict()
}

// words of types in the texts about ADD and DELETE.
var typeWords = map[Type]string{S: "STRING", N: "NUMBER", B: "BINARY", NULL: "NULL", BOOL: "BOOLEAN", L: "LIST", M: "MAP"}

func (c *checks) update(t *tree) ([]Path, error) {
	seen := map[string]bool{}
	for _, s := range t.sections {
		if seen[s] {
			c.section.put("The %q section can only be used once in an update expression;", s)
		}
		seen[s] = true
	}
	paths := make([]Path, len(t.actions))
	for i, a := range t.actions {
		paths[i] = c.path(a.path)
		if a.value == nil {
			continue
		}
		c.walk(update, a.value)
		word, wrong := typeWords[c.literal(a.value).Type]
		switch a.section {
		case "ADD":
			if wrong && word != "NUMBER" {
				c.operand.put("Incorrect operand type for operator or function; operator: ADD, operand type: %s, typeSet: ALLOWED_FOR_ADD_OPERAND", word)
			}
		case "DELETE":
			if wrong {
				c.operand.put("Incorrect operand type for operator or function; operator: DELETE, operand type: %s, typeSet: ALLOWED_FOR_DELETE_OPERAND", word)
			}
		}
	}
	c.disjoint(paths)
	return paths, c.verdict()
}

func (c *checks) projection(t *tree) ([]Path, error) {
	paths := make([]Path, len(t.paths))
	for i, p := range t.paths {
		paths[i] = c.path(p)
	}
	c.disjoint(paths)
	return paths, c.verdict()
}
