package events

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// maxPolicy is how long a bus's policy may be, in characters (API: PutPermission).
const maxPolicy = 10240

var (
	statementForm = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)
	principalForm = regexp.MustCompile(`^(\d{12}|\*)$`)
)

// document is a bus's policy as its owner wrote it; statements are kept as they are.
type document struct {
	Version   string            `json:"Version"`
	Statement []json.RawMessage `json:"Statement"`
}

func parseDocument(text string) (*document, error) {
	d := &document{Version: policy.Version2012}
	if text == "" {
		return d, nil
	}
	var raw struct {
		Version   string          `json:"Version"`
		Statement json.RawMessage `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	d.Version = raw.Version
	if json.Unmarshal(raw.Statement, &d.Statement) != nil {
		d.Statement = []json.RawMessage{raw.Statement} // one without a list around it
	}
	return d, nil
}

// without drops the statement with a Sid.
func (d *document) without(sid string) (found bool) {
	before := len(d.Statement)
	d.Statement = slices.DeleteFunc(d.Statement, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == sid
	})
	return len(d.Statement) < before
}

// source is the policy for those who ask it; nil for none.
func (b *bus) source() (*policy.Source, error) {
	if b.policy == "" {
		return nil, nil
	}
	d, err := policy.Parse([]byte(b.policy))
	if err != nil {
		return nil, err
	}
	return &policy.Source{Name: "the bus's policy", Document: d}, nil
}

// putPermission sets the whole policy, or adds one statement, which replaces another of its id.
func (a *API) putPermission(ctx context.Context, in *eventbridge.PutPermissionInput) (*eventbridge.PutPermissionOutput, error) {
	k, err := own(ctx, "PutPermission", in.EventBusName)
	if err != nil {
		return nil, err
	}
	if in.Policy != nil {
		if in.Action != nil || in.Principal != nil || in.StatementId != nil || in.Condition != nil {
			return nil, invalid("Parameter Policy can't be used together with Action, Principal, StatementId or Condition.")
		}
		if err := policy.ValidateResource([]byte(*in.Policy)); err != nil {
			return nil, invalid("Parameter Policy is not valid. Reason: %v", err)
		}
		return &eventbridge.PutPermissionOutput{}, a.setPolicy(ctx, k, func(*document) (string, error) { return *in.Policy, nil })
	}
	statement, err := statementOf(in, k)
	if err != nil {
		return nil, err
	}
	return &eventbridge.PutPermissionOutput{}, a.setPolicy(ctx, k, func(d *document) (string, error) {
		d.without(*in.StatementId)
		d.Statement = append(d.Statement, json.RawMessage(statement))
		return plain(d), nil
	})
}

func statementOf(in *eventbridge.PutPermissionInput, k busKey) (string, error) {
	switch {
	case in.Action == nil || in.Principal == nil || in.StatementId == nil:
		return "", invalid("Parameters Action, Principal and StatementId are required where Policy is not given.")
	case *in.Action != "events:PutEvents":
		return "", invalid("Provided value in parameter 'action' is not supported.")
	case !principalForm.MatchString(*in.Principal):
		return "", wire.Validation(wire.Pattern("principal", *in.Principal, `(\d{12}|\*)`))
	case !statementForm.MatchString(*in.StatementId):
		return "", wire.Validation(wire.Pattern("statementId", *in.StatementId, `[a-zA-Z0-9-_]+`))
	}
	type principal struct {
		AWS string `json:"AWS"`
	}
	s := struct {
		Sid       string                       `json:"Sid"`
		Effect    string                       `json:"Effect"`
		Principal any                          `json:"Principal"`
		Action    string                       `json:"Action"`
		Resource  string                       `json:"Resource"`
		Condition map[string]map[string]string `json:"Condition,omitempty"`
	}{Sid: *in.StatementId, Effect: "Allow", Principal: "*", Action: *in.Action, Resource: k.arn()}
	if *in.Principal != "*" {
		s.Principal = principal{arn.Root(*in.Principal)}
	}
	if c := in.Condition; c != nil {
		if aws.ToString(c.Type) != "StringEquals" || aws.ToString(c.Key) != "aws:PrincipalOrgID" {
			return "", invalid("Parameter Condition is not valid: Type must be StringEquals and Key aws:PrincipalOrgID.")
		}
		s.Condition = map[string]map[string]string{*c.Type: {*c.Key: aws.ToString(c.Value)}}
	}
	return plain(s), nil
}

func (a *API) setPolicy(ctx context.Context, k busKey, change func(*document) (string, error)) error {
	return a.changeBus(ctx, k, func(b *bus) error {
		d, err := parseDocument(b.policy)
		if err != nil {
			return err
		}
		text, err := change(d)
		if err != nil {
			return err
		}
		if len(text) > maxPolicy {
			return wire.Errorf(400, "PolicyLengthExceededException", "The resource policy has %d characters, and a bus takes %d.", len(text), maxPolicy)
		}
		b.policy = text
		return nil
	})
}

func (a *API) removePermission(ctx context.Context, in *eventbridge.RemovePermissionInput) (*eventbridge.RemovePermissionOutput, error) {
	k, err := own(ctx, "RemovePermission", in.EventBusName)
	if err != nil {
		return nil, err
	}
	if !in.RemoveAllPermissions && in.StatementId == nil {
		return nil, invalid("Parameter StatementId is required where RemoveAllPermissions is not set.")
	}
	return &eventbridge.RemovePermissionOutput{}, a.setPolicy(ctx, k, func(d *document) (string, error) {
		if in.RemoveAllPermissions {
			return "", nil
		}
		if len(d.Statement) == 0 {
			return "", fault.New(fault.NotFound, "EventBus does not have a policy.")
		}
		if !d.without(*in.StatementId) {
			return "", fault.New(fault.NotFound, "Statement with the provided id does not exist.")
		}
		if len(d.Statement) == 0 {
			return "", nil
		}
		return plain(d), nil
	})
}
