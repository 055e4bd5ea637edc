package policy_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

const (
	home, abroad = "111111111111", "222222222222"
	function     = "arn:aws:lambda:us-east-1:" + home + ":function:f"
)

// object is a JSON object as it was written.
type object = map[string]any

// testCase is one decision: who asks for what, which policies apply, and what must come out. It is a case of the corpus, and
// what the generators make.
type testCase struct {
	Name   string `json:"name,omitempty"`
	Rule   string `json:"rule,omitempty"`   // of testdata/rules.json: what the case pins
	Source string `json:"source,omitempty"` // only where it is not the rule's
	Who    string `json:"who,omitempty"`    // a name of testdata/principals.json, instead of Principal

	Principal       principal           `json:"principal,omitzero"`
	Action          string              `json:"action,omitempty"`
	Resource        string              `json:"resource,omitempty"`
	ResourceAccount string              `json:"resource_account,omitempty"`
	Context         map[string][]string `json:"context,omitempty"`

	Condition      object              `json:"condition,omitempty"` // of the corpus: a short way to write an identity policy
	Identity       []json.RawMessage   `json:"identity,omitempty"`
	ResourcePolicy json.RawMessage     `json:"resource_policy,omitempty"`
	Boundary       json.RawMessage     `json:"boundary,omitempty"`
	Session        []json.RawMessage   `json:"session,omitempty"`
	SCPs           [][]json.RawMessage `json:"scps,omitempty"`
	RCPs           []json.RawMessage   `json:"rcps,omitempty"`
	MustAllow      bool                `json:"must_allow,omitempty"`

	Want     policy.Verdict `json:"want,omitempty"`
	Mismatch string         `json:"mismatch,omitempty"` // what one of the reasons must say
}

type principal struct {
	Kind        string `json:"kind"`
	Account     string `json:"account,omitempty"`
	ARN         string `json:"arn,omitempty"`
	RoleARN     string `json:"role_arn,omitempty"`
	Service     string `json:"service,omitempty"`
	UserID      string `json:"user_id,omitempty"`
	Provider    string `json:"provider,omitempty"`     // of a federated principal
	FederatedBy string `json:"federated_by,omitempty"` // of a federated user: the IAM user whose keys made the session
}

func (c *testCase) request() policy.Request {
	p := c.Principal
	return policy.Request{Principal: policy.Principal{Kind: policy.PrincipalKind(p.Kind), Account: p.Account, ARN: p.ARN,
		RoleARN: p.RoleARN, Service: p.Service, UserID: p.UserID, FederatedBy: p.FederatedBy, Provider: p.Provider}, Action: c.Action, Resource: c.Resource,
		ResourceAccount: c.ResourceAccount, Context: policy.NewContext(c.Context)}
}

// policies parses what the case has. An error says which policy was refused.
func (c *testCase) policies() (p policy.Policies, err error) {
	parse := func(name string, text json.RawMessage) *policy.Source {
		if text == nil || err != nil {
			return nil
		}
		d, e := policy.Parse(text)
		if e != nil {
			err = fmt.Errorf("%s: %s: %w", name, text, e)
		}
		return &policy.Source{Name: name, Document: d}
	}
	all := func(name string, texts []json.RawMessage) (list []policy.Source) {
		for i, text := range texts {
			if s := parse(fmt.Sprintf("%s.%d", name, i+1), text); s != nil {
				list = append(list, *s)
			}
		}
		return list
	}
	p = policy.Policies{Identity: all("identity", c.Identity), Session: all("session", c.Session), Resource: parse("resource", c.ResourcePolicy),
		Boundary: parse("boundary", c.Boundary), RCPs: all("rcp", c.RCPs), ResourceMustAllow: c.MustAllow}
	for _, level := range c.SCPs {
		p.SCPs = append(p.SCPs, all("scp", level))
	}
	return p, err
}

func (c *testCase) evaluate() (policy.Decision, error) {
	p, err := c.policies()
	if err != nil {
		return policy.Decision{}, err
	}
	return policy.Evaluate(c.request(), p), nil
}

// explain is evaluate with the reasons. That both say the same is a property of its own.
func (c *testCase) explain(t testing.TB) policy.Explanation {
	t.Helper()
	p, err := c.policies()
	if err != nil {
		t.Fatal(err)
	}
	x := policy.Explain(c.request(), p)
	if d := policy.Evaluate(c.request(), p); d != x.Decision {
		t.Errorf("Evaluate says %+v, Explain %+v\n%s", d, x.Decision, c)
	}
	return x
}

// String is the case as the corpus would hold it.
func (c *testCase) String() string {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func parse(t testing.TB, text json.RawMessage) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func encode(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
