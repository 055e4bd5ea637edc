package backend_test

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

const half = "170141183460469231731687303715884105728" // of the hash keys

func shardName(n int) *string { return aws.String(fmt.Sprintf("shardId-%012d", n)) }

func (b *bundle) shards(t *testing.T, in kinesis.ListShardsInput) []types.Shard {
	t.Helper()
	if in.StreamName == nil && in.NextToken == nil {
		in.StreamName = aws.String("s")
	}
	out, err := b.kinesis.ListShards(t.Context(), &in)
	must(t, err)
	return out.Shards
}

// outline says of each shard its number, its parents and whether it is closed.
func outline(list []types.Shard) (lines []string) {
	short := func(id *string) string {
		return strings.TrimLeft(strings.TrimPrefix(aws.ToString(id), "shardId-"), "0")
	}
	for _, s := range list {
		line := "0" + short(s.ShardId)
		if s.ParentShardId != nil {
			line += " of 0" + short(s.ParentShardId)
		}
		if s.AdjacentParentShardId != nil {
			line += " and 0" + short(s.AdjacentParentShardId)
		}
		if s.SequenceNumberRange.EndingSequenceNumber != nil {
			line += " closed"
		}
		lines = append(lines, line)
	}
	return lines
}

func wantOutline(t *testing.T, got []types.Shard, want ...string) {
	t.Helper()
	if have := outline(got); !slices.Equal(have, want) {
		t.Errorf("shards %q\nwant   %q", have, want)
	}
}

func (b *bundle) split(t *testing.T, n int, at string) error {
	t.Helper()
	_, err := b.kinesis.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: aws.String("s"), ShardToSplit: shardName(n), NewStartingHashKey: &at})
	return err
}

func (b *bundle) merge(t *testing.T, n, adjacent int) error {
	t.Helper()
	_, err := b.kinesis.MergeShards(t.Context(), &kinesis.MergeShardsInput{StreamName: aws.String("s"), ShardToMerge: shardName(n), AdjacentShardToMerge: shardName(adjacent)})
	return err
}

func (b *bundle) scale(t *testing.T, target int32) (*kinesis.UpdateShardCountOutput, error) {
	t.Helper()
	return b.kinesis.UpdateShardCount(t.Context(), &kinesis.UpdateShardCountInput{StreamName: aws.String("s"), TargetShardCount: &target, ScalingType: types.ScalingTypeUniformScaling})
}

func (b *bundle) pass(t *testing.T, d time.Duration) {
	t.Helper()
	_, err := b.control.AdvanceBy(t.Context(), d)
	must(t, err)
}

