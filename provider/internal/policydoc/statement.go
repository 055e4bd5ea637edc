package policydoc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Principal is who, of one type: AWS, Service, Federated, CanonicalUser or "*".
type Principal struct {
	Type        string
	Identifiers []string
	single      bool // one identifier, written as itself and not as a list
}

// Principals are those of a statement.
type Principals []Principal

// Condition is one operator with one key and its values.
type Condition struct {
	Test, Variable string
	Values         []string
}

// Conditions are those of a statement.
type Conditions []Condition

// Texts is what an argument that is a set becomes: nil where it is empty, one element itself, more in descending order.
func Texts(list []string) any {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return descending(list)
}

func descending(list []string) []string {
	sorted := append([]string{}, list...) // never nil: an empty list is written as one
	slices.Sort(sorted)
	slices.Reverse(sorted)
	return sorted
}

// Variables turns &{…}, which HCL leaves alone, into the policy language's ${…}. A document of the version 2008-10-17 has no
// variables.
func Variables(version string, list []string) ([]string, error) {
	out := make([]string, len(list))
	for i, s := range list {
		if version == "2008-10-17" && strings.Contains(s, "&{") {
			return nil, fmt.Errorf("found &{ sequence in (%s), which is not supported in document version 2008-10-17", s)
		}
		out[i] = strings.ReplaceAll(s, "&{", "${")
	}
	return out, nil
}

// VariableTexts is Texts of an argument that may hold variables. It is sorted as it was given.
func VariableTexts(version string, list []string) (any, error) {
	out, err := Variables(version, descending(list))
	if err != nil || len(out) != 1 {
		return nilIfEmpty(out), err
	}
	return out[0], nil
}

func nilIfEmpty(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

// NewPrincipals are the principals of blocks, in the order in which the AWS provider takes them.
func NewPrincipals(version string, blocks []Principal) (Principals, error) {
	var out Principals
	for _, p := range byHash(blocks, principalKey) {
		identifiers, err := Variables(version, descending(p.Identifiers))
		if err != nil {
			return nil, fmt.Errorf("reading identifiers: %w", err)
		}
		out = append(out, Principal{p.Type, identifiers, len(identifiers) == 1})
	}
	return out, nil
}

// NewConditions are the conditions of blocks, in the order in which the AWS provider takes them.
func NewConditions(version string, blocks []Condition) (Conditions, error) {
	var out Conditions
	for _, c := range byHash(blocks, conditionKey) {
		values, err := Variables(version, c.Values)
		if err != nil {
			return nil, fmt.Errorf("reading values: %w", err)
		}
		out = append(out, Condition{c.Test, c.Variable, values})
	}
	return out, nil
}

// MarshalJSON puts principals together by type. "*" of the type "*" is everybody; {"AWS": "*"} stays, because trust policies
// take that one alone.
func (ps Principals) MarshalJSON() ([]byte, error) {
	if len(ps) == 1 && ps[0].Type == "*" && slices.Equal(ps[0].Identifiers, []string{"*"}) {
		return []byte(`"*"`), nil
	}
	out := map[string]any{}
	for _, p := range ps {
		switch have := out[p.Type].(type) {
		case nil:
			out[p.Type] = descending(p.Identifiers)
			if p.single {
				out[p.Type] = p.Identifiers[0]
			}
		case string:
			out[p.Type] = append([]string{have}, descending(p.Identifiers)...)
		case []string:
			out[p.Type] = append(have, descending(p.Identifiers)...)
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads principals: "*", or identifiers by type.
func (ps *Principals) UnmarshalJSON(text []byte) error {
	var everybody string
	if json.Unmarshal(text, &everybody) == nil {
		*ps = Principals{{Type: "*", Identifiers: []string{"*"}}}
		return nil
	}
	var byType map[string]any
	if err := json.Unmarshal(text, &byType); err != nil {
		return err
	}
	for name, value := range byType {
		identifiers, err := stringsOf(value)
		if err != nil {
			return fmt.Errorf("principals of the type %s: %w", name, err)
		}
		_, single := value.(string)
		*ps = append(*ps, Principal{name, identifiers, single})
	}
	return nil
}

// MarshalJSON puts conditions together by operator and key.
func (cs Conditions) MarshalJSON() ([]byte, error) {
	values := map[string]map[string][]string{}
	for _, c := range cs {
		if values[c.Test] == nil {
			values[c.Test] = map[string][]string{}
		}
		values[c.Test][c.Variable] = append(append([]string{}, values[c.Test][c.Variable]...), c.Values...)
	}
	out := map[string]map[string]any{}
	for test, keys := range values {
		out[test] = map[string]any{}
		for key, list := range keys {
			out[test][key] = list
			if len(list) == 1 {
				out[test][key] = list[0]
			}
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads conditions. Booleans and numbers are taken as their text.
func (cs *Conditions) UnmarshalJSON(text []byte) error {
	var operators map[string]map[string]any
	if err := decode(text, &operators); err != nil {
		return err
	}
	for test, keys := range operators {
		for key, value := range keys {
			values, err := stringsOf(value)
			if err != nil {
				return fmt.Errorf("the condition %s of %s: %w", test, key, err)
			}
			*cs = append(*cs, Condition{test, key, values})
		}
	}
	return nil
}

func decode(text []byte, into any) error {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	return d.Decode(into)
}

// stringsOf is a string, a boolean, a number, or a list of them.
func stringsOf(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	out := []string{}
	for _, v := range list {
		switch x := v.(type) {
		case string:
			out = append(out, x)
		case bool, json.Number, float64:
			out = append(out, fmt.Sprint(x))
		default:
			return nil, fmt.Errorf("want strings, and not %T", v)
		}
	}
	return out, nil
}
