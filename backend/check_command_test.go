package backend_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
)

// TestCheckCommand pins the exit codes that docs/check.md promises.
func TestCheckCommand(t *testing.T) {
	const cases = "check/testdata/cases/"
	binary := filepath.Join(t.TempDir(), "plan.bin")
	if err := os.WriteFile(binary, []byte("PK\x03\x04..."), 0o600); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(cases + "s3-allowed.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"all is allowed":                     {[]string{cases + "s3-allowed.json"}, 0, "0 missing, 0 not known until apply", ""},
		"something is missing":               {[]string{cases + "s3-no-permission.json"}, 1, "1 missing", ""},
		"something is not known":             {[]string{cases + "local.json"}, 0, "1 not known until apply", ""},
		"something is not known, and strict": {[]string{"--strict", cases + "local.json"}, 1, "1 not known until apply", ""},
		"flags behind the file":              {[]string{cases + "local.json", "--strict", "--format", "json"}, 1, `"unknown": 1`, ""},
		"standard input":                     {[]string{"-"}, 0, "0 missing", ""},
		"json":                               {[]string{"--format=json", cases + "s3-no-permission.json"}, 1, `"format_version": "1.0"`, ""},
		"sarif":                              {[]string{"--format=sarif", cases + "s3-no-permission.json"}, 1, `"uri": "check/testdata/cases/s3-no-permission.json"`, ""},
		"an unknown format":                  {[]string{"--format=xml", cases + "s3-allowed.json"}, 2, "", "want human, json or sarif"},
		"a binary plan":                      {[]string{binary}, 2, "", "run terraform show -json"},
		"no plan":                            {nil, 2, "", "want one plan, have 0"},
		"two plans":                          {[]string{"a", "b"}, 2, "", "want one plan, have 2"},
		"a file that is not there":           {[]string{"nowhere.json"}, 2, "", "nowhere.json"},
		"a flag that is not there":           {[]string{"--verbose", "x"}, 2, "", "flag provided but not defined"},
		"help":                               {[]string{"--help"}, 0, "", "usage: terraform-provider-lambdasim check"},
		"help of what it is and how a plan comes": {[]string{"-h"}, 0, "", "terraform plan -out=plan.bin && terraform show -json plan.bin > plan.json"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := backend.CheckCommand(c.args, "test", bytes.NewReader(good), &stdout, &stderr)
			if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) {
				t.Errorf("code %d, want %d\n%s\n%s", code, c.code, stdout.String(), stderr.String())
			}
			if c.code == 2 && stdout.Len() > 0 {
				t.Errorf("a failure printed to standard output: %s", stdout.String())
			}
		})
	}
}
