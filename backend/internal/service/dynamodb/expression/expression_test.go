package expression_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
)

// item is the one that the cases look at.
const item = `{"id":{"S":"k"},"n":{"N":"9007199254740993"},"zero":{"N":"0"},"d":{"N":"0.1"},"s":{"S":"hällo"},"b":{"B":"AQID"},"t":{"BOOL":true},
	"z":{"NULL":true},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2.50"]},"l":{"L":[{"N":"1"},{"S":"two"},{"N":"3"}]},
	"m":{"M":{"a":{"M":{"b":{"N":"5"}}},"x.y":{"S":"dot"}}}}`

var values = decode(`{":one":{"N":"1"},":two":{"N":"2"},":five":{"N":"5.0"},":nine":{"N":"9"},":big":{"N":"9007199254740992"},":big3":{"N":"9007199254740993.000"},
	":h":{"S":"hä"},":ll":{"S":"ll"},":a":{"S":"a"},":two_s":{"S":"two"},":ba":{"SS":["b","a"]},":SS":{"S":"SS"},":N":{"S":"N"},":six":{"N":"6"},
	":ns":{"NS":["2.5","1"]},":bin":{"B":"AQI="},":t":{"BOOL":true},":l":{"L":[{"N":"4"}]},":x":{"S":"x"},":e":{"L":[]},":wrong":{"S":"XX"},
	":d2":{"N":"0.2"},":c":{"SS":["c","a"]},":all":{"SS":["a","b"]},":huge":{"N":"99999999999999999999999999999999999999"}}`)

var names = map[string]string{"#dot": "x.y", "#size": "size", "#m": "m", "#id": "id", "#l": "l"}

func decode(text string) expression.Item {
	it, err := expression.DecodeItem([]byte(text))
	if err != nil {
		panic(err)
	}
	return it
}

// request narrows the names and values to those that the text uses: unused ones are refused.
func request(text string) expression.Request {
	r := expression.Request{Names: map[string]string{}, Values: expression.Item{}}
	for name, v := range values {
		if uses(text, name) {
			r.Values[name] = v
		}
	}
	for name, v := range names {
		if uses(text, name) {
			r.Names[name] = v
		}
	}
	if len(r.Names) == 0 {
		r.Names = nil
	}
	if len(r.Values) == 0 {
		r.Values = nil
	}
	return r
}

func uses(text, name string) bool {
	for rest := text; ; {
		i := strings.Index(rest, name)
		if i < 0 {
			return false
		}
		rest = rest[i+len(name):]
		if rest == "" || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", rune(rest[0])) {
			return true
		}
	}
}

func TestConditions(t *testing.T) {
	for text, want := range map[string]bool{
		"n = :big": false, "n = :big3": true, "n > :big": true, "n < :big": false, // 2^53+1: a float would take it for 2^53
		"m.a.b BETWEEN :one AND :nine": true, "m.a.b BETWEEN :six AND :nine": false, "m.a.b = :five": true,
		"id < :one": false, "id > :one": false, "id = :one": false, "id <> :one": true, // types differ: false, not an error
		"nope = :one": false, "nope <> :one": true, "nope < :one": false, "NOT nope < :one": true,
		"attribute_exists(m.a.b)": true, "attribute_exists(m.a.c)": false, "attribute_not_exists(l[3])": true, "attribute_exists(l[2])": true,
		"attribute_exists(m.#dot)": true, "#m.#dot = :x": false,
		"begins_with(s, :h)": true, "begins_with(n, :h)": false, "begins_with(b, :bin)": true,
		"contains(s, :ll)": true, "contains(ss, :a)": true, "contains(ss, :x)": false, "contains(l, :two_s)": true, "contains(l, :one)": true,
		"contains(ns, :one)": true, "contains(n, :one)": false,
		"size(s) = :six": true, "size(ss) = :two": true, "size(nope) = :two": false, "size(n) = :two": false, "size(m) = :two": true,
		"attribute_type(ss, :SS)": true, "attribute_type(n, :SS)": false, "attribute_type(n, :N)": true,
		"ss = :ba": true, "ns = :ns": true, "t = :t": true,
		"l[1] IN (:one, :two_s)": true, "id IN (:one)": false,
		"NOT t = :t OR id <> :x": true, "t = :t OR id = :x AND id = :a": true, "(t = :t OR id = :x) AND id = :a": false,
		"not (id = :x) and t = :t": true, "t = :t AND (id = :x OR (NOT id = :a))": true,
		":one = zero": false, ":one > zero": true, "(t) = :t": true,
	} {
		r := request(text)
		r.Condition = &text
		c, err := expression.Compile(r)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := c.Condition.Holds(decode(item)); got != want {
			t.Errorf("%s is %v", text, got)
		}
	}
}