func TestKinesisSplitAndMerge(t *testing.T) {
	b, ctx := setup(t), t.Context()
	b.stream(t, "s", 1)
	first := b.record(t, "s", "k", "a")
	must(t, b.split(t, 0, half))
	second := b.record(t, "s", "k", "b")
	list := b.shards(t, kinesis.ListShardsInput{})
	wantOutline(t, list, "0 closed", "01 of 0", "02 of 0")
	end := *list[0].SequenceNumberRange.EndingSequenceNumber
	if end <= *first.SequenceNumber || *second.SequenceNumber <= end || *list[1].SequenceNumberRange.StartingSequenceNumber <= end {
		t.Errorf("the parent's record is %s, its end %s, the child's %s", *first.SequenceNumber, end, *second.SequenceNumber)
	}
	if low, high := *list[1].HashKeyRange, *list[2].HashKeyRange; *low.StartingHashKey != "0" || *high.StartingHashKey != half ||
		*low.EndingHashKey != "170141183460469231731687303715884105727" || *high.EndingHashKey != "340282366920938463463374607431768211455" {
		t.Errorf("the children have %v to %v, %v to %v", *low.StartingHashKey, *low.EndingHashKey, *high.StartingHashKey, *high.EndingHashKey)
	}
	t.Run("the parent is readable to its end, and then names its children", func(t *testing.T) {
		it, err := b.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: shardName(0), ShardIteratorType: "TRIM_HORIZON"})
		must(t, err)
		out, err := b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
		must(t, err)
		if len(out.Records) != 1 || out.NextShardIterator != nil || len(out.ChildShards) != 2 {
			t.Fatalf("%d records, next %v, %d children", len(out.Records), out.NextShardIterator, len(out.ChildShards))
		}
		if c := out.ChildShards[1]; *c.ShardId != *shardName(2) || !slices.Equal(c.ParentShards, []string{*shardName(0)}) || *c.HashKeyRange.StartingHashKey != half {
			t.Errorf("a child is %+v", c)
		}
	})
	t.Run("one iterator after another, page by page, ends too", func(t *testing.T) {
		it, err := b.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: shardName(0), ShardIteratorType: "LATEST"})
		must(t, err)
		out, err := b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
		must(t, err)
		if len(out.Records) != 0 || out.NextShardIterator != nil || len(out.ChildShards) != 2 {
			t.Errorf("%d records, next %v, %d children", len(out.Records), out.NextShardIterator, len(out.ChildShards))
		}
	})
	must(t, b.merge(t, 1, 2))
	wantOutline(t, b.shards(t, kinesis.ListShardsInput{}), "0 closed", "01 of 0 closed", "02 of 0 closed", "03 of 01 and 02")
	summary, err := b.kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
	must(t, err)
	if n := *summary.StreamDescriptionSummary.OpenShardCount; n != 1 {
		t.Errorf("%d shards are open", n)
	}
	t.Run("what is no pair, not open or not there is refused", func(t *testing.T) {
		wantError(t, b.split(t, 0, half), "InvalidArgumentException", "Shard shardId-000000000000 in stream s under account 000000000000 has already been merged or split, and thus is not eligible for merging or splitting.")
		wantError(t, b.split(t, 9, half), "ResourceNotFoundException", "Could not find shard shardId-000000000009 in stream s under account 000000000000.")
		wantError(t, b.split(t, 3, "1"), "InvalidArgumentException", "NewStartingHashKey 1 used in SplitShard() on shard shardId-000000000003 in stream s under account 000000000000 "+
			"is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey 340282366920938463463374607431768211455.")
		wantError(t, b.split(t, 3, "x"), "ValidationException", "")
		must(t, b.split(t, 3, half))
		const apart = "Shards %s and %s in stream s under account 000000000000 are not an adjacent pair of shards eligible for merging"
		wantError(t, b.merge(t, 5, 4), "InvalidArgumentException", fmt.Sprintf(apart, *shardName(5), *shardName(4)))
		wantError(t, b.merge(t, 4, 4), "InvalidArgumentException", fmt.Sprintf(apart, *shardName(4), *shardName(4)))
	})
}

func TestKinesisWritersAndReshardingAtOnceLoseNothing(t *testing.T) {
	b, ctx := setup(t), t.Context()
	b.stream(t, "s", 2)
	var all sync.WaitGroup
	var mu sync.Mutex
	put := map[string]bool{}
	for w := range 4 {
		all.Go(func() {
			for i := range 40 {
				in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
				for j := range 5 {
					in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String(fmt.Sprint(w, j)), Data: fmt.Appendf(nil, "%d %d %03d", w, j, i)})
				}
				out, err := b.kinesis.PutRecords(ctx, in)
				if err != nil || *out.FailedRecordCount != 0 {
					t.Error(err)
					return
				}
				mu.Lock()
				for j, r := range out.Records {
					put[*r.ShardId+" "+*r.SequenceNumber+" "+string(in.Records[j].Data)] = true
				}
				mu.Unlock()
			}
		})
	}
	for _, n := range []int32{4, 3, 6, 3, 2, 1} {
		if _, err := b.scale(t, n); err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	last := map[string]string{} // by writer and key: a parent's records come before its children's
	read := 0
	for _, s := range b.shards(t, kinesis.ListShardsInput{}) {
		it, err := b.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: s.ShardId, ShardIteratorType: "TRIM_HORIZON"})
		must(t, err)
		out, err := b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
		must(t, err)
		for _, r := range out.Records {
			read++
			text := string(r.Data)
			if !put[*s.ShardId+" "+*r.SequenceNumber+" "+text] {
				t.Errorf("%s of %s is not where its put was told", text, *s.ShardId)
			}
			key, i := text[:3], text[4:]
			if i <= last[key] {
				t.Errorf("%s comes after %s", text, last[key])
			}
			last[key] = i
		}
	}
	if read != 800 || len(put) != 800 {
		t.Errorf("%d of %d records are there, want 800", read, len(put))
	}
}

