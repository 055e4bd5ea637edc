package dynamodb

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/pull"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// The store is a source of event source mappings.
var _ pull.Stream = (*Store)(nil)

// Actions is what an execution role needs to read a stream (developer guide, DynamoDB); the first is asked at each poll.
func (s *Store) Actions() []string {
	return []string{"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams"}
}

// Shards lists the shards of a stream.
func (s *Store) Shards(ctx context.Context, streamARN string) ([]pull.Shard, error) {
	st, err := s.streamByARN(ctx, streamARN)
	if err != nil {
		return nil, err
	}
	list, err := s.shards(ctx, st)
	shards := make([]pull.Shard, len(list))
	for i, h := range list {
		shards[i] = pull.Shard{ID: st.shardID(h.n)}
		if h.parent != nil {
			shards[i].Parents = []string{st.shardID(*h.parent)}
		}
		if h.last != nil {
			shards[i].End = sequence(*h.last)
		}
	}
	return shards, err
}

// Position is the sequence number after which a mapping begins to read. There is no AT_TIMESTAMP for these streams.
func (s *Store) Position(ctx context.Context, streamARN, shard string, from pull.StartingPosition, _ time.Time) (string, error) {
	switch from {
	case pull.TrimHorizon:
		return "", nil
	case pull.AtTimestamp:
		return "", fault.New(fault.Invalid, "Unsupported starting position for arn type: %s", streamARN)
	}
	st, err := s.streamByARN(ctx, streamARN)
	if err != nil {
		return "", err
	}
	h, err := s.shard(ctx, st, shard)
	if err != nil {
		return "", err
	}
	seq, err := s.newest(ctx, st, h)
	if err != nil || seq == 0 {
		return "", err
	}
	return sequence(seq), nil
}

// Read returns records for a poller.
func (s *Store) Read(ctx context.Context, streamARN, shard, after string, limit int) ([]pull.Record, error) {
	st, err := s.streamByARN(ctx, streamARN)
	if err != nil {
		return nil, err
	}
	n, ok := st.shardNumber(shard)
	if !ok {
		return nil, fault.New(fault.Invalid, "%q is no shard of %s", shard, streamARN)
	}
	from := int64(0)
	if after != "" {
		if from, ok = parseSequence(after); !ok {
			return nil, fault.New(fault.Invalid, "%q is no sequence number of a shard", after)
		}
	}
	records, err := s.read(ctx, st, n, from, limit, pull.MaxBatchBytes)
	if err != nil {
		return nil, err
	}
	out := make([]pull.Record, len(records))
	for i, r := range records {
		event := r.event()
		out[i] = pull.Record{Sequence: sequence(r.seq), Key: string(r.keys), Arrival: r.at, Size: len(event), Parent: r.parent,
			Event: func(string) json.RawMessage { return event }, View: func() map[string]any { return view(event) }}
	}
	return out, nil
}

// DataKey is what filter patterns call what a record says of its item.
func (s *Store) DataKey() string { return "dynamodb" }

// view is a record as filters see it: the event itself.
func view(event json.RawMessage) (v map[string]any) {
	if err := pull.Decode(event, &v); err != nil { // we have encoded it
		panic(err)
	}
	return v
}

// change is the member dynamodb of a record, in the order in which AWS has it.
type change struct {
	Created int64           `json:"ApproximateCreationDateTime"`
	Keys    json.RawMessage `json:"Keys"`
	New     json.RawMessage `json:"NewImage,omitempty"`
	Old     json.RawMessage `json:"OldImage,omitempty"`
	Seq     string          `json:"SequenceNumber"`
	Size    int             `json:"SizeBytes"`
	View    string          `json:"StreamViewType"`
}

// service is who deletes what has expired.
type service struct {
	Type      string `json:"type"`
	Principal string `json:"principalId"`
}

const servicePrincipal = "dynamodb.amazonaws.com"

// id is a record's event id: 32 hexadecimal digits, the same each time.
func (r *record) id() string {
	sum := md5.Sum([]byte(r.stream.arn() + " " + r.stream.shardID(r.n) + " " + sequence(r.seq)))
	return hex.EncodeToString(sum[:])
}

// event is a record as functions receive it (recorded from AWS).
func (r *record) event() json.RawMessage {
	e := struct {
		ID      string   `json:"eventID"`
		Name    string   `json:"eventName"`
		Version string   `json:"eventVersion"`
		Source  string   `json:"eventSource"`
		Region  string   `json:"awsRegion"`
		Change  change   `json:"dynamodb"`
		User    *service `json:"userIdentity,omitempty"`
		ARN     string   `json:"eventSourceARN"`
	}{r.id(), r.name, "1.1", "aws:dynamodb", r.stream.region,
		change{r.at.Unix(), r.keys, r.new, r.old, sequence(r.seq), r.size, r.stream.view}, nil, r.stream.arn()}
	if r.expired {
		e.User = &service{"Service", servicePrincipal}
	}
	text, err := json.Marshal(e)
	if err != nil { // texts, numbers and what we have encoded
		panic(err)
	}
	return text
}
