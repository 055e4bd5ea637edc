package check

import (
	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// The statements that the provider itself adds to a function's policy when it makes a function URL without authorization.
var urlStatements = []struct {
	sid, action, key, value string
}{
	{"FunctionURLAllowPublicAccess", "lambda:InvokeFunctionUrl", "lambda:FunctionUrlAuthType", "NONE"},
	{"FunctionURLAllowInvokeAction", "lambda:InvokeFunction", "lambda:InvokedViaFunctionUrl", "true"},
}

// urls judges function URLs. With authorization AWS_IAM the caller's own policies count, of which a plan knows nothing;
// without, anybody has to be let in with both actions, and the provider adds the statements when it makes the URL: not
// when an existing one changes to NONE.
func (c *checker) urls() {
	for _, r := range c.plan.of("lambda_function_url") {
		t, ok := c.targetOf(r)
		kind := c.plan.attr(r, "authorization_type")
		f := Finding{Kind: Trigger, Rule: "push/function-url", Address: r.address, Target: t.arn, Actions: []string{"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}}
		if q := c.plan.attr(r, "qualifier"); q.given() && t.qualifier == "" && t.open == "" {
			t.qualifier, t.arn = q.text, t.function+":"+q.text
			f.Target = t.arn
		}
		switch {
		case !ok || t.open != "":
			f.Verdict, f.Reason = Unknown, "which function it is for is not known: "+t.open
		case kind.text == "AWS_IAM":
			f.Verdict, f.Reason = Unknown, "with AWS_IAM the callers' own policies count, which are not in the plan"
		case kind.text != "NONE":
			f.Verdict, f.Reason = Unknown, "its authorization_type is not known"
		case r.created:
			f.Verdict, f.Reason = Allowed, "the provider adds the statements that let anybody in when it makes the URL"
		default:
			c.anybody(r, t, f)
			continue
		}
		c.add(f)
	}
}

// anybody asks for an anonymous caller, once for each action.
func (c *checker) anybody(r *resource, t target, f Finding) {
	f.Verdict = Allowed
	for _, s := range urlStatements {
		a, _ := arn.Parse(t.arn)
		q := &question{things: c.things, resource: c.functionPolicy(t), request: policy.Request{Principal: policy.Principal{Kind: policy.AnonymousPrincipal}, Action: s.action, Resource: t.arn,
			ResourceAccount: t.account, Context: policy.NewContext(map[string][]string{s.key: {s.value}, "aws:RequestedRegion": {a.Region}, "aws:PrincipalType": {"Anonymous"}})}}
		answer := q.judge()
		if answer.verdict == Missing {
			// The provider added them when the URL was made, if it was made with NONE: this plan does not tell.
			f.Verdict, f.Reason = Unknown, "no permission of this plan lets anybody call "+s.action+"; the provider adds one only when the URL is made with NONE"
			f.Mend = c.mendURL(r, t, s.sid, s.action, s.key)
			break
		}
		if rank(answer.verdict) > rank(f.Verdict) || f.Reason == "" {
			f.Verdict, f.Reason = answer.verdict, answer.reason
		}
	}
	c.add(f)
}
