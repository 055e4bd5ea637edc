package kinesis

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// hashKey is a hash key: a number of 128 bits, the most significant byte first. An MD5 is one.
type hashKey [16]byte

func (k hashKey) compare(other hashKey) int { return bytes.Compare(k[:], other[:]) }

func (k hashKey) big() *big.Int { return new(big.Int).SetBytes(k[:]) }

// String is the number in decimals, as the API has it.
func (k hashKey) String() string { return k.big().String() }

// plus is the key so many further.
func (k hashKey) plus(n int64) hashKey { return hashKeyOf(new(big.Int).Add(k.big(), big.NewInt(n))) }

func hashKeyOf(n *big.Int) (k hashKey) {
	n.FillBytes(k[:])
	return k
}

// parseHashKey reads a decimal number; false where it is none or lies out of the range.
func parseHashKey(text string) (hashKey, bool) {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok || n.Sign() < 0 || n.Cmp(keyspace) >= 0 {
		return hashKey{}, false
	}
	return hashKeyOf(n), true
}

// keyspace is the number of hash keys: 2^128.
var keyspace = new(big.Int).Lsh(big.NewInt(1), 128)

// span is a range of hash keys, both ends included.
type span struct{ low, high hashKey }

func (x span) holds(k hashKey) bool { return x.low.compare(k) <= 0 && k.compare(x.high) <= 0 }

// even is range n of so many of the same width; the last one takes what is left over.
func even(n, of int) span {
	width := new(big.Int).Div(keyspace, big.NewInt(int64(of)))
	first := new(big.Int).Mul(width, big.NewInt(int64(n)))
	end := new(big.Int).Add(first, width)
	if n == of-1 {
		end = keyspace
	}
	return span{hashKeyOf(first), hashKeyOf(new(big.Int).Sub(end, big.NewInt(1)))}
}

// shard is a shard of a stream. It is open until it is split or merged.
type shard struct {
	n int
	span
	parent, adjacent *int // the shards it came from
	opened           time.Time
	closed           *time.Time // nil while it is open
	end              int64      // of a closed one: the sequence after its last record's
}

// shardID is the name of a shard.
func shardID(n int) string { return fmt.Sprintf("shardId-%012d", n) }

// shardNumber reads the name of a shard, as we write it: policies and positions are about that name.
func shardNumber(id string) (int, bool) {
	digits, ok := strings.CutPrefix(id, "shardId-")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && shardID(n) == id
}

// parents are the names of the shards it came from.
func (h *shard) parents() (ids []string) {
	for _, n := range []*int{h.parent, h.adjacent} {
		if n != nil {
			ids = append(ids, shardID(*n))
		}
	}
	return ids
}

// describe is a shard as the API has it.
func (st *stream) describe(h *shard) types.Shard {
	out := types.Shard{ShardId: aws.String(shardID(h.n)),
		HashKeyRange:        &types.HashKeyRange{StartingHashKey: aws.String(h.low.String()), EndingHashKey: aws.String(h.high.String())},
		SequenceNumberRange: &types.SequenceNumberRange{StartingSequenceNumber: aws.String(sequence(st.id, h.n, 0))}}
	if h.closed != nil {
		out.SequenceNumberRange.EndingSequenceNumber = aws.String(sequence(st.id, h.n, h.end))
	}
	if h.parent != nil {
		out.ParentShardId = aws.String(shardID(*h.parent))
	}
	if h.adjacent != nil {
		out.AdjacentParentShardId = aws.String(shardID(*h.adjacent))
	}
	return out
}

// horizon is the instant up to which a stream's records are trimmed.
func (st *stream) horizon(now time.Time) time.Time {
	return now.Add(-time.Duration(st.retention) * time.Hour)
}

// expired reports whether a shard was closed so long ago that all its records are trimmed: then it is not listed any more.
func (st *stream) expired(h *shard, now time.Time) bool {
	return h.closed != nil && !h.closed.After(st.horizon(now))
}

// listed are the shards that have not expired, by number.
func (st *stream) listed(now time.Time) []*shard {
	var list []*shard
	for i := range st.shards {
		if h := &st.shards[i]; !st.expired(h, now) {
			list = append(list, h)
		}
	}
	return list
}

// shard finds a shard by its number; nil where there is none.
func (st *stream) shard(n int) *shard {
	i, ok := slices.BinarySearchFunc(st.shards, n, func(h shard, n int) int { return h.n - n })
	if !ok {
		return nil
	}
	return &st.shards[i]
}

// openShards is how many shards are open.
func (st *stream) openShards() int { return len(st.open) }

// shardOf is the open shard whose range holds a hash key.
func (st *stream) shardOf(k hashKey) int {
	i, ok := slices.BinarySearchFunc(st.open, k, func(h *shard, k hashKey) int { return h.low.compare(k) })
	if !ok {
		i-- // the one that begins before it
	}
	return st.open[i].n
}

// arrange finds the open shards, in the order of their hash keys: they share the whole range.
func (st *stream) arrange() {
	slices.SortFunc(st.shards, func(x, y shard) int { return x.n - y.n })
	st.open = nil
	for i := range st.shards {
		if h := &st.shards[i]; h.closed == nil {
			st.open = append(st.open, h)
		}
	}
	slices.SortFunc(st.open, func(x, y *shard) int { return x.low.compare(y.low) })
}
