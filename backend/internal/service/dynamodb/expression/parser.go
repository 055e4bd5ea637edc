package expression

import (
	"strconv"
	"strings"
	"sync"
)

// grammar is where the parser begins.
type grammar int

const (
	condition grammar = iota
	update
	projection
)

type parser struct {
	text   string
	tokens []token
	at     int
	depth  int
	words  map[string]bool // keywords, which cannot be names
}

var keywords = map[grammar]map[string]bool{
	condition: {"AND": true, "OR": true, "NOT": true, "BETWEEN": true, "IN": true},
	update:    {"SET": true, "REMOVE": true, "ADD": true, "DELETE": true},
}

// maxTrees bounds the cache of trees.
const maxTrees = 4096

var trees struct {
	sync.Mutex
	known map[string]*tree
}

// parse parses a text, or finds its tree.
func parse(g grammar, text string) (*tree, error) {
	if text == "" {
		return nil, Error("The expression can not be empty;")
	}
	if len(text) > maxLength {
		return nil, Error("Expression size has exceeded the maximum allowed size; expression size: " + strconv.Itoa(len(text)))
	}
	key := strconv.Itoa(int(g)) + text
	trees.Lock()
	t := trees.known[key]
	trees.Unlock()
	if t != nil {
		return t, nil
	}
	p := &parser{text: text, tokens: lex(text), words: keywords[g]}
	t, err := p.whole(g)
	if err != nil {
		return nil, err
	}
	trees.Lock()
	defer trees.Unlock()
	if trees.known == nil || len(trees.known) >= maxTrees {
		trees.known = map[string]*tree{}
	}
	trees.known[key] = t
	return t, nil
}

// broken ends parsing: it is thrown and caught in whole, so that no rule needs to hand an error on.
type broken struct{ at int }

func (p *parser) whole(g grammar) (t *tree, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case broken:
			err = syntaxError(p.text, p.tokens, r.at)
		default:
			panic(r)
		}
	}()
	t = &tree{}
	switch g {
	case condition:
		t.condition = p.or()
		if t.condition.op == "path" || t.condition.op == "value" {
			p.fail()
		}
	case update:
		p.sections(t)
	case projection:
		t.paths = append(t.paths, p.path())
		for p.take(",") {
			t.paths = append(t.paths, p.path())
		}
	}
	if p.peek().kind != end {
		p.fail()
	}
	return t, nil
}

func (p *parser) peek() token { return p.tokens[p.at] }
func (p *parser) fail()       { panic(broken{p.at}) }

