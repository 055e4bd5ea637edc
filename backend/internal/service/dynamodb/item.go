package dynamodb

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
)

// Limits of items and keys, in bytes (DynamoDB quotas).
const (
	maxItem  = 400 << 10
	maxHash  = 2048
	maxRange = 1024
)

// itemOf converts an item of the API and checks that it can be stored.
func itemOf(in map[string]types.AttributeValue) (expression.Item, error) {
	out := make(expression.Item, len(in))
	for name, v := range in {
		value, err := valueOf(v)
		if err == nil {
			err = value.Check()
		}
		if err != nil {
			return nil, err
		}
		out[name] = value
	}
	return out, nil
}

// valueOf converts a value of the API; of one without a type, the result has none.
func valueOf(in types.AttributeValue) (v expression.Value, err error) {
	switch x := in.(type) {
	case *types.AttributeValueMemberS:
		return expression.Text(x.Value), nil
	case *types.AttributeValueMemberN:
		v.Type = expression.N
		v.Number, err = expression.ParseNumber(x.Value)
	case *types.AttributeValueMemberB:
		v = expression.Value{Type: expression.B, Text: string(x.Value)}
	case *types.AttributeValueMemberBOOL:
		v = expression.Value{Type: expression.BOOL, Bool: x.Value}
	case *types.AttributeValueMemberNULL:
		v = expression.Value{Type: expression.NULL, Bool: x.Value}
	case *types.AttributeValueMemberSS:
		v = set(expression.SS, x.Value, func(s string) expression.Value { return expression.Text(s) })
	case *types.AttributeValueMemberBS:
		v = set(expression.BS, x.Value, func(b []byte) expression.Value { return expression.Value{Type: expression.B, Text: string(b)} })
	case *types.AttributeValueMemberNS:
		v = set(expression.NS, x.Value, func(s string) expression.Value {
			n, bad := expression.ParseNumber(s)
			if bad != nil && err == nil {
				err = bad
			}
			return expression.Value{Type: expression.N, Number: n}
		})
	case *types.AttributeValueMemberL:
		v = expression.Value{Type: expression.L, List: make([]expression.Value, len(x.Value))}
		for i, e := range x.Value {
			if v.List[i], err = valueOf(e); err != nil {
				return v, err
			}
		}
	case *types.AttributeValueMemberM:
		v = expression.Value{Type: expression.M, Map: make(expression.Item, len(x.Value))}
		for name, e := range x.Value {
			if v.Map[name], err = valueOf(e); err != nil {
				return v, err
			}
		}
	}
	return v, err
}

func set[T any](t expression.Type, in []T, element func(T) expression.Value) expression.Value {
	v := expression.Value{Type: t, List: make([]expression.Value, len(in))}
	for i, e := range in {
		v.List[i] = element(e)
	}
	return v
}

// attributes converts an item for the API; nil stays nil.
func attributes(in expression.Item) map[string]types.AttributeValue {
	if in == nil {
		return nil
	}
	out := make(map[string]types.AttributeValue, len(in))
	for name, v := range in {
		out[name] = attributeOf(v)
	}
	return out
}

func attributeOf(v expression.Value) types.AttributeValue {
	switch v.Type {
	case expression.N:
		return &types.AttributeValueMemberN{Value: v.Number.String()}
	case expression.B:
		return &types.AttributeValueMemberB{Value: []byte(v.Text)}
	case expression.BOOL:
		return &types.AttributeValueMemberBOOL{Value: v.Bool}
	case expression.NULL:
		return &types.AttributeValueMemberNULL{Value: v.Bool}
	case expression.SS:
		return &types.AttributeValueMemberSS{Value: elements(v, func(e expression.Value) string { return e.Text })}
	case expression.NS:
		return &types.AttributeValueMemberNS{Value: elements(v, func(e expression.Value) string { return e.Number.String() })}
	case expression.BS:
		return &types.AttributeValueMemberBS{Value: elements(v, func(e expression.Value) []byte { return []byte(e.Text) })}
	case expression.L:
		return &types.AttributeValueMemberL{Value: elements(v, attributeOf)}
	case expression.M:
		return &types.AttributeValueMemberM{Value: attributes(v.Map)}
	}
	return &types.AttributeValueMemberS{Value: v.Text}
}

func elements[T any](v expression.Value, of func(expression.Value) T) []T {
	out := make([]T, len(v.List))
	for i, e := range v.List {
		out[i] = of(e)
	}
	return out
}

func invalid(format string, args ...any) error { return fault.New(fault.Invalid, format, args...) }

// checkItem demands the keys of the table, and keys of indexes of the right types where the item has them.
func (d *definition) checkItem(item expression.Item) error {
	for i, name := range d.Keys.names() {
		v, ok := item[name]
		if !ok {
			return invalid("One or more parameter values were invalid: Missing the key %s in the item", name)
		}
		if want := d.typeOf(name); v.Type != want {
			return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", name, want, v.Type)
		}
		if err := checkKey(name, v, i > 0); err != nil {
			return err
		}
	}
	return d.checkIndexKeys(item)
}

func (d *definition) checkIndexKeys(item expression.Item) error {
	for _, x := range d.Indexes {
		for _, name := range x.Keys.names() {
			v, ok := item[name]
			if !ok {
				continue
			}
			if want := d.typeOf(name); v.Type != want {
				return invalid("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", name, want, v.Type, x.Name)
			}
			if v.Type != expression.N && v.Text == "" {
				kind := "string"
				if v.Type == expression.B {
					kind = "binary"
				}
				return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", kind, x.Name, name)
			}
		}
	}
	return nil
}

// checkKey checks the value of a key attribute.
func checkKey(name string, v expression.Value, sort bool) error {
	switch {
	case v.Text == "" && v.Type == expression.S:
		return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
	case v.Text == "" && v.Type == expression.B:
		return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty binary value. Key: %s", name)
	case !sort && len(v.Text) > maxHash:
		return invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of%d bytes", maxHash)
	case sort && len(v.Text) > maxRange:
		return invalid("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of %d bytes", maxRange)
	}
	return nil
}

// keyOf checks the key of a request, which has the table's key attributes and nothing else.
func (d *definition) keyOf(in map[string]types.AttributeValue) (expression.Item, position, error) {
	key, err := itemOf(in)
	if err != nil {
		return nil, position{}, err
	}
	names := d.Keys.names()
	for name, v := range key {
		if !slices.Contains(names, name) || v.Type != d.typeOf(name) {
			return nil, position{}, invalid("The provided key element does not match the schema")
		}
	}
	at, ok := d.positionOf(d.Keys, key)
	if !ok {
		return nil, position{}, invalid("The provided key element does not match the schema")
	}
	for i, name := range names {
		if err := checkKey(name, key[name], i > 0); err != nil {
			return nil, position{}, err
		}
	}
	return key, at, nil
}

// keyItem is the key of an item.
func (d *definition) keyItem(item expression.Item) expression.Item {
	out := expression.Item{}
	for _, name := range d.Keys.names() {
		out[name] = item[name]
	}
	return out
}
