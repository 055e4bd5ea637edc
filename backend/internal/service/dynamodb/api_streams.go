package dynamodb

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of streams (DynamoDB Streams API reference).
const (
	maxShards     = 100
	maxGet        = 1000
	maxGetBytes   = 1 << 20
	iteratorLives = 15 * time.Minute
)

// Streams is DynamoDB Streams for the wire.
func (a *API) Streams() wire.Service {
	return wire.Service{API: wire.DynamoDBStreamsAPI(), Fault: toAWS, Operations: map[string]wire.Operation{
		"ListStreams": wire.Op(a.listStreams, wire.Unbound[dynamodbstreams.ListStreamsInput]()),
		"DescribeStream": wire.Op(a.describeStream, wire.Resource(func(_ context.Context, in *dynamodbstreams.DescribeStreamInput) string {
			return *in.StreamArn
		})),
		"GetShardIterator": wire.Op(a.getShardIterator, wire.Resource(func(_ context.Context, in *dynamodbstreams.GetShardIteratorInput) string {
			return *in.StreamArn
		})),
		"GetRecords": wire.Op(a.getRecords, wire.Resource(func(_ context.Context, in *dynamodbstreams.GetRecordsInput) string {
			if it, err := parseIterator(*in.ShardIterator); err == nil {
				return it.Stream
			}
			return "*"
		})),
	}}
}

// limited reads a Limit.
func limited(given *int32, most int) (int, error) {
	if given == nil {
		return most, nil
	}
	n := int(*given)
	switch {
	case n < 1:
		return 0, wire.Validation(wire.AtLeast("limit", n, 1))
	case n > most:
		return 0, wire.Validation(wire.AtMost("limit", n, most))
	}
	return n, nil
}

func (a *API) listStreams(ctx context.Context, in *dynamodbstreams.ListStreamsInput) (*dynamodbstreams.ListStreamsOutput, error) {
	call := wire.CallFrom(ctx)
	limit, err := limited(in.Limit, maxShards)
	if err != nil {
		return nil, err
	}
	after := int64(0)
	if in.ExclusiveStartStreamArn != nil {
		st, err := a.Store.streamByARN(ctx, *in.ExclusiveStartStreamArn)
		if err != nil {
			return nil, err
		}
		after = st.id
	}
	name := aws.ToString(in.TableName)
	if _, table, _, ok := splitTable(name); ok {
		name = table
	}
	list, err := a.Store.streams(ctx, call.Account, call.Region, name, after, limit+1)
	if err != nil {
		return nil, err
	}
	out := &dynamodbstreams.ListStreamsOutput{Streams: []types.Stream{}}
	if len(list) > limit {
		list = list[:limit]
		out.LastEvaluatedStreamArn = aws.String(list[limit-1].arn())
	}
	for _, st := range list {
		out.Streams = append(out.Streams, types.Stream{StreamArn: aws.String(st.arn()), StreamLabel: &st.label, TableName: &st.table})
	}
	return out, nil
}

func (a *API) describeStream(ctx context.Context, in *dynamodbstreams.DescribeStreamInput) (*dynamodbstreams.DescribeStreamOutput, error) {
	limit, err := limited(in.Limit, maxShards)
	if err != nil {
		return nil, err
	}
	st, err := a.Store.streamByARN(ctx, *in.StreamArn)
	if err != nil {
		return nil, err
	}
	list, err := a.Store.shards(ctx, st)
	if err != nil {
		return nil, err
	}
	d := &types.StreamDescription{StreamArn: aws.String(st.arn()), StreamLabel: &st.label, StreamStatus: types.StreamStatusEnabled, TableName: &st.table,
		StreamViewType: types.StreamViewType(st.view), CreationRequestDateTime: &st.created, Shards: []types.Shard{}}
	if st.closed != nil {
		d.StreamStatus = types.StreamStatusDisabled
	}
	for i, name := range st.keys {
		kind := types.KeyTypeHash
		if i > 0 {
			kind = types.KeyTypeRange
		}
		d.KeySchema = append(d.KeySchema, types.KeySchemaElement{AttributeName: &name, KeyType: kind})
	}
	from := 0
	if in.ExclusiveStartShardId != nil {
		if n, ok := st.shardNumber(*in.ExclusiveStartShardId); ok {
			from = n + 1
		}
	}
	of, err := st.childrenOf(in.ShardFilter)
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		if h.n < from || of != nil && (h.parent == nil || *h.parent != *of) {
			continue
		}
		if len(d.Shards) == limit {
			d.LastEvaluatedShardId = d.Shards[limit-1].ShardId
			break
		}
		shard := types.Shard{ShardId: aws.String(st.shardID(h.n)), SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: aws.String(sequence(h.first))}}
		if h.last != nil {
			shard.SequenceNumberRange.EndingSequenceNumber = aws.String(sequence(*h.last))
		}
		if h.parent != nil {
			shard.ParentShardId = aws.String(st.shardID(*h.parent))
		}
		d.Shards = append(d.Shards, shard)
	}
	return &dynamodbstreams.DescribeStreamOutput{StreamDescription: d}, nil
}

