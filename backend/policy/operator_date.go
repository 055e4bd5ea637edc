package policy

import (
	"strconv"
	"time"
)

// The Date family compares instants to the millisecond: ISO 8601 (a date, or a date and time with Z or an offset) or
// seconds since 1970.
func init() {
	comparisons("Date", func(want, have string) (int, bool) {
		w, ok1 := instant(want)
		h, ok2 := instant(have)
		if !ok1 || !ok2 {
			return 0, false
		}
		return h.Compare(w), true
	})
}

func instant(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil && !(layout == "2006" && len(s) != 4) {
			return t.Truncate(time.Millisecond), true
		}
	}
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	return time.Time{}, false
}
