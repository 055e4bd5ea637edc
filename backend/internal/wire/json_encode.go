package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/aws/smithy-go"
)

// encodeJSON writes an SDK struct as JSON: what is absent (nil, an enum that is "") is left out, an empty list is [],
// plain numbers and booleans are always there, times are epoch seconds.
func encodeJSON(v reflect.Value, s *smithy.Schema) ([]byte, error) {
	return appendStruct(make([]byte, 0, 512), v, s)
}

func appendStruct(b []byte, v reflect.Value, s *smithy.Schema) ([]byte, error) {
	b = append(b, '{')
	first := true
	var err error
	for _, f := range fieldsOf(v.Type(), s) {
		value := v.Field(f.index)
		if absent(value) || f.bound {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(strconv.AppendQuote(b, f.wire), ':')
		if b, err = appendJSON(b, value, f.schema); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// absent reports whether a member is not to be written.
func absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0 // an enum: strings that may be empty are pointers
	}
	return false
}

func appendJSON(b []byte, v reflect.Value, s *smithy.Schema) ([]byte, error) {
	switch {
	case v.Kind() == reflect.Pointer:
		return appendJSON(b, v.Elem(), s)
	case v.Type() == timeType:
		return appendTime(b, v.Interface().(time.Time), s), nil
	case v.Type() == bytesType:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"'), nil
	}
	switch v.Kind() {
	case reflect.Struct:
		return appendStruct(b, v, s)
	case reflect.Interface:
		return appendUnion(b, v, s)
	case reflect.Slice:
		return appendList(b, v, s)
	case reflect.Map:
		return appendMap(b, v, s)
	case reflect.String:
		return appendString(b, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case reflect.Float32, reflect.Float64:
		return appendFloat(b, v.Float()), nil
	}
	return nil, fmt.Errorf("wire: a value of type %s is not served", v.Type())
}

func appendUnion(b []byte, v reflect.Value, s *smithy.Schema) ([]byte, error) {
	name, value, ok := unionMember(v)
	if !ok {
		return nil, fmt.Errorf("wire: a value of type %s is not served: unions are listed by hand", v.Elem().Type())
	}
	var schema *smithy.Schema
	if s != nil {
		schema = s.Member(name)
	}
	b = append(appendString(append(b, '{'), name), ':')
	b, err := appendJSON(b, value, schema)
	return append(b, '}'), err
}

func appendList(b []byte, v reflect.Value, s *smithy.Schema) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendJSON(b, v.Index(i), element(s, reflect.Slice)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendMap writes the entries in the order of their names, so that an answer is the same each time.
func appendMap(b []byte, v reflect.Value, s *smithy.Schema) ([]byte, error) {
	names := v.MapKeys()
	slices.SortFunc(names, func(x, y reflect.Value) int {
		if x.String() < y.String() {
			return -1
		}
		return 1
	})
	b = append(b, '{')
	var err error
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name.String()), ':')
		if b, err = appendJSON(b, v.MapIndex(name), element(s, reflect.Map)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendString writes a string as AWS does: < > & as they are, control characters escaped, what is no UTF-8 replaced.
func appendString(b []byte, s string) []byte {
	const hexdigits = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[start:i]...), "\ufffd"...)
				start = i + size
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexdigits[c>>4], hexdigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// appendFloat writes a number; what JSON has no number for goes as a string (Smithy AWS JSON protocols).
func appendFloat(b []byte, x float64) []byte {
	switch {
	case math.IsNaN(x):
		return append(b, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(b, `"Infinity"`...)
	case math.IsInf(x, -1):
		return append(b, `"-Infinity"`...)
	}
	return strconv.AppendFloat(b, x, 'g', -1, 64)
}

func appendTime(b []byte, t time.Time, s *smithy.Schema) []byte {
	if timestampFormat(s) == "date-time" {
		return strconv.AppendQuote(b, isoTime(t))
	}
	seconds := math.Round(float64(t.UnixMicro())/1000) / 1000
	return strconv.AppendFloat(b, seconds, 'f', -1, 64)
}

// isoTime is ISO 8601 in UTC, with milliseconds where there are any.
func isoTime(t time.Time) string {
	t = t.UTC()
	if t.Nanosecond()/1e6 == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}
