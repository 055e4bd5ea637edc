package kinesis

import (
	"net/http"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// What a shard gives and takes in a second (developer guide, quotas and limits). Within a second all of it may be used at once. A
// call of GetRecords may read more than that, and then the next ones wait until it is made up for.
const (
	writtenRecords = 1000
	writtenBytes   = 1 << 20
	readCalls      = 5
	readBytes      = 2 << 20
	iteratorCalls  = 5
)

// budget is what may still be used of something that grows again with time, up to a second's worth.
type budget struct {
	left float64
	at   time.Time // when it was so much
}

// grow brings a budget up to date, of which there is so much a second.
func (b *budget) grow(now time.Time, second float64) {
	if b.at.IsZero() {
		b.left = second
	} else {
		b.left = min(second, b.left+second*now.Sub(b.at).Seconds())
	}
	b.at = now
}

// usage is what was used of a shard. It is forgotten when the backend ends.
type usage struct{ records, bytes, reads, readBytes, iterators budget }

// use runs f with what was used of a shard, up to now, where shards have limits.
func (s *Store) use(st *stream, shard int, f func(u *usage, now time.Time) bool) bool {
	if !s.Limits {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := place{st.id, shard}
	u := s.usage[at]
	if u == nil {
		u = &usage{}
		s.usage[at] = u
	}
	return f(u, s.db.Now())
}

// mayWrite reports whether a record may be written now, and counts it.
func (s *Store) mayWrite(st *stream, r *record) bool {
	return s.use(st, r.shard, func(u *usage, now time.Time) bool {
		u.records.grow(now, writtenRecords)
		u.bytes.grow(now, writtenBytes)
		if u.records.left < 1 || u.bytes.left < float64(r.size()) {
			return false
		}
		u.records.left--
		u.bytes.left -= float64(r.size())
		return true
	})
}

// mayRead reports whether GetRecords may be called now, and counts the call.
func (s *Store) mayRead(st *stream, shard int) bool {
	return s.use(st, shard, func(u *usage, now time.Time) bool {
		u.reads.grow(now, readCalls)
		u.readBytes.grow(now, readBytes)
		if u.reads.left < 1 || u.readBytes.left <= 0 {
			return false
		}
		u.reads.left--
		return true
	})
}

// hasRead counts what GetRecords has returned.
func (s *Store) hasRead(st *stream, shard, bytes int) {
	s.use(st, shard, func(u *usage, _ time.Time) bool {
		u.readBytes.left -= float64(bytes)
		return true
	})
}

// mayAsk reports whether GetShardIterator may be called now, and counts the call.
func (s *Store) mayAsk(st *stream, shard int) bool {
	return s.use(st, shard, func(u *usage, now time.Time) bool {
		u.iterators.grow(now, iteratorCalls)
		if u.iterators.left < 1 {
			return false
		}
		u.iterators.left--
		return true
	})
}

// size is what counts of a record: its data and its key.
func (r *record) size() int { return len(r.data) + len(r.key) }

const exceededCode = "ProvisionedThroughputExceededException"

// exceeded refuses a call, or a record of PutRecords (API reference, PutRecords).
func exceeded(st *stream, shard int) *wire.Error {
	return wire.Errorf(http.StatusBadRequest, exceededCode, "Rate exceeded for shard %s in stream %s under account %s.", shardID(shard), st.name, st.account)
}
