package policy

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// Bool compares true and false without case; BinaryEquals compares the bytes that base64 stands for.
func init() {
	add("Bool", "", operator{compare: func(want, have string) outcome {
		known := strings.EqualFold(have, "true") || strings.EqualFold(have, "false")
		return when(known && strings.EqualFold(want, have))
	}})
	add("BinaryEquals", "", operator{compare: func(want, have string) outcome {
		w, err1 := base64.StdEncoding.DecodeString(want)
		h, err2 := base64.StdEncoding.DecodeString(have)
		return when(err1 == nil && err2 == nil && bytes.Equal(w, h))
	}})
}
