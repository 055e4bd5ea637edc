package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Position is a place in a policy's text, as IAM's simulation API counts: lines and columns from 1, columns in characters.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

func (p Position) String() string { return fmt.Sprintf("line %d, column %d", p.Line, p.Column) }

// value is a JSON value with its place in the whole text, in bytes from its beginning.
type value struct {
	raw json.RawMessage
	at  int
}

func (v value) end() int { return v.at + len(v.raw) }

// first is the value's first byte, which tells its type.
func (v value) first() byte {
	if len(v.raw) == 0 {
		return 0
	}
	return v.raw[0]
}

// member is one member of a JSON object.
type member struct {
	value
	name   string
	nameAt int // where its name begins
}

// position finds the line and column of an offset. It goes on from the place that it found last, so that a long text is
// read once.
func (p *parser) position(at int) Position {
	at = min(at, len(p.text))
	m := &p.mark
	if at < m.at || m.line == 0 {
		*m = mark{line: 1}
	}
	for ; m.at < at; m.at++ {
		if ch := p.text[m.at]; ch == '\n' || ch == '\r' && (m.at+1 >= len(p.text) || p.text[m.at+1] != '\n') {
			m.line, m.start = m.line+1, m.at+1
		}
	}
	return Position{Line: m.line, Column: 1 + utf8.RuneCount(p.text[m.start:at])}
}

// mark is a place in the text, with its line and where that begins.
type mark struct{ at, line, start int }

// object reads a JSON object, in order, and refuses repeated names.
func (p *parser) object(v value) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(v.raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, p.syntaxf(v.at, "want a JSON object")
	}
	var list []member
	for dec.More() {
		start := int(dec.InputOffset())
		start += len(v.raw[start:]) - len(bytes.TrimLeft(v.raw[start:], ", \t\r\n"))
		t, err := dec.Token()
		if err != nil {
			return nil, p.notJSON(v, dec, err)
		}
		m := member{name: t.(string), nameAt: v.at + start} // the decoder admits only strings here
		if slices.ContainsFunc(list, func(x member) bool { return x.name == m.name }) {
			return nil, p.syntaxf(m.nameAt, "element %q is there twice", m.name)
		}
		if err := dec.Decode(&m.raw); err != nil {
			return nil, p.notJSON(v, dec, err)
		}
		m.at = v.at + int(dec.InputOffset()) - len(m.raw)
		list = append(list, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, p.notJSON(v, dec, err)
	}
	end := v.at + int(dec.InputOffset())
	if _, err := dec.Token(); err != io.EOF {
		return nil, p.syntaxf(end, "there is something after the JSON object")
	}
	return list, nil
}

func (p *parser) notJSON(v value, dec *json.Decoder, err error) error {
	return p.syntaxf(v.at+int(dec.InputOffset()), "not JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// each returns the elements of a list, or the one value itself, and where the list's first element may begin: after the
// bracket, or, for a lone object, after its brace.
func (p *parser) each(v value) ([]value, int, error) {
	switch v.first() {
	case 0:
		return nil, v.at, nil
	case '[':
	default:
		return []value{v}, v.at + 1, nil
	}
	dec := json.NewDecoder(bytes.NewReader(v.raw))
	if _, err := dec.Token(); err != nil {
		return nil, v.at, p.notJSON(v, dec, err)
	}
	var list []value
	for dec.More() {
		var e value
		if err := dec.Decode(&e.raw); err != nil {
			return nil, v.at, p.notJSON(v, dec, err)
		}
		e.at = v.at + int(dec.InputOffset()) - len(e.raw)
		list = append(list, e)
	}
	return list, v.at + 1, nil
}

func (p *parser) string(name string, v value, to *string) error {
	if v.first() != '"' || json.Unmarshal(v.raw, to) != nil {
		return p.syntaxf(v.at, "%s: want a string", name)
	}
	return nil
}

// strings reads a string or a list of strings.
func (p *parser) strings(m member) ([]string, error) {
	list, _, err := p.each(m.value)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(list))
	for i, v := range list {
		if v.first() != '"' || json.Unmarshal(v.raw, &out[i]) != nil {
			return nil, p.syntaxf(v.at, "%s: want a string or a list of strings", m.name)
		}
	}
	return out, nil
}

// scalars reads a string, number or boolean, or a list of them, as text.
func (p *parser) scalars(m member) ([]string, error) {
	list, _, err := p.each(m.value)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(list))
	for i, v := range list {
		switch v.first() {
		case '"':
			if err := p.string(m.name, v, &out[i]); err != nil {
				return nil, err
			}
		case '{', '[', 'n':
			return nil, p.syntaxf(v.at, "%s: want strings, numbers or booleans", m.name)
		default:
			out[i] = string(v.raw)
		}
	}
	return out, nil
}
