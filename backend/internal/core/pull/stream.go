package pull

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/fnv"
	"time"
)

// Stream is a source that is read shard by shard. A service registers one for its kind of ARN.
type Stream interface {
	// Actions lists what the execution role needs, as IAM actions; the first is the one asked at each poll.
	Actions() []string
	// Shards lists the stream's shards, oldest first, but for those whose records are all trimmed. A stream that does not exist
	// is a fault of kind NotFound. There may be more of them later: Wake with a shard that is new makes the pollers ask again,
	// and they read it from its beginning.
	Shards(ctx context.Context, streamARN string) ([]Shard, error)
	// Position returns the sequence number after which reading begins; empty for the beginning.
	Position(ctx context.Context, streamARN, shard string, from StartingPosition, at time.Time) (string, error)
	// Read returns at most limit records after a sequence number, in order. It may end earlier once it has 6 MB of them;
	// otherwise fewer than limit means that there are no more. Records that were trimmed are passed over.
	Read(ctx context.Context, streamARN, shard, after string, limit int) ([]Record, error)
	// DataKey is what filter patterns call a record's own content, as Record.View has it: data, dynamodb.
	DataKey() string
}

// Shard is a part of a stream that is read in order.
type Shard struct {
	ID      string
	Parents []string // the shards that it came from, which are read to their ends before it
	// End is a sequence number that is not before that of the last record, once the shard is closed: it gets no more.
	End string
}

// Record is one record of a stream.
type Record struct {
	Sequence string    // sorts within its shard as text
	Key      string    // what must stay in order: the partition key
	Arrival  time.Time // never earlier than that of the record before
	// Event is the record as it stands in the function's event, but for what depends on the mapping: the function fills
	// in the execution role.
	Event func(roleARN string) json.RawMessage
	// View is the record as filters see it, as encoding/json decodes it: content that is JSON stands there decoded.
	View func() map[string]any
	Size int // bytes
	// Parent is the id of the delivery that it follows from; 0 for none.
	Parent int64

	skipped int // records before it, and after the one that passed before, that the filters kept away
}

// MaxBatchBytes bounds the event of a batch (the payload of a synchronous invocation).
const MaxBatchBytes = 6 << 20

// weight is about how many bytes a record or message takes in the event.
func weight(size int) int { return size*4/3 + 512 }

// cut is how many of the first records fit in a batch of at most so many; one is always admitted. full says that no more
// would fit.
func cut(records []Record, most int) (n int, full bool) {
	size := 0
	for i, r := range records {
		if i == most {
			return i, true
		}
		if size += weight(r.Size); size > MaxBatchBytes && i > 0 {
			return i, true
		}
	}
	return len(records), len(records) == most || size >= MaxBatchBytes
}

// part is which of so many lanes of a shard a key belongs to.
func part(key string, of int) int {
	if of <= 1 {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return int(h.Sum32() % uint32(of))
}

// payload is the event that a function receives: the records joined, without looking at them again.
func payload[T any](items []T, event func(*T) json.RawMessage) []byte {
	var b bytes.Buffer
	b.WriteString(`{"Records":[`)
	for i := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(event(&items[i]))
	}
	b.WriteString("]}")
	return b.Bytes()
}
