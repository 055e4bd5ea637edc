package provider

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	awstypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// item is an item as the API has it.
type item = map[string]awstypes.AttributeValue

// parseItem reads an item as the item argument has it: {"name": {"S": "…"}}.
func parseItem(text string) (item, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("the item is not a JSON object: %w", err)
	}
	out := item{}
	for name, v := range raw {
		value, err := parseValue(v)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		out[name] = value
	}
	return out, nil
}

func parseValue(text json.RawMessage) (awstypes.AttributeValue, error) {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil || len(raw) != 1 {
		return nil, fmt.Errorf("want one type with its value, for example {\"S\": \"text\"}, not %s", text)
	}
	for kind, v := range raw {
		switch kind {
		case "S":
			m := &awstypes.AttributeValueMemberS{}
			return m, json.Unmarshal(v, &m.Value)
		case "N":
			m := &awstypes.AttributeValueMemberN{}
			return m, json.Unmarshal(v, &m.Value)
		case "B":
			m := &awstypes.AttributeValueMemberB{}
			return m, json.Unmarshal(v, &m.Value)
		case "BOOL":
			m := &awstypes.AttributeValueMemberBOOL{}
			return m, json.Unmarshal(v, &m.Value)
		case "NULL":
			m := &awstypes.AttributeValueMemberNULL{}
			return m, json.Unmarshal(v, &m.Value)
		case "SS":
			m := &awstypes.AttributeValueMemberSS{}
			return m, json.Unmarshal(v, &m.Value)
		case "NS":
			m := &awstypes.AttributeValueMemberNS{}
			return m, json.Unmarshal(v, &m.Value)
		case "BS":
			m := &awstypes.AttributeValueMemberBS{}
			return m, json.Unmarshal(v, &m.Value)
		case "M":
			inner, err := parseItem(string(v))
			return &awstypes.AttributeValueMemberM{Value: inner}, err
		case "L":
			return parseList(v)
		}
		return nil, fmt.Errorf("%q is no type of DynamoDB", kind)
	}
	return nil, nil // there is one
}

func parseList(text json.RawMessage) (awstypes.AttributeValue, error) {
	var raw []json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, err
	}
	m := &awstypes.AttributeValueMemberL{Value: []awstypes.AttributeValue{}}
	for _, e := range raw {
		value, err := parseValue(e)
		if err != nil {
			return nil, err
		}
		m.Value = append(m.Value, value)
	}
	return m, nil
}

// plainItem is an item for JSON, the same for items that mean the same: numbers by value, sets in order.
func plainItem(in item, exact bool) map[string]any {
	out := map[string]any{}
	for name, v := range in {
		out[name] = plainValue(v, exact)
	}
	return out
}

func plainValue(v awstypes.AttributeValue, exact bool) any {
	number := func(s string) string {
		if r, ok := new(big.Rat).SetString(s); ok && !exact {
			return r.RatString()
		}
		return s
	}
	sorted := func(list []string) []string {
		list = slices.Clone(list)
		slices.Sort(list)
		return list
	}
	switch x := v.(type) {
	case *awstypes.AttributeValueMemberN:
		return map[string]any{"N": number(x.Value)}
	case *awstypes.AttributeValueMemberB:
		return map[string]any{"B": x.Value}
	case *awstypes.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": x.Value}
	case *awstypes.AttributeValueMemberNULL:
		return map[string]any{"NULL": x.Value}
	case *awstypes.AttributeValueMemberSS:
		return map[string]any{"SS": sorted(x.Value)}
	case *awstypes.AttributeValueMemberNS:
		list := make([]string, len(x.Value))
		for i, s := range x.Value {
			list[i] = number(s)
		}
		return map[string]any{"NS": sorted(list)}
	case *awstypes.AttributeValueMemberBS:
		list := slices.Clone(x.Value)
		slices.SortFunc(list, func(a, b []byte) int { return slices.Compare(a, b) })
		return map[string]any{"BS": list}
	case *awstypes.AttributeValueMemberL:
		list := make([]any, len(x.Value))
		for i, e := range x.Value {
			list[i] = plainValue(e, exact)
		}
		return map[string]any{"L": list}
	case *awstypes.AttributeValueMemberM:
		return map[string]any{"M": plainItem(x.Value, exact)}
	case *awstypes.AttributeValueMemberS:
		return map[string]any{"S": x.Value}
	}
	return nil
}

// itemText writes an item as the item argument has it.
func itemText(in item, exact bool) string {
	text, err := json.Marshal(plainItem(in, exact))
	if err != nil { // texts, bytes and booleans
		panic(err)
	}
	return string(text)
}

// sameItem reports whether two items mean the same.
func sameItem(x, y item) bool { return itemText(x, false) == itemText(y, false) }
