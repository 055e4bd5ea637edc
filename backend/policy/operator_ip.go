package policy

import (
	"net/netip"
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

func address(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a.Unmap(), err == nil && a.Zone() == ""
}

func prefix(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	if p.Addr().Is4() {
		p = p.Masked() // host bits of an IPv4 network are ignored; an IPv6 network that has some never matches
	} else if p != p.Masked() {
		return netip.Prefix{}, true
	}
	return p, true
}
