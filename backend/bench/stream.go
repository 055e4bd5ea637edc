package main

import (
	"context"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const (
	shards     = 4
	putAtOnce  = 500 // records, PutRecords' own limit
	batchSize  = 100
	recordSize = 100 // bytes
)

// kinesisRecords measures 20,000 records from the first PutRecords to the last record in the function: four producers, each
// with a shard of its own, a mapping with batches of 100, a Go function. It fails where a record is lost, comes twice, or
// comes out of its shard's order.
func kinesisRecords(ctx context.Context, w *world, s settings, t *table) error {
	records := 20000
	if s.quick {
		records = 2000
	}
	if w.once("kinesis") {
		if err := w.goFunction(ctx, w.clients, "stream", true); err != nil {
			return err
		}
		if err := makeStream(ctx, w.clients, "stream", shards, batchSize); err != nil {
			return err
		}
	}
	w.run++
	begin := time.Now()
	failed := make(chan error, shards)
	var producers sync.WaitGroup
	for shard := range shards {
		producers.Go(func() { failed <- produce(ctx, w.clients, shard, w.run, records/shards) })
	}
	defer producers.Wait()
	end, err := receive(ctx, w.sink, w.run, records, failed)
	if err != nil {
		return err
	}
	t.add(fmt.Sprintf("Kinesis records, %d shards, batches of %d, put to run", shards, batchSize), "1/s", aim{least: true, value: 20000},
		float64(records)/end.Sub(begin).Seconds(), nil)
	return nil
}

// makeStream makes a stream and a mapping from it to the function of the same name.
func makeStream(ctx context.Context, c *clients, name string, shards, batch int32) error {
	if _, err := c.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		return err
	}
	return makeMapping(ctx, c, name, name, batch)
}

func makeMapping(ctx context.Context, c *clients, stream, function string, batch int32) error {
	_, err := c.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: &function, BatchSize: &batch,
		EventSourceArn: aws.String("arn:aws:kinesis:" + region + ":" + account + ":stream/" + stream), StartingPosition: types.EventSourcePositionTrimHorizon})
	return err
}

// hashKey is the first hash key of a shard.
func hashKey(shard int) *string {
	key := new(big.Int).Lsh(big.NewInt(1), 128)
	key.Mul(key, big.NewInt(int64(shard))).Div(key, big.NewInt(shards))
	return aws.String(key.String())
}

// produce puts n records to a shard: RUN-SHARD-NUMBER, numbered from 0.
func produce(ctx context.Context, c *clients, shard, run, n int) error {
	key := hashKey(shard)
	for from := 0; from < n; from += putAtOnce {
		in := &kinesis.PutRecordsInput{StreamName: aws.String("stream")}
		for i := from; i < min(n, from+putAtOnce); i++ {
			text := fmt.Sprintf("%d-%d-%d ", run, shard, i)
			in.Records = append(in.Records, kinesistypes.PutRecordsRequestEntry{PartitionKey: aws.String("p"), ExplicitHashKey: key,
				Data: []byte(text + strings.Repeat("x", recordSize-len(text)))})
		}
		out, err := c.kinesis.PutRecords(ctx, in)
		if err != nil {
			return err
		}
		if aws.ToInt32(out.FailedRecordCount) > 0 {
			return fmt.Errorf("%d records were not taken", *out.FailedRecordCount)
		}
	}
	return nil
}

// receive waits until all records of the run have come, each once and in order, and returns when the last one did.
func receive(ctx context.Context, s *sink, run, records int, failed <-chan error) (end time.Time, err error) {
	next := make([]int, shards)
	for got := 0; got < records; {
		b, err := s.next(ctx)
		if err != nil {
			select {
			case put := <-failed:
				err = fmt.Errorf("%w (a producer: %v)", err, put)
			default:
			}
			return end, fmt.Errorf("%d of %d records came: %w", got, records, err)
		}
		for _, item := range b.items {
			part := strings.Split(item, "-")
			if len(part) != 3 || part[0] != strconv.Itoa(run) {
				return end, fmt.Errorf("a record of another run came: %s", item)
			}
			shard, _ := strconv.Atoi(part[1])
			if part[2] != strconv.Itoa(next[shard]) {
				return end, fmt.Errorf("record %s of shard %d came where %d was due: lost, twice or out of order", part[2], shard, next[shard])
			}
			next[shard]++
		}
		got += len(b.items)
		end = b.at
	}
	return end, nil
}
