package policydoc_test

import (
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

const root = "arn:aws:iam::%:root"

func account(digit string) string {
	return strings.Replace(root, "%", strings.Repeat(digit, 12), 1)
}

// minified is a document of one statement without white space.
func minified(t *testing.T, s *policydoc.Statement) string {
	t.Helper()
	_, text, err := (&policydoc.Document{Version: "2012-10-17", Statement: []*policydoc.Statement{s}}).JSON()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(text, `{"Version":"2012-10-17","Statement":[`), "]}")
}

// The order of principals of several blocks is that of the AWS provider's tests of aws_iam_policy_document, where it follows
// from a hash and from nothing that can be seen.
func TestPrincipalsOfSeveralBlocksComeInTheOrderOfTheirHash(t *testing.T) {
	for name, c := range map[string]struct {
		blocks [][]string
		want   []string
	}{
		"one and two":         {[][]string{{"1"}, {"2", "3"}}, []string{"1", "3", "2"}},
		"two, one and one":    {[][]string{{"1", "2"}, {"3"}, {"4"}}, []string{"3", "4", "2", "1"}},
		"given the other way": {[][]string{{"4"}, {"3"}, {"2", "1"}}, []string{"3", "4", "2", "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			var blocks []policydoc.Principal
			for _, block := range c.blocks {
				var ids []string
				for _, digit := range block {
					ids = append(ids, account(digit))
				}
				blocks = append(blocks, policydoc.Principal{Type: "AWS", Identifiers: ids})
			}
			ps, err := policydoc.NewPrincipals("2012-10-17", blocks)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, digit := range c.want {
				want = append(want, `"`+account(digit)+`"`)
			}
			if have := minified(t, &policydoc.Statement{Principal: ps}); have != `{"Principal":{"AWS":[`+strings.Join(want, ",")+`]}}` {
				t.Error(have)
			}
		})
	}
}

