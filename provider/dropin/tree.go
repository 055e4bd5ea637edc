package dropin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The copy of a module. A module may name things above it ("../modules/queue", "../../dist/app.zip"), so the copy has the
// same folders above it, as many as the module's texts climb; what else is in those folders is there as links.
//
//	/src/shop/envs/test        the module, which has source = "../../modules/orders"
//	…/dropin/tree/modules      a link to /src/shop/modules
//	…/dropin/tree/envs/prod    a link to /src/shop/envs/prod
//	…/dropin/tree/envs/test    the copy
//
// What a run writes into the copy (archive_file, local_file) stays there and is there at the next run. What the module no
// longer has leaves the copy. A run that writes above the module writes where it would without us.

// tree is a module's copy.
type tree struct {
	module string // the module itself
	root   string // of the copy and of the folders above it
	levels int    // how many folders above the module are there too
	record string // file that lists what was copied
}

// dir is the copy.
func (t *tree) dir() string {
	top := t.module
	for range t.levels {
		top = filepath.Dir(top)
	}
	rest, err := filepath.Rel(top, t.module)
	if err != nil || rest == "." {
		rest = filepath.Base(t.module)
	}
	return filepath.Join(t.root, rest)
}

var climbing = regexp.MustCompile(`(?:\.\./)*\.\.(?:/|"|\s|$)`)

// climbs is how many folders above the root module the texts of its modules, and of the command's arguments, reach.
func climbs(root string, folders, args []string) (int, error) {
	most := 0
	look := func(at, text string) {
		for _, run := range climbing.FindAllString(text, -1) {
			rel, err := filepath.Rel(root, filepath.Join(at, strings.Repeat("../", strings.Count(run, ".."))))
			if err == nil {
				most = max(most, strings.Count(rel, ".."))
			}
		}
	}
	look(root, strings.Join(args, "\n"))
	for _, folder := range folders {
		if rel, err := filepath.Rel(root, folder); err == nil && strings.Contains(rel, ".terraform") {
			continue // fetched: it reaches nothing of the user's
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if yes, _ := isConfiguration(e.Name()); !yes && !strings.HasSuffix(e.Name(), ".tfvars") {
				continue
			}
			text, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err != nil {
				return 0, err
			}
			look(folder, string(text))
		}
	}
	return min(most, strings.Count(filepath.Clean(root), string(filepath.Separator))), nil
}

// left are names in a module that its copy has not: what Terraform and this package keep there.
func left(name string) bool {
	return name == ".terraform" || name == ".git" || name == ".lambdasim" || name == ".terraform.tfstate.lock.info" ||
		strings.HasPrefix(name, "terraform.tfstate")
}

// override is the file that gives the copy its state. Override files count in the order of their names.
const override = "zzzz_lambdasim_override.tf"

// sync brings the copy up to date.
func (t *tree) sync(state string) error {
	dir := t.dir()
	if err := t.links(dir); err != nil {
		return err
	}
	was := map[string]bool{}
	if text, err := os.ReadFile(t.record); err == nil {
		_ = json.Unmarshal(text, &was) // a torn record only keeps files that could go
	}
	is := map[string]bool{}
	if err := t.copyModule(dir, is); err != nil {
		return err
	}
	for name := range was {
		if !is[name] {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	text, err := json.Marshal(is)
	if err == nil {
		err = os.WriteFile(t.record, text, 0o644)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, override), []byte(stateOverride(state)), 0o644)
}

func stateOverride(folder string) string {
	return fmt.Sprintf(`# Written by lambdasim: the state of this copy is local, whatever the module says.
terraform {
  backend "local" {
    path          = %q
    workspace_dir = %q
  }
}
`, filepath.Join(folder, "terraform.tfstate"), filepath.Join(folder, "workspaces"))
}

// links makes the folders above the copy, with links to what is beside the module.
func (t *tree) links(dir string) error {
	want := t.module
	for at := dir; at != t.root; at = filepath.Dir(at) {
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		want = filepath.Dir(want)
		if filepath.Dir(at) == t.root && t.levels == 0 {
			return nil
		}
		if err := linkSiblings(want, filepath.Dir(at), filepath.Base(at)); err != nil {
			return err
		}
	}
	return nil
}

// linkSiblings links every entry of a folder but one into another folder, and drops links to what is gone.
func linkSiblings(from, to, except string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == except || e.Name() == ".lambdasim" {
			continue
		}
		if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	links, err := os.ReadDir(to)
	if err != nil {
		return err
	}
	for _, e := range links {
		gone := !slices.ContainsFunc(entries, func(x fs.DirEntry) bool { return x.Name() == e.Name() })
		if gone && e.Type()&fs.ModeSymlink != 0 {
			if err := os.Remove(filepath.Join(to, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyModule copies what has changed, and lists all that it would copy.
func (t *tree) copyModule(dir string, list map[string]bool) error {
	return filepath.WalkDir(t.module, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(t.module, path)
		if err != nil {
			return err
		}
		if name != "." && left(d.Name()) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		target := filepath.Join(dir, name)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		list[name] = true
		return copyEntry(path, target, d)
	})
}

// copyEntry copies a file, with its time, where the copy is of another time or size; a link stays a link to the same thing.
func copyEntry(from, to string, d fs.DirEntry) error {
	if d.Type()&fs.ModeSymlink != 0 {
		return copyLink(from, to)
	}
	info, err := d.Info()
	if err != nil || !info.Mode().IsRegular() {
		return err // sockets and their like are nothing that a module has
	}
	if have, err := os.Lstat(to); err == nil && have.Mode().IsRegular() && have.Size() == info.Size() && have.ModTime().Equal(info.ModTime()) {
		return nil
	}
	if err := copyFile(from, to, info.Mode().Perm()|0o200); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

func copyLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return err
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(filepath.Dir(from), target)
	}
	if have, err := os.Readlink(to); err == nil && have == target {
		return nil
	}
	_ = os.Remove(to)
	return os.Symlink(target, to)
}

// laterOverride finds an override file that counts after ours.
func laterOverride(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		base, _, _ := strings.Cut(e.Name(), ".")
		if yes, _ := isConfiguration(e.Name()); yes && e.Name() > override && strings.HasSuffix(base, "_override") {
			return e.Name(), nil
		}
	}
	return "", nil
}
