package filter

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// scanner walks over a pattern.
type scanner struct {
	text string
	at   int
}

func (s *scanner) end() bool { return s.at >= len(s.text) }

// peek is the next character, 0 at the end.
func (s *scanner) peek() byte {
	if s.end() {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) space() {
	for !s.end() && (s.peek() == ' ' || s.peek() == '\t' || s.peek() == '\n') {
		s.at++
	}
}

// take passes over what comes next if it is token.
func (s *scanner) take(token string) bool {
	if !strings.HasPrefix(s.text[s.at:], token) {
		return false
	}
	s.at += len(token)
	return true
}

// until is what comes before the first character that stops it, or before the end.
func (s *scanner) until(stop func(c byte) bool) string {
	from := s.at
	for !s.end() && !stop(s.peek()) {
		s.at++
	}
	return s.text[from:s.at]
}

// fail is an error at the place where the scanner stands.
func (s *scanner) fail(want string) error {
	return fmt.Errorf("%s is wanted at character %d", want, s.at+1)
}

// quoted reads a text in double quotes, in which a backslash lets a quote or a backslash stand for itself.
func (s *scanner) quoted() (string, error) {
	var b strings.Builder
	for s.at++; !s.end(); s.at++ {
		switch c := s.peek(); {
		case c == '"':
			s.at++
			return b.String(), nil
		case c == '\\' && s.at+1 < len(s.text) && (s.text[s.at+1] == '"' || s.text[s.at+1] == '\\'):
			s.at++
			b.WriteByte(s.peek())
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("a quotation mark is not closed")
}

var supportedRegexp = regexp.MustCompile(`^[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+. ]+$`)

// regexp reads a regular expression between percent signs.
func (s *scanner) regexp() (*regexp.Regexp, error) {
	s.at++
	text := s.until(func(c byte) bool { return c == '%' })
	if !s.take("%") {
		return nil, errors.New("a percent sign is not closed")
	}
	if !supportedRegexp.MatchString(text) {
		return nil, fmt.Errorf("the regular expression %%%s%% has what is not supported in one", text)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %%%s%% cannot be read", text)
	}
	return re, nil
}

// value is what a condition compares with.
type value struct {
	text   func(string) bool // of a text
	number float64
	isNum  bool
}

// value reads what a condition compares with: a text in quotes, a regular expression, or a bare word up to what stops it.
func (s *scanner) value(stop func(c byte) bool) (value, error) {
	switch s.peek() {
	case '"':
		text, err := s.quoted()
		return value{text: wildcard(text)}, err
	case '%':
		re, err := s.regexp()
		if err != nil {
			return value{}, err
		}
		return value{text: re.MatchString}, nil
	}
	word := strings.TrimSpace(s.until(stop))
	if word == "" {
		return value{}, s.fail("a value")
	}
	number, err := strconv.ParseFloat(word, 64)
	return value{text: wildcard(word), number: number, isNum: err == nil}, nil
}

// wildcard compares with a text in which * stands for anything.
func wildcard(pattern string) func(string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return func(s string) bool { return s == pattern }
	}
	return func(s string) bool {
		s, ok := strings.CutPrefix(s, parts[0])
		if !ok {
			return false
		}
		for _, part := range parts[1 : len(parts)-1] {
			i := strings.Index(s, part)
			if i < 0 {
				return false
			}
			s = s[i+len(part):]
		}
		return strings.HasSuffix(s, parts[len(parts)-1])
	}
}

// operators, the longer before those that begin them.
var operators = []string{"!=", ">=", "<=", "=", ">", "<"}

// operator reads a comparison, "" where there is none.
func (s *scanner) operator() string {
	for _, op := range operators {
		if s.take(op) {
			return op
		}
	}
	return ""
}

// compare reports whether a field, with its text and, where it is one, its number, meets a comparison.
func (v value) compare(op, text string, number float64, isNum bool) bool {
	switch op {
	case "=", "!=":
		equal := v.isNum && isNum && v.number == number || (!isNum || !v.isNum) && v.text(text)
		return equal == (op == "=")
	}
	if !v.isNum || !isNum {
		return false
	}
	switch op {
	case ">":
		return number > v.number
	case ">=":
		return number >= v.number
	case "<":
		return number < v.number
	default:
		return number <= v.number
	}
}
