package policy

import (
	"fmt"
	"strings"
)

func (s *Statement) matchAction(action string) string {
	if len(s.Actions) > 0 {
		for _, p := range s.Actions {
			if MatchAction(p, action) {
				return ""
			}
		}
		return fmt.Sprintf("action: the policy has %s, the request is %s", strings.Join(s.Actions, ", "), action)
	}
	for _, p := range s.NotActions {
		if MatchAction(p, action) {
			return fmt.Sprintf("action: NotAction %s spares %s", p, action)
		}
	}
	return ""
}

// matchResource compares the resource. A pattern with a variable that has no value matches nothing. A statement without
// Resource (a trust policy) is about the resource it is attached to.
func (s *Statement) matchResource(req *Request) string {
	for i := range s.notResources {
		if p, ok := s.notResources[i].expand(req.Context); ok && glob(p, req.Resource) {
			return fmt.Sprintf("resource: NotResource %s spares %s", s.notResources[i].raw, req.Resource)
		}
	}
	if len(s.resources) == 0 {
		return ""
	}
	for i := range s.resources {
		if p, ok := s.resources[i].expand(req.Context); ok && glob(p, req.Resource) {
			return ""
		}
	}
	return fmt.Sprintf("resource: the policy has %s, the request is for %s", strings.Join(s.Resources, ", "), req.Resource)
}
