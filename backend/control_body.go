package backend

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
)

// readJSON reads a body; an empty one leaves v as it is, a member that v does not have is refused, with
// those that it has.
func readJSON(r *http.Request, v any) error {
	if r.ContentLength == 0 {
		return nil
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("there is something after the JSON object")
		}
	}
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return fault.New(fault.TooLarge, "the body is larger than %d bytes", maxControlBody)
	}
	if strings.Contains(err.Error(), "unknown field") {
		return fault.New(fault.Invalid, "the body: %s; it has %s", strings.TrimPrefix(err.Error(), "json: "), strings.Join(members(reflect.TypeOf(v)), ", "))
	}
	return fault.New(fault.Invalid, "the body: %v", err)
}

// members lists what JSON of a type may have, in the struct's order: "timeout", "outcomes[].payload". It is nil for what is not
// an object.
func members(t reflect.Type) []string {
	switch {
	case t.Kind() == reflect.Pointer:
		return members(t.Elem())
	case t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]():
		return nil
	}
	var all []string
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		var inner []string
		if field.Type.Kind() == reflect.Slice {
			inner = members(field.Type.Elem())
		}
		if inner == nil {
			all = append(all, name)
		}
		for _, in := range inner {
			all = append(all, name+"[]."+in)
		}
	}
	return all
}
