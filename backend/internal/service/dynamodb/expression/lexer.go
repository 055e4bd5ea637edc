package expression

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxLength is the greatest length of an expression, in bytes (developer guide, constraints).
const maxLength = 4096

// kind is what a token is.
type kind int

const (
	end kind = iota
	word
	nameRef  // #name
	valueRef // :value
	index    // digits
	symbol
	stray // what belongs nowhere
)

// token is a piece of the text, from byte at to byte to.
type token struct {
	kind   kind
	text   string
	at, to int
}

func letter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// lex cuts a text into tokens; the last is the end.
func lex(text string) []token {
	var tokens []token
	for i := 0; i < len(text); {
		c := text[i]
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			i++
			continue
		}
		t := token{at: i, to: i + 1}
		switch {
		case letter(c):
			t.kind = word
			t.to = run(text, i+1)
		case (c == '#' || c == ':') && run(text, i+1) > i+1:
			t.kind = nameRef
			if c == ':' {
				t.kind = valueRef
			}
			t.to = run(text, i+1)
		case digit(c):
			t.kind = index
			for t.to < len(text) && digit(text[t.to]) {
				t.to++
			}
		case strings.HasPrefix(text[i:], "<>") || strings.HasPrefix(text[i:], "<=") || strings.HasPrefix(text[i:], ">="):
			t.kind, t.to = symbol, i+2
		case strings.IndexByte("()[].,=<>+-", c) >= 0:
			t.kind = symbol
		default:
			t.kind = stray
			_, size := utf8.DecodeRuneInString(text[i:])
			t.to = i + size
		}
		t.text = text[i:t.to]
		tokens = append(tokens, t)
		i = t.to
	}
	return append(tokens, token{kind: end, text: "<EOF>", at: len(text), to: len(text)})
}

// run is where letters and digits from i on end.
func run(text string, i int) int {
	for i < len(text) && (letter(text[i]) || digit(text[i])) {
		i++
	}
	return i
}

// syntaxError names a token and what stands around it.
func syntaxError(text string, tokens []token, i int) error {
	from, to := tokens[i].at, tokens[i].to
	if i > 0 {
		from = tokens[i-1].at
	}
	if i+1 < len(tokens) {
		to = tokens[i+1].to
	}
	return Error(fmt.Sprintf("Syntax error; token: %q, near: %q", tokens[i].text, text[from:to]))
}
