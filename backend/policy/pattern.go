package policy

import (
	"strings"
	"unicode/utf8"
)

// wildcards says how * and ? of a text are to be read.
type wildcards int

const (
	literal   wildcards = iota // they are characters
	plain                      // anywhere, across everything
	resource                   // ARN segments; a * that ends its segment may go on beyond the colon
	arnEquals                  // ARN segments, strictly
)

// scope says where in a text ${…} is a variable.
type scope int

const (
	noVariables scope = iota
	variablesAnywhere
	variablesAfterFifthColon
)

// pattern is a compiled text of a policy: literals, wildcards, and variables, which stand for literals.
type pattern struct {
	raw    string
	tokens []token
	// everything: it is "*" where that matches all. fixed: it is one literal, or empty.
	everything, fixed, variable bool
}

type tokenKind uint8

const (
	text        tokenKind = iota
	anyRun                // * : any run, colons too
	anyRunInARN           // * : any run without a colon
	anyOne                // ? : exactly one
	anyOneInARN           // ? : exactly one, not a colon
	variable              // ${key} or ${key, 'text'}
)

type token struct {
	kind        tokenKind
	hasFallback bool
	text        string // a literal, or a variable's default
	key         string // a variable's key, in lower case
	spelled     string // as the policy writes it
}

// newPattern compiles a text. Where variables do not count (an older document, an operator that has none) ${…} is plain text.
func newPattern(raw string, w wildcards, v scope) pattern {
	p := pattern{raw: raw}
	var b strings.Builder
	colons := 0
	flush := func() {
		if b.Len() > 0 {
			p.tokens = append(p.tokens, token{kind: text, text: b.String()})
			b.Reset()
		}
	}
	for i := 0; i < len(raw); i++ {
		ch := raw[i]
		inARN := (w == resource || w == arnEquals) && colons < 5
		switch {
		case ch == '$' && (v == variablesAnywhere || v == variablesAfterFifthColon && colons >= 5) && strings.HasPrefix(raw[i:], "${"):
			name, length := variableAt(raw[i:])
			if length == 0 { // it is never closed
				b.WriteByte(ch)
				continue
			}
			i += length - 1
			if name == "*" || name == "?" || name == "$" {
				b.WriteString(name)
				continue
			}
			flush()
			p.tokens, p.variable = append(p.tokens, newVariable(name)), true
		case ch == '*' && w != literal:
			flush()
			ends := w == resource && (i+1 == len(raw) || raw[i+1] == ':')
			p.tokens = append(p.tokens, token{kind: choose(inARN && !ends, anyRunInARN, anyRun)})
		case ch == '?' && w != literal:
			flush()
			p.tokens = append(p.tokens, token{kind: choose(inARN, anyOneInARN, anyOne)})
		default:
			if ch == ':' {
				colons++
			}
			b.WriteByte(ch)
		}
	}
	flush()
	p.everything = len(p.tokens) == 1 && p.tokens[0].kind == anyRun
	p.fixed = len(p.tokens) == 0 || len(p.tokens) == 1 && p.tokens[0].kind == text
	return p
}

