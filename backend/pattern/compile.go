package pattern

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// compiler turns a parsed text into what must hold of an event. It looks at things in the order in which EventBridge's reader
// does, so that of several mistakes it names the same one.
type compiler struct {
	text    string
	dialect Dialect
}

var errComplex = errors.New("Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character") //nolint:staticcheck // EventBridge's words

func (c *compiler) fail(reason string, at int) *Error {
	return &Error{Reason: reason, Where: where(c.text, at)}
}

// failIn is fail for what is inside a list of anything-but: EventBridge names the position twice.
func (c *compiler) failIn(reason string, at int) *Error {
	e := c.fail(reason, at)
	e.Where += e.Where
	return e
}

// operators are the names that an object within an array may have.
var operators = map[string]bool{"exactly": true, "prefix": true, "suffix": true, "equals-ignore-case": true, "numeric": true, "exists": true,
	"cidr": true, "anything-but": true, "wildcard": true}

// undocumented are the operators that Lambda does not document for event source mappings.
var undocumented = map[string]bool{"exactly": true, "wildcard": true, "cidr": true}

// object compiles an object at a path. leaves are the paths that have values already.
func (c *compiler) object(n *node, path []string, leaves map[string]bool) (*object, error) {
	if len(n.members) == 0 {
		return nil, c.fail("Empty objects are not allowed", n.end)
	}
	o := &object{}
	for _, m := range n.members {
		if m.name == "$or" && isOr(m.value) {
			if err := c.or(o, m.value, path, leaves); err != nil {
				return nil, err
			}
			continue
		}
		if err := c.member(o, strings.Split(m.name, "."), m.value, path, leaves); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// member compiles a field whose name may have dots: each leads one object deeper.
func (c *compiler) member(o *object, names []string, v *node, path []string, leaves map[string]bool) error {
	path = append(path[:len(path):len(path)], names[0])
	f := field{name: names[0]}
	var err error
	switch {
	case len(names) > 1:
		f.object = &object{}
		err = c.member(f.object, names[1:], v, path, leaves)
	case v.kind == objectToken:
		f.object, err = c.object(v, path, leaves)
	case v.kind == arrayToken:
		key := strings.Join(path, ".")
		if leaves[key] {
			return c.fail(fmt.Sprintf("Path `%s` cannot be allowed multiple times", key), v.loc)
		}
		leaves[key] = true
		f.values, err = c.values(v, path)
	default:
		return c.fail(strconv.Quote(names[0])+" must be an object or an array", v.loc)
	}
	o.fields = append(o.fields, f)
	return err
}

// isOr reports whether the value of "$or" makes it the relationship: at least two objects, none of them an operator. Otherwise
// it is a field of that name.
func isOr(v *node) bool {
	if v.kind != arrayToken || len(v.items) < 2 {
		return false
	}
	for _, item := range v.items {
		if item.kind != objectToken || len(item.members) == 0 {
			return false
		}
		for _, m := range item.members {
			if operators[m.name] {
				return false
			}
		}
	}
	return true
}

func (c *compiler) or(o *object, v *node, path []string, leaves map[string]bool) error {
	var alternatives []*object
	for _, item := range v.items {
		own := map[string]bool{}
		for k := range leaves {
			own[k] = true
		}
		a, err := c.object(item, path, own)
		if err != nil {
			return err
		}
		alternatives = append(alternatives, a)
	}
	o.or = append(o.or, alternatives)
	return nil
}

// values compiles the alternatives of a leaf.
func (c *compiler) values(n *node, path []string) (*values, error) {
	if len(n.items) == 0 {
		return nil, c.fail("Empty arrays are not allowed", n.end)
	}
	s := &values{path: path}
	for _, item := range n.items {
		switch item.kind {
		case objectToken:
			if err := c.operator(s, item); err != nil {
				return nil, err
			}
		case arrayToken:
			return nil, c.fail("Match value must be String, number, true, false, or null", item.loc)
		case nullToken:
			s.null = true
		case boolToken:
			s.yes, s.no = s.yes || item.yes, s.no || !item.yes
		default:
			s.add(item)
		}
	}
	s.ranges = merge(s.ranges)
	return s, nil
}

// add adds a string or a number.
func (s *values) add(n *node) {
	if n.kind == stringToken {
		add(&s.strings, n.text)
		return
	}
	add(&s.numbers, n.number())
}

// number is the value of a number; one that is too large is infinite.
func (n *node) number() float64 {
	f, _ := strconv.ParseFloat(n.text, 64) // the parser has checked it
	return f
}

func (c *compiler) operator(s *values, n *node) error {
	if len(n.members) == 0 {
		return c.fail("Match expression name not found", n.end)
	}
	m := n.members[0]
	if !operators[m.name] || c.dialect == Mapping && undocumented[m.name] {
		return c.fail("Unrecognized match type "+m.name, m.value.loc)
	}
	if err := c.apply(s, m.name, m.value); err != nil {
		return err
	}
	if len(n.members) > 1 {
		return c.fail("Only one key allowed in match expression", n.members[1].value.loc)
	}
	return nil
}

func (c *compiler) apply(s *values, name string, v *node) error {
	switch name {
	case "exactly":
		if v.kind != stringToken {
			return c.fail("exact match pattern must be a string", v.loc)
		}
		s.add(v)
	case "prefix", "suffix":
		return c.affix(s, name, v)
	case "equals-ignore-case":
		if v.kind != stringToken {
			return c.fail("equals-ignore-case match pattern must be a string", v.loc)
		}
		add(&s.folded, strings.ToLower(v.text))
	case "wildcard":
		return c.wildcard(s, v, c.fail)
	case "cidr":
		return c.cidr(s, v)
	case "exists":
		if v.kind != boolToken {
			return c.fail("exists match pattern must be either true or false.", v.loc)
		}
		s.exists, s.absent = s.exists || v.yes, s.absent || !v.yes
	case "numeric":
		return c.numeric(s, v)
	case "anything-but":
		return c.anythingBut(s, v)
	}
	return nil
}

// affix compiles prefix and suffix: a string, or {"equals-ignore-case": string}.
func (c *compiler) affix(s *values, name string, v *node) error {
	folds := v.kind == objectToken && len(v.members) == 1 && v.members[0].name == "equals-ignore-case" && c.dialect == EventBridge
	if folds {
		v = v.members[0].value
	}
	if v.kind != stringToken {
		return c.fail(name+" match pattern must be a string", v.loc)
	}
	switch {
	case folds && name == "prefix":
		s.foldedPrefixes = s.foldedPrefixes.add(strings.ToLower(v.text))
	case folds:
		s.foldedSuffix = s.foldedSuffix.addBack(strings.ToLower(v.text))
	case name == "prefix":
		s.prefixes = s.prefixes.add(v.text)
	default:
		s.suffixes = s.suffixes.addBack(v.text)
	}
	return nil
}

func (c *compiler) wildcard(s *values, v *node, fail func(string, int) *Error) error {
	if v.kind != stringToken {
		return fail("wildcard match pattern must be a string", v.loc)
	}
	w, err := readWildcard(v.text)
	if errors.Is(err, errComplex) {
		return &Error{Reason: err.Error()}
	}
	if err != nil {
		return fail(err.Error(), v.end)
	}
	s.wildcards = s.wildcards.add(w)
	return nil
}

func (c *compiler) cidr(s *values, v *node) error {
	if v.kind != stringToken {
		return c.fail("prefix match pattern must be a string", v.loc) // sic
	}
	addr, bits, found := strings.Cut(v.text, "/")
	if !found || strings.Contains(bits, "/") {
		return &Error{Reason: "Malformed CIDR, one '/' required"}
	}
	n, err := strconv.Atoi(bits)
	if err != nil {
		return &Error{Reason: "Malformed CIDR, mask bits must be an integer"}
	}
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Zone() != "" {
		return &Error{Reason: "Nonstandard IP address: " + addr}
	}
	p, err := a.Prefix(n)
	if err != nil {
		return &Error{Reason: fmt.Sprintf("Malformed CIDR, mask bits must be between 0 and %d", a.BitLen())}
	}
	s.addNetwork(p)
	return nil
}
