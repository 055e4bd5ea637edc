package sqs

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// ownersOnly are the operations for which the queue's policy says nothing to other accounts (developer guide, cross-account
// permissions).
var ownersOnly = []string{"AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks", "ListQueueTags", "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask",
	"TagQueue", "UntagQueue"}

// require asks whether the caller may do the action on the queue.
func (a *API) require(ctx context.Context, action string, q *queue) error {
	return a.Store.require(ctx, wire.CallFrom(ctx).Question("", ""), action, q)
}

// require asks the caller's policies and the queue's; who asks, and from where, is in the question already. SQS writes the
// action in lower case in its refusals.
func (s *Store) require(ctx context.Context, question authz.Question, action string, q *queue) error {
	s.mu.Lock()
	source := q.policy // never changed, only replaced
	s.mu.Unlock()
	question.Action, question.Resource, question.ResourceAccount = "sqs:"+strings.ToLower(action), q.arn(), q.account
	question.Region, question.ResourcePolicy = q.region, source
	if question.Session.Account != q.account && slices.Contains(ownersOnly, action) {
		question.ResourcePolicy = nil
	}
	return s.authz.Require(ctx, question)
}

// shareable are the actions that AddPermission gives to others.
var shareable = []string{"*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
	"PurgeQueue", "ReceiveMessage", "SendMessage"}

var labelForm = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,80}$`)

// document is a queue's policy as its owner wrote it; statements are kept as they are.
type document struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

func parseDocument(text, queueARN string) (*document, error) {
	d := &document{Version: "2008-10-17", ID: queueARN + "/SQSDefaultPolicy"}
	if text == "" {
		return d, nil
	}
	var raw struct {
		Version   string          `json:"Version"`
		ID        string          `json:"Id"`
		Statement json.RawMessage `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	d.Version, d.ID = raw.Version, raw.ID
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

func marshal(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // strings and what was JSON before
		panic(err)
	}
	return string(text)
}

func (a *API) addPermission(ctx context.Context, q *queue, in *sqs.AddPermissionInput) (*sqs.AddPermissionOutput, error) {
	label := aws.ToString(in.Label)
	switch {
	case label == "":
		return nil, missing("Label")
	case !labelForm.MatchString(label):
		return nil, invalidParameter(label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	case len(in.Actions) == 0:
		return nil, missing("Actions")
	case len(in.AWSAccountIds) == 0:
		return nil, missing("PrincipalId")
	}
	statement := map[string]any{"Sid": label, "Effect": "Allow", "Resource": q.arn()}
	var actions, principals []string
	for _, action := range in.Actions {
		if !slices.Contains(shareable, action) {
			return nil, invalidParameter("SQS:"+action, "ActionName", "Only the queue owner is allowed to invoke this action.")
		}
		actions = append(actions, "SQS:"+action)
	}
	for _, account := range in.AWSAccountIds {
		if !accountForm.MatchString(account) {
			return nil, invalidParameter("["+account+"]", "PrincipalId", "Unable to verify.")
		}
		principals = append(principals, arn.Root(account))
	}
	statement["Action"], statement["Principal"] = one(actions), map[string]any{"AWS": one(principals)}
	return &sqs.AddPermissionOutput{}, a.Store.change(ctx, q, func(attributes, _ map[string]string) error {
		d, err := parseDocument(attributes[attrPolicy], q.arn())
		if err != nil {
			return err
		}
		if d.index(label) >= 0 {
			return invalidParameter(label, "Label", "Already exists.")
		}
		d.Statement = append(d.Statement, json.RawMessage(marshal(statement)))
		attributes[attrPolicy] = marshal(d)
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

func (a *API) removePermission(ctx context.Context, q *queue, in *sqs.RemovePermissionInput) (*sqs.RemovePermissionOutput, error) {
	label := aws.ToString(in.Label)
	if label == "" {
		return nil, missing("Label")
	}
	return &sqs.RemovePermissionOutput{}, a.Store.change(ctx, q, func(attributes, _ map[string]string) error {
		d, err := parseDocument(attributes[attrPolicy], q.arn())
		if err != nil {
			return err
		}
		i := d.index(label)
		if i < 0 {
			return invalidParameter(label, "Label", "can't find label on existing policy.")
		}
		d.Statement = slices.Delete(d.Statement, i, i+1)
		if attributes[attrPolicy] = marshal(d); len(d.Statement) == 0 {
			delete(attributes, attrPolicy)
		}
		return nil
	})
}
