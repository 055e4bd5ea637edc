package kinesis

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/trace"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// Limits of records (Kinesis API reference).
const (
	maxKey        = 256     // characters of a partition key
	maxRecord     = 1 << 20 // bytes of data and key
	maxPut        = 500     // records of PutRecords
	maxPutBytes   = 10 << 20
	maxGet        = 10000
	maxGetBytes   = 10 << 20
	iteratorLives = 5 * time.Minute
)

// place finds the shard of a record and checks its sizes.
func (st *stream) place(key, explicit *string, data []byte) (record, error) {
	r := record{key: aws.ToString(key), data: data}
	if n := utf8.RuneCountInString(r.key); n < 1 {
		return r, wire.Validation(wire.MinLength("partitionKey", r.key, 1))
	} else if n > maxKey {
		return r, wire.Validation(wire.MaxLength("partitionKey", r.key, maxKey))
	}
	if len(data)+len(r.key) > maxRecord {
		return r, wire.Validation(wire.MaxLength("data", "java.nio.HeapByteBuffer", maxRecord))
	}
	sum := md5.Sum([]byte(r.key))
	hash := new(big.Int).SetBytes(sum[:])
	if explicit != nil {
		if _, ok := hash.SetString(*explicit, 10); !ok || hash.Sign() < 0 || hash.Cmp(keyspace) >= 0 {
			return r, fault.New(fault.Invalid, "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", *explicit)
		}
	}
	r.shard = shardOf(hash, st.shards)
	return r, nil
}

func (a *API) putRecord(ctx context.Context, in *kinesis.PutRecordInput) (*kinesis.PutRecordOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	r, err := st.place(in.PartitionKey, in.ExplicitHashKey, in.Data)
	if err != nil {
		return nil, err
	}
	p := &put{stream: st, parent: trace.ParentOf(wire.CallFrom(ctx).Cause()), records: []record{r}}
	if err := a.Store.writer.Add(ctx, p); err != nil {
		return nil, err
	}
	return &kinesis.PutRecordOutput{ShardId: aws.String(shardID(r.shard)), SequenceNumber: aws.String(sequence(st.id, r.shard, p.records[0].seq)),
		EncryptionType: types.EncryptionTypeNone}, nil
}

func (a *API) putRecords(ctx context.Context, in *kinesis.PutRecordsInput) (*kinesis.PutRecordsOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	if n := len(in.Records); n < 1 || n > maxPut {
		v := wire.Violation{Value: "[...]", Path: "records", Constraint: "Member must have length less than or equal to 500"}
		if n < 1 {
			v = wire.MinLength("records", "[]", 1)
		}
		return nil, wire.Validation(v)
	}
	p := &put{stream: st, parent: trace.ParentOf(wire.CallFrom(ctx).Cause())}
	size := 0
	for _, e := range in.Records {
		r, err := st.place(e.PartitionKey, e.ExplicitHashKey, e.Data)
		if err != nil {
			return nil, err
		}
		size += len(r.data) + len(r.key)
		p.records = append(p.records, r)
	}
	if size > maxPutBytes {
		return nil, wire.Errorf(http.StatusBadRequest, "InvalidArgumentException", "Records size exceeds %d bytes", maxPutBytes)
	}
	if err := a.Store.writer.Add(ctx, p); err != nil {
		return nil, err
	}
	out := &kinesis.PutRecordsOutput{FailedRecordCount: aws.Int32(0), EncryptionType: types.EncryptionTypeNone}
	for _, r := range p.records {
		out.Records = append(out.Records, types.PutRecordsResultEntry{ShardId: aws.String(shardID(r.shard)), SequenceNumber: aws.String(sequence(st.id, r.shard, r.seq))})
	}
	return out, nil
}

// iterator is what a shard iterator says; clients see it as opaque text.
type iterator struct {
	Stream string    `json:"s"`
	Shard  int       `json:"n"`
	After  int64     `json:"a"`
	Issued time.Time `json:"t"`
}

