package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// AWS's texts do not say where a defect is. Ours does, by line and column, statement, element and value.
func TestWhatIsMalformedIsFound(t *testing.T) {
	document := func(statements string) string {
		return "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": \"a:b\", \"Resource\": \"*\"},\n    " + statements + "\n  ]\n}"
	}
	for name, c := range map[string]struct {
		validate     func([]byte) error
		text         string
		code, detail string
	}{
		"a value of a list":   {policy.ValidateIdentity, document(`{"Sid": "x", "Effect": "Allow", "Action": ["a:b", "Get"], "Resource": "*"}`), policy.CodeMalformed, `line 5, column 55: statement 2 ("x"): Action: "Get" has no service before it`},
		"a lone value":        {policy.ValidateIdentity, document(`{"Effect": "Allow", "Action": "a:b", "Resource": "x"}`), policy.CodeMalformed, `line 5, column 54: statement 2: Resource: "x": want "*" or arn:aws:`},
		"what is missing":     {policy.ValidateTrust, document(`{"Effect": "Allow", "Action": "sts:AssumeRole"}`), policy.CodeMalformed, `line 4, column 5: statement 1: it names nobody`},
		"the version":         {policy.ValidateIdentity, "{\"Statement\":\n{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\"},\n\"Version\":\"2008-10-17\"}", policy.CodeMalformed, `line 3, column 11: Version: want "2012-10-17"`},
		"an unknown element":  {policy.ValidateIdentity, document(`{"Effect": "Allow", "Ressource": "*"}`), policy.CodeMalformed, `line 5, column 25: statement 2: unknown element "Ressource"`},
		"what is not JSON":    {policy.ValidateIdentity, "{\n  \"Version\" \"2012-10-17\"}", policy.CodeMalformed, `line 2, column 13: not JSON`},
		"a date that is none": {policy.ValidateIdentity, document(`{"Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {"DateLessThan": {"aws:CurrentTime": "soon"}}}`), policy.CodeMalformed, `line 5, column 72: statement 2: Condition: DateLessThan aws:CurrentTime has a value that is no date`},
		"a foreign character": {policy.ValidateIdentity, document(`{"Sid": "…", "Effect": "Allow", "Action": "a:b", "Resource": "*"}`), policy.CodeMalformed, `line 5, column 14: the character '…' (U+2026)`},
		"a Sid's characters":  {policy.ValidateIdentity, document(`{"Sid": "a-b", "Effect": "Allow", "Action": "a:b", "Resource": "*"}`), policy.CodeMalformed, `line 5, column 13: statement 2 ("a-b"): Sid: "a-b" has other characters`},
		"an organisation's policy that names somebody": {policy.ValidateServiceControl, document(`{"Effect": "Deny", "Principal": "*", "Action": "a:b", "Resource": "*"}`), policy.CodeMalformedOrganizations, `line 5, column 37: statement 2: Principal: the policy is about`},
		"a resource control policy that allows":        {policy.ValidateResourceControl, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"}}`, policy.CodeMalformedOrganizations, `line 1, column 47: statement 1: Effect: a resource control policy can only Deny`},
		"an empty prefix":                              {policy.ValidateIdentity, document(`{"Effect": "Allow", "Action": ":b", "Resource": "*"}`), policy.CodeMalformed, `line 5, column 35: statement 2: Action: "" is no service's prefix`},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok := errors.AsType[*policy.MalformedError](c.validate([]byte(c.text)))
			if !ok || m.Code != c.code || !strings.HasPrefix(m.Detail, c.detail) {
				t.Errorf("%v: %+v, want %s and %q", m, *m, c.code, c.detail)
			}
		})
	}
}

func TestKindsDiffer(t *testing.T) {
	older := `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}`
	if err := policy.ValidateSession([]byte(older)); err != nil {
		t.Errorf("a session policy of the older version: %v", err)
	}
	if policy.ValidateIdentity([]byte(older)) == nil {
		t.Error("an identity policy of the older version is accepted")
	}
	free := `{"Statement":{"Sid":"a-b …","Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"}}`
	if err := policy.ValidateResource([]byte(free)); err != nil {
		t.Errorf("a resource's policy with a Sid of its own kind: %v", err)
	}
	if got := policy.Size(" {\n\t\"a\" : \"é b\" }"); got != 10 {
		t.Errorf("%d characters count, want 10", got)
	}
}
