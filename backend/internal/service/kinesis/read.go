package kinesis

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

func (a *API) getShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput) (*kinesis.GetShardIteratorOutput, error) {
	st, err := a.find(ctx, in.StreamARN, in.StreamName)
	if err != nil {
		return nil, err
	}
	if aws.ToBool(in.DryRun) {
		return nil, fault.New(fault.Unsupported, "lambdasim does not simulate DryRun of kinesis:GetShardIterator yet")
	}
	n, ok := shardNumber(*in.ShardId)
	h := st.shard(n)
	now := a.Clock.Now()
	if !ok || h == nil || st.expired(h, now) {
		return nil, fault.New(fault.NotFound, "Shard %s in stream %s under account %s does not exist", *in.ShardId, st.name, st.account)
	}
	if !a.Store.mayAsk(st, n) {
		return nil, exceeded(st, n)
	}
	it := iterator{Stream: st.arn(), Shard: n, Issued: now}
	if it.After, err = a.position(ctx, st, h, in, now); err != nil {
		return nil, err
	}
	return &kinesis.GetShardIteratorOutput{ShardIterator: aws.String(it.String())}, nil
}

// position is the sequence after which an iterator begins to read.
func (a *API) position(ctx context.Context, st *stream, h *shard, in *kinesis.GetShardIteratorInput, now time.Time) (int64, error) {
	kind := in.ShardIteratorType
	bySequence := kind == types.ShardIteratorTypeAtSequenceNumber || kind == types.ShardIteratorTypeAfterSequenceNumber
	switch {
	case in.StartingSequenceNumber != nil && !bySequence && kind != types.ShardIteratorTypeAtTimestamp, in.StartingSequenceNumber == nil && bySequence:
		and := "and also a StartingSequenceNumber"
		if bySequence {
			and = "and no StartingSequenceNumber"
		}
		return 0, fault.New(fault.Invalid, "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "+
			"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified %s %s.", kind, and)
	case bySequence:
		return startingAt(st, h, *in.StartingSequenceNumber, kind)
	}
	switch kind {
	case types.ShardIteratorTypeTrimHorizon:
		return 0, nil
	case types.ShardIteratorTypeLatest:
		return a.Store.newest(ctx, st, h.n, nil)
	case types.ShardIteratorTypeAtTimestamp:
		if in.Timestamp == nil {
			return 0, fault.New(fault.Invalid, "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
		}
		if in.Timestamp.After(now) {
			return 0, fault.New(fault.Invalid, "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: %d, currentTimestampInMillis: %d",
				in.Timestamp.UnixMilli(), now.UnixMilli())
		}
		return a.Store.newest(ctx, st, h.n, in.Timestamp)
	}
	return 0, wire.Validation(wire.Enum("shardIteratorType", string(kind), []string{"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"}))
}

// startingAt reads the sequence number with which, or after which, an iterator begins.
func startingAt(st *stream, h *shard, given string, kind types.ShardIteratorType) (int64, error) {
	stream, shard, seq, ok := parseSequence(given)
	const used = "StartingSequenceNumber %s used in GetShardIterator on shard %s in stream %s under account %s is invalid"
	switch {
	case !ok || given == "":
		return 0, fault.New(fault.Invalid, used+".", given, shardID(h.n), st.name, st.account)
	case stream != st.id:
		return 0, fault.New(fault.Invalid, used+" because it did not come from this stream.", given, shardID(h.n), st.name, st.account)
	case shard != h.n:
		return 0, fault.New(fault.Invalid, "Invalid StartingSequenceNumber. It encodes %s, while it was used in a call to a shard with %s", shardID(shard), shardID(h.n))
	case kind == types.ShardIteratorTypeAtSequenceNumber:
		return seq - 1, nil
	}
	return seq, nil
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
	h := st.shard(it.Shard)
	if h == nil || st.expired(h, now) {
		return nil, fault.New(fault.NotFound, "Shard %s in stream %s under account %s does not exist", shardID(it.Shard), st.name, st.account)
	}
	if !a.Store.mayRead(st, it.Shard) {
		return nil, exceeded(st, it.Shard)
	}
	records, err := a.Store.read(ctx, st, it.Shard, it.After, limit)
	if err != nil {
		return nil, err
	}
	out := &kinesis.GetRecordsOutput{Records: []types.Record{}, MillisBehindLatest: aws.Int64(0)}
	size := 0
	for _, r := range records {
		if size+len(r.data) > maxGetBytes && size > 0 {
			break
		}
		size += len(r.data)
		it.After = r.seq
		out.Records = append(out.Records, types.Record{Data: r.data, PartitionKey: aws.String(r.key), SequenceNumber: aws.String(sequence(st.id, r.shard, r.seq)),
			ApproximateArrivalTimestamp: aws.Time(r.arrival), EncryptionType: st.shownEncryption()})
	}
	a.Store.hasRead(st, it.Shard, size)
	return out, a.goOn(ctx, st, h, it, now, out)
}

// goOn completes an answer to GetRecords: how far behind it is, and the next iterator, or at the end of a closed shard its children.
func (a *API) goOn(ctx context.Context, st *stream, h *shard, it iterator, now time.Time, out *kinesis.GetRecordsOutput) error {
	newest, err := a.Store.newest(ctx, st, h.n, nil)
	if err != nil {
		return err
	}
	if h.closed != nil {
		newest = h.end - 1
	}
	if n := len(out.Records); n > 0 && newest > it.After {
		out.MillisBehindLatest = aws.Int64(now.Sub(*out.Records[n-1].ApproximateArrivalTimestamp).Milliseconds())
	}
	if h.closed != nil && (it.After >= newest || len(out.Records) == 0) {
		out.ChildShards = st.children(h, now)
		return nil
	}
	it.Issued = now
	out.NextShardIterator = aws.String(it.String())
	return nil
}

// children are the shards that came from a shard.
func (st *stream) children(h *shard, now time.Time) (list []types.ChildShard) {
	for _, c := range st.listed(now) {
		if c.parent != nil && *c.parent == h.n || c.adjacent != nil && *c.adjacent == h.n {
			list = append(list, types.ChildShard{ShardId: aws.String(shardID(c.n)), ParentShards: c.parents(),
				HashKeyRange: &types.HashKeyRange{StartingHashKey: aws.String(c.low.String()), EndingHashKey: aws.String(c.high.String())}})
		}
	}
	return list
}
