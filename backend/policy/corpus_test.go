package policy_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// testCase is a case of testdata/cases.json: policies, a request, and what must come out.
type testCase struct {
	Name            string
	Principal       struct{ Kind, Account, ARN, Service, RoleARN, UserID string }
	Action          string
	Resource        string
	ResourceAccount string
	Context         map[string][]string
	Identity        []json.RawMessage
	ResourcePolicy  json.RawMessage
	Boundary        json.RawMessage
	Session         []json.RawMessage
	SCPs            [][]json.RawMessage
	MustAllow       bool
	Want            policy.Verdict
	Mismatch        string
}

func parse(t testing.TB, text json.RawMessage) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func sources(t testing.TB, texts []json.RawMessage) (list []policy.Source) {
	for _, text := range texts {
		list = append(list, policy.Source{Name: "p", Document: parse(t, text)})
	}
	return list
}

func (c *testCase) evaluate(t testing.TB) policy.Explanation {
	p := policy.Policies{Identity: sources(t, c.Identity), Session: sources(t, c.Session), ResourceMustAllow: c.MustAllow}
	if c.ResourcePolicy != nil {
		p.Resource = &policy.Source{Name: "the function's policy", Document: parse(t, c.ResourcePolicy)}
	}
	if c.Boundary != nil {
		p.Boundary = &policy.Source{Name: "boundary", Document: parse(t, c.Boundary)}
	}
	for _, level := range c.SCPs {
		p.SCPs = append(p.SCPs, sources(t, level))
	}
	req := policy.Request{Principal: policy.Principal{Kind: policy.PrincipalKind(c.Principal.Kind), Account: c.Principal.Account, ARN: c.Principal.ARN,
		RoleARN: c.Principal.RoleARN, Service: c.Principal.Service, UserID: c.Principal.UserID}, Action: c.Action, Resource: c.Resource,
		ResourceAccount: c.ResourceAccount, Context: policy.NewContext(c.Context)}
	x := policy.Explain(req, p)
	if d := policy.Evaluate(req, p); d != x.Decision {
		t.Errorf("Evaluate says %+v, Explain %+v", d, x.Decision)
	}
	return x
}

// cases reads the corpus; its members are in snake case.
func cases(t testing.TB) []testCase {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	for snake, camel := range map[string]string{"role_arn": "RoleARN", "user_id": "UserID", "resource_account": "ResourceAccount", "resource_policy": "ResourcePolicy", "must_allow": "MustAllow"} {
		text = []byte(strings.ReplaceAll(string(text), `"`+snake+`":`, `"`+camel+`":`))
	}
	var list []testCase
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 100 {
		t.Fatalf("only %d cases", len(list))
	}
	return list
}

func TestCorpus(t *testing.T) {
	for _, c := range cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			d := c.evaluate(t)
			if d.Verdict != c.Want {
				t.Errorf("verdict %s, want %s\n%s", d.Verdict, c.Want, d.Text())
			}
			said := func(r policy.Reason) bool { return r.Mismatch == c.Mismatch }
			if c.Mismatch != "" && (!slices.ContainsFunc(d.Reasons, said) || !strings.Contains(d.Text(), c.Mismatch)) {
				t.Errorf("no reason says %q; the explanation is\n%s", c.Mismatch, d.Text())
			}
		})
	}
}