func (it iterator) String() string {
	text, err := json.Marshal(it)
	if err != nil { // plain values
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(text)
}

func parseIterator(s string) (it iterator, err error) {
	text, err := base64.StdEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(text, &it)
	}
	if err != nil {
		err = fault.New(fault.Invalid, "Invalid ShardIterator.")
	}
	return it, err
}

func (a *API) getShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput) (*kinesis.GetShardIteratorOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	n, ok := shardNumber(*in.ShardId)
	if !ok || n >= st.shards {
		return nil, fault.New(fault.NotFound, "Shard %s in stream %s under account %s does not exist", *in.ShardId, st.name, st.account)
	}
	it := iterator{Stream: st.arn(), Shard: n, Issued: a.Clock.Now()}
	switch in.ShardIteratorType {
	case types.ShardIteratorTypeTrimHorizon:
	case types.ShardIteratorTypeLatest:
		it.After, err = a.Store.newest(ctx, st, n, nil)
	case types.ShardIteratorTypeAtTimestamp:
		if in.Timestamp == nil {
			return nil, fault.New(fault.Invalid, "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
		}
		it.After, err = a.Store.newest(ctx, st, n, in.Timestamp)
	case types.ShardIteratorTypeAtSequenceNumber, types.ShardIteratorTypeAfterSequenceNumber:
		stream, seq, ok := parseSequence(aws.ToString(in.StartingSequenceNumber))
		if !ok || stream != st.id {
			return nil, fault.New(fault.Invalid, "StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account %s is invalid.",
				aws.ToString(in.StartingSequenceNumber), *in.ShardId, st.name, st.account)
		}
		it.After = seq
		if in.ShardIteratorType == types.ShardIteratorTypeAtSequenceNumber {
			it.After--
		}
	default:
		return nil, wire.Validation(wire.Enum("shardIteratorType", string(in.ShardIteratorType),
			[]string{"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"}))
	}
	return &kinesis.GetShardIteratorOutput{ShardIterator: aws.String(it.String())}, err
}

func (a *API) getRecords(ctx context.Context, in *kinesis.GetRecordsInput) (*kinesis.GetRecordsOutput, error) {
	it, err := parseIterator(*in.ShardIterator)
	if err != nil {
		return nil, err
	}
	now := a.Clock.Now()
	if now.Sub(it.Issued) > iteratorLives {
		return nil, wire.Errorf(http.StatusBadRequest, "ExpiredIteratorException", "Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future than the tolerated delay of %d milliseconds.",
			it.Issued.Format(time.UnixDate), now.Format(time.UnixDate), iteratorLives.Milliseconds())
	}
	st, err := a.Store.byARN(ctx, it.Stream)
	if err != nil {
		return nil, err
	}
	limit := maxGet
	if in.Limit != nil {
		if limit = int(*in.Limit); limit < 1 || limit > maxGet {
			return nil, wire.Validation(wire.AtMost("limit", limit, maxGet))
		}
	}
	records, err := a.Store.read(ctx, st, it.Shard, it.After, limit)
	if err != nil {
		return nil, err
	}
	out := &kinesis.GetRecordsOutput{Records: []types.Record{}, MillisBehindLatest: aws.Int64(0)}
	size := 0
	for _, r := range records {
		if size += len(r.data); size > maxGetBytes {
			break
		}
		it.After = r.seq
		out.Records = append(out.Records, types.Record{Data: r.data, PartitionKey: aws.String(r.key), SequenceNumber: aws.String(sequence(st.id, r.shard, r.seq)),
			ApproximateArrivalTimestamp: aws.Time(r.arrival)})
	}
	if n := len(out.Records); n > 0 {
		newest, err := a.Store.newest(ctx, st, it.Shard, nil)
		if err != nil {
			return nil, err
		}
		if newest > it.After {
			out.MillisBehindLatest = aws.Int64(now.Sub(*out.Records[n-1].ApproximateArrivalTimestamp).Milliseconds())
		}
	}
	it.Issued = now
	out.NextShardIterator = aws.String(it.String())
	return out, nil
}
