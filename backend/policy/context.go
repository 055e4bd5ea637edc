package policy

import (
	"slices"
	"strings"
)

// Context holds the condition keys of a request, in lower case; a key may have several values. A key without values is
// absent; an empty string is a value.
type Context map[string][]string

// NewContext returns a context with the keys and values of m.
func NewContext(m map[string][]string) Context {
	c := make(Context, len(m))
	for k, v := range m {
		c[strings.ToLower(k)] = v
	}
	return c
}

// Set gives a key its values. Without values the key is absent.
func (c Context) Set(key string, values ...string) {
	if len(values) == 0 {
		delete(c, strings.ToLower(key))
		return
	}
	c[strings.ToLower(key)] = values
}

// Get returns a key's values and whether it is present.
func (c Context) Get(key string) ([]string, bool) {
	v := c[strings.ToLower(key)]
	return v, len(v) > 0
}

// ContextKeys lists every key that a document's conditions and variables name, in the order of its text, each spelling once:
// what GetContextKeysForCustomPolicy answers, and what MissingContextValues is taken from.
func ContextKeys(d *Document) []string {
	var list []string
	for i := range d.Statements {
		for _, key := range d.Statements[i].keys {
			if !slices.Contains(list, key) {
				list = append(list, key)
			}
		}
	}
	return list
}
