package lambda_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

// Developer guide, recursive loop detection; API reference, PutFunctionRecursionConfig.
func TestLoopsAreStopped(t *testing.T) {
	b := setup(t)
	in := input(t, "f")
	in.Code.ZipFile = archive(t, "main.py", "import os\ndef handler(e, c): return os.environ['_X_AMZN_TRACE_ID']\n")
	if _, err := b.CreateFunction(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(prefix + "f"))
	after := func(n int) string {
		return fmt.Sprintf("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=68fd508a:5|%x:%d", sum[:4], n)
	}
	call := func(n int, change ...func(*lambda.InvokeInput)) (string, error) {
		in := &lambda.InvokeInput{FunctionName: aws.String("f")}
		for _, c := range change {
			c(in)
		}
		out, err := b.Invoke(t.Context(), in, lambda.WithAPIOptions(smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", after(n))))
		if err != nil {
			return "", err
		}
		return string(out.Payload), nil
	}
	const stopped = "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and stopped your function's invocation."
	t.Run("a function is told how often it has been invoked in its chain", func(t *testing.T) {
		if got, err := call(15); err != nil || !strings.HasSuffix(got, fmt.Sprintf(`;Lineage=68fd508a:5|%x:16"`, sum[:4])) {
			t.Errorf("got %s, %v", got, err)
		}
	})
	t.Run("after sixteen times its caller is refused", func(t *testing.T) {
		_, err := call(16)
		refused(t, err, 400, "RecursiveInvocationException", stopped)
	})
	t.Run("an event is accepted, and ends unrun", func(t *testing.T) {
		if _, err := call(16, event); err != nil {
			t.Fatal(err)
		}
		if _, err := b.control.Drain(t.Context(), 30*time.Second); err != nil {
			t.Fatal(err)
		}
		list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{Function: prefix + "f", Outcome: "failed"})
		if err != nil || len(list) != 2 || list[1].InvocationType != "Event" || list[1].Attempts != 0 {
			t.Errorf("%+v, %v", list, err)
		}
	})
	t.Run("a queue's messages carry the chain on", func(t *testing.T) {
		queues := sqs.NewFromConfig(config(b.url, "test", "test", ""))
		made, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
		if err != nil {
			t.Fatal(err)
		}
		b.allow(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)
		if _, err := queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: made.QueueUrl, MessageBody: aws.String("m")},
			sqs.WithAPIOptions(smithyhttp.SetHeaderValue("X-Amzn-Trace-Id", after(16)))); err != nil {
			t.Fatal(err)
		}
		if _, err := b.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("f"), EventSourceArn: aws.String(queueARN)}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.control.AdvanceBy(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		text, err := b.control.DeliveriesText(t.Context(), control.DeliveriesQuery{Source: queueARN})
		if err != nil || !strings.Contains(text, stopped+": nothing is deleted") {
			t.Errorf("%s, %v", text, err)
		}
	})
	t.Run("a function may allow it", func(t *testing.T) {
		if _, err := b.PutFunctionRecursionConfig(t.Context(), &lambda.PutFunctionRecursionConfigInput{FunctionName: aws.String("f"), RecursiveLoop: "Allow"}); err != nil {
			t.Fatal(err)
		}
		if _, err := call(40); err != nil {
			t.Error(err)
		}
	})
}
