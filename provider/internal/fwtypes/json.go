package fwtypes

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/lambdasim/terraform-provider-lambdasim/provider/internal/policydoc"
)

// Same reports whether two JSON texts mean the same; texts that are not JSON are the same when they are equal.
func Same(x, y string) bool {
	a, err1 := read(x)
	b, err2 := read(y)
	if err1 != nil || err2 != nil {
		return x == y
	}
	if reflect.DeepEqual(a, b) {
		return true
	}
	if !isPolicy(a) || !isPolicy(b) {
		return false
	}
	same, err := policydoc.Equivalent(x, y)
	return err == nil && same
}

// isPolicy reports whether a document is a policy, in which the order of lists makes no difference.
func isPolicy(v any) bool {
	m, ok := v.(map[string]any)
	_, has := m["Statement"]
	return ok && has
}

func read(s string) (any, error) {
	dec := json.NewDecoder(bytes.NewReader([]byte(s)))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return plain(v), err
}

// plain replaces a list of one by its element.
func plain(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = plain(e)
		}
	case []any:
		for i, e := range x {
			x[i] = plain(e)
		}
		if len(x) == 1 {
			return x[0]
		}
	}
	return v
}
