package expression

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// EncodeItem writes an item in the form in which DynamoDB's API has it: {"name":{"S":"…"}}, names in order.
func EncodeItem(item Item) []byte { return appendItem(nil, item) }

func appendItem(b []byte, item Item) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(item)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = appendValue(b, item[name])
	}
	return append(b, '}')
}

func appendText(b []byte, s string) []byte {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string
	return append(b, strings.TrimSuffix(text.String(), "\n")...)
}

func appendValue(b []byte, v Value) []byte {
	b = append(b, `{"`+string(v.Type)+`":`...)
	switch v.Type {
	case M:
		b = appendItem(b, v.Map)
	case L, SS, NS, BS:
		b = append(b, '[')
		for i, e := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			if v.Type == L {
				b = appendValue(b, e)
			} else {
				b = appendScalar(b, e)
			}
		}
		b = append(b, ']')
	default:
		b = appendScalar(b, v)
	}
	return append(b, '}')
}

func appendScalar(b []byte, v Value) []byte {
	switch v.Type {
	case S:
		return appendText(b, v.Text)
	case N:
		return append(append(append(b, '"'), v.Number.String()...), '"')
	case B:
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), []byte(v.Text)), '"')
	}
	if v.Bool {
		return append(b, "true"...)
	}
	return append(b, "false"...)
}

var errForm = errors.New("not an item in the form of DynamoDB's API")

// DecodeItem reads what EncodeItem wrote.
func DecodeItem(text []byte) (Item, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	item := make(Item, len(raw))
	for name, v := range raw {
		value, err := decodeValue(v)
		if err != nil {
			return nil, err
		}
		item[name] = value
	}
	return item, nil
}

func decodeValue(text []byte) (v Value, err error) {
	var raw map[Type]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return v, err
	}
	if len(raw) != 1 {
		return v, errForm
	}
	for t, inner := range raw {
		v.Type = t
		switch t {
		case M:
			v.Map, err = DecodeItem(inner)
		case L:
			err = decodeList(inner, &v, decodeValue)
		case SS, NS, BS:
			err = decodeList(inner, &v, func(e []byte) (Value, error) { return decodeScalar(t.ElementType(), e) })
		default:
			v, err = decodeScalar(t, inner)
		}
	}
	return v, err
}

func decodeList(text []byte, v *Value, decode func([]byte) (Value, error)) error {
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	v.List = make([]Value, len(raw))
	for i, e := range raw {
		var err error
		if v.List[i], err = decode(e); err != nil {
			return err
		}
	}
	return nil
}

func decodeScalar(t Type, text []byte) (v Value, err error) {
	v.Type = t
	switch t {
	case S:
		err = json.Unmarshal(text, &v.Text)
	case N:
		var s string
		if err = json.Unmarshal(text, &s); err == nil {
			v.Number, err = ParseNumber(s)
		}
	case B:
		var data []byte
		err = json.Unmarshal(text, &data)
		v.Text = string(data)
	case BOOL, NULL:
		err = json.Unmarshal(text, &v.Bool)
	default:
		err = errForm
	}
	return v, err
}
