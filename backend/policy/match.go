package policy

import "strings"

// MatchAction reports whether an action pattern (service:Name with * and ?, or "*") covers an action, ignoring case.
func MatchAction(pattern, action string) bool {
	p := actionPattern(pattern)
	return p.match(strings.ToLower(action), Context{})
}

// actionPattern compiles an action pattern. One without a colon is invalid, apart from "*": its wildcards are none, and so
// it matches no action (IAM User Guide, Action).
func actionPattern(raw string) pattern {
	w := plain
	if raw != "*" && !strings.Contains(raw, ":") {
		w = literal
	}
	return newPattern(strings.ToLower(raw), w, noVariables)
}

// MatchResource reports whether a Resource pattern covers an ARN: segment by segment, case-sensitively; a * that ends a
// segment may go on beyond the colon.
func MatchResource(pattern, arn string) bool {
	p := newPattern(pattern, resource, noVariables)
	return p.match(arn, Context{})
}

// MatchARN reports whether an ARN satisfies ArnLike: six segments, each with * and ?, the sixth taking the rest.
func MatchARN(pattern, arn string) bool {
	p := newPattern(pattern, arnEquals, noVariables)
	return isARN(arn) && p.match(arn, Context{})
}

// Element is an element of a statement that a request can fail.
type Element string

// The elements, in the order in which they are asked. Nothing is the element of a statement that matched.
const (
	Nothing          Element = ""
	ElementPrincipal Element = "principal"
	ElementAction    Element = "action"
	ElementResource  Element = "resource"
	ElementCondition Element = "condition"
)

// shortfall is what a statement lacked first: the element, and of a NotPrincipal, NotAction, NotResource or condition which
// pattern or condition it was.
type shortfall struct {
	element Element
	index   int
}

// match asks a statement's elements one after the other. It returns how the caller was named, or what was lacking first.
func (e *evaluation) match(s *Statement, kind PolicyKind) (form, shortfall) {
	named := directly
	switch {
	case s.Principal != nil:
		if named = s.Principal.match(&e.req.Principal); named == notNamed {
			return notNamed, shortfall{element: ElementPrincipal}
		}
	case s.NotPrincipal != nil:
		// A Deny with NotPrincipal hits whoever has a permissions boundary, listed or not.
		spared := s.NotPrincipal.excludes(&e.req.Principal) && (s.Effect != Deny || !e.bounded)
		if spared {
			return notNamed, shortfall{element: ElementPrincipal}
		}
	case kind == ResourcePolicy:
		return notNamed, shortfall{element: ElementPrincipal}
	}
	if short := s.matchAction(e.action); short.element != Nothing {
		return notNamed, short
	}
	if short := s.matchResource(&e.req); short.element != Nothing {
		return notNamed, short
	}
	for i := range s.Conditions {
		if !s.Conditions[i].match(e.req.Context) {
			return notNamed, shortfall{ElementCondition, i}
		}
	}
	return named, shortfall{}
}

func (s *Statement) matchAction(action string) shortfall {
	for i := range s.notActions {
		if s.notActions[i].match(action, Context{}) {
			return shortfall{ElementAction, i}
		}
	}
	for i := range s.actions {
		if s.actions[i].match(action, Context{}) {
			return shortfall{}
		}
	}
	if len(s.notActions) > 0 {
		return shortfall{}
	}
	return shortfall{element: ElementAction}
}

// matchResource compares the resource. A pattern with a variable that has no value matches nothing. A statement without
// Resource (a trust policy) is about the resource it is attached to.
func (s *Statement) matchResource(req *Request) shortfall {
	for i := range s.notResources {
		if s.notResources[i].match(req.Resource, req.Context) {
			return shortfall{ElementResource, i}
		}
	}
	for i := range s.resources {
		if s.resources[i].match(req.Resource, req.Context) {
			return shortfall{}
		}
	}
	if len(s.notResources) > 0 || !s.resourced {
		return shortfall{}
	}
	return shortfall{element: ElementResource}
}
