package backend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lambdasim/terraform-provider-lambdasim/"

// source is one Go file of the repository.
type source struct {
	path string // slash-separated, from the repository's root
	file *ast.File
	set  *token.FileSet
	text string
}

func (s *source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// sources parses every Go file of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var list []source
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, parser.ParseComments)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		list = append(list, source{filepath.ToSlash(rel), file, set, string(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 50 {
		t.Fatalf("only %d Go files were found: this test looks in the wrong place", len(list))
	}
	return list
}

func TestNoFileIsLongerThan500LinesAndNoFunctionThan70(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || ast.IsGenerated(s.file) {
			continue
		}
		if n := strings.Count(s.text, "\n"); n > 500 {
			t.Errorf("%s has %d lines: find its seam", s.path, n)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name == "Schema" {
				continue
			}
			if n := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1; n > 70 {
				t.Errorf("%s: %s has %d lines: find its seam", s.path, f.Name.Name, n)
			}
		}
	}
}

// mayImport says, for the folders of the backend, which of our own packages they may import. The first row that fits holds.
var mayImport = []struct {
	from string
	to   []string
}{
	{"backend/arn", nil},
	{"backend/control", nil},
	{"backend/policy", []string{"backend/arn"}},
	{"backend/autostart", []string{"backend/control", "backend/internal/clock"}},
	{"backend/check", []string{"backend/arn", "backend/policy"}},
	{"backend/pattern", nil},
	{"backend/sdkhttp", nil},
	{"backend/internal/clock", nil},
	{"backend/internal/ident", nil},
	{"backend/internal/fault", nil},
	{"backend/internal/thread", nil},
	{"backend/internal/postgres", []string{"backend/internal/clock", "backend/internal/thread", "backend/internal/postgres"}},
	{"backend/internal/trace", []string{"backend/internal/clock", "backend/internal/postgres"}},
	{"backend/internal/wire", []string{"backend/internal/clock", "backend/internal/fault", "backend/internal/ident", "backend/internal/core/authz", "backend/policy"}},
	{"backend/internal/core/agenda", []string{"backend/internal/clock", "backend/internal/fault", "backend/internal/postgres", "backend/internal/trace"}},
	{"backend/internal/core/identity", []string{"backend/arn", "backend/policy", "backend/internal/fault", "backend/internal/ident", "backend/internal/postgres"}},
	{"backend/internal/core", []string{"backend/arn", "backend/policy", "backend/pattern", "backend/internal/clock", "backend/internal/fault",
		"backend/internal/ident", "backend/internal/postgres", "backend/internal/trace", "backend/internal/core"}},
	{"backend/internal/execute/script", []string{"backend/control", "backend/internal/clock", "backend/internal/fault", "backend/internal/postgres", "backend/internal/core/function", "backend/internal/core/invoke",
		"backend/internal/execute"}},
	{"backend/internal/execute", []string{"backend/arn", "backend/control", "backend/internal/clock", "backend/internal/fault", "backend/internal/ident",
		"backend/internal/core/invoke", "backend/internal/core/function", "backend/internal/core/logs", "backend/internal/execute", "backend/internal/trace", "backend/internal/thread"}},
	{"backend/internal/service/dynamodb/expression", nil},
	{"backend/internal/service", []string{"backend/arn", "backend/policy", "backend/pattern", "backend/internal/clock", "backend/internal/fault",
		"backend/internal/ident", "backend/internal/postgres", "backend/internal/trace", "backend/internal/wire", "backend/internal/core"}},
	{"backend", []string{"backend"}},
	{"provider", []string{"provider", "backend/autostart", "backend/control", "backend/policy", "backend/pattern", "backend/arn", "backend/sdkhttp"}},
}

func under(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func TestImportsPointDownwards(t *testing.T) {
	for _, s := range sources(t) {
		dir := filepath.ToSlash(filepath.Dir(s.path))
		i := slices.IndexFunc(mayImport, func(r struct {
			from string
			to   []string
		}) bool {
			return under(dir, r.from)
		})
		if s.test() || i < 0 {
			continue
		}
		for _, imp := range s.file.Imports {
			path, own := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), module)
			if !own || path == dir {
				continue
			}
			if under(path, dir) { // a part of its own
				continue
			}
			if !slices.ContainsFunc(mayImport[i].to, func(to string) bool { return under(path, to) }) {
				t.Errorf("%s imports %s, which lies above or beside it", s.path, path)
			}
			if under(dir, "backend/internal/service") && under(path, "backend/internal/service") {
				t.Errorf("%s imports %s: services meet in the core", s.path, path)
			}
		}
	}
}

