package expression

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Request is the expressions of one request, with the names and values that they share. A nil text is not there; nil maps
// are not there either, while empty ones are and are refused.
type Request struct {
	Condition, KeyCondition, Filter, Update, Projection *string

	Names  map[string]string
	Values map[string]Value
	// Takes lists the parameters that an operation has for expressions with values, in the words of its refusal.
	Takes []string
}

// Compiled is what a request's expressions say. What it did not bring is nil.
type Compiled struct {
	Condition, Filter *Condition
	Key               *Condition
	Update            *Update
	Projection        Projection
}

// Condition is a condition or filter with its names and values.
type Condition struct {
	root *node
	*scope
}

// Update is an update with its names and values.
type Update struct {
	actions []action
	paths   []Path
	*scope
}

// Projection is the paths that are asked for; nil asks for everything.
type Projection []Path

var (
	nameForm  = regexp.MustCompile(`^#[0-9a-zA-Z_]+$`)
	valueForm = regexp.MustCompile(`^:[0-9a-zA-Z_]+$`)
)

// Compile parses and checks the expressions of a request. Every refusal is an Error.
func Compile(r Request) (*Compiled, error) {
	if err := r.checkMaps(); err != nil {
		return nil, err
	}
	s := &scope{names: r.Names, values: r.Values, used: map[string]bool{}}
	out := &Compiled{}
	var err error
	if r.Update != nil {
		if out.Update, err = s.update(*r.Update); err != nil {
			return nil, Error("Invalid UpdateExpression: " + err.Error())
		}
	}
	for _, c := range []struct {
		name string
		text *string
		to   **Condition
	}{{"ConditionExpression", r.Condition, &out.Condition}, {"KeyConditionExpression", r.KeyCondition, &out.Key}, {"FilterExpression", r.Filter, &out.Filter}} {
		if c.text == nil {
			continue
		}
		if *c.to, err = s.condition(*c.text); err != nil {
			return nil, Error("Invalid " + c.name + ": " + err.Error())
		}
	}
	if r.Projection != nil {
		if out.Projection, err = s.projection(*r.Projection); err != nil {
			return nil, Error("Invalid ProjectionExpression: " + err.Error())
		}
	}
	return out, s.unused()
}

func (r *Request) checkMaps() error {
	valued := r.Condition != nil || r.KeyCondition != nil || r.Filter != nil || r.Update != nil
	if r.Names != nil && !valued && r.Projection == nil {
		return Error("ExpressionAttributeNames can only be specified when using expressions")
	}
	if r.Values != nil && !valued {
		verb := " is null"
		if len(r.Takes) > 1 {
			verb = " are null"
		}
		if len(r.Takes) == 0 {
			return Error("ExpressionAttributeValues can only be specified when using expressions")
		}
		return Error("ExpressionAttributeValues can only be specified when using expressions: " + strings.Join(r.Takes, " and ") + verb)
	}
	if r.Names != nil && len(r.Names) == 0 {
		return Error("ExpressionAttributeNames must not be empty")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Names)) {
		if !nameForm.MatchString(name) {
			return Error(`ExpressionAttributeNames contains invalid key: Syntax error; key: "` + name + `"`)
		}
	}
	if r.Values != nil && len(r.Values) == 0 {
		return Error("ExpressionAttributeValues must not be empty")
	}
	for _, name := range slices.Sorted(maps.Keys(r.Values)) {
		if !valueForm.MatchString(name) {
			return Error(`ExpressionAttributeValues contains invalid key: Syntax error; key: "` + name + `"`)
		}
		if err := r.Values[name].Check(); err != nil {
			return Error("ExpressionAttributeValues contains invalid value: " + err.Error() + " for key " + name)
		}
	}
	return nil
}

func (s *scope) condition(text string) (*Condition, error) {
	t, err := parse(condition, text)
	if err != nil {
		return nil, err
	}
	c := checks{scope: s}
	return &Condition{t.condition, s}, c.condition(t.condition)
}

func (s *scope) update(text string) (*Update, error) {
	t, err := parse(update, text)
	if err != nil {
		return nil, err
	}
	c := checks{scope: s}
	paths, err := c.update(t)
	return &Update{t.actions, paths, s}, err
}

func (s *scope) projection(text string) (Projection, error) {
	t, err := parse(projection, text)
	if err != nil {
		return nil, err
	}
	c := checks{scope: s}
	return c.projection(t)
}

// unused refuses names and values that no expression has used.
func (s *scope) unused() error {
	var names, values []string
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		if !s.used[name] {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		if !s.used[name] {
			values = append(values, name)
		}
	}
	switch {
	case names != nil:
		return Error("Value provided in ExpressionAttributeNames unused in expressions: keys: {" + strings.Join(names, ", ") + "}")
	case values != nil:
		return Error("Value provided in ExpressionAttributeValues unused in expressions: keys: {" + strings.Join(values, ", ") + "}")
	}
	return nil
}

// resolve looks up the names of a path. They were all found when the expression was compiled.
func (s *scope) resolve(p Path) Path {
	out := p
	for i, e := range p {
		if e.Index < 0 && e.Name[0] == '#' {
			if &out[0] == &p[0] {
				out = slices.Clone(p)
			}
			out[i].Name = s.names[e.Name]
		}
	}
	return out
}

// at finds what a path leads to.
func (p Path) at(item Item) (Value, bool) {
	v := Value{Type: M, Map: item}
	for _, e := range p {
		switch {
		case e.Index < 0 && v.Type == M:
			next, ok := v.Map[e.Name]
			if !ok {
				return Value{}, false
			}
			v = next
		case e.Index >= 0 && v.Type == L && e.Index < len(v.List):
			v = v.List[e.Index]
		default:
			return Value{}, false
		}
	}
	return v, true
}

// Heads are the attributes that a condition names.
func (c *Condition) Heads() []string {
	var heads []string
	var walk func(n *node)
	walk = func(n *node) {
		if n.op == "path" {
			heads = append(heads, c.resolve(n.path)[0].Name)
		}
		for _, arg := range n.args {
			walk(arg)
		}
	}
	walk(c.root)
	return heads
}

// Heads are the attributes that an update changes.
func (u *Update) Heads() []string {
	heads := make([]string, len(u.paths))
	for i, p := range u.paths {
		heads[i] = p[0].Name
	}
	return heads
}
