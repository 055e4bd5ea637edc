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
// else, and every other provider from its registry.
func cliConfig(mirror string) string {
	var list []string
	for _, host := range hosts {
		for _, provider := range served {
			list = append(list, fmt.Sprintf("%q", host+"/"+provider))
		}
	}
	names := strings.Join(list, ", ")
	return fmt.Sprintf(`disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path    = %q
    include = [%s]
  }
  direct {
    exclude = [%s]
  }
}
`, mirror, names, names)
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
