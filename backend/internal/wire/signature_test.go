package wire_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// everything serves one operation of each family of protocols.
func everything() []wire.Service {
	return []wire.Service{
		service(noError, seeNothing),
		{API: wire.IAMAPI(), Operations: map[string]wire.Operation{"ListUsers": wire.Op(func(context.Context, *iam.ListUsersInput) (*iam.ListUsersOutput, error) { return nil, nil }, wire.Unbound[iam.ListUsersInput]())}},
		{API: wire.KinesisAPI(), Operations: map[string]wire.Operation{"ListStreams": wire.Op(func(context.Context, *kinesis.ListStreamsInput) (*kinesis.ListStreamsOutput, error) { return nil, nil }, wire.Unbound[kinesis.ListStreamsInput]())}},
		{API: wire.STSAPI(), Operations: map[string]wire.Operation{"GetCallerIdentity": wire.Op(func(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
			return &sts.GetCallerIdentityOutput{Account: aws.String(wire.CallFrom(ctx).Account)}, nil
		}, wire.Unbound[sts.GetCallerIdentityInput]())}},
		{API: wire.S3API(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = wire.WriteXML(w, 200, struct {
				XMLName struct{} `xml:"ListAllMyBucketsResult"`
			}{})
		})},
	}
}

// TestRefusedSignatures pins the code that each family of protocols has for each thing that can be wrong.
func TestRefusedSignatures(t *testing.T) {
	b := setup(t, everything()...)
	for _, test := range []struct {
		name                     string
		credentials              aws.Credentials
		lambda, iam, kinesis, s3 string
	}{
		{"an unknown key", aws.Credentials{AccessKeyID: "AKIDUNKNOWN", SecretAccessKey: "secret"},
			"UnrecognizedClientException 403", "InvalidClientTokenId 403", "UnrecognizedClientException 400", "InvalidAccessKeyId 403"},
		{"a wrong secret", aws.Credentials{AccessKeyID: "AKIDPERMANENT", SecretAccessKey: "other"},
			"InvalidSignatureException 403", "SignatureDoesNotMatch 403", "InvalidSignatureException 400", "SignatureDoesNotMatch 403"},
		{"a temporary key without its token", aws.Credentials{AccessKeyID: "ASIATEMPORARY", SecretAccessKey: "temporary"},
			"UnrecognizedClientException 403", "InvalidClientTokenId 403", "UnrecognizedClientException 400", "InvalidToken 400"},
		{"a permanent key with a token", aws.Credentials{AccessKeyID: "AKIDPERMANENT", SecretAccessKey: "secret", SessionToken: "token"},
			"UnrecognizedClientException 403", "InvalidClientTokenId 403", "UnrecognizedClientException 400", "InvalidToken 400"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cfg := context.Background(), b.config(test.credentials)
			_, err := lambda.NewFromConfig(cfg).ListFunctions(ctx, nil)
			wantRefusal(t, err, test.lambda)
			_, err = iam.NewFromConfig(cfg).ListUsers(ctx, nil)
			wantRefusal(t, err, test.iam)
			_, err = kinesis.NewFromConfig(cfg).ListStreams(ctx, nil)
			wantRefusal(t, err, test.kinesis)
			_, err = s3.NewFromConfig(cfg).ListBuckets(ctx, nil)
			wantRefusal(t, err, test.s3)
		})
	}
	t.Run("the log says which keys there are", func(t *testing.T) {
		if log := b.log.String(); !strings.Contains(log, "use test/test") || !strings.Contains(log, "AKIDUNKNOWN") {
			t.Error(log)
		}
	})
	t.Run("the right keys are taken by all", func(t *testing.T) {
		for _, c := range []aws.Credentials{permanent, temporary} {
			ctx, cfg := context.Background(), b.config(c)
			if _, err := lambda.NewFromConfig(cfg).ListFunctions(ctx, nil); err != nil {
				t.Error(err)
			}
			if _, err := iam.NewFromConfig(cfg).ListUsers(ctx, nil); err != nil {
				t.Error(err)
			}
			if _, err := kinesis.NewFromConfig(cfg).ListStreams(ctx, nil); err != nil {
				t.Error(err)
			}
			if _, err := s3.NewFromConfig(cfg).ListBuckets(ctx, nil); err != nil {
				t.Error(err)
			}
			if out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil); err != nil || *out.Account == "" {
				t.Error(err)
			}
		}
	})
}

func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	code, status, _ := strings.Cut(want, " ")
	wantAPIError(t, err, code, "")
	if !strings.Contains(err.Error(), "StatusCode: "+status) {
		t.Errorf("got %v, want status %s", err, status)
	}
}

