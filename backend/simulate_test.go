package backend_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// simulation is a case of testdata/simulate: a request and what the API answers to it, with the rule that it pins.
type simulation struct {
	Name, Rule string
	Request    simulationRequest
	Answer     []string // a line for each result, and below it one for each resource: see line
	Error      string   // "Code: message"
}

type simulationRequest struct {
	ActionNames, ResourceArns                           []string
	PolicyInputList, PermissionsBoundaryPolicyInputList []document
	OrderedOrganizationPolicyInputList                  [][]document
	ResourcePolicy                                      *document
	ResourceOwner, CallerArn, ResourceHandlingOption    *string
	ContextEntries                                      []iamtypes.ContextEntry
	MaxItems                                            *int32
	Marker                                              *string

	PolicySourceArn     *string // SimulatePrincipalPolicy
	PolicyExclusionList []exclusion
}

// exclusion is a policy to be left out: one of its members.
type exclusion struct {
	PolicyType, PolicyArn  string
	InlinePolicyIdentifier *iamtypes.InlinePolicyIdentifierType
}

// document is a policy, in a case either a text or an object, whose text is then as it stands there.
type document string

func (d *document) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(d))
	}
	*d = document(text)
	return nil
}

func texts(list []document) []string {
	out := []string{} // PolicyInputList must be there, also when it is empty
	for _, d := range list {
		out = append(out, string(d))
	}
	return out
}

func (r *simulationRequest) exclusions() []iamtypes.PolicyIdentifier {
	var list []iamtypes.PolicyIdentifier
	for _, e := range r.PolicyExclusionList {
		switch {
		case e.PolicyType != "":
			list = append(list, &iamtypes.PolicyIdentifierMemberPolicyType{Value: iamtypes.PolicyIdentifierPolicyType(e.PolicyType)})
		case e.PolicyArn != "":
			list = append(list, &iamtypes.PolicyIdentifierMemberPolicyArn{Value: e.PolicyArn})
		default:
			list = append(list, &iamtypes.PolicyIdentifierMemberInlinePolicyIdentifier{Value: *e.InlinePolicyIdentifier})
		}
	}
	return list
}

// simulate sends a request: to SimulatePrincipalPolicy where it names a source, else to SimulateCustomPolicy.
func (c *clients) simulate(t *testing.T, r simulationRequest) ([]iamtypes.EvaluationResult, *string, error) {
	t.Helper()
	var boundary []string
	if r.PermissionsBoundaryPolicyInputList != nil {
		boundary = texts(r.PermissionsBoundaryPolicyInputList)
	}
	if r.PolicySourceArn != nil {
		out, err := c.iam.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: r.PolicySourceArn,
			ActionNames: r.ActionNames, ResourceArns: r.ResourceArns, PolicyInputList: texts(r.PolicyInputList),
			PermissionsBoundaryPolicyInputList: boundary, ResourcePolicy: (*string)(r.ResourcePolicy), ResourceOwner: r.ResourceOwner,
			CallerArn: r.CallerArn, ResourceHandlingOption: r.ResourceHandlingOption, ContextEntries: r.ContextEntries, MaxItems: r.MaxItems,
			Marker: r.Marker, PolicyExclusionList: r.exclusions()})
		if err != nil {
			return nil, nil, err
		}
		return out.EvaluationResults, out.Marker, nil
	}
	var levels []iamtypes.OrderedOrganizationPolicyType
	for _, level := range r.OrderedOrganizationPolicyInputList {
		levels = append(levels, iamtypes.OrderedOrganizationPolicyType{ServiceControlPolicyInputList: texts(level)})
	}
	out, err := c.iam.SimulateCustomPolicy(t.Context(), &iam.SimulateCustomPolicyInput{
		ActionNames: r.ActionNames, ResourceArns: r.ResourceArns, PolicyInputList: texts(r.PolicyInputList),
		PermissionsBoundaryPolicyInputList: boundary, OrderedOrganizationPolicyInputList: levels, ResourcePolicy: (*string)(r.ResourcePolicy),
		ResourceOwner: r.ResourceOwner, CallerArn: r.CallerArn, ResourceHandlingOption: r.ResourceHandlingOption,
		ContextEntries: r.ContextEntries, MaxItems: r.MaxItems, Marker: r.Marker})
	if err != nil {
		return nil, nil, err
	}
	return out.EvaluationResults, out.Marker, nil
}

