package wire_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestErrorShapes holds the bodies and headers of errors, byte for byte, to testdata/errors.golden.
func TestErrorShapes(t *testing.T) {
	var b strings.Builder
	for _, api := range []*wire.API{wire.LambdaAPI(), wire.KinesisAPI(), {Name: "json10", Protocol: wire.JSON10}, wire.IAMAPI(), wire.STSAPI(), wire.S3API()} {
		for _, e := range []*wire.Error{
			wire.Errorf(404, "ResourceNotFoundException", "Function not found: %s", "<f> & \"é\""),
			wire.Errorf(500, "ServiceException", "broken"),
			{Status: 429, Code: "TooManyRequestsException", Message: "Rate Exceeded.", Fields: map[string]string{"Reason": "CallerRateLimitExceeded"}, Headers: map[string]string{"Retry-After": "1"}},
			wire.Validation(wire.MaxLength("functionName", "v", 64)).(*wire.Error),
		} {
			w := httptest.NewRecorder()
			wire.WriteError(w, api, e)
			fmt.Fprintf(&b, "%s %s\n%d\n", api.Name, e.Code, w.Code)
			for _, name := range slices.Sorted(maps.Keys(w.Header())) {
				fmt.Fprintf(&b, "%s: %s\n", name, w.Header().Get(name))
			}
			fmt.Fprintf(&b, "%s\n\n", w.Body)
		}
	}
	golden(t, "testdata/errors.golden", b.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

func TestValidation(t *testing.T) {
	for _, test := range []struct {
		name string
		list []wire.Violation
		want string
	}{
		{"one is an error", []wire.Violation{wire.Pattern("functionName", "a b", "[a-z]+")},
			"1 validation error detected: Value 'a b' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z]+"},
		{"two are errors", []wire.Violation{wire.NotNull("role"), wire.Enum("runtime", "x", []string{"b", "a"})},
			"2 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must not be null; Value 'x' at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [b, a]"},
		{"bounds", []wire.Violation{wire.AtLeast("timeout", 0, 1), wire.AtMost("timeout", 1000, 900), wire.MinLength("name", "", 1), wire.MaxLength("name", "xx", 1)},
			"4 validation errors detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1; Value '1000' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900; Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1; Value 'xx' at 'name' failed to satisfy constraint: Member must have length less than or equal to 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, ok := wire.Validation(test.list...).(*wire.Error)
			if !ok || e.Code != "ValidationException" || e.Status != 400 || e.Message != test.want {
				t.Errorf("got %+v", e)
			}
		})
	}
	t.Run("none is no error", func(t *testing.T) {
		if err := wire.Validation(); err != nil {
			t.Error(err)
		}
	})
	t.Run("paths are spelled as AWS does", func(t *testing.T) {
		for path, want := range map[string]string{"FunctionName": "functionName", "Code.ZipFile": "code.zipFile", "Records[0].Data": "records.1.member.data", "KMSKeyArn": "kMSKeyArn"} {
			if got := wire.MemberPath(path); got != want {
				t.Errorf("%s: got %s", path, got)
			}
		}
	})
}

func TestRoutes(t *testing.T) {
	api := wire.LambdaAPI()
	for _, test := range []struct{ method, path, query, want string }{
		{"GET", "/2015-03-31/functions", "", "ListFunctions"},
		{"GET", "/2015-03-31/functions/", "Marker=x", "ListFunctions"},
		{"POST", "/2015-03-31/functions/a%2Fb/invocations", "", "Invoke a/b"},
		{"GET", "/2015-03-31/functions/invocations", "", "GetFunction invocations"},
		{"GET", "/2018-10-31/layers", "", "ListLayers"},
		{"GET", "/2018-10-31/layers", "find=LayerVersion&Arn=a", "GetLayerVersionByArn"},
		{"GET", "/2019-09-30/functions/f/provisioned-concurrency", "Qualifier=1", "GetProvisionedConcurrencyConfig f"},
		{"GET", "/2019-09-30/functions/f/provisioned-concurrency", "List=ALL", "ListProvisionedConcurrencyConfigs f"},
		{"DELETE", "/2015-03-31/functions/f/policy/s", "", "RemovePermission f s"},
		{"PATCH", "/2015-03-31/functions/f", "", ""},
		{"GET", "/2015-03-31/functions//policy", "", ""},
		{"GET", "/", "", ""},
	} {
		t.Run(test.method+" "+test.path+"?"+test.query+" is "+test.want, func(t *testing.T) {
			query, err := url.ParseQuery(test.query)
			if err != nil {
				t.Fatal(err)
			}
			op, labels := api.Match(test.method, test.path, query)
			if got := strings.TrimSpace(op + " " + strings.Join(labels, " ")); got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestGuard(t *testing.T) {
	h := wire.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "sim.example")
	for _, test := range []struct {
		name, host string
		headers    map[string]string
		want       int
	}{
		{"a loopback address is let in", "127.0.0.1:4566", nil, 200},
		{"another of them is let in", "127.8.9.1", nil, 200},
		{"IPv6 is let in", "[::1]:4566", nil, 200},
		{"localhost is let in", "localhost:4566", nil, 200},
		{"a name below localhost is let in", "b.s3.localhost:1", nil, 200},
		{"an allowed host is let in", "Sim.Example:80", nil, 200},
		{"a page of this machine is let in", "localhost:4566", map[string]string{"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}, 200},
		{"a name that points here is refused", "evil.example:4566", nil, 403},
		{"a look-alike is refused", "127.0.0.1.evil.example", nil, 403},
		{"another look-alike is refused", "evillocalhost", nil, 403},
		{"no host is refused", "", nil, 403},
		{"an address of the network is refused", "192.0.2.1:4566", nil, 403},
		{"a page of elsewhere is refused", "localhost:4566", map[string]string{"Origin": "https://evil.example"}, 403},
		{"a page of nowhere is refused", "localhost:4566", map[string]string{"Origin": "null"}, 403},
		{"a form of another site is refused", "localhost:4566", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/", nil)
			r.Host = test.host
			for name, value := range test.headers {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != test.want {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if w.Code == 403 && !json.Valid(w.Body.Bytes()) {
				t.Errorf("got %s", w.Body)
			}
		})
	}
}
