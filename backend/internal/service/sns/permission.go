package sns

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// shareable are the actions that a topic's policy can give to other accounts (recorded 2025-09: the default policy's).
var shareable = []string{"GetTopicAttributes", "SetTopicAttributes", "AddPermission", "RemovePermission", "DeleteTopic", "Subscribe",
	"ListSubscriptionsByTopic", "Publish"}

type condition map[string]map[string]string

// statement is a statement that SNS itself writes.
type statement struct {
	Sid       string         `json:"Sid"`
	Effect    string         `json:"Effect"`
	Principal map[string]any `json:"Principal"`
	Action    any            `json:"Action"`
	Resource  string         `json:"Resource"`
	Condition condition      `json:"Condition,omitempty"`
}

// document is a topic's policy as its owner wrote it; statements are kept as they are.
type document struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// defaultPolicy is the policy of a topic that was given none (recorded 2025-09).
func defaultPolicy(t *topic) string {
	actions := make([]string, len(shareable))
	for i, action := range shareable {
		actions[i] = "SNS:" + action
	}
	s := statement{Sid: "__default_statement_ID", Effect: "Allow", Principal: map[string]any{"AWS": "*"}, Action: actions, Resource: t.arn(),
		Condition: condition{"StringEquals": {"AWS:SourceOwner": t.Account}}}
	return marshal(document{Version: "2008-10-17", ID: "__default_policy_ID", Statement: []json.RawMessage{json.RawMessage(marshal(s))}})
}

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // strings and what was JSON before
		panic(err)
	}
	return string(text)
}

// policyText is a topic's policy, AWS's default where it has none of its own.
func (t *topic) policyText() string {
	if own := t.Attributes[attrPolicy]; own != "" {
		return own
	}
	return defaultPolicy(t)
}

// require asks whether the caller may do the action on the topic.
func (a *API) require(ctx context.Context, action string, t *topic) error {
	return a.requireAs(ctx, wire.CallFrom(ctx).Question("", ""), action, t)
}

// requireAs asks the caller's policies and the topic's; who asks, and from where, is in the question already.
func (a *API) requireAs(ctx context.Context, q authz.Question, action string, t *topic) error {
	q.Action, q.Resource, q.ResourceAccount, q.Region = "SNS:"+action, t.arn(), t.Account, t.Region
	d, err := policy.Parse([]byte(t.policyText()))
	if err != nil {
		return err
	}
	name := "the topic's policy"
	if t.Attributes[attrPolicy] == "" {
		name = "the topic's default policy"
	}
	q.ResourcePolicy = &policy.Source{Name: name, Document: d}
	if q.Session.Account != t.Account && q.Session.Kind != authz.Service && !slices.Contains(shareable, action) {
		q.ResourcePolicy = nil
	}
	return a.Authz.Require(ctx, q)
}

func parseDocument(text string) (*document, error) {
	var raw struct {
		Version, ID string
		Statement   json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	d := &document{Version: raw.Version, ID: raw.ID}
	if json.Unmarshal(raw.Statement, &d.Statement) != nil {
		d.Statement = []json.RawMessage{raw.Statement} // one without a list around it
	}
	return d, nil
}

// index finds the statement with a label.
func (d *document) index(label string) int {
	return slices.IndexFunc(d.Statement, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
}

func (a *API) addPermission(ctx context.Context, t *topic, in *sns.AddPermissionInput) (*sns.AddPermissionOutput, error) {
	label := aws.ToString(in.Label)
	s := statement{Sid: label, Effect: "Allow", Resource: t.arn()}
	var actions, principals []string
	for _, action := range in.ActionName {
		if !slices.Contains(shareable, action) {
			return nil, invalid("Policy statement action out of service scope!")
		}
		actions = append(actions, "SNS:"+action)
	}
	for _, account := range in.AWSAccountId {
		if len(account) != 12 {
			return nil, invalid("Policy Error: PrincipalNotFound")
		}
		principals = append(principals, arn.Root(account))
	}
	s.Action, s.Principal = one(actions), map[string]any{"AWS": one(principals)}
	return &sns.AddPermissionOutput{}, a.change(ctx, t, func(t *topic) error {
		d, err := parseDocument(t.policyText())
		if err != nil {
			return err
		}
		if d.index(label) >= 0 {
			return invalid("Statement already exists")
		}
		d.Statement = append(d.Statement, json.RawMessage(marshal(s)))
		t.Attributes[attrPolicy] = marshal(d)
		return nil
	})
}

// one is the only element of a list, or the list.
func one(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// removePermission removes a statement. A label that is not there is no error.
func (a *API) removePermission(ctx context.Context, t *topic, in *sns.RemovePermissionInput) (*sns.RemovePermissionOutput, error) {
	return &sns.RemovePermissionOutput{}, a.change(ctx, t, func(t *topic) error {
		d, err := parseDocument(t.policyText())
		if err != nil {
			return err
		}
		i := d.index(aws.ToString(in.Label))
		if i < 0 {
			return nil
		}
		d.Statement = slices.Delete(d.Statement, i, i+1)
		if t.Attributes[attrPolicy] = marshal(d); len(d.Statement) == 0 {
			delete(t.Attributes, attrPolicy)
		}
		return nil
	})
}
