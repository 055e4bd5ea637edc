package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// resource is an instance of a resource or data source.
type resource struct {
	address, mode, typ, name string
	kind                     string // the type without its prefix: lambda_function for aws_lambda_function and lambdasim_function
	key                      any    // string, float64, or nil
	values, unknown          map[string]any
	config                   *resourceConfig // nil when the configuration has no such resource
	scope                    *scope
	created                  bool // by this plan
}

// scope is an instance of a module.
type scope struct {
	path   string // module.a["x"].module.b; empty for the root
	key    any
	config *moduleConfig
	call   *moduleCall // nil for the root
	parent *scope
}

// shortened are lambdasim's types whose names drop the service's.
var shortened = []string{"function", "permission", "event_source_mapping", "alias", "function_url", "function_event_invoke_config"}

// kindOf is the kind of a type; empty for types of other providers.
func kindOf(typ string) string {
	if kind, ok := strings.CutPrefix(typ, "aws_"); ok {
		return kind
	}
	kind, ok := strings.CutPrefix(typ, "lambdasim_")
	if ok && slices.Contains(shortened, kind) {
		return "lambda_" + kind
	}
	return kind
}

// build finds resources, their configuration and their scopes.
func (p *Plan) build() {
	p.byAddress, p.scopes, p.busy = map[string]*resource{}, map[string]*scope{}, map[string]bool{}
	if p.raw.Configuration == nil {
		p.raw.Configuration = &rawConfig{}
	}
	p.root = &scope{config: &p.raw.Configuration.RootModule}
	p.scopes[""] = p.root
	if p.raw.PriorState != nil && p.raw.PriorState.Values != nil {
		p.read(p.raw.PriorState.Values.RootModule, "data")
	}
	if p.raw.PlannedValues != nil {
		p.read(p.raw.PlannedValues.RootModule, "")
	}
	for _, c := range p.raw.ResourceChanges {
		r := p.byAddress[c.Address]
		if c.Deposed != "" || slices.Equal(c.Change.Actions, []string{"delete"}) || slices.Equal(c.Change.Actions, []string{"forget"}) {
			continue
		}
		if r == nil {
			r = p.put(c.rawResource, c.ModuleAddress)
		}
		if after, ok := c.Change.After.(map[string]any); ok {
			r.values = after
		}
		r.created = slices.Contains(c.Change.Actions, "create")
		r.unknown, _ = c.Change.AfterUnknown.(map[string]any)
	}
	slices.SortFunc(p.resources, func(a, b *resource) int { return strings.Compare(a.address, b.address) })
	p.findAccounts()
	p.findRegions()
}

// read takes the resources of a module and its children; with a mode only those of that mode.
func (p *Plan) read(m rawModule, mode string) {
	for _, r := range m.Resources {
		if mode == "" || r.Mode == mode {
			p.put(r, m.Address)
		}
	}
	for _, child := range m.ChildModules {
		p.read(child, mode)
	}
}

func (p *Plan) put(raw rawResource, module string) *resource {
	if r := p.byAddress[raw.Address]; r != nil {
		r.values = raw.Values
		return r
	}
	r := &resource{address: raw.Address, mode: raw.Mode, typ: raw.Type, name: raw.Name, kind: kindOf(raw.Type), key: raw.Index, values: raw.Values, scope: p.scopeAt(module)}
	i := slices.IndexFunc(r.scope.config.Resources, func(c *resourceConfig) bool {
		return c.Mode == r.mode && c.Type == r.typ && c.Name == r.name
	})
	if i >= 0 {
		r.config = r.scope.config.Resources[i]
	}
	p.byAddress[r.address] = r
	p.resources = append(p.resources, r)
	return r
}

// moduleStep is the last step of a module's address.
var moduleStep = regexp.MustCompile(`^(?:(.*)\.)?module\.([^.\[\]"]+)(\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\])?$`)

// scopeAt returns the scope of a module's address. A module that the configuration lacks has an empty one.
func (p *Plan) scopeAt(path string) *scope {
	if s := p.scopes[path]; s != nil {
		return s
	}
	s := &scope{path: path, parent: p.root, config: &moduleConfig{}}
	p.scopes[path] = s
	m := moduleStep.FindStringSubmatch(path)
	if m == nil {
		return s
	}
	s.parent = p.scopeAt(m[1])
	switch {
	case m[5] != "":
		s.key = m[5]
	case m[3] != "":
		s.key = m[4]
	}
	if call := s.parent.config.ModuleCalls[m[2]]; call != nil {
		s.call, s.config = call, &call.Module
	}
	return s
}

// of lists the managed resources of a kind.
func (p *Plan) of(kind string) []*resource {
	var list []*resource
	for _, r := range p.resources {
		if r.kind == kind && r.mode == "managed" {
			list = append(list, r)
		}
	}
	return list
}

// in is an address inside a scope.
func (s *scope) in(address string) string {
	if s.path == "" {
		return address
	}
	return s.path + "." + address
}

// keyText is an instance's key as text, however it was written.
func keyText(key any) string {
	if key == nil {
		return ""
	}
	return fmt.Sprint(key)
}

// instances lists the instances of a resource of a scope, given as type.name or data.type.name.
func (p *Plan) instances(s *scope, address string) []*resource {
	var list []*resource
	for _, r := range p.resources {
		own := r.typ + "." + r.name
		if r.mode == "data" {
			own = "data." + own
		}
		if r.scope == s && own == address {
			list = append(list, r)
		}
	}
	return list
}
