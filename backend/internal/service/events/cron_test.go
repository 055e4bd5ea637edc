package events

import (
	"testing"
	"time"
)

// TestSchedules pins when schedules fire, with the examples of the user guide.
func TestSchedules(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // a Thursday
	for text, want := range map[string][]string{
		"rate(1 minute)":                 {"2026-01-01T00:01", "2026-01-01T00:02"},
		"rate(5 hours)":                  {"2026-01-01T05:00", "2026-01-01T10:00"},
		"cron(0 10 * * ? *)":             {"2026-01-01T10:00", "2026-01-02T10:00"},
		"cron(15 12 * * ? *)":            {"2026-01-01T12:15", "2026-01-02T12:15"},
		"cron(0 18 ? * MON-FRI *)":       {"2026-01-01T18:00", "2026-01-02T18:00", "2026-01-05T18:00"},
		"cron(0 8 1 * ? *)":              {"2026-01-01T08:00", "2026-02-01T08:00"},
		"cron(0/10 * ? * 2-3 *)":         {"2026-01-05T00:00", "2026-01-05T00:10"},
		"cron(0/5 8-9 ? * FRI *)":        {"2026-01-02T08:00", "2026-01-02T08:05"},
		"cron(0 9 ? * 2#1 *)":            {"2026-01-05T09:00", "2026-02-02T09:00"},
		"cron(0 9 ? * 6L *)":             {"2026-01-30T09:00", "2026-02-27T09:00"},
		"cron(0 0 L * ? *)":              {"2026-01-31T00:00", "2026-02-28T00:00"},
		"cron(0 0 LW * ? *)":             {"2026-01-30T00:00", "2026-02-27T00:00"},
		"cron(0 0 3W * ? *)":             {"2026-01-02T00:00", "2026-02-03T00:00"},
		"cron(0 0 1W 8 ? *)":             {"2026-08-03T00:00", "2027-08-02T00:00"},
		"cron(0 0 ? * FRI-MON *)":        {"2026-01-02T00:00", "2026-01-03T00:00", "2026-01-04T00:00", "2026-01-05T00:00", "2026-01-09T00:00"},
		"cron(0 0 29 2 ? *)":             {"2028-02-29T00:00", "2032-02-29T00:00"},
		"cron(30 6 1 JAN,jul ? 2026-27)": nil,
		"cron(30 6 1 JAN,JUL ? 2026)":    {"2026-01-01T06:30", "2026-07-01T06:30", ""},
		"cron(0 12 * * * *)":             nil,
		"cron(0 12 ? * ? *)":             nil,
		"cron(0 12 * * ?)":               nil,
		"cron(60 12 * * ? *)":            nil,
		"cron(0 0 ? * 8 *)":              nil,
		"rate(0 minutes)":                nil,
		"rate(1 minutes)":                nil,
		"rate(2 minute)":                 nil,
		"rate(5 seconds)":                nil,
		"at(2026-01-01T00:00:00)":        nil,
	} {
		t.Run(text, func(t *testing.T) {
			s, err := parseSchedule(text)
			if (err == nil) != (want != nil) {
				t.Fatalf("got %v", err)
			}
			at := from
			for _, w := range want {
				next, ok := s.next(at)
				got := ""
				if ok {
					got = next.Format("2006-01-02T15:04")
				}
				if got != w {
					t.Fatalf("after %v: got %s, want %s", at, got, w)
				}
				at = next
			}
		})
	}
}
