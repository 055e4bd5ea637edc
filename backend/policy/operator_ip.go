package policy

import (
	"net/netip"
	"strings"
)

// The IpAddress family compares an address with a network in CIDR notation, IPv4 or IPv6; the families never match each
// other. A malformed address of the request satisfies neither form.
func init() {
	add("IpAddress", "NotIpAddress", operator{compare: func(want, have string) outcome {
		address, err := netip.ParseAddr(have)
		if err != nil {
			return never
		}
		network, ok := prefix(want)
		if !ok {
			return never
		}
		return when(network.Contains(address.Unmap()))
	}})
}

func prefix(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
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
