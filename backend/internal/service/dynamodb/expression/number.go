package expression

import (
	"math/big"
	"strings"
)

// Limits of numbers (developer guide, naming rules and data types).
const (
	maxDigits   = 38
	maxExponent = 125 // of the first digit
	minExponent = -130
)

// Texts about numbers.
const (
	errDigits    = Error("Attempting to store more than 38 significant digits in a Number")
	errOverflow  = Error("Number overflow. Attempting to store a number with magnitude larger than supported range")
	errUnderflow = Error("Number underflow. Attempting to store a number with magnitude smaller than supported range")
)

// Number is an exact decimal: ±0.DIGITS × 10^point. Digits have no zero at either end; the zero number has none. So equal
// numbers are equal as structs.
type Number struct {
	negative bool
	digits   string
	point    int
}

// ParseNumber reads a number as clients send it: an optional sign, digits with an optional point, an optional exponent.
func ParseNumber(s string) (Number, error) {
	if s == "" {
		return Number{}, Error("The parameter cannot be converted to a numeric value")
	}
	bad := Error("The parameter cannot be converted to a numeric value: " + s)
	rest, exponent, ok := cutExponent(s)
	if !ok {
		return Number{}, bad
	}
	n := Number{}
	if rest[0] == '-' || rest[0] == '+' {
		n.negative, rest = rest[0] == '-', rest[1:]
	}
	whole, fraction, _ := strings.Cut(rest, ".")
	if whole+fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return Number{}, bad
	}
	n.digits, n.point = whole+fraction, len(whole)+exponent
	return n.normal()
}

// cutExponent splits off an exponent.
func cutExponent(s string) (rest string, exponent int, ok bool) {
	at := strings.IndexAny(s, "eE")
	if at < 0 {
		return s, 0, true
	}
	rest, text := s[:at], s[at+1:]
	sign := 1
	if text != "" && (text[0] == '+' || text[0] == '-') {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	if rest == "" || text == "" || !allDigits(text) {
		return "", 0, false
	}
	for _, c := range text {
		if exponent = exponent*10 + int(c-'0'); exponent > 1<<20 {
			exponent = 1 << 20 // far out of range, and stays so
		}
	}
	return rest, sign * exponent, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// normal strips zeros and checks the ranges.
func (n Number) normal() (Number, error) {
	trimmed := strings.TrimLeft(n.digits, "0")
	n.point -= len(n.digits) - len(trimmed)
	n.digits = strings.TrimRight(trimmed, "0")
	switch {
	case n.digits == "":
		return Number{}, nil
	case n.point-1 > maxExponent:
		return Number{}, errOverflow
	case n.point-1 < minExponent:
		return Number{}, errUnderflow
	case len(n.digits) > maxDigits:
		return Number{}, errDigits
	}
	return n, nil
}

// String writes the number without an exponent, as AWS answers it.
func (n Number) String() string {
	if n.digits == "" {
		return "0"
	}
	var b strings.Builder
	if n.negative {
		b.WriteByte('-')
	}
	switch {
	case n.point <= 0:
		b.WriteString("0." + strings.Repeat("0", -n.point) + n.digits)
	case n.point >= len(n.digits):
		b.WriteString(n.digits + strings.Repeat("0", n.point-len(n.digits)))
	default:
		b.WriteString(n.digits[:n.point] + "." + n.digits[n.point:])
	}
	return b.String()
}

// scaled is the number as an integer × 10^-scale; scale is at least what the number needs.
func (n Number) scaled(scale int) *big.Int {
	i := new(big.Int)
	if n.digits == "" {
		return i
	}
	i.SetString(n.digits+strings.Repeat("0", scale-(len(n.digits)-n.point)), 10)
	if n.negative {
		i.Neg(i)
	}
	return i
}

func (n Number) scale() int { return len(n.digits) - n.point }

// Add is the exact sum. A sum that needs more than 38 digits is refused.
func (n Number) Add(m Number) (Number, error) {
	scale := max(n.scale(), m.scale())
	sum := new(big.Int).Add(n.scaled(scale), m.scaled(scale))
	text := new(big.Int).Abs(sum).String()
	return Number{negative: sum.Sign() < 0, digits: text, point: len(text) - scale}.normal()
}

// Negate is −n.
func (n Number) Negate() Number {
	n.negative = !n.negative && n.digits != ""
	return n
}

// Compare is −1, 0 or 1.
func (n Number) Compare(m Number) int { return strings.Compare(n.Sortable(), m.Sortable()) }

// Sortable is a text whose byte order is the order of the numbers.
func (n Number) Sortable() string {
	if n.digits == "" {
		return "\x01"
	}
	at := n.point + 256 // 127 to 382
	b := append(make([]byte, 0, len(n.digits)+4), 2, byte(at>>8), byte(at))
	b = append(b, n.digits...)
	if n.negative {
		for i := range b {
			b[i] = ^b[i]
		}
		b[0] = 0
		b = append(b, 0xff)
	}
	return string(b)
}

// size is how many bytes the number counts for: one for two digits, one more, and one for a sign.
func (n Number) size() int {
	size := (len(n.digits)+1)/2 + 1
	if n.negative {
		size++
	}
	return size
}

// Seconds is the number as whole seconds, cut off after the point, and whether it fits.
func (n Number) Seconds() (int64, bool) {
	whole, _, _ := strings.Cut(n.String(), ".")
	i, ok := new(big.Int).SetString(whole, 10)
	return i.Int64(), ok && i.IsInt64()
}
