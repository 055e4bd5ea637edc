package wire

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"
)

// Violation is one member that does not satisfy its constraint.
type Violation struct {
	Value      string // as printed; ignored when Null
	Null       bool
	Path       string // in lower camel case: functionName
	Constraint string
}

// The constraints, as AWS words them.
func pattern(p string) string { return "Member must satisfy regular expression pattern: " + p }
func maxLength(n int) string {
	return fmt.Sprintf("Member must have length less than or equal to %d", n)
}
func minLength(n int) string {
	return fmt.Sprintf("Member must have length greater than or equal to %d", n)
}
func atLeast(n int) string {
	return fmt.Sprintf("Member must have value greater than or equal to %d", n)
}
func atMost(n int) string { return fmt.Sprintf("Member must have value less than or equal to %d", n) }
func enum(values []string) string {
	return "Member must satisfy enum value set: [" + strings.Join(values, ", ") + "]"
}

// Pattern is a violation of a regular expression.
func Pattern(path, value, p string) Violation {
	return Violation{Value: value, Path: path, Constraint: pattern(p)}
}

// MaxLength is a violation of a greatest length.
func MaxLength(path, value string, n int) Violation {
	return Violation{Value: value, Path: path, Constraint: maxLength(n)}
}

// MinLength is a violation of a least length.
func MinLength(path, value string, n int) Violation {
	return Violation{Value: value, Path: path, Constraint: minLength(n)}
}

// AtLeast is a violation of a least value.
func AtLeast(path string, value, n int) Violation {
	return Violation{Value: fmt.Sprint(value), Path: path, Constraint: atLeast(n)}
}

// AtMost is a violation of a greatest value.
func AtMost(path string, value, n int) Violation {
	return Violation{Value: fmt.Sprint(value), Path: path, Constraint: atMost(n)}
}

// Enum is a violation of a set of values.
func Enum(path, value string, values []string) Violation {
	return Violation{Value: value, Path: path, Constraint: enum(values)}
}

// NotNull is a required member that is missing.
func NotNull(path string) Violation {
	return Violation{Null: true, Path: path, Constraint: "Member must not be null"}
}

// Validation is AWS's ValidationException for the violations, or nil when there are none.
func Validation(violations ...Violation) error {
	if len(violations) == 0 {
		return nil
	}
	return &Error{Status: http.StatusBadRequest, Code: "ValidationException", Message: Describe(violations...), NoType: true}
}

// Describe is the text of a ValidationException: "1 validation error detected: Value 'v' at 'path' failed to satisfy
// constraint: …".
func Describe(violations ...Violation) string {
	parts := make([]string, len(violations))
	for i, v := range violations {
		value := "'" + v.Value + "'"
		if v.Null {
			value = "null"
		}
		parts[i] = fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, v.Path, v.Constraint)
	}
	noun := "errors"
	if len(violations) == 1 {
		noun = "error"
	}
	return fmt.Sprintf("%d validation %s detected: %s", len(violations), noun, strings.Join(parts, "; "))
}

// memberPath is how messages spell a member's path: FunctionName is functionName, Code.ZipFile is code.zipFile, and
// Records[0].Data is records.1.member.data.
func memberPath(path string) string {
	parts := strings.Split(path, ".")
	for i, p := range parts {
		name, index, isElement := strings.Cut(p, "[")
		r := []rune(name)
		if len(r) > 0 {
			r[0] = unicode.ToLower(r[0])
		}
		parts[i] = string(r)
		if n, err := strconv.Atoi(strings.TrimSuffix(index, "]")); isElement && err == nil {
			parts[i] += "." + strconv.Itoa(n+1) + ".member"
		}
	}
	return strings.Join(parts, ".")
}
