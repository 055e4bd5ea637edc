package check

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// asker is the place from which references are followed.
type asker struct {
	scope   *scope
	key     any    // each.key or count.index there
	forEach any    // the for_each expression there
	site    string // the attribute, for sentences
	want    string // the attribute's own name: says which attribute of a whole resource is meant
}

// patterns are attributes whose values are patterns, in which there is often something around a reference. In the others
// nothing but the name or ARN itself makes sense.
var patterns = []string{"source_arn", "resources", "not_resources", "values", "identifiers", "actions", "not_actions"}

// references lists what an expression refers to, without the prefixes that Terraform adds after each.
func references(e any) []string {
	m, _ := e.(map[string]any)
	list, _ := m["references"].([]any)
	var leaves []string
	for _, raw := range list {
		ref, _ := raw.(string)
		if n := len(leaves); n > 0 && ref != leaves[n-1] && strings.HasPrefix(leaves[n-1], ref) && strings.ContainsAny(leaves[n-1][len(ref):len(ref)+1], ".[") {
			continue
		}
		leaves = append(leaves, ref)
	}
	return leaves
}

// expression is the value of an expression that is not known until apply. What it refers to and is known does not make it
// so: what is left is what it is about.
func (p *Plan) expression(a asker, e any) value {
	if m, ok := e.(map[string]any); ok {
		if c, ok := m["constant_value"]; ok {
			return known(plainText(c))
		}
	}
	leaves := references(e)
	if len(leaves) == 0 {
		return opened(a.site + " is computed without a reference that the plan shows")
	}
	var unknowns []value
	var names []string
	shaped := false
	for _, leaf := range leaves {
		v := p.follow(a, leaf, p.selects(a, leaves))
		switch {
		case v.symbolic:
			if i := slices.IndexFunc(unknowns, func(u value) bool { return u.text == v.text && u.level == v.level && u.why == v.why }); i < 0 {
				unknowns, names = append(unknowns, v), append(names, leaf)
			}
		case v.hidden, v.text != "" && v.text != "true" && v.text != "false" && !strings.HasPrefix(leaf, "each.") && !strings.HasPrefix(leaf, "count."):
			shaped = true
		}
	}
	if len(unknowns) == 0 {
		return value{hidden: true}
	}
	pattern := slices.Contains(patterns, a.want)
	if len(unknowns) > 1 || (pattern && (shaped || strings.HasSuffix(names[0], "execution_arn"))) {
		return openAbout(a.site, names, unknowns)
	}
	v := unknowns[0]
	if v.level == exact && pattern {
		v.level, v.assumes = taken, a.site+" is "+names[0]+" as it stands"
	}
	return v
}

// openAbout is an open value built around several, or around one with something added.
func openAbout(site string, names []string, unknowns []value) value {
	v := opened(site + " is built from " + strings.Join(names, " and ") + "; how is not in the plan")
	for i, u := range unknowns {
		if u.level == open {
			v.about = append(v.about, u.about...)
			if len(u.about) == 0 {
				return opened(site + " is built from " + names[i] + ": " + u.why)
			}
			continue
		}
		v.about = append(v.about, u.text)
	}
	return v
}

// selects finds the key that an expression's own references choose where it goes through an index: each.key, each.value,
// count.index.
func (p *Plan) selects(a asker, leaves []string) any {
	for _, leaf := range leaves {
		switch {
		case leaf == "each.key", leaf == "count.index":
			return a.key
		case leaf == "each.value":
			m, _ := a.forEach.(map[string]any)
			if v, ok := descend(m["constant_value"], keyText(a.key)).(string); ok {
				return v
			}
			return a.key
		}
	}
	return nil
}

// step matches a part of a reference: a name, or an index.
var step = regexp.MustCompile(`([^.\[\]"]+)|\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\]`)

// index is a part of a reference in brackets.
type index string

// parts splits a reference into names (string) and indexes (index).
func parts(ref string) []any {
	var list []any
	for _, m := range step.FindAllStringSubmatch(ref, -1) {
		switch {
		case m[1] != "":
			list = append(list, m[1])
		case m[3] != "":
			list = append(list, index(m[3]))
		default:
			list = append(list, index(m[2]))
		}
	}
	return list
}

// name is a part that is a name; empty otherwise.
func name(list []any, i int) string {
	if i < len(list) {
		if s, ok := list[i].(string); ok {
			return s
		}
	}
	return ""
}

// follow finds what a reference stands for. key chooses an instance where the reference has none.
func (p *Plan) follow(a asker, ref string, key any) value {
	mark := a.scope.path + "|" + a.site + "|" + ref
	if p.busy[mark] {
		return opened(ref + " refers to itself")
	}
	p.busy[mark] = true
	defer delete(p.busy, mark)
	list := parts(ref)
	switch name(list, 0) {
	case "var":
		return p.input(a, list)
	case "local":
		return opened(ref + " is a local value, and a plan does not carry those")
	case "each":
		return p.each(a, list)
	case "count", "path", "terraform":
		return value{hidden: true, text: ref}
	case "module":
		return p.output(a, list, key)
	case "data":
		if len(list) < 3 {
			return opened(ref + " cannot be followed")
		}
		return p.resource(a, ref, "data."+name(list, 1)+"."+name(list, 2), list[3:], key)
	}
	if len(list) < 2 {
		return opened(ref + " cannot be followed")
	}
	return p.resource(a, ref, name(list, 0)+"."+name(list, 1), list[2:], key)
}

