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

// Shards lists the shards of a stream that have not expired.
func (s *Store) Shards(ctx context.Context, streamARN string) ([]pull.Shard, error) {
	st, err := s.byARN(ctx, streamARN)
	if err != nil {
		return nil, err
	}
	var list []pull.Shard
	for _, h := range st.listed(s.db.Now()) {
		shard := pull.Shard{ID: shardID(h.n), Parents: h.parents()}
		if h.closed != nil {
			shard.End = sequence(st.id, h.n, h.end)
		}
		list = append(list, shard)
	}
	return list, nil
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
	return sequence(st.id, n, seq), nil
}

// Read returns records for a poller. A sequence number of an earlier stream of the name is before every record of this one.
func (s *Store) Read(ctx context.Context, streamARN, shard, after string, limit int) ([]pull.Record, error) {
	st, err := s.byARN(ctx, streamARN)
	if err != nil {
		return nil, err
	}
	n, _ := shardNumber(shard)
	stream, _, from, ok := parseSequence(after)
	if !ok {
		return nil, fault.New(fault.Invalid, "%q is no sequence number of a shard", after)
	}
	if stream != st.id {
		from = 0
	}
	records, err := s.read(ctx, st, n, from, limit)
	if err != nil {
		return nil, err
	}
	out := make([]pull.Record, len(records))
	for i, r := range records {
		out[i] = pull.Record{Sequence: sequence(st.id, r.shard, r.seq), Key: r.key, Arrival: r.arrival, Size: len(r.data) + len(r.key), Parent: r.parent,
			Event: func(roleARN string) json.RawMessage { return event(st, r, roleARN) }, View: func() map[string]any { return view(st, r) }}
	}
	return out, nil
}

// DataKey is what filter patterns call a record's data.
func (s *Store) DataKey() string { return "data" }

// view is a record as filters see it: the members of kinesis beside the others, and the data decoded where it is JSON
// (developer guide, event filtering with Kinesis).
func view(st *stream, r record) map[string]any {
	seq := sequence(st.id, r.shard, r.seq)
	return map[string]any{"data": pull.Content(r.data), "partitionKey": r.key, "sequenceNumber": seq, "kinesisSchemaVersion": schemaVersion,
		"approximateArrivalTimestamp": arrival(r), "eventSource": eventSource, "eventVersion": "1.0", "eventID": shardID(r.shard) + ":" + seq,
		"eventName": eventName, "awsRegion": st.region, "eventSourceARN": st.arn()}
}

// What every record says in its event.
const (
	eventSource   = "aws:kinesis"
	eventName     = "aws:kinesis:record"
	schemaVersion = "1.0"
)

// arrival is when a record arrived, in seconds.
func arrival(r record) float64 { return float64(r.arrival.UnixMilli()) / 1000 }

// eventRecord is a record as functions receive it (recorded from AWS), member by member in its order.
type eventRecord struct {
	Kinesis struct {
		SchemaVersion  string  `json:"kinesisSchemaVersion"`
		PartitionKey   string  `json:"partitionKey"`
		SequenceNumber string  `json:"sequenceNumber"`
		Data           []byte  `json:"data"`
		Arrival        float64 `json:"approximateArrivalTimestamp"`
	} `json:"kinesis"`
	EventSource    string `json:"eventSource"`
	EventVersion   string `json:"eventVersion"`
	EventID        string `json:"eventID"`
	EventName      string `json:"eventName"`
	InvokeIdentity string `json:"invokeIdentityArn"`
	Region         string `json:"awsRegion"`
	EventSourceARN string `json:"eventSourceARN"`
}

func event(st *stream, r record, roleARN string) json.RawMessage {
	seq := sequence(st.id, r.shard, r.seq)
	e := eventRecord{EventSource: eventSource, EventVersion: "1.0", EventID: shardID(r.shard) + ":" + seq, EventName: eventName,
		InvokeIdentity: roleARN, Region: st.region, EventSourceARN: st.arn()}
	e.Kinesis.SchemaVersion, e.Kinesis.PartitionKey, e.Kinesis.SequenceNumber = schemaVersion, r.key, seq
	e.Kinesis.Data, e.Kinesis.Arrival = r.data, arrival(r)
	text, err := json.Marshal(e)
	if err != nil { // strings, bytes and a number
		panic(err)
	}
	return text
}
