package backend_test

import (
	"archive/zip"
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

const account = "000000000000"

// bundle is a running backend with clients.
type bundle struct {
	*clients
	b       *backend.Backend
	control *control.Client
	url     string // of its database
}

// clients are the AWS SDK's clients of one caller.
type clients struct {
	lambda  *lambda.Client
	iam     *iam.Client
	sts     *sts.Client
	s3      *s3.Client
	kinesis *kinesis.Client
	sqs     *sqs.Client
	sns     *sns.Client
	tables  *dynamodb.Client
	streams *dynamodbstreams.Client
	pools   *cognitoidentityprovider.Client
	watch   *cloudwatchlogs.Client
	buses   *eventbridge.Client
	httpAPI *apigatewayv2.Client
	restAPI *apigateway.Client
}

// setup starts a backend on a database of the test's own, with a virtual clock and a seed.
func setup(t *testing.T) *bundle {
	t.Helper()
	return setupOn(t, backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t)})
}

func setupOn(t *testing.T, cfg backend.Config) *bundle {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	return setupAt(t, cfg)
}

// setupAt is setupOn for a backend that listens where the configuration says.
func setupAt(t *testing.T, cfg backend.Config) *bundle {
	t.Helper()
	cfg.Share = filepath.SplitList(os.Getenv("LAMBDASIM_SHARE")) // of folder
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.NewTextHandler(&testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	}
	b, err := backend.New(cfg)
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
	return &bundle{clients: newClients(b.URL(), "test", "test", ""), b: b, control: control.New(b.URL()), url: cfg.DatabaseURL}
}

// testLog makes every error that the backend logs an error of the test.
type testLog struct{ t *testing.T }

func (l *testLog) Write(p []byte) (int, error) {
	l.t.Errorf("the backend logged: %s", p)
	return len(p), nil
}

func newClients(url, key, secret, token string, change ...func(*aws.Config)) *clients {
	cfg := aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
		HTTPClient: sdkhttp.Client(nil), RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported}
	for _, c := range change {
		c(&cfg)
	}
	return &clients{lambda.NewFromConfig(cfg), iam.NewFromConfig(cfg), sts.NewFromConfig(cfg),
		s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }), kinesis.NewFromConfig(cfg), sqs.NewFromConfig(cfg), sns.NewFromConfig(cfg),
		dynamodb.NewFromConfig(cfg), dynamodbstreams.NewFromConfig(cfg), cognitoidentityprovider.NewFromConfig(cfg), cloudwatchlogs.NewFromConfig(cfg), eventbridge.NewFromConfig(cfg), apigatewayv2.NewFromConfig(cfg), apigateway.NewFromConfig(cfg)}
}

// as returns clients of the root of another account.
func (b *bundle) as(account string) *clients { return newClients(b.b.URL(), account, "test", "") }

// drain waits until the backend is quiet.
func (b *bundle) drain(t *testing.T) {
	t.Helper()
	if _, err := b.control.Drain(t.Context(), 20*second); err != nil {
		t.Fatal(err)
	}
}

// archive is a zip file with the files.
func archive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const trustLambda = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// role makes a role that Lambda may assume, with an inline policy where text is not "".
func (b *bundle) role(t *testing.T, name, text string) {
	t.Helper()
	_, err := b.iam.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trustLambda)})
	if err != nil {
		t.Fatal(err)
	}
	if text != "" {
		b.rolePolicy(t, name, text)
	}
}

func (b *bundle) rolePolicy(t *testing.T, role, text string) {
	t.Helper()
	_, err := b.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("main"), PolicyDocument: &text})
	if err != nil {
		t.Fatal(err)
	}
}

// function makes a Python function; it is up to the test to give it a script, or code that runs.
func (b *bundle) function(t *testing.T, name, role, code string) {
	t.Helper()
	_, err := b.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: &name, Role: aws.String("arn:aws:iam::" + account + ":role/" + role),
		Runtime: "python3.12", Handler: aws.String("main.handler"), Code: codeOf(archive(t, map[string]string{"main.py": code}))})
	if err != nil {
		t.Fatal(err)
	}
}
