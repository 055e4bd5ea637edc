package dropin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// layMirror lays a mirror from which Terraform and OpenTofu install the providers that are served here: for each the
// versions, under the names of both registries, all of them the one program. A folder that has other things is left alone.
func layMirror(folder, program string, versions map[string][]string) error {
	for provider, list := range versions {
		for _, host := range hosts {
			base := filepath.Join(folder, host, filepath.FromSlash(provider))
			if err := prune(base, list); err != nil {
				return err
			}
			for _, v := range list {
				name := "terraform-provider-" + path.Base(provider) + "_v" + v
				if err := place(program, filepath.Join(base, v, runtime.GOOS+"_"+runtime.GOARCH), name); err != nil {
					return fmt.Errorf("lay %s %s into the mirror: %w", provider, v, err)
				}
			}
		}
	}
	return nil
}

// prune drops versions of a mirror laid before that are not wanted now: Terraform takes the newest that it finds.
func prune(base string, versions []string) error {
	entries, err := os.ReadDir(base)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !slices.Contains(versions, e.Name()) {
			if err := os.RemoveAll(filepath.Join(base, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// place puts the program into a folder under a name: a link where the file system has them, a copy otherwise.
func place(program, folder, name string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	target := filepath.Join(folder, name)
	have, err := os.Stat(target)
	want, wantErr := os.Stat(program)
	if wantErr != nil {
		return wantErr
	}
	if err == nil && os.SameFile(have, want) {
		return nil
	}
	half := target + ".new"
	_ = os.Remove(half)
	if os.Link(program, half) != nil {
		if err := copyFile(program, half, 0o755); err != nil {
			return err
		}
	}
	return os.Rename(half, target)
}

func copyFile(from, to string, mode os.FileMode) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	_ = os.Remove(to)
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	if _, err = io.Copy(out, in); err == nil {
		err = out.Close()
	} else {
		_ = out.Close()
	}
	return err
}

// cliConfig is a configuration of Terraform or OpenTofu that takes the providers served here from a mirror and from nowhere
// else; those that somebody has put into one of the plugins folders from there alone, as Terraform does by itself where nothing
// is configured; and every other provider from its registry.
func cliConfig(mirror string, plugins ...string) string {
	var list []string
	for _, host := range hosts {
		for _, provider := range served {
			list = append(list, host+"/"+provider)
		}
	}
	elsewhere := slices.Clone(list)
	var b strings.Builder
	method := func(kind, folder, which string, names []string) {
		fmt.Fprintf(&b, "  %s {\n", kind)
		if folder != "" {
			fmt.Fprintf(&b, "    path    = %q\n", folder)
		}
		fmt.Fprintf(&b, "    %s = [%s]\n  }\n", which, quoted(names))
	}
	b.WriteString("disable_checkpoint = true\n\nprovider_installation {\n")
	method("filesystem_mirror", mirror, "include", list)
	for _, folder := range plugins {
		if found := pluginsIn(folder, elsewhere); len(found) > 0 {
			method("filesystem_mirror", folder, "include", found)
			elsewhere = append(elsewhere, found...)
		}
	}
	method("direct", "", "exclude", elsewhere)
	b.WriteString("}\n")
	return b.String()
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(list, ", ")
}

// pluginsIn names the providers of a plugins folder, HOST/NAMESPACE/TYPE, but for those that come from elsewhere.
func pluginsIn(folder string, elsewhere []string) (list []string) {
	found, err := filepath.Glob(filepath.Join(folder, "*.*", "*", "*"))
	if err != nil { // the folder's own name has a character of patterns in it
		return nil
	}
	for _, path := range found {
		name, err := filepath.Rel(folder, path)
		if name = filepath.ToSlash(name); err == nil && !slices.Contains(elsewhere, name) {
			list = append(list, name)
		}
	}
	return list
}

// pluginFolders are where Terraform looks for providers by itself, in the copy of a module and in the user's home.
func pluginFolders(module string, user []string) []string {
	list := []string{filepath.Join(module, "terraform.d", "plugins")}
	for _, v := range user {
		if home, ok := strings.CutPrefix(v, "HOME="); ok && filepath.IsAbs(home) {
			list = append(list, filepath.Join(home, ".terraform.d", "plugins"))
		}
	}
	return list
}

// mirrorVersions chooses the versions for what modules ask for: one that satisfies every constraint, or one for each major
// line where nothing is asked for.
func mirrorVersions(r *requirements, own string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, provider := range served {
		constraints := r.constraints[provider]
		preferred := []string{"6.99.0"}
		if provider != "hashicorp/aws" {
			preferred = []string{own}
		}
		v, err := choose(constraints, preferred...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", provider, err)
		}
		out[provider] = []string{v}
		if len(constraints) == 0 && provider == "hashicorp/aws" {
			out[provider] = majors
		}
	}
	return out, nil
}
