package wire

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"slices"
)

// Types returns the struct types of an operation of the SDK.
func (a *API) Types(operation string) (in, out reflect.Type) {
	return a.ops[operation].in, a.ops[operation].out
}

// AnyOperation is Op for types that are known at run time only.
func AnyOperation(in, out reflect.Type, unsigned bool, run func(ctx context.Context, in any) (any, error)) Operation {
	return Operation{in: in, out: out, run: run, unsigned: unsigned, asks: declared}
}

// SortedOperations lists the operations of the SDK, sorted.
func (a *API) SortedOperations() []string {
	names := a.Operations()
	slices.Sort(names)
	return names
}

// BucketOf, AppendString and WriteError are checked alone.
var (
	BucketOf     = bucketOf
	AppendString = appendString
	WriteError   = func(w http.ResponseWriter, api *API, e *Error) { writeError(w, api, e, "REQUEST-ID") }
	MemberPath   = memberPath
)

// DecodeAs decodes a JSON body into an operation's input.
func (a *API) DecodeAs(operation string, body []byte, in any) error {
	op := a.ops[operation]
	_, err := decodeJSON(body, reflect.ValueOf(in).Elem(), op.inSchema)
	return err
}

// EncodeAs encodes an operation's output as JSON.
func (a *API) EncodeAs(operation string, out any) ([]byte, error) {
	return encodeJSON(reflect.ValueOf(out).Elem(), a.ops[operation].outSchema)
}

// Match finds the operation for a method and an escaped path.
func (a *API) Match(method, path string, query url.Values) (operation string, labels []string) {
	op, values := a.routes.match(method, segments(path), query, nil)
	if op == nil {
		return "", nil
	}
	return op.name, values
}