// take takes a symbol if it is there.
func (p *parser) take(s string) bool {
	if t := p.peek(); t.kind == symbol && t.text == s {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(s string) {
	if !p.take(s) {
		p.fail()
	}
}

// keyword takes a keyword if it is there. Keywords may be written in any case.
func (p *parser) keyword(s string) bool {
	if t := p.peek(); t.kind == word && strings.EqualFold(t.text, s) {
		p.at++
		return true
	}
	return false
}

// or, and, not: the precedence of conditions, loosest first.
func (p *parser) or() *node {
	n := p.and()
	for p.joins("OR", n) {
		n = &node{op: "or", args: []*node{n, p.truth(p.and())}}
	}
	return n
}

func (p *parser) and() *node {
	n := p.not()
	for p.joins("AND", n) {
		n = &node{op: "and", args: []*node{n, p.truth(p.not())}}
	}
	return n
}

func (p *parser) not() *node {
	if p.keyword("NOT") {
		return &node{op: "not", args: []*node{p.truth(p.comparison())}}
	}
	return p.comparison()
}

// joins takes the keyword that joins a condition with the next.
func (p *parser) joins(word string, n *node) bool {
	if !p.keyword(word) {
		return false
	}
	p.at--
	p.truth(n)
	p.at++
	return true
}

// truth demands something that is true or false, where an operand stands alone.
func (p *parser) truth(n *node) *node {
	if n.op == "path" || n.op == "value" {
		p.fail()
	}
	return n
}

func (p *parser) comparison() *node {
	left := p.grouped()
	t := p.peek()
	if !left.operand() {
		return left
	}
	if t.kind == symbol {
		switch t.text {
		case "=", "<>", "<", "<=", ">", ">=":
			p.at++
			return &node{op: t.text, args: []*node{left, p.operand()}}
		}
	}
	switch {
	case p.keyword("BETWEEN"):
		low := p.operand()
		if !p.keyword("AND") {
			p.fail()
		}
		return &node{op: "between", args: []*node{left, low, p.operand()}}
	case p.keyword("IN"):
		p.expect("(")
		n := &node{op: "in", args: []*node{left, p.operand()}}
		for p.take(",") {
			n.args = append(n.args, p.operand())
		}
		p.expect(")")
		return n
	}
	return left
}

// operand is a path, a value or a function, perhaps in parentheses.
func (p *parser) operand() *node {
	at := p.at
	n := p.grouped()
	if !n.operand() {
		panic(broken{at})
	}
	return n
}

// grouped is a condition or an operand in parentheses, or an operand without.
func (p *parser) grouped() *node {
	if !p.take("(") {
		return p.simple()
	}
	if p.depth++; p.depth > maxLength/8 {
		p.fail()
	}
	twice := p.peek().text == "("
	from := p.at
	n := p.or()
	if twice && p.closes(from) {
		n.redundant = true
	}
	p.expect(")")
	p.depth--
	return n
}

// closes reports whether the parenthesis at from is closed by the token before this one.
func (p *parser) closes(from int) bool {
	open := 0
	for i := from; i < p.at; i++ {
		switch {
		case p.tokens[i].kind != symbol:
		case p.tokens[i].text == "(":
			open++
		case p.tokens[i].text == ")":
			if open--; open == 0 {
				return i == p.at-1
			}
		}
	}
	return false
}

func (p *parser) simple() *node {
	t := p.peek()
	switch {
	case t.kind == valueRef:
		p.at++
		return &node{op: "value", name: t.text}
	case t.kind == word && p.tokens[p.at+1].text == "(" && !p.words[strings.ToUpper(t.text)]:
		p.at += 2
		n := &node{op: "call", name: t.text, args: []*node{p.operand()}}
		for p.take(",") {
			n.args = append(n.args, p.operand())
		}
		p.expect(")")
		return n
	}
	return &node{op: "path", path: p.path()}
}

func (p *parser) name() Element {
	t := p.peek()
	if t.kind != nameRef && (t.kind != word || p.words[strings.ToUpper(t.text)]) {
		p.fail()
	}
	p.at++
	return Element{Name: t.text, Index: -1}
}

func (p *parser) path() Path {
	path := Path{p.name()}
	for {
		switch {
		case p.take("."):
			path = append(path, p.name())
		case p.take("["):
			t := p.peek()
			i, err := strconv.Atoi(t.text)
			if t.kind != index || err != nil || i > 1<<30 {
				p.fail()
			}
			p.at++
			path = append(path, Element{Index: i})
			p.expect("]")
		default:
			return path
		}
	}
}

// sections parses an update.
func (p *parser) sections(t *tree) {
	for p.peek().kind != end {
		section := strings.ToUpper(p.peek().text)
		if p.peek().kind != word || !p.words[section] {
			p.fail()
		}
		p.at++
		t.sections = append(t.sections, section)
		for {
			t.actions = append(t.actions, p.action(section))
			if !p.take(",") {
				break
			}
		}
	}
}

func (p *parser) action(section string) action {
	a := action{section: section, path: p.path()}
	switch section {
	case "SET":
		p.expect("=")
		a.value = p.sum()
	case "ADD", "DELETE":
		t := p.peek()
		if t.kind != valueRef {
			p.fail()
		}
		p.at++
		a.value = &node{op: "value", name: t.text}
	}
	return a
}

// sum is the right-hand side of SET: an operand, or two with + or − between.
func (p *parser) sum() *node {
	if p.peek().text == "(" {
		p.at++
		n := p.sum()
		p.expect(")")
		if n.op == "+" || n.op == "-" {
			return n
		}
		return p.plus(n)
	}
	return p.plus(p.term())
}

func (p *parser) plus(left *node) *node {
	for _, op := range []string{"+", "-"} {
		if p.take(op) {
			return &node{op: op, args: []*node{left, p.term()}}
		}
	}
	return left
}

// term is an operand of a sum. Its functions take sums' operands, not conditions.
func (p *parser) term() *node {
	if p.take("(") {
		n := p.term()
		p.expect(")")
		return n
	}
	return p.simple()
}
