package kinesis

import (
	"context"
	"encoding/json"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// The store is a source of event source mappings.
var _ pull.Stream = (*Store)(nil)

// Actions is what an execution role needs to read a stream (developer guide, Kinesis); the first is asked at each poll.
func (s *Store) Actions() []string {
	return []string{"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards", "kinesis:ListStreams"}
}

// Shards lists the shards of a stream.
func (s *Store) Shards(ctx context.Context, streamARN string) ([]string, error) {
	st, err := s.byARN(ctx, streamARN)
	if err != nil {
		return nil, err
	}
	ids := make([]string, st.shards)
	for i := range ids {
		ids[i] = shardID(i)
	}
	return ids, nil
}

// Position is the sequence number after which a mapping begins to read.
func (s *Store) Position(ctx context.Context, streamARN, shard string, from pull.StartingPosition, at time.Time) (string, error) {
	st, err := s.byARN(ctx, streamARN)
	if err != nil {
		return "", err
	}
	n, _ := shardNumber(shard)
	var before *time.Time
	switch from {
	case pull.TrimHorizon:
		return "", nil
	case pull.AtTimestamp:
		before = &at
	}
	seq, err := s.newest(ctx, st, n, before)
	if err != nil || seq == 0 {
		return "", err
	}
	return sequence(n, seq), nil
}

// Read returns records for a poller.
func (s *Store) Read(ctx context.Context, streamARN, shard, after string, limit int) ([]pull.Record, error) {
	st, err := s.byARN(ctx, streamARN)
	if err != nil {
		return nil, err
	}
	n, _ := shardNumber(shard)
	from, ok := parseSequence(after)
	if !ok {
		return nil, fault.New(fault.Invalid, "%q is no sequence number of a shard", after)
	}
	records, err := s.read(ctx, st, n, from, limit)
	if err != nil {
		return nil, err
	}
	out := make([]pull.Record, len(records))
	for i, r := range records {
		out[i] = pull.Record{Sequence: sequence(r.shard, r.seq), Key: r.key, Arrival: r.arrival, Size: len(r.data) + len(r.key),
			Event: func(roleARN string) json.RawMessage { return event(st, r, roleARN) }}
	}
	return out, nil
}

// event is a record as functions receive it (recorded from AWS).
func event(st *stream, r record, roleARN string) json.RawMessage {
	seq := sequence(r.shard, r.seq)
	text, err := json.Marshal(map[string]any{
		"kinesis": map[string]any{
			"kinesisSchemaVersion": "1.0", "partitionKey": r.key, "sequenceNumber": seq, "data": r.data,
			"approximateArrivalTimestamp": float64(r.arrival.UnixMilli()) / 1000,
		},
		"eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": shardID(r.shard) + ":" + seq,
		"eventName": "aws:kinesis:record", "invokeIdentityArn": roleARN, "awsRegion": st.region, "eventSourceARN": st.arn(),
	})
	if err != nil { // strings, bytes and a number
		panic(err)
	}
	return text
}