func TestSignature(t *testing.T) {
	b := setup(t, everything()...)
	now := clock.Wall()
	get := func(at time.Time) *http.Request {
		return b.request(t, "lambda", permanent, at, "GET", "/2015-03-31/functions/f", "")
	}
	t.Run("a date six minutes ago has expired, one of four minutes has not", func(t *testing.T) {
		wantBody(t, b.do(t, get(now.Add(-6*time.Minute))), 403, "Signature expired: ")
		wantBody(t, b.do(t, get(now.Add(6*time.Minute))), 403, "Signature not yet current: ")
		wantBody(t, b.do(t, get(now.Add(-4*time.Minute))), 200, "")
	})
	t.Run("S3 waits a quarter of an hour", func(t *testing.T) {
		list := func(ago time.Duration) *http.Response {
			return b.do(t, b.s3Request(t, "/", now.Add(-ago), nil))
		}
		wantBody(t, list(14*time.Minute), 200, "")
		wantBody(t, list(16*time.Minute), 403, "RequestTimeTooSkewed")
	})
	t.Run("a tampered body does not match", func(t *testing.T) {
		r := b.request(t, "lambda", permanent, now, "POST", "/2015-03-31/functions", `{"FunctionName":"a"}`)
		r.Body = http.NoBody
		r.ContentLength = 0
		wantBody(t, b.do(t, r), 403, "does not match")
	})
	t.Run("a tampered path, query, header or method does not match", func(t *testing.T) {
		for what, change := range map[string]func(*http.Request){
			"path":   func(r *http.Request) { r.URL.Path = "/2015-03-31/functions/g" },
			"query":  func(r *http.Request) { r.URL.RawQuery = "Qualifier=1" },
			"method": func(r *http.Request) { r.Method = "DELETE" },
			"header": func(r *http.Request) {
				r.Header.Set("X-Amz-Date", now.Add(time.Second).Format("20060102T150405Z"))
			},
		} {
			r := get(now)
			change(r)
			if resp := b.do(t, r); resp.StatusCode != 403 {
				t.Errorf("%s: %s", what, resp.Status)
			}
		}
	})
	t.Run("a scope of another day is refused", func(t *testing.T) {
		r := get(now)
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), now.Format("/20060102/"), "/20200101/", 1))
		wantBody(t, b.do(t, r), 400, "Date in Credential scope does not match")
	})
	t.Run("what is missing is named", func(t *testing.T) {
		for header, want := range map[string]string{
			"AWS4-HMAC-SHA256 Credential=a/b":                                          "requires 'Credential' parameter",
			"AWS4-HMAC-SHA256 Credential=a/20260101/r/lambda/aws4_request":             "requires 'Signature' parameter",
			"AWS4-HMAC-SHA256 Credential=a/20260101/r/lambda/aws4_request,Signature=x": "'Host' must be a 'SignedHeader'",
			"AWS4-ECDSA-P256-SHA256 Credential=a/20260101/lambda/aws4_request":         "lambdasim verifies AWS4-HMAC-SHA256",
			"Basic dGVzdDp0ZXN0": "lambdasim verifies AWS4-HMAC-SHA256",
		} {
			r := get(now)
			r.Header.Set("Authorization", header)
			wantBody(t, b.do(t, r), 400, want)
		}
	})
	t.Run("a request without a signature misses its token", func(t *testing.T) {
		r, _ := http.NewRequest("GET", b.http.URL+"/2015-03-31/functions", nil)
		resp := b.do(t, r)
		wantBody(t, resp, 403, "Missing Authentication Token")
		if got := resp.Header.Get("X-Amzn-Errortype"); got != "MissingAuthenticationTokenException" {
			t.Error(got)
		}
		r, _ = http.NewRequest("POST", b.http.URL+"/", strings.NewReader("Action=ListUsers&Version=2010-05-08"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		wantBody(t, b.do(t, r), 403, "<Code>MissingAuthenticationToken</Code>")
		r, _ = http.NewRequest("POST", b.http.URL+"/", strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", "Kinesis_20131202.ListStreams")
		wantBody(t, b.do(t, r), 400, `"__type":"MissingAuthenticationTokenException"`)
		r, _ = http.NewRequest("GET", b.http.URL+"/bucket/key", nil)
		wantBody(t, b.do(t, r), 403, "<Code>AccessDenied</Code>")
	})
	t.Run("a path with dots and doubled slashes is taken as sent and as cleaned", func(t *testing.T) {
		r := get(now)
		r.URL.Path = "/2015-03-31//functions/f"
		if resp := b.do(t, r); resp.StatusCode == 403 {
			t.Error(resp.Status)
		}
	})
	t.Run("a header that is signed reaches the handler as it was sent", func(t *testing.T) {
		var got string
		b := setup(t, wire.Service{API: wire.S3API(), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = r.Header.Get("X-Amz-Meta-Text")
		})})
		b.do(t, b.s3Request(t, "/", now, http.Header{"X-Amz-Meta-Text": {"two  spaces"}}))
		if got != "two  spaces" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("S3 wants its headers signed", func(t *testing.T) {
		r := b.s3Request(t, "/", now, nil)
		r.Header.Set("X-Amz-Acl", "public-read")
		wantBody(t, b.do(t, r), 403, "<HeadersNotSigned>x-amz-acl</HeadersNotSigned>")
	})
	t.Run("S3 wants the hash of the body declared", func(t *testing.T) {
		r := b.s3Request(t, "/", now, nil)
		r.Header.Del("X-Amz-Content-Sha256")
		wantBody(t, b.do(t, r), 400, "Missing required header for this request: x-amz-content-sha256")
	})
}

// s3Request is a signed GET of S3.
func (b *bundle) s3Request(t testing.TB, path string, at time.Time, h http.Header) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", b.http.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range h {
		r.Header[name] = values
	}
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(context.Background(), permanent, r, "UNSIGNED-PAYLOAD", "s3", "eu-west-1", at); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPresigned(t *testing.T) {
	b := setup(t, everything()...)
	now := clock.Wall()
	presign := func(at time.Time, seconds int) string {
		r, _ := http.NewRequest("GET", fmt.Sprintf("%s/bucket/a%%20key?X-Amz-Expires=%d", b.http.URL, seconds), nil)
		signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		signed, _, err := signer.PresignHTTP(context.Background(), temporary, r, "UNSIGNED-PAYLOAD", "s3", "eu-west-1", at)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	get := func(t *testing.T, u string) *http.Response {
		r, err := http.NewRequest("GET", u, nil)
		if err != nil {
			t.Fatal(err)
		}
		return b.do(t, r)
	}
	t.Run("it is taken while it is valid, however old", func(t *testing.T) {
		wantBody(t, get(t, presign(now.Add(-2*time.Hour), 3*3600)), 200, "")
	})
	t.Run("it expires", func(t *testing.T) {
		wantBody(t, get(t, presign(now.Add(-2*time.Hour), 3600)), 403, "Request has expired")
	})
	t.Run("it is not valid before its date", func(t *testing.T) {
		wantBody(t, get(t, presign(now.Add(time.Hour), 3600)), 403, "RequestTimeTooSkewed")
	})
	t.Run("another key of the bucket is refused", func(t *testing.T) {
		wantBody(t, get(t, strings.Replace(presign(now, 60), "a%20key", "b", 1)), 403, "SignatureDoesNotMatch")
	})
	t.Run("a longer life is refused", func(t *testing.T) {
		wantBody(t, get(t, strings.Replace(presign(now, 60), "X-Amz-Expires=60", "X-Amz-Expires=61", 1)), 403, "SignatureDoesNotMatch")
		wantBody(t, get(t, presign(now, 604801)), 400, "X-Amz-Expires must be")
	})
	t.Run("the token of its session is needed", func(t *testing.T) {
		u, _ := url.Parse(presign(now, 60))
		q := u.Query()
		q.Set("X-Amz-Security-Token", "other")
		u.RawQuery = q.Encode()
		wantBody(t, get(t, u.String()), 400, "InvalidToken")
	})
	t.Run("the SDK's own presigned requests are taken", func(t *testing.T) {
		client := s3.NewPresignClient(b.s3())
		r, err := client.PresignGetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a key/with+é")})
		if err != nil {
			t.Fatal(err)
		}
		wantBody(t, get(t, r.URL), 200, "")
		identity, err := sts.NewPresignClient(b.sts()).PresignGetCallerIdentity(context.Background(), nil)
		if err != nil {
			t.Fatal(err)
		}
		r2, _ := http.NewRequest(identity.Method, identity.URL, nil)
		r2.Header = identity.SignedHeader.Clone()
		r2.Header.Del("Host")
		wantBody(t, b.do(t, r2), 200, "<Account>"+account+"</Account>")
	})
}

func TestAuthenticate(t *testing.T) {
	b := setup(t, everything()...)
	serve := func(r *http.Request) *http.Request { // as the server would see it
		in := httptest.NewRequest(r.Method, r.URL.RequestURI(), r.Body)
		in.Header, in.Host, in.ContentLength = r.Header.Clone(), r.URL.Host, r.ContentLength
		return in
	}
	now := clock.Wall()
	t.Run("the caller is known, and the body can be read again", func(t *testing.T) {
		r := serve(b.request(t, "lambda", temporary, now, "POST", "/any/path", "the body"))
		call, err := b.server.Authenticate(r)
		if err != nil || call.Account != "210987654321" || call.Service != "lambda" {
			t.Fatalf("got %+v, %v", call, err)
		}
		body := make([]byte, 100)
		if n, _ := r.Body.Read(body); string(body[:n]) != "the body" {
			t.Errorf("got %q", body[:n])
		}
	})
	t.Run("a wrong secret is refused", func(t *testing.T) {
		c := aws.Credentials{AccessKeyID: "AKIDPERMANENT", SecretAccessKey: "other"}
		if _, err := b.server.Authenticate(serve(b.request(t, "lambda", c, now, "POST", "/", ""))); err == nil {
			t.Error("it was taken")
		}
	})
}
