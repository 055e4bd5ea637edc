package expression

import "slices"

// Attributes are the names of the top-level attributes that a request's expressions speak of, sorted, each once: what a
// policy may limit with dynamodb:Attributes. A text that cannot be parsed adds none; the operation refuses it.
func Attributes(r Request) []string {
	s := &scope{names: r.Names}
	var all []string
	add := func(p Path) {
		if len(p) == 0 {
			return
		}
		name := p[0].Name
		if given, ok := s.names[name]; ok {
			name = given
		}
		all = append(all, name)
	}
	var walk func(*node)
	walk = func(n *node) {
		if n == nil {
			return
		}
		add(n.path)
		for _, arg := range n.args {
			walk(arg)
		}
	}
	for _, e := range []struct {
		text *string
		kind grammar
	}{{r.Condition, condition}, {r.KeyCondition, condition}, {r.Filter, condition}, {r.Update, update}, {r.Projection, projection}} {
		if e.text == nil {
			continue
		}
		t, err := parse(e.kind, *e.text)
		if err != nil {
			continue
		}
		walk(t.condition)
		for _, a := range t.actions {
			add(a.path)
			walk(a.value)
		}
		for _, p := range t.paths {
			add(p)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
