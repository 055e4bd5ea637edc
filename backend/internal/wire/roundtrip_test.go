package wire_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// TestEveryOperation sends every operation of every SDK client with all members filled, and answers with all members filled:
// what arrives, on either side, is what was sent. It is the proof that no member of any kind needs a table of ours.
func TestEveryOperation(t *testing.T) {
	for _, api := range []*wire.API{wire.LambdaAPI(), wire.KinesisAPI(), wire.IAMAPI(), wire.STSAPI(), wire.SQSAPI()} {
		t.Run(api.Name, func(t *testing.T) {
			x := &exchange{}
			operations := map[string]wire.Operation{}
			for _, name := range api.Operations() {
				in, out := api.Types(name)
				operations[name] = wire.AnyOperation(in, out, unsigned[name], x.answer)
			}
			b := setup(t, wire.Service{API: api, Operations: operations})
			client := map[string]any{"lambda": b.lambda(), "kinesis": b.kinesis(), "iam": b.iam(), "sts": b.sts(), "sqs": b.sqs()}[api.Name]
			for _, name := range api.SortedOperations() {
				if streams[name] {
					continue
				}
				t.Run(name, func(t *testing.T) { x.roundTrip(t, api, client, name) })
			}
		})
	}
}

// streams are the operations whose answer is an event stream, which no codec of structs writes.
// InvokeAsync has a reader for a body and a test of its own.
var streams = map[string]bool{"InvokeWithResponseStream": true, "SubscribeToShard": true, "InvokeAsync": true}

// unsigned are the operations that the clients do not sign.
var unsigned = map[string]bool{"AssumeRoleWithSAML": true, "AssumeRoleWithWebIdentity": true}

// headers are members that are carried in headers, which have neither line feeds nor letters beyond ASCII.
var headers = map[string]bool{"ClientContext": true, "DurableExecutionName": true, "TenantId": true, "FunctionError": true, "LogResult": true, "ExecutedVersion": true}

// exchange is one call: what the server saw, and what it is to answer.
type exchange struct {
	seen   any
	output any
}

func (x *exchange) answer(_ context.Context, in any) (any, error) {
	x.seen = in
	return x.output, nil
}

func (x *exchange) roundTrip(t *testing.T, api *wire.API, client any, name string) {
	inType, outType := api.Types(name)
	in, out := reflect.New(inType), reflect.New(outType)
	f := &filler{}
	f.fill(in.Elem(), "", 0)
	f.fill(out.Elem(), "", 0)
	x.seen, x.output = nil, out.Interface()
	sent := cloneOf(in)
	result := reflect.ValueOf(client).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
	if err, _ := result[1].Interface().(error); err != nil {
		t.Fatal(err)
	}
	ignore := cmp.Options{
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".ResultMetadata" }, cmp.Ignore()),
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmpopts.EquateEmpty(),
	}
	if diff := cmp.Diff(sent, x.seen, ignore); diff != "" {
		t.Errorf("the input arrived otherwise than it was sent (-sent +seen):\n%s", diff)
	}
	if diff := cmp.Diff(out.Interface(), result[0].Interface(), ignore); diff != "" {
		t.Errorf("the output arrived otherwise than it was sent (-sent +seen):\n%s", diff)
	}
}

// cloneOf copies an input's top level: clients fill in idempotency tokens.
func cloneOf(in reflect.Value) any {
	c := reflect.New(in.Type().Elem())
	c.Elem().Set(in.Elem())
	return c.Interface()
}

// filler gives every member a value of its own.
type filler struct{ n int }

const deepest = 4 // some structs contain themselves

func (f *filler) fill(v reflect.Value, name string, depth int) {
	f.n++
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, f.n%60, 250e6, time.UTC)))
		return
	case reflect.TypeFor[[]byte]():
		v.SetBytes([]byte{0, 1, 254, 255, byte(f.n)})
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if depth < deepest || v.Type().Elem().Kind() != reflect.Struct {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), name, depth+1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && !field.Anonymous && field.Name != "ResultMetadata" {
				f.fill(v.Field(i), field.Name, depth+1)
			}
		}
	case reflect.Interface:
		if v.Type() == reflect.TypeFor[iamtypes.PolicyIdentifier]() {
			v.Set(reflect.ValueOf(&iamtypes.PolicyIdentifierMemberPolicyArn{Value: f.text(reflect.TypeFor[string](), name)}))
		}
	case reflect.Slice:
		if depth < 2*deepest {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			f.fill(v.Index(0), name, depth+1)
			f.fill(v.Index(1), name, depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"a b", "c.d/<e>&"} {
			item := reflect.New(v.Type().Elem()).Elem()
			f.fill(item, name, depth+1)
			v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), item)
		}
	default:
		f.scalar(v, name)
	}
}

func (f *filler) scalar(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text(v.Type(), name))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(200) // also a status with a body
	case reflect.Float32, reflect.Float64:
		v.SetFloat(0.25)
	}
}

// text is awkward where it may be: ARNs are parsed by the clients to find the endpoint, enums are names.
func (f *filler) text(t reflect.Type, name string) string {
	switch {
	case t != reflect.TypeFor[string]():
		return fmt.Sprintf("Value%d", f.n)
	case strings.HasSuffix(name, "ARN") || strings.HasSuffix(name, "Arn"):
		return fmt.Sprintf("arn:aws:kinesis:eu-west-1:123456789012:stream/s%d", f.n)
	case name == "StreamId":
		return "id"
	case headers[name]:
		return fmt.Sprintf("\"%d\" <&>+%%2F/x", f.n)
	}
	return fmt.Sprintf("é \"%d\"\\\n<&>+%%2F/x", f.n)
}