func TestMembersAreWrittenAsTheAWSProviderWritesThem(t *testing.T) {
	principals := func(blocks ...policydoc.Principal) policydoc.Principals {
		ps, err := policydoc.NewPrincipals("2012-10-17", blocks)
		if err != nil {
			t.Fatal(err)
		}
		return ps
	}
	conditions := func(blocks ...policydoc.Condition) policydoc.Conditions {
		cs, err := policydoc.NewConditions("2012-10-17", blocks)
		if err != nil {
			t.Fatal(err)
		}
		return cs
	}
	resources, err := policydoc.VariableTexts("2012-10-17", []string{"arn:aws:s3:::foo/home/&{aws:username}", "arn:aws:s3:::foo/home/&{aws:username}/*"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		statement policydoc.Statement
		want      string
	}{
		"one element":             {policydoc.Statement{Action: policydoc.Texts([]string{"s3:*"})}, `{"Action":"s3:*"}`},
		"descending":              {policydoc.Statement{Action: policydoc.Texts([]string{"s3:GetBucketLocation", "s3:ListAllMyBuckets"})}, `{"Action":["s3:ListAllMyBuckets","s3:GetBucketLocation"]}`},
		"variables":               {policydoc.Statement{Resource: resources}, `{"Resource":["arn:aws:s3:::foo/home/${aws:username}/*","arn:aws:s3:::foo/home/${aws:username}"]}`},
		"everybody":               {policydoc.Statement{Principal: principals(policydoc.Principal{Type: "*", Identifiers: []string{"*"}})}, `{"Principal":"*"}`},
		"every account":           {policydoc.Statement{Principal: principals(policydoc.Principal{Type: "AWS", Identifiers: []string{"*"}})}, `{"Principal":{"AWS":"*"}}`},
		"types":                   {policydoc.Statement{NotPrincipal: principals(policydoc.Principal{Type: "Service", Identifiers: []string{"b", "a"}}, policydoc.Principal{Type: "AWS", Identifiers: []string{"x"}})}, `{"NotPrincipal":{"AWS":"x","Service":["b","a"]}}`},
		"values in their order":   {policydoc.Statement{Condition: conditions(policydoc.Condition{Test: "StringLike", Variable: "s3:prefix", Values: []string{"home/", "", "home/&{aws:username}/"}})}, `{"Condition":{"StringLike":{"s3:prefix":["home/","","home/${aws:username}/"]}}}`},
		"conditions of one key":   {policydoc.Statement{Condition: conditions(policydoc.Condition{Test: "StringEquals", Variable: "k", Values: []string{"a"}}, policydoc.Condition{Test: "StringEquals", Variable: "k", Values: []string{"b"}})}, `{"Condition":{"StringEquals":{"k":["a","b"]}}}`},
		"the same condition":      {policydoc.Statement{Condition: conditions(policydoc.Condition{Test: "Bool", Variable: "k", Values: []string{"true"}}, policydoc.Condition{Test: "Bool", Variable: "k", Values: []string{"true"}})}, `{"Condition":{"Bool":{"k":"true"}}}`},
		"a condition of no value": {policydoc.Statement{Condition: conditions(policydoc.Condition{Test: "Bool", Variable: "k"})}, `{"Condition":{"Bool":{"k":[]}}}`},
		"escaped":                 {policydoc.Statement{Resource: "a<b>&c"}, `{"Resource":"a\u003cb\u003e\u0026c"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if have := minified(t, &c.statement); have != c.want {
				t.Errorf("%s\nwant %s", have, c.want)
			}
		})
	}
}

func TestVariablesAreNoneOfTheOldVersion(t *testing.T) {
	_, err := policydoc.VariableTexts("2008-10-17", []string{"&{aws:username}"})
	if err == nil || err.Error() != "found &{ sequence in (&{aws:username}), which is not supported in document version 2008-10-17" {
		t.Error(err)
	}
}

func TestDocumentsAreComposed(t *testing.T) {
	statement := func(sid, action string) *policydoc.Statement {
		return &policydoc.Statement{SID: sid, Effect: "Allow", Action: action}
	}
	own := func(version string, list ...*policydoc.Statement) *policydoc.Document {
		return &policydoc.Document{Version: version, Statement: list}
	}
	one := func(sid, action string) string {
		return `{"Version":"2012-10-17","Id":"of ` + action + `","Statement":[{"Sid":"` + sid + `","Effect":"Allow","Action":"` + action + `"}]}`
	}
	for name, c := range map[string]struct {
		own                *policydoc.Document
		sources, overrides []string
		want               string // actions in order, with their sids, or the error's end
	}{
		"sources come first":             {own("2012-10-17", statement("a", "own")), []string{one("b", "s1"), one("", "s2")}, nil, "b=s1 =s2 a=own of s2"},
		"a source's sid is replaced":     {own("2012-10-17", statement("a", "own")), []string{one("a", "s1")}, nil, "a=own of s1"},
		"two sources of one sid":         {own("2012-10-17"), []string{one("a", "s1"), one("a", "s2")}, nil, "merging source document 1: duplicate Sid (a) in source_policy_documents (statement 0). Remove the Sid or ensure Sids are unique"},
		"two statements of one sid":      {own("2012-10-17", statement("a", "x"), statement("a", "y")), nil, nil, "duplicate Sid (a). Remove the Sid or ensure the Sid is unique"},
		"two statements without a sid":   {own("2012-10-17", statement("", "x"), statement("", "y")), nil, nil, "=x =y "},
		"overrides replace in order":     {own("2012-10-17"), nil, []string{one("a", "o1"), one("b", "o2"), one("a", "o3")}, "a=o3 b=o2 of o3"},
		"an override without a sid":      {own("2012-10-17", statement("", "x")), nil, []string{one("", "o1")}, "=x =o1 of o1"},
		"the newest version wins":        {own("2008-10-17"), []string{one("a", "s1")}, nil, "a=s1 of s1"},
		"an empty source":                {own("2012-10-17", statement("a", "x")), []string{"", "{}"}, nil, "a=x "},
		"a source that is not a policy":  {own("2012-10-17"), []string{"[]"}, nil, "merging source document 0: json: cannot unmarshal array into Go value of type struct { Version string; ID string \"json:\\\"Id\\\"\"; Statement json.RawMessage }"},
		"a statement alone, not in list": {own("2012-10-17"), []string{`{"Statement":{"Sid":"a","Action":"s1"}}`}, nil, "a=s1 "},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := policydoc.Compose(c.own, c.sources, c.overrides)
			if err != nil {
				if err.Error() != c.want {
					t.Error(err)
				}
				return
			}
			var have []string
			for _, s := range d.Statement {
				action, ok := s.Action.(string)
				if !ok {
					t.Fatalf("%v", s.Action)
				}
				have = append(have, s.SID+"="+action)
			}
			if text := strings.Join(append(have, d.ID), " "); text != c.want || d.Version != "2012-10-17" {
				t.Errorf("%q of %s, want %q", text, d.Version, c.want)
			}
		})
	}
}

func TestWhatIsReadIsWrittenAgain(t *testing.T) {
	const text = `{"Version":"2012-10-17","Id":"i","Statement":[{"Sid":"s","Effect":"Deny","Action":["b","a"],"Resource":"*","Principal":{"AWS":["y","x"],"Service":"s3.amazonaws.com"},"Condition":{"Bool":{"k":"true"},"NumericLessThan":{"n":["5","6"]}}}]}`
	d, err := policydoc.Read(strings.Replace(strings.Replace(text, `"true"`, "true", 1), `["5","6"]`, "[5,6]", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, have, err := d.JSON(); err != nil || have != text {
		t.Errorf("%s %v", have, err)
	}
	if _, err := policydoc.Read(`{"Statement":[{"Principal":{"AWS":{}}}]}`); err == nil {
		t.Error("an object was taken as somebody's name")
	}
}
