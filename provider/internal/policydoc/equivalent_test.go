package policydoc_test

import (
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

// The cases are those of the tests of hashicorp/awspolicyequivalence, in words of our own: what it is that differs, and
// whether the policies mean the same. S stands for the rest of a statement, P for the rest of a policy.
func TestEquivalent(t *testing.T) {
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"a list of one and its element", `{P:[{S,"Action":["x"]}]}`, `{P:[{S,"Action":"x"}]}`, true},
		{"another element", `{P:[{S,"Action":["x"]}]}`, `{P:[{S,"Action":"y"}]}`, false},
		{"NotAction and Action", `{P:[{S,"NotAction":"x"}]}`, `{P:[{S,"Action":"x"}]}`, false},
		{"the order of a list", `{P:[{S,"Action":["x","y"]}]}`, `{P:[{S,"Action":["y","x"]}]}`, true},
		{"an element twice", `{P:[{S,"Action":["x","x"]}]}`, `{P:[{S,"Action":"x"}]}`, true},
		{"the order of members", `{"Statement":[{"Effect":"Allow","Sid":"a"}],"Version":"v"}`, `{"Version":"v","Statement":[{"Sid":"a","Effect":"Allow"}]}`, true},
		{"the order of statements", `{P:[{S,"Action":"x"},{S,"Action":"y"}]}`, `{P:[{S,"Action":"y"},{S,"Action":"x"}]}`, true},
		{"a statement more", `{P:[{S,"Action":"x"},{S,"Action":"y"}]}`, `{P:[{S,"Action":"x"}]}`, false},
		{"a statement alone and a list of it", `{P:{S}}`, `{P:[{S}]}`, true},
		{"the case of Effect", `{P:{"Effect":"Allow"}}`, `{P:{"Effect":"allow"}}`, true},
		{"another effect", `{P:{"Effect":"Allow"}}`, `{P:{"Effect":"Deny"}}`, false},
		{"another version", `{"Version":"2012-10-17","Statement":[]}`, `{"Version":"2008-10-17","Statement":[]}`, false},
		{"another id", `{"Id":"a"}`, `{"Id":"b"}`, false},
		{"another sid", `{P:{"Sid":"a"}}`, `{P:{"Sid":"b"}}`, false},
		{"an empty sid and none", `{P:{"Sid":"",S}}`, `{P:{S}}`, true},
		{"a principal in a list of one", `{P:{"Principal":{"Service":["x"]}}}`, `{P:{"Principal":{"Service":"x"}}}`, true},
		{"another principal", `{P:{"Principal":{"Service":["x"]}}}`, `{P:{"Principal":{"Service":"y"}}}`, false},
		{"the order of principals", `{P:{"Principal":{"AWS":["x","y"]}}}`, `{P:{"Principal":{"AWS":["y","x"]}}}`, true},
		{"another type of principal", `{P:{"Principal":{"AWS":"x"}}}`, `{P:{"Principal":{"Service":"x"}}}`, false},
		{"everybody, and every account", `{P:{"Principal":"*"}}`, `{P:{"Principal":{"AWS":"*"}}}`, false},
		{"another NotPrincipal", `{P:{"NotPrincipal":{"AWS":["x"]}}}`, `{P:{"NotPrincipal":{"AWS":"y"}}}`, false},
		{"an account and its root", `{P:{"Principal":{"AWS":["123456789012","x"]}}}`, `{P:{"Principal":{"AWS":["x","arn:aws:iam::123456789012:root"]}}}`, true},
		{"an account and its root, alone", `{P:{"Principal":"123456789012"}}`, `{P:{"Principal":"arn:aws-cn:iam::123456789012:root"}}`, true},
		{"an account and another's root", `{P:{"Principal":{"AWS":"123456789012"}}}`, `{P:{"Principal":{"AWS":"arn:aws:iam::210987654321:root"}}}`, false},
		{"no principals of one type, and none", `{P:{S,"Principal":{"Service":[],"AWS":[]}}}`, `{P:{S}}`, true},
		{"an empty principal and none", `{P:{S,"Principal":{}}}`, `{P:{S,"Principal":{"AWS":[]}}}`, true},
		{"a boolean and its text", `{P:{"Condition":{"Bool":{"k":true}}}}`, `{P:{"Condition":{"Bool":{"k":"true"}}}}`, true},
		{"a number and its text", `{P:{"Condition":{"NumericEquals":{"k":[100.01,200.2]}}}}`, `{P:{"Condition":{"NumericEquals":{"k":["200.2","100.01"]}}}}`, true},
		{"another value", `{P:{"Condition":{"Bool":{"k":true}}}}`, `{P:{"Condition":{"Bool":{"k":"false"}}}}`, false},
		{"another operator", `{P:{"Condition":{"StringLike":{"k":"x"}}}}`, `{P:{"Condition":{"StringEquals":{"k":"x"}}}}`, false},
		{"another key", `{P:{"Condition":{"StringLike":{"k":"x"}}}}`, `{P:{"Condition":{"StringLike":{"l":"x"}}}}`, false},
		{"a condition more", `{P:{"Condition":{"StringLike":{"k":"x"}}}}`, `{P:{"Condition":{"StringLike":{"k":"x","l":"y"}}}}`, false},
		{"conditions without values", `{P:{"Condition":{"ArnEquals":{"k":[]}}}}`, `{P:{"Condition":{"ArnEquals":{"k":[]}}}}`, true},
		{"no conditions and none", `{P:{S,"Condition":{}}}`, `{P:{S}}`, true},
		{"numbers where texts belong", `{P:{"Resource":[42,86]}}`, `{P:{"Resource":[86,42]}}`, true},
		{"statements that are none", `{P:42}`, `{P:42}`, true},
		{"no statements", `{"Version":"v"}`, `{"Version":"v","Statement":[]}`, true},
		{"nothing and an object", ``, `{}`, true},
		{"empty lists", `[]`, `[{ }]`, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			write := func(s string) string {
				return strings.NewReplacer("P:", `"Version":"2012-10-17","Statement":`, "{S,", `{"Effect":"Allow","Resource":"*",`, ",S}", `,"Effect":"Allow","Resource":"*"}`, "{S}", `{"Effect":"Allow","Resource":"*"}`).Replace(s)
			}
			for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
				if same, err := policydoc.Equivalent(write(pair[0]), write(pair[1])); err != nil || same != c.same {
					t.Errorf("%v, %v, want %v", same, err, c.same)
				}
			}
			if same, err := policydoc.Equivalent(write(c.a), write(c.a)); err != nil || !same {
				t.Errorf("it is not what it is: %v", err)
			}
		})
	}
	if _, err := policydoc.Equivalent(`{}`, `{`); err == nil || !strings.HasPrefix(err.Error(), "the second policy: ") {
		t.Errorf("not JSON: %v", err)
	}
}
