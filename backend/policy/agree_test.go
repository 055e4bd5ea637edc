package policy_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// TestEvaluateAgreesWithTheReference compares the package with the reference on generated cases: POLICY_CASES says how
// many (20,000), POLICY_SEED which. It fails too when the cases never met something that they are meant to meet.
func TestEvaluateAgreesWithTheReference(t *testing.T) {
	seen := map[string]int{}
	ref := &reference{saw: func(what string) { seen[what]++ }}
	seed := uint64(fromEnv("POLICY_SEED", 1))
	refused := 0
	n := fromEnv("POLICY_CASES", 20_000)
	for i := range uint64(n) {
		c := newGenerator(seed<<32 + i).new()
		d, err := c.evaluate()
		if err != nil {
			t.Fatalf("case %d: a generated policy was refused: %v", i, err)
		}
		if want := ref.verdict(c); d.Verdict != want {
			reportDisagreement(t, c)
			if refused++; refused == 5 {
				break
			}
		}
	}
	if t.Failed() {
		return
	}
	for _, what := range mustBeMet() {
		if seen[what] == 0 {
			t.Errorf("%d cases never met: %s", n, what)
		}
	}
}

func fromEnv(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// reportDisagreement prints the smallest case on which the two still differ.
func reportDisagreement(t *testing.T, c *testCase) {
	t.Helper()
	verdicts := func(c *testCase) (got, want policy.Verdict, ok bool) {
		defer func() {
			if recover() != nil { // a shrunk case that the reference cannot read
				ok = false
			}
		}()
		d, err := c.evaluate()
		if err != nil {
			return "", "", false
		}
		return d.Verdict, (&reference{}).verdict(c), true
	}
	differ := func(c *testCase) bool {
		got, want, ok := verdicts(c)
		return ok && got != want
	}
	c = shrink(c, differ)
	got, want, _ := verdicts(c)
	text, _ := json.Marshal(c)
	t.Errorf("evaluator: %s, reference: %s\n%s", got, want, text)
}

// mustBeMet is what the generated cases have to come across, lest agreement mean nothing.
func mustBeMet() (list []string) {
	list = []string{"verdict allowed", "verdict explicitDeny", "verdict implicitDeny", "resource deny", "rcp deny", "scp deny", "scp silent",
		"NotPrincipal and a boundary", "variable escape", "variable with value", "variable multivalued", "variable by default", "variable without value",
		"variable unterminated", "operator Null true", "operator Null false",
		"row across accounts not named", "row across accounts account", "row across accounts role", "row across accounts direct",
		"row service not named", "row service direct", "row anonymous not named", "row anonymous direct",
		"row federated principal not named", "row federated principal direct",
		"row root not named", "row root account", "row root not named must", "row root account must"}
	for _, kind := range []string{"user", "role session", "federated user"} {
		for _, form := range []string{"not named", "account", "direct"} {
			for _, more := range []string{"", " capped", " must", " must capped"} {
				list = append(list, "row "+kind+" "+form+more)
			}
		}
	}
	list = append(list, "row role session role", "row role session role capped", "row federated user role", "row role session role must")
	for _, f := range families {
		for _, operator := range f.operators {
			if operator == "Null" {
				continue
			}
			_, negated := positiveOf(operator)
			list = append(list, "operator "+operator+" true", "operator "+operator+" false", "several values "+operator+" false",
				"set ForAllValues:"+operator+" true", "set ForAllValues:"+operator+" false", "set ForAnyValue:"+operator+" true", "set ForAnyValue:"+operator+" false",
				"missing "+operator+" "+strconv.FormatBool(negated), "missing "+operator+"IfExists true",
				"missing ForAllValues:"+operator+" true", "missing ForAnyValue:"+operator+" false")
		}
	}
	return list
}

func TestTheReferenceAgreesWithTheCorpus(t *testing.T) {
	for _, c := range cases(t) {
		if got := (&reference{}).verdict(&c); got != c.Want {
			t.Errorf("%s: %s: the reference says %s, want %s", c.Rule, c.Name, got, c.Want)
		}
	}
}
