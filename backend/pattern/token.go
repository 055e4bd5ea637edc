package pattern

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// kind is what a token is.
type kind int

const (
	nullToken kind = iota
	boolToken
	numberToken
	stringToken
	arrayToken
	objectToken
)

// node is a parsed JSON value with the positions at which EventBridge's streaming reader stands: its messages name them. The
// reader takes in a string's text only when it is asked for, and reads a field's name together with the beginning of its value.
type node struct {
	kind    kind
	text    string // of strings and numbers
	yes     bool   // of booleans
	items   []*node
	members []member
	loc     int // offset after the token: after the opening quote, bracket or brace, else after the whole value
	end     int // offset after a string's closing quote, or the closing bracket or brace
}

type member struct {
	name  string
	value *node
}

// maxDepth bounds nesting (Jackson's own limit is 1,000).
const maxDepth = 1000

type parser struct {
	text string
	pos  int
}

func parse(text string) (*node, error) {
	p := &parser{text: text}
	p.space()
	if p.pos == len(text) {
		return nil, p.fail("Filter is not an object", p.pos)
	}
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	return n, nil // what follows the object the reader never sees
}

func (p *parser) fail(reason string, at int) *Error {
	return &Error{Reason: reason, Where: where(p.text, at)}
}

// maxSource is how many characters of the text a message repeats.
const maxSource = 500

// where is the suffix of a message: the text, and the line and column of an offset, counted from 1.
func where(text string, at int) string {
	line, start := 1+strings.Count(text[:at], "\n"), strings.LastIndex(text[:at], "\n")+1
	column := len(utf16.Encode([]rune(text[start:at]))) + 1
	source, more := `"`+text+`"`, ""
	if r := []rune(text); len(r) > maxSource {
		source, more = `"`+string(r[:maxSource])+`"`, fmt.Sprintf("[truncated %d chars]", len(r)-maxSource)
	}
	return fmt.Sprintf("\n at [Source: (String)%s%s; line: %d, column: %d]", source, more, line, column)
}

func (p *parser) space() {
	for p.pos < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.pos]) >= 0 {
		p.pos++
	}
}

const expected = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

func (p *parser) value(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, p.fail(fmt.Sprintf("Document nesting depth (%d) exceeds the maximum allowed (%d)", depth, maxDepth), p.pos)
	}
	if p.pos == len(p.text) {
		return nil, p.fail("Unexpected end-of-input within/between Object entries", p.pos)
	}
	switch c := p.text[p.pos]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		n := &node{kind: stringToken, loc: p.pos + 1}
		text, err := p.string()
		n.text, n.end = text, p.pos
		return n, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	return p.word()
}

// word reads true, false or null; any other run of letters is a token that is not recognized.
func (p *parser) word() (*node, error) {
	start := p.pos
	for p.pos < len(p.text) {
		r, size := utf8.DecodeRuneInString(p.text[p.pos:])
		if !(r == '_' || r == '$' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r > 127) {
			break
		}
		p.pos += size
	}
	switch word := p.text[start:p.pos]; word {
	case "":
		return nil, p.unexpected("expected a valid value " + expected)
	case "true", "false":
		return &node{kind: boolToken, yes: word == "true", loc: p.pos, end: p.pos}, nil
	case "null":
		return &node{kind: nullToken, loc: p.pos, end: p.pos}, nil
	default:
		return nil, p.fail(fmt.Sprintf("Unrecognized token '%s': was expecting %s", word, expected), p.pos)
	}
}

func (p *parser) unexpected(what string) *Error {
	if p.pos >= len(p.text) {
		return p.fail("Unexpected end-of-input: "+what, p.pos)
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return p.fail(fmt.Sprintf("Unexpected character ('%c' (code %d)): %s", r, r, what), p.pos)
}

func (p *parser) number() (*node, error) {
	start := p.pos
	for p.pos < len(p.text) && strings.IndexByte("+-.eE0123456789", p.text[p.pos]) >= 0 {
		p.pos++
	}
	text := p.text[start:p.pos]
	if !validNumber(text) {
		return nil, p.fail(fmt.Sprintf("Unrecognized token '%s': was expecting %s", text, expected), p.pos)
	}
	return &node{kind: numberToken, text: text, loc: p.pos, end: p.pos}, nil
}

// validNumber reports whether a text is a JSON number.
func validNumber(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' || digits == "" || digits[0] < '0' || digits[0] > '9' ||
		strings.HasSuffix(digits, ".") || strings.Contains(digits, ".e") || strings.Contains(digits, ".E") {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	if e, ok := err.(*strconv.NumError); ok && e.Err == strconv.ErrRange { //nolint:errorlint // ParseFloat returns just this
		return true
	}
	return err == nil
}

// string reads a string that begins at the position.
func (p *parser) string() (string, error) {
	var b strings.Builder
	for i := p.pos + 1; i < len(p.text); {
		switch c := p.text[i]; {
		case c == '"':
			p.pos = i + 1
			return b.String(), nil
		case c < ' ':
			return "", p.fail(fmt.Sprintf("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c), i+1)
		case c == '\\':
			r, n := unescape(p.text[i:])
			if n == 0 {
				return "", p.fail("Unrecognized character escape", min(i+2, len(p.text)))
			}
			b.WriteRune(r)
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return "", p.fail("Unexpected end-of-input: was expecting closing quote for a string value", len(p.text))
}

// unescape reads the escape at the beginning of s: its rune and how many bytes it takes, 0 when it is none.
func unescape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	unit := func(s string) (rune, bool) {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
			return 0, false
		}
		n, err := strconv.ParseUint(s[2:6], 16, 16)
		return rune(n), err == nil
	}
	r, ok := unit(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if low, ok := unit(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func (p *parser) object(depth int) (*node, error) {
	p.pos++
	n := &node{kind: objectToken, loc: p.pos}
	for first := true; ; first = false {
		p.space()
		if first && p.pos < len(p.text) && p.text[p.pos] == '}' {
			break
		}
		if p.pos == len(p.text) || p.text[p.pos] != '"' {
			return nil, p.unexpected("was expecting double-quote to start field name")
		}
		name, err := p.string()
		if err != nil {
			return nil, err
		}
		if p.space(); p.pos == len(p.text) || p.text[p.pos] != ':' {
			return nil, p.unexpected("was expecting a colon to separate field name and value")
		}
		p.pos++
		p.space()
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.set(name, v)
		if p.space(); p.pos < len(p.text) && p.text[p.pos] == '}' {
			break
		}
		if p.pos == len(p.text) || p.text[p.pos] != ',' {
			return nil, p.unexpected("was expecting comma to separate Object entries")
		}
		p.pos++
	}
	p.pos++
	n.end = p.pos
	return n, nil
}

// set adds a member; of two with one name the last counts.
func (n *node) set(name string, v *node) {
	for i := range n.members {
		if n.members[i].name == name {
			n.members[i].value = v
			return
		}
	}
	n.members = append(n.members, member{name, v})
}

func (p *parser) array(depth int) (*node, error) {
	p.pos++
	n := &node{kind: arrayToken, loc: p.pos}
	for first := true; ; first = false {
		p.space()
		if first && p.pos < len(p.text) && p.text[p.pos] == ']' {
			break
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, v)
		if p.space(); p.pos < len(p.text) && p.text[p.pos] == ']' {
			break
		}
		if p.pos == len(p.text) || p.text[p.pos] != ',' {
			return nil, p.unexpected("was expecting comma to separate Array entries")
		}
		p.pos++
	}
	p.pos++
	n.end = p.pos
	return n, nil
}
