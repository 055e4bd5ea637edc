package sns

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/pattern"
)

// The scopes of a filter policy (SDK, SetSubscriptionAttributes), and its limits (developer guide, filter policy constraints).
const (
	scopeAttributes = "MessageAttributes"
	scopeBody       = "MessageBody"
	maxKeys         = 5
	maxCombinations = 150
)

// filter is a compiled filter policy.
type filter struct {
	text, scope string
	pattern     *pattern.Pattern
}

// operators are those of EventBridge that SNS documents; anything-but takes values or a prefix.
var operators = []string{"anything-but", "prefix", "suffix", "equals-ignore-case", "numeric", "exists", "cidr"}

// compile reads a filter policy. The error is a refusal of the attribute, whose message begins with prefix.
func compile(prefix, text, scope string) (*filter, error) {
	f := &filter{text: text, scope: scope}
	var tree map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil || tree == nil {
		return nil, invalid("%sFilterPolicy: failed to parse JSON.", prefix)
	}
	if len(tree) == 0 {
		return f, nil // everything passes
	}
	if len(tree) > maxKeys {
		return nil, invalid("%sFilterPolicy: Filter policy can not have more than 5 keys", prefix)
	}
	combinations, err := judge(prefix, scope, tree, 1, 1)
	if err != nil {
		return nil, err
	}
	if combinations > maxCombinations {
		return nil, invalid("%sFilterPolicy: Filter policy is too complex", prefix)
	}
	f.pattern, err = pattern.Compile(text, pattern.EventBridge)
	if e, ok := errors.AsType[*pattern.Error](err); ok {
		return nil, invalid("%sFilterPolicy: %s", prefix, e.Reason)
	}
	return f, err
}

// judge holds a filter policy to what SNS has beyond and below EventBridge's language, and counts its combinations: for each
// leaf its values, times its depth.
func judge(prefix, scope string, tree map[string]any, depth, combinations int) (int, error) {
	for name, v := range tree {
		var err error
		list, isList := v.([]any)
		switch below, nested := v.(map[string]any); {
		case nested && scope == scopeAttributes:
			return 0, invalid("%sFilter policy scope MessageAttributes does not support nested filter policy", prefix)
		case nested:
			combinations, err = judge(prefix, scope, below, depth+1, combinations)
		case name == "$or" && len(list) > 1 && !slices.ContainsFunc(list, isLeaf):
			sum, n := 0, 0
			for _, item := range list {
				if n, err = judge(prefix, scope, item.(map[string]any), depth, combinations); err != nil {
					return 0, err
				}
				sum += n
			}
			combinations = sum
		case isList:
			combinations *= max(1, len(list)) * depth
			err = judgeValues(prefix, list)
		}
		if err != nil {
			return 0, err
		}
	}
	return combinations, nil
}

// isLeaf reports whether an element of "$or" is a value or an operator, and not an object of fields.
func isLeaf(item any) bool {
	o, ok := item.(map[string]any)
	if !ok {
		return true
	}
	for name := range o {
		if slices.Contains(operators, name) {
			return true
		}
	}
	return len(o) == 0
}

func judgeValues(prefix string, list []any) error {
	for _, item := range list {
		o, ok := item.(map[string]any)
		if !ok {
			continue
		}
		for name, v := range o {
			if !slices.Contains(operators, name) {
				return invalid("%sFilterPolicy: Unrecognized match type %s", prefix, name)
			}
			nested, ok := v.(map[string]any)
			if name != "anything-but" || !ok {
				continue
			}
			for inner := range nested {
				if inner != "prefix" {
					return invalid("%sFilterPolicy: Unsupported anything-but pattern: %s", prefix, inner)
				}
			}
		}
	}
	return nil
}

// filterOf is the compiled filter policy of a subscription; nil where it has none. Each is compiled once.
func (a *API) filterOf(s *subscription) (*filter, error) {
	text, scope := s.Attributes[attrFilter], s.scope()
	if text == "" {
		return nil, nil
	}
	if known, ok := a.filters.Load(s.ARN); ok && known.(*filter).text == text && known.(*filter).scope == scope {
		return known.(*filter), nil
	}
	f, err := compile("", text, scope)
	if err == nil {
		a.filters.Store(s.ARN, f)
	}
	return f, err
}

// match reports whether a message, with the text of the subscription's protocol, passes.
func (f *filter) match(m *message, text string) bool {
	if f == nil || f.pattern == nil {
		return true
	}
	if f.scope == scopeBody {
		ok, err := f.pattern.Match([]byte(text))
		return ok && err == nil // what is no JSON object matches nothing
	}
	return f.pattern.MatchValue(m.filterable())
}

// filterable are a message's attributes as a filter policy sees them: numbers as numbers, arrays as their elements; binary ones
// are passed over (developer guide, message filtering).
func (m *message) filterable() map[string]any {
	event := map[string]any{}
	for name, a := range m.Attributes {
		switch {
		case a.Type == "String.Array":
			var list []any
			d := json.NewDecoder(strings.NewReader(a.Value))
			d.UseNumber()
			if d.Decode(&list) == nil {
				event[name] = list
			}
		case strings.HasPrefix(a.Type, "Number"):
			event[name] = json.Number(a.Value)
		case strings.HasPrefix(a.Type, "String"):
			event[name] = a.Value
		}
	}
	return event
}
