package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// decisions measures the policy evaluator alone, in this process: one decision over ten policies of ten statements, and over
// one of a thousand, of which only the last allows. Documents are parsed before, as the backend keeps them. A decision takes
// microseconds, so that on a machine that is busy otherwise most runs are interrupted: the fastest batch counts. It has no
// floor.
func decisions(_ context.Context, _ *world, s settings, t *table) error {
	for _, c := range []struct {
		name             string
		policies, each   int
		unit             string
		aim, nanoseconds float64 // of the unit
	}{{"a decision, 10 policies of 10 statements", 10, 10, "µs", 10, 1e3}, {"a decision, 1000 statements", 1, 1000, "ms", 1, 1e6}} {
		took, err := decide(c.policies, c.each, s.window)
		if err != nil {
			return err
		}
		t.add(c.name, c.unit, aim{value: c.aim}, float64(took.Nanoseconds())/c.nanoseconds, nil)
	}
	return nil
}

// decide is how long one decision takes in the fastest batch of a window.
func decide(policies, each int, window time.Duration) (time.Duration, error) {
	const batch = 20
	var sources []policy.Source
	for i := range policies {
		d, err := policy.Parse([]byte(manyStatements(each, i == policies-1)))
		if err != nil {
			return 0, err
		}
		sources = append(sources, policy.Source{Name: fmt.Sprintf("policy %d", i), Document: d})
	}
	request := policy.Request{Principal: policy.Principal{Kind: policy.IAMUser, Account: "111111111111", ARN: "arn:aws:iam::111111111111:user/ann", UserID: "AIDAANN"},
		Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:111111111111:ann-orders",
		Context: policy.NewContext(map[string][]string{"aws:username": {"ann"}, "aws:PrincipalTag/team": {"blue"}})}
	best := time.Hour
	for end := time.Now().Add(window); time.Now().Before(end); {
		begin := time.Now()
		for range batch {
			if !policy.Evaluate(request, policy.Policies{Identity: sources}).Allowed() {
				return 0, errors.New("the decision is wrong: the last statement allows it")
			}
		}
		best = min(best, time.Since(begin)/batch)
	}
	return best, nil
}

// manyStatements is a policy of n statements; the last of the last policy allows.
func manyStatements(n int, last bool) string {
	var list []string
	for i := range n {
		action, team := [3]string{"s3:Get*", "sqs:*", "sqs:Rec*Message"}[i%3], "red"
		if last && i == n-1 {
			action, team = "sqs:Send*", "blue"
		}
		list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":["sqs:Purge%d",%q],"Resource":["arn:aws:sqs:*:111111111111:${aws:username}-*","arn:aws:s3:::bucket-%d/*"],`+
			`"Condition":{"StringEquals":{"aws:PrincipalTag/team":%q}}}`, i, action, i, team))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}
