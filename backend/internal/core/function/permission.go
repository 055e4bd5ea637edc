package function

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
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

// document is a policy as Lambda writes it: members in the order that AWS was recorded to use.
type document struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id"`
	Statement []json.RawMessage `json:"Statement"`
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
	return nil, &fault.Error{Kind: fault.Invalid, Detail: DetailPrincipal,
		Message: "The provided principal was invalid. Please check the principal and try again."}
}

// statement is the permission as a statement on the function.
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

// AddPermission adds a statement to a function's policy and returns it as text.
func (s *Store) AddPermission(ctx context.Context, k Key, p Permission) (string, error) {
	added, err := p.statement(k.ARN())
	if err != nil {
		return "", err
	}
	return string(added), s.editPolicy(ctx, k, p.RevisionID, func(d *document) error {
		for _, have := range d.Statement {
			if sid(have) == p.StatementID {
				return fault.New(fault.Exists, "The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", p.StatementID)
			}
		}
		d.Statement = append(d.Statement, added)
		return nil
	})
}

// RemovePermission removes a statement; with the last one the policy goes.
func (s *Store) RemovePermission(ctx context.Context, k Key, id, revision string) error {
	return s.editPolicy(ctx, k, revision, func(d *document) error {
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
	_ = json.Unmarshal(raw, &s) // we wrote it
	return s.Sid
}

// editPolicy changes a function's policy under the function's lock.
func (s *Store) editPolicy(ctx context.Context, k Key, revision string, edit func(*document) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		var exists bool
		err := tx.QueryRow(ctx, `SELECT true FROM function.functions WHERE account = @account AND region = @region AND name = @name FOR UPDATE`, k.args()).Scan(&exists)
		if errors.Is(err, pgx.ErrNoRows) {
			return NotFound(k.ARN())
		}
		if err != nil {
			return err
		}
		d, current, err := readPolicy(ctx, tx, k)
		if err != nil {
			return err
		}
		if revision != "" && revision != current {
			return fault.New(fault.Precondition, "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id")
		}
		if err := edit(d); err != nil {
			return err
		}
		s.changed(tx, k, false)
		return s.writePolicy(ctx, tx, k, d)
	})
}

func readPolicy(ctx context.Context, tx *postgres.Tx, k Key) (d *document, revision string, err error) {
	d = &document{Version: policy.Version2012, ID: "default"}
	var text string
	err = tx.QueryRow(ctx, `SELECT document, revision FROM function.policies WHERE account = @account AND region = @region AND name = @name`, k.args()).Scan(&text, &revision)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, "", nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), d)
	}
	return d, revision, err
}

func (s *Store) writePolicy(ctx context.Context, tx *postgres.Tx, k Key, d *document) error {
	if len(d.Statement) == 0 {
		_, err := tx.Exec(ctx, `DELETE FROM function.policies WHERE account = @account AND region = @region AND name = @name`, k.args())
		return err
	}
	text, err := marshal(d)
	if err != nil {
		return err
	}
	if len(text) > MaxPolicy {
		return &fault.Error{Kind: fault.TooLarge, Detail: DetailPolicyLength,
			Message: fmt.Sprintf("The final policy size (%d) is bigger than the limit (%d).", len(text), MaxPolicy)}
	}
	args := k.args()
	args["revision"], args["document"] = s.ids.UUID(), string(text)
	_, err = tx.Exec(ctx, `INSERT INTO function.policies VALUES (@account, @region, @name, @revision, @document)
		ON CONFLICT (account, region, name) DO UPDATE SET revision = excluded.revision, document = excluded.document`, args)
	return err
}

// PolicyText returns a function's policy as text, with its revision. A fault of kind NotFound says that there is none.
func (s *Store) PolicyText(ctx context.Context, k Key) (text, revision string, err error) {
	err = s.db.QueryRow(ctx, `SELECT document, revision FROM function.policies WHERE account = @account AND region = @region AND name = @name`, k.args()).Scan(&text, &revision)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", fault.New(fault.NotFound, "The resource you requested does not exist.")
	}
	return text, revision, err
}

// Policy returns a function's policy, ready to be evaluated. A function without statements has an empty one, so that a
// refusal can say so; the error is of kind NotFound when there is no such function.
func (s *Store) Policy(ctx context.Context, k Key) (*policy.Source, error) {
	c, err := s.load(ctx, k)
	if err != nil {
		return nil, err
	}
	if c.policy == nil {
		return &policy.Source{Name: "the policy of function " + k.Name, Document: &policy.Document{}}, nil
	}
	return c.policy, nil
}
