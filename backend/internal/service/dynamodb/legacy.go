package dynamodb

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// The parameters that expressions have replaced (DynamoDB guide, legacy conditional parameters) are written as expressions, so
// that there is one evaluator. Their own checks and texts come first (API; texts that public emulators recorded).

// wrong is the beginning of most refusals.
func wrong(format string, args ...any) error {
	return invalid("One or more parameter values were invalid: "+format, args...)
}

// parameter is one of a request, and whether it is given.
type parameter struct {
	name  string
	given bool
}

// mixed refuses both kinds of parameters in one request.
func mixed(legacy, modern []parameter) error {
	names := func(list []parameter) string {
		var given []string
		for _, p := range list {
			if p.given {
				given = append(given, p.name)
			}
		}
		return strings.Join(given, ", ")
	}
	if l, m := names(legacy), names(modern); l != "" && m != "" {
		return invalid("Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {%s} Expression parameters: {%s}", l, m)
	}
	return nil
}

// operatorFor checks a ConditionalOperator against the number of conditions that it joins.
func operatorFor(op types.ConditionalOperator, conditions int) error {
	switch {
	case op == "":
		return nil
	case op != types.ConditionalOperatorAnd && op != types.ConditionalOperatorOr:
		return wire.Validation(wire.Enum("conditionalOperator", string(op), []string{"OR", "AND"}))
	case conditions == 0:
		return invalid("ConditionalOperator cannot be used without Filter or Expected")
	case conditions == 1:
		return invalid("ConditionalOperator can only be used when Filter or Expected has two or more elements")
	}
	return nil
}

// writing is expressions that are being written, with the names and values that they use, beside those of the request.
type writing struct {
	names  map[string]string
	values map[string]types.AttributeValue
}

// beside begins with the names and values of a request. Without an expression of its own it may bring none.
func beside(names map[string]string, values map[string]types.AttributeValue, expressed bool) (*writing, error) {
	if !expressed && names != nil {
		return nil, invalid("ExpressionAttributeNames can only be specified when using expressions")
	}
	if !expressed && values != nil {
		return nil, invalid("ExpressionAttributeValues can only be specified when using expressions")
	}
	w := &writing{names: maps.Clone(names), values: maps.Clone(values)}
	if w.names == nil {
		w.names = map[string]string{}
	}
	if w.values == nil {
		w.values = map[string]types.AttributeValue{}
	}
	return w, nil
}

// name is an attribute's name in an expression.
func (w *writing) name(attribute string) string {
	key := fmt.Sprintf("#legacy_%d", len(w.names))
	w.names[key] = attribute
	return key
}

// value is a value in an expression.
func (w *writing) value(v types.AttributeValue) string {
	key := fmt.Sprintf(":legacy_%d", len(w.values))
	w.values[key] = v
	return key
}

// given are the names and values for the request; nil where none are used, as where none were sent.
func (w *writing) given() (names map[string]string, values map[string]types.AttributeValue) {
	if len(w.names) > 0 {
		names = w.names
	}
	if len(w.values) > 0 {
		values = w.values
	}
	return names, values
}

// comparison says what a ComparisonOperator takes, and how an expression says it: %[1]s is the attribute, %[2]s and %[3]s are values.
type comparison struct {
	values int // -1: one or more
	types  []expression.Type
	text   string
}

var (
	scalars     = []expression.Type{expression.S, expression.N, expression.B}
	comparisons = map[types.ComparisonOperator]comparison{
		"EQ": {values: 1, text: "%s = %s"}, "NE": {values: 1, text: "%s <> %s"},
		"LT": {1, scalars, "%s < %s"}, "LE": {1, scalars, "%s <= %s"}, "GT": {1, scalars, "%s > %s"}, "GE": {1, scalars, "%s >= %s"},
		"NULL": {text: "attribute_not_exists(%s)"}, "NOT_NULL": {text: "attribute_exists(%s)"},
		"CONTAINS":     {1, append([]expression.Type{expression.BOOL, expression.NULL}, scalars...), "contains(%s, %s)"},
		"NOT_CONTAINS": {1, append([]expression.Type{expression.BOOL, expression.NULL}, scalars...), "NOT contains(%s, %s)"},
		"BEGINS_WITH":  {1, []expression.Type{expression.S, expression.B}, "begins_with(%s, %s)"},
		"BETWEEN":      {2, scalars, "%s BETWEEN %s AND %s"},
		"IN":           {-1, scalars, "%s IN (%s)"},
	}
)

