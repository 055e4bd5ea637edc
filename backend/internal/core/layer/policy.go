package layer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// Permission is what AddLayerVersionPermission grants.
type Permission struct {
	StatementID  string
	Principal    string // an account, or * for all
	Organization string // with *: all of this organization
	RevisionID   string // of the policy, when it must be the current one
}

type statement struct {
	SID       string                       `json:"Sid"`
	Effect    string                       `json:"Effect"`
	Principal any                          `json:"Principal"`
	Action    string                       `json:"Action"`
	Resource  string                       `json:"Resource"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

type document struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id"`
	Statement []json.RawMessage `json:"Statement"`
}

// ErrNoPolicy is of a version that has no policy.
var ErrNoPolicy = fault.New(fault.NotFound, "No policy is associated with the given resource.")

func (p *Permission) statement(versionARN string) (json.RawMessage, error) {
	s := statement{SID: p.StatementID, Effect: "Allow", Principal: "*", Action: "lambda:GetLayerVersion", Resource: versionARN}
	if p.Principal != "*" {
		root := p.Principal
		if len(root) == len("000000000000") {
			root = arn.Root(root)
		}
		s.Principal = map[string]string{"AWS": root}
	}
	if p.Organization != "" {
		s.Condition = map[string]map[string]string{"StringEquals": {"aws:PrincipalOrgID": p.Organization}}
	}
	return marshal(s)
}

// marshal is JSON without HTML escapes.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

func sid(raw json.RawMessage) string {
	var s struct{ Sid string }
	_ = json.Unmarshal(raw, &s) // it was made here
	return s.Sid
}

// AddPermission adds a statement to a version's policy, and returns it as text with the policy's new revision.
func (s *Store) AddPermission(ctx context.Context, k Key, number int64, p Permission) (text, revision string, err error) {
	added, err := p.statement(k.VersionARN(number))
	if err != nil {
		return "", "", err
	}
	revision, err = s.edit(ctx, k, number, p.RevisionID, func(d *document) error {
		for _, have := range d.Statement {
			if sid(have) == p.StatementID {
				return fault.New(fault.Exists, "The statement id (%s) provided already exists. Please provide a new statement id, or remove the existing statement.", p.StatementID)
			}
		}
		d.Statement = append(d.Statement, added)
		return nil
	})
	return string(added), revision, err
}

// RemovePermission removes a statement; with the last one the policy goes.
func (s *Store) RemovePermission(ctx context.Context, k Key, number int64, id, revision string) error {
	_, err := s.edit(ctx, k, number, revision, func(d *document) error {
		for i, have := range d.Statement {
			if sid(have) == id {
				d.Statement = append(d.Statement[:i], d.Statement[i+1:]...)
				return nil
			}
		}
		return fault.New(fault.NotFound, "Statement %s is not found in resource policy.", id)
	})
	return err
}

// edit changes a version's policy under the version's lock. A revision that is not "" must be the policy's.
func (s *Store) edit(ctx context.Context, k Key, number int64, revision string, change func(*document) error) (made string, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		d := document{Version: policy.Version2012, ID: "default"}
		text, current, err := s.lock(ctx, tx, k, number)
		if err != nil {
			return err
		}
		if revision != "" && revision != current {
			return fault.New(fault.Precondition, "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id")
		}
		if text != "" {
			if err := json.Unmarshal([]byte(text), &d); err != nil {
				return err
			}
		}
		if err := change(&d); err != nil {
			return err
		}
		written := json.RawMessage{}
		if len(d.Statement) > 0 {
			if written, err = marshal(d); err != nil {
				return err
			}
		}
		made = s.ids.UUID()
		args := k.version(number)
		args["policy"], args["revision"] = string(written), made
		_, err = tx.Exec(ctx, `UPDATE layer.versions SET policy = @policy, revision = @revision
			WHERE account = @account AND region = @region AND name = @name AND version = @version`, args)
		return err
	})
	return made, err
}

func (s *Store) lock(ctx context.Context, tx *postgres.Tx, k Key, number int64) (text, revision string, err error) {
	err = tx.QueryRow(ctx, `SELECT policy, revision FROM layer.versions
		WHERE account = @account AND region = @region AND name = @name AND version = @version AND NOT deleted FOR UPDATE`, k.version(number)).Scan(&text, &revision)
	if errors.Is(err, pgx.ErrNoRows) {
		err = NotFound(k.VersionARN(number))
	}
	return text, revision, err
}

// PolicyText returns a version's policy with its revision; ErrNoPolicy where it has none.
func (s *Store) PolicyText(ctx context.Context, k Key, number int64) (text, revision string, err error) {
	err = s.db.QueryRow(ctx, `SELECT policy, revision FROM layer.versions
		WHERE account = @account AND region = @region AND name = @name AND version = @version AND NOT deleted`, k.version(number)).Scan(&text, &revision)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", "", NotFound(k.VersionARN(number))
	case err == nil && text == "":
		return "", "", ErrNoPolicy
	}
	return text, revision, err
}

// Policy is a version's policy, ready to be evaluated. A version without one, or that does not exist, has an empty one, so that
// a refusal can say so.
func (s *Store) Policy(ctx context.Context, k Key, number int64) (*policy.Source, error) {
	source := &policy.Source{Name: "the policy of layer version " + k.VersionARN(number), Document: &policy.Document{}}
	text, _, err := s.PolicyText(ctx, k, number)
	if fault.Is(err, fault.NotFound) {
		return source, nil
	}
	if err != nil {
		return nil, err
	}
	source.Document, err = policy.Parse([]byte(text))
	return source, err
}
