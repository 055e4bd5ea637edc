package policy_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// grammarCase is a text and what IAM says of it when it is written as a policy of a kind. No message: it is accepted.
type grammarCase struct {
	Name     string          `json:"name"`
	Rule     string          `json:"rule"`
	Kind     string          `json:"kind"`
	Document json.RawMessage `json:"document,omitempty"` // the policy, or
	Text     string          `json:"text,omitempty"`     // its text, where that is no JSON, or has what a JSON parser would lose
	Message  string          `json:"message,omitempty"`
	Code     string          `json:"code,omitempty"`
}

func (g *grammarCase) text() []byte {
	if g.Document != nil {
		return g.Document
	}
	return []byte(g.Text)
}

func grammarCases(t testing.TB) []grammarCase {
	t.Helper()
	return readJSON[[]grammarCase](t, "testdata/grammar.json")
}

func TestGrammar(t *testing.T) {
	kinds := map[string]func([]byte) error{"identity": policy.ValidateIdentity, "session": policy.ValidateSession, "trust": policy.ValidateTrust,
		"resource": policy.ValidateResource, "scp": policy.ValidateServiceControl, "rcp": policy.ValidateResourceControl,
		"any": func(text []byte) error { _, err := policy.Parse(text); return err }}
	for _, g := range grammarCases(t) {
		t.Run(g.Kind+" policy: "+g.Name, func(t *testing.T) {
			validate, ok := kinds[g.Kind]
			if !ok {
				t.Fatalf("no kind %q", g.Kind)
			}
			code, message := refusal(validate(g.text()))
			if message != g.Message || code != g.Code {
				t.Errorf("%s: %s %q, want %s %q\n%s", g.Rule, code, message, g.Code, g.Message, g.text())
			}
			if d, err := policy.Parse(g.text()); err == nil && g.Message == "Syntax errors in policy." && g.Rule != "8.characters" {
				t.Errorf("%s: it parses, as %+v\n%s", g.Rule, d, g.text())
			}
		})
	}
}

func refusal(err error) (code, message string) {
	if err == nil {
		return "", ""
	}
	if m, ok := errors.AsType[*policy.MalformedError](err); ok {
		return m.Code, m.Message
	}
	return "no MalformedError", err.Error()
}