// condition writes one condition of an attribute.
func (w *writing) condition(attribute string, op types.ComparisonOperator, values []types.AttributeValue) (string, error) {
	c, ok := comparisons[op]
	if !ok {
		return "", wire.Validation(wire.Enum("comparisonOperator", string(op), []string{"IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"}))
	}
	if c.values >= 0 && len(values) != c.values || c.values < 0 && len(values) == 0 {
		return "", wrong("Invalid number of argument(s) for the %s ComparisonOperator", op)
	}
	var read []expression.Value
	for _, v := range values {
		value, err := valueOf(v)
		if err == nil {
			err = value.Check()
		}
		if err != nil {
			return "", invalid("%s", err)
		}
		if c.types != nil && !slices.Contains(c.types, value.Type) {
			return "", wrong("ComparisonOperator %s is not valid for %s AttributeValue type", op, value.Type)
		}
		read = append(read, value)
	}
	if op == "BETWEEN" {
		order, same := read[0].Compare(read[1])
		if !same {
			return "", wrong("AttributeValues inside AttributeValueList must be of same type")
		}
		if order > 0 {
			return "", wrong("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")
		}
	}
	parts := []any{w.name(attribute)}
	var list []string
	for _, v := range values {
		list = append(list, w.value(v))
	}
	if c.values < 0 {
		list = []string{strings.Join(list, ", ")}
	}
	for _, v := range list {
		parts = append(parts, v)
	}
	return fmt.Sprintf(c.text, parts...), nil
}

