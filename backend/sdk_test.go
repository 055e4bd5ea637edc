package backend_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	_ "github.com/aws/aws-sdk-go-v2/config" // which the Go function of testdata/sdk uses
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

// libraries is a folder that "runtimes install" has filled with the modules of Node.js, kept for further runs of the tests.
var libraries = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(os.TempDir(), "lambdasim-test-libraries")
	if _, err := os.Stat(filepath.Join(dir, "complete")); err == nil {
		return dir, nil
	}
	fresh, err := os.MkdirTemp("", "lambdasim-test-libraries-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(fresh, 0o755); err != nil {
		return "", err
	}
	var said strings.Builder
	if code := backend.RuntimesCommand([]string{"install", "--only", "node", "--libraries", fresh}, &said, &said); code != 0 {
		return "", fmt.Errorf("runtimes install: exit status %d: %s", code, said.String())
	}
	if err := os.WriteFile(filepath.Join(fresh, "complete"), nil, 0o644); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, dir); err != nil { // another run was faster
		return fresh, nil
	}
	return dir, nil
})

// sdkFunctions are functions that use an AWS SDK, each with a handler.
func sdkFunctions(t *testing.T) map[string]*lambda.CreateFunctionInput {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "sdk", name))
		must(t, err)
		return string(text)
	}
	program := filepath.Join(t.TempDir(), "bootstrap")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", program, "./testdata/sdk/go")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	zipped := executable(t, program)
	in := func(runtime lambdatypes.Runtime, handler string, zipped []byte) *lambda.CreateFunctionInput {
		return &lambda.CreateFunctionInput{Runtime: runtime, Handler: &handler, Timeout: aws.Int32(60), MemorySize: aws.Int32(512), Code: codeOf(zipped)}
	}
	return map[string]*lambda.CreateFunctionInput{
		"go":     in("provided.al2023", "bootstrap", zipped),
		"python": in("python3.12", "main.handler", archive(t, map[string]string{"main.py": read("python/main.py")})),
		"esm":    in("nodejs20.x", "esm.handler", archive(t, map[string]string{"esm.mjs": read("node/esm.mjs")})),
		"common": in("nodejs20.x", "common.handler", archive(t, map[string]string{"common.js": read("node/common.js")})),
	}
}

// executable is a package with a program, named bootstrap.
func executable(t *testing.T, path string) []byte {
	t.Helper()
	program, err := os.ReadFile(path)
	must(t, err)
	var zipped bytes.Buffer
	w := zip.NewWriter(&zipped)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	header.SetMode(0o755)
	f, err := w.CreateHeader(header)
	must(t, err)
	_, err = f.Write(program)
	must(t, err)
	must(t, w.Close())
	return zipped.Bytes()
}

// The calls that functions make by AWS's own SDKs reach the backend without their doing, and are those of their role.
func TestAFunctionsSDKMayDoWhatItsRoleMay(t *testing.T) {
	dir, err := libraries()
	must(t, err)
	b := setupOn(t, backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t), Libraries: dir})
	bucket := aws.String("papers")
	_, err = b.s3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket})
	must(t, err)
	_, err = b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("secret"), Body: strings.NewReader("nobody's business")})
	must(t, err)
	queue, err := b.sqs.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	must(t, err)
	b.role(t, "writer", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:PutObject","s3:ListBucket"],"Resource":["arn:aws:s3:::papers","arn:aws:s3:::papers/*"]},
		{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:`+account+`:q"}]}`)
	b.role(t, "idler", "")
	event, err := json.Marshal(map[string]string{"bucket": *bucket, "queue": *queue.QueueUrl})
	must(t, err)
	denied := map[string]string{"put": "AccessDenied", "send": "AccessDeniedException", "get": "AccessDenied"}
	oldBotocore := map[string]string{"put": "AccessDenied", "send": "AccessDenied", "get": "AccessDenied"} // it speaks SQS's query protocol
	for name, in := range sdkFunctions(t) {
		t.Run(name, func(t *testing.T) {
			for role, want := range map[string][]map[string]string{"writer": {{"put": "done", "send": "done", "get": "AccessDenied"}}, "idler": {denied, oldBotocore}} {
				f := *in
				f.FunctionName, f.Role = aws.String(name+"-"+role), aws.String("arn:aws:iam::"+account+":role/"+role)
				_, err := b.lambda.CreateFunction(t.Context(), &f)
				must(t, err)
				out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: f.FunctionName, Payload: event, LogType: lambdatypes.LogTypeTail})
				must(t, err)
				var got map[string]string
				if err := json.Unmarshal(out.Payload, &got); err != nil || !slices.ContainsFunc(want, func(w map[string]string) bool { return cmp.Equal(w, got) }) {
					t.Errorf("as %s: got %s, want %v", role, out.Payload, want[0])
				}
			}
			object, err := b.s3.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: &name})
			must(t, err)
			text, err := io.ReadAll(object.Body)
			must(t, err)
			got, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10})
			must(t, err)
			if want := "hello from " + name; string(text) != want || len(got.Messages) != 1 || *got.Messages[0].Body != want {
				t.Errorf("the object holds %q, the queue %d messages", text, len(got.Messages))
			}
			for _, m := range got.Messages {
				_, err := b.sqs.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue.QueueUrl, ReceiptHandle: m.ReceiptHandle})
				must(t, err)
			}
		})
	}
}

// A function that misses what Lambda's images bring is told so in its log, where it is looked for.
func TestAFunctionWithoutItsSDKIsToldHowToGetIt(t *testing.T) {
	b := setup(t) // without a folder of libraries
	b.role(t, "r", "")
	_, err := b.lambda.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::" + account + ":role/r"),
		Runtime: "nodejs20.x", Handler: aws.String("common.handler"), Code: codeOf(archive(t, map[string]string{"common.js": "require('@aws-sdk/client-s3')"}))})
	must(t, err)
	out, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), LogType: lambdatypes.LogTypeTail})
	must(t, err)
	log, err := base64.StdEncoding.DecodeString(*out.LogResult)
	must(t, err)
	if !strings.Contains(string(out.Payload), `"errorType":"Runtime.ImportModuleError"`) ||
		!strings.Contains(string(log), "\n[lambdasim] Lambda's image of nodejs20.x brings @aws-sdk/client-s3, and this machine has it not: terraform-provider-lambdasim runtimes install gets it\n") {
		t.Errorf("got %s; log:\n%s", out.Payload, log)
	}
}
