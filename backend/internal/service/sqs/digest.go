package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"slices"
	"strings"
)

// Attribute is a message attribute that a user gives a message.
type Attribute struct {
	Type   string  `json:"t"` // String, Number or Binary, with a label of the user's after a dot
	String *string `json:"s,omitempty"`
	Binary []byte  `json:"b,omitempty"`
}

func (a Attribute) binary() bool { return strings.HasPrefix(a.Type, "Binary") }

// size is what the attribute counts in a message's size.
func (a Attribute) size(name string) int {
	n := len(name) + len(a.Type) + len(a.Binary)
	if a.String != nil {
		n += len(*a.String)
	}
	return n
}

// packed are attributes as they are stored; nil for none.
func packed(attributes map[string]Attribute) []byte {
	if len(attributes) == 0 {
		return nil
	}
	text, err := json.Marshal(attributes)
	if err != nil { // strings and bytes
		panic(err)
	}
	return text
}

func unpacked(text []byte) (map[string]Attribute, error) {
	if text == nil {
		return nil, nil
	}
	var attributes map[string]Attribute
	return attributes, json.Unmarshal(text, &attributes)
}

func digest(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}

// digestOf is the MD5 of attributes as clients compute it (developer guide, message attributes): by name, the name, the type,
// a byte that says text or bytes, and the value, each but the byte with its length of four bytes before it. "" for none.
func digestOf(attributes map[string]Attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	h := md5.New()
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		sized(h, []byte(name))
		sized(h, []byte(a.Type))
		if a.binary() {
			h.Write([]byte{2})
			sized(h, a.Binary)
			continue
		}
		h.Write([]byte{1})
		if a.String != nil {
			sized(h, []byte(*a.String))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sized(h hash.Hash, b []byte) {
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], uint32(len(b)))
	h.Write(n[:])
	h.Write(b)
}
