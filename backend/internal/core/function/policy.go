package function

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// document is a policy as Lambda writes it: members in the order that AWS was recorded to use.
type document struct {
	Version   string     `json:"Version,omitempty"`
	ID        string     `json:"Id,omitempty"`
	Statement statements `json:"Statement"`
}

// statements are a policy's statements. One that stands alone, without a list, is a list of one.
type statements []json.RawMessage

// UnmarshalJSON reads a list or a single statement.
func (s *statements) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		*s = statements{append(json.RawMessage{}, text...)}
		return nil
	}
	var list []json.RawMessage
	err := json.Unmarshal(text, &list)
	*s = list
	return err
}

// policyName is how the reasons of a decision name a policy.
func policyName(function, qualifier string) string {
	if qualifier == "" {
		return "the policy of function " + function
	}
	return "the policy of " + kindOf(qualifier) + " of function " + function
}

func kindOf(qualifier string) string {
	if IsVersion(qualifier) {
		return "version " + qualifier
	}
	return "alias " + qualifier
}

// policyArgs name a policy: that of the function, or of one of its versions or aliases.
func policyArgs(k Key, qualifier string) pgx.NamedArgs {
	args := k.args()
	args["qualifier"] = qualifier
	return args
}

// exists says that the function has the version or alias, and returns the revision of the alias.
func exists(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) (revision string, err error) {
	if qualifier == "" || qualifier == Latest {
		return "", nil
	}
	if IsAlias(qualifier) {
		a, err := aliasRow(ctx, tx, k, qualifier)
		if err != nil {
			return "", err
		}
		return a.RevisionID, nil
	}
	ref := arn.FunctionRef{Account: k.Account, Region: k.Region, Name: k.Name, Qualifier: qualifier}
	return "", versionExists(ctx, tx, k, ref)
}

// editPolicy changes the policy of a function, version or alias under the function's lock. A revision that is not "" must be
// the policy's; where an alias has no policy yet, the alias's own is admitted (recorded in 2025-11).
func (s *Store) editPolicy(ctx context.Context, k Key, qualifier, revision string, edit func(*document) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		var d document
		if err := s.lockPolicy(ctx, tx, k, qualifier, revision, &d); err != nil {
			return err
		}
		if err := edit(&d); err != nil {
			return err
		}
		s.changed(tx, k, none)
		return s.writePolicy(ctx, tx, k, qualifier, &d)
	})
}

// lockPolicy locks the function, checks that there is such a version or alias and that the revision is right, and reads its
// policy into d, unless that is nil.
func (s *Store) lockPolicy(ctx context.Context, tx *postgres.Tx, k Key, qualifier, revision string, d *document) error {
	if _, err := lock(ctx, tx, k); err != nil {
		return err
	}
	alias, err := exists(ctx, tx, k, qualifier)
	if err != nil {
		return err
	}
	have, current, err := readPolicy(ctx, tx, k, qualifier)
	if err != nil {
		return err
	}
	if revision != "" && revision != current && (current != "" || revision != alias) {
		return wrongPolicyRevision()
	}
	if d != nil {
		*d = *have
	}
	return nil
}

func wrongPolicyRevision() error {
	return fault.New(fault.Precondition, "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id")
}

func readPolicy(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) (d *document, revision string, err error) {
	d = &document{Version: policy.Version2012, ID: "default"}
	var text string
	err = tx.QueryRow(ctx, `SELECT document, revision FROM function.policies
		WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier`, policyArgs(k, qualifier)).Scan(&text, &revision)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, "", nil
	}
	if err == nil {
		d = &document{}
		err = json.Unmarshal([]byte(text), d)
	}
	return d, revision, err
}

func (s *Store) writePolicy(ctx context.Context, tx *postgres.Tx, k Key, qualifier string, d *document) error {
	if len(d.Statement) == 0 {
		return deletePolicy(ctx, tx, k, qualifier)
	}
	text, err := marshal(d)
	if err != nil {
		return err
	}
	_, err = s.writeText(ctx, tx, k, qualifier, string(text))
	return err
}

func tooLong(size int) error {
	return &fault.Error{Kind: fault.TooLarge, Detail: DetailPolicyLength,
		Message: fmt.Sprintf("The final policy size (%d) is bigger than the limit (%d).", size, MaxPolicy)}
}

func (s *Store) writeText(ctx context.Context, tx *postgres.Tx, k Key, qualifier, text string) (revision string, err error) {
	if len(text) > MaxPolicy {
		return "", tooLong(len(text))
	}
	args := policyArgs(k, qualifier)
	args["revision"], args["document"] = s.ids.UUID(), text
	_, err = tx.Exec(ctx, `INSERT INTO function.policies (account, region, name, qualifier, revision, document)
		VALUES (@account, @region, @name, @qualifier, @revision, @document)
		ON CONFLICT (account, region, name, qualifier) DO UPDATE SET revision = excluded.revision, document = excluded.document`, args)
	return args["revision"].(string), err
}

