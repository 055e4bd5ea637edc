package provider

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// statement is a statement of a function's policy.
type statement struct {
	Sid       string
	Effect    string
	Principal json.RawMessage
	Action    string
	Resource  string
	Condition map[string]map[string]string
}

// findStatement finds a statement of a policy; nil when it is not there.
func findStatement(policy, sid string) (*statement, error) {
	var document struct{ Statement []json.RawMessage }
	if err := json.Unmarshal([]byte(policy), &document); err != nil {
		return nil, fmt.Errorf("the function's policy cannot be read: %w", err)
	}
	for _, raw := range document.Statement {
		var id struct{ Sid string }
		if json.Unmarshal(raw, &id) != nil || id.Sid != sid {
			continue
		}
		s := &statement{}
		if err := json.Unmarshal(raw, s); err != nil {
			return nil, fmt.Errorf("statement %s of the function's policy is not of the form that a permission has: %w", sid, err)
		}
		return s, nil
	}
	return nil, nil
}

// principal is the statement's principal as AddPermission takes it. An account comes back as the ARN of its root; was says
// how it was written.
func (s *statement) principal(was string) string {
	var everybody string
	if json.Unmarshal(s.Principal, &everybody) == nil {
		return everybody
	}
	var typed map[string]string
	if json.Unmarshal(s.Principal, &typed) != nil {
		return string(s.Principal)
	}
	if service, ok := typed["Service"]; ok {
		return service
	}
	arn := typed["AWS"]
	if account, ok := strings.CutPrefix(arn, "arn:aws:iam::"); ok && strings.HasSuffix(account, ":root") && was != arn {
		return strings.TrimSuffix(account, ":root")
	}
	return arn
}

// conditions are the condition keys that a permission can have, by the attribute that gives them.
var conditions = []struct{ attribute, operator, key string }{
	{"event_source_token", "StringEquals", "lambda:EventSourceToken"},
	{"function_url_auth_type", "StringEquals", "lambda:FunctionUrlAuthType"},
	{"principal_org_id", "StringEquals", "aws:PrincipalOrgID"},
	{"source_account", "StringEquals", "AWS:SourceAccount"},
	{"source_arn", "ArnLike", "AWS:SourceArn"},
	{"invoked_via_function_url", "Bool", "lambda:InvokedViaFunctionUrl"},
}

// read takes the statement into the model: a condition that somebody removed or added is seen.
func (m *permissionModel) read(s *statement) error {
	m.Action, m.Principal = types.StringValue(s.Action), types.StringValue(s.principal(m.Principal.ValueString()))
	fields := map[string]*types.String{"event_source_token": &m.EventSourceToken, "function_url_auth_type": &m.FunctionURLAuthType,
		"principal_org_id": &m.PrincipalOrgID, "source_account": &m.SourceAccount, "source_arn": &m.SourceARN}
	known := 0
	for _, c := range conditions {
		value, ok := s.Condition[c.operator][c.key]
		if ok {
			known++
		}
		if field := fields[c.attribute]; field != nil {
			*field = blank(*field)
			if ok {
				*field = types.StringValue(value)
			}
			continue
		}
		if ok || m.InvokedViaFunctionURL.ValueBool() {
			m.InvokedViaFunctionURL = types.BoolValue(value == "true")
		}
	}
	all := 0
	for _, keys := range s.Condition {
		all += len(keys)
	}
	if s.Effect != "Allow" || all != known {
		return fmt.Errorf("statement %s has an effect or a condition that a permission cannot have (%s): it was changed by other means", s.Sid, strings.Join(s.list(), ", "))
	}
	if m.StatementIDPrefix.IsNull() || m.StatementIDPrefix.IsUnknown() {
		m.StatementIDPrefix = types.StringValue("")
	}
	return nil
}

// list names effect and condition keys.
func (s *statement) list() []string {
	out := []string{s.Effect}
	for operator, keys := range s.Condition {
		for key := range keys {
			out = append(out, operator+" "+key)
		}
	}
	slices.Sort(out)
	return out
}
