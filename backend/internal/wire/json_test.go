package wire_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// FuzzString holds the encoder of strings to encoding/json: both must mean the same string.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", `\"`, "\x00\x1f\x7f", "é\u2028\U0001F600", "<&>", "\xff\xfe", "\xed\xa0\x80", "a\xc3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := wire.AppendString(nil, s)
		var got, want string
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%q is not JSON: %v", text, err)
		}
		standard, err := json.Marshal(s)
		if err != nil || json.Unmarshal(standard, &want) != nil {
			t.Fatal(err)
		}
		if got != want || !utf8.Valid(text) {
			t.Errorf("%q is encoded as %q", s, text)
		}
	})
}

// FuzzDecode holds the decoder to encoding/json: what is no JSON is refused, what is JSON gives the same strings, and
// nothing panics.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"Handler":"\"\\\u00e9"}`, `{"Handler":null}`, `{"handler":"x"}`, `{"Handler":1}`, `{"Timeout":1e3}`, `{"Timeout":1.5}`,
		`{"Timeout":99999999999}`, `{}]`, `[]`, `{"Code":{"ZipFile":"AQID"},"Layers":["a",null],"Tags":{"k":"v"}}`, `{"Code":{"ZipFile":"*"}}`,
		`{"Environment":{"Variables":{"A":7}}}`, ` `, `{"Publish":"true"}`} {
		f.Add(s)
	}
	api := wire.LambdaAPI()
	f.Fuzz(func(t *testing.T, s string) {
		var in lambda.CreateFunctionInput
		err := api.DecodeAs("CreateFunction", []byte(s), &in)
		var members map[string]any
		if bad := json.Unmarshal([]byte(s), &members); bad != nil {
			if err == nil && strings.TrimSpace(s) != "" {
				t.Fatalf("%q was taken, and is: %v", s, bad)
			}
			return
		}
		if err != nil {
			return
		}
		want, isString := members["Handler"].(string)
		if (in.Handler != nil) != isString || isString && *in.Handler != want {
			t.Errorf("%q: got handler %v, want %q", s, in.Handler, want)
		}
	})
}

func TestTimes(t *testing.T) {
	api := wire.KinesisAPI()
	for text, want := range map[string]string{
		`1700000000`:                  "2023-11-14T22:13:20Z",
		`1700000000.123`:              "2023-11-14T22:13:20.123Z",
		`1.7e9`:                       "2023-11-14T22:13:20Z",
		`"2023-11-14T22:13:20+00:00"`: "2023-11-14T22:13:20Z",
		`"yesterday"`:                 "",
		`true`:                        "",
		`1e300`:                       "",
	} {
		t.Run(text+" is "+want, func(t *testing.T) {
			var in kinesis.GetShardIteratorInput
			err := api.DecodeAs("GetShardIterator", []byte(`{"Timestamp":`+text+`}`), &in)
			got := ""
			if err == nil {
				got = in.Timestamp.Format(time.RFC3339Nano)
			}
			if got != want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
	t.Run("a time is written as seconds", func(t *testing.T) {
		out := lambda.GetEventSourceMappingOutput{LastModified: aws.Time(time.Date(2023, 11, 14, 22, 13, 20, 123456789, time.UTC))}
		text, err := wire.LambdaAPI().EncodeAs("GetEventSourceMapping", &out)
		if err != nil || string(text) != `{"LastModified":1700000000.123}` {
			t.Errorf("got %s, %v", text, err)
		}
	})
}

// createFunction is a usual request to create a function, a little over a kilobyte with its package.
func createFunction() string {
	body, err := json.Marshal(map[string]any{
		"FunctionName": "orders-production", "Role": "arn:aws:iam::123456789012:role/orders", "Runtime": "python3.12", "Handler": "app.handler",
		"Code": map[string]any{"ZipFile": strings.Repeat("QUJD", 150)}, "Timeout": 30, "MemorySize": 512, "Publish": true,
		"Environment": map[string]any{"Variables": map[string]string{"TABLE": "orders", "LEVEL": "debug", "URL": "https://example.com/a?b=c&d=e"}},
		"Tags":        map[string]string{"team": "shop", "cost": "42"}, "Architectures": []string{"arm64"},
		"VpcConfig": map[string]any{"SubnetIds": []string{"subnet-1", "subnet-2"}, "SecurityGroupIds": []string{"sg-1"}},
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func BenchmarkDecodeEncode(b *testing.B) {
	api, body := wire.LambdaAPI(), []byte(createFunction())
	out := &lambda.CreateFunctionOutput{FunctionName: aws.String("orders-production"), FunctionArn: aws.String("arn:aws:lambda:us-east-1:123456789012:function:orders-production"),
		Role: aws.String("arn:aws:iam::123456789012:role/orders"), Runtime: types.RuntimePython312, Handler: aws.String("app.handler"), CodeSize: 450, Timeout: aws.Int32(30), MemorySize: aws.Int32(512),
		Environment: &types.EnvironmentResponse{Variables: map[string]string{"TABLE": "orders", "LEVEL": "debug", "URL": "https://example.com/a?b=c&d=e"}}, State: types.StateActive}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		var in lambda.CreateFunctionInput
		if err := api.DecodeAs("CreateFunction", body, &in); err != nil {
			b.Fatal(err)
		}
		if _, err := api.EncodeAs("CreateFunction", out); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRequest is a whole request without the network: guard, signature, route, decoding, answer.
func BenchmarkRequest(b *testing.B) {
	server, err := wire.NewServer(wire.Config{Authenticator: keys{}, IDs: ident.New(1, 1), Log: slog.New(slog.DiscardHandler), Region: "us-east-1", Account: account},
		wire.Service{API: wire.LambdaAPI(), Operations: map[string]wire.Operation{
			"Invoke": wire.Op(func(_ context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
				return &lambda.InvokeOutput{StatusCode: 200, Payload: in.Payload}, nil
			}, wire.Hot[lambda.InvokeInput](), wire.Unbound[lambda.InvokeInput]()),
		}})
	if err != nil {
		b.Fatal(err)
	}
	s := &bundle{http: httptest.NewServer(server)}
	defer s.http.Close()
	signed := s.request(b, "lambda", permanent, clock.Wall(), "POST", "/2015-03-31/functions/f/invocations", `{"a":1}`)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", signed.URL.RequestURI(), strings.NewReader(`{"a":1}`))
		r.Header, r.Host = signed.Header, signed.URL.Host
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code != 200 {
			body, _ := io.ReadAll(w.Body)
			b.Fatalf("%d %s", w.Code, body)
		}
	}
}
