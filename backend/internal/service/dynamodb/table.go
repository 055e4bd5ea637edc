package dynamodb

import (
	"crypto/md5"
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/service/dynamodb/expression"
)

// Partitions of a new table: by request it serves 4,000 writes a second, which is four partitions' worth (developer guide,
// on-demand capacity); a small provisioned one needs one.
const (
	partitionsOnDemand    = 4
	partitionsProvisioned = 1
)

// Billing modes.
const (
	provisioned = "PROVISIONED"
	onDemand    = "PAY_PER_REQUEST"
)

// keys are the names of a hash and a range key; Range is empty where there is none.
type keys struct{ Hash, Range string }

// names lists the keys, hash first.
func (k keys) names() []string {
	if k.Range == "" {
		return []string{k.Hash}
	}
	return []string{k.Hash, k.Range}
}

// throughput is stored and answered. It is not enforced.
type throughput struct{ Read, Write int64 }

// attribute is an attribute definition: a key's name and type, S, N or B.
type attribute struct {
	Name string
	Type expression.Type
}

// index is a secondary index.
type index struct {
	N      int // its number within the table, from 1; never used again
	Name   string
	Global bool
	Keys   keys
	// Projection is ALL, KEYS_ONLY or INCLUDE; NonKey are the attributes that INCLUDE adds.
	Projection string
	NonKey     []string
	Throughput throughput
}

// streamState is the table's current or latest stream.
type streamState struct {
	ID      int64
	Label   string
	View    string
	Enabled bool
}

// definition is what a table was told to be. It is stored as JSON.
type definition struct {
	UUID       string
	Attributes []attribute
	Keys       keys
	Billing    string
	Throughput throughput
	Partitions int
	Class      string
	Protected  bool
	Indexes    []index
	Numbered   int // indexes that the table has ever had
	Stream     *streamState
	TTL        string // attribute of the time to live, where it is enabled
	TTLWas     string // the attribute of the last UpdateTimeToLive, enabled or not
	Tags       map[string]string
	// OnDemandMax are the greatest units of a table that is paid by request; nil without.
	OnDemandMax *throughput
}

// table is a table as it was last committed.
type table struct {
	id                    int64
	account, region, name string
	created               time.Time
	definition
}

func (t *table) arn() string { return tableARN(t.region, t.account, t.name) }

// typeOf is the type of a key attribute.
func (d *definition) typeOf(name string) expression.Type {
	for _, a := range d.Attributes {
		if a.Name == name {
			return a.Type
		}
	}
	return ""
}

// index finds a secondary index by name.
func (d *definition) index(name string) *index {
	i := slices.IndexFunc(d.Indexes, func(x index) bool { return x.Name == name })
	if i < 0 {
		return nil
	}
	return &d.Indexes[i]
}

// project is the part of an item that an index has.
func (d *definition) project(x *index, item expression.Item) expression.Item {
	if x.Projection == "ALL" {
		return item
	}
	out := expression.Item{}
	for _, name := range slices.Concat(d.Keys.names(), x.Keys.names(), x.NonKey) {
		if v, ok := item[name]; ok {
			out[name] = v
		}
	}
	return out
}

// position is where an item stands in a table or index.
type position struct {
	place      int64 // 0 to 2^63-1
	hash, sort []byte
}

// positionOf reads an item's place under keys; false where it lacks one of them or has one of the wrong type.
func (d *definition) positionOf(k keys, item expression.Item) (position, bool) {
	v, ok := item[k.Hash]
	if !ok || v.Type != d.typeOf(k.Hash) {
		return position{}, false
	}
	p := position{place: placeOf(v), hash: v.Sortable(), sort: []byte{}}
	if k.Range != "" {
		v, ok := item[k.Range]
		if !ok || v.Type != d.typeOf(k.Range) {
			return position{}, false
		}
		p.sort = v.Sortable()
	}
	return p, true
}

// placeOf hashes a partition key.
func placeOf(v expression.Value) int64 {
	sum := md5.Sum(v.Sortable())
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

// share is which of so many equal parts of the places a place lies in.
func share(place int64, of int) int {
	n, _ := bits.Mul64(uint64(place)<<1, uint64(of))
	return int(n)
}

// begins is the first place of part n of so many.
func begins(n, of int) int64 {
	if n == 0 {
		return 0
	}
	q, r := bits.Div64(uint64(n), 0, uint64(of))
	if r > 0 {
		q++
	}
	return int64((q + 1) >> 1)
}

// expiry is when an item expires, in seconds since 1970; nil where it doesn't. A time that lies more than five years back
// is taken for a mistake, as AWS takes it (developer guide, time to live).
func (d *definition) expiry(item expression.Item, now time.Time) *int64 {
	if d.TTL == "" {
		return nil
	}
	v, ok := item[d.TTL]
	if !ok || v.Type != expression.N {
		return nil
	}
	seconds, ok := v.Number.Seconds()
	if !ok || seconds <= 0 || seconds < now.AddDate(-5, 0, 0).Unix() {
		return nil
	}
	return &seconds
}
