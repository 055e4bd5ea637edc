package trace

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A cause is a text in the form of X-Ray's trace header:
//
//	Root=1-5759e988-bd862e3fe1be46a994272793;Parent=1c2f00000000002a;Sampled=0;Lineage=a87bd80c:1|68fd508a:5
//
// A function is given one with each event, and AWS's SDKs forward it with the calls that the function makes
// (X-Amzn-Trace-Id), so that whatever a call brings about (a message, an object, a record, an invocation) knows which
// delivery it follows from, and how often the chain of requests has come by a function. Root stays the same in all that
// follows from one request. Parent names the delivery, with a check, since the header is its sender's to write: the parent
// of an application's own X-Ray segment names none. Lineage is core/invoke's.

// maxCause is how long a cause may be, in bytes; a longer one is none.
const maxCause = 1024

var rootForm = regexp.MustCompile(`^1-[0-9a-f]{8}-[0-9a-f]{24}$`)

// valid is a header's text where it can be a cause, and "" where it cannot.
func valid(header string) string {
	if len(header) > maxCause || !utf8.ValidString(header) || strings.ContainsRune(header, 0) {
		return ""
	}
	return header
}

// Member is a member of a cause: Root, Parent, Lineage.
func Member(cause, name string) string {
	for cause != "" {
		var part string
		part, cause, _ = strings.Cut(cause, ";")
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), name+"="); ok {
			return value
		}
	}
	return ""
}

// ParentOf is the id of the delivery that a cause names; 0 where it names none.
func ParentOf(cause string) int64 {
	parent := Member(cause, "Parent")
	if len(parent) != 16 {
		return 0
	}
	id, err := strconv.ParseInt(parent[4:], 16, 64)
	if err != nil || parent != mark(Member(cause, "Root"), id) {
		return 0
	}
	return id
}

// mark is a delivery's id as the parent of what follows: twelve digits, after a check of four.
func mark(root string, id int64) string {
	h := fnv.New32a()
	_, _ = fmt.Fprintf(h, "%s %d", root, id) // never fails
	return fmt.Sprintf("%04x%012x", h.Sum32()>>16, id)
}

// Follow is the header of a delivery that follows from a cause; "" is none.
func (h Header) Follow(cause string) Header {
	h.Cause = valid(cause)
	h.Parent = ParentOf(h.Cause)
	return h
}

// maxAlso is how many further deliveries a header names.
const maxAlso = 100

// FollowAll is the header of a delivery of several things that follow from deliveries of their own, 0 for none: the first is the
// parent, the others stand beside it. The chain of requests is that of one cause.
func (h Header) FollowAll(parents []int64, cause string) Header {
	var ids []int64
	for _, id := range parents {
		if id != 0 && !slices.Contains(ids, id) && len(ids) <= maxAlso {
			ids = append(ids, id)
		}
	}
	h.Cause = cause
	if len(ids) > 0 {
		h.Parent, h.Also = ids[0], ids[1:]
	}
	return h
}

// Onward is the cause of what follows from the delivery.
func (h Header) Onward() string {
	root := h.root()
	text := "Root=" + root + ";Parent=" + mark(root, h.ID) + ";Sampled=0"
	if lineage := Member(h.Cause, "Lineage"); lineage != "" {
		text += ";Lineage=" + lineage
	}
	return text
}

// WithLineage is the header with another lineage.
func (h Header) WithLineage(lineage string) Header {
	h.Cause = "Root=" + h.root() + ";Lineage=" + lineage
	return h
}

// Unlined is a cause without its lineage, for ways on which Lambda does not find loops.
func Unlined(cause string) string {
	parts := slices.DeleteFunc(strings.Split(cause, ";"), func(part string) bool { return strings.HasPrefix(strings.TrimSpace(part), "Lineage=") })
	return strings.Join(parts, ";")
}

// root is the cause's root; where there is none it is made from the delivery's time and request id, so that it repeats where they do.
func (h Header) root() string {
	if root := Member(h.Cause, "Root"); rootForm.MatchString(root) {
		return root
	}
	return newRoot(h.At, h.RequestID)
}

func newRoot(at time.Time, requestID string) string {
	hex := make([]byte, 0, 32)
	for i := range len(requestID) {
		if c := requestID[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'f' {
			hex = append(hex, c)
		}
	}
	for len(hex) < 24 {
		hex = append(hex, '0')
	}
	return fmt.Sprintf("1-%08x-%s", uint32(at.Unix()), hex[:24])
}
