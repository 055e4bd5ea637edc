package dropin

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// requirements are what a module and the modules that it calls say about providers.
type requirements struct {
	constraints map[string][]string // of providers, by "namespace/type", of those that are served here
	remote      bool                // whether a module is to be fetched before all is known
	folders     []string            // of the modules, the root first
}

// served are the providers that a mirror has, by "namespace/type".
var served = []string{"hashicorp/aws", "lambdasim/lambdasim"}

// hosts are the registries under whose names Terraform and OpenTofu look for providers.
var hosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// address reads a provider's source; "" is the one that a local name stands for.
func address(source, local string) string {
	if source == "" {
		source = "hashicorp/" + local
	}
	parts := strings.Split(strings.ToLower(source), "/")
	switch {
	case len(parts) == 1:
		return "hashicorp/" + parts[0]
	case len(parts) == 3 && slices.Contains(hosts, parts[0]):
		return parts[1] + "/" + parts[2]
	}
	return strings.Join(parts, "/")
}

// readModules reads the root module and the local modules that it calls, and then those that have been fetched, as the data
// folder's list of modules has them. Files that are not HCL are passed over: Terraform itself says what is wrong with them.
func readModules(root, data string) (*requirements, error) {
	r := &requirements{constraints: map[string][]string{}}
	if err := r.read(root); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(data, "modules", "modules.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	var list struct{ Modules []struct{ Dir string } }
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, err
	}
	for _, m := range list.Modules {
		if !filepath.IsAbs(m.Dir) {
			m.Dir = filepath.Join(root, m.Dir)
		}
		if err := r.read(m.Dir); err != nil {
			return nil, err
		}
	}
	return r, nil
}

var (
	fileSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "terraform"}, {Type: "module", LabelNames: []string{"name"}},
		{Type: "provider", LabelNames: []string{"name"}}, {Type: "run", LabelNames: []string{"name"}}}}
	terraformSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "required_providers"}}}
	runSchema       = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "module"}}}
	callSchema      = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}, {Name: "version"}}}
)

// read reads one module's folder and the local modules that it calls.
func (r *requirements) read(folder string) error {
	folder = filepath.Clean(folder)
	if slices.Contains(r.folders, folder) {
		return nil
	}
	r.folders = append(r.folders, folder)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // Terraform says so
	}
	if err != nil {
		return err
	}
	files := []string{}
	for _, e := range entries {
		files = append(files, e.Name())
	}
	if tests, err := filepath.Glob(filepath.Join(folder, "tests", "*.tftest.hcl")); err == nil {
		for _, t := range tests {
			files = append(files, "tests/"+filepath.Base(t))
		}
	}
	for _, name := range files {
		if err := r.readFile(folder, name); err != nil {
			return err
		}
	}
	return nil
}

// isConfiguration reports whether Terraform or OpenTofu reads a file, and whether it is JSON.
func isConfiguration(name string) (yes, isJSON bool) {
	for _, suffix := range []string{".tf", ".tofu", ".tftest.hcl", ".tofutest.hcl"} {
		if strings.HasSuffix(name, suffix) {
			return true, false
		}
	}
	return strings.HasSuffix(name, ".tf.json") || strings.HasSuffix(name, ".tofu.json"), true
}

func (r *requirements) readFile(folder, name string) error {
	yes, isJSON := isConfiguration(name)
	if !yes {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	parser := hclparse.NewParser()
	parse := parser.ParseHCL
	if isJSON {
		parse = parser.ParseJSON
	}
	file, diags := parse(text, name)
	if file == nil || diags.HasErrors() {
		return nil
	}
	content, _, _ := file.Body.PartialContent(fileSchema)
	for _, b := range content.Blocks {
		switch b.Type {
		case "terraform":
			r.readTerraform(b.Body)
		case "provider":
			r.note(address("", b.Labels[0]), attribute(b.Body, "version"))
		case "module":
			err = r.call(folder, b.Body)
		case "run":
			run, _, _ := b.Body.PartialContent(runSchema)
			for _, m := range run.Blocks {
				err = errors.Join(err, r.call(folder, m.Body))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readTerraform reads required_providers.
func (r *requirements) readTerraform(body hcl.Body) {
	content, _, _ := body.PartialContent(terraformSchema)
	for _, b := range content.Blocks {
		attributes, _ := b.Body.JustAttributes()
		for local, a := range attributes {
			source, constraint := requirement(a.Expr)
			r.note(address(source, local), constraint)
		}
	}
}

// requirement reads one entry of required_providers: an object, or, as in old modules, the constraint alone. An entry may
// also list configuration_aliases, which are no values: so the members are read one by one.
func requirement(expr hcl.Expression) (source, constraint string) {
	pairs, diags := hcl.ExprMap(expr)
	if diags.HasErrors() {
		return "", literal(expr)
	}
	for _, p := range pairs {
		key := hcl.ExprAsKeyword(p.Key)
		if key == "" {
			key = literal(p.Key)
		}
		switch key {
		case "source":
			source = literal(p.Value)
		case "version":
			constraint = literal(p.Value)
		}
	}
	return source, constraint
}

// literal is the text of an expression that has no references; "" of others.
func literal(expr hcl.Expression) string {
	v, diags := expr.Value(nil)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

func attribute(body hcl.Body, name string) string {
	content, _, _ := body.PartialContent(callSchema)
	if a, ok := content.Attributes[name]; ok {
		return literal(a.Expr)
	}
	return ""
}

func (r *requirements) note(provider, constraint string) {
	if constraint != "" && slices.Contains(served, provider) && !slices.Contains(r.constraints[provider], constraint) {
		r.constraints[provider] = append(r.constraints[provider], constraint)
	}
}

// call reads a local module that is called; another one has to be fetched first.
func (r *requirements) call(folder string, body hcl.Body) error {
	source := attribute(body, "source")
	if !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
		r.remote = true
		return nil
	}
	return r.read(filepath.Join(folder, source))
}
