package process

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// MaxUnzipped is how many bytes a package may unpack to (Lambda quotas).
const MaxUnzipped = 262144000

// unpack writes the zip file into dir, which exists; files that are there already are replaced. Nothing is written outside dir, whatever the names and
// links in the zip file say; links that lead outside are refused. Permissions are kept, save that nobody but the owner
// may write; every folder can be entered. What has been written before an error is left for the caller to remove.
func unpack(zipped []byte, dir string) error {
	archive, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		return fault.New(fault.Invalid, "the package is not a zip file: %s", err.Error())
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	left := int64(MaxUnzipped)
	var links []string
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, "/")
		if name == "" || name == "." {
			continue
		}
		if !filepath.IsLocal(name) || strings.Contains(name, `\`) {
			return fault.New(fault.Invalid, "the package's entry %q leads outside of its folder", f.Name)
		}
		written, err := unpackEntry(root, f, path.Clean(name), left)
		if err != nil {
			return entryError(f.Name, err)
		}
		if left -= written; left < 0 {
			return fault.New(fault.Invalid, "Unzipped size must be smaller than %d bytes", MaxUnzipped)
		}
		if f.Mode()&fs.ModeSymlink != 0 {
			links = append(links, path.Clean(name))
		}
	}
	return checkLinks(root, links)
}

// entryError tells an entry that contradicts the others (a file where a folder is needed, a path through a link that leads
// outside) from a disk that fails.
func entryError(name string, err error) error {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return e
	}
	return fault.New(fault.Invalid, "the package's entry %q cannot be unpacked: %s", name, err.Error())
}

func unpackEntry(root *os.Root, f *zip.File, name string, left int64) (written int64, err error) {
	if f.Mode().IsDir() {
		return 0, makeIn(root, name)
	}
	if err := makeIn(root, path.Dir(name)); err != nil {
		return 0, err
	}
	switch {
	case f.Mode()&fs.ModeSymlink != 0:
		return unpackLink(root, f, name)
	case f.Mode().IsRegular():
		return unpackFile(root, f, name, left)
	}
	return 0, fault.New(fault.Invalid, "the package's entry %q is neither a file nor a folder nor a link (%v)", f.Name, f.Mode())
}

// makeIn makes a folder and those above it, so that everybody may enter them.
func makeIn(root *os.Root, name string) error {
	if name == "." {
		return nil
	}
	if info, err := root.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	if err := makeIn(root, path.Dir(name)); err != nil {
		return err
	}
	if err := root.Mkdir(name, 0o755); err != nil {
		return err
	}
	return root.Chmod(name, 0o755)
}

// unpackFile writes a file of at most left bytes; of one that holds more it writes one byte more, so that the caller sees.
func unpackFile(root *os.Root, f *zip.File, name string, left int64) (int64, error) {
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	_ = root.Remove(name) // an entry that comes twice counts as it comes last
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	written, err := io.Copy(out, io.LimitReader(in, left+1))
	if err := errors.Join(err, out.Chmod(f.Mode().Perm()&^0o022), out.Close()); err != nil {
		return written, err
	}
	return written, nil
}

func unpackLink(root *os.Root, f *zip.File, name string) (int64, error) {
	const longest = 4096
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	target, err := io.ReadAll(io.LimitReader(in, longest+1))
	if err != nil || len(target) > longest {
		return 0, fmt.Errorf("read the target of the link: %d bytes, %w", len(target), err)
	}
	if path.IsAbs(string(target)) {
		return 0, fault.New(fault.Invalid, "the package's link %q leads outside of its folder, to %q", f.Name, target)
	}
	_ = root.Remove(name)
	return int64(len(target)), root.Symlink(string(target), name)
}

// checkLinks refuses links that lead outside. It looks when all are there, because one may lead through another; a link
// that leads nowhere is harmless.
func checkLinks(root *os.Root, links []string) error {
	for _, name := range links {
		if _, err := root.Stat(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.New(fault.Invalid, "the package's link %q leads outside of its folder: %s", name, err.Error())
		}
	}
	return nil
}
