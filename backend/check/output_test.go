package check_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/check"
)

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a binary plan":              {"PK\x03\x04\x14\x00", "run terraform show -json PLANFILE"},
		"a newer major version":      {`{"format_version":"2.0","planned_values":{}}`, "the plan has format version 2.0; this program reads version 1"},
		"a version that is not one":  {`{"format_version":"x","planned_values":{}}`, "format version x"},
		"other JSON":                 {`{"a":1}`, "it has no format_version"},
		"what is not JSON":           {`Plan: 1 to add`, "not the JSON of a plan"},
		"a state":                    {`{"format_version":"1.0","values":{"root_module":{}}}`, "this is a state, not a plan"},
		"a plan without its values":  {`{"format_version":"1.2"}`, "it has no planned_values"},
		"a plan that ended in error": {`{"format_version":"1.2","planned_values":{},"errored":true}`, "the plan ended with errors"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := check.Read([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if _, err := check.Read([]byte("PK\x03\x04")); !errors.Is(err, check.ErrBinary) {
		t.Errorf("%v, want ErrBinary", err)
	}
}

func TestAnEmptyPlanHasNoFindings(t *testing.T) {
	p, err := check.Read([]byte(`{"format_version":"1.9","planned_values":{"root_module":{}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := check.Check(p).WriteJSON(&b); err != nil || !strings.Contains(b.String(), `"findings": []`) {
		t.Errorf("%v: %s", err, b.String())
	}
}

// TestOutputs pins the three outputs. UPDATE=1 writes them anew.
func TestOutputs(t *testing.T) {
	report := check.Check(read(t, "testdata/cases/output.json"))
	for _, c := range []struct {
		file  string
		write func(*bytes.Buffer) error
	}{
		{"testdata/output.txt", func(b *bytes.Buffer) error { return report.WriteText(b) }},
		{"testdata/output.json", func(b *bytes.Buffer) error { return report.WriteJSON(b) }},
		{"testdata/output.sarif", func(b *bytes.Buffer) error { return report.WriteSARIF(b, "plan.json", "1.2.3") }},
	} {
		t.Run(c.file, func(t *testing.T) {
			var b bytes.Buffer
			if err := c.write(&b); err != nil {
				t.Fatal(err)
			}
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(c.file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(c.file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSARIF holds the output to what SARIF 2.1.0 requires of the objects that are used.
func TestSARIFHasWhatItsSchemaRequires(t *testing.T) {
	var b bytes.Buffer
	if err := check.Check(read(t, "testdata/cases/output.json")).WriteSARIF(&b, "plan.json", ""); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID               string
						ShortDescription struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID      string
				RuleIndex   int
				Kind, Level string
				Message     struct{ Text string }
				Locations   []struct {
					LogicalLocations []struct{ FullyQualifiedName string }
				}
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name == "" || len(log.Runs[0].Results) == 0 {
		t.Fatalf("%+v", log)
	}
	rules := log.Runs[0].Tool.Driver.Rules
	for _, r := range log.Runs[0].Results {
		if r.Message.Text == "" || len(r.Locations) != 1 || r.Locations[0].LogicalLocations[0].FullyQualifiedName == "" {
			t.Errorf("%+v", r)
		}
		if r.RuleIndex >= len(rules) || rules[r.RuleIndex].ID != r.RuleID || rules[r.RuleIndex].ShortDescription.Text == "" {
			t.Errorf("%s is not rule %d, or the rule has no description", r.RuleID, r.RuleIndex)
		}
		if (r.Kind != "fail") != (r.Level == "none") {
			t.Errorf("kind %s with level %s: a level other than none goes with fail alone", r.Kind, r.Level)
		}
	}
}

// TestEveryRuleHasACase holds the list of rules to the corpus: a rule that no case is about would be a guess.
func TestEveryRuleHasACase(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range casePaths(t) {
		for _, e := range expectations(t, path) {
			seen[e.rule] = true
			if check.Rules[e.rule] == "" {
				t.Errorf("%s: the rule %s has no description", path, e.rule)
			}
		}
	}
	for rule := range check.Rules {
		if !seen[rule] {
			t.Errorf("no case is about %s", rule)
		}
	}
}

// TestAnExistingFunctionURL is about a URL that this plan does not make: the provider adds its statements only then.
func TestAnExistingFunctionURL(t *testing.T) {
	text, err := os.ReadFile("testdata/cases/function-url.json")
	if err != nil {
		t.Fatal(err)
	}
	p, err := check.Read(bytes.ReplaceAll(text, []byte(`"actions":["create"]`), []byte(`"actions":["update"]`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range check.Check(p).Findings {
		if f.Address != "aws_lambda_function_url.open" {
			continue
		}
		if f.Verdict != check.Unknown || !strings.Contains(f.Reason, "only when the URL is made with NONE") || f.Mend == nil || !strings.Contains(f.Mend.HCL, `function_url_auth_type = "NONE"`) {
			t.Errorf("%s", show(f))
		}
	}
}

// TestAPlanOfAPart is about terraform plan -target: what is missing may be in the rest.
func TestAPlanOfAPart(t *testing.T) {
	text, err := os.ReadFile("testdata/cases/s3-no-permission.json")
	if err != nil {
		t.Fatal(err)
	}
	part := bytes.Replace(text, []byte(`"complete":true`), []byte(`"complete":false`), 1)
	if bytes.Equal(text, part) {
		t.Fatal("the plan does not say that it is complete")
	}
	p, err := check.Read(part)
	if err != nil {
		t.Fatal(err)
	}
	if r := check.Check(p); r.Count(check.Missing) != 0 || r.Count(check.Unknown) != 1 || !strings.Contains(r.Findings[0].Reason, "may be in the rest") {
		t.Errorf("%+v", r.Findings)
	}
}
