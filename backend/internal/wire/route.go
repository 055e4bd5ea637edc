package wire

import (
	"net/url"
	"slices"
	"strings"
)

// node is a node of the tree of REST paths: literal segments before a label, a label before a greedy one.
type node struct {
	literal map[string]*node
	label   *node
	name    string                  // of the label that leads here
	greedy  bool                    // the label takes the rest of the path
	ops     map[string][]*operation // by method; those with a constant in the query first
}

// add files an operation under its URI, for example /2015-03-31/functions/{FunctionName}/policy, or
// /2018-10-31/layers?find=LayerVersion, whose query tells it from another at the same path.
func (n *node) add(op *operation) {
	path, constant, _ := strings.Cut(op.http.URI, "?")
	for _, segment := range segments(path) {
		name, isLabel := strings.CutPrefix(segment, "{")
		if !isLabel {
			if n.literal == nil {
				n.literal = map[string]*node{}
			}
			if n.literal[segment] == nil {
				n.literal[segment] = &node{}
			}
			n = n.literal[segment]
			continue
		}
		name = strings.TrimSuffix(name, "}")
		if n.label == nil {
			n.label = &node{}
		}
		n = n.label
		n.name, n.greedy = strings.TrimSuffix(name, "+"), strings.HasSuffix(name, "+")
	}
	if n.ops == nil {
		n.ops = map[string][]*operation{}
	}
	op.labels = labels(path)
	op.constant, _ = url.ParseQuery(constant) // the SDK's own
	list := append(n.ops[op.http.Method], op)
	slices.SortStableFunc(list, func(x, y *operation) int { return len(y.constant) - len(x.constant) })
	n.ops[op.http.Method] = list
}

func labels(path string) []string {
	var names []string
	for _, segment := range segments(path) {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, "}"), "+"))
		}
	}
	return names
}

// segments splits a path; a slash at its end does not count, since clients send it or not.
func segments(path string) []string {
	return strings.Split(strings.Trim(path, "/"), "/")
}

// match finds the operation for a method, an escaped path and a query, with the labels' values in the order of the URI.
func (n *node) match(method string, path []string, query url.Values, values []string) (*operation, []string) {
	if len(path) == 0 {
		for _, op := range n.ops[method] {
			if op.asks(query) {
				return op, values
			}
		}
		return nil, nil
	}
	if next := n.literal[path[0]]; next != nil {
		if op, v := next.match(method, path[1:], query, values); op != nil {
			return op, v
		}
	}
	if n.label == nil || path[0] == "" {
		return nil, nil
	}
	if n.label.greedy {
		return n.label.match(method, nil, query, append(values, unescape(strings.Join(path, "/"))))
	}
	return n.label.match(method, path[1:], query, append(values, unescape(path[0])))
}

// asks reports whether a query has the constants of the operation's URI.
func (o *operation) asks(query url.Values) bool {
	for name, values := range o.constant {
		if query.Get(name) != values[0] {
			return false
		}
	}
	return true
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