// childrenOf reads the filter of DescribeStream: the shard whose children are asked for; nil without a filter.
func (s *stream) childrenOf(f *types.ShardFilter) (*int, error) {
	switch {
	case f == nil:
		return nil, nil
	case f.Type != types.ShardFilterTypeChildShards:
		return nil, wire.Validation(wire.Enum("shardFilter.type", string(f.Type), []string{"CHILD_SHARDS"}))
	case f.ShardId == nil:
		return nil, invalid("Invalid Request: ShardId is required for ShardFilter of type CHILD_SHARDS")
	}
	n, ok := s.shardNumber(*f.ShardId)
	if !ok {
		return nil, invalid("Invalid ShardId in ShardFilter: %s", *f.ShardId)
	}
	return &n, nil
}

// iterator is what a shard iterator says; clients see it as opaque text.
type iterator struct {
	Stream string    `json:"s"`
	Shard  int       `json:"n"`
	After  int64     `json:"a"`
	Issued time.Time `json:"t"`
}

// String begins with the stream's ARN, as AWS's does.
func (it iterator) String() string {
	text, err := json.Marshal(it)
	if err != nil { // a string, numbers and a time
		panic(err)
	}
	return it.Stream + "|1|" + base64.StdEncoding.EncodeToString(text)
}

func parseIterator(s string) (it iterator, err error) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '|' {
			s = s[i+1:]
			break
		}
	}
	text, err := base64.StdEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(text, &it)
	}
	if err != nil {
		return it, invalid("Invalid ShardIterator")
	}
	return it, nil
}

func (a *API) getShardIterator(ctx context.Context, in *dynamodbstreams.GetShardIteratorInput) (*dynamodbstreams.GetShardIteratorOutput, error) {
	st, err := a.Store.streamByARN(ctx, *in.StreamArn)
	if err != nil {
		return nil, err
	}
	h, err := a.Store.shard(ctx, st, *in.ShardId)
	if err != nil {
		return nil, err
	}
	it := iterator{Stream: st.arn(), Shard: h.n, Issued: a.Clock.Now()}
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeTrimHorizon:
	case types.ShardIteratorTypeLatest:
		it.After, err = a.Store.newest(ctx, st, h)
	case types.ShardIteratorTypeAtTimestamp:
		if in.Timestamp == nil {
			return nil, invalid("Invalid Request: Timestamp is required for ShardIteratorType AT_TIMESTAMP")
		}
		it.After, err = a.Store.before(ctx, st, h, *in.Timestamp)
	case types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber:
		seq, ok := parseSequence(aws.ToString(in.SequenceNumber))
		switch {
		case in.SequenceNumber == nil:
			return nil, invalid("Invalid Request: SequenceNumber is required for ShardIteratorType %s", in.ShardIteratorType)
		case !ok || seq < h.first:
			return nil, invalid("Invalid SequenceNumber %s for shard %s", *in.SequenceNumber, *in.ShardId)
		}
		it.After = seq
		if in.ShardIteratorType == types.ShardIteratorTypeAtSequenceNumber {
			it.After--
		}
		err = a.trimmed(ctx, st, h, it.After)
	default:
		return nil, wire.Validation(wire.Enum("shardIteratorType", string(in.ShardIteratorType),
			[]string{"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON", "AT_TIMESTAMP"}))
	}
	return &dynamodbstreams.GetShardIteratorOutput{ShardIterator: aws.String(it.String())}, err
}

// trimmed refuses a position before the oldest record that is left, where records after it are gone.
func (a *API) trimmed(ctx context.Context, st *stream, h shard, after int64) error {
	last, err := a.Store.newest(ctx, st, h)
	if err != nil {
		return err
	}
	records, err := a.Store.read(ctx, st, h.n, after, 1, 1)
	if err != nil {
		return err
	}
	if after < last && after+1 >= h.first && (len(records) == 0 || records[0].seq > after+1) {
		return wire.Errorf(http.StatusBadRequest, "TrimmedDataAccessException", "The operation attempted to read past the oldest stream record in a shard. In DynamoDB Streams, there is a 24 hour limit on data retention. Stream records whose age exceeds this limit are subject to removal (trimming) from the stream.")
	}
	return nil
}

