package policy

import "encoding/base64"

// BinaryEquals compares the bytes that base64 stands for, in its one normal spelling. It has no negated form.
func init() {
	add("BinaryEquals", "", operator{constant: func(raw string, _ scope) constant {
		decoded, err := base64.StdEncoding.Strict().DecodeString(raw)
		return octets{string(decoded), err == nil}
	}})
}

type octets struct {
	bytes string
	valid bool
}

func (o octets) compare(have string, _ Context) outcome {
	decoded, err := base64.StdEncoding.Strict().DecodeString(have)
	return when(o.valid && err == nil && string(decoded) == o.bytes)
}