func TestTheCoreKnowsNoProtocol(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() || !under(s.path, "backend/internal/core") && !under(s.path, "backend/policy") && !under(s.path, "backend/check") {
			continue
		}
		for _, imp := range s.file.Imports {
			if path := strings.Trim(imp.Path.Value, `"`); path == "net/http" || strings.HasPrefix(path, "github.com/aws/") {
				t.Errorf("%s imports %s", s.path, path)
			}
		}
	}
}

// keepers are the packages that may ask the operating system for the time; the benchmarks measure nothing else.
var keepers = []string{"backend/internal/clock", "backend/internal/execute/process", "backend/internal/postgres", "backend/bench"}

func TestTimeComesFromTheClock(t *testing.T) {
	forbidden := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}
	for _, s := range sources(t) {
		if s.test() || !under(s.path, "backend") || slices.ContainsFunc(keepers, func(k string) bool { return under(s.path, k) }) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(forbidden, sel.Sel.Name) {
				t.Errorf("%s names time.%s: use the clock", s.set.Position(sel.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

func TestNoTestSleeps(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() && strings.Contains(s.text, "time."+"Sleep(") {
			t.Errorf("%s sleeps: use the virtual clock, or wait for what is to happen", s.path)
		}
	}
}

// TestNoSDKClientLosesItsConnection: package sdkhttp says what an SDK client with another HTTP client may run into.
func TestNoSDKClientLosesItsConnection(t *testing.T) {
	other := regexp.MustCompile(`HTTPClient( =|:) *(&http\.Client|http\.DefaultClient)`)
	for _, s := range sources(t) {
		if s.path == "backend/internal/wire/discover.go" { // its clients send nothing
			continue
		}
		if made := other.FindString(s.text); made != "" {
			t.Errorf("%s makes an SDK client of another HTTP client than sdkhttp's: %s", s.path, made)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			made, ok := n.(*ast.CompositeLit)
			if !ok || !isName(made.Type, "aws", "Config") {
				return true
			}
			if !slices.ContainsFunc(made.Elts, func(e ast.Expr) bool {
				field, ok := e.(*ast.KeyValueExpr)
				return ok && field.Key.(*ast.Ident).Name == "HTTPClient"
			}) {
				t.Errorf("%s: a configuration of SDK clients without sdkhttp's client", s.set.Position(made.Pos()))
			}
			return true
		})
	}
}

// isName reports whether the expression is pkg.name.
func isName(e ast.Expr, pkg, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg
}

func TestSQLNeverAsksForTheTime(t *testing.T) {
	asks := regexp.MustCompile(`(?i)\b(now\(\)|current_timestamp|clock_timestamp\(\))`)
	for _, s := range sources(t) {
		if s.test() || !under(s.path, "backend") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.HasPrefix(lit.Value, "`") && asks.MatchString(lit.Value) {
				t.Errorf("%s: the SQL asks the server for the time; use tx.Now", s.set.Position(lit.Pos()))
			}
			return true
		})
	}
}

func TestEveryPackageOfTheBackendHasADoc(t *testing.T) {
	docs := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() || !under(s.path, "backend") && !under(s.path, "provider") || s.file.Name.Name == "main" {
			continue
		}
		dir := filepath.Dir(s.path)
		docs[dir] = docs[dir] || (s.file.Doc != nil && len(s.file.Doc.Text()) > 80)
	}
	for dir, ok := range docs {
		if !ok {
			t.Errorf("the package in %s has no doc that explains it", dir)
		}
	}
}
