package policy

import (
	"net/netip"
	"strconv"
	"strings"
)

// The IpAddress family compares an address with a network in CIDR notation, IPv4 or IPv6; the families never match each
// other. An IPv4-mapped address of the request is an IPv4 address. A malformed address of the request satisfies neither
// form, and neither does a network of the policy that is none.
func init() {
	add("IpAddress", "NotIpAddress", operator{
		admits: func(have string) bool { _, ok := address(have); return ok },
		constant: func(raw string, _ scope) constant {
			n := network{}
			n.prefix, n.valid = prefix(raw)
			return n
		}})
}

type network struct {
	prefix netip.Prefix // the zero prefix holds no address
	valid  bool
}

func (n network) compare(have string, _ Context) outcome {
	if !n.valid {
		return never
	}
	a, ok := address(have)
	return when(ok && n.prefix.Contains(a))
}

// address reads an address of a request. Zeros before an octet count for nothing (recorded against AWS).
func address(s string) (netip.Addr, bool) {
	a, ok := parseAddress(s)
	return a.Unmap(), ok
}

func parseAddress(s string) (netip.Addr, bool) {
	if !strings.Contains(s, ":") {
		octets := strings.Split(s, ".")
		for i, o := range octets {
			octets[i] = withoutZeros(o)
		}
		s = strings.Join(octets, ".")
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == ""
}

// withoutZeros drops the zeros before the last digit.
func withoutZeros(digits string) string {
	for len(digits) > 1 && digits[0] == '0' {
		digits = digits[1:]
	}
	return digits
}

// prefix reads a network of a policy. An IPv6 one is not written with dots.
func prefix(s string) (netip.Prefix, bool) {
	text, bits, found := strings.Cut(s, "/")
	a, ok := parseAddress(text)
	if !ok || a.Is6() && strings.Contains(text, ".") {
		return netip.Prefix{}, false
	}
	n := a.BitLen()
	if found {
		var err error
		if n, err = strconv.Atoi(bits); err != nil || n < 0 || n > a.BitLen() {
			return netip.Prefix{}, false
		}
	}
	p := netip.PrefixFrom(a, n)
	if a.Is4() {
		p = p.Masked() // host bits of an IPv4 network are ignored; an IPv6 network that has some never matches
	} else if p != p.Masked() {
		return netip.Prefix{}, true
	}
	return p, true
}
