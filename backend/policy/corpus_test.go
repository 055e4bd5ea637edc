package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

func readJSON[T any](t testing.TB, path string) (v T) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// cases reads the corpus, testdata/corpus. A case without who, action or resource is about Ann, who invokes a function; its
// condition, if it has one, is that of an identity policy which allows her to.
func cases(t testing.TB) (list []testCase) {
	t.Helper()
	principals := readJSON[map[string]principal](t, "testdata/principals.json")
	paths, err := filepath.Glob("testdata/corpus/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatal("no corpus", err)
	}
	for _, path := range paths {
		for _, c := range readJSON[[]testCase](t, path) {
			if c.Principal.Kind == "" {
				p, ok := principals[orElse(c.Who, "ann")]
				if !ok {
					t.Fatalf("%s: nobody is called %s", c.Name, c.Who)
				}
				c.Principal = p
			}
			c.Action, c.Resource = orElse(c.Action, "lambda:InvokeFunction"), orElse(c.Resource, function)
			if c.Condition != nil {
				c.Identity = append(c.Identity, encode(object{"Version": "2012-10-17", "Statement": object{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*", "Condition": c.Condition}}))
			}
			list = append(list, c)
		}
	}
	return list
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func TestCorpus(t *testing.T) {
	for _, c := range cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			d := c.explain(t)
			if d.Verdict != c.Want {
				t.Errorf("%s: verdict %s, want %s\n%s", c.Rule, d.Verdict, c.Want, d.Text())
			}
			said := func(r policy.Reason) bool { return r.Mismatch == c.Mismatch }
			if c.Mismatch != "" && (!slices.ContainsFunc(d.Reasons, said) || !strings.Contains(d.Text(), c.Mismatch)) {
				t.Errorf("no reason says %q; the explanation is\n%s", c.Mismatch, d.Text())
			}
		})
	}
}
