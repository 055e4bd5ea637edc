package kinesis

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
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
	r.hash = md5.Sum([]byte(r.key))
	if explicit != nil {
		var ok bool
		if r.hash, ok = parseHashKey(*explicit); !ok {
			return r, fault.New(fault.Invalid, "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", *explicit)
		}
	}
	r.shard = st.shardOf(r.hash)
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
	// The numbers of a shard grow with each commit, and a put is answered after its own: so the next one's is greater anyway.
	if in.SequenceNumberForOrdering != nil {
		if stream, _, _, ok := parseSequence(*in.SequenceNumberForOrdering); !ok || stream > st.id || *in.SequenceNumberForOrdering == "" {
			return nil, fault.New(fault.Invalid, "ExclusiveMinimumSequenceNumber %s used in PutRecord on stream %s under account %s is invalid.",
				*in.SequenceNumberForOrdering, st.name, st.account)
		}
	}
	if !a.Store.mayWrite(st, &r) {
		return nil, exceeded(st, r.shard)
	}
	records := []record{r}
	if err := a.Store.append(ctx, st, trace.ParentOf(wire.CallFrom(ctx).Cause()), records); err != nil {
		return nil, err
	}
	return &kinesis.PutRecordOutput{ShardId: aws.String(shardID(records[0].shard)), EncryptionType: st.encryption(),
		SequenceNumber: aws.String(sequence(st.id, records[0].shard, records[0].seq))}, nil
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
	size := 0
	all := make([]record, len(in.Records))
	for i, e := range in.Records {
		if all[i], err = st.place(e.PartitionKey, e.ExplicitHashKey, e.Data); err != nil {
			return nil, err
		}
		size += all[i].size()
	}
	if size > maxPutBytes {
		return nil, wire.Errorf(http.StatusBadRequest, "InvalidArgumentException", "Records size exceeds %d bytes", maxPutBytes)
	}
	out := &kinesis.PutRecordsOutput{EncryptionType: st.encryption(), Records: make([]types.PutRecordsResultEntry, len(all))}
	failed := 0
	taken := make([]record, 0, len(all))
	for i := range all {
		if !a.Store.mayWrite(st, &all[i]) {
			failed++
			out.Records[i] = types.PutRecordsResultEntry{ErrorCode: aws.String(exceededCode), ErrorMessage: aws.String(exceeded(st, all[i].shard).Message)}
			continue
		}
		taken = append(taken, all[i])
	}
	if len(taken) > 0 {
		if err := a.Store.append(ctx, st, trace.ParentOf(wire.CallFrom(ctx).Cause()), taken); err != nil {
			return nil, err
		}
	}
	out.FailedRecordCount = aws.Int32(int32(failed))
	for i := range out.Records {
		if e := &out.Records[i]; e.ErrorCode == nil {
			e.ShardId, e.SequenceNumber = aws.String(shardID(taken[0].shard)), aws.String(sequence(st.id, taken[0].shard, taken[0].seq))
			taken = taken[1:]
		}
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
