package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// policyDocument is a policy as the data source writes it.
type policyDocument struct {
	Version   string             `json:"Version,omitempty"`
	ID        string             `json:"Id,omitempty"`
	Statement []*policyStatement `json:"Statement,omitempty"`
}

type policyStatement struct {
	SID          string                    `json:"Sid,omitempty"`
	Effect       string                    `json:"Effect,omitempty"`
	Action       any                       `json:"Action,omitempty"`
	NotAction    any                       `json:"NotAction,omitempty"`
	Resource     any                       `json:"Resource,omitempty"`
	NotResource  any                       `json:"NotResource,omitempty"`
	Principal    any                       `json:"Principal,omitempty"`
	NotPrincipal any                       `json:"NotPrincipal,omitempty"`
	Condition    map[string]map[string]any `json:"Condition,omitempty"`
}

// writePolicy writes a document: source documents first, then the statements, then what overrides them by sid.
func writePolicy(m *policyDocumentModel) (pretty, minified string, err error) {
	doc := &policyDocument{Version: m.Version.ValueString(), ID: m.PolicyID.ValueString()}
	for i, text := range m.SourcePolicyDocuments {
		source, err := readPolicy(text)
		if err != nil {
			return "", "", fmt.Errorf("source_policy_documents[%d]: %w", i, err)
		}
		doc.Statement = append(doc.Statement, source.Statement...)
	}
	for i := range m.Statement {
		s, err := m.Statement[i].statement()
		if err != nil {
			return "", "", fmt.Errorf("statement %d: %w", i+1, err)
		}
		doc.Statement = append(doc.Statement, s)
	}
	seen := map[string]bool{}
	for _, s := range doc.Statement {
		if s.SID != "" && seen[s.SID] {
			return "", "", fmt.Errorf("the sid %q is there twice: sids must be unique, or override_policy_documents replace them", s.SID)
		}
		seen[s.SID] = true
	}
	for i, text := range m.OverridePolicyDocuments {
		override, err := readPolicy(text)
		if err != nil {
			return "", "", fmt.Errorf("override_policy_documents[%d]: %w", i, err)
		}
		doc.override(override.Statement)
	}
	return marshalPolicy(doc)
}

// override replaces statements of the same sid, and adds the others.
func (d *policyDocument) override(statements []*policyStatement) {
	for _, s := range statements {
		i := slices.IndexFunc(d.Statement, func(have *policyStatement) bool { return s.SID != "" && have.SID == s.SID })
		if i < 0 {
			d.Statement = append(d.Statement, s)
			continue
		}
		d.Statement[i] = s
	}
}

func readPolicy(text string) (*policyDocument, error) {
	var raw struct {
		Version   string
		Id        string
		Statement json.RawMessage
	}
	if text == "" {
		return &policyDocument{}, nil
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, err
	}
	doc := &policyDocument{Version: raw.Version, ID: raw.Id}
	if len(raw.Statement) > 0 && raw.Statement[0] == '{' {
		raw.Statement = slices.Concat([]byte("["), raw.Statement, []byte("]"))
	}
	if len(raw.Statement) == 0 {
		return doc, nil
	}
	return doc, json.Unmarshal(raw.Statement, &doc.Statement)
}

func marshalPolicy(doc *policyDocument) (pretty, minified string, err error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(doc); err != nil {
		return "", "", err
	}
	minified = strings.TrimSpace(b.String())
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(minified), "", "  "); err != nil {
		return "", "", err
	}
	return indented.String(), minified, nil
}

// policyVariables turns &{…}, which HCL leaves alone, into the policy language's ${…}.
func policyVariables(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ReplaceAll(s, "&{", "${")
	}
	return out
}

// collapse is one element itself, or a list in descending order.
func collapse(list []string) any {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(x, y string) int { return strings.Compare(y, x) })
	return sorted
}

func (m *policyStatementModel) statement() (*policyStatement, error) {
	s := &policyStatement{SID: m.SID.ValueString(), Effect: m.Effect.ValueString(), Action: collapse(policyVariables(m.Actions)), NotAction: collapse(policyVariables(m.NotActions)),
		Resource: collapse(policyVariables(m.Resources)), NotResource: collapse(policyVariables(m.NotResources)), Principal: principalsOf(m.Principals), NotPrincipal: principalsOf(m.NotPrincipals)}
	for _, c := range m.Condition {
		if s.Condition == nil {
			s.Condition = map[string]map[string]any{}
		}
		if s.Condition[c.Test] == nil {
			s.Condition[c.Test] = map[string]any{}
		}
		values := policyVariables(c.Values)
		if len(values) == 0 {
			return nil, fmt.Errorf("the condition %s %s has no values", c.Test, c.Variable)
		}
		var v any = values
		if len(values) == 1 {
			v = values[0]
		}
		s.Condition[c.Test][c.Variable] = v
	}
	return s, nil
}

// principalsOf puts principals together by type; "*" of type "*" is everybody.
func principalsOf(list []policyPrincipalModel) any {
	byType := map[string][]string{}
	for _, p := range list {
		byType[p.Type] = append(byType[p.Type], policyVariables(p.Identifiers)...)
	}
	if len(byType) == 0 {
		return nil
	}
	if all := byType["*"]; len(byType) == 1 && len(all) == 1 && all[0] == "*" {
		return "*"
	}
	out := map[string]any{}
	for t, identifiers := range byType {
		out[t] = collapse(identifiers)
	}
	return out
}
