package backend_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// legacyTable has the items a (n 1, tags x y, s "hello") and b (n 2), under one partition key each with a range key.
func legacyTable(t *testing.T) *bundle {
	b := setup(t)
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("old"), KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}, {AttributeName: aws.String("at"), KeyType: "RANGE"}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("at"), AttributeType: "N"}}})
	b.putItem(t, "old", `{"id":{"S":"a"},"at":{"N":"1"},"n":{"N":"1"},"tags":{"SS":["x","y"]},"s":{"S":"hello"},"l":{"L":[{"N":"1"}]}}`)
	b.putItem(t, "old", `{"id":{"S":"a"},"at":{"N":"2"},"n":{"N":"2"}}`)
	b.putItem(t, "old", `{"id":{"S":"b"},"at":{"N":"1"},"n":{"N":"3"},"s":{"S":"world"}}`)
	return b
}

func condition(op types.ComparisonOperator, values ...types.AttributeValue) types.Condition {
	return types.Condition{ComparisonOperator: op, AttributeValueList: values}
}

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }

// The parameters that expressions have replaced do what they did (API: ScanFilter, QueryFilter, KeyConditions, AttributesToGet).
func TestLegacyReads(t *testing.T) {
	b, ctx := legacyTable(t), t.Context()
	keys := func(items []map[string]types.AttributeValue) string {
		var all []string
		for _, item := range items {
			all = append(all, item["id"].(*types.AttributeValueMemberS).Value+item["at"].(*types.AttributeValueMemberN).Value)
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	for name, c := range map[string]struct {
		filter map[string]types.Condition
		op     types.ConditionalOperator
		want   string
	}{
		"EQ":           {map[string]types.Condition{"n": condition("EQ", number("2"))}, "", "a2"},
		"NE":           {map[string]types.Condition{"n": condition("NE", number("2"))}, "", "a1 b1"},
		"GT":           {map[string]types.Condition{"n": condition("GT", number("1"))}, "", "a2 b1"},
		"GE":           {map[string]types.Condition{"n": condition("GE", number("2"))}, "", "a2 b1"},
		"LT":           {map[string]types.Condition{"n": condition("LT", number("2"))}, "", "a1"},
		"LE":           {map[string]types.Condition{"n": condition("LE", number("2"))}, "", "a1 a2"},
		"NULL":         {map[string]types.Condition{"s": condition("NULL")}, "", "a2"},
		"NOT_NULL":     {map[string]types.Condition{"s": condition("NOT_NULL")}, "", "a1 b1"},
		"CONTAINS":     {map[string]types.Condition{"tags": condition("CONTAINS", text("x"))}, "", "a1"},
		"NOT_CONTAINS": {map[string]types.Condition{"s": condition("NOT_CONTAINS", text("ell"))}, "", "a2 b1"},
		"BEGINS_WITH":  {map[string]types.Condition{"s": condition("BEGINS_WITH", text("wor"))}, "", "b1"},
		"BETWEEN":      {map[string]types.Condition{"n": condition("BETWEEN", number("2"), number("9"))}, "", "a2 b1"},
		"IN":           {map[string]types.Condition{"n": condition("IN", number("1"), number("3"))}, "", "a1 b1"},
		"AND":          {map[string]types.Condition{"n": condition("GT", number("1")), "s": condition("NOT_NULL")}, "", "b1"},
		"OR":           {map[string]types.Condition{"n": condition("EQ", number("2")), "s": condition("EQ", text("hello"))}, "OR", "a1 a2"},
	} {
		out, err := b.tables.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("old"), ScanFilter: c.filter, ConditionalOperator: c.op})
		if err != nil || keys(out.Items) != c.want {
			t.Errorf("%s: %v, %v; want %s", name, out, err, c.want)
		}
	}
	out, err := b.tables.Query(ctx, &dynamodb.QueryInput{TableName: aws.String("old"), KeyConditions: map[string]types.Condition{"id": condition("EQ", text("a")), "at": condition("GE", number("1"))},
		QueryFilter: map[string]types.Condition{"n": condition("LT", number("2"))}, AttributesToGet: []string{"n", "s"}})
	if err != nil || len(out.Items) != 1 || out.ScannedCount != 2 || sameItems(av(`{"n":{"N":"1"},"s":{"S":"hello"}}`), out.Items[0]) != "" {
		t.Errorf("a query: %+v, %v", out, err)
	}
	beside, err := b.tables.Query(ctx, &dynamodb.QueryInput{TableName: aws.String("old"), KeyConditions: map[string]types.Condition{"id": condition("EQ", text("a"))},
		FilterExpression: aws.String("#n = :n"), ExpressionAttributeNames: map[string]string{"#n": "n"}, ExpressionAttributeValues: av(`{":n":{"N":"2"}}`)})
	if err != nil || keys(beside.Items) != "a2" {
		t.Errorf("KeyConditions beside a FilterExpression: %+v, %v", beside, err)
	}
	got, err := b.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("old"), Key: av(`{"id":{"S":"a"},"at":{"N":"1"}}`), AttributesToGet: []string{"s", "none"}})
	if err != nil || sameItems(av(`{"s":{"S":"hello"}}`), got.Item) != "" {
		t.Errorf("AttributesToGet: %+v, %v", got, err)
	}
	many, err := b.tables.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"old": {Keys: []map[string]types.AttributeValue{av(`{"id":{"S":"b"},"at":{"N":"1"}}`)}, AttributesToGet: []string{"n"}}}})
	if err != nil || len(many.Responses["old"]) != 1 || sameItems(av(`{"n":{"N":"3"}}`), many.Responses["old"][0]) != "" {
		t.Errorf("AttributesToGet of a batch: %+v, %v", many, err)
	}
}

