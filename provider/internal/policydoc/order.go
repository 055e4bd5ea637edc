package policydoc

import (
	"cmp"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
)

// The order of blocks that HCL gives none: terraform-plugin-sdk keeps a set by the CRC-32 of a text made of each element's
// arguments, and lists it by the decimal digits of that sum, as texts. Equal elements are one.

func byHash[T any](list []T, key func(T) string) []T {
	type hashed struct {
		sum     string
		element T
	}
	var all []hashed
	for _, e := range list {
		all = append(all, hashed{hash(key(e)), e})
	}
	slices.SortStableFunc(all, func(x, y hashed) int { return cmp.Compare(x.sum, y.sum) })
	all = slices.CompactFunc(all, func(x, y hashed) bool { return x.sum == y.sum })
	var out []T
	for _, h := range all {
		out = append(out, h.element)
	}
	return out
}

func hash(text string) string {
	return strconv.FormatUint(uint64(crc32.ChecksumIEEE([]byte(text))), 10)
}

// principalKey is a block's text: its arguments in the order of their names, each of them ended by a semicolon, the elements
// of a set by one each.
func principalKey(p Principal) string {
	var b strings.Builder
	b.WriteString("identifiers:{")
	for _, id := range byHash(p.Identifiers, func(id string) string { return id + ";" }) {
		b.WriteString(id + ";")
	}
	b.WriteString("};type:" + p.Type + ";")
	return b.String()
}

func conditionKey(c Condition) string {
	var b strings.Builder
	b.WriteString("test:" + c.Test + ";values:(")
	for _, v := range c.Values {
		b.WriteString(v + ";")
	}
	b.WriteString(");variable:" + c.Variable + ";")
	return b.String()
}