// filter writes the conditions of QueryFilter, ScanFilter or KeyConditions.
func (w *writing) filter(conditions map[string]types.Condition, op types.ConditionalOperator) (*string, error) {
	var all []string
	for _, attribute := range slices.Sorted(maps.Keys(conditions)) {
		c := conditions[attribute]
		text, err := w.condition(attribute, c.ComparisonOperator, c.AttributeValueList)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return together(all, op), nil
}

func together(all []string, op types.ConditionalOperator) *string {
	if len(all) == 0 {
		return nil
	}
	if op == "" {
		op = types.ConditionalOperatorAnd
	}
	return aws.String(strings.Join(all, " "+string(op)+" "))
}

// expected writes Expected.
func (w *writing) expected(conditions map[string]types.ExpectedAttributeValue, op types.ConditionalOperator) (*string, error) {
	if err := operatorFor(op, len(conditions)); err != nil {
		return nil, err
	}
	var all []string
	for _, attribute := range slices.Sorted(maps.Keys(conditions)) {
		e := conditions[attribute]
		if err := checkExpected(attribute, e); err != nil {
			return nil, err
		}
		compare, values := e.ComparisonOperator, e.AttributeValueList
		switch {
		case compare != "" && e.Value != nil:
			values = []types.AttributeValue{e.Value}
		case compare == "" && e.Value != nil:
			compare, values = "EQ", []types.AttributeValue{e.Value}
		case compare == "":
			compare = "NULL" // Exists is false
		}
		text, err := w.condition(attribute, compare, values)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return together(all, op), nil
}

// checkExpected refuses what does not go together in an expectation.
func checkExpected(attribute string, e types.ExpectedAttributeValue) error {
	exists := e.Exists == nil || *e.Exists
	switch {
	case e.AttributeValueList != nil && e.Value != nil:
		return wrong("Value and AttributeValueList cannot be used together for Attribute: %s", attribute)
	case e.ComparisonOperator != "" && e.Exists != nil:
		return wrong("Exists and ComparisonOperator cannot be used together for Attribute: %s", attribute)
	case e.ComparisonOperator != "" && e.ComparisonOperator != "NULL" && e.ComparisonOperator != "NOT_NULL" && e.AttributeValueList == nil && e.Value == nil:
		return wrong("Value or AttributeValueList must be used with ComparisonOperator: %s for Attribute: %s", e.ComparisonOperator, attribute)
	case e.ComparisonOperator != "":
		return nil
	case e.AttributeValueList != nil:
		return wrong("AttributeValueList can only be used with a ComparisonOperator for Attribute: %s", attribute)
	case e.Value == nil && exists:
		return wrong("Value must be provided when Exists is %s for Attribute: %s", map[bool]string{true: "null", false: "true"}[e.Exists == nil], attribute)
	case e.Value != nil && !exists:
		return wrong("Value cannot be used when Exists is false for Attribute: %s", attribute)
	}
	return nil
}

// updates writes AttributeUpdates; nil where there are none.
func (w *writing) updates(all map[string]types.AttributeValueUpdate) (*string, error) {
	sections := map[string][]string{}
	for _, attribute := range slices.Sorted(maps.Keys(all)) {
		section, text, err := w.change(attribute, all[attribute])
		if err != nil {
			return nil, err
		}
		sections[section] = append(sections[section], text)
	}
	var parts []string
	for _, section := range slices.Sorted(maps.Keys(sections)) {
		parts = append(parts, section+" "+strings.Join(sections[section], ", "))
	}
	if parts == nil {
		return nil, nil
	}
	return aws.String(strings.Join(parts, " ")), nil
}

// change writes what becomes of one attribute.
func (w *writing) change(attribute string, u types.AttributeValueUpdate) (section, text string, err error) {
	if u.Value == nil {
		if u.Action != types.AttributeActionDelete {
			return "", "", wrong("Only DELETE action is allowed when no attribute value is specified")
		}
		return "REMOVE", w.name(attribute), nil
	}
	v, err := valueOf(u.Value)
	if err == nil {
		err = v.Check()
	}
	if err != nil {
		return "", "", invalid("%s", err)
	}
	set := v.Type.ElementType() != ""
	switch u.Action {
	case "", types.AttributeActionPut:
		return "SET", w.name(attribute) + " = " + w.value(u.Value), nil
	case types.AttributeActionDelete:
		if !set {
			return "", "", wrong("DELETE action with value is not supported for the type %s", v.Type)
		}
		return "DELETE", w.name(attribute) + " " + w.value(u.Value), nil
	case types.AttributeActionAdd:
		if v.Type == expression.L { // appends, which ADD of an expression does not
			name := w.name(attribute)
			empty := w.value(&types.AttributeValueMemberL{Value: []types.AttributeValue{}})
			return "SET", fmt.Sprintf("%s = list_append(if_not_exists(%s, %s), %s)", name, name, empty, w.value(u.Value)), nil
		}
		if !set && v.Type != expression.N {
			return "", "", wrong("ADD action is not supported for the type %s", v.Type)
		}
		return "ADD", w.name(attribute) + " " + w.value(u.Value), nil
	}
	return "", "", wire.Validation(wire.Enum("attributeUpdates."+attribute+".member.action", string(u.Action), []string{"ADD", "PUT", "DELETE"}))
}

// onlyDeletes reports whether updates only take attributes or elements away: those make no item where there is none (API:
// AttributeValueUpdate).
func onlyDeletes(all map[string]types.AttributeValueUpdate) bool {
	for _, u := range all {
		if u.Action != types.AttributeActionDelete {
			return false
		}
	}
	return len(all) > 0
}

// projection writes AttributesToGet.
func (w *writing) projection(attributes []string) (*string, error) {
	if len(attributes) == 0 {
		return nil, wire.Validation(wire.MinLength("attributesToGet", "[]", 1))
	}
	var names []string
	for i, a := range attributes {
		if slices.Contains(attributes[:i], a) {
			return nil, wrong("Duplicate value in attribute name: %s", a)
		}
		names = append(names, w.name(a))
	}
	return aws.String(strings.Join(names, ", ")), nil
}
