package pattern

import (
	"math"
	"net/netip"
	"slices"
	"strings"
)

// values are the alternatives of a leaf.
type values struct {
	path []string // of the leaf, from the root

	strings                      map[string]bool
	folded                       map[string]bool // in lower case
	numbers                      map[float64]bool
	null, yes, no                bool
	prefixes, suffixes           *trie // suffixes backwards
	foldedPrefixes, foldedSuffix *trie
	wildcards                    *wildcards
	ranges                       []interval // apart, in order
	networks                     map[netip.Prefix]bool
	lengths                      []int // of networks

	not            []*values // anything-but
	exists, absent bool
}

// has reports whether a scalar is among the values.
func (s *values) has(v any) bool {
	switch v := v.(type) {
	case nil:
		return s.null
	case bool:
		return v && s.yes || !v && s.no
	case string:
		return s.hasString(v)
	}
	n, ok := number(v)
	return ok && (s.numbers[n] || within(s.ranges, n))
}

func (s *values) hasString(v string) bool {
	if s.strings[v] || s.prefixes.walk(v) || s.suffixes.back(v) || s.wildcards.match(v) || s.hasAddress(v) {
		return true
	}
	if len(s.folded) == 0 && s.foldedPrefixes == nil && s.foldedSuffix == nil {
		return false
	}
	lower := strings.ToLower(v)
	return s.folded[lower] || s.foldedPrefixes.walk(lower) || s.foldedSuffix.back(lower)
}

func (s *values) hasAddress(v string) bool {
	if len(s.networks) == 0 {
		return false
	}
	addr, err := netip.ParseAddr(v)
	if err != nil {
		return false
	}
	for _, bits := range s.lengths {
		if p, err := addr.Prefix(bits); err == nil && s.networks[p] {
			return true
		}
	}
	return false
}

func add[K comparable](m *map[K]bool, k K) {
	if *m == nil {
		*m = map[K]bool{}
	}
	(*m)[k] = true
}

func (s *values) addNetwork(p netip.Prefix) {
	add(&s.networks, p.Masked())
	if !slices.Contains(s.lengths, p.Bits()) {
		s.lengths = append(s.lengths, p.Bits())
	}
}

// interval is a range of numbers.
type interval struct {
	low, high         float64
	openLow, openHigh bool
}

func everything() interval { return interval{low: math.Inf(-1), high: math.Inf(1)} }

// within reports whether one of the intervals, which are apart and in order, holds n.
func within(list []interval, n float64) bool {
	i, _ := slices.BinarySearchFunc(list, n, func(r interval, n float64) int {
		if r.high < n || r.high == n && r.openHigh {
			return -1
		}
		return 1
	})
	return i < len(list) && (n > list[i].low || n == list[i].low && !list[i].openLow)
}

// merge puts intervals in order and joins those that meet.
func merge(list []interval) []interval {
	slices.SortFunc(list, func(a, b interval) int {
		switch {
		case a.low != b.low:
			return compare(a.low < b.low)
		case a.openLow != b.openLow:
			return compare(!a.openLow)
		}
		return 0
	})
	var out []interval
	for _, r := range list {
		if n := len(out); n > 0 {
			last := &out[n-1]
			if r.low < last.high || r.low == last.high && !(r.openLow && last.openHigh) {
				if r.high > last.high || r.high == last.high && !r.openHigh {
					last.high, last.openHigh = r.high, r.openHigh
				}
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

func compare(less bool) int {
	if less {
		return -1
	}
	return 1
}

// trie holds byte strings, to find whether one of them begins another. The nil trie holds none.
type trie struct {
	end  bool
	next map[byte]*trie
}

func (t *trie) add(s string) *trie {
	if t == nil {
		t = &trie{}
	}
	at := t
	for i := range len(s) {
		if at.next == nil {
			at.next = map[byte]*trie{}
		}
		if at.next[s[i]] == nil {
			at.next[s[i]] = &trie{}
		}
		at = at.next[s[i]]
	}
	at.end = true
	return t
}

// addBack adds a string from its end to its beginning.
func (t *trie) addBack(s string) *trie {
	b := []byte(s)
	slices.Reverse(b)
	return t.add(string(b))
}

// walk reports whether a string of the trie begins s.
func (t *trie) walk(s string) bool {
	for i := 0; t != nil; i++ {
		if t.end {
			return true
		}
		if i == len(s) {
			return false
		}
		t = t.next[s[i]]
	}
	return false
}

// back reports whether a string of the trie, which holds them backwards, ends s.
func (t *trie) back(s string) bool {
	for i := len(s) - 1; t != nil; i-- {
		if t.end {
			return true
		}
		if i < 0 {
			return false
		}
		t = t.next[s[i]]
	}
	return false
}
