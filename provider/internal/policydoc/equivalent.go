package policydoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Equivalent reports whether two policies mean the same. The order of statements, of members and of the elements of lists
// makes no difference, nor does a list of one beside its element, a statement alone beside a list of it, an empty list beside
// nothing, the case of Effect, an account's number beside the ARN of its root, or true and 100 beside "true" and "100" in a
// condition. Sid, Version and Id count, as they do in AWS.
//
// The rules are those of hashicorp/awspolicyequivalence, which the AWS provider asks, read from its tests. An error says
// which of the two is not JSON.
func Equivalent(a, b string) (bool, error) {
	x, err := canonical(a)
	if err != nil {
		return false, fmt.Errorf("the first policy: %w", err)
	}
	y, err := canonical(b)
	if err != nil {
		return false, fmt.Errorf("the second policy: %w", err)
	}
	return x == y, nil
}

// canonical is a text that documents of the same meaning share.
func canonical(text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		text = "{}"
	}
	var v any
	if err := decode([]byte(text), &v); err != nil {
		return "", err
	}
	document, ok := v.(map[string]any)
	if list, isList := v.([]any); isList && (len(list) == 0 || len(list) == 1) {
		document, ok = map[string]any{}, true
		if len(list) == 1 {
			document, ok = list[0].(map[string]any)
		}
	}
	if !ok {
		return written(v), nil
	}
	var statements []string
	for _, s := range listOf(document["Statement"]) {
		statements = append(statements, written(statement(s)))
	}
	out := map[string]any{}
	for name, member := range document {
		if member != nil && member != "" && name != "Statement" {
			out[name] = member
		}
	}
	out["Statement"] = set(statements)
	return written(out), nil
}

// statement is a statement whose lists are sorted, and whose empty members are gone.
func statement(v any) any {
	members, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for name, member := range members {
		switch name {
		case "Sid":
		case "Effect":
			if effect, ok := member.(string); ok {
				member = strings.ToLower(effect)
			}
		case "Principal", "NotPrincipal":
			member = principals(member)
		case "Condition":
			member = conditions(member)
		default:
			member = texts(member)
		}
		if !empty(member) {
			out[name] = member
		}
	}
	return out
}

var rootOrAccount = regexp.MustCompile(`^arn:[^:]*:iam::(\d{12}):root$`)

func principals(v any) any {
	byType, ok := v.(map[string]any)
	if !ok {
		if name, isText := v.(string); isText {
			return rootOrAccount.ReplaceAllString(name, "$1")
		}
		return v
	}
	out := map[string]any{}
	for name, list := range byType {
		identifiers := texts(list)
		for i, id := range identifiers {
			identifiers[i] = rootOrAccount.ReplaceAllString(id, "$1")
		}
		if len(identifiers) > 0 {
			out[name] = set(identifiers)
		}
	}
	return out
}

func conditions(v any) any {
	operators, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := map[string]any{}
	for name, keys := range operators {
		values, ok := keys.(map[string]any)
		if !ok {
			return v
		}
		inner := map[string]any{}
		for key, list := range values {
			inner[key] = texts(list)
		}
		out[name] = inner
	}
	return out
}

// texts are the elements of a list, or of a single one, as texts, sorted.
func texts(v any) []string {
	out := []string{}
	for _, e := range listOf(v) {
		if s, ok := e.(string); ok {
			out = append(out, s)
		} else {
			out = append(out, written(e))
		}
	}
	return set(out)
}

func set(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

func listOf(v any) []any {
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		return x
	}
	return []any{v}
}

func empty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case string:
		return x == ""
	case []string:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}

// written is JSON with its members in the order of their names.
func written(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}
