package policy

import (
	"strconv"
	"strings"
	"time"
)

// The Date family compares instants to the millisecond: ISO 8601 (a date, or a date and time with Z or an offset) or
// seconds since 1970.
func init() {
	comparisons("Date", func(raw string, holds func(int) bool) constant {
		t, ok := instant(raw)
		return date{t, ok, holds}
	})
}

type date struct {
	time.Time
	valid bool
	holds func(int) bool
}

func (d date) compare(have string, _ Context) outcome {
	t, ok := instant(have)
	return when(d.valid && ok && d.holds(t.Compare(d.Time)))
}

// instant reads the W3C profile of ISO 8601 (https://www.w3.org/TR/NOTE-datetime), or seconds since 1970. Four digits are a
// year.
func instant(s string) (time.Time, bool) {
	layout := ""
	switch {
	case len(s) == 4 && digits(s):
		layout = "2006"
	case strings.Contains(s, "T") && strings.Count(s, ":") >= 1:
		layout = time.RFC3339
	case len(s) == 7 && s[4] == '-':
		layout = "2006-01"
	case len(s) == 10 && s[4] == '-':
		layout = "2006-01-02"
	default:
		seconds, err := strconv.ParseInt(s, 10, 64)
		return time.Unix(seconds, 0), err == nil
	}
	t, err := time.Parse(layout, s)
	if err != nil && layout == time.RFC3339 {
		t, err = time.Parse("2006-01-02T15:04Z07:00", s)
	}
	return t.Truncate(time.Millisecond), err == nil
}