func TestKinesisUpdateShardCount(t *testing.T) {
	b := setup(t)
	b.stream(t, "s", 2)
	check := func(want int) {
		t.Helper()
		next := "0"
		open := b.shards(t, kinesis.ListShardsInput{ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtLatest}})
		slices.SortFunc(open, func(x, y types.Shard) int {
			p, _ := new(big.Int).SetString(*x.HashKeyRange.StartingHashKey, 10)
			q, _ := new(big.Int).SetString(*y.HashKeyRange.StartingHashKey, 10)
			return p.Cmp(q)
		})
		for i, s := range open {
			end, _ := new(big.Int).SetString(*s.HashKeyRange.EndingHashKey, 10)
			width := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(int64(want)))
			if first := width.Mul(width, big.NewInt(int64(i))).String(); *s.HashKeyRange.StartingHashKey != next || next != first {
				t.Errorf("shard %d of %d begins at %s, want %s", i, want, *s.HashKeyRange.StartingHashKey, first)
			}
			next = end.Add(end, big.NewInt(1)).String()
		}
		if len(open) != want || next != "340282366920938463463374607431768211456" {
			t.Errorf("%d shards are open, up to %s; want %d", len(open), next, want)
		}
	}
	for _, n := range []int32{4, 3, 5, 3, 6, 3} {
		out, err := b.scale(t, n)
		must(t, err)
		if *out.TargetShardCount != n {
			t.Errorf("target %d", *out.TargetShardCount)
		}
		check(int(n))
	}
	_, err := b.scale(t, 7)
	wantError(t, err, "LimitExceededException", "UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 3 Target shard count: 7")
	_, err = b.scale(t, 1)
	wantError(t, err, "LimitExceededException", "UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: 3 Target shard count: 1")
	_, err = b.scale(t, 0)
	wantError(t, err, "ValidationException", "")
	for _, n := range []int32{2, 4, 2, 4} {
		_, err := b.scale(t, n)
		must(t, err)
	}
	_, err = b.scale(t, 2)
	wantError(t, err, "LimitExceededException", "")
	b.pass(t, 24*time.Hour)
	_, err = b.scale(t, 2)
	must(t, err)
	check(2)
}

func TestKinesisShardsAreListed(t *testing.T) {
	b, ctx := setup(t), t.Context()
	b.stream(t, "s", 1)
	b.pass(t, time.Hour)
	must(t, b.split(t, 0, half))
	b.pass(t, time.Hour)
	must(t, b.merge(t, 1, 2))
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	filter := func(kind types.ShardFilterType, after *string, at time.Duration) kinesis.ListShardsInput {
		f := &types.ShardFilter{Type: kind, ShardId: after}
		if at != 0 {
			f.Timestamp = aws.Time(start.Add(at))
		}
		return kinesis.ListShardsInput{ShardFilter: f}
	}
	for name, c := range map[string]struct {
		in   kinesis.ListShardsInput
		want []string
	}{
		"all without a filter":                       {kinesis.ListShardsInput{}, []string{"0 closed", "01 of 0 closed", "02 of 0 closed", "03 of 01 and 02"}},
		"FROM_TRIM_HORIZON all":                      {filter("FROM_TRIM_HORIZON", nil, 0), []string{"0 closed", "01 of 0 closed", "02 of 0 closed", "03 of 01 and 02"}},
		"AT_LATEST the open ones":                    {filter("AT_LATEST", nil, 0), []string{"03 of 01 and 02"}},
		"AT_TRIM_HORIZON those of the beginning":     {filter("AT_TRIM_HORIZON", nil, 0), []string{"0 closed"}},
		"AT_TIMESTAMP those that were open then":     {filter("AT_TIMESTAMP", nil, 90*time.Minute), []string{"01 of 0 closed", "02 of 0 closed"}},
		"FROM_TIMESTAMP those that were open or are": {filter("FROM_TIMESTAMP", nil, 90*time.Minute), []string{"01 of 0 closed", "02 of 0 closed", "03 of 01 and 02"}},
		"AFTER_SHARD_ID those behind one":            {filter("AFTER_SHARD_ID", shardName(1), 0), []string{"02 of 0 closed", "03 of 01 and 02"}},
		"ExclusiveStartShardId those behind one":     {kinesis.ListShardsInput{ExclusiveStartShardId: shardName(2)}, []string{"03 of 01 and 02"}},
	} {
		t.Run(name, func(t *testing.T) { wantOutline(t, b.shards(t, c.in), c.want...) })
	}
	t.Run("page by page, with a token that expires", func(t *testing.T) {
		in := kinesis.ListShardsInput{StreamName: aws.String("s"), MaxResults: aws.Int32(2), ShardFilter: &types.ShardFilter{Type: "FROM_TIMESTAMP", Timestamp: aws.Time(start.Add(90 * time.Minute))}}
		page, err := b.kinesis.ListShards(ctx, &in)
		must(t, err)
		wantOutline(t, page.Shards, "01 of 0 closed", "02 of 0 closed")
		wantOutline(t, b.shards(t, kinesis.ListShardsInput{NextToken: page.NextToken}), "03 of 01 and 02")
		_, err = b.kinesis.ListShards(ctx, &kinesis.ListShardsInput{NextToken: page.NextToken, StreamName: aws.String("s")})
		wantError(t, err, "InvalidArgumentException", "NextToken and StreamName cannot be provided together.")
		b.pass(t, 301*time.Second)
		_, err = b.kinesis.ListShards(ctx, &kinesis.ListShardsInput{NextToken: page.NextToken})
		wantError(t, err, "ExpiredNextTokenException", "")
	})
	t.Run("a description comes page by page", func(t *testing.T) {
		out, err := b.kinesis.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("s"), Limit: aws.Int32(3)})
		must(t, err)
		rest, err := b.kinesis.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("s"), ExclusiveStartShardId: out.StreamDescription.Shards[2].ShardId})
		must(t, err)
		if !*out.StreamDescription.HasMoreShards || *rest.StreamDescription.HasMoreShards || len(rest.StreamDescription.Shards) != 1 {
			t.Errorf("more %v, then %v with %d shards", *out.StreamDescription.HasMoreShards, *rest.StreamDescription.HasMoreShards, len(rest.StreamDescription.Shards))
		}
	})
	t.Run("a shard that was closed before the retention is gone", func(t *testing.T) {
		b.pass(t, 23*time.Hour)
		wantOutline(t, b.shards(t, kinesis.ListShardsInput{}), "01 of 0 closed", "02 of 0 closed", "03 of 01 and 02")
		var n int
		must(t, query(t, b.url, `SELECT count(*) FROM kinesis.shards`, &n))
		if n != 3 {
			t.Errorf("%d shards are kept", n)
		}
		_, err := b.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: shardName(0), ShardIteratorType: "TRIM_HORIZON"})
		wantError(t, err, "ResourceNotFoundException", "Shard shardId-000000000000 in stream s under account 000000000000 does not exist")
	})
}

