package policy_test

import (
	"slices"
	"strings"
	"testing"
)

// rule is a rule of AWS that cases pin: testdata/rules.json lists all that have to be.
type rule struct{ ID, Text, Source string }

// TestEveryRuleHasACase holds the corpus to its list of rules, which has every row and bullet of what is known of AWS.
func TestEveryRuleHasACase(t *testing.T) {
	pinned, names := map[string]int{}, map[string]bool{}
	for _, c := range cases(t) {
		pinned[c.Rule]++
		if names[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		names[c.Name] = true
	}
	for _, g := range grammarCases(t) {
		pinned[g.Rule]++
	}
	rules := readJSON[[]rule](t, "testdata/rules.json")
	for _, r := range rules {
		if pinned[r.ID] == 0 {
			t.Errorf("no case pins rule %s: %s (%s)", r.ID, r.Text, r.Source)
		}
		if r.Source == "" || r.Text == "" {
			t.Errorf("rule %s has no text or no source", r.ID)
		}
		delete(pinned, r.ID)
	}
	for id := range pinned {
		t.Errorf("a case pins rule %q, which is not listed", id)
	}
	for _, section := range "12345678" {
		if !slices.ContainsFunc(rules, func(r rule) bool { return strings.HasPrefix(r.ID, string(section)+".") }) {
			t.Errorf("section %c has no rules", section)
		}
	}
}
