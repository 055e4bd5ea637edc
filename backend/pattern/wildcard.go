package pattern

import (
	"fmt"
	"strings"
)

// wildcards are patterns with *, by what stands before the first: of many, those are tried whose head begins the value. The nil
// value holds none.
type wildcards struct {
	here []wildcard
	next map[byte]*wildcards
}

// wildcard is a pattern with its literal stretches: between each two lies a *.
type wildcard []string

func (w *wildcards) add(c wildcard) *wildcards {
	if w == nil {
		w = &wildcards{}
	}
	at := w
	for i := range len(c[0]) {
		if at.next == nil {
			at.next = map[byte]*wildcards{}
		}
		b := c[0][i]
		if at.next[b] == nil {
			at.next[b] = &wildcards{}
		}
		at = at.next[b]
	}
	at.here = append(at.here, c)
	return w
}

func (w *wildcards) match(s string) bool {
	for i := 0; w != nil; i++ {
		for _, c := range w.here {
			if c.match(s) {
				return true
			}
		}
		if i == len(s) {
			return false
		}
		w = w.next[s[i]]
	}
	return false
}

// match reports whether the whole of s fits. Each stretch is taken where it first occurs, which is never wrong.
func (c wildcard) match(s string) bool {
	if len(c) == 1 {
		return s == c[0]
	}
	head, tail := c[0], c[len(c)-1]
	if len(s) < len(head)+len(tail) || !strings.HasPrefix(s, head) || !strings.HasSuffix(s, tail) {
		return false
	}
	s = s[len(head) : len(s)-len(tail)]
	for _, stretch := range c[1 : len(c)-1] {
		i := strings.Index(s, stretch)
		if i < 0 {
			return false
		}
		s = s[i+len(stretch):]
	}
	return true
}

// maxAlike is how many * of one pattern may be followed by the same character. EventBridge refuses patterns whose matching
// would branch too much, by a measure that is not known; what was recorded has five.
const maxAlike = 4

// readWildcard reads a wildcard pattern: * is any run of characters, \* and \\ are themselves.
func readWildcard(text string) (wildcard, error) {
	c, at := wildcard{""}, 0
	alike := map[byte]int{}
	star := false
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case b == '*' && star:
			return nil, fmt.Errorf("Consecutive wildcard characters at pos %d", i) //nolint:staticcheck // EventBridge's words
		case b == '*':
			c, at, star = append(c, ""), at+1, true
			continue
		case b == '\\' && (i+1 == len(text) || text[i+1] != '*' && text[i+1] != '\\'):
			return nil, fmt.Errorf("Invalid escape character at pos %d", i) //nolint:staticcheck // EventBridge's words
		case b == '\\':
			i++
			b = text[i]
		}
		if star {
			if alike[b]++; alike[b] > maxAlike {
				return nil, errComplex
			}
		}
		star = false
		c[at] += string([]byte{b})
	}
	return c, nil
}
