package backend_test

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

func init() {
	// split STREAM SHARD: in the middle of its hash keys, where it is the first of a stream of one
	verbs["split"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		n, err := strconv.Atoi(w[1])
		if err != nil {
			return err
		}
		_, err = s.kinesis.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &w[0], ShardToSplit: shardName(n), NewStartingHashKey: aws.String(half)})
		return err
	}
	// merge STREAM SHARD SHARD
	verbs["merge"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		first, err := strconv.Atoi(w[1])
		if err != nil {
			return err
		}
		second, err := strconv.Atoi(w[2])
		if err != nil {
			return err
		}
		_, err = s.kinesis.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &w[0], ShardToMerge: shardName(first), AdjacentShardToMerge: shardName(second)})
		return err
	}
}
