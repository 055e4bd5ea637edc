package policy

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// Context holds the condition keys of a request. A key may have several values; without values it is absent; an empty string
// is a value. NewContext makes one; the zero Context is empty and stays so.
type Context struct{ keys map[string]entry } // by name, in lower case

// entry is a key of a request.
type entry struct {
	values []string
	// list: the key is one of several values by its nature, also where it has one. No operator without ForAnyValue or
	// ForAllValues meets it, and no variable can stand for it (recorded against AWS).
	list bool
}

// listKeys are the keys that are lists by their nature (Service Authorization Reference, types ArrayOf…; IAM User Guide,
// multivalued context keys), of those that the simulator fills in or that Lambda's policies name.
var listKeys = map[string]bool{
	"aws:calledvia": true, "aws:principalorgpaths": true, "aws:principalservicenameslist": true, "aws:resourceorgpaths": true,
	"aws:sourceorgpaths": true, "aws:tagkeys": true,
	"dynamodb:attributes": true, "dynamodb:leadingkeys": true,
	"lambda:layer": true, "lambda:securitygroupids": true, "lambda:subnetids": true, "lambda:vpcids": true,
	"s3:requestobjecttagkeys": true, "sts:transitivetagkeys": true,
}

// room is for so many keys as a request has that the simulator asks about: the global ones, and a few of the service's.
const room = 24

// NewContext returns a context with the keys and values of m, as Set takes them.
func NewContext(m map[string][]string) Context {
	c := Context{make(map[string]entry, len(m)+room)}
	for k, v := range m {
		c.Set(k, v...)
	}
	return c
}

// Set gives a key its values. Without values the key is absent. A key is a list when it has several values, or is known to
// be one whatever it has, such as aws:TagKeys.
func (c Context) Set(key string, values ...string) {
	key = strings.ToLower(key)
	c.set(key, listKeys[key], values)
}

// SetAs is Set for those who know themselves whether a key is a list.
func (c Context) SetAs(key string, list bool, values ...string) {
	c.set(strings.ToLower(key), list, values)
}

func (c Context) set(key string, list bool, values []string) {
	if len(values) == 0 {
		delete(c.keys, key)
		return
	}
	c.keys[key] = entry{values, list || len(values) > 1}
}

// Get returns a key's values and whether it is present.
func (c Context) Get(key string) ([]string, bool) {
	v := c.keys[strings.ToLower(key)].values
	return v, len(v) > 0
}

// All goes through the keys, in lower case and in order, with their values.
func (c Context) All() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, key := range slices.Sorted(maps.Keys(c.keys)) {
			if !yield(key, c.keys[key].values) {
				return
			}
		}
	}
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
