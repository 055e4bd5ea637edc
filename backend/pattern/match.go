package pattern

import (
	"encoding/json"
	"strings"
)

// object is what must hold of a JSON object: every field, and one alternative of every "$or".
type object struct {
	fields []field
	or     [][]*object
}

// field is what must hold of one member: values for a leaf, object for what lies deeper.
type field struct {
	name   string
	object *object
	values *values
}

// matching is one event being matched.
type matching struct {
	event  map[string]any
	dotted bool // some name in it has a dot
}

// match reports whether the object holds of a value. present is false where there is none: then only what asks for absence can
// hold.
func (o *object) match(m *matching, v any, present bool) bool {
	switch v := v.(type) {
	case map[string]any:
		if present {
			return o.matchMap(m, v)
		}
	case []any:
		for _, item := range v {
			if o.match(m, item, true) {
				return true
			}
		}
		if len(v) > 0 {
			return false
		}
	}
	return o.matchMap(m, nil)
}

func (o *object) matchMap(m *matching, v map[string]any) bool {
	for i := range o.fields {
		if !o.fields[i].match(m, v) {
			return false
		}
	}
	for _, alternatives := range o.or {
		met := false
		for _, a := range alternatives {
			if met = a.matchMap(m, v); met {
				break
			}
		}
		if !met {
			return false
		}
	}
	return true
}

func (f *field) match(m *matching, in map[string]any) bool {
	v, present := in[f.name]
	if f.matchValue(m, v, present) {
		return true
	}
	if !m.dotted {
		return false
	}
	for name, v := range in { // a name that begins with this one and a dot leads deeper
		if rest, ok := strings.CutPrefix(name, f.name+"."); ok && f.matchValue(m, map[string]any{rest: v}, true) {
			return true
		}
	}
	return false
}

func (f *field) matchValue(m *matching, v any, present bool) bool {
	if f.object != nil {
		return f.object.match(m, v, present)
	}
	if present && f.values.any(v) {
		return true
	}
	return f.values.absent && !leafAt(m.event, f.values.path, m.dotted)
}

// leafAt reports whether the event has a value at the path, in whichever element of the arrays on the way.
func leafAt(v any, path []string, dotted bool) bool {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if leafAt(item, path, dotted) {
				return true
			}
		}
		return false
	case map[string]any:
		if len(path) == 0 {
			return false
		}
		if child, ok := v[path[0]]; ok && leafAt(child, path[1:], dotted) {
			return true
		}
		if dotted {
			for name, child := range v {
				if rest, ok := strings.CutPrefix(name, path[0]+"."); ok && leafAt(map[string]any{rest: child}, path[1:], dotted) {
					return true
				}
			}
		}
		return false
	}
	return len(path) == 0
}

func hasDots(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			if strings.Contains(name, ".") || hasDots(child) {
				return true
			}
		}
	case []any:
		for _, child := range v {
			if hasDots(child) {
				return true
			}
		}
	}
	return false
}

// any reports whether a value, or one of an array's, is among those of the field.
func (s *values) any(v any) bool {
	if list, ok := v.([]any); ok {
		for _, item := range list {
			if s.any(item) {
				return true
			}
		}
		return false
	}
	if _, deeper := v.(map[string]any); deeper {
		return false
	}
	if s.exists || s.has(v) {
		return true
	}
	for _, not := range s.not {
		if !not.has(v) {
			return true
		}
	}
	return false
}

// number is a JSON number's value.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}
