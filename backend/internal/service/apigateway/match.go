package apigateway

import (
	"net/url"
	"strings"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/arn"
)

// execution is the ARN of what is called of an API.
func (k key) execution(call string) string { return arn.ExecuteAPI(k.Region, k.Account, k.ID, call) }

func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// segments splits a path: "/" has none.
func segments(path string) []string {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// template is how well a path fits a route: for each of the route's segments how it does, the better the greater.
type fit []byte

const (
	greedy   = 'a' // {name+} takes the rest
	variable = 'b' // {name}
	literal  = 'c'
)

// fits compares a path with a route's; nil where they do not fit. The values are those of the variables.
func fits(template, path []string) (fit, map[string]string) {
	how, values := fit{}, map[string]string{}
	for i, s := range template {
		name, isVariable := strings.CutPrefix(s, "{")
		name = strings.TrimSuffix(name, "}")
		switch rest, isGreedy := strings.CutSuffix(name, "+"); {
		case i >= len(path):
			return nil, nil
		case isVariable && isGreedy:
			all := strings.Join(path[i:], "/")
			if all == "" {
				return nil, nil
			}
			values[rest] = unescape(all)
			return append(how, greedy), values
		case isVariable:
			if path[i] == "" {
				return nil, nil
			}
			values[name] = unescape(path[i])
			how = append(how, variable)
		case s != unescape(path[i]):
			return nil, nil
		default:
			how = append(how, literal)
		}
	}
	if len(path) > len(template) {
		return nil, nil
	}
	return how, values
}

// better reports whether a route that fits so is chosen over one that fits so: the first segment that differs says, literal
// before variable before greedy; then the route's own method before ANY (developer guide, route evaluation).
func better(x fit, xAny bool, y fit, yAny bool) bool {
	if c := strings.Compare(string(x), string(y)); c != 0 {
		return c > 0
	}
	return !xAny && yAny
}
