package backend_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// generations says of each shard of a stream which one it follows, and whether it is closed.
func (b *bundle) generations(t *testing.T, stream *string, filter *streamtypes.ShardFilter) (lines []string, list []streamtypes.Shard) {
	t.Helper()
	d, err := b.streams.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: stream, ShardFilter: filter})
	must(t, err)
	for _, s := range d.StreamDescription.Shards {
		line := (*s.ShardId)[len(*s.ShardId)-2:]
		if s.ParentShardId != nil {
			line += " of " + (*s.ParentShardId)[len(*s.ParentShardId)-2:]
		}
		if s.SequenceNumberRange.EndingSequenceNumber != nil {
			line += " closed"
		}
		lines = append(lines, line)
	}
	return lines, d.StreamDescription.Shards
}

func TestDynamoDBShardsAreFollowedByOthers(t *testing.T) {
	cfg := backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t)}
	b, ctx := setupOn(t, cfg), t.Context()
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("rolls"), BillingMode: "PROVISIONED", StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"}})
	stream := b.streamOf(t, "rolls")
	put := func(id string) { b.putItem(t, "rolls", `{"id":{"S":"`+id+`"}}`) }
	want := func(lines ...string) {
		t.Helper()
		if got, _ := b.generations(t, stream, nil); !slices.Equal(got, lines) {
			t.Errorf("shards %q, want %q", got, lines)
		}
	}
	b.pass(t, 5*time.Hour)
	put("a") // a shard without records stays, however old it is
	b.pass(t, 4*time.Hour-time.Second)
	put("b")
	want("00")
	b.pass(t, time.Second)
	put("c")
	put("d")
	want("00 closed", "01 of 00")
	must(t, b.b.Close(ctx))
	b = setupOn(t, cfg)
	b.pass(t, 4*time.Hour)
	put("e")
	want("00 closed", "01 of 00 closed", "02 of 01")
	_, list := b.generations(t, stream, nil)
	for i := 1; i < len(list); i++ {
		if end, next := *list[i-1].SequenceNumberRange.EndingSequenceNumber, *list[i].SequenceNumberRange.StartingSequenceNumber; end >= next {
			t.Errorf("shard %d ends with %s, the next begins with %s", i-1, end, next)
		}
	}
	t.Run("each is read to its end", func(t *testing.T) {
		var read []string
		for i, s := range list {
			it, err := b.streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: stream, ShardId: s.ShardId, ShardIteratorType: "TRIM_HORIZON"})
			must(t, err)
			out, err := b.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: it.ShardIterator})
			must(t, err)
			text := ""
			for _, r := range out.Records {
				text += r.Dynamodb.Keys["id"].(*streamtypes.AttributeValueMemberS).Value
			}
			if read = append(read, text); (out.NextShardIterator == nil) != (i < 2) {
				t.Errorf("shard %d: next %v", i, out.NextShardIterator)
			}
			it, err = b.streams.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{StreamArn: stream, ShardId: s.ShardId, ShardIteratorType: "LATEST"})
			must(t, err)
			out, err = b.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: it.ShardIterator})
			must(t, err)
			if len(out.Records) != 0 {
				t.Errorf("shard %d has %d records after its newest", i, len(out.Records))
			}
		}
		if fmt.Sprint(read) != "[ab cd e]" {
			t.Errorf("read %q", read)
		}
	})
	t.Run("a shard's children are asked for", func(t *testing.T) {
		if got, _ := b.generations(t, stream, &streamtypes.ShardFilter{Type: "CHILD_SHARDS", ShardId: list[0].ShardId}); !slices.Equal(got, []string{"01 of 00 closed"}) {
			t.Errorf("%q", got)
		}
		_, err := b.streams.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: stream, ShardFilter: &streamtypes.ShardFilter{Type: "CHILD_SHARDS"}})
		refusedAs(t, err, "ValidationException", "ShardId")
	})
	t.Run("one that was closed a day ago is gone", func(t *testing.T) {
		b.pass(t, 20*time.Hour)
		want("01 of 00 closed", "02 of 01")
		var n int
		must(t, query(t, b.url, `SELECT count(*) FROM dynamodb.shards`, &n))
		if n != 2 {
			t.Errorf("%d shards are kept", n)
		}
	})
}

// Four partitions, each with shards of its own, and a mapping that finds them.
func TestDynamoDBShardsOfSeveralPartitions(t *testing.T) {
	b := setup(t)
	b.table(t, &dynamodb.CreateTableInput{TableName: aws.String("rolls"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "KEYS_ONLY"}})
	stream := b.streamOf(t, "rolls")
	for range 3 {
		for i := range 20 {
			_, err := b.tables.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: aws.String("rolls"), Key: av(fmt.Sprintf(`{"id":{"S":"%d"}}`, i)),
				UpdateExpression: aws.String("ADD n :one"), ExpressionAttributeValues: av(`{":one":{"N":"1"}}`)})
			must(t, err)
		}
		b.pass(t, 4*time.Hour)
	}
	want := []string{"00 closed", "01 closed", "02 closed", "03 closed", "04 of 00 closed", "05 of 01 closed", "06 of 02 closed", "07 of 03 closed", "08 of 04", "09 of 05", "0a of 06", "0b of 07"}
	if got, _ := b.generations(t, stream, nil); !slices.Equal(got, want) {
		t.Errorf("shards %q", got)
	}
	seen := map[string]int{}
	for _, r := range b.streamRecords(t, stream) {
		id := r.Dynamodb.Keys["id"].(*streamtypes.AttributeValueMemberS).Value
		if seen[id]++; (r.EventName == "INSERT") != (seen[id] == 1) {
			t.Errorf("record %d of %s is %s", seen[id], id, r.EventName)
		}
	}
	for id, n := range seen {
		if n != 3 || len(seen) != 20 {
			t.Errorf("%d records of %s, %d items", n, id, len(seen))
		}
	}
	_, err := b.tables.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("rolls"), StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)}})
	must(t, err)
	if got, _ := b.generations(t, stream, nil); len(got) != 12 || got[11] != "0b of 07 closed" {
		t.Errorf("after it was disabled: %q", got)
	}
}
