package policy

import "strings"

// template is a text of a policy that may hold variables: ${key}, ${key, 'default'}, and ${*} ${?} ${$} for the
// characters themselves.
type template struct {
	raw   string
	fixed string // compiled, when there are no variables
	parts []part // otherwise
}

type part struct {
	text        string // compiled, when key is empty
	key         string
	fallback    string
	hasFallback bool
}

// newTemplate compiles a text. Without variables (an older document, an operator that has none) ${…} is plain text.
func newTemplate(raw string, w wildcards, variables bool) template {
	t := template{raw: raw}
	if !variables || !strings.Contains(raw, "${") {
		t.fixed, _ = compile(raw, w, 0, true)
		return t
	}
	colons, rest := 0, raw
	for rest != "" {
		before, after, found := strings.Cut(rest, "${")
		text, n := compile(before, w, colons, !found)
		colons = n
		if text != "" {
			t.parts = append(t.parts, part{text: text})
		}
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			text, _ := compile("${"+after, w, colons, true)
			t.parts = append(t.parts, part{text: text})
			break
		}
		t.parts = append(t.parts, variable(name))
		rest = tail
	}
	return t
}

func variable(name string) part {
	switch name {
	case "*", "?", "$":
		return part{text: name}
	}
	key, fallback, found := strings.Cut(name, ",")
	p := part{key: strings.ToLower(strings.TrimSpace(key))}
	fallback = strings.TrimSpace(fallback)
	if found && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		p.fallback, p.hasFallback = fallback[1:len(fallback)-1], true
	}
	return p
}

// expand fills in the variables. It reports false when one has no single value and no default.
func (t *template) expand(c Context) (string, bool) {
	if t.parts == nil {
		return t.fixed, true
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.key == "" {
			b.WriteString(p.text)
			continue
		}
		values, ok := c[p.key]
		switch {
		case ok && len(values) == 1:
			b.WriteString(values[0])
		case p.hasFallback:
			b.WriteString(p.fallback)
		default:
			return "", false
		}
	}
	return b.String(), true
}