func (a *API) getRecords(ctx context.Context, in *dynamodbstreams.GetRecordsInput) (*dynamodbstreams.GetRecordsOutput, error) {
	it, err := parseIterator(*in.ShardIterator)
	if err != nil {
		return nil, err
	}
	limit, err := limited(in.Limit, maxGet)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now()
	if now.Sub(it.Issued) > iteratorLives {
		return nil, wire.Errorf(http.StatusBadRequest, "ExpiredIteratorException", "The shard iterator has expired and can no longer be used to retrieve stream records. Shard iterators expire 15 minutes after they are retrieved using GetShardIterator.")
	}
	st, err := a.Store.streamByARN(ctx, it.Stream)
	if err != nil {
		return nil, err
	}
	h, err := a.Store.shard(ctx, st, st.shardID(it.Shard))
	if err != nil {
		return nil, err
	}
	records, err := a.Store.read(ctx, st, it.Shard, it.After, limit, maxGetBytes)
	if err != nil {
		return nil, err
	}
	out := &dynamodbstreams.GetRecordsOutput{Records: []types.Record{}}
	for i := range records {
		r, err := records[i].forAPI()
		if err != nil {
			return nil, err
		}
		it.After = records[i].seq
		out.Records = append(out.Records, r)
	}
	if drained := h.last != nil && (it.After >= *h.last || len(records) == 0); !drained {
		it.Issued = now
		out.NextShardIterator = aws.String(it.String())
	}
	return out, nil
}

// forAPI is a record as GetRecords answers it. Its time is whole seconds.
func (r *record) forAPI() (types.Record, error) {
	out := types.Record{AwsRegion: &r.stream.region, EventID: aws.String(r.id()), EventName: types.OperationType(r.name),
		EventSource: aws.String("aws:dynamodb"), EventVersion: aws.String("1.1"),
		Dynamodb: &types.StreamRecord{ApproximateCreationDateTime: aws.Time(r.at.Truncate(time.Second)), SequenceNumber: aws.String(sequence(r.seq)),
			SizeBytes: aws.Int64(int64(r.size)), StreamViewType: types.StreamViewType(r.stream.view)}}
	if r.expired {
		out.UserIdentity = &types.Identity{Type: aws.String("Service"), PrincipalId: aws.String(servicePrincipal)}
	}
	for _, image := range []struct {
		text json.RawMessage
		to   *map[string]types.AttributeValue
	}{{r.keys, &out.Dynamodb.Keys}, {r.new, &out.Dynamodb.NewImage}, {r.old, &out.Dynamodb.OldImage}} {
		if image.text == nil {
			continue
		}
		item, err := expression.DecodeItem(image.text)
		if err != nil {
			return out, err
		}
		*image.to = streamAttributes(item)
	}
	return out, nil
}

// streamAttributes converts an item for the streams' API, whose values are types of their own.
func streamAttributes(in expression.Item) map[string]types.AttributeValue {
	out := make(map[string]types.AttributeValue, len(in))
	for name, v := range in {
		out[name] = streamAttribute(v)
	}
	return out
}

func streamAttribute(v expression.Value) types.AttributeValue {
	switch v.Type {
	case expression.N:
		return &types.AttributeValueMemberN{Value: v.Number.String()}
	case expression.B:
		return &types.AttributeValueMemberB{Value: []byte(v.Text)}
	case expression.BOOL:
		return &types.AttributeValueMemberBOOL{Value: v.Bool}
	case expression.NULL:
		return &types.AttributeValueMemberNULL{Value: v.Bool}
	case expression.SS:
		return &types.AttributeValueMemberSS{Value: elements(v, func(e expression.Value) string { return e.Text })}
	case expression.NS:
		return &types.AttributeValueMemberNS{Value: elements(v, func(e expression.Value) string { return e.Number.String() })}
	case expression.BS:
		return &types.AttributeValueMemberBS{Value: elements(v, func(e expression.Value) []byte { return []byte(e.Text) })}
	case expression.L:
		return &types.AttributeValueMemberL{Value: elements(v, streamAttribute)}
	case expression.M:
		return &types.AttributeValueMemberM{Value: streamAttributes(v.Map)}
	}
	return &types.AttributeValueMemberS{Value: v.Text}
}
