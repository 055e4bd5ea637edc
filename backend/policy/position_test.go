package policy_test

import (
	"slices"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// The rules are those of recorded answers of SimulateCustomPolicy.
func TestPositions(t *testing.T) {
	one := `{"Effect":"Allow","Action":"a:b","Resource":"*"}`
	for name, c := range map[string]struct {
		text string
		want []policy.Position // start and end in turn
	}{
		"the first of a list starts after the bracket": {`{"Version":"2012-10-17","Statement":[` + one + `]}`, []policy.Position{{1, 38}, {1, 86}}},
		"a lone object starts after its brace":         {`{"Version":"2012-10-17","Statement":` + one + `}`, []policy.Position{{1, 38}, {1, 85}}},
		"a later one starts where the one before ends": {`{"Statement":[` + one + `, ` + one + `]}`, []policy.Position{{1, 15}, {1, 63}, {1, 63}, {1, 113}}},
		"lines count from one, columns too":            {"{\n  \"Statement\": [\n    " + one + ",\n    " + one + "\n  ]\n}", []policy.Position{{2, 17}, {3, 53}, {3, 53}, {4, 53}}},
		"a line may end as in Windows":                 {"{\r\n\"Statement\": [\r\n" + one + "]}", []policy.Position{{2, 15}, {3, 49}}},
		"columns are characters, not bytes":            {`{"Id":"é","Statement":[` + one + `]}`, []policy.Position{{1, 24}, {1, 72}}},
		"space between key and list counts":            {`{"Statement" :  [ ` + one + ` ]}`, []policy.Position{{1, 18}, {1, 67}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []policy.Position
			for _, s := range parse(t, []byte(c.text)).Statements {
				got = append(got, s.Start, s.End)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestContextKeys(t *testing.T) {
	statement := `"Statement":[{"Effect":"Allow","Action":"a:b","Resource":["arn:aws:s3:::${aws:username}/${*}","arn:aws:s3:${b:c}::x/${aws:PrincipalTag/Team, 'none'}"],
		"Condition":{"StringLike":{"s3:prefix":["${aws:userid}/*"]},"Null":{"aws:TokenIssueTime":"true"},"NumericLessThan":{"a:n":"${x:y}"}}},
		{"Effect":"Deny","Action":"c:d","Resource":"*","Condition":{"Bool":{"AWS:username":"true","aws:username":"true"}}}]}`
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"conditions and variables, in the text's order, each spelling once": {`{"Version":"2012-10-17",` + statement,
			[]string{"aws:username", "aws:PrincipalTag/Team", "s3:prefix", "aws:userid", "aws:TokenIssueTime", "a:n", "AWS:username"}},
		"an older document has no variables": {`{"Version":"2008-10-17",` + statement,
			[]string{"s3:prefix", "aws:TokenIssueTime", "a:n", "AWS:username", "aws:username"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := policy.ContextKeys(parse(t, []byte(c.text))); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
