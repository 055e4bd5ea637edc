package apigateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// answer is a function's answer as a response.
type answer struct {
	status  int
	headers map[string][]string
	cookies []string
	body    []byte
	encoded bool // the body is in base64
	plain   bool // it was no response, and is the body of one
}

// response is what a function answers that means its answer as a response.
type response struct {
	StatusCode        json.RawMessage            `json:"statusCode"`
	Headers           map[string]json.RawMessage `json:"headers"`
	MultiValueHeaders map[string][]any           `json:"multiValueHeaders"`
	Cookies           []string                   `json:"cookies"`
	Body              json.RawMessage            `json:"body"`
	IsBase64Encoded   bool                       `json:"isBase64Encoded"`
}

// read reads a function's answer to an HTTP API. In format 2.0 one without statusCode is the body of a 200: a text as it is,
// other JSON as JSON. In format 1.0 it is an error.
func read(payload []byte, anything bool) (*answer, error) {
	var members map[string]json.RawMessage
	isObject := json.Unmarshal(payload, &members) == nil && members != nil
	if anything && (!isObject || members["statusCode"] == nil) {
		a := &answer{status: http.StatusOK, headers: map[string][]string{"Content-Type": {"application/json"}}, body: payload, plain: true}
		var text *string
		if json.Unmarshal(payload, &text) == nil && text != nil {
			a.body = []byte(*text)
		}
		return a, nil
	}
	if !isObject || members["statusCode"] == nil {
		return nil, errors.New("it is no object with a statusCode")
	}
	var r response
	if err := json.Unmarshal(payload, &r); err != nil {
		return nil, err
	}
	return r.answer()
}

// readStrictly reads a function's answer to a REST API: an object with nothing but the members of a response, and not none
// (recorded).
func readStrictly(payload []byte) (*answer, error) {
	var r response
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return nil, err
	}
	if r.Cookies != nil {
		return nil, errors.New("cookies are of HTTP APIs alone")
	}
	if reflect.ValueOf(r).IsZero() {
		return nil, errors.New("it has none of a response's members")
	}
	return r.answer()
}

func (r *response) answer() (*answer, error) {
	a := &answer{status: http.StatusOK, headers: map[string][]string{}, cookies: r.Cookies, encoded: r.IsBase64Encoded}
	if r.StatusCode != nil {
		var err error
		a.status, err = strconv.Atoi(strings.Trim(string(r.StatusCode), `"`))
		if err != nil || a.status < 200 || a.status > 599 { // a 1xx is no answer
			return nil, fmt.Errorf("its statusCode %s is not a number from 200 to 599", r.StatusCode)
		}
	}
	for name, raw := range r.Headers {
		var v any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		_ = d.Decode(&v) // it was decoded from JSON
		a.add(name, v)
	}
	for name, list := range r.MultiValueHeaders { // beats headers
		maps.DeleteFunc(a.headers, func(other string, _ []string) bool { return strings.EqualFold(other, name) })
		for _, v := range list {
			a.add(name, v)
		}
	}
	if len(r.Body) > 0 && string(r.Body) != "null" {
		var text string
		if err := json.Unmarshal(r.Body, &text); err != nil {
			return nil, fmt.Errorf("its body is no text: %.80s", r.Body)
		}
		a.body = []byte(text)
	}
	return a, nil
}

// add adds a header. Of those of the connection and of the body's length none is the function's to say.
func (a *answer) add(name string, v any) {
	if slices.Contains(transportHeaders, http.CanonicalHeaderKey(name)) {
		return
	}
	a.headers[name] = append(a.headers[name], headerText(v))
}

var transportHeaders = []string{"Connection", "Content-Length", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

// headerText is a header's value: a function may give numbers and booleans.
func headerText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	return plain(v)
}

// decode makes bytes of a body in base64.
func (a *answer) decode() error {
	if !a.encoded {
		return nil
	}
	body, err := base64.StdEncoding.DecodeString(string(a.body))
	if err != nil {
		return fmt.Errorf("isBase64Encoded is true, and its body is not in base64: %w", err)
	}
	a.body, a.encoded = body, false
	return nil
}

func (a *answer) text() string {
	if a.plain {
		return "the client got 200 with the function's answer as the body: it has no statusCode"
	}
	return fmt.Sprintf("the client got %d", a.status)
}

// write writes the answer. Where the function names no type it is the one given.
func (a *answer) write(w http.ResponseWriter, contentType string) {
	h := w.Header()
	if !slices.ContainsFunc(slices.Collect(maps.Keys(a.headers)), func(name string) bool { return strings.EqualFold(name, "Content-Type") }) {
		h.Set("Content-Type", contentType)
	}
	for name, list := range a.headers {
		for _, v := range list {
			h.Add(name, v)
		}
	}
	for _, c := range a.cookies {
		h.Add("Set-Cookie", c)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // the client has gone, if it fails
}
