package backend_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

type attrs = map[string]types.AttributeValue

// av is an item in the form of the API: {"id":{"S":"a"}}.
func av(text string) attrs {
	var raw map[string]map[string]any
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		panic(text + ": " + err.Error())
	}
	out := attrs{}
	for name, v := range raw {
		out[name] = value(v)
	}
	return out
}

func value(v map[string]any) types.AttributeValue {
	for t, x := range v {
		switch t {
		case "S":
			return &types.AttributeValueMemberS{Value: x.(string)}
		case "N":
			return &types.AttributeValueMemberN{Value: x.(string)}
		case "SS":
			set := &types.AttributeValueMemberSS{}
			for _, e := range x.([]any) {
				set.Value = append(set.Value, e.(string))
			}
			return set
		case "L":
			list := &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
			for _, e := range x.([]any) {
				list.Value = append(list.Value, value(e.(map[string]any)))
			}
			return list
		case "M":
			m := &types.AttributeValueMemberM{Value: attrs{}}
			for name, e := range x.(map[string]any) {
				m.Value[name] = value(e.(map[string]any))
			}
			return m
		}
	}
	panic(fmt.Sprint("no value: ", v))
}

// same compares items without the SDK's private fields.
func sameItems(want, got any) string {
	return cmp.Diff(want, got, cmpopts.IgnoreUnexported(types.AttributeValueMemberS{}, types.AttributeValueMemberN{}, types.AttributeValueMemberSS{},
		types.AttributeValueMemberL{}, types.AttributeValueMemberM{}))
}

func (b *bundle) table(t *testing.T, in *dynamodb.CreateTableInput) {
	t.Helper()
	if in.KeySchema == nil {
		in.KeySchema = []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}}
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS})
	}
	if in.BillingMode == "" {
		in.BillingMode = types.BillingModePayPerRequest
	}
	if in.BillingMode == types.BillingModeProvisioned && in.ProvisionedThroughput == nil {
		in.ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)}
	}
	if _, err := b.tables.CreateTable(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func (b *bundle) putItem(t *testing.T, table, item string) {
	t.Helper()
	if _, err := b.tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: av(item)}); err != nil {
		t.Fatal(err)
	}
}

// refusedAs demands an AWS error of a code whose message has a text in it.
func refusedAs(t *testing.T, err error, code, text string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("got %v\nwant %s: %s", err, code, text)
	}
}

// streamRecords reads a stream to its end, shard by shard.
func (b *bundle) streamRecords(t *testing.T, streamARN *string) []streamtypes.Record {
	t.Helper()
	d, err := b.streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: streamARN})
	if err != nil {
		t.Fatal(err)
	}
	var all []streamtypes.Record
	for _, shard := range d.StreamDescription.Shards {
		it, err := b.streams.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{StreamArn: streamARN, ShardId: shard.ShardId, ShardIteratorType: "TRIM_HORIZON"})
		if err != nil {
			t.Fatal(err)
		}
		for next := it.ShardIterator; next != nil; {
			out, err := b.streams.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: next, Limit: aws.Int32(3)})
			if err != nil {
				t.Fatal(err)
			}
			if all = append(all, out.Records...); len(out.Records) == 0 {
				break
			}
			next = out.NextShardIterator
		}
	}
	return all
}

func (b *bundle) streamOf(t *testing.T, table string) *string {
	t.Helper()
	d, err := b.tables.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		t.Fatal(err)
	}
	return d.Table.LatestStreamArn
}

