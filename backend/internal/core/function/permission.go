package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// MaxPolicy is the greatest size of a function's policy, in bytes (Lambda quota).
const MaxPolicy = 20480

// Details of faults that the edge tells apart.
const (
	DetailPolicyLength = "policy length"
	DetailPrincipal    = "principal"
)

// Permission is what AddPermission grants.
type Permission struct {
	StatementID, Action, Principal   string
	SourceARN, SourceAccount         string
	EventSourceToken, PrincipalOrgID string
	FunctionURLAuthType              string
	InvokedViaFunctionURL            bool
	RevisionID                       string // of the policy, when it must be the current one
}

type statement struct {
	SID       string                       `json:"Sid"`
	Effect    string                       `json:"Effect"`
	Principal any                          `json:"Principal"`
	Action    string                       `json:"Action"`
	Resource  string                       `json:"Resource"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

var (
	servicePrincipal = regexp.MustCompile(`^[a-z0-9.-]+\.(amazonaws\.com|amazon\.com|amazonaws\.com\.cn)$|^[a-z0-9-]+\.amazon\.com$`)
	accountPrincipal = regexp.MustCompile(`^\d{12}$`)
	arnPrincipal     = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|user/.+|role/.+|assumed-role/.+/.+|federated-user/.+)$`)
)

// principal maps AddPermission's Principal to the policy element, as recorded from AWS.
func principal(given string) (any, error) {
	switch {
	case given == "*":
		return "*", nil
	case accountPrincipal.MatchString(given):
		return map[string]string{"AWS": arn.Root(given)}, nil
	case arnPrincipal.MatchString(given):
		return map[string]string{"AWS": given}, nil
	case servicePrincipal.MatchString(given):
		return map[string]string{"Service": given}, nil
	}
	return nil, invalidPrincipal()
}

func invalidPrincipal() error {
	return &fault.Error{Kind: fault.Invalid, Detail: DetailPrincipal,
		Message: "The provided principal was invalid. Please check the principal and try again."}
}

// statement is the permission as a statement on the function, version or alias.
func (p *Permission) statement(functionARN string) (json.RawMessage, error) {
	who, err := principal(p.Principal)
	if err != nil {
		return nil, err
	}
	s := statement{SID: p.StatementID, Effect: "Allow", Principal: who, Action: p.Action, Resource: functionARN,
		Condition: map[string]map[string]string{}}
	add := func(operator, key, value string) {
		if value == "" {
			return
		}
		if s.Condition[operator] == nil {
			s.Condition[operator] = map[string]string{}
		}
		s.Condition[operator][key] = value
	}
	add("StringEquals", "AWS:SourceAccount", p.SourceAccount)
	add("StringEquals", "aws:PrincipalOrgID", p.PrincipalOrgID)
	add("StringEquals", "lambda:FunctionUrlAuthType", p.FunctionURLAuthType)
	add("StringEquals", "lambda:EventSourceToken", p.EventSourceToken)
	add("ArnLike", "AWS:SourceArn", p.SourceARN)
	if p.InvokedViaFunctionURL {
		add("Bool", "lambda:InvokedViaFunctionUrl", "true")
	}
	return marshal(s)
}

// marshal is JSON without HTML escapes: ARNs may hold & and <.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// AddPermission adds a statement to the policy of a function, or of the version or alias that qualifier names, and returns it
// as text. An IAM principal must exist.
func (s *Store) AddPermission(ctx context.Context, k Key, qualifier string, p Permission) (string, error) {
	added, err := p.statement(arn.QualifiedFunction(k.Region, k.Account, k.Name, qualifier))
	if err != nil {
		return "", err
	}
	kept, err := s.bindStatement(ctx, added)
	if err != nil {
		return "", err
	}
	return string(added), s.editPolicy(ctx, k, qualifier, p.RevisionID, func(d *document) error {
		for _, have := range d.Statement {
			if sid(have) == p.StatementID {
				return fault.New(fault.Exists, "The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", p.StatementID)
			}
		}
		d.Statement = append(d.Statement, kept)
		return nil
	})
}

// bindStatement is a statement as it is kept. A user or role that does not exist is an invalid principal.
func (s *Store) bindStatement(ctx context.Context, statement json.RawMessage) (json.RawMessage, error) {
	if s.Bind == nil {
		return statement, nil
	}
	text, err := marshal(document{Statement: statements{statement}})
	if err != nil {
		return nil, err
	}
	bound, err := s.Bind(ctx, string(text))
	if _, ok := errors.AsType[*policy.MalformedError](err); ok {
		return nil, invalidPrincipal()
	}
	if err != nil {
		return nil, err
	}
	var d document
	err = json.Unmarshal([]byte(bound), &d)
	return d.Statement[0], err
}

// RemovePermission removes a statement; with the last one the policy goes.
func (s *Store) RemovePermission(ctx context.Context, k Key, qualifier, id, revision string) error {
	return s.editPolicy(ctx, k, qualifier, revision, func(d *document) error {
		if len(d.Statement) == 0 {
			return fault.New(fault.NotFound, "No policy is associated with the given resource.")
		}
		for i, have := range d.Statement {
			if sid(have) == id {
				d.Statement = append(d.Statement[:i], d.Statement[i+1:]...)
				return nil
			}
		}
		return fault.New(fault.NotFound, "Statement %s is not found in resource policy.", id)
	})
}

func sid(raw json.RawMessage) string {
	var s struct{ Sid string }
	_ = json.Unmarshal(raw, &s) // it was parsed before it was kept
	return s.Sid
}
