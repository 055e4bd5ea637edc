package policy_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/policy"
)

// FuzzParse: no text makes the parser panic; what a kind of policy may be, it accepts; and a document means the same however
// it is laid out.
func FuzzParse(f *testing.F) {
	for _, g := range grammarCases(f) {
		f.Add(g.text())
	}
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username, 'a}b'}/*","Condition":{"ForAnyValue:StringLikeIfExists":{"a":["*b?",1,true]}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := policy.Parse(text)
		for kind, validate := range map[string]func([]byte) error{"identity": policy.ValidateIdentity, "trust": policy.ValidateTrust, "resource": policy.ValidateResource,
			"session": policy.ValidateSession, "scp": policy.ValidateServiceControl, "rcp": policy.ValidateResourceControl} {
			if e := validate(text); e == nil && err != nil {
				t.Errorf("a valid %s policy does not parse: %v", kind, err)
			}
		}
		if err != nil {
			return
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			t.Fatalf("parsed, and is no JSON: %v", err)
		}
		again, err := policy.Parse(compact.Bytes())
		if err != nil {
			t.Fatalf("does not parse without its white space: %v", err)
		}
		for i, c := range []testCase{{Principal: callers[0], Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/a", Context: map[string][]string{"aws:username": {"ann"}, "a": {"b"}}},
			{Principal: callers[9], Action: "lambda:InvokeFunction", Resource: function, ResourceAccount: home}} {
			p := func(d *policy.Document) policy.Policies {
				s := policy.Source{Document: d}
				return policy.Policies{Identity: []policy.Source{s}, Resource: &s, Boundary: &s}
			}
			if x, y := policy.Evaluate(c.request(), p(d)), policy.Explain(c.request(), p(again)); x != y.Decision {
				t.Errorf("request %d: %+v, and without white space %+v", i, x, y.Decision)
			}
		}
	})
}

// FuzzEvaluate lets the fuzzer choose what the generator would draw, and compares the evaluator with the reference.
func FuzzEvaluate(f *testing.F) {
	for seed := range 20 {
		data := make([]byte, 200)
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := generator{rand.New(&drawn{data: data})}.new()
		d, err := c.evaluate()
		if err != nil {
			t.Fatalf("%v\n%s", err, c)
		}
		if want := (&reference{}).verdict(c); d.Verdict != want {
			t.Errorf("evaluator: %s, reference: %s\n%s", d.Verdict, want, c)
		}
	})
}

// drawn is a source of randomness whose numbers begin with given bytes; each draw takes one.
type drawn struct {
	data []byte
	n    uint64
}

func (d *drawn) Uint64() uint64 {
	d.n += 0x9E3779B97F4A7C15
	rest := (d.n ^ d.n>>31) * 0xBF58476D1CE4E5B9
	if len(d.data) == 0 {
		return rest
	}
	first := uint64(d.data[0])
	d.data = d.data[1:]
	return first<<56 | rest>>8
}

// FuzzPattern compares the pattern matchers with naive recursion.
func FuzzPattern(f *testing.F) {
	for _, p := range resourcePatterns {
		for _, r := range resourcesAsked[:6] {
			f.Add(p, r)
		}
	}
	f.Add("*a*a*b?", "aaaaab\U00010400")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(text) || strings.Count(pattern, "*") > 5 || len(pattern) > 80 || len(text) > 60 {
			return
		}
		marks, _ := resourceMarks(pattern, func(s string) ([]mark, bool) { return wildcards(s), true })
		if want, got := pattern == "*" || wild(marks, text), policy.MatchResource(pattern, text); got != want {
			t.Errorf("MatchResource(%q, %q) is %v, the reference says %v", pattern, text, got, want)
		}
		ref := &reference{}
		isARN := strings.HasPrefix(text, "arn:") && strings.Count(text, ":") >= 5
		if want, got := isARN && ref.arnIs(&testCase{}, text, pattern, false), policy.MatchARN(pattern, text); got != want {
			t.Errorf("MatchARN(%q, %q) is %v, the reference says %v", pattern, text, got, want)
		}
		if !strings.Contains(text, ":") {
			return
		}
		want := ref.matchesAction(&testCase{Action: text}, object{"Action": pattern})
		if got := policy.MatchAction(pattern, text); got != want {
			t.Errorf("MatchAction(%q, %q) is %v, the reference says %v", pattern, text, got, want)
		}
	})
}
