package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// querier is the database or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Bind is a resource or trust policy as AWS keeps it: in its Principal elements the ARN of a user or role is its unique id,
// and an account's twelve digits are its root. The rest of the text stays as it is. A principal that does not exist, by ARN
// or by id, is a *policy.MalformedError with IAM's text.
func (s *Store) Bind(ctx context.Context, document string) (string, error) {
	return bind(ctx, s.db, document)
}

// Show is a policy that Bind made, as AWS shows it: with the ARN of each user and role that exists, and the unique id of one
// that is gone.
func (s *Store) Show(ctx context.Context, document string) (string, error) {
	return show(ctx, s.db, document)
}

// literal is one string of a document: where it stands, quotes included, and what it says.
type literal struct {
	from, to int
	text     string
}

// awsPrincipals finds the strings of the Principal elements' AWS members.
func awsPrincipals(document string) ([]literal, error) {
	d := json.NewDecoder(strings.NewReader(document))
	d.UseNumber()
	var list []literal
	return list, walkPolicy(d, document, nil, func(path []string, l literal) {
		if n := len(path); n == 3 && path[0] == "Statement" && path[1] == "Principal" && path[2] == "AWS" {
			list = append(list, l)
		}
	})
}

// walkPolicy reads one value and calls found for each string in it with the names of the members above it; lists have none.
func walkPolicy(d *json.Decoder, document string, path []string, found func([]string, literal)) error {
	before := int(d.InputOffset())
	token, err := d.Token()
	if err != nil {
		return err
	}
	if s, ok := token.(string); ok {
		to := int(d.InputOffset())
		found(path, literal{before + strings.IndexByte(document[before:to], '"'), to, s})
		return nil
	}
	opening, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	for d.More() {
		inner := path
		if opening == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			inner = append(slices.Clone(path), fmt.Sprint(name))
		}
		if err := walkPolicy(d, document, inner, found); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

// replacePrincipals puts other texts for the AWS principals of a document. A text that is no JSON stays: its form is for
// others to check.
func replacePrincipals(document string, other func(string) (string, error)) (string, error) {
	if !strings.Contains(document, `"AWS"`) {
		return document, nil
	}
	list, err := awsPrincipals(document)
	if err != nil {
		return document, nil //nolint:nilerr // no document
	}
	var out strings.Builder
	at := 0
	for _, l := range list {
		text, err := other(l.text)
		if err != nil {
			return "", err
		}
		if text == l.text {
			continue
		}
		out.WriteString(document[at:l.from])
		fmt.Fprintf(&out, "%q", text)
		at = l.to
	}
	out.WriteString(document[at:])
	return out.String(), nil
}

var (
	boundID   = regexp.MustCompile(`^A(IDA|ROA)[A-Z0-9]+$`)
	boundARN  = regexp.MustCompile(`^arn:aws:iam::(\d{12}):(user|role)/(?:.*/)?([^/]+)$`)
	twelve    = regexp.MustCompile(`^\d{12}$`)
	principal = regexp.MustCompile(`^(\*|arn:aws:iam::\d{12}:root|arn:aws:sts::\d{12}:(assumed-role/[^/]+/[^/]+|federated-user/[^/]+))$`)
)

func bind(ctx context.Context, db querier, document string) (string, error) {
	return replacePrincipals(document, func(name string) (string, error) {
		unknown := &policy.MalformedError{Message: fmt.Sprintf("Invalid principal in policy: \"AWS\":%q", name)}
		switch {
		case twelve.MatchString(name):
			return arn.Root(name), nil
		case principal.MatchString(name):
			return name, nil
		case boundID.MatchString(name):
			arns, err := arnsOf(ctx, db, []string{name})
			if err == nil && arns[name] == "" {
				return "", unknown
			}
			return name, err
		}
		m := boundARN.FindStringSubmatch(name)
		if m == nil {
			return "", unknown
		}
		e, err := one(ctx, db, Key{Account: m[1], Kind: Kind(m[2]), Name: m[3]})
		if err != nil {
			return "", err
		}
		if e == nil || e.ARN() != name {
			return "", unknown
		}
		return e.ID, nil
	})
}

func one(ctx context.Context, db querier, k Key) (*Entity, error) {
	rows, err := db.Query(ctx, `SELECT `+entityColumns+` FROM identity.entities WHERE account = @account AND kind = @kind AND name = @name`, k.args())
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanEntity)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

func show(ctx context.Context, db querier, document string) (string, error) {
	var ids []string
	if _, err := replacePrincipals(document, func(name string) (string, error) {
		if boundID.MatchString(name) {
			ids = append(ids, name)
		}
		return name, nil
	}); err != nil || len(ids) == 0 {
		return document, err
	}
	arns, err := arnsOf(ctx, db, ids)
	if err != nil {
		return "", err
	}
	return replacePrincipals(document, func(name string) (string, error) {
		if known := arns[name]; known != "" {
			return known, nil
		}
		return name, nil
	})
}

// arnsOf finds users and roles by their unique ids.
func arnsOf(ctx context.Context, db querier, ids []string) (map[string]string, error) {
	rows, err := db.Query(ctx, `SELECT `+entityColumns+` FROM identity.entities WHERE id = ANY (@ids)`, pgx.NamedArgs{"ids": ids})
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scanEntity)
	arns := map[string]string{}
	for i := range list {
		arns[list[i].ID] = list[i].ARN()
	}
	return arns, err
}
