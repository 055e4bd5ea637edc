package filter

import (
	"encoding/json"
	"strconv"
	"strings"
)

// condition is met by the fields of a message, or not.
type condition func(root any) bool

// compileJSON reads { conditions }.
func compileJSON(text string) (func(string) bool, error) {
	s := &scanner{text: text, at: 1}
	met, err := s.either()
	if err != nil {
		return nil, err
	}
	if s.space(); !s.take("}") {
		return nil, s.fail("&&, || or }")
	}
	if s.space(); !s.end() {
		return nil, s.fail("the end of the pattern")
	}
	return func(message string) bool {
		var root any
		d := json.NewDecoder(strings.NewReader(message))
		d.UseNumber()
		return d.Decode(&root) == nil && met(root)
	}, nil
}

// either reads conditions with || between them.
func (s *scanner) either() (condition, error) {
	return s.chain("||", s.both, func(a, b condition) condition {
		return func(root any) bool { return a(root) || b(root) }
	})
}

// both reads conditions with && between them, which bind more tightly.
func (s *scanner) both() (condition, error) {
	return s.chain("&&", s.single, func(a, b condition) condition {
		return func(root any) bool { return a(root) && b(root) }
	})
}

func (s *scanner) chain(between string, part func() (condition, error), join func(a, b condition) condition) (condition, error) {
	all, err := part()
	if err != nil {
		return nil, err
	}
	for s.space(); s.take(between); s.space() {
		next, err := part()
		if err != nil {
			return nil, err
		}
		all = join(all, next)
	}
	return all, nil
}

// deepest is how deep parentheses may be.
const deepest = 50

// single reads one condition, or several in parentheses.
func (s *scanner) single() (condition, error) {
	s.space()
	if !s.take("(") {
		return s.comparison()
	}
	if strings.Count(s.text[:s.at], "(")-strings.Count(s.text[:s.at], ")") > deepest {
		return nil, s.fail("less than 50 parentheses within each other")
	}
	inner, err := s.either()
	if err != nil {
		return nil, err
	}
	if s.space(); !s.take(")") {
		return nil, s.fail("&&, || or )")
	}
	return inner, nil
}

// comparison reads a selector with an operator.
func (s *scanner) comparison() (condition, error) {
	path, err := s.selector()
	if err != nil {
		return nil, err
	}
	s.space()
	if op := s.operator(); op != "" {
		s.space()
		v, err := s.value(func(c byte) bool { return strings.IndexByte(" \t\n&|)}", c) >= 0 })
		if err != nil {
			return nil, err
		}
		return func(root any) bool {
			return some(root, path, func(field any) bool {
				text, number, isNum, ok := scalar(field)
				return ok && v.compare(op, text, number, isNum)
			})
		}, nil
	}
	switch word := strings.Join(strings.Fields(strings.ToUpper(s.until(func(c byte) bool { return strings.IndexByte("&|)}", c) >= 0 }))), " "); word {
	case "NOT EXISTS":
		return func(root any) bool { return !some(root, path, func(any) bool { return true }) }, nil
	case "EXISTS":
		return func(root any) bool { return some(root, path, func(any) bool { return true }) }, nil
	case "IS NULL":
		return func(root any) bool { return some(root, path, func(field any) bool { return field == nil }) }, nil
	case "IS TRUE", "IS FALSE":
		return func(root any) bool {
			return some(root, path, func(field any) bool { return field == (word == "IS TRUE") })
		}, nil
	}
	return nil, s.fail("a comparison, IS NULL, IS TRUE, IS FALSE or NOT EXISTS")
}

// scalar is a field's text, and its number where it is one; an array, an object and null have none.
func scalar(field any) (text string, number float64, isNum, ok bool) {
	switch f := field.(type) {
	case string:
		return f, 0, false, true
	case json.Number:
		number, err := f.Float64()
		return f.String(), number, err == nil, true
	case bool:
		return strconv.FormatBool(f), 0, false, true
	}
	return "", 0, false, false
}

// step goes from a value to one in it: a field's, an element's, or with every to each element.
type step struct {
	name  string
	index int
	array bool
	every bool
}

// selector reads $.name, $.['name'], $.list[0], $.list[*] and what they make together.
func (s *scanner) selector() ([]step, error) {
	if !s.take("$") {
		return nil, s.fail("a selector, which begins with $.,")
	}
	var path []step
	for {
		switch {
		case s.take(".['"), s.take("['"):
			name := s.until(func(c byte) bool { return c == '\'' })
			if !s.take("']") {
				return nil, s.fail("'] after a name")
			}
			path = append(path, step{name: name})
		case s.take("["):
			index := s.until(func(c byte) bool { return c == ']' })
			n, err := strconv.Atoi(index)
			if !s.take("]") || index != "*" && (err != nil || n < 0) {
				return nil, s.fail("an index in brackets")
			}
			path = append(path, step{index: n, array: true, every: index == "*"})
		case s.take("."):
			name := s.until(func(c byte) bool { return strings.IndexByte(" \t\n.[]()=!<>&|}", c) >= 0 })
			if name == "" {
				return nil, s.fail("a field's name")
			}
			path = append(path, step{name: name})
		case len(path) == 0:
			return nil, s.fail("a field's name after $")
		default:
			return path, nil
		}
	}
}

// some reports whether a field at the path is as wanted.
func some(at any, path []step, wanted func(field any) bool) bool {
	if len(path) == 0 {
		return wanted(at)
	}
	next := path[0]
	if !next.array {
		object, _ := at.(map[string]any)
		field, ok := object[next.name]
		return ok && some(field, path[1:], wanted)
	}
	list, _ := at.([]any)
	for i, element := range list {
		if (next.every || i == next.index) && some(element, path[1:], wanted) {
			return true
		}
	}
	return false
}