func TestDynamoDBNumbersAreExact(t *testing.T) {
	b := setup(t)
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("numbers")})
	b.putItem(t, "numbers", `{"id":{"S":"a"},"n":{"N":"9007199254740993"},"d":{"N":"0.1"},"huge":{"N":"12345678901234567890123456789012345678"}}`)
	out, err := b.tables.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("numbers"), Key: av(`{"id":{"S":"a"}}`),
		UpdateExpression: aws.String("SET d = d + :d ADD n :one"), ConditionExpression: aws.String("n > :n"), ReturnValues: types.ReturnValueAllNew,
		ExpressionAttributeValues: av(`{":one":{"N":"1"},":d":{"N":"0.2"},":n":{"N":"9007199254740992"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	want := av(`{"id":{"S":"a"},"n":{"N":"9007199254740994"},"d":{"N":"0.3"},"huge":{"N":"12345678901234567890123456789012345678"}}`)
	if diff := sameItems(want, out.Attributes); diff != "" {
		t.Error(diff)
	}
}

func TestDynamoDBRefusals(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("orders")})
	b.putItem(t, "orders", `{"id":{"S":"a"},"n":{"N":"1"}}`)
	put := func(in *dynamodb.PutItemInput) error {
		if in.TableName == nil {
			in.TableName = aws.String("orders")
		}
		_, err := b.tables.PutItem(ctx, in)
		return err
	}
	refusedAs(t, put(&dynamodb.PutItemInput{TableName: aws.String("nope"), Item: av(`{}`)}), "ResourceNotFoundException", "Requested resource not found")
	refusedAs(t, put(&dynamodb.PutItemInput{Item: av(`{"n":{"N":"1"}}`)}), "ValidationException", "One or more parameter values were invalid: Missing the key id in the item")
	refusedAs(t, put(&dynamodb.PutItemInput{Item: av(`{"id":{"N":"1"}}`)}), "ValidationException", "One or more parameter values were invalid: Type mismatch for key id expected: S actual: N")
	refusedAs(t, put(&dynamodb.PutItemInput{Item: av(`{"id":{"S":""}}`)}), "ValidationException", "The AttributeValue for a key attribute cannot contain an empty string value. Key: id")
	refusedAs(t, put(&dynamodb.PutItemInput{Item: av(`{"id":{"S":"a"},"n":{"N":"1x"}}`)}), "ValidationException", "The parameter cannot be converted to a numeric value: 1x")
	refusedAs(t, put(&dynamodb.PutItemInput{Item: attrs{"id": &types.AttributeValueMemberS{Value: "a"}, "big": &types.AttributeValueMemberS{Value: strings.Repeat("x", 400<<10)}}}),
		"ValidationException", "Item size has exceeded the maximum allowed size")
	refusedAs(t, put(&dynamodb.PutItemInput{Item: av(`{"id":{"S":"a"}}`), ReturnValues: types.ReturnValueAllNew}), "ValidationException", "ReturnValues can only be ALL_OLD or NONE")
	err := put(&dynamodb.PutItemInput{Item: av(`{"id":{"S":"a"}}`), ConditionExpression: aws.String("attribute_not_exists(id)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	failed, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	if !ok || sameItems(av(`{"id":{"S":"a"},"n":{"N":"1"}}`), failed.Item) != "" || failed.ErrorMessage() != "The conditional request failed" {
		t.Errorf("the refusal of a condition with the item: %v", err)
	}
	_, err = b.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: av(`{"id":{"S":"a"},"n":{"N":"1"}}`)})
	refusedAs(t, err, "ValidationException", "The provided key element does not match the schema")
	_, err = b.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String("orders"), Key: av(`{"id":{"S":"a"}}`), UpdateExpression: aws.String("SET id = :v"),
		ExpressionAttributeValues: av(`{":v":{"S":"b"}}`)})
	refusedAs(t, err, "ValidationException", "Cannot update attribute id. This attribute is part of the key")
	_, err = b.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("nope")})
	refusedAs(t, err, "ResourceNotFoundException", "Requested resource not found: Table: nope not found")
	_, err = b.tables.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: aws.String("orders"), BillingMode: "PAY_PER_REQUEST",
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}}})
	refusedAs(t, err, "ResourceInUseException", "Table already exists: orders")
	_, err = b.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String("arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000")})
	refusedAs(t, err, "ResourceNotFoundException", "Requested resource not found: Stream: arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000 not found")
}

func TestDynamoDBStreamViews(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	for view, want := range map[types.StreamViewType][]string{
		"KEYS_ONLY":          {"INSERT - - 3", "MODIFY - - 3", "REMOVE - - 3"},
		"NEW_IMAGE":          {"INSERT new1 - 9", "MODIFY new2 - 10", "REMOVE - - 3"},
		"OLD_IMAGE":          {"INSERT - - 3", "MODIFY - old1 9", "REMOVE - old2 10"},
		"NEW_AND_OLD_IMAGES": {"INSERT new1 - 9", "MODIFY new2 old1 16", "REMOVE - old2 10"},
	} {
		name := strings.ToLower(string(view))
		b.table(t, &dynamodb.CreateTableInput{TableName: &name, StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view}})
		key := av(`{"id":{"S":"a"}}`)
		b.putItem(t, name, `{"id":{"S":"a"},"n":{"N":"1"}}`)
		b.putItem(t, name, `{"id":{"S":"a"},"n":{"N":"1.0"}}`)                                                                                      // changes nothing
		if _, err := b.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &name, Key: key, UpdateExpression: aws.String("SET n = n + :z"), // nor does this
			ExpressionAttributeValues: av(`{":z":{"N":"0"}}`)}); err != nil {
			t.Fatal(err)
		}
		b.putItem(t, name, `{"id":{"S":"a"},"n":{"N":"123"}}`)
		for range 2 { // the second deletes nothing
			if _, err := b.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &name, Key: key}); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, r := range b.streamRecords(t, b.streamOf(t, name)) {
			d := r.Dynamodb
			line := string(r.EventName)
			for prefix, image := range map[string]map[string]streamtypes.AttributeValue{"new": d.NewImage, "old": d.OldImage} {
				text := "-"
				if n, ok := image["n"].(*streamtypes.AttributeValueMemberN); ok {
					text = prefix + map[string]string{"1": "1", "123": "2"}[n.Value]
				}
				if prefix == "new" {
					line = line[:6] + " " + text + line[6:]
				} else {
					line += " " + text
				}
			}
			got = append(got, fmt.Sprintf("%s %d", line, *d.SizeBytes))
			if d.StreamViewType != streamtypes.StreamViewType(view) || *r.EventVersion != "1.1" || len(*r.EventID) != 32 || len(d.Keys) != 1 {
				t.Errorf("%s: %+v", view, r)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", view, diff)
		}
	}
}

func TestDynamoDBStreamLives(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	on := &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_IMAGE"}
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("lives"), StreamSpecification: on})
	first := b.streamOf(t, "lives")
	b.putItem(t, "lives", `{"id":{"S":"a"}}`)
	_, err := b.tables.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String("lives"), StreamSpecification: on})
	refusedAs(t, err, "ValidationException", "Table already has an enabled stream: TableName: lives")
	if _, err := b.tables.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String("lives"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)}}); err != nil {
		t.Fatal(err)
	}
	b.putItem(t, "lives", `{"id":{"S":"b"}}`) // into no stream
	if _, err := b.tables.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: aws.String("lives"), StreamSpecification: on}); err != nil {
		t.Fatal(err)
	}
	again := b.streamOf(t, "lives")
	b.putItem(t, "lives", `{"id":{"S":"c"}}`)
	if *first == *again || len(b.streamRecords(t, first)) != 1 || len(b.streamRecords(t, again)) != 1 {
		t.Errorf("%s has %d records and %s %d", *first, len(b.streamRecords(t, first)), *again, len(b.streamRecords(t, again)))
	}
	d, err := b.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: first, Limit: aws.Int32(3)})
	if err != nil {
		t.Fatal(err)
	}
	s := d.StreamDescription
	if s.StreamStatus != "DISABLED" || len(s.Shards) != 3 || s.LastEvaluatedShardId == nil || s.Shards[0].SequenceNumberRange.EndingSequenceNumber == nil {
		t.Errorf("the closed stream: %+v", s)
	}
	rest, err := b.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: first, ExclusiveStartShardId: s.LastEvaluatedShardId})
	if err != nil || len(rest.StreamDescription.Shards) != 1 || rest.StreamDescription.LastEvaluatedShardId != nil {
		t.Errorf("the rest of its shards: %+v, %v", rest, err)
	}
	if _, err := b.control.AdvanceBy(ctx, 24*60*60*second); err != nil {
		t.Fatal(err)
	}
	if n := len(b.streamRecords(t, again)); n != 0 {
		t.Errorf("%d records are left after a day", n)
	}
	_, err = b.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: first})
	refusedAs(t, err, "ResourceNotFoundException", "not found")
	if n := b.count(t, `SELECT count(*) FROM dynamodb.records`); n != 0 {
		t.Errorf("%d records are still stored", n)
	}
	if _, err := b.tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: aws.String("lives")}); err != nil {
		t.Fatal(err)
	}
	list, err := b.streams.ListStreams(ctx, &dynamodbstreams.ListStreamsInput{TableName: aws.String("lives")})
	if err != nil || len(list.Streams) != 1 || *list.Streams[0].StreamArn != *again {
		t.Errorf("the stream of a deleted table lives on for a day: %+v, %v", list, err)
	}
}

func TestDynamoDBTimeToLive(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	name := aws.String("sessions")
	b.table(t, &dynamodb.CreateTableInput{TableName: name, StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "OLD_IMAGE"}})
	now := b.now(t).Unix()
	b.putItem(t, "sessions", fmt.Sprintf(`{"id":{"S":"before"},"until":{"N":"%d"}}`, now+60))
	if _, err := b.tables.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)}}); err != nil {
		t.Fatal(err)
	}
	b.putItem(t, "sessions", fmt.Sprintf(`{"id":{"S":"after"},"until":{"N":"%d"}}`, now+120))
	b.putItem(t, "sessions", fmt.Sprintf(`{"id":{"S":"prolonged"},"until":{"N":"%d"}}`, now+60))
	b.putItem(t, "sessions", fmt.Sprintf(`{"id":{"S":"prolonged"},"until":{"N":"%d"}}`, now+600))
	b.putItem(t, "sessions", `{"id":{"S":"text"},"until":{"S":"1"}}`)
	b.putItem(t, "sessions", `{"id":{"S":"ancient"},"until":{"N":"1000000000"}}`) // more than five years back: taken for a mistake
	for _, want := range []string{"after ancient before prolonged text", "after ancient prolonged text", "ancient prolonged text"} {
		out, err := b.tables.Scan(ctx, &dynamodb.ScanInput{TableName: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(out.Items); got != want {
			t.Errorf("%s instead of %s", got, want)
		}
		if _, err := b.control.AdvanceBy(ctx, 61*second); err != nil {
			t.Fatal(err)
		}
	}
	gone := 0
	for _, r := range b.streamRecords(t, b.streamOf(t, "sessions")) {
		if r.EventName == "REMOVE" {
			gone++
			if r.UserIdentity == nil || *r.UserIdentity.Type != "Service" || *r.UserIdentity.PrincipalId != "dynamodb.amazonaws.com" || r.Dynamodb.OldImage == nil {
				t.Errorf("a record of an expiry: %+v", r)
			}
		}
	}
	if gone != 2 {
		t.Errorf("%d items were recorded as expired", gone)
	}
}

// now is what the backend's clock shows.
func (b *bundle) now(t *testing.T) time.Time {
	t.Helper()
	c, err := b.control.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Now
}

// count runs a query of one number on the backend's database.
func (b *bundle) count(t *testing.T, sql string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), b.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func ids(items []map[string]types.AttributeValue) string {
	var list []string
	for _, it := range items {
		list = append(list, it["id"].(*types.AttributeValueMemberS).Value)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestDynamoDBQueriesAndScans(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	def := func(name string, kind types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: kind}
	}
	schema := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: &hash, KeyType: "HASH"}, {AttributeName: &sort, KeyType: "RANGE"}}
	}
	name := aws.String("events")
	b.table(t, &dynamodb.CreateTableInput{TableName: name, KeySchema: schema("id", "nr"),
		AttributeDefinitions: []types.AttributeDefinition{def("id", "S"), def("nr", "N"), def("kind", "S"), def("place", "N")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String("by-kind"), KeySchema: schema("kind", "place"),
			Projection: &types.Projection{ProjectionType: "INCLUDE", NonKeyAttributes: []string{"note"}}}},
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{IndexName: aws.String("by-rank"), KeySchema: schema("id", "place"), Projection: &types.Projection{ProjectionType: "KEYS_ONLY"}}},
	})
	for i := range 20 {
		b.putItem(t, "events", fmt.Sprintf(`{"id":{"S":"k%d"},"nr":{"N":"%d"},"place":{"N":"%d"},"kind":{"S":"%s"},"note":{"S":"n%d"},"secret":{"S":"x"}}`, i%2, i-10, -i, []string{"even", "odd"}[i%2], i))
	}
	b.putItem(t, "events", `{"id":{"S":"k0"},"nr":{"N":"99"}}`) // in no index
	query := func(index, key, values string, more func(*dynamodb.QueryInput)) []string {
		t.Helper()
		in := &dynamodb.QueryInput{TableName: name, KeyConditionExpression: &key, ExpressionAttributeValues: av(values)}
		if index != "" {
			in.IndexName = &index
		}
		if more != nil {
			more(in)
		}
		var got []string
		for {
			out, err := b.tables.Query(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range out.Items {
				got = append(got, it["nr"].(*types.AttributeValueMemberN).Value)
			}
			if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
				return got
			}
		}
	}
	for _, c := range []struct {
		what string
		got  []string
		want string
	}{
		{"all of a key, by number", query("", "id = :k", `{":k":{"S":"k0"}}`, nil), "-10 -8 -6 -4 -2 0 2 4 6 8 99"},
		{"backwards, in pages", query("", "id = :k", `{":k":{"S":"k0"}}`, func(in *dynamodb.QueryInput) { in.ScanIndexForward, in.Limit = aws.Bool(false), aws.Int32(3) }), "99 8 6 4 2 0 -2 -4 -6 -8 -10"},
		{"between", query("", "id = :k AND nr BETWEEN :a AND :b", `{":k":{"S":"k0"},":a":{"N":"-4"},":b":{"N":"2.0"}}`, nil), "-4 -2 0 2"},
		{"less, in pages", query("", ":a > nr AND id = :k", `{":k":{"S":"k0"},":a":{"N":"-4"}}`, func(in *dynamodb.QueryInput) { in.Limit = aws.Int32(2) }), "-10 -8 -6"},
		{"filtered after the limit", query("", "id = :k", `{":k":{"S":"k0"},":n":{"S":"n6"}}`, func(in *dynamodb.QueryInput) { in.FilterExpression, in.Limit = aws.String("note = :n"), aws.Int32(2) }), "-4"},
		{"a global index, by its sort key", query("by-kind", "kind = :k AND place >= :r", `{":k":{"S":"even"},":r":{"N":"-8"}}`, nil), "-2 -4 -6 -8 -10"},
		{"a global index in pages", query("by-kind", "kind = :k", `{":k":{"S":"odd"}}`, func(in *dynamodb.QueryInput) { in.Limit = aws.Int32(4) }), "9 7 5 3 1 -1 -3 -5 -7 -9"},
		{"a local index backwards", query("by-rank", "id = :k", `{":k":{"S":"k1"}}`, func(in *dynamodb.QueryInput) { in.ScanIndexForward, in.Limit = aws.Bool(false), aws.Int32(4) }), "-9 -7 -5 -3 -1 1 3 5 7 9"},
	} {
		if got := strings.Join(c.got, " "); got != c.want {
			t.Errorf("%s: %s", c.what, got)
		}
	}
	out, err := b.tables.Query(ctx, &dynamodb.QueryInput{TableName: name, IndexName: aws.String("by-kind"), KeyConditionExpression: aws.String("kind = :k AND place = :r"),
		ExpressionAttributeValues: av(`{":k":{"S":"even"},":r":{"N":"0"}}`)})
	if err != nil || len(out.Items) != 1 || sameItems(av(`{"id":{"S":"k0"},"nr":{"N":"-10"},"place":{"N":"0"},"kind":{"S":"even"},"note":{"S":"n0"}}`), out.Items[0]) != "" {
		t.Errorf("an index has what it projects: %+v, %v", out, err)
	}
	total := 0
	for segment := range int32(3) {
		in := &dynamodb.ScanInput{TableName: name, Segment: aws.Int32(segment), TotalSegments: aws.Int32(3), Limit: aws.Int32(2)}
		for {
			out, err := b.tables.Scan(ctx, in)
			if err != nil {
				t.Fatal(err)
			}
			total += len(out.Items)
			if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
				break
			}
		}
	}
	if total != 21 {
		t.Errorf("three segments have %d items", total)
	}
	counted, err := b.tables.Scan(ctx, &dynamodb.ScanInput{TableName: name, IndexName: aws.String("by-kind"), Select: "COUNT"})
	if err != nil || counted.Count != 20 || counted.Items != nil {
		t.Errorf("a count of an index: %+v, %v", counted, err)
	}
	_, err = b.tables.Query(ctx, &dynamodb.QueryInput{TableName: name, KeyConditionExpression: aws.String("nr = :a"), ExpressionAttributeValues: av(`{":a":{"N":"1"}}`)})
	refusedAs(t, err, "ValidationException", "Query condition missed key schema element: id")
}

func TestDynamoDBPagesEndAtOneMegabyte(t *testing.T) {
	b := setup(t)
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("large")})
	for i := range 6 {
		if _, err := b.tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("large"), Item: attrs{"id": &types.AttributeValueMemberS{Value: fmt.Sprint(i)},
			"x": &types.AttributeValueMemberS{Value: strings.Repeat("x", 300<<10)}}}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := b.tables.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("large")})
	if err != nil || len(out.Items) != 4 || out.LastEvaluatedKey == nil {
		t.Fatalf("%d items in a page, %v", len(out.Items), err)
	}
	out, err = b.tables.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("large"), ExclusiveStartKey: out.LastEvaluatedKey})
	if err != nil || len(out.Items) != 2 || out.LastEvaluatedKey != nil {
		t.Errorf("%d items in the next, %v", len(out.Items), err)
	}
}

func TestDynamoDBIndexOfATableWithItems(t *testing.T) {
	b := setup(t)
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("later")})
	b.putItem(t, "later", `{"id":{"S":"a"},"kind":{"S":"x"}}`)
	b.putItem(t, "later", `{"id":{"S":"b"}}`)
	if _, err := b.tables.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("later"),
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("kind"), AttributeType: "S"}},
		GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{IndexName: aws.String("by-kind"),
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("kind"), KeyType: "HASH"}}, Projection: &types.Projection{ProjectionType: "ALL"}}}}}); err != nil {
		t.Fatal(err)
	}
	b.putItem(t, "later", `{"id":{"S":"c"},"kind":{"S":"x"}}`)
	b.putItem(t, "later", `{"id":{"S":"a"},"kind":{"S":"y"}}`) // moves within the index
	out, err := b.tables.Query(t.Context(), &dynamodb.QueryInput{TableName: aws.String("later"), IndexName: aws.String("by-kind"), KeyConditionExpression: aws.String("kind = :k"),
		ExpressionAttributeValues: av(`{":k":{"S":"x"}}`)})
	if err != nil || ids(out.Items) != "c" {
		t.Errorf("%+v, %v", out, err)
	}
	_, err = b.tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("later"), Item: av(`{"id":{"S":"d"},"kind":{"N":"1"}}`)})
	refusedAs(t, err, "ValidationException", "Type mismatch for Index Key kind Expected: S Actual: N IndexName: by-kind")
}

func TestDynamoDBTransactions(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("accounts"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"}})
	b.putItem(t, "accounts", `{"id":{"S":"a"},"sum":{"N":"10"}}`)
	b.putItem(t, "accounts", `{"id":{"S":"b"},"sum":{"N":"0"}}`)
	transfer := func(amount string, token *string) error {
		move := func(id, update, condition string) types.TransactWriteItem {
			u := &types.Update{TableName: aws.String("accounts"), Key: av(`{"id":{"S":"` + id + `"}}`), UpdateExpression: &update,
				ExpressionAttributeNames: map[string]string{"#sum": "sum"}, ExpressionAttributeValues: av(`{":n":{"N":"` + amount + `"}}`)}
			if condition != "" {
				u.ConditionExpression = &condition
			}
			return types.TransactWriteItem{Update: u}
		}
		_, err := b.tables.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{ClientRequestToken: token, TransactItems: []types.TransactWriteItem{
			move("b", "SET #sum = #sum + :n", ""), move("a", "SET #sum = #sum - :n", "#sum >= :n")}})
		return err
	}
	err := transfer("11", nil)
	canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok || len(canceled.CancellationReasons) != 2 || *canceled.CancellationReasons[0].Code != "None" || *canceled.CancellationReasons[1].Code != "ConditionalCheckFailed" {
		t.Errorf("a transaction that cannot be done: %v", err)
	}
	for range 3 { // the token makes the second and third do nothing
		if err := transfer("4", aws.String("once")); err != nil {
			t.Fatal(err)
		}
	}
	refusedAs(t, transfer("5", aws.String("once")), "IdempotentParameterMismatchException", "")
	out, err := b.tables.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
		{Get: &types.Get{TableName: aws.String("accounts"), Key: av(`{"id":{"S":"a"}}`)}}, {Get: &types.Get{TableName: aws.String("accounts"), Key: av(`{"id":{"S":"b"}}`)}}}})
	if err != nil || sameItems(av(`{"id":{"S":"a"},"sum":{"N":"6"}}`), out.Responses[0].Item) != "" || sameItems(av(`{"id":{"S":"b"},"sum":{"N":"4"}}`), out.Responses[1].Item) != "" {
		t.Errorf("%+v, %v", out, err)
	}
	if n := len(b.streamRecords(t, b.streamOf(t, "accounts"))); n != 4 {
		t.Errorf("%d records: two puts and one transfer make four", n)
	}
}

func TestDynamoDBBatches(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("batch")})
	in := &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{}, ReturnConsumedCapacity: "TOTAL"}
	keys := types.KeysAndAttributes{ProjectionExpression: aws.String("id")}
	for i := range 25 {
		in.RequestItems["batch"] = append(in.RequestItems["batch"], types.WriteRequest{PutRequest: &types.PutRequest{Item: av(fmt.Sprintf(`{"id":{"S":"%02d"},"v":{"S":"x"}}`, i))}})
		keys.Keys = append(keys.Keys, av(fmt.Sprintf(`{"id":{"S":"%02d"}}`, i*2)))
	}
	out, err := b.tables.BatchWriteItem(ctx, in)
	if err != nil || len(out.ConsumedCapacity) != 1 || *out.ConsumedCapacity[0].CapacityUnits != 25 {
		t.Fatalf("%+v, %v", out, err)
	}
	got, err := b.tables.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"batch": keys}})
	if err != nil || len(got.Responses["batch"]) != 13 || len(got.Responses["batch"][0]) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	in.RequestItems["batch"] = append(in.RequestItems["batch"], in.RequestItems["batch"][0])
	_, err = b.tables.BatchWriteItem(ctx, in)
	refusedAs(t, err, "ValidationException", "Too many items requested for the BatchWriteItem call")
	in.RequestItems["batch"] = in.RequestItems["batch"][24:]
	in.RequestItems["batch"] = append(in.RequestItems["batch"], in.RequestItems["batch"][0])
	_, err = b.tables.BatchWriteItem(ctx, in)
	refusedAs(t, err, "ValidationException", "Provided list of item keys contains duplicates")
}

// Many callers count in the same items at once: nothing is lost, conditions are never wrong, and each item's records are in
// the order of its values.
func TestDynamoDBWritersAtOnce(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("counts"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_IMAGE"}})
	const writers, each = 8, 40
	var wg sync.WaitGroup
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				if _, err := b.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String("counts"), Key: av(fmt.Sprintf(`{"id":{"S":"%d"}}`, (w+i)%5)),
					UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: av(`{":one":{"N":"1"}}`)}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	last := map[string]int{}
	records := b.streamRecords(t, b.streamOf(t, "counts"))
	for _, r := range records {
		id := r.Dynamodb.Keys["id"].(*streamtypes.AttributeValueMemberS).Value
		var n int
		if _, err := fmt.Sscan(r.Dynamodb.NewImage["n"].(*streamtypes.AttributeValueMemberN).Value, &n); err != nil || n != last[id]+1 {
			t.Fatalf("item %s goes from %d to %d (%v)", id, last[id], n, err)
		}
		last[id] = n
	}
	if len(records) != writers*each {
		t.Errorf("%d records of %d writes", len(records), writers*each)
	}
}

// What a function receives (recorded from AWS in 2025): the members and their order, whole seconds, both images.
func TestDynamoDBEventsOfAFunction(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}`)
	b.function(t, "f", "r", "import json\ndef handler(event, context):\n    print('EVENT ' + json.dumps(event, separators=(',', ':')))\n")
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("orders"), BillingMode: "PROVISIONED",
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_AND_OLD_IMAGES"}})
	if _, err := b.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: b.streamOf(t, "orders"),
		StartingPosition: "TRIM_HORIZON"}); err != nil {
		t.Fatal(err)
	}
	b.putItem(t, "orders", `{"id":{"S":"a"},"n":{"N":"1.50"}}`)
	b.drain(t)
	b.putItem(t, "orders", `{"id":{"S":"a"},"l":{"L":[{"S":"<&>"}]}}`)
	b.drain(t)
	var got []string
	for line := range strings.Lines(b.logs(t, "f")) {
		if _, event, ok := strings.Cut(strings.TrimSpace(line), "EVENT "); ok {
			got = append(got, regexp.MustCompile(`"eventID":"[0-9a-f]{32}"`).ReplaceAllString(event, `"eventID":"X"`))
		}
	}
	const source = `"eventSourceARN":"arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026-01-01T00:00:00.000"}]}`
	want := []string{
		`{"Records":[{"eventID":"X","eventName":"INSERT","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1767225600,` +
			`"Keys":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"},"n":{"N":"1.5"}},"SequenceNumber":"100000000000000000000000000001","SizeBytes":9,"StreamViewType":"NEW_AND_OLD_IMAGES"},` + source,
		`{"Records":[{"eventID":"X","eventName":"MODIFY","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-east-1","dynamodb":{"ApproximateCreationDateTime":1767225600,` +
			`"Keys":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"},"l":{"L":[{"S":"<&>"}]}},"OldImage":{"id":{"S":"a"},"n":{"N":"1.5"}},"SequenceNumber":"100000000000000000000000000002","SizeBytes":20,"StreamViewType":"NEW_AND_OLD_IMAGES"},` + source,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// logs is what a function has written.
func (b *bundle) logs(t *testing.T, function string) string {
	t.Helper()
	resp, err := http.Get(b.b.URL() + control.Prefix + "functions/" + function + "/logs")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A write is durable before it is answered: whoever has the answer finds the item, and its record, by another connection.
func TestDynamoDBAnswersAfterTheCommit(t *testing.T) {
	b := setup(t)
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("durable"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"}})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			conn, err := pgx.Connect(t.Context(), b.url)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close(t.Context())
			for i := range 25 {
				id := fmt.Sprintf("%d-%d", w, i)
				if _, err := b.tables.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("durable"), Item: av(`{"id":{"S":"` + id + `"}}`)}); err != nil {
					t.Error(err)
				}
				var items, records int
				if err := conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM dynamodb.items WHERE hash = $1), (SELECT count(*) FROM dynamodb.records WHERE keys = $2)`,
					[]byte(id), []byte(`{"id":{"S":"`+id+`"}}`)).Scan(&items, &records); err != nil || items != 1 || records != 1 {
					t.Errorf("%s: %d items and %d records, %v", id, items, records, err)
				}
			}
		}()
	}
	wg.Wait()
}

// What is there survives a restart, and what was planned comes again: expiry, trimming, the position of a stream.
func TestDynamoDBAfterARestart(t *testing.T) {
	url := pgtest.URL(t)
	cfg := backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: url}
	name := aws.String("kept")
	t.Run("before", func(t *testing.T) {
		b := setupOn(t, cfg)
		b.table(t, &dynamodb.CreateTableInput{TableName: name, StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "OLD_IMAGE"}})
		if _, err := b.tables.UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: name,
			TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)}}); err != nil {
			t.Fatal(err)
		}
		b.putItem(t, "kept", fmt.Sprintf(`{"id":{"S":"mortal"},"until":{"N":"%d"}}`, b.now(t).Unix()+100))
		b.putItem(t, "kept", `{"id":{"S":"here"}}`)
	})
	b := setupOn(t, cfg)
	b.putItem(t, "kept", `{"id":{"S":"later"}}`)
	if _, err := b.control.AdvanceBy(t.Context(), 101*second); err != nil {
		t.Fatal(err)
	}
	out, err := b.tables.Scan(t.Context(), &dynamodb.ScanInput{TableName: name})
	if err != nil || ids(out.Items) != "here later" {
		t.Errorf("%s, %v", ids(out.Items), err)
	}
	if n := len(b.streamRecords(t, b.streamOf(t, "kept"))); n != 4 {
		t.Errorf("%d records of three inserts and an expiry", n)
	}
	if _, err := b.control.AdvanceBy(t.Context(), 24*60*60*second); err != nil {
		t.Fatal(err)
	}
	if n := b.count(t, `SELECT count(*) FROM dynamodb.records`); n != 0 {
		t.Errorf("%d records are stored after a day", n)
	}
}

func TestDynamoDBPermissions(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("mine"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"}})
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("yours")})
	user := aws.String("u")
	if _, err := b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: user}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.iam.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: user, PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["dynamodb:PutItem","dynamodb:UpdateItem","dynamodb:BatchWriteItem"],"Resource":"arn:aws:dynamodb:us-east-1:000000000000:table/mine"},
		{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"arn:aws:dynamodb:us-east-1:000000000000:table/mine",
		 "Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"]}}}]}`)}); err != nil {
		t.Fatal(err)
	}
	key, err := b.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	if err != nil {
		t.Fatal(err)
	}
	u := newClients(b.b.URL(), *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	must := func(what string, err error, allowed bool) {
		t.Helper()
		if allowed && err != nil {
			t.Errorf("%s: %v", what, err)
		} else if !allowed {
			refusedAs(t, err, "AccessDeniedException", "is not authorized to perform: dynamodb:")
		}
	}
	put := func(table string) types.WriteRequest {
		return types.WriteRequest{PutRequest: &types.PutRequest{Item: av(`{"id":{"S":"` + table + `"}}`)}}
	}
	_, err = u.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("mine"), Item: av(`{"id":{"S":"a"}}`)})
	must("PutItem", err, true)
	_, err = u.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("yours"), Item: av(`{"id":{"S":"a"}}`)})
	must("PutItem elsewhere", err, false)
	_, err = u.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String("mine"), Key: av(`{"id":{"S":"a"}}`)})
	must("DeleteItem", err, false)
	_, err = u.tables.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"mine": {put("x")}, "yours": {put("x")}}})
	must("BatchWriteItem of both", err, false)
	_, err = u.tables.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String("mine"), Item: av(`{"id":{"S":"t"}}`)}}, {Delete: &types.Delete{TableName: aws.String("mine"), Key: av(`{"id":{"S":"a"}}`)}}}})
	must("a transaction with a deletion", err, false)
	for id, allowed := range map[string]bool{"a": true, "b": false} {
		_, err = u.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("mine"), Key: av(`{"id":{"S":"` + id + `"}}`)})
		must("GetItem of "+id, err, allowed)
		_, err = u.tables.Query(ctx, &dynamodb.QueryInput{TableName: aws.String("mine"), KeyConditionExpression: aws.String("id = :i"), ExpressionAttributeValues: av(`{":i":{"S":"` + id + `"}}`)})
		must("Query of "+id, err, allowed)
	}
	_, err = u.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: b.streamOf(t, "mine")})
	must("DescribeStream", err, false)
}

