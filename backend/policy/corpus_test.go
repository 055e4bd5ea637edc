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

// rule is a rule of AWS that cases pin: testdata/rules.json lists all that have to be.
type rule struct{ ID, Text, Source string }

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

func TestTheReferenceAgreesWithTheCorpus(t *testing.T) {
	for _, c := range cases(t) {
		if got := (&reference{}).verdict(&c); got != c.Want {
			t.Errorf("%s: %s: the reference says %s, want %s", c.Rule, c.Name, got, c.Want)
		}
	}
}

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

func TestEveryStatementLeavesAReason(t *testing.T) {
	c := testCase{Action: "a:b", Resource: "*", Identity: []json.RawMessage{
		json.RawMessage(`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"c:d","Resource":"*"}]}`)}}
	c.Principal.Kind, c.Principal.Account = string(policy.IAMUser), "111111111111"
	if d := c.explain(t); len(d.Reasons) != 3 || d.Verdict != policy.ExplicitDeny {
		t.Errorf("%d reasons, %s; want one for each of the 3 statements although the first denies", len(d.Reasons), d.Verdict)
	}
}

func TestAWSMessage(t *testing.T) {
	for _, c := range []struct {
		d    policy.Decision
		want string
	}{
		{policy.Decision{Verdict: policy.ImplicitDeny, DecidedBy: policy.ResourcePolicy}, "User: who is not authorized to perform: a:b on resource: r because no resource-based policy allows the a:b action"},
		{policy.Decision{Verdict: policy.ExplicitDeny, DecidedBy: policy.IdentityPolicy}, "User: who is not authorized to perform: a:b on resource: r with an explicit deny in an identity-based policy"},
	} {
		if got := c.d.AWSMessage("who", "a:b", "r"); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	for _, c := range cases(b) {
		if c.Name != "a bucket's notification passes AddPermission's statement" {
			continue
		}
		p, err := c.policies()
		if err != nil {
			b.Fatal(err)
		}
		req := c.request()
		for b.Loop() {
			if !policy.Evaluate(req, p).Allowed() {
				b.Fatal("refused")
			}
		}
	}
}
