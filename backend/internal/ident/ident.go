// Package ident makes identifiers and jitter.
//
// Everything random in the simulator comes from one Source, so that a run with a seed can be repeated: request ids,
// mapping ids, access keys, sequence-number noise, retry jitter. A source with seed 0 draws from the operating system.
// With a seed, the epoch (how often this state has been started) is mixed in: a restart must not hand out the ids of
// the run before it.
package ident

import (
	crand "crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
)

// Source makes identifiers. It is safe for concurrent use.
type Source struct {
	mu  sync.Mutex
	rnd *rand.Rand // nil: the operating system
}

// New returns a source. Seed 0 means unpredictable; any other seed gives, with the same epoch, the same identifiers in
// the same order.
func New(seed uint64, epoch uint64) *Source {
	if seed == 0 {
		return &Source{}
	}
	return &Source{rnd: rand.New(rand.NewPCG(seed, epoch))}
}

// Bytes fills b.
func (s *Source) Bytes(b []byte) {
	if s.rnd == nil {
		_, _ = crand.Read(b) // never fails: crypto/rand ends the program instead
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var w [8]byte
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(w[:], s.rnd.Uint64())
		copy(b[i:], w[:])
	}
}

// UUID returns a random (version 4) UUID in lower case: request ids, revision ids, mapping ids.
func (s *Source) UUID() string {
	var b [16]byte
	s.Bytes(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Hex returns n lower-case hexadecimal digits.
func (s *Source) Hex(n int) string {
	b := make([]byte, (n+1)/2)
	s.Bytes(b)
	return hex.EncodeToString(b)[:n]
}

// Of returns n characters drawn from alphabet, which holds at most 256 characters.
func (s *Source) Of(alphabet string, n int) string {
	b := make([]byte, n)
	s.Bytes(b)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}

const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// UniqueID returns an IAM unique id: the four-letter prefix (AIDA a user, AROA a role, ANPA a policy, AKIA and ASIA
// access keys) and 16 more characters.
func (s *Source) UniqueID(prefix string) string { return prefix + s.Of(base32, 16) }

// Secret returns a secret access key: 40 characters of base64's alphabet.
func (s *Source) Secret() string {
	return s.Of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40)
}

// Float64 returns a number in [0,1).
func (s *Source) Float64() float64 {
	var b [8]byte
	s.Bytes(b[:])
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}
