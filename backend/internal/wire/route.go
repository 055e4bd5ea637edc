package wire

import (
	"net/url"
	"strings"
)

// node is a node of the tree of REST paths: literal segments before a label, a label before a greedy one.
type node struct {
	literal map[string]*node
	label   *node
	name    string // of the label that leads here
	greedy  bool   // the label takes the rest of the path
	ops     map[string]*operation
}

// add files an operation under its URI, for example /2015-03-31/functions/{FunctionName}/policy. A constant query of the
// URI is not needed to tell the operations of these services apart.
func (n *node) add(op *operation) {
	path, _, _ := strings.Cut(op.http.URI, "?")
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
		n.ops = map[string]*operation{}
	}
	n.ops[op.http.Method] = op
	op.labels = labels(op.http.URI)
}

func labels(uri string) []string {
	var names []string
	for _, segment := range segments(uri) {
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

// match finds the operation for a method and an escaped path, with the labels' values in the order of the URI.
func (n *node) match(method string, path []string, values []string) (*operation, []string) {
	if len(path) == 0 {
		if op := n.ops[method]; op != nil {
			return op, values
		}
		return nil, nil
	}
	if next := n.literal[path[0]]; next != nil {
		if op, v := next.match(method, path[1:], values); op != nil {
			return op, v
		}
	}
	if n.label == nil || path[0] == "" {
		return nil, nil
	}
	if n.label.greedy {
		return n.label.match(method, nil, append(values, unescape(strings.Join(path, "/"))))
	}
	return n.label.match(method, path[1:], append(values, unescape(path[0])))
}

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