func TestDynamoDBShardIterators(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("iterators"), BillingMode: "PROVISIONED", StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"}})
	arn := b.streamOf(t, "iterators")
	for _, id := range []string{"a", "b", "c"} {
		b.putItem(t, "iterators", `{"id":{"S":"`+id+`"}}`)
		if _, err := b.control.AdvanceBy(ctx, 60*second); err != nil {
			t.Fatal(err)
		}
	}
	d, err := b.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		t.Fatal(err)
	}
	shard := d.StreamDescription.Shards[0].ShardId
	all := b.streamRecords(t, arn)
	iterator := func(kind streamtypes.ShardIteratorType, sequence *string, at *time.Time) (*string, error) {
		out, err := b.streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: kind, SequenceNumber: sequence, Timestamp: at})
		if err != nil {
			return nil, err
		}
		return out.ShardIterator, nil
	}
	for _, c := range []struct {
		kind     streamtypes.ShardIteratorType
		sequence *string
		at       *time.Time
		want     string
	}{
		{"TRIM_HORIZON", nil, nil, "abc"}, {"LATEST", nil, nil, ""}, {"AT_SEQUENCE_NUMBER", all[1].Dynamodb.SequenceNumber, nil, "bc"},
		{"AFTER_SEQUENCE_NUMBER", all[1].Dynamodb.SequenceNumber, nil, "c"}, {"AT_TIMESTAMP", nil, all[1].Dynamodb.ApproximateCreationDateTime, "bc"},
	} {
		it, err := iterator(c.kind, c.sequence, c.at)
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		out, err := b.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: it})
		if err != nil {
			t.Errorf("%s: %v", c.kind, err)
			continue
		}
		got := ""
		for _, r := range out.Records {
			got += r.Dynamodb.Keys["id"].(*streamtypes.AttributeValueMemberS).Value
		}
		if got != c.want || out.NextShardIterator == nil {
			t.Errorf("%s gives %q", c.kind, got)
		}
	}
	old, err := iterator("TRIM_HORIZON", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.control.AdvanceBy(ctx, 15*60*second+second); err != nil {
		t.Fatal(err)
	}
	_, err = b.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: old})
	refusedAs(t, err, "ExpiredIteratorException", "15 minutes")
	if _, err := b.control.AdvanceBy(ctx, 24*60*60*second); err != nil {
		t.Fatal(err)
	}
	_, err = iterator("AT_SEQUENCE_NUMBER", all[0].Dynamodb.SequenceNumber, nil)
	refusedAs(t, err, "TrimmedDataAccessException", "24 hour")
	_, err = b.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: aws.String("rubbish")})
	refusedAs(t, err, "ValidationException", "Invalid ShardIterator")
}