// choose is a where first, and otherwise b.
func choose[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// variableAt reads ${…} at the beginning of s: what is between the braces, and the length of all. A default may hold a brace.
func variableAt(s string) (string, int) {
	quoted := false
	for i := 2; i < len(s); i++ {
		switch s[i] {
		case '\'':
			quoted = !quoted
		case '}':
			if !quoted {
				return s[2:i], i + 1
			}
		}
	}
	if i := strings.IndexByte(s, '}'); i >= 0 {
		return s[2:i], i + 1
	}
	return "", 0
}

func newVariable(name string) token {
	key, fallback, found := strings.Cut(name, ",")
	key, fallback = strings.TrimSpace(key), strings.TrimSpace(fallback)
	t := token{kind: variable, key: strings.ToLower(key), spelled: key}
	if found && len(fallback) >= 2 && fallback[0] == '\'' && fallback[len(fallback)-1] == '\'' {
		t.text, t.hasFallback = fallback[1:len(fallback)-1], true
	}
	return t
}

// keys lists the variables, as written.
func (p *pattern) keys() []string {
	var list []string
	for i := range p.tokens {
		if p.tokens[i].kind == variable {
			list = append(list, p.tokens[i].spelled)
		}
	}
	return list
}

// value is what a variable stands for: the key's one value, or the default where the key is missing.
func (t *token) value(c Context) (string, bool) {
	key := c.keys[t.key]
	switch {
	case key.list: // not even a default helps (recorded against AWS)
		return "", false
	case len(key.values) > 0:
		return key.values[0], true
	}
	return t.text, t.hasFallback
}

// unresolved returns the first variable that has no single value and no default; nil where there is none.
func (p *pattern) unresolved(c Context) *token {
	if !p.variable {
		return nil
	}
	for i := range p.tokens {
		if t := &p.tokens[i]; t.kind == variable {
			if _, ok := t.value(c); !ok {
				return t
			}
		}
	}
	return nil
}

// match reports whether s is what the pattern describes. A variable without a value makes it match nothing.
func (p *pattern) match(s string, c Context) bool {
	switch {
	case p.everything:
		return true
	case p.fixed:
		return len(p.tokens) == 0 && s == "" || len(p.tokens) == 1 && p.tokens[0].text == s
	case p.tokens[0].kind == text && !strings.HasPrefix(s, p.tokens[0].text):
		return false
	}
	return p.run(s, c)
}

// run goes through pattern and text side by side and goes back to the last wildcard when they part. The last * that may
// cross colons makes every * before it final, since it can take what they would have; and a * that may not cross them makes
// the one before it final too, since between two of them either there is no colon, or the colon fixes where the first
// ends. So two places to go back to are enough, and nothing is exponential.
func (p *pattern) run(s string, c Context) bool {
	i, t := 0, 0
	wide, wideAt, narrow, narrowAt := -1, 0, -1, 0
	for {
		if t < len(p.tokens) {
			k := &p.tokens[t]
			switch k.kind {
			case anyRun:
				if t == len(p.tokens)-1 {
					return true
				}
				if next := &p.tokens[t+1]; next.kind == text { // go where the literal is
					skip := strings.Index(s[i:], next.text)
					if skip < 0 {
						return false
					}
					i += skip
				}
				wide, wideAt, narrow, t = t, i, -1, t+1
				continue
			case anyRunInARN:
				narrow, narrowAt, t = t, i, t+1
				continue
			default:
				if n := k.step(s, i, c); n >= 0 {
					i, t = i+n, t+1
					continue
				}
			}
		} else if i == len(s) {
			return true
		}
		switch {
		case narrow >= 0 && narrowAt < len(s) && s[narrowAt] != ':':
			narrowAt += unit(s, narrowAt)
			i, t = narrowAt, narrow+1
		case wide >= 0 && wideAt < len(s):
			wideAt += unit(s, wideAt)
			i, t, narrow = wideAt, wide+1, -1
		default:
			return false
		}
	}
}

// step is how many bytes of s at i a literal, a variable or a ? takes; -1 when it does not match there.
func (t *token) step(s string, i int, c Context) int {
	want := t.text
	switch t.kind {
	case anyOne, anyOneInARN:
		if i >= len(s) || t.kind == anyOneInARN && s[i] == ':' {
			return -1
		}
		return unit(s, i)
	case variable:
		var ok bool
		if want, ok = t.value(c); !ok {
			return -1
		}
	}
	if strings.HasPrefix(s[i:], want) {
		return len(want)
	}
	return -1
}

// unit is the length in bytes of the UTF-16 unit at i, since that is what ? counts: a character beyond the first plane is
// two of them, of two bytes each here.
func unit(s string, i int) int {
	if s[i] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	if n == 4 {
		return 2
	}
	if n == 1 && i >= 2 {
		if _, n := utf8.DecodeRuneInString(s[i-2:]); n == 4 {
			return 2
		}
	}
	return n
}

// expand is the text of a pattern without wildcards. It reports false when a variable has no value.
func (p *pattern) expand(c Context) (string, bool) {
	if len(p.tokens) == 1 && p.tokens[0].kind == text {
		return p.tokens[0].text, true
	}
	var b strings.Builder
	for i := range p.tokens {
		t := &p.tokens[i]
		s, ok := t.text, true
		if t.kind == variable {
			s, ok = t.value(c)
		}
		if !ok {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}
