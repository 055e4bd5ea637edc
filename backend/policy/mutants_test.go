package policy_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// edit replaces a text of a source file, which must be there exactly once.
type edit struct{ File, Old, New string }

// mutant is a mistake that implementations of IAM are known to make, as a change of this package's sources.
type mutant struct {
	Number  string `json:"number"` // of the list of known mistakes, with a letter where one line has several
	Mistake string `json:"mistake"`
	Edits   []edit `json:"edits"`
}

// TestEveryKnownMistakeFailsACase plants each mistake in a copy of the evaluator and runs the corpus against it: some case
// must fail. An overlay makes the copy, so that nothing but the package and its test is compiled again. -short takes
// every fifth.
func TestEveryKnownMistakeFailsACase(t *testing.T) {
	mutants := readJSON[[]mutant](t, "testdata/mutants.json")
	lines := map[string]bool{}
	for _, m := range mutants {
		lines[strings.TrimRight(m.Number, "abcdefgh")] = true
	}
	if len(lines) != 18 {
		t.Errorf("mistakes of %d lines are planted, want all of the 18", len(lines))
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	todo := make(chan mutant)
	var wait sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)) {
		wait.Go(func() {
			for m := range todo {
				m.check(t, dir)
			}
		})
	}
	for i, m := range mutants {
		if !testing.Short() || i%5 == 0 {
			todo <- m
		}
	}
	close(todo)
	wait.Wait()
}

func (m *mutant) check(t *testing.T, dir string) {
	overlay, ok := m.overlay(t, dir)
	if !ok {
		return
	}
	run := exec.Command("go", "test", "-overlay", overlay, "-vet=off", "-ldflags=-s -w", "-count=1", "-run", "^TestCorpus$", ".")
	run.Dir = dir
	out, err := run.CombinedOutput()
	failed := strings.Index(string(out), "--- FAIL: TestCorpus/")
	switch {
	case err == nil:
		t.Errorf("mistake %s, %s: no case of the corpus fails", m.Number, m.Mistake)
	case failed < 0:
		t.Errorf("mistake %s, %s: the corpus did not run\n%s", m.Number, m.Mistake, out)
	default:
		name, _, _ := strings.Cut(string(out[failed+len("--- FAIL: TestCorpus/"):]), " (")
		t.Logf("mistake %s, %s: %d cases fail, the first is %s", m.Number, m.Mistake, strings.Count(string(out), "--- FAIL: TestCorpus/"), name)
	}
}

// overlay writes the changed files to a folder of the test and says where to find them.
func (m *mutant) overlay(t *testing.T, dir string) (string, bool) {
	changed := map[string]string{}
	for _, e := range m.Edits {
		text, ok := changed[e.File]
		if !ok {
			b, err := os.ReadFile(filepath.Join(dir, e.File))
			if err != nil {
				t.Error(err)
				return "", false
			}
			text = string(b)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			t.Errorf("mistake %s, %s: the text to change is %d times in %s; plant it anew in testdata/mutants.json:\n%s", m.Number, m.Mistake, n, e.File, e.Old)
			return "", false
		}
		changed[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	folder := t.TempDir()
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Error(err)
	}
	replace := map[string]string{}
	for _, path := range tests { // what the corpus does not need costs time
		if name := filepath.Base(path); name != "corpus_test.go" && name != "case_test.go" {
			replace[path] = ""
		}
	}
	for file, text := range changed {
		to := filepath.Join(folder, file)
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			t.Error(err)
			return "", false
		}
		replace[filepath.Join(dir, file)] = to
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "overlay.json"), text, 0o600)
	}
	if err != nil {
		t.Error(err)
	}
	return filepath.Join(folder, "overlay.json"), err == nil
}
