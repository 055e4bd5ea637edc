package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

const (
	account = "000000000000"
	role    = "arn:aws:iam::000000000000:role/exec"
	prefix  = "arn:aws:lambda:us-east-1:000000000000:function:"
)

// bundle is a backend on a virtual clock, with a client of the default account's root and a role that Lambda may assume.
type bundle struct {
	*lambda.Client
	iam     *iam.Client
	control *control.Client
	url     string
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b, err := backend.New(backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t), Listen: "127.0.0.1:0",
		Log: slog.New(slog.NewTextHandler(&testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error("close:", err)
		}
	})
	cfg := config(b.URL(), "test", "test", "")
	bundle := &bundle{lambda.NewFromConfig(cfg), iam.NewFromConfig(cfg), control.New(b.URL()), b.URL()}
	bundle.role(t, "exec", `"lambda.amazonaws.com"`)
	return bundle
}

// testLog makes every error that the backend logs an error of the test.
type testLog struct{ t *testing.T }

func (l *testLog) Write(p []byte) (int, error) {
	l.t.Errorf("the backend logged: %s", p)
	return len(p), nil
}

func config(url, key, secret, token string) aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
		HTTPClient: sdkhttp.Client(nil), RetryMaxAttempts: 1}
}

// as returns a client of the root of another account.
func (b *bundle) as(account string) *lambda.Client {
	return lambda.NewFromConfig(config(b.url, account, "test", ""))
}

func (b *bundle) role(t *testing.T, name, service string) {
	t.Helper()
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":` + service + `},"Action":"sts:AssumeRole"}]}`
	if _, err := b.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}); err != nil {
		t.Fatal(err)
	}
}

// input is a CreateFunction that succeeds.
func input(t *testing.T, name string) *lambda.CreateFunctionInput {
	return &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String(role), Runtime: types.RuntimePython312,
		Handler: aws.String("main.handler"), Code: &types.FunctionCode{ZipFile: archive(t, "main.py", "def handler(e, c): return e\n")}}
}

func (b *bundle) create(t *testing.T, name string) *lambda.CreateFunctionOutput {
	t.Helper()
	out, err := b.CreateFunction(t.Context(), input(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b *bundle) script(t *testing.T, name string, outcomes ...control.ScriptedOutcome) {
	t.Helper()
	if err := b.control.PutScript(t.Context(), prefix+name, control.Script{Outcomes: outcomes}); err != nil {
		t.Fatal(err)
	}
}

func archive(t *testing.T, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// refused checks an error: its status, code and exact message.
func refused(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	response, ok2 := errors.AsType[*awshttp.ResponseError](err)
	if !ok || !ok2 {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	if response.HTTPStatusCode() != status || api.ErrorCode() != code || api.ErrorMessage() != message {
		t.Errorf("got  %d %s %s\nwant %d %s %s", response.HTTPStatusCode(), api.ErrorCode(), api.ErrorMessage(), status, code, message)
	}
}

func (b *bundle) trust(t *testing.T, name, document string) error {
	t.Helper()
	_, err := b.iam.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &name, PolicyDocument: &document})
	return err
}

func asType[E error](err error) (E, bool) { return errors.AsType[E](err) }

// hash is a package's SHA-256 as CodeSha256 spells it.
func hash(zip []byte) string {
	sum := sha256.Sum256(zip)
	return base64.StdEncoding.EncodeToString(sum[:])
}
