package process_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// A package may be anybody's: nothing of it is written outside its folder.
func TestAPackageStaysInItsFolder(t *testing.T) {
	const script = "#!/bin/sh\nexit 0\n"
	for name, c := range map[string]struct {
		entries []entry
		want    string
	}{
		"a path that climbs out":       {[]entry{{"../out", "x", 0o644}}, `"../out" leads outside`},
		"an absolute path":             {[]entry{{"/tmp/out", "x", 0o644}}, `"/tmp/out" leads outside`},
		"a backslash":                  {[]entry{{`..\out`, "x", 0o644}}, `leads outside`},
		"an absolute link":             {[]entry{{"l", "/etc/passwd", fs.ModeSymlink | 0o777}}, `"l" leads outside of its folder, to "/etc/passwd"`},
		"a link that climbs out":       {[]entry{{"l", "../..", fs.ModeSymlink | 0o777}}, `"l" leads outside`},
		"a file through a link":        {[]entry{{"l", "../..", fs.ModeSymlink | 0o777}, {"l/out", "x", 0o644}}, "l"},
		"a link through a link":        {[]entry{{"a/b", "..", fs.ModeSymlink | 0o777}, {"l", "a/b/..", fs.ModeSymlink | 0o777}}, `"l" leads outside`},
		"a device":                     {[]entry{{"d", "", fs.ModeDevice | 0o644}}, "neither a file nor a folder nor a link"},
		"a file where a folder is too": {[]entry{{"a", "x", 0o644}, {"a/b", "x", 0o644}}, `"a/b" cannot be unpacked`},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			b := setup(t)
			_, err := b.Run(context.Background(), invocation(b.version("f", "provided.al2", "h", zipEntries(t, append(c.entries, entry{"bootstrap", script, 0o755})...)), "{}"))
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if left, _ := filepath.Glob(filepath.Join(b.dir, "code", "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	t.Run("a package that unpacks to more than the limit is refused", func(t *testing.T) {
		b := setup(t)
		zipped := zipEntries(t, entry{"big", string(bytes.Repeat([]byte{0}, 262144001)), 0o644})
		_, err := b.Run(context.Background(), invocation(b.version("f", "provided.al2", "h", zipped), "{}"))
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "Unzipped size must be smaller than 262144000 bytes") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("links inside are kept, and nobody but the owner may write", func(t *testing.T) {
		b := setup(t)
		v := b.version("f", "provided.al2", "h", zipEntries(t, entry{"bin/run", script, 0o777}, entry{"bootstrap", "bin/run", fs.ModeSymlink | 0o777}))
		if out := b.run(t, v, "{}"); out.ErrorType != "Runtime.ExitError" { // it was found, and run
			t.Errorf("got %s", out.Payload)
		}
		found, _ := filepath.Glob(filepath.Join(b.dir, "code", "*", "bin", "run"))
		if len(found) != 1 {
			t.Fatalf("found %v", found)
		}
		if info, err := os.Stat(found[0]); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("got %v %v", info.Mode(), err)
		}
	})
}
