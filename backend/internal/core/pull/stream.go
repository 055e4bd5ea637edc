package pull

import (
	"context"
	"encoding/json"
	"time"
)

// Stream is a source that is read shard by shard. A service registers one for its kind of ARN.
type Stream interface {
	// Actions lists what the execution role needs, as IAM actions; the first is the one asked at each poll.
	Actions() []string
	// Shards lists the stream's shards, oldest first. A stream that does not exist is a fault of kind NotFound. There may be
	// more of them later: Wake with a shard that is new makes the pollers ask again, and they read it from its beginning.
	Shards(ctx context.Context, streamARN string) ([]string, error)
	// Position returns the sequence number after which reading begins; empty for the beginning.
	Position(ctx context.Context, streamARN, shard string, from StartingPosition, at time.Time) (string, error)
	// Read returns at most limit records after a sequence number, in order.
	Read(ctx context.Context, streamARN, shard, after string, limit int) ([]Record, error)
}

// Record is one record of a stream.
type Record struct {
	Sequence string    // sorts within its shard as text
	Key      string    // what must stay in order: the partition key
	Arrival  time.Time // never earlier than that of the record before
	// Event is the record as it stands in the function's event, but for what depends on the mapping: the function fills
	// in the execution role.
	Event func(roleARN string) json.RawMessage
	Size  int // bytes
}

// Batch is the records of one invocation, all of one shard.
type Batch struct {
	Shard   string
	Records []Record
}

// maxBatchBytes bounds the event of a batch (the payload of a synchronous invocation).
const maxBatchBytes = 6 << 20

// cut ends a batch before it becomes too large; one record is always admitted.
func cut(records []Record) []Record {
	size := 0
	for i, r := range records {
		if size += r.Size*4/3 + 512; size > maxBatchBytes && i > 0 {
			return records[:i]
		}
	}
	return records
}

// payload is the event that the function receives.
func (b *Batch) payload(roleARN string) ([]byte, error) {
	records := make([]json.RawMessage, len(b.Records))
	for i, r := range b.Records {
		records[i] = r.Event(roleARN)
	}
	return json.Marshal(map[string]any{"Records": records})
}

func (b *Batch) first() string { return b.Records[0].Sequence }
func (b *Batch) last() string  { return b.Records[len(b.Records)-1].Sequence }
