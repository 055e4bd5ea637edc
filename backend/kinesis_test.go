package backend_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// wantError holds an error to a code and a text; an empty text is any.
func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || text != "" && e.ErrorMessage() != text {
		t.Errorf("error %v\nwant  %s: %s", err, code, text)
	}
}

func (b *bundle) stream(t *testing.T, name string, shards int32) {
	t.Helper()
	_, err := b.kinesis.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards})
	must(t, err)
}

func (b *bundle) record(t *testing.T, stream, key, data string) *kinesis.PutRecordOutput {
	t.Helper()
	out, err := b.kinesis.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &stream, PartitionKey: &key, Data: []byte(data)})
	must(t, err)
	return out
}

// readFrom reads a shard to its end.
func (b *bundle) readFrom(t *testing.T, in *kinesis.GetShardIteratorInput) (data []string) {
	t.Helper()
	it, err := b.kinesis.GetShardIterator(t.Context(), in)
	must(t, err)
	next := it.ShardIterator
	for {
		out, err := b.kinesis.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: next, Limit: aws.Int32(2)})
		must(t, err)
		if len(out.Records) == 0 {
			return data
		}
		for _, r := range out.Records {
			data = append(data, string(r.Data))
		}
		next = out.NextShardIterator
	}
}

const firstShard = "shardId-000000000000"

func TestKinesisStreams(t *testing.T) {
	b, ctx := setup(t), t.Context()
	b.stream(t, "s", 3)
	t.Run("a second stream of the name is refused", func(t *testing.T) {
		_, err := b.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(1)})
		wantError(t, err, "ResourceInUseException", "Stream s under account 000000000000 already exists.")
	})
	t.Run("the shards share the hash keys without a gap", func(t *testing.T) {
		out, err := b.kinesis.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("s")})
		must(t, err)
		next := "0"
		for i, s := range out.StreamDescription.Shards {
			if *s.ShardId != fmt.Sprintf("shardId-%012d", i) || *s.HashKeyRange.StartingHashKey != next {
				t.Errorf("shard %s begins at %s, want %s", *s.ShardId, *s.HashKeyRange.StartingHashKey, next)
			}
			end, _ := new(big.Int).SetString(*s.HashKeyRange.EndingHashKey, 10)
			next = end.Add(end, big.NewInt(1)).String()
		}
		if next != "340282366920938463463374607431768211456" || out.StreamDescription.StreamStatus != types.StreamStatusActive {
			t.Errorf("the shards end at %s, the stream is %s", next, out.StreamDescription.StreamStatus)
		}
	})
	t.Run("a stream that is not there is not found", func(t *testing.T) {
		_, err := b.kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("none")})
		wantError(t, err, "ResourceNotFoundException", "Stream none under account 000000000000 not found.")
	})
	t.Run("it is found by its ARN, and listed", func(t *testing.T) {
		out, err := b.kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamARN: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/s")})
		must(t, err)
		list, err := b.kinesis.ListStreams(ctx, &kinesis.ListStreamsInput{})
		must(t, err)
		if *out.StreamDescriptionSummary.OpenShardCount != 3 || !slices.Equal(list.StreamNames, []string{"s"}) {
			t.Errorf("%d shards; listed %q", *out.StreamDescriptionSummary.OpenShardCount, list.StreamNames)
		}
	})
	t.Run("what is not simulated is refused by name", func(t *testing.T) {
		_, err := b.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("d"), ShardCount: aws.Int32(1), MaxRecordSizeInKiB: aws.Int32(2048)})
		if err == nil || !strings.Contains(err.Error(), "MaxRecordSizeInKiB") {
			t.Errorf("%v, want an error that names MaxRecordSizeInKiB", err)
		}
		_, err = b.kinesis.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/s"), ConsumerName: aws.String("c")})
		if err == nil || !strings.Contains(err.Error(), "RegisterStreamConsumer") {
			t.Errorf("%v, want an error that names RegisterStreamConsumer", err)
		}
	})
	t.Run("tags come and go", func(t *testing.T) {
		_, err := b.kinesis.AddTagsToStream(ctx, &kinesis.AddTagsToStreamInput{StreamName: aws.String("s"), Tags: map[string]string{"a": "1", "b": "2"}})
		must(t, err)
		_, err = b.kinesis.RemoveTagsFromStream(ctx, &kinesis.RemoveTagsFromStreamInput{StreamName: aws.String("s"), TagKeys: []string{"a"}})
		must(t, err)
		out, err := b.kinesis.ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: aws.String("s")})
		must(t, err)
		if len(out.Tags) != 1 || *out.Tags[0].Key != "b" {
			t.Errorf("tags %v", out.Tags)
		}
	})
}

