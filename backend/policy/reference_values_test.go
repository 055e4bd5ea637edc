package policy_test

import (
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// textOf is the text of marks, wildcards as characters.
func textOf(list []mark) string {
	units := make([]uint16, len(list))
	for i, m := range list {
		units[i] = m.unit
	}
	return string(utf16.Decode(units))
}

var (
	number = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)
	epoch  = regexp.MustCompile(`^[0-9]+$`)
)

// compareNumbersOrDates orders two values. False: one of them is no number, or no date.
func compareNumbersOrDates(family, value, want string) (int, bool) {
	parse := parseNumber
	if family == "Date" {
		parse = parseDate
	}
	v, ok1 := parse(value)
	w, ok2 := parse(want)
	if !ok1 || !ok2 {
		return 0, false
	}
	return v.Cmp(w), true
}

func parseNumber(text string) (*big.Rat, bool) {
	if !number.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(strings.TrimPrefix(text, "+"))
}

// parseDate reads the W3C profile of ISO 8601, or seconds of the epoch, to the millisecond.
func parseDate(text string) (*big.Rat, bool) {
	if epoch.MatchString(text) {
		n, _ := new(big.Rat).SetString(text)
		return n.Mul(n, big.NewRat(1000, 1)), true
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return big.NewRat(t.UnixMilli(), 1), true
		}
	}
	return nil, false
}

// parseIP reads an address of a request. IPv4 in IPv6 is IPv4; zeros before an octet are nothing.
func parseIP(text string) (netip.Addr, bool) {
	if octets := strings.Split(text, "."); len(octets) == 4 && !strings.Contains(text, ":") {
		var a [4]byte
		for i, o := range octets {
			n, err := strconv.ParseUint(o, 10, 8)
			if err != nil || strings.HasPrefix(o, "+") {
				return netip.Addr{}, false
			}
			a[i] = byte(n)
		}
		return netip.AddrFrom4(a), true
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// ipIs says whether an address is in a network of a policy. invalid: the policy's text is none.
func ipIs(value, want string) (is, invalid bool) {
	address, bits, hasBits := strings.Cut(want, "/")
	network, ok := parseIP(address)
	if !ok || strings.Contains(address, ":") && strings.Contains(address, ".") {
		return false, true
	}
	if strings.Contains(address, ":") && network.Is4() {
		network = netip.AddrFrom16(network.As16()) // written as IPv6, it stays so
	}
	length := network.BitLen()
	if hasBits {
		n, err := strconv.Atoi(bits)
		if err != nil || n < 0 || n > length {
			return false, true
		}
		length = n
	}
	have, _ := parseIP(value)
	if have.Is4() != network.Is4() {
		return false, false
	}
	h, n := have.AsSlice(), network.AsSlice()
	for i := range length {
		if bit(h, i) != bit(n, i) {
			return false, false
		}
	}
	if network.Is6() {
		for i := length; i < 128; i++ {
			if bit(n, i) {
				return false, false // an IPv6 network with host bits matches nothing
			}
		}
	}
	return true, false
}

func bit(b []byte, i int) bool { return b[i/8]>>(7-i%8)&1 == 1 }
