package provider

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// deviations are arguments whose mode differs from the AWS provider's on purpose: a default makes an attribute computed in
// the plugin framework, and what the API fills in is computed here where the AWS provider suppresses the difference.
var deviations = map[string]string{"O": "OC"}

// TestSchemasHaveEveryArgumentOfTheirAWSCounterparts holds the three central resources to the AWS provider's rows.
func TestSchemasHaveEveryArgumentOfTheirAWSCounterparts(t *testing.T) {
	text, err := os.ReadFile("testdata/aws_schemas.txt")
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]schema.Schema{}
	for name, r := range map[string]resource.Resource{"lambdasim_function": newFunctionResource(), "lambdasim_event_source_mapping": newEventSourceMappingResource(),
		"lambdasim_permission": newPermissionResource()} {
		var resp resource.SchemaResponse
		r.Schema(context.Background(), resource.SchemaRequest{}, &resp)
		schemas[name] = resp.Schema
	}
	mode := regexp.MustCompile(`\s(R|O|OC|C)(\s|$)`)
	var current schema.Schema
	rows := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "## "); ok {
			current = schemas[name]
			continue
		}
		m := mode.FindStringSubmatch(line)
		name := strings.Fields(line + " -")[0]
		if m == nil {
			continue
		}
		rows++
		a, ok := current.Attributes[name]
		if !ok {
			if _, block := current.Blocks[name]; !block {
				t.Errorf("%q is missing", line)
			}
			continue
		}
		have := ""
		switch {
		case a.IsRequired():
			have = "R"
		case a.IsOptional() && a.IsComputed():
			have = "OC"
		case a.IsOptional():
			have = "O"
		case a.IsComputed():
			have = "C"
		}
		if have != m[1] && deviations[m[1]] != have {
			t.Errorf("%q: the mode is %s", line, have)
		}
	}
	if rows < 90 {
		t.Errorf("only %d rows were compared", rows)
	}
}
