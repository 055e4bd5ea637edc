package check

import (
	"encoding/json"
	"fmt"
	"strings"
)

// certainty is how well a value is known.
type certainty int

const (
	exact certainty = iota // this text and no other, symbols included
	taken                  // a lone reference, taken as it stands
	open                   // not known until apply
)

// value is the value of an attribute.
type value struct {
	text   string
	absent bool // null, or not there
	level  certainty
	// symbolic: it comes from something that is not known until apply.
	symbolic bool
	// hidden: it is known when planning, but the plan does not show it.
	hidden  bool
	assumes string
	from    *resource // whose attribute it is
	// about lists the texts around which an open value is built; none: it may be anything.
	about []string
	why   string // of an open value
}

func known(text string) value { return value{text: text} }

func absent() value { return value{absent: true} }

func opened(why string, about ...string) value {
	return value{level: open, symbolic: true, why: why, about: about}
}

// given reports whether there is a value, known or not. An empty text is none, as for the provider.
func (v value) given() bool { return !v.absent && (v.text != "" || v.level == open || v.hidden) }

// unknowable is the mark by which after_unknown says that a whole value is unknown.
func unknowable(u any) bool {
	b, ok := u.(bool)
	return ok && b
}

// plainText is a JSON scalar as Terraform would write it in a string.
func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	case map[string]any, []any:
		text, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(text)
	}
	return fmt.Sprint(v)
}

// attr is a resource's attribute. Steps are names (string) and places in lists (int).
func (p *Plan) attr(r *resource, steps ...any) value {
	v, unknown := any(r.values), any(r.unknown)
	for _, step := range steps {
		if unknowable(unknown) {
			break
		}
		v, unknown = descend(v, step), descend(unknown, step)
	}
	if unknowable(unknown) {
		return p.unknownAttr(r, steps)
	}
	if list, ok := v.([]any); v == nil || ok && len(list) == 0 {
		return absent()
	}
	return known(plainText(v))
}

// descend goes one step into a JSON value; nil where there is nothing.
func descend(v any, step any) any {
	switch step := step.(type) {
	case string:
		if m, ok := v.(map[string]any); ok {
			return m[step]
		}
	case int:
		if l, ok := v.([]any); ok && step < len(l) {
			return l[step]
		}
	}
	return nil
}

// length is how many elements a list attribute or nested block has; ok is false where that is not known.
func (p *Plan) length(r *resource, steps ...any) (n int, ok bool) {
	v, unknown := any(r.values), any(r.unknown)
	for _, step := range steps {
		if unknowable(unknown) {
			return 0, false
		}
		v, unknown = descend(v, step), descend(unknown, step)
	}
	l, _ := v.([]any)
	u, _ := unknown.([]any)
	return max(len(l), len(u)), !unknowable(unknown)
}

// unknownAttr is an attribute that is not known until apply: where it was configured, what its expression refers to;
// otherwise its symbol.
func (p *Plan) unknownAttr(r *resource, steps []any) value {
	if r.config == nil {
		return opened(r.address + " has no configuration in the plan")
	}
	e, inDynamic := expressionAt(r.config.Expressions, steps)
	site := r.address + "." + where(steps)
	if inDynamic {
		return opened(site + " comes from a dynamic block, of which a plan shows nothing")
	}
	if e == nil {
		name, _ := steps[len(steps)-1].(string)
		if len(steps) > 1 {
			return value{text: brace(site), symbolic: true}
		}
		return p.symbol(r, name)
	}
	mark := site
	if p.busy[mark] {
		return opened(site + " refers to itself")
	}
	p.busy[mark] = true
	defer delete(p.busy, mark)
	return p.expression(asker{r.scope, r.key, forEachOf(r), site, lastName(steps)}, e)
}

func forEachOf(r *resource) any {
	if r.config == nil {
		return nil
	}
	return r.config.ForEach
}

func lastName(steps []any) string {
	for i := len(steps) - 1; i >= 0; i-- {
		if name, ok := steps[i].(string); ok {
			return name
		}
	}
	return ""
}

// where writes steps as HCL would: lambda_function[0].events.
func where(steps []any) string {
	var b strings.Builder
	for _, step := range steps {
		if n, ok := step.(int); ok {
			fmt.Fprintf(&b, "[%d]", n)
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		fmt.Fprint(&b, step)
	}
	return b.String()
}

// expressionAt finds the expression of an attribute. The second answer says that a block on the way is not in the
// configuration, as is so for dynamic blocks.
func expressionAt(e map[string]any, steps []any) (any, bool) {
	at := any(e)
	for i, step := range steps {
		next := descend(at, step)
		if _, ok := step.(int); ok && next == nil {
			// An element of a list attribute has the list's expression; a block that is not there is dynamic.
			_, isExpression := at.(map[string]any)
			return at, !isExpression && i < len(steps)-1
		}
		if next == nil {
			return nil, i < len(steps)-1
		}
		at = next
	}
	return at, false
}

// brace is the symbol of an unknown part. Colons and wildcards would mean something in an ARN.
func brace(s string) string {
	return "{" + strings.NewReplacer(":", ";", "*", "-", "?", "-", "$", "-", "{", "(", "}", ")", `"`, "'", `\`, "/").Replace(s) + "}"
}