// A table that is deleted, reset or made anew while others use it is never found as it was before.
func TestDynamoDBTablesComeAndGo(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	name := aws.String("brief")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				_, err := b.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: name, Item: av(`{"id":{"S":"x"}}`)})
				if err != nil {
					refusedAs(t, err, "ResourceNotFoundException", "Requested resource not found")
				}
			}
		}()
	}
	for range 10 {
		b.table(t, &dynamodb.CreateTableInput{TableName: name})
		if _, err := b.tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: name}); err != nil {
			t.Error(err)
		}
	}
	b.table(t, &dynamodb.CreateTableInput{TableName: name})
	close(stop)
	wg.Wait()
	b.putItem(t, "brief", `{"id":{"S":"y"}}`)
	if n := b.count(t, `SELECT count(*) FROM dynamodb.items WHERE tbl NOT IN (SELECT id FROM dynamodb.tables)`); n != 0 {
		t.Errorf("%d items of no table", n)
	}
	if err := b.control.Reset(ctx, account); err != nil {
		t.Fatal(err)
	}
	_, err := b.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: name})
	refusedAs(t, err, "ResourceNotFoundException", "Table: brief not found")
}

// The order in which pollers are woken is that of their turns on a virtual clock, so it must be the same in every run.
func TestTheShardsThatOneWriteTouchesAreWokenInOrder(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}]}`)
	b.function(t, "f", "r", "def handler(event, context): pass")
	if err := b.control.PutScript(ctx, "f", control.Script{Outcomes: []control.ScriptedOutcome{{}}}); err != nil {
		t.Fatal(err)
	}
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("orders"),
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"}})
	if _, err := b.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: b.streamOf(t, "orders"),
		StartingPosition: "TRIM_HORIZON"}); err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	for i := range 6 {
		var items []types.WriteRequest
		for n := range 25 {
			items = append(items, types.WriteRequest{PutRequest: &types.PutRequest{Item: av(fmt.Sprintf(`{"id":{"S":"%d-%d"}}`, i, n))}})
		}
		if _, err := b.tables.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"orders": items}}); err != nil {
			t.Fatal(err)
		}
		b.drain(t)
	}
	list, err := b.control.Deliveries(ctx, control.DeliveriesQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range list {
		got = append(got, d.Steps[0].Reason[len(d.Steps[0].Reason)-1:])
	}
	if want := strings.Repeat("0123", 6); strings.Join(got, "") != want {
		t.Errorf("shards were read in the order %s, want %s", strings.Join(got, ""), want)
	}
}
