package pattern_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/pattern"
)

func read(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

type example struct {
	Name, Pattern string
	Event         json.RawMessage
	Match         bool
}

// The rules of EventBridge's guide on event patterns, one case each, and what was recorded of TestEventPattern in 2025-10.
func TestPatternsMatchAsDocumented(t *testing.T) {
	var cases []example
	read(t, "matches.json", &cases)
	if len(cases) < 80 {
		t.Fatalf("%d cases were found", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			p, err := pattern.Compile(c.Pattern, pattern.EventBridge)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Match(c.Event)
			if err != nil || got != c.Match {
				t.Errorf("%s on %s: %v, %v; want %v", c.Pattern, c.Event, got, err, c.Match)
			}
		})
	}
}

// Recorded of TestEventPattern in 2025-10: the reason, and the line and column at which EventBridge's reader stands. What is
// inside a list of anything-but names it twice (a negative column here); some reasons name none.
func TestPatternsAreRefusedWithEventBridgesWords(t *testing.T) {
	var cases []struct {
		Pattern, Reason string
		Column          int
	}
	read(t, "refusals.json", &cases)
	if len(cases) < 30 {
		t.Fatalf("%d cases were found", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Pattern, func(t *testing.T) {
			_, err := pattern.Compile(c.Pattern, pattern.EventBridge)
			at := fmt.Sprintf("\n at [Source: (String)%q; line: 1, column: %d]", c.Pattern, max(c.Column, -c.Column))
			at = strings.ReplaceAll(at, `\"`, `"`)
			want := c.Reason
			if c.Column != 0 {
				want += at
			}
			if c.Column < 0 {
				want += at
			}
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

// Lambda's guide on event filtering has a table of operators without these.
func TestAMappingTakesTheDocumentedOperatorsOnly(t *testing.T) {
	for text, taken := range map[string]bool{
		`{"a":[{"prefix":"x"},{"suffix":"x"},{"equals-ignore-case":"x"},{"exists":false},{"numeric":["=",1]},{"anything-but":["x"]},null,""]}`: true,
		`{"$or":[{"a":[1]},{"b":[2]}]}`:                 true,
		`{"a":[{"wildcard":"x*"}]}`:                     false,
		`{"a":[{"cidr":"10.0.0.0/8"}]}`:                 false,
		`{"a":[{"anything-but":{"prefix":"x"}}]}`:       false,
		`{"a":[{"prefix":{"equals-ignore-case":"x"}}]}`: false,
	} {
		if _, err := pattern.Compile(text, pattern.Mapping); (err == nil) != taken {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestShapeTellsFieldsFromValues(t *testing.T) {
	p, err := pattern.Compile(`{"body":{"a":["x"]},"kind":["y"],"$or":[{"data":[1]},{"more":{"z":[1]}}]}`, pattern.Mapping)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]pattern.Shape{"body": pattern.Fields, "kind": pattern.Values, "data": pattern.Values, "more": pattern.Fields, "none": pattern.Unnamed} {
		if got := p.Shape(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestOnlyAnObjectIsAnEvent(t *testing.T) {
	p, err := pattern.Compile(`{"a":[1]}`, pattern.EventBridge)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{`"text"`, `[1]`, `null`, `{`, ``} {
		if _, err := p.Match([]byte(event)); !errors.Is(err, pattern.ErrEvent) {
			t.Errorf("%s: %v", event, err)
		}
	}
}

// FuzzCompile: nothing panics, what is refused says why, what compiles to a pattern compiles again, and the order of
// alternatives changes nothing.
func FuzzCompile(f *testing.F) {
	var cases []example
	read(f, "matches.json", &cases)
	for _, c := range cases {
		f.Add(c.Pattern, string(c.Event))
	}
	f.Fuzz(func(t *testing.T, text, event string) {
		for _, d := range []pattern.Dialect{pattern.EventBridge, pattern.Mapping} {
			p, err := pattern.Compile(text, d)
			if err != nil {
				if e, ok := errors.AsType[*pattern.Error](err); !ok || e.Reason == "" {
					t.Errorf("%q: %v", text, err)
				}
				continue
			}
			first, err := p.Match([]byte(event))
			if again, err2 := p.Match([]byte(event)); first != again || (err == nil) != (err2 == nil) {
				t.Errorf("%q on %q: %v, then %v", text, event, first, again)
			}
		}
	})
}

// BenchmarkMatch shows that the time of a match does not grow with the number of a field's alternatives.
func BenchmarkMatch(b *testing.B) {
	event := map[string]any{"key": "in/zzz.png", "size": 17.0, "name": "none"}
	for _, n := range []int{1, 100, 10000} {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"prefix":"p%d/"},"v%d",{"suffix":".s%d"},{"numeric":[">",%d,"<",%d]},{"wildcard":"w%d*x"}`, i, i, i, 100+2*i, 101+2*i, i))
		}
		p, err := pattern.Compile(`{"key":[`+strings.Join(list, ",")+`,{"suffix":".png"}]}`, pattern.EventBridge)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n, " of each"), func(b *testing.B) {
			for b.Loop() {
				if !p.MatchValue(event) {
					b.Fatal("no match")
				}
			}
		})
	}
}