func TestLegacyWrites(t *testing.T) {
	b, ctx := legacyTable(t), t.Context()
	key := `{"id":{"S":"a"},"at":{"N":"1"}}`
	update := func(key string, updates map[string]types.AttributeValueUpdate) (attrs, error) {
		out, err := b.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String("old"), Key: av(key), AttributeUpdates: updates, ReturnValues: types.ReturnValueAllNew})
		if err != nil {
			return nil, err
		}
		return out.Attributes, nil
	}
	got, err := update(key, map[string]types.AttributeValueUpdate{
		"n":    {Action: "ADD", Value: number("0.5")},
		"l":    {Action: "ADD", Value: &types.AttributeValueMemberL{Value: []types.AttributeValue{number("2")}}},
		"tags": {Action: "DELETE", Value: &types.AttributeValueMemberSS{Value: []string{"x"}}},
		"s":    {Action: "DELETE"},
		"new":  {Value: text("put is the default")},
	})
	want := `{"id":{"S":"a"},"at":{"N":"1"},"n":{"N":"1.5"},"l":{"L":[{"N":"1"},{"N":"2"}]},"tags":{"SS":["y"]},"new":{"S":"put is the default"}}`
	if err != nil || sameItems(av(want), got) != "" {
		t.Errorf("updated: %v, %v", got, err)
	}
	if made, err := update(`{"id":{"S":"c"},"at":{"N":"1"}}`, map[string]types.AttributeValueUpdate{"x": {Action: "DELETE"}}); err != nil || len(made) != 0 {
		t.Errorf("a deletion made an item: %v, %v", made, err)
	}
	if made, err := update(`{"id":{"S":"c"},"at":{"N":"1"}}`, map[string]types.AttributeValueUpdate{"x": {Action: "ADD", Value: number("1")}}); err != nil || len(made) != 3 {
		t.Errorf("an addition made %v, %v", made, err)
	}
	remove := func(expected map[string]types.ExpectedAttributeValue, op types.ConditionalOperator) error {
		_, err := b.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String("old"), Key: av(key), Expected: expected, ConditionalOperator: op})
		return err
	}
	refusedAs(t, remove(map[string]types.ExpectedAttributeValue{"n": {Value: number("7")}}, ""), "ConditionalCheckFailedException", "The conditional request failed")
	refusedAs(t, remove(map[string]types.ExpectedAttributeValue{"n": {Exists: aws.Bool(false)}}, ""), "ConditionalCheckFailedException", "The conditional request failed")
	if err := remove(map[string]types.ExpectedAttributeValue{"n": {Value: number("7")}, "gone": {Exists: aws.Bool(false)}}, "OR"); err != nil {
		t.Error(err)
	}
	_, err = b.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("old"), Item: av(key), Expected: map[string]types.ExpectedAttributeValue{"id": {ComparisonOperator: "NULL"}}})
	if err != nil {
		t.Error(err)
	}
}

