package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/check"
)

// expectation is what a case's own lines want: "# want VERDICT RULE ADDRESS [: part of the reason]", and below it
// "# assumes TEXT" and "# mend TEXT" for the finding.
type expectation struct {
	verdict, rule, address, reason string
	assumes, mend                  []string
}

func expectations(t *testing.T, path string) []expectation {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []expectation
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if rest, ok := strings.CutPrefix(line, "# want "); ok {
			head, reason, _ := strings.Cut(rest, " : ")
			f := strings.Fields(head)
			if len(f) != 3 {
				t.Fatalf("%s: %q", path, line)
			}
			list = append(list, expectation{verdict: f[0], rule: f[1], address: f[2], reason: reason})
		}
		if rest, ok := strings.CutPrefix(line, "# assumes "); ok {
			list[len(list)-1].assumes = append(list[len(list)-1].assumes, rest)
		}
		if rest, ok := strings.CutPrefix(line, "# mend "); ok {
			list[len(list)-1].mend = append(list[len(list)-1].mend, rest)
		}
	}
	return list
}

func read(t testing.TB, path string) *check.Plan {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := check.Read(text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p
}

func (e expectation) is(f check.Finding) bool {
	return e.verdict == string(f.Verdict) && e.rule == f.Rule && e.address == f.Address && strings.Contains(f.Reason, e.reason)
}

func show(f check.Finding) string {
	s := fmt.Sprintf("%s %s %s : %s %q", f.Verdict, f.Rule, f.Address, f.Reason, f.Assumes)
	if f.Mend != nil {
		s += "\n" + f.Mend.HCL
	}
	return s
}

func casePaths(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/cases/*.tf")
	if err != nil || len(paths) < 60 {
		t.Fatalf("%d cases, %v", len(paths), err)
	}
	return paths
}

// TestCorpus plans were made by Terraform (testdata/make.sh). Every finding must be wanted, but that Lambda may assume a
// role, which is only said where a case is about it.
func TestCorpus(t *testing.T) {
	for _, path := range casePaths(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".tf"), func(t *testing.T) {
			findings := check.Check(read(t, strings.TrimSuffix(path, ".tf")+".json")).Findings
			wanted := expectations(t, path)
			if len(wanted) == 0 {
				t.Error("the case wants nothing")
			}
			for _, f := range findings {
				if f.Rule == "trust/lambda" && f.Verdict == check.Allowed {
					continue
				}
				i := slices.IndexFunc(wanted, func(e expectation) bool { return e.is(f) })
				if i < 0 {
					t.Errorf("not wanted: %s", show(f))
					continue
				}
				for _, text := range wanted[i].assumes {
					if !slices.Contains(f.Assumes, text) {
						t.Errorf("does not assume %q: %s", text, show(f))
					}
				}
				for _, text := range wanted[i].mend {
					if f.Mend == nil || !strings.Contains(f.Mend.HCL, text) {
						t.Errorf("is not mended by %q: %s", text, show(f))
					}
				}
				wanted = slices.Delete(wanted, i, i+1)
			}
			for _, e := range wanted {
				t.Errorf("not found: %+v", e)
			}
		})
	}
}