func TestKinesisRecords(t *testing.T) {
	b, ctx := setup(t), t.Context()
	b.stream(t, "s", 1)
	first := b.record(t, "s", "k", "a")
	_, err := b.control.AdvanceBy(ctx, time.Minute)
	must(t, err)
	second := b.record(t, "s", "k", "b")
	b.record(t, "s", "k", "c")
	from := func(kind types.ShardIteratorType, sequence *string, at *time.Time) *kinesis.GetShardIteratorInput {
		return &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: aws.String(firstShard), ShardIteratorType: kind,
			StartingSequenceNumber: sequence, Timestamp: at}
	}
	later := time.Date(2026, 1, 1, 0, 0, 30, 0, time.UTC)
	for name, c := range map[string]struct {
		in   *kinesis.GetShardIteratorInput
		want []string
	}{
		"TRIM_HORIZON begins with the oldest":       {from("TRIM_HORIZON", nil, nil), []string{"a", "b", "c"}},
		"LATEST begins after the newest":            {from("LATEST", nil, nil), nil},
		"AT_TIMESTAMP begins at an instant":         {from("AT_TIMESTAMP", nil, &later), []string{"b", "c"}},
		"AT_SEQUENCE_NUMBER begins with the record": {from("AT_SEQUENCE_NUMBER", second.SequenceNumber, nil), []string{"b", "c"}},
		"AFTER_SEQUENCE_NUMBER begins behind it":    {from("AFTER_SEQUENCE_NUMBER", second.SequenceNumber, nil), []string{"c"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := b.readFrom(t, c.in); !slices.Equal(got, c.want) {
				t.Errorf("read %q, want %q", got, c.want)
			}
		})
	}
	t.Run("sequence numbers grow", func(t *testing.T) {
		if *first.SequenceNumber >= *second.SequenceNumber || len(*first.SequenceNumber) != len(*second.SequenceNumber) {
			t.Errorf("%s, then %s", *first.SequenceNumber, *second.SequenceNumber)
		}
	})
	t.Run("an iterator expires after five minutes", func(t *testing.T) {
		it, err := b.kinesis.GetShardIterator(ctx, from("LATEST", nil, nil))
		must(t, err)
		_, err = b.control.AdvanceBy(ctx, 5*time.Minute+time.Second)
		must(t, err)
		_, err = b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
		wantError(t, err, "ExpiredIteratorException", "")
	})
	t.Run("a shard that is not there is not found", func(t *testing.T) {
		in := from("LATEST", nil, nil)
		in.ShardId = aws.String("shardId-000000000007")
		_, err := b.kinesis.GetShardIterator(ctx, in)
		wantError(t, err, "ResourceNotFoundException", "Shard shardId-000000000007 in stream s under account 000000000000 does not exist")
	})
	t.Run("a record over 1 MiB is refused", func(t *testing.T) {
		_, err := b.kinesis.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), Data: bytes.Repeat([]byte("x"), 1<<20)})
		wantError(t, err, "ValidationException", "")
	})
	t.Run("an explicit hash key goes before the partition key", func(t *testing.T) {
		b.stream(t, "two", 2)
		for hash, shard := range map[string]string{"0": firstShard, "340282366920938463463374607431768211455": "shardId-000000000001"} {
			out, err := b.kinesis.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("two"), PartitionKey: aws.String("k"), ExplicitHashKey: &hash, Data: []byte("x")})
			must(t, err)
			if *out.ShardId != shard {
				t.Errorf("hash key %s went to %s, want %s", hash, *out.ShardId, shard)
			}
		}
	})
}

func TestKinesisRecordsAreTrimmed(t *testing.T) {
	cfg := backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t)}
	b, ctx := setupOn(t, cfg), t.Context()
	b.stream(t, "s", 2)
	count := func() (n int) {
		must(t, query(t, b.url, `SELECT count(*) FROM kinesis.records`, &n))
		return n
	}
	b.record(t, "s", "k", "a")
	advance := func(d time.Duration) {
		_, err := b.control.AdvanceBy(ctx, d)
		must(t, err)
	}
	advance(12 * time.Hour)
	b.record(t, "s", "k", "b")
	advance(12 * time.Hour)
	if n := count(); n != 1 {
		t.Errorf("%d records are kept after 24 h, want the one of 12 h ago", n)
	}
	_, err := b.kinesis.IncreaseStreamRetentionPeriod(ctx, &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: aws.String("s"), RetentionPeriodHours: aws.Int32(48)})
	must(t, err)
	advance(24 * time.Hour)
	if n := count(); n != 1 {
		t.Errorf("%d records are kept, want 1: the retention is 48 h now", n)
	}
	must(t, b.b.Close(ctx))
	b = setupOn(t, cfg)
	advance(12*time.Hour + time.Minute)
	if n := count(); n != 0 {
		t.Errorf("%d records are kept after their retention, want none", n)
	}
}