// input follows var.NAME: to the expression of the module's call, or to the root's value.
func (p *Plan) input(a asker, list []any) value {
	variable := name(list, 1)
	if a.scope.call == nil {
		if v, ok := p.raw.Variables[variable]; ok {
			return knownAt(v.Value, list[2:])
		}
		return value{hidden: true}
	}
	e, ok := a.scope.call.Expressions[variable]
	if !ok {
		return knownAt(a.scope.config.Variables[variable].Default, list[2:])
	}
	up := asker{a.scope.parent, a.scope.key, a.scope.call.ForEach, a.site, a.want}
	v := p.expression(up, e)
	if len(list) > 2 && v.symbolic && v.level != open && len(references(e)) > 1 {
		return opened("var." + variable + " is an object, of whose parts a plan shows nothing")
	}
	return v
}

// knownAt is a known value, or a part of one.
func knownAt(v any, rest []any) value {
	for _, part := range rest {
		switch part := part.(type) {
		case string:
			v = descend(v, part)
		case index:
			if n, err := strconv.Atoi(string(part)); err == nil {
				if l, ok := v.([]any); ok && n < len(l) {
					v = l[n]
					continue
				}
			}
			v = descend(v, string(part))
		}
	}
	return known(plainText(v))
}

// each follows each.key and each.value.
func (p *Plan) each(a asker, list []any) value {
	if name(list, 1) != "value" {
		return known(keyText(a.key))
	}
	m, _ := a.forEach.(map[string]any)
	if c, ok := m["constant_value"]; ok {
		return knownAt(descend(c, keyText(a.key)), list[2:])
	}
	leaves := references(a.forEach)
	if len(leaves) != 1 {
		return value{hidden: true}
	}
	ref := leaves[0]
	if attribute := name(list, 2); attribute != "" {
		ref += `["` + keyText(a.key) + `"].` + attribute
	}
	return p.follow(asker{a.scope, a.key, nil, a.site, a.want}, ref, a.key)
}

// output follows module.NAME.OUTPUT into the module.
func (p *Plan) output(a asker, list []any, key any) value {
	call := name(list, 1)
	rest := list[min(2, len(list)):]
	path := a.scope.in("module." + call)
	if i, ok := first(rest); ok {
		rest, path = rest[1:], p.instancePath(path, string(i))
	} else if p.scopes[path] == nil && key != nil {
		path = p.instancePath(path, keyText(key))
	}
	s := p.scopeAt(path)
	out, ok := s.config.Outputs[name(rest, 0)]
	if !ok {
		return opened("module." + call + " is used as a whole, of which a plan shows nothing")
	}
	v := p.expression(asker{s, s.key, callForEach(s), a.site, a.want}, out.Expression)
	if len(rest) > 1 && v.symbolic && v.level != open {
		return opened("module." + call + "." + name(rest, 0) + " is an object or a list, of whose parts a plan shows nothing")
	}
	return v
}

func callForEach(s *scope) any {
	if s.call == nil {
		return nil
	}
	return s.call.ForEach
}

// instancePath is a module's path with the key, as text or as number, whichever there is.
func (p *Plan) instancePath(path, key string) string {
	if _, err := strconv.Atoi(key); err == nil && p.scopes[path+"["+key+"]"] != nil {
		return path + "[" + key + "]"
	}
	return path + `["` + key + `"]`
}

func first(rest []any) (index, bool) {
	if len(rest) == 0 {
		return "", false
	}
	i, ok := rest[0].(index)
	return i, ok
}

// resource follows TYPE.NAME[KEY].ATTRIBUTE.
func (p *Plan) resource(a asker, ref, address string, rest []any, key any) value {
	all := p.instances(a.scope, address)
	if i, ok := first(rest); ok {
		rest, key = rest[1:], string(i)
	}
	if len(all) == 1 && key == nil && all[0].key != nil {
		key = all[0].key
	}
	var found *resource
	for _, r := range all {
		if r.key == nil || (key != nil && keyText(r.key) == keyText(key)) {
			found = r
		}
	}
	if found == nil && len(all) == 0 {
		return absent()
	}
	if found == nil && key != nil {
		return absent()
	}
	if found == nil {
		return opened(a.site + " refers to " + ref + ", which has several instances; which one is not in the plan")
	}
	steps := make([]any, 0, len(rest))
	for _, part := range rest {
		if i, ok := part.(index); ok {
			if n, err := strconv.Atoi(string(i)); err == nil {
				steps = append(steps, n)
				continue
			}
			part = string(i)
		}
		steps = append(steps, part)
	}
	if len(steps) == 0 {
		v := p.attr(found, meant(found.kind, a.want))
		if other := p.attr(found, "arn"); !v.symbolic && other.symbolic {
			return other // an expression that is not known refers to something that is not
		}
		return v
	}
	return p.attr(found, steps...)
}

// meant is the attribute of a whole resource that an attribute of another wants.
func meant(kind, want string) string {
	switch {
	case kind == "dynamodb_table" && want == "event_source_arn":
		return "stream_arn"
	case kind == "iam_policy_document":
		return "json"
	case want == "function_name" && kind == "lambda_function":
		return "function_name"
	case want == "integration_uri" || want == "uri":
		return "invoke_arn"
	case want == "bucket", want == "api_id", want == "rest_api_id", want == "rule", want == "queue_url", want == "name":
		return "id"
	case want == "role" && kind == "iam_role":
		return "name"
	}
	return "arn"
}
