package wire

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"strings"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/traits"
)

// Protocol is how a service's requests and answers look.
type Protocol string

// The protocols.
const (
	RESTJSON Protocol = "rest-json"
	JSON10   Protocol = "json-1.0"
	JSON11   Protocol = "json-1.1"
	Query    Protocol = "query"
	RESTXML  Protocol = "rest-xml"
)

// API describes a service's protocol and operations, as the SDK module knows them.
type API struct {
	Name     string // the signing name
	Protocol Protocol
	Target   string // JSON protocols: the prefix of X-Amz-Target
	// Under begins the paths of a REST-JSON service that shares its signing name with another; "" for others.
	Under string
	// Plain marks a REST-JSON service whose paths may be those of buckets: what is not signed is not taken for its.
	Plain     bool
	Namespace string // Query and REST-XML: the XML namespace
	ops       map[string]*operation
	routes    *node // REST-JSON
	// missing lists the paths of required members that an input lacks.
	missing func(operation string, in any) []string
	// older is the same service in the Query protocol that it spoke before; nil where there is none.
	older *API
	// queryErrors are the codes that errors had, and have, in the Query protocol, by their names in the newer one.
	queryErrors map[string]queryError
}

// queryError is how an error looks in the Query protocol.
type queryError struct {
	code   string
	status int
}

// queryErrorsOf reads the Query codes of a module's errors from their schemas.
func queryErrorsOf(r *smithy.TypeRegistry) map[string]queryError {
	list := map[string]queryError{}
	for id, entry := range r.Entries {
		if q, ok := smithy.SchemaTrait[*traits.AWSQueryError](entry.Schema); ok {
			list[id[strings.Index(id, "#")+1:]] = queryError{q.ErrorCode, q.StatusCode}
		}
	}
	return list
}

// operation is what the SDK knows of one operation.
type operation struct {
	name      string
	in, out   reflect.Type   // struct types
	inSchema  *smithy.Schema // nil where the module has no schemas
	outSchema *smithy.Schema
	http      *traits.HTTP
	labels    []string   // of the URI, in order
	constant  url.Values // of the URI's query
}

// Operations lists the names of all operations that the SDK module has.
func (a *API) Operations() []string {
	names := make([]string, 0, len(a.ops))
	for name := range a.ops {
		names = append(names, name)
	}
	return names
}

// methods calls f for every operation method of an SDK client: func(ctx, *Input, ...func(*Options)) (*Output, error).
func methods(client any, f func(name string, call reflect.Value, in, out reflect.Type)) {
	v := reflect.ValueOf(client)
	for i := range v.NumMethod() {
		t := v.Method(i).Type()
		if t.NumIn() != 3 || !t.IsVariadic() || t.NumOut() != 2 || t.In(1).Kind() != reflect.Pointer || t.Out(0).Kind() != reflect.Pointer {
			continue
		}
		f(v.Type().Method(i).Name, v.Method(i), t.In(1).Elem(), t.Out(0).Elem())
	}
}

// errStop ends a call of the SDK before anything is sent.
var errStop = errors.New("wire: stop here")

// reflected describes a service by its client's methods alone. The client must stop before it sends.
func reflected(api *API, client any) *API {
	api.ops = map[string]*operation{}
	calls := map[string]reflect.Value{}
	methods(client, func(name string, call reflect.Value, in, out reflect.Type) {
		api.ops[name] = &operation{name: name, in: in, out: out}
		calls[name] = call
	})
	api.missing = func(name string, in any) []string { return missingMembers(calls[name], in) }
	return api
}

// described is reflected with the schemas that the module has: seen holds those that the capturing client met.
func described(api *API, client any, seen map[string]*smithy.OperationSchema) *API {
	reflected(api, client)
	for name, op := range api.ops {
		schema := seen[name]
		if schema == nil {
			continue // event streams: served by hand where they are served
		}
		op.inSchema, op.outSchema = schema.Input, schema.Output
		op.http, _ = smithy.SchemaTrait[*traits.HTTP](schema.Schema)
	}
	if api.Protocol == RESTJSON {
		api.routes = &node{}
		for _, op := range api.ops {
			if op.http != nil {
				api.routes.add(op)
			}
		}
	}
	return api
}

// missingMembers asks the SDK's own validation which required members an input lacks.
func missingMembers(call reflect.Value, in any) []string {
	out := call.Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.ValueOf(in)})
	err, _ := out[1].Interface().(error)
	invalid, ok := errors.AsType[smithy.InvalidParamsError](err)
	if !ok {
		return nil
	}
	var paths []string
	for _, e := range invalid.Errs() {
		if param, ok := errors.AsType[smithy.InvalidParamError](e); ok {
			paths = append(paths, param.Field())
		}
	}
	return paths
}
