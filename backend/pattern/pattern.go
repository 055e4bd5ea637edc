// Package pattern is the event pattern language: which events a rule, a subscription or an event source mapping lets through.
//
// A pattern is a JSON object in the shape of the events that it matches. Its leaves are arrays of what a field's value may be: a
// value itself, or an object with one operator. Fields are ANDed, the alternatives of an array ORed, "$or" ORs whole objects:
//
//	{"source": ["aws.s3"], "detail": {"size": [{"numeric": [">", 0]}], "key": [{"prefix": "in/"}, {"suffix": ".png"}]}}
//
// A field of the event that is an array matches when one of its values does. Below an array of objects, all the fields that a
// pattern names there must be met by one and the same object. "a.b" and {"a": {"b": …}} are the same path, in patterns and in
// events. A name is compared case-sensitively. {"exists": false} is about the whole event: it holds where no value is at the
// path, also when something deeper is.
//
// Compile reads a pattern once; Match takes time that depends on the event and on the pattern's fields, not on how many
// alternatives a field has: equal values are looked up, prefixes and suffixes walked in a trie, numeric ranges searched,
// networks looked up by length.
//
// There are two dialects. EventBridge has every operator, and refuses what it does not understand with the words that were
// recorded from it (position included). Mapping is the smaller table that Lambda documents for event source mappings.
//
// Sources: EventBridge User Guide, event patterns and their operators; Lambda Developer Guide, event filtering; recordings of
// TestEventPattern, 2025-10. The package is pure: no I/O, no clock.
package pattern

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Dialect says who reads a pattern.
type Dialect int

// The dialects.
const (
	// EventBridge is the language of rules and of SNS-like subscriptions: all operators.
	EventBridge Dialect = iota
	// Mapping is the language of an event source mapping's filters: without wildcard, cidr and what is nested in anything-but,
	// prefix and suffix, none of which Lambda documents.
	Mapping
)

// Error is why a text is no pattern.
type Error struct {
	Reason string // as EventBridge words it, for example "Empty arrays are not allowed"
	Where  string // EventBridge's suffix " at [Source: …]" with its line break; "" where it has none
}

// Error is the reason with its position, as EventBridge's message has it after "Event pattern is not valid. Reason: ".
func (e *Error) Error() string { return e.Reason + e.Where }

// Pattern is a compiled pattern. It is immutable and safe for concurrent use.
type Pattern struct {
	root *object
	text string
}

// Compile reads a pattern. An error is an *Error.
func Compile(text string, d Dialect) (*Pattern, error) {
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	c := compiler{text: text, dialect: d}
	if tree.kind != objectToken {
		return nil, c.fail("Filter is not an object", tree.loc)
	}
	root, err := c.object(tree, nil, map[string]bool{})
	if err != nil {
		return nil, err
	}
	return &Pattern{root: root, text: text}, nil
}

// String is the text that the pattern was compiled from.
func (p *Pattern) String() string { return p.text }

// Shape is what a pattern says about a top-level field.
type Shape int

// The shapes.
const (
	Unnamed Shape = iota // the pattern does not name the field
	Fields               // it names fields within it
	Values               // it names values of the field itself
)

// Shape says what the pattern asks of a top-level field: a poller must know whether to read a record's data as JSON.
func (p *Pattern) Shape(name string) Shape { return p.root.shape(name) }

func (o *object) shape(name string) Shape {
	for _, f := range o.fields {
		switch {
		case f.name != name:
		case f.values != nil:
			return Values
		default:
			return Fields
		}
	}
	for _, alternatives := range o.or {
		for _, a := range alternatives {
			if s := a.shape(name); s != Unnamed {
				return s
			}
		}
	}
	return Unnamed
}

// ErrEvent is what Match returns for an event that is not a JSON object.
var ErrEvent = errors.New("the event is not a JSON object")

// Match reports whether an event, a JSON object, matches. The error is ErrEvent.
func (p *Pattern) Match(event []byte) (bool, error) {
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil || v == nil {
		return false, ErrEvent
	}
	return p.MatchValue(v), nil
}

// MatchValue is Match for an event that is decoded already, as encoding/json does it; numbers are float64 or json.Number.
func (p *Pattern) MatchValue(event map[string]any) bool {
	return p.root.match(&matching{event: event, dotted: hasDots(event)}, event, true)
}