func TestKinesisSettings(t *testing.T) {
	b, ctx := setup(t), t.Context()
	_, err := b.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand}})
	must(t, err)
	describe := func() *types.StreamDescriptionSummary {
		t.Helper()
		out, err := b.kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
		must(t, err)
		return out.StreamDescriptionSummary
	}
	const streamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
	mode := func(m types.StreamMode) error {
		_, err := b.kinesis.UpdateStreamMode(ctx, &kinesis.UpdateStreamModeInput{StreamARN: aws.String(streamARN), StreamModeDetails: &types.StreamModeDetails{StreamMode: m}})
		return err
	}
	t.Run("a stream on demand has four shards, which are not its owner's to change", func(t *testing.T) {
		if s := describe(); s.StreamModeDetails.StreamMode != "ON_DEMAND" || *s.OpenShardCount != 4 {
			t.Errorf("%+v with %d shards", s.StreamModeDetails, *s.OpenShardCount)
		}
		wantError(t, b.split(t, 0, "5"), "ValidationException", "")
		_, err := b.scale(t, 2)
		wantError(t, err, "ValidationException", "")
	})
	t.Run("the mode is changed twice a day", func(t *testing.T) {
		must(t, mode("PROVISIONED"))
		_, err := b.scale(t, 2)
		must(t, err)
		must(t, mode("ON_DEMAND"))
		wantError(t, mode("PROVISIONED"), "LimitExceededException", "")
		b.pass(t, 24*time.Hour)
		must(t, mode("PROVISIONED"))
	})
	t.Run("encryption is kept and shown", func(t *testing.T) {
		_, err := b.kinesis.StartStreamEncryption(ctx, &kinesis.StartStreamEncryptionInput{StreamName: aws.String("s"), EncryptionType: "KMS", KeyId: aws.String("alias/k")})
		must(t, err)
		if s := describe(); s.EncryptionType != "KMS" || aws.ToString(s.KeyId) != "alias/k" || b.record(t, "s", "k", "x").EncryptionType != "KMS" {
			t.Errorf("%s with %v", s.EncryptionType, s.KeyId)
		}
		_, err = b.kinesis.StopStreamEncryption(ctx, &kinesis.StopStreamEncryptionInput{StreamName: aws.String("s"), EncryptionType: "KMS", KeyId: aws.String("alias/k")})
		must(t, err)
		if s := describe(); s.EncryptionType != "NONE" || s.KeyId != nil {
			t.Errorf("%s with %v", s.EncryptionType, s.KeyId)
		}
	})
	t.Run("shard-level metrics are kept and shown", func(t *testing.T) {
		_, err := b.kinesis.EnableEnhancedMonitoring(ctx, &kinesis.EnableEnhancedMonitoringInput{StreamName: aws.String("s"), ShardLevelMetrics: []types.MetricsName{"ALL"}})
		must(t, err)
		out, err := b.kinesis.DisableEnhancedMonitoring(ctx, &kinesis.DisableEnhancedMonitoringInput{StreamName: aws.String("s"), ShardLevelMetrics: []types.MetricsName{"IncomingBytes", "IteratorAgeMilliseconds"}})
		must(t, err)
		if got := describe().EnhancedMonitoring[0].ShardLevelMetrics; len(out.CurrentShardLevelMetrics) != 7 || len(out.DesiredShardLevelMetrics) != 5 || len(got) != 5 {
			t.Errorf("%v, %v, %v", out.CurrentShardLevelMetrics, out.DesiredShardLevelMetrics, got)
		}
	})
	t.Run("a shorter retention deletes at once", func(t *testing.T) {
		set := func(hours int32, up bool) (err error) {
			if up {
				_, err = b.kinesis.IncreaseStreamRetentionPeriod(ctx, &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: aws.String("s"), RetentionPeriodHours: &hours})
				return err
			}
			_, err = b.kinesis.DecreaseStreamRetentionPeriod(ctx, &kinesis.DecreaseStreamRetentionPeriodInput{StreamName: aws.String("s"), RetentionPeriodHours: &hours})
			return err
		}
		must(t, set(48, true))
		b.record(t, "s", "k", "old")
		b.pass(t, 30*time.Hour)
		must(t, set(24, false))
		b.pass(t, 0)
		var n int
		must(t, query(t, b.url, `SELECT count(*) FROM kinesis.records`, &n))
		if n != 0 {
			t.Errorf("%d records are kept", n)
		}
		wantError(t, set(23, false), "InvalidArgumentException", "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short.")
		wantError(t, set(48, false), "InvalidArgumentException", "Requested retention period (48 hours) for stream s can not be longer than existing retention period (24 hours). Use IncreaseRetentionPeriod API.")
	})
}

