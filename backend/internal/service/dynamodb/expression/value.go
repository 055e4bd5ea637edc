package expression

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Type is the descriptor of a value's type on the wire.
type Type string

// The types.
const (
	S    Type = "S"
	N    Type = "N"
	B    Type = "B"
	BOOL Type = "BOOL"
	NULL Type = "NULL"
	SS   Type = "SS"
	NS   Type = "NS"
	BS   Type = "BS"
	L    Type = "L"
	M    Type = "M"
)

// Value is an attribute's value. The zero Value has no type and is none.
type Value struct {
	Type   Type
	Text   string // S; the bytes of B
	Number Number
	Bool   bool
	List   []Value // L, and the elements of sets
	Map    map[string]Value
}

// Item is an item: values by the names of attributes.
type Item = map[string]Value

// Text makes a string.
func Text(s string) Value { return Value{Type: S, Text: s} }

// Depth is how deeply lists and maps may be nested.
const Depth = 32

// ElementType is the type of a set's elements, "" for what is no set.
func (t Type) ElementType() Type {
	switch t {
	case SS, NS, BS:
		return t[:1]
	}
	return ""
}

// Equal reports whether two values are the same; sets without regard to order.
func (v Value) Equal(w Value) bool {
	if v.Type != w.Type || len(v.List) != len(w.List) || len(v.Map) != len(w.Map) {
		return false
	}
	switch v.Type {
	case SS, NS, BS:
		have := make(map[string]bool, len(v.List))
		for _, e := range v.List {
			have[e.key()] = true
		}
		for _, e := range w.List {
			if !have[e.key()] {
				return false
			}
		}
		return true
	case L:
		return slices.EqualFunc(v.List, w.List, Value.Equal)
	case M:
		return maps.EqualFunc(v.Map, w.Map, Value.Equal)
	}
	return v.Text == w.Text && v.Number == w.Number && v.Bool == w.Bool
}

// key tells scalars of one type apart.
func (v Value) key() string {
	if v.Type == N {
		return v.Number.Sortable()
	}
	return v.Text
}

// Sortable is the byte string by which keys of one type are sorted: numbers by value, strings and binaries by their bytes.
func (v Value) Sortable() []byte { return []byte(v.key()) }

// Compare orders two scalars of one type (S, N, B); ok is false for anything else.
func (v Value) Compare(w Value) (order int, ok bool) {
	if v.Type != w.Type || (v.Type != S && v.Type != N && v.Type != B) {
		return 0, false
	}
	return strings.Compare(v.key(), w.key()), true
}

// Check refuses what cannot be stored: sets that are empty or hold a value twice, empty members of sets, nesting that is too
// deep.
func (v Value) Check() error { return v.check(0) }

func (v Value) check(depth int) error {
	if depth > Depth {
		return Error("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
	}
	switch v.Type {
	case "":
		return Error("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case NULL:
		if !v.Bool {
			return Error("One or more parameter values were invalid: Null attribute value types must have the value of true")
		}
	case SS, NS, BS:
		return v.checkSet()
	case L:
		for _, e := range v.List {
			if err := e.check(depth + 1); err != nil {
				return err
			}
		}
	case M:
		for _, name := range slices.Sorted(maps.Keys(v.Map)) {
			if err := v.Map[name].check(depth + 1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v Value) checkSet() error {
	if len(v.List) == 0 {
		switch v.Type {
		case SS:
			return Error("One or more parameter values were invalid: An string set  may not be empty")
		case NS:
			return Error("One or more parameter values were invalid: An number set  may not be empty")
		}
		return Error("One or more parameter values were invalid: Binary sets should not be empty")
	}
	seen := map[string]bool{}
	for _, e := range v.List {
		if seen[e.key()] {
			switch v.Type {
			case NS:
				return Error("Input collection contains duplicates")
			case BS:
				return Error(fmt.Sprintf("One or more parameter values were invalid: Input collection %sof type BS contains duplicates.", v.list()))
			}
			return Error(fmt.Sprintf("One or more parameter values were invalid: Input collection %s contains duplicates.", v.list()))
		}
		seen[e.key()] = true
		if e.Type != N && e.Text == "" {
			if v.Type == SS {
				return Error("One or more parameter values were invalid: An string set may not have a empty string as a member")
			}
			return Error("One or more parameter values were invalid: Binary sets may not contain empty values")
		}
	}
	return nil
}

func (v Value) list() string {
	parts := make([]string, len(v.List))
	for i, e := range v.List {
		parts[i] = e.print()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// print is how messages show a value.
func (v Value) print() string {
	switch v.Type {
	case S:
		return v.Text
	case N:
		return v.Number.String()
	case B:
		return base64.StdEncoding.EncodeToString([]byte(v.Text))
	case BOOL, NULL:
		return fmt.Sprint(v.Bool)
	}
	return v.list()
}

// Size is how many bytes a value counts for (developer guide, item sizes and formats).
func (v Value) Size() int {
	switch v.Type {
	case S, B:
		return len(v.Text)
	case N:
		return v.Number.size()
	case SS, NS, BS:
		size := 0
		for _, e := range v.List {
			size += e.Size()
		}
		return size
	case L:
		size := 3
		for _, e := range v.List {
			size += e.Size() + 1
		}
		return size
	case M:
		return 3 + len(v.Map) + ItemSize(v.Map)
	}
	return 1
}

// ItemSize is how many bytes an item counts for: names and values.
func ItemSize(item Item) int {
	size := 0
	for name, v := range item {
		size += len(name) + v.Size()
	}
	return size
}

// ItemEqual reports whether two items are the same.
func ItemEqual(a, b Item) bool { return maps.EqualFunc(a, b, Value.Equal) }