// resultLines writes an answer for a case: "ACTION on NAME: DECISION | STATEMENT | … | missing KEYS | organizations true | boundary
// true | details KIND=DECISION, …", and below it a line for each resource. A statement is "POLICY LINE:COLUMN-LINE:COLUMN".
func resultLines(results []iamtypes.EvaluationResult) []string {
	var out []string
	for _, r := range results {
		text := fmt.Sprintf("%s on %s: %s", *r.EvalActionName, *r.EvalResourceName, r.EvalDecision) + evaluated(r.MatchedStatements, r.MissingContextValues)
		if o := r.OrganizationsDecisionDetail; o != nil {
			text += fmt.Sprintf(" | organizations %v", o.AllowedByOrganizations)
		}
		out = append(out, text+detailed(r.PermissionsBoundaryDecisionDetail, r.EvalDecisionDetails))
		for _, s := range r.ResourceSpecificResults {
			out = append(out, fmt.Sprintf("  %s: %s", *s.EvalResourceName, s.EvalResourceDecision)+evaluated(s.MatchedStatements, s.MissingContextValues)+
				detailed(s.PermissionsBoundaryDecisionDetail, s.EvalDecisionDetails))
		}
	}
	return out
}

var shortTypes = map[iamtypes.PolicySourceType]string{"IAM Policy": "", "Resource Policy": "(resource) ", "Permissions Boundary Policy": "(boundary) "}

func evaluated(matched []iamtypes.Statement, missing []string) string {
	text := ""
	for _, m := range matched {
		kind, ok := shortTypes[m.SourcePolicyType]
		if !ok {
			kind = "(" + string(m.SourcePolicyType) + "?) "
		}
		text += fmt.Sprintf(" | %s %s%d:%d-%d:%d", *m.SourcePolicyId, kind, m.StartPosition.Line, m.StartPosition.Column, m.EndPosition.Line, m.EndPosition.Column)
	}
	if len(missing) > 0 {
		text += " | missing " + strings.Join(missing, ", ")
	}
	return text
}

func detailed(boundary *iamtypes.PermissionsBoundaryDecisionDetail, details map[string]iamtypes.PolicyEvaluationDecisionType) string {
	text := ""
	if boundary != nil {
		text += fmt.Sprintf(" | boundary %v", boundary.AllowedByPermissionsBoundary)
	}
	var list []string
	for _, kind := range []string{"IAM Policy", "Resource Policy", "Permissions Boundary Policy"} {
		if d, ok := details[kind]; ok {
			list = append(list, kind+"="+string(d))
		}
	}
	if len(details) > 0 {
		text += " | details " + strings.Join(list, ", ")
	}
	return text
}

func asError(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	return err.Error()
}

// run sends the case's request and compares what comes back.
func (s *simulation) run(t *testing.T, c *clients) {
	results, _, err := c.simulate(t, s.Request)
	if err != nil || s.Error != "" {
		if got := fmt.Sprint(err); err == nil || s.Error != asError(err) {
			t.Errorf("%s\nrule: %s\nwant error %s", got, s.Rule, s.Error)
		}
		return
	}
	if diff := cmp.Diff(s.Answer, resultLines(results)); diff != "" {
		t.Errorf("rule: %s\n-want +got\n%s", s.Rule, diff)
	}
}

func readSimulations(t *testing.T, file string) []simulation {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []simulation
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return list
}

// TestSimulateCustomPolicy runs the cases of testdata/simulate through the SDK.
func TestSimulateCustomPolicy(t *testing.T) {
	b := setup(t)
	files, err := filepath.Glob("testdata/simulate/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		for _, s := range readSimulations(t, file) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+s.Name, func(t *testing.T) { s.run(t, b.clients) })
		}
	}
}
