package lambda_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

// recorded is an error of Lambda's API as it was recorded from AWS (testdata/aws-errors.tsv): ids are <named>.
type recorded struct {
	code    string
	status  int
	reason  string
	message string
}

func (r *recorded) String() string { return r.code + ": " + r.message }

func recordings(t *testing.T) (all []*recorded) {
	t.Helper()
	text, err := os.ReadFile("testdata/aws-errors.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		f := strings.Split(line, "\t")
		status, err := strconv.Atoi(f[1])
		if err != nil || len(f) != 5 {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, &recorded{f[0], status, f[2], f[3]})
	}
	return all
}

var placeholder = regexp.MustCompile(`<[^<>]+>`)

// means reports whether an error is the recorded one, save for ids.
func (r *recorded) means(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	response, ok2 := errors.AsType[*awshttp.ResponseError](err)
	if !ok || !ok2 || response.HTTPStatusCode() != r.status || api.ErrorCode() != r.code {
		return false
	}
	if throttle, ok := errors.AsType[*types.TooManyRequestsException](err); ok && string(throttle.Reason) != r.reason {
		return false
	}
	if r.message == "" {
		return api.ErrorMessage() == "UnknownError" // the SDK's own word for none
	}
	message := strings.NewReplacer("111111111111", account, "<partition>", "aws", "<region>", "us-east-1", `\n`, "\n").Replace(r.message)
	var pattern strings.Builder
	from := 0
	for _, at := range placeholder.FindAllStringIndex(message, -1) {
		pattern.WriteString(regexp.QuoteMeta(message[from:at[0]]) + `[^\s"]+`)
		from = at[1]
	}
	pattern.WriteString(regexp.QuoteMeta(message[from:]))
	return regexp.MustCompile(`^` + pattern.String() + `$`).MatchString(api.ErrorMessage())
}

// asking says how a recorded error is had: by a request, or in a test that asserts it. part is a part of "CODE: message" that no
// other row has; with $ at its end, its end.
type asking struct {
	part string
	ask  func(w *world) error
	test string
}

func (a asking) of(r *recorded) bool {
	if part, ok := strings.CutSuffix(a.part, "$"); ok {
		return strings.HasSuffix(r.String(), part)
	}
	return strings.Contains(r.String(), a.part)
}

// Every error that was recorded from AWS is answered as recorded, or named in docs/fidelity.md with the reason.
func TestRecordedErrors(t *testing.T) {
	rows, w := recordings(t), newWorld(t)
	sources := testSources(t)
	done := map[*recorded]bool{}
	for _, a := range slices.Concat(functionErrors, versionErrors, layerErrors, policyErrors, mappingErrors, elsewhere) {
		i := slices.IndexFunc(rows, a.of)
		if i < 0 || slices.ContainsFunc(rows[i+1:], a.of) {
			t.Errorf("%q is not a part of one row", a.part)
			continue
		}
		done[rows[i]] = true
		if a.ask == nil {
			if source, ok := sources[a.test]; !ok || !strings.Contains(source, longest(rows[i].message)) {
				t.Errorf("%s: %s does not assert it", rows[i], a.test)
			}
			continue
		}
		if err := a.ask(w); !rows[i].means(err) {
			t.Errorf("got  %v\nwant %d %s", err, rows[i].status, rows[i])
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "docs", "fidelity.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(page), "\n### Recorded errors that are not answered so\n")
	if !found {
		t.Fatal("docs/fidelity.md does not list the errors that are not answered as recorded")
	}
	listed := 0
	for _, r := range rows {
		if named := strings.Contains(list, "| `"+shorten(r.message)+"` |"); named == done[r] {
			t.Errorf("%s: asserted is %v, and listed in docs/fidelity.md as not answered is %v", r, done[r], named)
		} else if named {
			listed++
		}
	}
	t.Logf("%d of %d recorded errors are asserted", len(done), len(rows))
	if listed*100 > 5*len(rows) {
		t.Errorf("%d of %d recorded errors are not answered: more than one in twenty", listed, len(rows))
	}
}

// shorten is a message as the page shows it: without what was measured.
func shorten(message string) string {
	if begin, measured, ok := strings.Cut(message, "String measured: "); ok {
		return begin + "String measured: " + measured[:min(len(measured), 30)] + "…"
	}
	return message
}

// longest is the longest part of a message without ids, as source code spells it.
func longest(message string) string {
	parts := regexp.MustCompile(`<[^<>]+>|arn:<partition>\S*`).Split(message, -1)
	return slices.MaxFunc(parts, func(a, b string) int { return len(a) - len(b) })
}

// testSources are the texts of this package's tests, by name.
func testSources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	paths, _ := filepath.Glob("*_test.go")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "\nfunc ")[1:] {
			name, _, _ := strings.Cut(part, "(")
			all[name] = part
		}
	}
	return all
}

// world is what the requests meet: the function f with the versions 1 and 2 and the alias custom, the image i, the layer l with
// two versions, a stream, a table with a stream and a queue, each mapped to f.
type world struct {
	*bundle
	t       *testing.T
	queues  *sqs.Client
	objects *s3.Client
	table   string // ARN of the table's stream
}

const (
	streamARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
	queueARN  = "arn:aws:sqs:us-east-1:000000000000:q"
)

func newWorld(t *testing.T) *world {
	b := setup(t)
	cfg := config(b.url, "test", "test", "")
	w := &world{bundle: b, t: t, queues: sqs.NewFromConfig(cfg), objects: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })}
	b.allow(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
	b.create(t, "f")
	b.publish(t, "f")
	b.describe(t, "f", "second")
	b.publish(t, "f")
	b.alias(t, "custom", "1", nil)
	b.publishLayer(t, "l")
	b.publishLayer(t, "l")
	_, err := b.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: aws.String("i"), Role: aws.String(role), PackageType: "Image", Code: &types.FunctionCode{ImageUri: aws.String("x/app:1")}})
	w.must(err)
	w.must(try(kinesis.NewFromConfig(cfg).CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(1)})))
	w.must(try(w.queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})))
	w.must(try(w.objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("bkt")})))
	made, err := dynamodb.NewFromConfig(cfg).CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("table"), BillingMode: "PAY_PER_REQUEST",
		AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: aws.String("k"), AttributeType: "S"}},
		KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: aws.String("k"), KeyType: "HASH"}},
		StreamSpecification:  &dynamodbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_IMAGE"}})
	w.must(err)
	w.table = *made.TableDescription.LatestStreamArn
	for _, source := range []string{streamARN, queueARN, w.table} {
		w.must(w.mapTo(source))
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// try keeps of an answer whether there was one.
func try[O any](_ O, err error) error { return err }
