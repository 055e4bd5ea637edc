package wire_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/core/authz"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/fault"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/ident"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

const account = "123456789012"

// keys is an Authenticator with one permanent key and one temporary one.
type keys struct{}

func (keys) Credential(_ context.Context, id string) (wire.Credential, error) {
	switch id {
	case "AKIDPERMANENT":
		return wire.Credential{Secret: "secret", Session: authz.RootOf(account)}, nil
	case "ASIATEMPORARY":
		return wire.Credential{Secret: "temporary", SessionToken: "token", Session: authz.RootOf("210987654321")}, nil
	}
	return wire.Credential{}, fault.New(fault.NotFound, "use test/test")
}

// question is what Authorize was asked.
type question struct {
	action, resource string
	keys             map[string][]string
}

// bundle is a server of fake operations and what a client needs to reach it.
type bundle struct {
	server *wire.Server
	http   *httptest.Server
	log    *lockedBuffer

	mu    sync.Mutex
	asked []question
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func setup(t testing.TB, services ...wire.Service) *bundle {
	b := newBundle(t, services...)
	b.http = httptest.NewServer(b.server)
	t.Cleanup(b.http.Close)
	return b
}

// setupTLS is setup over https, where S3 clients frame their bodies.
func setupTLS(t testing.TB, services ...wire.Service) *bundle {
	b := newBundle(t, services...)
	b.http = httptest.NewTLSServer(b.server)
	t.Cleanup(b.http.Close)
	return b
}

func newBundle(t testing.TB, services ...wire.Service) *bundle {
	t.Helper()
	b := &bundle{log: &lockedBuffer{}}
	server, err := wire.NewServer(wire.Config{
		Authenticator: keys{},
		Authorize: func(_ context.Context, q authz.Question) error {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.asked = append(b.asked, question{q.Action, q.Resource, q.Keys})
			if strings.Contains(q.Resource, "forbidden") {
				return fault.New(fault.Denied, "User: x is not authorized to perform: %s on resource: %s", q.Action, q.Resource)
			}
			return nil
		},
		Clock: clock.NewReal(), IDs: ident.New(1, 1), Log: slog.New(slog.NewTextHandler(b.log, nil)),
		Region: "us-east-1", Account: account,
	}, services...)
	if err != nil {
		t.Fatal(err)
	}
	b.server = server
	return b
}

// permanent and temporary are the keys that the server knows.
var (
	permanent = aws.Credentials{AccessKeyID: "AKIDPERMANENT", SecretAccessKey: "secret"}
	temporary = aws.Credentials{AccessKeyID: "ASIATEMPORARY", SecretAccessKey: "temporary", SessionToken: "token"}
)

// config is a client's configuration. It is not loaded from the environment, which may hold anything.
func (b *bundle) config(c aws.Credentials) aws.Config {
	return aws.Config{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(b.http.URL),
		HTTPClient:   sdkhttp.Client(b.http.Client().Transport),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return c, nil
		}),
		RetryMaxAttempts:           1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}
}

func (b *bundle) lambda() *lambda.Client   { return lambda.NewFromConfig(b.config(permanent)) }
func (b *bundle) kinesis() *kinesis.Client { return kinesis.NewFromConfig(b.config(permanent)) }
func (b *bundle) iam() *iam.Client         { return iam.NewFromConfig(b.config(permanent)) }
func (b *bundle) sts() *sts.Client         { return sts.NewFromConfig(b.config(permanent)) }
func (b *bundle) sqs() *sqs.Client {
	return sqs.NewFromConfig(b.config(permanent), func(o *sqs.Options) { o.DisableMessageChecksumValidation = true })
}
func (b *bundle) s3() *s3.Client {
	return s3.NewFromConfig(b.config(permanent), func(o *s3.Options) { o.UsePathStyle = true })
}

// lastAsked is the latest question to Authorize.
func (b *bundle) lastAsked() question {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.asked) == 0 {
		return question{}
	}
	return b.asked[len(b.asked)-1]
}

// do sends a request as it is.
func (b *bundle) do(t testing.TB, r *http.Request) *http.Response {
	t.Helper()
	resp, err := b.http.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func (b *bundle) ids() *ident.Source   { return ident.New(1, 1) }
func (b *bundle) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b.log, nil)) }

// signed sends a request to Lambda that the SDK's signer has signed.
func (b *bundle) signed(t testing.TB, method, path, body string) *http.Response {
	t.Helper()
	return b.do(t, b.request(t, "lambda", permanent, clock.Wall(), method, path, body))
}

// request is a request that the SDK's signer has signed.
func (b *bundle) request(t testing.TB, service string, c aws.Credentials, at time.Time, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, b.http.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(context.Background(), c, r, hex.EncodeToString(sum[:]), service, "eu-west-1", at); err != nil {
		t.Fatal(err)
	}
	return r
}
