package events

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is a cron expression of EventBridge, in UTC: minutes, hours, day of the month, month, day of the week, year (user
// guide, cron expressions). Sunday is day 1 of the week. One of the two days must be ?.
type cron struct {
	minutes, hours, months, years []bool // by value; years from firstYear
	day                           func(time.Time) bool
}

const firstYear, lastYear = 1970, 2199

var (
	monthNames = []string{"", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

func parseCron(text string) (*cron, error) {
	f := strings.Fields(text)
	if len(f) != 6 {
		return nil, fmt.Errorf("cron(%s) has %d fields, and wants six", text, len(f))
	}
	if (f[2] == "?") == (f[4] == "?") {
		return nil, fmt.Errorf("cron(%s): one of the day of the month and the day of the week must be ?", text)
	}
	c := &cron{}
	var err error
	for _, field := range []struct {
		to          *[]bool
		text        string
		least, most int
		names       []string
	}{{&c.minutes, f[0], 0, 59, nil}, {&c.hours, f[1], 0, 23, nil}, {&c.months, f[3], 1, 12, monthNames}, {&c.years, f[5], firstYear, lastYear, nil}} {
		if *field.to, err = values(field.text, field.least, field.most, field.names); err != nil {
			return nil, err
		}
	}
	if f[2] != "?" {
		c.day, err = dayOfMonth(f[2])
	} else {
		c.day, err = dayOfWeek(f[4])
	}
	return c, err
}

// values reads lists, ranges and steps: which values, by value from least.
func values(text string, least, most int, names []string) ([]bool, error) {
	set := make([]bool, most-least+1)
	for _, part := range strings.Split(text, ",") {
		span, step, stepped := strings.Cut(part, "/")
		from, to := least, most
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			var err error
			if from, err = number(first, least, most, names); err != nil {
				return nil, err
			}
			if !ranged && !stepped {
				to = from
			}
			if ranged {
				if to, err = number(last, least, most, names); err != nil {
					return nil, err
				}
			}
		}
		by := 1
		if stepped {
			var err error
			if by, err = number(step, 1, most, nil); err != nil {
				return nil, err
			}
		}
		if to < from { // over the end: FRI-MON
			to += most - least + 1
		}
		for v := from; v <= to; v += by {
			set[(v-least)%len(set)] = true
		}
	}
	return set, nil
}

func number(text string, least, most int, names []string) (int, error) {
	n, err := strconv.Atoi(text)
	if i := slices.Index(names, strings.ToUpper(text)); i > 0 {
		n, err = i, nil
	}
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%q: want a number from %d to %d", text, least, most)
	}
	return n, nil
}

// dayOfMonth reads L (the last day), LW (the last weekday), NW (the weekday next to N), and numbers.
func dayOfMonth(text string) (func(time.Time) bool, error) {
	switch near, isNear := strings.CutSuffix(text, "W"); {
	case text == "L":
		return func(t time.Time) bool { return t.Day() == lastDay(t) }, nil
	case text == "LW":
		return func(t time.Time) bool { return t.Day() == weekdayBy(t, lastDay(t)) }, nil
	case isNear:
		n, err := number(near, 1, 31, nil)
		return func(t time.Time) bool { return n <= lastDay(t) && t.Day() == weekdayBy(t, n) }, err
	}
	set, err := values(text, 1, 31, nil)
	return func(t time.Time) bool { return set[t.Day()-1] }, err
}

func lastDay(t time.Time) int { return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day() }

// weekdayBy is the day from Monday to Friday of t's month that is nearest to its nth.
func weekdayBy(t time.Time, n int) int {
	switch time.Date(t.Year(), t.Month(), n, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if n == 1 {
			return 3
		}
		return n - 1
	case time.Sunday:
		if n == lastDay(t) {
			return n - 2
		}
		return n + 1
	}
	return n
}

// dayOfWeek reads L (Saturday), NL (the last N of the month), N#M (the Mth N of the month), and numbers.
func dayOfWeek(text string) (func(time.Time) bool, error) {
	if text == "L" {
		text = "SAT"
	}
	if day, ok := strings.CutSuffix(text, "L"); ok {
		n, err := number(day, 1, 7, dayNames)
		return func(t time.Time) bool { return int(t.Weekday())+1 == n && t.Day() > lastDay(t)-7 }, err
	}
	if day, which, ok := strings.Cut(text, "#"); ok {
		n, err := number(day, 1, 7, dayNames)
		if err != nil {
			return nil, err
		}
		m, err := number(which, 1, 5, nil)
		return func(t time.Time) bool { return int(t.Weekday())+1 == n && (t.Day()-1)/7+1 == m }, err
	}
	set, err := values(text, 1, 7, dayNames)
	return func(t time.Time) bool { return set[int(t.Weekday())] }, err
}

// next looks a day at a time, and within the day by hour and minute.
func (c *cron) next(after time.Time) (time.Time, bool) {
	t := after.UTC().Truncate(time.Minute).Add(time.Minute)
	for t.Year() <= lastYear {
		day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
		switch {
		case !c.years[t.Year()-firstYear]:
			t = time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
		case !c.months[t.Month()-1]:
			t = time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		case !c.day(day):
			t = day.AddDate(0, 0, 1)
		case !c.hours[t.Hour()]:
			t = t.Truncate(time.Hour).Add(time.Hour)
		case !c.minutes[t.Minute()]:
			t = t.Add(time.Minute)
		default:
			return t, true
		}
	}
	return time.Time{}, false
}