func TestKinesisThroughput(t *testing.T) {
	b, ctx := setupOn(t, backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t), Limits: "aws"}), t.Context()
	b.stream(t, "s", 2)
	low, high := "0", "340282366920938463463374607431768211455"
	put := func(n, size int, hash *string) *kinesis.PutRecordsOutput {
		t.Helper()
		in := &kinesis.PutRecordsInput{StreamName: aws.String("s")}
		for range n {
			in.Records = append(in.Records, types.PutRecordsRequestEntry{PartitionKey: aws.String("k"), ExplicitHashKey: hash, Data: bytes.Repeat([]byte("x"), size)})
		}
		out, err := b.kinesis.PutRecords(ctx, in)
		must(t, err)
		return out
	}
	const text = "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000."
	t.Run("a shard takes a thousand records a second, and no other suffers", func(t *testing.T) {
		put(500, 1, &low)
		if n := *put(499, 1, &low).FailedRecordCount; n != 0 {
			t.Errorf("%d of the first 999 failed", n)
		}
		out := put(3, 1, &low)
		if r := out.Records; *out.FailedRecordCount != 2 || r[0].SequenceNumber == nil || aws.ToString(r[1].ErrorCode) != "ProvisionedThroughputExceededException" || aws.ToString(r[2].ErrorMessage) != text || r[1].ShardId != nil {
			t.Errorf("%d failed: %+v", *out.FailedRecordCount, r)
		}
		_, err := b.kinesis.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), ExplicitHashKey: &low, Data: []byte("x")})
		wantError(t, err, "ProvisionedThroughputExceededException", text)
		if n := *put(100, 1, &high).FailedRecordCount; n != 0 {
			t.Errorf("%d of the other shard's failed", n)
		}
		b.pass(t, 100*time.Millisecond)
		if n := *put(101, 1, &low).FailedRecordCount; n != 1 {
			t.Errorf("a tenth of a second later %d of 101 failed", n)
		}
	})
	t.Run("and a mebibyte a second", func(t *testing.T) {
		b.pass(t, time.Second)
		if n := *put(3, 500000, &low).FailedRecordCount; n != 1 {
			t.Errorf("%d of 3 failed", n)
		}
	})
	iterator := func() *string {
		t.Helper()
		it, err := b.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: shardName(0), ShardIteratorType: "TRIM_HORIZON"})
		must(t, err)
		return it.ShardIterator
	}
	t.Run("five reads a second", func(t *testing.T) {
		it := iterator()
		for range 5 {
			_, err := b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(1)})
			must(t, err)
		}
		_, err := b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(1)})
		wantError(t, err, "ProvisionedThroughputExceededException", text)
	})
	t.Run("after a read of more than two mebibytes the next waits", func(t *testing.T) {
		for range 3 {
			b.pass(t, time.Second)
			put(2, 520000, &low)
		}
		b.pass(t, time.Second)
		it := iterator()
		_, err := b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it})
		must(t, err)
		_, err = b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it})
		wantError(t, err, "ProvisionedThroughputExceededException", text)
		b.pass(t, 1100*time.Millisecond)
		_, err = b.kinesis.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: it})
		must(t, err)
	})
	t.Run("five iterators a second", func(t *testing.T) {
		b.pass(t, time.Second)
		for range 5 {
			iterator()
		}
		_, err := b.kinesis.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: aws.String("s"), ShardId: shardName(0), ShardIteratorType: "LATEST"})
		wantError(t, err, "ProvisionedThroughputExceededException", text)
	})
}

