package wire

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// decodeREST fills an input from the path's labels, the query, the headers and the body. It returns the body's members.
func decodeREST(r *http.Request, op *operation, values []string, body []byte, in reflect.Value) (map[string]any, error) {
	query := r.URL.Query()
	payload := false
	for _, f := range fieldsOf(op.in, op.inSchema) {
		if !f.bound {
			continue
		}
		whole, err := decodeBound(r, query, op.labels, values, body, in.Field(f.index), f)
		if err != nil {
			return nil, err
		}
		payload = payload || whole
	}
	if payload {
		return nil, nil
	}
	return decodeJSON(body, in, op.inSchema)
}

// decodeBound fills a member that is carried outside the JSON body, and reports whether it is the whole body.
func decodeBound(r *http.Request, query url.Values, labels, values []string, body []byte, to reflect.Value, f field) (payload bool, err error) {
	if _, ok := smithy.SchemaTrait[*traits.HTTPLabel](f.schema); ok {
		if i := slices.Index(labels, f.wire); i >= 0 && i < len(values) {
			return false, setText(to, values[i], f.wire)
		}
		return false, nil
	}
	if q, ok := smithy.SchemaTrait[*traits.HTTPQuery](f.schema); ok {
		return false, setQuery(to, query, q.Name)
	}
	if h, ok := smithy.SchemaTrait[*traits.HTTPHeader](f.schema); ok {
		if v := r.Header.Get(h.Name); v != "" {
			return false, setText(to, v, h.Name)
		}
		return false, nil
	}
	if _, ok := smithy.SchemaTrait[*traits.HTTPPayload](f.schema); ok {
		return true, setPayload(to, body, f.schema)
	}
	return false, nil
}

// setPayload gives a member the whole body: bytes as they are, a reader of them, a structure as JSON.
func setPayload(to reflect.Value, body []byte, s *smithy.Schema) error {
	if to.Type() == bytesType {
		to.SetBytes(body)
		return nil
	}
	if to.Type() == readerType {
		to.Set(reflect.ValueOf(bytes.NewReader(body)))
		return nil
	}
	if to.Kind() == reflect.Pointer && to.Type().Elem().Kind() == reflect.Struct && len(body) > 0 {
		to.Set(reflect.New(to.Type().Elem()))
		_, err := decodeJSON(body, to.Elem(), s)
		return err
	}
	return nil
}

func setQuery(to reflect.Value, query url.Values, name string) error {
	values, ok := query[name]
	if !ok {
		return nil
	}
	if to.Kind() == reflect.Slice && to.Type() != bytesType {
		to.Set(reflect.MakeSlice(to.Type(), len(values), len(values)))
		for i, v := range values {
			if err := setText(to.Index(i), v, name); err != nil {
				return err
			}
		}
		return nil
	}
	return setText(to, values[0], name)
}

// setText reads a scalar from text: a label, a query parameter, a header, a form field.
func setText(to reflect.Value, text, name string) error {
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		return setText(to.Elem(), text, name)
	}
	switch {
	case to.Type() == timeType:
		return setTextTime(to, text, name)
	case to.Kind() == reflect.String:
		to.SetString(text)
		return nil
	case to.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return wrongType(name, "true or false", text)
		}
		to.SetBool(b)
		return nil
	}
	return setScalar(to, json.Number(text), name)
}

func setTextTime(to reflect.Value, text, name string) error {
	for _, layout := range []string{time.RFC3339, http.TimeFormat} {
		if t, err := time.Parse(layout, text); err == nil {
			to.Set(reflect.ValueOf(t.UTC()))
			return nil
		}
	}
	return setTime(to, json.Number(text), name)
}

// encodeREST writes an output: status, headers and body.
func encodeREST(w http.ResponseWriter, op *operation, out reflect.Value) error {
	status := op.http.Code
	var body []byte
	payload := false
	for _, f := range fieldsOf(op.out, op.outSchema) {
		if !f.bound {
			continue
		}
		v := out.Field(f.index)
		if _, ok := smithy.SchemaTrait[*traits.HTTPResponseCode](f.schema); ok {
			if v.Kind() == reflect.Pointer && !v.IsNil() {
				v = v.Elem()
			}
			if v.Kind() == reflect.Int32 && v.Int() != 0 {
				status = int(v.Int())
			}
		} else if h, ok := smithy.SchemaTrait[*traits.HTTPHeader](f.schema); ok {
			if !absent(v) {
				w.Header().Set(h.Name, headerText(v))
			}
		} else if _, ok := smithy.SchemaTrait[*traits.HTTPPayload](f.schema); ok {
			payload = true
			if v.Type() == bytesType {
				body = v.Bytes()
			}
		}
	}
	if !payload && status != http.StatusNoContent {
		var err error
		if body, err = encodeJSON(out, op.outSchema); err != nil {
			return err
		}
	}
	if len(body) > 0 {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

func headerText(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	}
	return strconv.FormatInt(v.Int(), 10)
}

// writeRESTError writes an error as Lambda does: the code in a header, the message in the body.
func writeRESTError(w http.ResponseWriter, e *Error) {
	body := map[string]string{"Message": e.Message}
	if !e.NoType {
		body["Type"] = "User"
		if e.Status >= 500 {
			body["Type"] = "Service"
		}
	}
	for name, value := range e.Fields {
		body[name] = value
	}
	if e.NoType { // the errors of the front itself spell it so
		body["message"] = body["Message"]
		delete(body, "Message")
	}
	w.Header().Set("X-Amzn-Errortype", e.Code)
	writeJSON(w, "application/json", e, body)
}

func writeJSON(w http.ResponseWriter, contentType string, e *Error, body map[string]string) {
	for name, value := range e.Headers {
		w.Header().Set(name, value)
	}
	text := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(body)) {
		if i > 0 {
			text = append(text, ',')
		}
		text = appendString(append(appendString(text, name), ':'), body[name])
	}
	for _, name := range slices.Sorted(maps.Keys(e.Members)) {
		text = append(append(appendString(append(text, ','), name), ':'), e.Members[name]...)
	}
	text = append(text, '}')
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(e.Status)
	_, _ = w.Write(text)
}

// writeJSONError writes an error of the JSON protocols: the code as __type.
func writeJSONError(w http.ResponseWriter, p Protocol, e *Error) {
	body := map[string]string{"__type": e.Code, "message": e.Message}
	for name, value := range e.Fields {
		body[name] = value
	}
	w.Header().Set("X-Amzn-Errortype", e.Code)
	writeJSON(w, jsonType(p), e, body)
}

func jsonType(p Protocol) string { return "application/x-amz-" + strings.TrimSpace(string(p)) }
