package kinesis

import (
	"context"
	"math/big"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Caller calls operations as a client of an account and region does.
type Caller struct {
	API
	account, region string
}

// NewCaller returns a caller of a store.
func NewCaller(s *Store, c *clock.Clock, account, region string) *Caller {
	return &Caller{API{Store: s, Clock: c}, account, region}
}

func (c *Caller) call(ctx context.Context) context.Context {
	return wire.WithCall(ctx, &wire.Call{Account: c.account, Region: c.region})
}

// Make makes a stream of two shards, and returns its ARN.
func (c *Caller) Make(ctx context.Context, name string) (string, error) {
	_, err := c.createStream(c.call(ctx), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(2)})
	return arn.KinesisStream(c.region, c.account, name), err
}

// Put puts a record.
func (c *Caller) Put(ctx context.Context, streamARN, key string, data []byte) error {
	_, err := c.putRecord(c.call(ctx), &kinesis.PutRecordInput{StreamARN: &streamARN, PartitionKey: &key, Data: data})
	return err
}

// Split splits the shard of a key in the middle.
func (c *Caller) Split(ctx context.Context, streamARN, key string) error {
	st, err := c.Store.byARN(ctx, streamARN)
	if err != nil {
		return err
	}
	r, err := st.place(&key, nil, nil)
	if err != nil {
		return err
	}
	h := st.shard(r.shard)
	middle := hashKeyOf(new(big.Int).Rsh(new(big.Int).Add(h.low.big(), h.high.big()), 1))
	_, err = c.splitShard(c.call(ctx), &kinesis.SplitShardInput{StreamARN: &streamARN, ShardToSplit: aws.String(shardID(r.shard)), NewStartingHashKey: aws.String(middle.String())})
	return err
}
