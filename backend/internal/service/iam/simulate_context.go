package iam

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// contextTypes are the types of context keys, in the order in which IAM lists them.
var contextTypes = []string{"binary", "ipList", "booleanList", "ip", "boolean", "numericList", "dateList", "numeric", "date", "stringList", "string", "binaryList"}

// parseContext reads the context keys of a request. A value becomes the text that AWS makes of it: a number is written as
// java.math.BigDecimal writes it, an instant in UTC with milliseconds; string operators compare that text. A key of a list
// type has several values even where one was given, so that operators without ForAllValues or ForAnyValue never hold.
func (q *simulateInput) parseContext(s *simulation) error {
	for _, e := range q.ContextEntries {
		name := aws.ToString(e.ContextKeyName)
		kind, list := strings.CutSuffix(string(e.ContextKeyType), "List")
		switch {
		case name == "":
			return invalidInput("ContextKeyName cannot be null or empty.")
		case kind == "":
			return invalidInput("Context key %s has invalid type null.", name)
		case len(e.ContextKeyValues) == 0:
			return invalidInput("Context values for context key %s cannot be null or empty.", name)
		case !list && len(e.ContextKeyValues) > 1:
			return invalidInput("Context key %s expected a single value, but received %d.", e.ContextKeyType, len(e.ContextKeyValues))
		case s.given[strings.ToLower(name)]:
			return invalidInput("Duplicate context key: %s.", name)
		}
		values := make([]string, len(e.ContextKeyValues))
		for i, v := range e.ContextKeyValues {
			f := contextFormats[kind]
			text, ok := f.text(v)
			if !ok {
				return invalidInput("Invalid context value for key %s: expected %s.", name, f.name)
			}
			values[i] = text
		}
		s.given[strings.ToLower(name)] = true
		s.context.SetAs(name, list, values...)
	}
	return nil
}

// contextFormats is how the values of each type look, and what is made of them.
var contextFormats = map[string]struct {
	name string
	text func(string) (string, bool)
}{
	"string":  {"", asIs},
	"boolean": {"", asIs}, // everything but true is false when it is compared
	"numeric": {"numeric format", decimalText},
	"date":    {"DateTime format", instantText},
	"ip":      {"IP address", addressText},
	"binary":  {"base-64 encoded binary format", binaryText},
}

func asIs(s string) (string, bool) { return s, true }

var decimalForm = regexp.MustCompile(`^([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,9}))?$`)

// decimalText writes a number as java.math.BigDecimal.toString does: the digits as they were given without leading zeros,
// in scientific notation where the exponent is positive or small.
func decimalText(s string) (string, bool) {
	m := decimalForm.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	whole, fraction, _ := strings.Cut(m[2], ".")
	unscaled, _ := new(big.Int).SetString(whole+fraction, 10)
	exponent, _ := strconv.Atoi(m[3])
	scale := len(fraction) - exponent
	digits, sign := unscaled.String(), ""
	if m[1] == "-" && unscaled.Sign() != 0 {
		sign = "-"
	}
	adjusted := len(digits) - 1 - scale
	if scale >= 0 && adjusted >= -6 {
		if scale == 0 {
			return sign + digits, true
		}
		if len(digits) <= scale {
			digits = strings.Repeat("0", scale-len(digits)+1) + digits
		}
		return sign + digits[:len(digits)-scale] + "." + digits[len(digits)-scale:], true
	}
	if len(digits) > 1 {
		digits = digits[:1] + "." + digits[1:]
	}
	if adjusted == 0 {
		return sign + digits, true
	}
	plus := ""
	if adjusted > 0 {
		plus = "+"
	}
	return sign + digits + "E" + plus + strconv.Itoa(adjusted), true
}

// instantForms are those of ISO 8601 that IAM takes; without an offset it is UTC.
var instantForms = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700",
	"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02", "2006-01"}

// instantText writes an instant in UTC, to the millisecond. Digits alone are seconds since 1970, except four, which are a
// year.
func instantText(s string) (string, bool) {
	const form = "2006-01-02T15:04:05.000Z"
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		if t, err := time.Parse("2006", s); err == nil && len(s) == 4 {
			return t.Format(form), true
		}
		return time.Unix(seconds, 0).UTC().Format(form), true
	}
	for _, f := range instantForms {
		if t, err := time.Parse(f, s); err == nil {
			return t.UTC().Truncate(time.Millisecond).Format(form), true
		}
	}
	return "", false
}

// addressText checks an IP address, and leaves it as it was written. Octets of IPv4 may have leading zeros.
func addressText(s string) (string, bool) {
	octets := strings.Split(s, ".")
	for i, o := range octets {
		if octets[i] = strings.TrimLeft(o, "0"); octets[i] == "" && o != "" {
			octets[i] = "0"
		}
	}
	plain := s
	if len(octets) == 4 && !strings.Contains(s, ":") {
		plain = strings.Join(octets, ".")
	}
	a, err := netip.ParseAddr(plain)
	return s, err == nil && a.Zone() == ""
}

// binaryText checks base64, with its padding and no line breaks, and leaves it as it was written.
func binaryText(s string) (string, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return "", false
	}
	_, err := base64.StdEncoding.Strict().DecodeString(s)
	return s, err == nil
}
