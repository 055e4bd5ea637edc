package provider

import (
	_ "embed"
	"regexp"
	"strings"
	"sync"
)

// row is an argument or attribute: its type as the AWS provider's schema has it, whether it is required (R), optional (O),
// computed (C) or both (OC), whether a change replaces, and its default ("" where there is none).
type row struct {
	kind, mode, def     string
	replaces, sensitive bool
}

//go:embed testdata/aws_schemas.txt
var awsSchemas string

var rowForm = regexp.MustCompile(`^(\S+) (\S+) (R|O|OC|C)( FN)?(?: =(.*))?$`)

// awsRows are the rows of testdata/aws_schemas.txt, by type ("aws_s3_bucket", "data aws_iam_role") and path; and the lines
// that are none.
var awsRows = sync.OnceValues(func() (all map[string]map[string]row, strange []string) {
	all = map[string]map[string]row{}
	var current map[string]row
	for line := range strings.Lines(awsSchemas) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "## "); ok {
			current = map[string]row{}
			all[name] = current
		} else if m := rowForm.FindStringSubmatch(line); m != nil {
			current[m[1]] = row{kind: m[2], mode: m[3], replaces: m[4] != "", def: m[5]}
		} else if line != "" && !strings.HasPrefix(line, "#") {
			strange = append(strange, line)
		}
	}
	return all, strange
})
