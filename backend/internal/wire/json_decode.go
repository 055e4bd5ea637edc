package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
)

// serialization is the refusal of a body that does not fit the input's types.
func serialization(format string, args ...any) error {
	return Errorf(http.StatusBadRequest, "SerializationException", format, args...)
}

// decodeJSON fills the struct that in points to. Unknown members are ignored, null is absent, names are case-sensitive,
// and a value of the wrong type is a SerializationException. Members bound elsewhere are left alone. It returns the members
// as they were sent.
func decodeJSON(body []byte, in reflect.Value, s *smithy.Schema) (map[string]any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, serialization("the body is not JSON: %v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, serialization("there is something after the JSON document")
	}
	members, _ := v.(map[string]any)
	return members, setStruct(in, v, s, "")
}

func setStruct(to reflect.Value, v any, s *smithy.Schema, path string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return wrongType(path, "an object", v)
	}
	for _, f := range fieldsOf(to.Type(), s) {
		value, ok := object[f.wire]
		if !ok || value == nil || f.bound {
			continue
		}
		if err := setJSON(to.Field(f.index), value, f.schema, path+"/"+f.wire); err != nil {
			return err
		}
	}
	return nil
}

func setJSON(to reflect.Value, v any, s *smithy.Schema, path string) error {
	switch {
	case to.Kind() == reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return setJSON(to.Elem(), v, s, path)
	case to.Type() == timeType:
		return setTime(to, v, path)
	case to.Type() == bytesType:
		text, ok := v.(string)
		data, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil {
			return wrongType(path, "base64", v)
		}
		to.SetBytes(data)
		return nil
	}
	switch to.Kind() {
	case reflect.Struct:
		return setStruct(to, v, s, path)
	case reflect.Interface:
		return setJSONUnion(to, v, s, path)
	case reflect.Slice:
		return setList(to, v, s, path)
	case reflect.Map:
		return setMap(to, v, s, path)
	}
	return setScalar(to, v, path)
}

func setJSONUnion(to reflect.Value, v any, s *smithy.Schema, path string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return wrongType(path, "an object", v)
	}
	return setUnion(to, func(member string) bool { return object[member] != nil },
		func(member string, value reflect.Value) error {
			var schema *smithy.Schema
			if s != nil {
				schema = s.Member(member)
			}
			return setJSON(value, object[member], schema, path+"/"+member)
		})
}

func setList(to reflect.Value, v any, s *smithy.Schema, path string) error {
	list, ok := v.([]any)
	if !ok {
		return wrongType(path, "a list", v)
	}
	to.Set(reflect.MakeSlice(to.Type(), len(list), len(list)))
	for i, item := range list {
		if item == nil {
			continue
		}
		if err := setJSON(to.Index(i), item, element(s, reflect.Slice), path+"/"+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

func setMap(to reflect.Value, v any, s *smithy.Schema, path string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return wrongType(path, "an object", v)
	}
	to.Set(reflect.MakeMapWithSize(to.Type(), len(object)))
	for name, item := range object {
		if item == nil {
			continue
		}
		value := reflect.New(to.Type().Elem()).Elem()
		if err := setJSON(value, item, element(s, reflect.Map), path+"/"+name); err != nil {
			return err
		}
		to.SetMapIndex(reflect.ValueOf(name).Convert(to.Type().Key()), value)
	}
	return nil
}

func setScalar(to reflect.Value, v any, path string) error {
	switch to.Kind() {
	case reflect.String:
		text, ok := v.(string)
		if !ok {
			return wrongType(path, "a string", v)
		}
		to.SetString(text)
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return wrongType(path, "true or false", v)
		}
		to.SetBool(b)
	case reflect.Int32, reflect.Int64:
		n, ok := v.(json.Number)
		i, err := strconv.ParseInt(string(n), 10, to.Type().Bits())
		if !ok || err != nil {
			return wrongType(path, "an integer", v)
		}
		to.SetInt(i)
	case reflect.Float32, reflect.Float64:
		n, ok := v.(json.Number)
		x, err := n.Float64()
		if !ok || err != nil {
			return wrongType(path, "a number", v)
		}
		to.SetFloat(x)
	default:
		return fmt.Errorf("wire: %s: a member of type %s is not served", path, to.Type())
	}
	return nil
}

// setTime reads epoch seconds, with a fraction, or ISO 8601.
func setTime(to reflect.Value, v any, path string) error {
	switch x := v.(type) {
	case json.Number:
		seconds, err := x.Float64()
		if err != nil || !(math.Abs(seconds) < 1e12) { // also not a number
			return wrongType(path, "a time", v)
		}
		to.Set(reflect.ValueOf(time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()))
		return nil
	case string:
		t, err := time.Parse(time.RFC3339, x)
		if err == nil {
			to.Set(reflect.ValueOf(t.UTC()))
			return nil
		}
	}
	return wrongType(path, "a time", v)
}

func wrongType(path, want string, got any) error {
	text := fmt.Sprint(got)
	if len(text) > 80 {
		text = text[:80]
	}
	if path == "" {
		path = "the body"
	}
	return serialization("%s: want %s, got %q", path, want, text)
}
