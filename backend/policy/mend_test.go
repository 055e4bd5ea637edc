package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const (
	target = "arn:aws:lambda:us-east-1:111111111111:function:f"
	queue  = "arn:aws:sqs:us-east-1:111111111111:q"
)

// world is a request with its policies as texts; empty ones are absent.
type world struct {
	who                                  policy.Principal
	action, resource, account            string
	context                              map[string][]string
	identity, owner, boundary, scp, scp2 string
	mustAllow                            bool
}

var (
	bucket  = policy.Principal{Kind: policy.ServicePrincipal, Service: "s3.amazonaws.com"}
	ann     = policy.Principal{Kind: policy.IAMUser, Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/ann", UserID: "AIDAANN"}
	poller  = policy.Principal{Kind: policy.RoleSession, Account: "111111111111", ARN: "arn:aws:sts::111111111111:assumed-role/poller/f", RoleARN: "arn:aws:iam::111111111111:role/poller", UserID: "AROAPOLLER:f"}
	visitor = policy.Principal{Kind: policy.IAMUser, Account: "222222222222", ARN: "arn:aws:iam::222222222222:user/bob", UserID: "AIDABOB"}
)

func (w *world) explain(t *testing.T) policy.Explanation {
	t.Helper()
	source := func(text, name string) *policy.Source {
		if text == "" {
			return nil
		}
		return &policy.Source{Name: name, Document: parse(t, []byte(`{"Version":"2012-10-17","Statement":`+text+`}`))}
	}
	p := policy.Policies{Resource: source(w.owner, "the owner's policy"), Boundary: source(w.boundary, "the boundary"), ResourceMustAllow: w.mustAllow}
	if s := source(w.identity, "the identity policy"); s != nil {
		p.Identity = []policy.Source{*s}
	}
	for _, text := range []string{w.scp, w.scp2} {
		if s := source(text, "the SCP"); s != nil {
			p.SCPs = append(p.SCPs, []policy.Source{*s})
		}
	}
	req := policy.Request{Principal: w.who, Action: w.action, Resource: w.resource, ResourceAccount: w.account, Context: policy.NewContext(w.context)}
	x := policy.Explain(req, p)
	if d := policy.Evaluate(req, p); d != x.Decision {
		t.Errorf("Evaluate says %+v, Explain %+v", d, x.Decision)
	}
	return x
}

func TestMends(t *testing.T) {
	permission := func(condition string) string {
		return `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + target + `","Condition":` + condition + `}`
	}
	from := map[string][]string{"aws:SourceArn": {"arn:aws:s3:::uploads"}}
	all, none := `{"Effect":"Allow","Action":"*","Resource":"*"}`, `{"Effect":"Allow","Action":"x:y","Resource":"*"}`
	for name, c := range map[string]struct {
		world
		want string // the mends, a line each
	}{
		"an argument of the permission": {world{who: bucket, action: "lambda:InvokeFunction", resource: target, context: from, owner: permission(`{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::elsewhere"}}`)},
			`lambdasim_permission with statement_id = "s3": source_arn = "arn:aws:s3:::uploads" (has "arn:aws:s3:::elsewhere")`},
		"an argument that no request can meet": {world{who: bucket, action: "lambda:InvokeFunction", resource: target, context: from, owner: permission(`{"StringEquals":{"AWS:SourceAccount":"111111111111"}}`)},
			`lambdasim_permission with statement_id = "s3": without source_account (has "111111111111"; the request does not have AWS:SourceAccount)`},
		"a permission that is missing": {world{who: bucket, action: "lambda:InvokeFunction", resource: target + ":live", context: from},
			`lambdasim_permission { action = "lambda:InvokeFunction", function_name = "f", principal = "s3.amazonaws.com", qualifier = "live", source_arn = "arn:aws:s3:::uploads" }`},
		"a role's policy that is missing": {world{who: poller, action: "sqs:ReceiveMessage", resource: queue},
			`lambdasim_iam_role_policy with role = "poller" and the statement {"Effect":"Allow","Action":"sqs:ReceiveMessage","Resource":"` + queue + `"}`},
		"a resource that is another": {world{who: ann, action: "sqs:SendMessage", resource: queue, identity: `{"Sid":"send","Effect":"Allow","Action":"sqs:*","Resource":"` + queue + `2"}`},
			`statement "send" of the identity policy: Resource = "` + queue + `" (has "` + queue + `2")`},
		"both sides across accounts": {world{who: visitor, action: "sqs:SendMessage", resource: queue, account: "111111111111"},
			`lambdasim_sqs_queue_policy for ` + queue + ` with the statement {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:user/bob"},"Action":"sqs:SendMessage","Resource":"` + queue + `"}
lambdasim_iam_user_policy with user = "bob" and the statement {"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + queue + `"}`},
		"the boundary of a role that the resource lets in": {world{who: poller, action: "sqs:SendMessage", resource: queue, boundary: none,
			owner: `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/poller"},"Action":"sqs:*","Resource":"*"}`},
			`add to the boundary: {"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + queue + `"}`},
		"every level that is silent": {world{who: ann, action: "sqs:SendMessage", resource: queue, identity: all, scp: all, scp2: none},
			`add to the SCP: {"Effect":"Allow","Action":"sqs:SendMessage","Resource":"` + queue + `"}`},
		"a deny": {world{who: ann, action: "sqs:SendMessage", resource: queue, identity: `[` + all + `,{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]`},
			`statement 2 of the identity policy must not deny it`},
		"a trust policy": {world{who: policy.Principal{Kind: policy.ServicePrincipal, Service: "lambda.amazonaws.com"}, action: "sts:AssumeRole", resource: "arn:aws:iam::111111111111:role/poller", mustAllow: true},
			`lambdasim_iam_role "poller": assume_role_policy with the statement {"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`},
		"nothing, where it is allowed": {world{who: ann, action: "sqs:SendMessage", resource: queue, identity: all}, ``},
	} {
		t.Run(name, func(t *testing.T) {
			x := c.explain(t)
			var lines []string
			for _, m := range x.Mends {
				lines = append(lines, m.String())
			}
			if got := strings.Join(lines, "\n"); got != c.want {
				t.Errorf("%s\nwant %s\nbecause %s", got, c.want, x.Text())
			}
		})
	}
}

// A statement that a mend adds is enough: with all of them the request is allowed.
func TestWhatIsAddedIsEnough(t *testing.T) {
	for name, w := range map[string]world{
		"a service":                {who: bucket, action: "lambda:InvokeFunction", resource: target, context: map[string][]string{"aws:SourceArn": {"arn:aws:s3:::uploads"}}},
		"a user":                   {who: ann, action: "sqs:SendMessage", resource: queue},
		"a role":                   {who: poller, action: "sqs:SendMessage", resource: queue},
		"another account":          {who: visitor, action: "sqs:SendMessage", resource: queue, account: "111111111111"},
		"a user whom a role lacks": {who: ann, action: "sts:AssumeRole", resource: "arn:aws:iam::111111111111:role/r", mustAllow: true},
		"a boundary":               {who: ann, action: "sqs:SendMessage", resource: queue, boundary: `{"Effect":"Allow","Action":"x:y","Resource":"*"}`},
	} {
		t.Run(name, func(t *testing.T) {
			x := w.explain(t)
			if x.Allowed() || len(x.Mends) == 0 {
				t.Fatalf("%s with %d mends", x.Verdict, len(x.Mends))
			}
			for _, m := range x.Mends {
				switch m.Kind {
				case policy.IdentityPolicy:
					w.identity = string(m.Statement)
				case policy.ResourcePolicy:
					w.owner = string(m.Statement)
				case policy.BoundaryPolicy:
					w.boundary = string(m.Statement)
				}
			}
			if x := w.explain(t); !x.Allowed() {
				t.Errorf("still refused: %s", x.Text())
			}
		})
	}
}

func TestAnExplanationIsData(t *testing.T) {
	w := world{who: bucket, action: "lambda:InvokeFunction", resource: target, owner: `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:*","Resource":"*","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}}`}
	x := w.explain(t)
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"verdict":"implicitDeny"`, `"decided_by":"resource-based policy"`, `"kinds":{"resource":"implicitDeny"}`, `"lacks":"condition"`,
		`"unmet":{"operator":"ArnLike","key":"AWS:SourceArn","want":["arn:aws:s3:::b"]}`, `"mends":[{"kind":"resource-based policy","change":"change a statement"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
	if got, want := x.Line(), `refused: no resource-based policy allows it; statement "s3" of the owner's policy: condition ArnLike AWS:SourceArn: the policy wants "arn:aws:s3:::b", the request does not have the key`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
