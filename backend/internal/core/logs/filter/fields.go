package filter

import (
	"errors"
	"strconv"
	"strings"
)

// field is a column of a pattern in brackets: every condition on it is met, or one, as its text says.
type field struct {
	met      func(text string) bool
	ellipsis bool
}

// compileFields reads [columns].
func compileFields(text string) (func(string) bool, error) {
	s := &scanner{text: text, at: 1}
	var columns []field
	ellipses := 0
	for {
		s.space()
		column, err := s.column()
		if err != nil {
			return nil, err
		}
		if column.ellipsis {
			ellipses++
		}
		columns = append(columns, column)
		if s.space(); s.take(",") {
			continue
		}
		if !s.take("]") {
			return nil, s.fail("a comma or ]")
		}
		break
	}
	if s.space(); !s.end() {
		return nil, s.fail("the end of the pattern")
	}
	if ellipses > 1 {
		return nil, errors.New(`a pattern has "..." once at most`)
	}
	return func(message string) bool { return matchColumns(columns, split(message), ellipses > 0) }, nil
}

// column reads NAME, NAME = VALUE, several of these with && or || between them, or an ellipsis.
func (s *scanner) column() (field, error) {
	if s.take("...") {
		return field{ellipsis: true}, nil
	}
	var met func(string) bool
	and := false
	for {
		s.space()
		name := s.until(func(c byte) bool { return strings.IndexByte(" \t\n=!<>,]&|", c) >= 0 })
		if name == "" {
			return field{}, s.fail("a field's name")
		}
		one := func(string) bool { return true }
		s.space()
		if op := s.operator(); op != "" {
			s.space()
			v, err := s.value(func(c byte) bool { return strings.IndexByte(",]&|", c) >= 0 })
			if err != nil {
				return field{}, err
			}
			one = func(text string) bool {
				number, err := strconv.ParseFloat(text, 64)
				return v.compare(op, text, number, err == nil)
			}
		}
		met = joined(met, one, and)
		s.space()
		switch {
		case s.take("&&"):
			and = true
		case s.take("||"):
			and = false
		default:
			return field{met: met}, nil
		}
	}
}

func joined(a, b func(string) bool, and bool) func(string) bool {
	switch {
	case a == nil:
		return b
	case and:
		return func(s string) bool { return a(s) && b(s) }
	default:
		return func(s string) bool { return a(s) || b(s) }
	}
}

// matchColumns compares fields with columns; an ellipsis stands for as many fields as are left over.
func matchColumns(columns []field, fields []string, ellipsis bool) bool {
	extra := len(fields) - len(columns)
	if ellipsis {
		extra++
	}
	if extra < 0 || extra > 0 && !ellipsis {
		return false
	}
	at := 0
	for _, c := range columns {
		if c.ellipsis {
			at += extra
			continue
		}
		if !c.met(fields[at]) {
			return false
		}
		at++
	}
	return true
}

// split takes a message apart at spaces. What is between quotes or brackets is one field, without them.
func split(message string) []string {
	var fields []string
	for s := (scanner{text: message}); ; {
		s.space()
		closing := byte(' ')
		switch s.peek() {
		case 0:
			if s.end() {
				return fields
			}
		case '"':
			closing = '"'
		case '[':
			closing = ']'
		}
		if closing == ' ' {
			fields = append(fields, s.until(func(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }))
			continue
		}
		s.at++
		fields = append(fields, s.until(func(c byte) bool { return c == closing }))
		s.at = min(s.at+1, len(s.text))
	}
}