func TestEveryStatementLeavesAReason(t *testing.T) {
	c := testCase{Action: "a:b", Resource: "*", Identity: []json.RawMessage{
		json.RawMessage(`{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"c:d","Resource":"*"}]}`)}}
	c.Principal.Kind, c.Principal.Account = string(policy.IAMUser), "111111111111"
	if d := c.evaluate(t); len(d.Reasons) != 3 || d.Verdict != policy.ExplicitDeny {
		t.Errorf("%d reasons, %s; want one for each of the 3 statements although the first denies", len(d.Reasons), d.Verdict)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"what is not JSON":            `{`,
		"a list":                      `[]`,
		"no statement":                `{"Version":"2012-10-17"}`,
		"an empty list":               `{"Statement":[]}`,
		"another version":             `{"Version":"2020-01-01","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		"an unknown element":          `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Ressource":"*"}}`,
		"an element twice":            `{"Statement":{"Effect":"Allow","Action":"*","Action":"a:b","Resource":"*"}}`,
		"an effect in lower case":     `{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}`,
		"Action beside NotAction":     `{"Statement":{"Effect":"Allow","Action":"*","NotAction":"a:b","Resource":"*"}}`,
		"an operator that is unknown": `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringSounds":{"a":"b"}}}}`,
		"something after the policy":  `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}} x`,
	} {
		t.Run(name, func(t *testing.T) {
			if d, err := policy.Parse([]byte(text)); err == nil {
				t.Errorf("parsed as %+v", d)
			}
		})
	}
}

func TestValidateSaysWhatIAMSays(t *testing.T) {
	identity := func(s string) string { return `{"Version":"2012-10-17","Statement":` + s + `}` }
	for name, c := range map[string]struct {
		validate func([]byte) error
		text     string
		want     string
	}{
		"an older version":            {policy.ValidateIdentity, `{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}`, "Policy document must be version 2012-10-17 or greater."},
		"a principal":                 {policy.ValidateIdentity, identity(`{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"}`), "Policy document should not specify a principal."},
		"no resource":                 {policy.ValidateIdentity, identity(`{"Effect":"Allow","Action":"a:b"}`), "Policy statement must contain resources."},
		"a resource that is no ARN":   {policy.ValidateIdentity, identity(`{"Effect":"Allow","Action":"a:b","Resource":"x"}`), `Resource x must be in ARN format or "*".`},
		"an action without a service": {policy.ValidateIdentity, identity(`{"Effect":"Allow","Action":"x","Resource":"*"}`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		"an unknown partition":        {policy.ValidateIdentity, identity(`{"Effect":"Allow","Action":"a:b","Resource":"arn:b:c:d:e:f"}`), `Partition "b" is not valid for resource "arn:b:c:d:e:f".`},
		"the effect's case":           {policy.ValidateIdentity, identity(`{"Effect":"allow","Action":"a:b","Resource":"*"}`), "The policy failed legacy parsing"},
		"a sid twice":                 {policy.ValidateIdentity, identity(`[{"Sid":"s","Effect":"Allow","Action":"a:b","Resource":"*"},{"Sid":"s","Effect":"Allow","Action":"a:b","Resource":"*"}]`), "Statement IDs (SID) in a single policy must be unique."},
		"a trust policy's resource":   {policy.ValidateTrust, identity(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}`), "Has prohibited field Resource."},
		"garbage":                     {policy.ValidateTrust, `nonsense`, "Syntax errors in policy."},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.validate([]byte(c.text)); err == nil || err.Error() != c.want {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
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

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}/*","Condition":{"StringLike":{"a":["*b?"]}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := policy.Parse(text)
		if err != nil {
			return
		}
		policy.Evaluate(policy.Request{Principal: policy.Principal{Kind: policy.IAMUser, Account: "1"}, Action: "a:b", Resource: "arn:aws:s3:::x/y",
			Context: policy.Context{"aws:username": {"x"}}}, policy.Policies{Identity: []policy.Source{{Document: d}}, Resource: &policy.Source{Document: d}})
	})
}

func BenchmarkEvaluate(b *testing.B) {
	for _, c := range cases(b) {
		if c.Name != "the source's ARN matches" {
			continue
		}
		d := parse(b, c.ResourcePolicy)
		req := policy.Request{Principal: policy.Principal{Kind: policy.ServicePrincipal, Service: c.Principal.Service}, Action: c.Action, Resource: c.Resource,
			ResourceAccount: c.ResourceAccount, Context: policy.NewContext(c.Context)}
		for b.Loop() {
			if !policy.Evaluate(req, policy.Policies{Resource: &policy.Source{Name: "p", Document: d}}).Allowed() {
				b.Fatal("refused")
			}
		}
	}
}
