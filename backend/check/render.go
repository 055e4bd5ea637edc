package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Rules describes every rule, by its id.
var Rules = map[string]string{
	"push/s3":                   "S3 may invoke the function that a bucket notification names",
	"push/sns":                  "SNS may invoke the function that a subscription names",
	"push/events":               "EventBridge may invoke the function that is a rule's target",
	"push/logs":                 "CloudWatch Logs may invoke the function that a subscription filter names",
	"push/cognito-idp":          "Cognito may invoke the functions of a user pool's triggers",
	"push/apigateway":           "API Gateway may invoke the function of an integration, for every route or method that leads to it",
	"push/apigateway-role":      "the role of an integration may invoke its function, and API Gateway may assume it",
	"push/config":               "AWS Config may invoke the function of a custom rule",
	"push/ses":                  "SES may invoke the function of a receipt rule",
	"push/secretsmanager":       "Secrets Manager may invoke the function that rotates a secret",
	"push/iot":                  "AWS IoT may invoke the function of a topic rule",
	"push/elasticloadbalancing": "a load balancer may invoke the function that is registered with a target group",
	"push/codecommit":           "CodeCommit may invoke the function of a trigger",
	"push/connect":              "Amazon Connect may invoke an associated function",
	"push/function-url":         "anybody may call a function URL without authorization",
	"pull/kinesis":              "the execution role may read the Kinesis stream of a mapping",
	"pull/dynamodb":             "the execution role may read the DynamoDB stream of a mapping",
	"pull/sqs":                  "the execution role may read the queue of a mapping",
	"pull/source":               "the source of a mapping is one that is judged",
	"destination/sqs":           "the execution role may send to a destination or dead-letter queue",
	"destination/sns":           "the execution role may publish to a destination or dead-letter topic",
	"destination/lambda":        "the execution role may invoke the function that is a destination",
	"destination/events":        "the execution role may put events on the bus that is a destination",
	"destination/s3":            "the execution role may write to the bucket that is a destination",
	"destination/unknown":       "the destination is one that is judged",
	"trust/lambda":              "Lambda may assume a function's execution role",
	"habit/confused-deputy":     "a permission for a service is bounded by source_arn or source_account",
	"habit/bucket-account":      "a permission for a bucket outside the plan is bounded by source_account",
	"habit/object-arn":          "a permission for S3 names the bucket, not its objects",
	"habit/qualifier":           "a permission's qualifier is a version or an alias",
	"habit/visibility-timeout":  "a queue's visibility timeout is no less than the function's timeout",
	"habit/two-notifications":   "a bucket has one notification resource",
	"habit/order":               "a source that asks for its permission when it is made waits for it",
}

// headings are the human output's groups, in order.
var headings = []struct {
	verdict Verdict
	title   string
}{
	{Missing, "Missing: this will not work"}, {Unknown, "Not known until apply"}, {Notice, "Worth a look"}, {Allowed, "Allowed"},
}

// WriteText writes a report for people: one line for each finding, with its reason, and what would mend it.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, h := range headings {
		n := r.Count(h.verdict)
		if n == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s (%d)\n", h.title, n)
		for _, f := range r.Findings {
			if f.Verdict == h.verdict {
				f.writeText(&b)
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%d missing, %d not known until apply, %d worth a look, %d allowed\n", r.Count(Missing), r.Count(Unknown), r.Count(Notice), r.Count(Allowed))
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Finding) writeText(b *strings.Builder) {
	fmt.Fprintf(b, "  %s", f.Address)
	switch f.Kind {
	case Trigger, Destination:
		if f.Target != "" {
			fmt.Fprintf(b, " -> %s", f.Target)
		}
	case Mapping:
		if f.Source != "" {
			fmt.Fprintf(b, " <- %s", f.Source)
		}
	case Trust:
		fmt.Fprintf(b, " as %s", f.Role)
	}
	fmt.Fprintf(b, " [%s]: %s\n", f.Rule, strings.ReplaceAll(f.Reason, "\n", "; "))
	for _, a := range f.Assumes {
		fmt.Fprintf(b, "      if %s\n", a)
	}
	if f.Mend != nil {
		b.WriteString("      " + strings.ReplaceAll(f.Mend.HCL, "\n", "\n      ") + "\n")
	}
}

// FormatVersion is that of the JSON output. A new minor version only adds members.
const FormatVersion = "1.0"

// WriteJSON writes a report as docs/check.md describes it.
func (r Report) WriteJSON(w io.Writer) error {
	summary := map[Verdict]int{}
	for _, h := range headings {
		summary[h.verdict] = r.Count(h.verdict)
	}
	return writeJSON(w, struct {
		FormatVersion string          `json:"format_version"`
		Summary       map[Verdict]int `json:"summary"`
		Findings      []Finding       `json:"findings"`
	}{FormatVersion, summary, r.Findings})
}

func writeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// The parts of SARIF 2.1.0 that are used (OASIS, Static Analysis Results Interchange Format).
type (
	sarifText struct {
		Text string `json:"text"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifLocation struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
		} `json:"physicalLocation"`
		Logical []sarifLogical `json:"logicalLocations"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifResult struct {
		RuleID     string          `json:"ruleId"`
		RuleIndex  int             `json:"ruleIndex"`
		Kind       string          `json:"kind"`
		Level      string          `json:"level"`
		Message    sarifText       `json:"message"`
		Locations  []sarifLocation `json:"locations"`
		Properties *Finding        `json:"properties"`
	}
)

// sarifKinds are a verdict's kind and level: a level other than none goes only with the kind fail.
var sarifKinds = map[Verdict][2]string{Missing: {"fail", "error"}, Notice: {"fail", "warning"}, Unknown: {"open", "none"}, Allowed: {"pass", "none"}}

// WriteSARIF writes a report as SARIF 2.1.0. artifact is the plan's file, as a URI; version is this program's.
func (r Report) WriteSARIF(w io.Writer, artifact, version string) error {
	var rules []sarifRule
	index := map[string]int{}
	for _, f := range r.Findings {
		if _, ok := index[f.Rule]; !ok {
			index[f.Rule] = len(rules)
			rules = append(rules, sarifRule{f.Rule, sarifText{Rules[f.Rule]}})
		}
	}
	results := []sarifResult{}
	for _, f := range r.Findings {
		var at sarifLocation
		at.Physical.Artifact.URI = artifact
		at.Logical = []sarifLogical{{f.Address, "resource"}}
		text := f.Reason
		if f.Mend != nil {
			text += "\n\nThis would mend it:\n\n" + f.Mend.HCL
		}
		kind := sarifKinds[f.Verdict]
		results = append(results, sarifResult{f.Rule, index[f.Rule], kind[0], kind[1], sarifText{f.Address + ": " + text}, []sarifLocation{at}, &f})
	}
	driver := map[string]any{"name": "lambdasim check", "rules": slices.Clip(append([]sarifRule{}, rules...))}
	if version != "" {
		driver["version"] = version
	}
	return writeJSON(w, map[string]any{"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []any{map[string]any{"tool": map[string]any{"driver": driver}, "results": results}}})
}