func TestKinesisPositions(t *testing.T) {
	b, ctx := setup(t), t.Context()
	b.stream(t, "s", 2)
	out := b.record(t, "s", "k", "a")
	other := shardName(0)
	if *out.ShardId == *other {
		other = shardName(1)
	}
	b.stream(t, "o", 1)
	foreign := b.record(t, "o", "k", "a")
	for name, c := range map[string]struct {
		in   kinesis.GetShardIteratorInput
		text string
	}{
		"a sequence number of another shard": {kinesis.GetShardIteratorInput{ShardId: other, ShardIteratorType: "AT_SEQUENCE_NUMBER", StartingSequenceNumber: out.SequenceNumber},
			"Invalid StartingSequenceNumber. It encodes " + *out.ShardId + ", while it was used in a call to a shard with " + *other},
		"a sequence number of another stream": {kinesis.GetShardIteratorInput{ShardId: shardName(0), ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: foreign.SequenceNumber},
			"StartingSequenceNumber " + *foreign.SequenceNumber + " used in GetShardIterator on shard shardId-000000000000 in stream s under account 000000000000 is invalid because it did not come from this stream."},
		"no sequence number": {kinesis.GetShardIteratorInput{ShardId: shardName(0), ShardIteratorType: "AT_SEQUENCE_NUMBER"},
			"Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber."},
		"a sequence number too many": {kinesis.GetShardIteratorInput{ShardId: shardName(0), ShardIteratorType: "LATEST", StartingSequenceNumber: out.SequenceNumber},
			"Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified LATEST and also a StartingSequenceNumber."},
		"a time to come": {kinesis.GetShardIteratorInput{ShardId: shardName(0), ShardIteratorType: "AT_TIMESTAMP", Timestamp: aws.Time(time.Date(2026, 1, 1, 0, 0, 1, 0, time.UTC))},
			"The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: 1767225601000, currentTimestampInMillis: 1767225600000"},
		"no time": {kinesis.GetShardIteratorInput{ShardId: shardName(0), ShardIteratorType: "AT_TIMESTAMP"},
			"Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter."},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			c.in.StreamName = aws.String("s")
			_, err := b.kinesis.GetShardIterator(ctx, &c.in)
			wantError(t, err, "InvalidArgumentException", c.text)
		})
	}
	t.Run("a record after another has the greater number, and a number that is none is refused", func(t *testing.T) {
		put := func(after string) (*kinesis.PutRecordOutput, error) {
			return b.kinesis.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), Data: []byte("b"), SequenceNumberForOrdering: &after})
		}
		next, err := put(*out.SequenceNumber)
		must(t, err)
		if *next.SequenceNumber <= *out.SequenceNumber {
			t.Errorf("%s after %s", *next.SequenceNumber, *out.SequenceNumber)
		}
		_, err = put("7")
		wantError(t, err, "InvalidArgumentException", "ExclusiveMinimumSequenceNumber 7 used in PutRecord on stream s under account 000000000000 is invalid.")
	})
}
