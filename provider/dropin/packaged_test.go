package dropin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/sdkhttp"
)

// standIns puts stand-ins for helper providers where Terraform looks for providers by itself.
func (w *world) standIns(t *testing.T) {
	t.Helper()
	program := filepath.Join(w.dir, "standin")
	cmd := exec.Command("go", "build", "-o", program, "./testdata/standin")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		for _, name := range []string{"null", "local", "external", "random"} {
			folder := filepath.Join(w.dir, "home/.terraform.d/plugins", host, "hashicorp", name, "3.9.0", runtime.GOOS+"_"+runtime.GOARCH)
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Link(program, filepath.Join(folder, "terraform-provider-"+name+"_v3.9.0")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A module in the manner of public ones for functions (dynamic blocks throughout, packaging by other providers, permissions that
// name what they do not depend on) is applied unmodified, is at rest after that, has its events delivered, and is destroyed.
func TestAModuleThatPackagesFunctionsRuns(t *testing.T) {
	w := newWorld(t)
	w.standIns(t)
	if err := os.CopyFS(filepath.Join(w.dir, "work"), os.DirFS("testdata/packaged")); err != nil {
		t.Fatal(err)
	}
	module := filepath.Join(w.dir, "work/envs/test")
	w.must(t, "run", "--module", module, "--", w.cli, "apply", "-auto-approve", "-no-color")
	if out := w.must(t, "run", "--module", module, "--", w.cli, "plan", "-no-color"); !strings.Contains(out, "No changes") {
		t.Errorf("the second plan is not empty:\n%s", out)
	}
	output := func(name string) string {
		out := w.must(t, "run", "--module", module, "--", w.cli, "output", "-raw", name)
		return strings.TrimSpace(out[strings.LastIndex(out, "is lambdasim\n")+len("is lambdasim\n"):])
	}
	w.packagedEvents(t, output("name"), output("arn"), output("done"))
	w.must(t, "run", "--module", module, "--", w.cli, "destroy", "-auto-approve", "-no-color")
	w.trap.check(t)
}

// packagedEvents sends an event to each source of the module, and holds that each reached its function.
func (w *world) packagedEvents(t *testing.T, name, arn, done string) {
	t.Helper()
	cfg := aws.Config{HTTPClient: sdkhttp.Client(nil), Region: "eu-west-1", BaseEndpoint: &w.endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	queues := sqs.NewFromConfig(cfg)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, queue := range []string{"-in", "-aliased"} {
		url, err := queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String(name + queue)})
		must(err)
		_, err = queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url.QueueUrl, MessageBody: aws.String("{}")})
		must(err)
	}
	for _, n := range []string{`{"n": 1}`, `{"n": 0}`} { // the filter lets the first one through
		_, err := kinesis.NewFromConfig(cfg).PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: []byte(n)})
		must(err)
	}
	_, err := dynamodb.NewFromConfig(cfg).PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &name, Item: map[string]dynamotypes.AttributeValue{"id": &dynamotypes.AttributeValueMemberS{Value: "1"}}})
	must(err)
	_, err = eventbridge.NewFromConfig(cfg).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{Source: aws.String("shop"), DetailType: aws.String("order"), Detail: aws.String("{}")}}})
	must(err)
	_, err = lambda.NewFromConfig(cfg).Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &arn, InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte(`{}`)})
	must(err)
	c := control.New(w.endpoint)
	_, err = c.Drain(t.Context(), time.Minute)
	must(err)
	list, err := c.Deliveries(t.Context(), control.DeliveriesQuery{Function: arn})
	must(err)
	var got []string
	for _, d := range list {
		got = append(got, d.Source.Service+" "+d.Outcome)
	}
	slices.Sort(got)
	for _, want := range []string{"dynamodb delivered", "events delivered", "kinesis delivered", "kinesis filtered", "sqs delivered"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not among the deliveries: %q", want, got)
		}
	}
	answers, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &done, MaxNumberOfMessages: 10})
	must(err)
	if len(answers.Messages) == 0 || !strings.Contains(*answers.Messages[0].Body, `"condition":"Success"`) {
		t.Errorf("what was invoked asynchronously did not reach its destination: %+v", answers.Messages)
	}
}
