// Package filter is the filter pattern language of CloudWatch Logs: which log events a subscription or a search lets through.
//
// A pattern has one of three forms, which its first character tells:
//
//	ERROR -timeout "exact phrase" ?one ?other %regex%     terms, of any message
//	{ ($.status >= 500) && ($.path = "/orders/*") }       conditions on the fields of a message that is JSON
//	[ip, user, request = *.html, status = 4*, ...]        conditions on fields that spaces part; in quotes and brackets are one
//
// The empty pattern lets everything through. Terms are case-sensitive and found anywhere in the message; all must be there, one
// of those with ? where there are no others, none of those with -. In conditions * stands for any text, and what is between
// percent signs is a regular expression of the documented few operators. A condition on a field that is not there, or that holds
// an array or an object, is not met, except NOT EXISTS.
//
// Source: CloudWatch Logs User Guide, filter pattern syntax. Not established there, and so decided here: != on a field that is
// missing does not match; a pattern in brackets without "..." asks for exactly as many fields as it has. The package is pure.
package filter

import (
	"fmt"
	"regexp"
	"strings"
)

// Filter is a compiled pattern. It is immutable and safe for concurrent use.
type Filter struct{ match func(message string) bool }

// MaxPattern is how long a pattern may be, in characters.
const MaxPattern = 1024

// mostRegexps is how many regular expressions a pattern may have.
const mostRegexps = 2

// Compile reads a pattern. Its error says what is wrong, as a sentence without an end.
func Compile(text string) (*Filter, error) {
	text = strings.TrimSpace(text)
	if strings.Count(text, "%") > 2*mostRegexps {
		return nil, fmt.Errorf("a pattern has at most %d regular expressions", mostRegexps)
	}
	var match func(string) bool
	var err error
	switch {
	case text == "":
		match = func(string) bool { return true }
	case text[0] == '{':
		match, err = compileJSON(text)
	case text[0] == '[':
		match, err = compileFields(text)
	default:
		match, err = compileTerms(text)
	}
	if err != nil {
		return nil, err
	}
	return &Filter{match}, nil
}

// Match reports whether the pattern lets a message through.
func (f *Filter) Match(message string) bool { return f.match(message) }

// compileTerms reads a pattern of terms.
func compileTerms(text string) (func(string) bool, error) {
	var all, any, none []func(string) bool
	for s := (scanner{text: text}); ; {
		s.space()
		if s.end() {
			break
		}
		list := &all
		switch {
		case s.take("?"):
			list = &any
		case s.take("-"):
			list = &none
		}
		term, err := s.term()
		if err != nil {
			return nil, err
		}
		*list = append(*list, term)
	}
	if len(all) > 0 || len(none) > 0 {
		any = nil // the guide: beside other terms, those with a question mark count for nothing
	}
	return func(message string) bool {
		for _, t := range none {
			if t(message) {
				return false
			}
		}
		for _, t := range all {
			if !t(message) {
				return false
			}
		}
		for _, t := range any {
			if t(message) {
				return true
			}
		}
		return len(any) == 0
	}, nil
}

var plainTerm = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// term reads a word, a phrase in quotes, or a regular expression, and says where it is found.
func (s *scanner) term() (func(string) bool, error) {
	switch s.peek() {
	case '"':
		phrase, err := s.quoted()
		return func(m string) bool { return strings.Contains(m, phrase) }, err
	case '%':
		re, err := s.regexp()
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	word := s.until(func(c byte) bool { return c == ' ' || c == '\t' })
	if !plainTerm.MatchString(word) {
		return nil, fmt.Errorf("invalid character(s) in term '%s': what is neither a letter nor a digit needs quotes", word)
	}
	return func(m string) bool { return strings.Contains(m, word) }, nil
}
