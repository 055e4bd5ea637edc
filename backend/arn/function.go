package arn

import (
	"errors"
	"regexp"
	"strings"
)

// Patterns of the Lambda API, as its validation errors print them. Create-type operations take FunctionNamePattern; the
// others take NamespacedFunctionNamePattern.
const (
	FunctionNamePattern           = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`
	NamespacedFunctionNamePattern = `(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`
	QualifierPattern              = `\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`
)

var (
	functionName           = regexp.MustCompile(`^(?:` + FunctionNamePattern + `)$`)
	namespacedFunctionName = regexp.MustCompile(`^(?:` + NamespacedFunctionNamePattern + `)$`)
	qualifier              = regexp.MustCompile(`^(?:` + QualifierPattern + `)$`)
)

// FunctionRef names a function, as far as the reference says: Region and Account are empty where it gave only a name, and
// Qualifier is empty where it gave none.
type FunctionRef struct {
	Region    string `json:"region,omitempty"`
	Account   string `json:"account,omitempty"`
	Name      string `json:"name"`
	Qualifier string `json:"qualifier,omitempty"`
}

// ErrFunctionName is returned for a reference that does not match its pattern.
var ErrFunctionName = errors.New("not a function name or ARN")

// ParseFunctionRef reads what the Lambda API takes as FunctionName: NAME, NAME:QUALIFIER, function:NAME,
// ACCOUNT:function:NAME[:QUALIFIER], REGION:ACCOUNT:function:NAME, or a full ARN. With create, the stricter pattern of
// create-type operations holds. An ARN that ends in ":function" names a function called "function", as recorded from AWS.
func ParseFunctionRef(s string, create bool) (FunctionRef, error) {
	if plain(s) {
		return FunctionRef{Name: s}, nil
	}
	re := namespacedFunctionName
	if create {
		re = functionName
	}
	if !re.MatchString(s) {
		return FunctionRef{}, ErrFunctionName
	}
	var ref FunctionRef
	rest := s
	if strings.HasPrefix(rest, "arn:") {
		rest = strings.SplitN(rest, ":", 4)[3]
	}
	parts := strings.Split(rest, ":")
	if len(parts) > 1 && looksLikeRegion(parts[0]) && isAccount(parts[1]) {
		ref.Region, parts = parts[0], parts[1:]
	}
	if len(parts) > 1 && isAccount(parts[0]) {
		ref.Account, parts = parts[0], parts[1:]
	}
	if len(parts) > 1 && parts[0] == "function" {
		parts = parts[1:]
	}
	ref.Name = parts[0]
	if len(parts) > 1 {
		ref.Qualifier = parts[1]
	}
	return ref, nil
}

// plain reports whether s is a name and nothing else, as it is in most calls: every form of a reference admits it.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != ""
}

// ValidQualifier reports whether q has a qualifier's syntax. It does not look at the length.
func ValidQualifier(q string) bool { return qualifier.MatchString(q) }

// ARN formats the reference, with the qualifier where there is one.
func (r FunctionRef) ARN() string {
	return QualifiedFunction(r.Region, r.Account, r.Name, r.Qualifier)
}

var region = regexp.MustCompile(`^(?:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})$`)

func looksLikeRegion(s string) bool { return region.MatchString(s) }

func isAccount(s string) bool {
	if len(s) != 12 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