func deletePolicy(ctx context.Context, tx *postgres.Tx, k Key, qualifier string) error {
	_, err := tx.Exec(ctx, `DELETE FROM function.policies WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier`,
		policyArgs(k, qualifier))
	return err
}

// PolicyText returns the policy of a function, or of one of its versions or aliases, as text, with its revision. A fault of
// kind NotFound says that there is none.
func (s *Store) PolicyText(ctx context.Context, k Key, qualifier string) (text, revision string, err error) {
	err = s.db.QueryRow(ctx, `SELECT document, revision FROM function.policies
		WHERE account = @account AND region = @region AND name = @name AND qualifier = @qualifier`, policyArgs(k, qualifier)).Scan(&text, &revision)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", fault.New(fault.NotFound, "The resource you requested does not exist.")
	}
	if err == nil {
		text, err = s.shown(ctx, text)
	}
	return text, revision, err
}

// shown is a policy that is kept as it is shown.
func (s *Store) shown(ctx context.Context, text string) (string, error) {
	if s.Show == nil {
		return text, nil
	}
	return s.Show(ctx, text)
}

// PutPolicy replaces the whole policy of a function, version or alias, and returns it with its revision. A revision that is
// not "" must be that of the policy which is replaced. A text that is no resource policy is a fault of kind Invalid.
func (s *Store) PutPolicy(ctx context.Context, k Key, qualifier, text, revision string) (shown, newRevision string, err error) {
	if err := checkPolicy(text); err != nil {
		return "", "", err
	}
	kept := text
	if s.Bind != nil {
		if kept, err = s.Bind(ctx, text); err != nil {
			return "", "", refusedPolicy(err)
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		if err := s.lockPolicy(ctx, tx, k, qualifier, revision, nil); err != nil {
			return err
		}
		s.changed(tx, k, none)
		newRevision, err = s.writeText(ctx, tx, k, qualifier, kept)
		return err
	})
	if err != nil {
		return "", "", err
	}
	shown, err = s.shown(ctx, kept)
	return shown, newRevision, err
}

// DeletePolicy removes the whole policy of a function, version or alias. A fault of kind NotFound says that there was none.
func (s *Store) DeletePolicy(ctx context.Context, k Key, qualifier, revision string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *postgres.Tx) error {
		var d document
		if err := s.lockPolicy(ctx, tx, k, qualifier, revision, &d); err != nil {
			return err
		}
		if len(d.Statement) == 0 {
			return fault.New(fault.NotFound, "The resource you requested does not exist.")
		}
		s.changed(tx, k, none)
		return deletePolicy(ctx, tx, k, qualifier)
	})
}

// checkPolicy holds a policy to the grammar of resource policies.
func checkPolicy(text string) error {
	if len(text) > MaxPolicy {
		return tooLong(len(text))
	}
	if _, err := policy.Parse([]byte(text)); err != nil {
		return fault.New(fault.Invalid, "The policy is not valid: %v", err)
	}
	return refusedPolicy(policy.ValidateResource([]byte(text)))
}

// refusedPolicy makes a fault of what is wrong with a policy.
func refusedPolicy(err error) error {
	if wrong, ok := errors.AsType[*policy.MalformedError](err); ok {
		if wrong.Detail == "" {
			return fault.New(fault.Invalid, "The policy is not valid: %s", wrong.Message)
		}
		return fault.New(fault.Invalid, "The policy is not valid: %s (%s)", wrong.Message, wrong.Detail)
	}
	return err
}

// Policy returns what decides on a reference, ready to be evaluated: the policy of the version or alias that it names, and the
// function's, whose statements may name NAME:* since policies can be put whole. A statement counts for the ARNs that its
// Resource names: one that AddPermission made for the function does not count for the function's aliases. A function without
// statements has an empty policy, so that a refusal can say so; the error is of kind NotFound when there is no such function.
func (s *Store) Policy(ctx context.Context, ref arn.FunctionRef) (*policy.Source, error) {
	c, err := s.load(ctx, Key{ref.Account, ref.Region, ref.Name})
	if err != nil {
		return nil, err
	}
	whole, own := c.policies[""], c.policies[ref.Qualifier]
	switch {
	case own == nil && whole == nil:
		return &policy.Source{Name: policyName(ref.Name, ""), Document: &policy.Document{}}, nil
	case own == nil:
		return whole, nil
	case whole == nil || own == whole:
		return own, nil
	}
	d := *own.Document
	d.Statements = append(append([]policy.Statement{}, d.Statements...), whole.Document.Statements...)
	return &policy.Source{Name: "the policies of function " + ref.Name + " and of its " + kindOf(ref.Qualifier), Document: &d}, nil
}