func TestUpdates(t *testing.T) {
	// What the update leaves of the attributes that it is about.
	for text, want := range map[string]string{
		"SET n = n + :one":                              `{"n":{"N":"9007199254740994"}}`,
		"SET n = n - :one":                              `{"n":{"N":"9007199254740992"}}`,
		"ADD n :one":                                    `{"n":{"N":"9007199254740994"}}`,
		"SET d = d + :d2":                               `{"d":{"N":"0.3"}}`,
		"SET q = :huge":                                 `{"q":{"N":"99999999999999999999999999999999999999"}}`,
		"ADD q :one":                                    `{"q":{"N":"1"}}`,
		"SET q = if_not_exists(q, :one)":                `{"q":{"N":"1"}}`,
		"SET q = if_not_exists(q, :one) + :one":         `{"q":{"N":"2"}}`,
		"SET d = if_not_exists(d, :one)":                `{"d":{"N":"0.1"}}`,
		"SET l = list_append(l, :l)":                    `{"l":{"L":[{"N":"1"},{"S":"two"},{"N":"3"},{"N":"4"}]}}`,
		"SET l = list_append(:l, l)":                    `{"l":{"L":[{"N":"4"},{"N":"1"},{"S":"two"},{"N":"3"}]}}`,
		"SET q = list_append(if_not_exists(q, :e), :l)": `{"q":{"L":[{"N":"4"}]}}`,
		"SET l[1] = :a":                                 `{"l":{"L":[{"N":"1"},{"S":"a"},{"N":"3"}]}}`,
		"SET l[900] = :a, l[30] = :x":                   `{"l":{"L":[{"N":"1"},{"S":"two"},{"N":"3"},{"S":"x"},{"S":"a"}]}}`,
		"REMOVE l[0], l[2]":                             `{"l":{"L":[{"S":"two"}]}}`,
		"REMOVE l[9]":                                   `{"l":{"L":[{"N":"1"},{"S":"two"},{"N":"3"}]}}`,
		"REMOVE nope, m.a.b":                            `{"m":{"M":{"a":{"M":{}},"x.y":{"S":"dot"}}}}`,
		"SET m.a.c = :one":                              `{"m":{"M":{"a":{"M":{"b":{"N":"5"},"c":{"N":"1"}}},"x.y":{"S":"dot"}}}}`,
		"SET m.#dot = :x REMOVE m.a":                    `{"m":{"M":{"x.y":{"S":"x"}}}}`,
		"ADD ss :c":                                     `{"ss":{"SS":["a","b","c"]}}`,
		"DELETE ss :c":                                  `{"ss":{"SS":["b"]}}`,
		"DELETE ss :all":                                `{}`, // a set that becomes empty is removed
		"DELETE q :all":                                 `{}`,
		"SET s = id, q = s":                             `{"s":{"S":"k"},"q":{"S":"hällo"}}`, // right-hand sides are of the item as it was
		"set s = :x remove l add ss :c delete ns :ns":   `{"s":{"S":"x"},"ss":{"SS":["a","b","c"]}}`,
		"SET q = (zero + :one)":                         `{"q":{"N":"1"}}`,
		"SET q = zero-:one":                             `{"q":{"N":"-1"}}`,
		"SET #l[0] = m.a.b, m.a.b = l[0]":               `{"l":{"L":[{"N":"5"},{"S":"two"},{"N":"3"}]},"m":{"M":{"a":{"M":{"b":{"N":"1"}}},"x.y":{"S":"dot"}}}}`,
		"SET q = :l, w = list_append(l, :l)  REMOVE l,s,ss,ns,m": `{"q":{"L":[{"N":"4"}]},"w":{"L":[{"N":"1"},{"S":"two"},{"N":"3"},{"N":"4"}]}}`,
	} {
		r := request(text)
		r.Update = &text
		c, err := expression.Compile(r)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		before := decode(item)
		after, err := c.Update.Apply(before)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if !expression.ItemEqual(before, decode(item)) {
			t.Errorf("%s changed the old item", text)
		}
		got := expression.Item{}
		for _, name := range c.Update.Heads() {
			if v, ok := after[name]; ok {
				got[name] = v
			}
		}
		if diff := cmp.Diff(string(expression.EncodeItem(decode(want))), string(expression.EncodeItem(got))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestUpdatesThatDoNotFitTheItem(t *testing.T) {
	for text, want := range map[string]string{
		"SET q = nope":               "The provided expression refers to an attribute that does not exist in the item",
		"SET q = nope + :one":        "The provided expression refers to an attribute that does not exist in the item",
		"SET nope.a = :one":          "The document path provided in the update expression is invalid for update",
		"SET s.a = :one":             "The document path provided in the update expression is invalid for update",
		"REMOVE nope.a":              "The document path provided in the update expression is invalid for update",
		"SET q = s + :one":           "An operand in the update expression has an incorrect data type",
		"ADD s :one":                 "An operand in the update expression has an incorrect data type",
		"DELETE s :c":                "An operand in the update expression has an incorrect data type",
		"SET q = :huge + :d2":        "Attempting to store more than 38 significant digits in a Number",
		"SET l = list_append(s, :l)": "An operand in the update expression has an incorrect data type",
	} {
		r := request(text)
		r.Update = &text
		c, err := expression.Compile(r)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if _, err := c.Update.Apply(decode(item)); err == nil || err.Error() != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestProjections(t *testing.T) {
	for text, want := range map[string]string{
		"l[0], l[2]":         `{"l":{"L":[{"N":"1"},{"N":"3"}]}}`,
		"l[2], l[0], l[7]":   `{"l":{"L":[{"N":"1"},{"N":"3"}]}}`,
		"m.a.b, m.#dot":      `{"m":{"M":{"a":{"M":{"b":{"N":"5"}}},"x.y":{"S":"dot"}}}}`,
		"id, nope, m.a.nope": `{"id":{"S":"k"}}`,
	} {
		r := request(text)
		r.Projection = &text
		c, err := expression.Compile(r)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, string(expression.EncodeItem(c.Projection.Of(decode(item))))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestRefusals(t *testing.T) {
	type of func(r *expression.Request, text *string)
	condition := of(func(r *expression.Request, text *string) { r.Condition = text })
	update := of(func(r *expression.Request, text *string) { r.Update = text })
	projection := of(func(r *expression.Request, text *string) { r.Projection = text })
	filter := of(func(r *expression.Request, text *string) { r.Filter = text })
	for _, c := range []struct {
		of         of
		text, want string
	}{
		{condition, "", "Invalid ConditionExpression: The expression can not be empty;"},
		{filter, "a b c", `Invalid FilterExpression: Syntax error; token: "b", near: "a b c"`},
		{condition, "id =", `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "="`},
		{condition, "id", `Invalid ConditionExpression: Syntax error; token: "<EOF>", near: "id"`},
		{condition, "id AND t = :t", `Invalid ConditionExpression: Syntax error; token: "AND", near: "id AND t"`},
		{condition, "id = :one = :two", `Invalid ConditionExpression: Syntax error; token: "=", near: ":one = :two"`},
		{condition, "id @ :one", `Invalid ConditionExpression: Syntax error; token: "@", near: "id @ :one"`},
		{condition, "((t = :t))", "Invalid ConditionExpression: The expression has redundant parentheses;"},
		{condition, "((id)) = :one", "Invalid ConditionExpression: The expression has redundant parentheses;"},
		{condition, "name = :one", "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: name"},
		{condition, "m.Size = :one", "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: Size"},
		{condition, "#nope = :one", "Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #nope"},
		{condition, "id = :nope", "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :nope"},
		{condition, "exists(id)", "Invalid ConditionExpression: Invalid function name; function: exists"},
		{condition, "id = if_not_exists(id, :one)", "Invalid ConditionExpression: The function is not allowed in a condition expression; function: if_not_exists"},
		{condition, "contains(id)", "Invalid ConditionExpression: Incorrect number of operands for operator or function; operator or function: contains, number of operands: 1"},
		{condition, "attribute_exists(:one)", "Invalid ConditionExpression: Operator or function requires a document path; operator or function: attribute_exists"},
		{condition, "begins_with(id, :one)", "Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"},
		{condition, "attribute_type(id, :wrong)", "Invalid ConditionExpression: Invalid attribute type name found; type: XX, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
		{condition, "id < :t", "Invalid ConditionExpression: Incorrect operand type for operator or function; operator: <, operand type: BOOL"},
		{condition, "id BETWEEN :two AND :one", "Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"},
		{condition, "id BETWEEN :one AND :a", "Invalid ConditionExpression: The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:a}"},
		{condition, "#id = id", "Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [id]"},
		{condition, "size(id)", "Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: size"},
		{condition, "size(id) AND t = :t", "Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: size"},
		{condition, "attribute_exists(id) = :t", "Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: attribute_exists"},
		{update, "SET a = :one SET b = :one", `Invalid UpdateExpression: The "SET" section can only be used once in an update expression;`},
		{update, "SET id = :one, id = :one", "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [id], path two: [id]"},
		{update, "SET m.a = :one REMOVE #m", "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m]"},
		{update, "SET m.a = :one, m[1] = :one", "Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m, [1]]"},
		{update, "ADD id :a", "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"},
		{update, "DELETE id :one", "Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
		{update, "SET id = list_append(id, :one)", "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: list_append, operand type: N"},
		{update, "SET id = id + :a", "Invalid UpdateExpression: Incorrect operand type for operator or function; operator or function: +, operand type: S"},
		{update, "SET id = size(id)", "Invalid UpdateExpression: The function is not allowed in an update expression; function: size"},
		{update, "SET id :one", `Invalid UpdateExpression: Syntax error; token: ":one", near: "id :one"`},
		{update, "FOO id = :one", `Invalid UpdateExpression: Syntax error; token: "FOO", near: "FOO id"`},
		{projection, "id, m.a, m", "Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m, a], path two: [m]"},
		{projection, "id,", `Invalid ProjectionExpression: Syntax error; token: "<EOF>", near: ","`},
		{projection, "size", "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved keyword: size"},
	} {
		r := request(c.text)
		c.of(&r, &c.text)
		if _, err := expression.Compile(r); err == nil || err.Error() != c.want {
			t.Errorf("%s:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestNamesAndValues(t *testing.T) {
	use := "id = :one"
	for want, r := range map[string]expression.Request{
		"Value provided in ExpressionAttributeValues unused in expressions: keys: {:a}":                                                           {Condition: &use, Values: expression.Item{":one": expression.Text("1"), ":a": expression.Text("1")}},
		"Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}":                                                        {Condition: &use, Values: expression.Item{":one": expression.Text("1")}, Names: map[string]string{"#b": "b", "#a": "a"}},
		"ExpressionAttributeNames can only be specified when using expressions":                                                                   {Names: map[string]string{"#b": "b"}},
		"ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null":                                     {Values: expression.Item{":one": expression.Text("1")}, Takes: []string{"ConditionExpression"}},
		"ExpressionAttributeNames must not be empty":                                                                                              {Condition: &use, Names: map[string]string{}},
		`ExpressionAttributeNames contains invalid key: Syntax error; key: "b"`:                                                                   {Condition: &use, Names: map[string]string{"b": "b"}},
		`ExpressionAttributeValues contains invalid key: Syntax error; key: "b"`:                                                                  {Condition: &use, Values: expression.Item{"b": expression.Text("b")}},
		"ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :b": {Condition: &use, Values: expression.Item{":b": {Type: expression.SS}}},
	} {
		if _, err := expression.Compile(r); err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0": "0", "0e99999999999": "0", "00.10": "0.1", "+7": "7", "1e3": "1000", "-1.50E-3": "-0.0015", ".5": "0.5", "5.": "5",
		"12345678901234567890123456789012345678":     "12345678901234567890123456789012345678",
		"0.1234567890123456789012345678901234567800": "0.12345678901234567890123456789012345678",
		"1e125": "1" + strings.Repeat("0", 125), "1e-130": "0." + strings.Repeat("0", 129) + "1",
		"": "The parameter cannot be converted to a numeric value", "x": "The parameter cannot be converted to a numeric value: x",
		"1e": "The parameter cannot be converted to a numeric value: 1e", "--1": "The parameter cannot be converted to a numeric value: --1",
		".": "The parameter cannot be converted to a numeric value: .", "1e126": "Number overflow. Attempting to store a number with magnitude larger than supported range",
		"1e-131": "Number underflow. Attempting to store a number with magnitude smaller than supported range",
		"123456789012345678901234567890123456789": "Attempting to store more than 38 significant digits in a Number",
		"NaN": "The parameter cannot be converted to a numeric value: NaN", "Infinity": "The parameter cannot be converted to a numeric value: Infinity",
	} {
		n, err := expression.ParseNumber(text)
		got := n.String()
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestNumbersSortAsTheirKeysDo(t *testing.T) {
	order := strings.Fields("-1e125 -1000 -12.3 -12 -1.2 -1 -0.12 -0.1 -1e-130 0 1e-130 0.1 0.12 0.123 1 1.2 9 10 12 12.3 99 100 9007199254740992 9007199254740993 1e125")
	for i, x := range order {
		for j, y := range order {
			a, _ := expression.ParseNumber(x)
			b, _ := expression.ParseNumber(y)
			if got, want := a.Compare(b), compare(i, j); got != want {
				t.Errorf("%s against %s: %d", x, y, got)
			}
		}
	}
}

func compare(i, j int) int {
	switch {
	case i < j:
		return -1
	case i > j:
		return 1
	}
	return 0
}

func TestSizes(t *testing.T) { // recorded: Keys 27, image 43
	for text, want := range map[string]int{
		`{"my_partition_key":{"S":"hello world"}}`: 27, `{"binary_key":{"B":"Zm9vYmFy"},"my_partition_key":{"S":"hello world"}}`: 43,
		`{"a":{"BOOL":true},"b":{"NULL":true}}`: 4, `{"a":{"L":[]}}`: 4, `{"a":{"M":{"b":{"S":"x"}}}}`: 7, `{"a":{"N":"123"}}`: 4, `{"a":{"N":"-1"}}`: 4,
	} {
		if got := expression.ItemSize(decode(text)); got != want {
			t.Errorf("%s counts for %d bytes", text, got)
		}
	}
}

func TestItemsSurviveTheirText(t *testing.T) {
	it := decode(item)
	it["odd"] = expression.Text("a\x00<&>\"\\\u2028é")
	if again := decode(string(expression.EncodeItem(it))); !expression.ItemEqual(it, again) {
		t.Errorf("%s", expression.EncodeItem(again))
	}
}

// FuzzExpressions: no text makes the compiler or the evaluation panic, and what an update leaves can be stored and read.
func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{"n = :one AND NOT (contains(#l, :x))", "SET #l[0] = list_append(#l, :l) REMOVE m.a ADD ss :ba", "id, m.a[1].b", "((", "a BETWEEN :one AND", "#", ":"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		it := decode(item)
		r := request(text)
		r.Condition = &text
		if c, err := expression.Compile(r); err == nil {
			c.Condition.Holds(it)
			c.Condition.Heads()
			_, _ = c.Condition.Keys()
		}
		r = request(text)
		r.Update = &text
		if c, err := expression.Compile(r); err == nil {
			if after, err := c.Update.Apply(it); err == nil {
				if again := decode(string(expression.EncodeItem(after))); !expression.ItemEqual(after, again) {
					t.Errorf("%q leaves %s, which reads as %s", text, expression.EncodeItem(after), expression.EncodeItem(again))
				}
			}
		}
		r = request(text)
		r.Projection = &text
		if c, err := expression.Compile(r); err == nil {
			c.Projection.Of(it)
		}
		if !expression.ItemEqual(it, decode(item)) {
			t.Errorf("%q changed the item", text)
		}
	})
}
