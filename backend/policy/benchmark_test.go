package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// manyPolicies are n policies of m statements each, with actions, ARNs with wildcards and variables, and conditions; only
// the last statement of the last allows the request.
func manyPolicies(t testing.TB, n, m int) (policy.Request, []policy.Source) {
	var list []policy.Source
	for i := range n {
		var statements []string
		for j := range m {
			action, condition := fmt.Sprintf("sqs:Rec*Message%d", j), `"StringEquals":{"aws:PrincipalTag/team":"red"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::b*"}`
			switch j % 3 {
			case 0:
				action = "s3:Get*"
			case 1:
				action, condition = "sqs:*", `"StringNotLike":{"aws:username":"ann*"}`
			}
			if i == n-1 && j == m-1 {
				action, condition = "sqs:Send*", `"StringEquals":{"aws:PrincipalTag/team":"blue"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`
			}
			statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":["sqs:Purge%d",%q],"Resource":["arn:aws:sqs:*:111111111111:${aws:username}-*","arn:aws:s3:::bucket-%d/*"],"Condition":{%s}}`, j, action, j, condition))
		}
		list = append(list, policy.Source{Name: fmt.Sprintf("policy %d", i), Document: parse(t, []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))})
	}
	return policy.Request{Principal: ann, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111111111111:ann-orders",
		Context: policy.NewContext(map[string][]string{"aws:username": {"ann"}, "aws:PrincipalTag/team": {"blue"}, "aws:SourceIp": {"10.1.2.3"}})}, list
}

// The aims: ten policies of ten statements in less than 10 µs, a thousand statements in less than 1 ms.
func BenchmarkTenPoliciesOfTen(b *testing.B)   { benchmark(b, 10, 10) }
func BenchmarkThousandStatements(b *testing.B) { benchmark(b, 1, 1000) }

func benchmark(b *testing.B, n, m int) {
	req, list := manyPolicies(b, n, m)
	b.ReportAllocs()
	for b.Loop() {
		if d := policy.Evaluate(req, policy.Policies{Identity: list}); !d.Allowed() {
			b.Fatal("refused")
		}
	}
}

func BenchmarkExplainTenPoliciesOfTen(b *testing.B) {
	req, list := manyPolicies(b, 10, 10)
	b.ReportAllocs()
	for b.Loop() {
		if x := policy.Explain(req, policy.Policies{Identity: list}); !x.Allowed() {
			b.Fatal("refused")
		}
	}
}

func BenchmarkParseThousandStatements(b *testing.B) {
	text := []byte(`{"Version":"2012-10-17","Statement":[` + strings.Repeat(`{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::${aws:username}/*"},`, 999) + `{"Effect":"Deny","Action":"a:b","Resource":"*"}]}`)
	for b.Loop() {
		parse(b, text)
	}
}

// What a decision allocates does not grow with the policies.
func TestADecisionAllocatesTheSameForManyPolicies(t *testing.T) {
	allocated := func(n int) float64 {
		req, list := manyPolicies(t, n, 10)
		return testing.AllocsPerRun(100, func() { policy.Evaluate(req, policy.Policies{Identity: list}) })
	}
	if one, hundred := allocated(1), allocated(100); hundred > one {
		t.Errorf("%v allocations for a hundred policies, %v for one", hundred, one)
	}
}