// Texts that public emulators recorded from AWS.
func TestLegacyRefusals(t *testing.T) {
	b, ctx := legacyTable(t), t.Context()
	const wrong = "One or more parameter values were invalid: "
	key, name := av(`{"id":{"S":"a"},"at":{"N":"1"}}`), aws.String("old")
	expect := func(e types.ExpectedAttributeValue) func() error {
		return func() error {
			_, err := b.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: name, Key: key, Expected: map[string]types.ExpectedAttributeValue{"x": e}})
			return err
		}
	}
	update := func(in dynamodb.UpdateItemInput) func() error {
		return func() error {
			in.TableName, in.Key = name, key
			_, err := b.tables.UpdateItem(ctx, &in)
			return err
		}
	}
	query := func(in dynamodb.QueryInput) func() error {
		return func() error {
			in.TableName = name
			_, err := b.tables.Query(ctx, &in)
			return err
		}
	}
	scan := func(in dynamodb.ScanInput) func() error {
		return func() error {
			in.TableName = name
			_, err := b.tables.Scan(ctx, &in)
			return err
		}
	}
	hash := map[string]types.Condition{"id": condition("EQ", text("a"))}
	for message, call := range map[string]func() error{
		wrong + "Value and AttributeValueList cannot be used together for Attribute: x":                            expect(types.ExpectedAttributeValue{Value: text("1"), AttributeValueList: []types.AttributeValue{text("1")}}),
		wrong + "Exists and ComparisonOperator cannot be used together for Attribute: x":                           expect(types.ExpectedAttributeValue{Exists: aws.Bool(true), ComparisonOperator: "EQ"}),
		wrong + "Value or AttributeValueList must be used with ComparisonOperator: LT for Attribute: x":            expect(types.ExpectedAttributeValue{ComparisonOperator: "LT"}),
		wrong + "AttributeValueList can only be used with a ComparisonOperator for Attribute: x":                   expect(types.ExpectedAttributeValue{AttributeValueList: []types.AttributeValue{text("1")}}),
		wrong + "Value must be provided when Exists is null for Attribute: x":                                      expect(types.ExpectedAttributeValue{}),
		wrong + "Value must be provided when Exists is true for Attribute: x":                                      expect(types.ExpectedAttributeValue{Exists: aws.Bool(true)}),
		wrong + "Value cannot be used when Exists is false for Attribute: x":                                       expect(types.ExpectedAttributeValue{Exists: aws.Bool(false), Value: text("1")}),
		wrong + "Invalid number of argument(s) for the BETWEEN ComparisonOperator":                                 expect(types.ExpectedAttributeValue{ComparisonOperator: "BETWEEN", Value: text("1")}),
		wrong + "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type":                            expect(types.ExpectedAttributeValue{ComparisonOperator: "BEGINS_WITH", Value: number("1")}),
		wrong + "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound": expect(types.ExpectedAttributeValue{ComparisonOperator: "BETWEEN", AttributeValueList: []types.AttributeValue{number("2"), number("1")}}),
		wrong + "AttributeValues inside AttributeValueList must be of same type":                                   expect(types.ExpectedAttributeValue{ComparisonOperator: "BETWEEN", AttributeValueList: []types.AttributeValue{number("2"), text("1")}}),
		wrong + "Only DELETE action is allowed when no attribute value is specified":                               update(dynamodb.UpdateItemInput{AttributeUpdates: map[string]types.AttributeValueUpdate{"x": {}}}),
		wrong + "DELETE action with value is not supported for the type S":                                         update(dynamodb.UpdateItemInput{AttributeUpdates: map[string]types.AttributeValueUpdate{"x": {Action: "DELETE", Value: text("1")}}}),
		wrong + "ADD action is not supported for the type S":                                                       update(dynamodb.UpdateItemInput{AttributeUpdates: map[string]types.AttributeValueUpdate{"x": {Action: "ADD", Value: text("1")}}}),
		wrong + "Cannot update attribute at. This attribute is part of the key":                                    update(dynamodb.UpdateItemInput{AttributeUpdates: map[string]types.AttributeValueUpdate{"at": {Value: number("1")}}}),
		"Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {AttributeUpdates, Expected} Expression parameters: {UpdateExpression}": update(dynamodb.UpdateItemInput{
			AttributeUpdates: map[string]types.AttributeValueUpdate{"x": {Value: text("1")}}, Expected: map[string]types.ExpectedAttributeValue{"x": {Value: text("1")}}, UpdateExpression: aws.String("REMOVE y")}),
		"ExpressionAttributeNames can only be specified when using expressions":                 update(dynamodb.UpdateItemInput{AttributeUpdates: map[string]types.AttributeValueUpdate{"x": {Value: text("1")}}, ExpressionAttributeNames: map[string]string{"#a": "a"}}),
		"ConditionalOperator cannot be used without Filter or Expected":                         scan(dynamodb.ScanInput{ConditionalOperator: "OR"}),
		"ConditionalOperator can only be used when Filter or Expected has two or more elements": scan(dynamodb.ScanInput{ConditionalOperator: "OR", ScanFilter: map[string]types.Condition{"n": condition("NULL")}}),
		"Conditions can be of length 1 or 2 only":                                               query(dynamodb.QueryInput{KeyConditions: map[string]types.Condition{}}),
		"Attempted conditional constraint is not an indexable operation":                        query(dynamodb.QueryInput{KeyConditions: map[string]types.Condition{"id": condition("NE", text("a"))}}),
		"Query key condition not supported":                                                     query(dynamodb.QueryInput{KeyConditions: map[string]types.Condition{"id": condition("GT", text("a"))}}),
		"QueryFilter can only contain non-primary key attributes: Primary key attribute: at":    query(dynamodb.QueryInput{KeyConditions: hash, QueryFilter: map[string]types.Condition{"at": condition("NOT_NULL")}}),
		"Cannot specify the AttributesToGet when choosing to get COUNT":                         query(dynamodb.QueryInput{KeyConditions: hash, AttributesToGet: []string{"n"}, Select: "COUNT"}),
		wrong + "Duplicate value in attribute name: n":                                          scan(dynamodb.ScanInput{AttributesToGet: []string{"n", "n"}}),
	} {
		refusedAs(t, call(), "ValidationException", message)
	}
}

// A policy sees legacy parameters as it sees expressions: LeadingKeys of KeyConditions, Attributes of AttributesToGet.
func TestLegacyParametersMeetPolicies(t *testing.T) {
	b, ctx := legacyTable(t), t.Context()
	u := b.user(t, "u", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:Query","Resource":"*","Condition":{
		"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"],"dynamodb:Attributes":["id","n"]},"StringEquals":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}}]}`)
	query := func(hash string, attributes ...string) error {
		_, err := u.tables.Query(ctx, &dynamodb.QueryInput{TableName: aws.String("old"), KeyConditions: map[string]types.Condition{"id": condition("EQ", text(hash))}, AttributesToGet: attributes})
		return err
	}
	must(t, query("a", "n"))
	for _, err := range []error{query("b", "n"), query("a", "n", "s")} {
		refusedAs(t, err, "AccessDeniedException", "is not authorized to perform: dynamodb:Query")
	}
}
