package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

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
