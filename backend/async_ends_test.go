package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

const maySend = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:SendMessage","lambda:InvokeFunction"],"Resource":"*"}]}`

// scripted makes a function with a script.
func (b *bundle) scripted(t *testing.T, name, script string) {
	t.Helper()
	b.function(t, name, "r", "def handler(event, context): pass")
	must(t, b.control.PutScript(t.Context(), name, scriptOf(t, script)))
}

// event accepts an event for a function.
func (b *bundle) event(t *testing.T, function string, payload []byte) {
	t.Helper()
	_, err := b.lambda.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &function, InvocationType: "Event", Payload: payload})
	must(t, err)
	b.drain(t)
}

// onEnd sets destinations; "" is none.
func onEnd(t *testing.T, c *clients, function, success, failure string) {
	t.Helper()
	in := &lambda.PutFunctionEventInvokeConfigInput{FunctionName: &function, MaximumRetryAttempts: aws.Int32(0),
		DestinationConfig: &lambdatypes.DestinationConfig{OnSuccess: &lambdatypes.OnSuccess{}, OnFailure: &lambdatypes.OnFailure{}}}
	if success != "" {
		in.DestinationConfig.OnSuccess.Destination = &success
	}
	if failure != "" {
		in.DestinationConfig.OnFailure.Destination = &failure
	}
	_, err := c.lambda.PutFunctionEventInvokeConfig(t.Context(), in)
	must(t, err)
}

// The developer guide, error handling of asynchronous invocation: throttled events are retried for six hours, from one second on
// up to every five minutes. $LATEST is throttled all that time because the function's reservation is provisioned for version 1.
func TestSixHoursOfThrottledRetries(t *testing.T) {
	b := setup(t)
	b.role(t, "r", maySend)
	b.scripted(t, "f", `{"outcomes":[{}]}`)
	url := b.queue(t, "lost")
	onEnd(t, b.clients, "f", "", queueARN("lost"))
	_, err := b.lambda.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("f")})
	must(t, err)
	_, err = b.lambda.PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(1)})
	must(t, err)
	_, err = b.lambda.PutProvisionedConcurrencyConfig(t.Context(), &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("1"),
		ProvisionedConcurrentExecutions: aws.Int32(1)})
	must(t, err)
	b.drain(t)
	b.event(t, "f", []byte(`{"n":1}`))
	begun := time.Now()
	b.advance(t, 6*time.Hour)
	t.Logf("six hours took %s", time.Since(begun))

	list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{})
	must(t, err)
	var throttled, retried []time.Duration
	for _, s := range list[0].Steps {
		switch s.Kind {
		case "throttled":
			throttled = append(throttled, s.At.Sub(list[0].At))
		case "retried":
			retried = append(retried, s.At.Sub(list[0].At))
		}
	}
	// 1, 2, 4 … 256 s are 511 s in nine pauses; then every 300 s for as long as the next attempt comes before 21,600 s: 70 more
	if len(throttled) != 80 || len(retried) != 79 {
		t.Fatalf("%d attempts were throttled and %d put back", len(throttled), len(retried))
	}
	want := time.Duration(0)
	for i, at := range throttled {
		if at != want {
			t.Fatalf("attempt %d came after %s, want %s", i+1, at, want)
		}
		want += min(5*time.Minute, time.Second<<min(i, 9))
	}
	if d := list[0]; d.Outcome != "dead_lettered" || d.Attempts != 0 {
		t.Errorf("%s after %d attempts", d.Outcome, d.Attempts)
	}
	if got := b.figure(t, `aws_lambda_Throttles_total{account="`+account+`",region="us-east-1",function="f",resource="f",executed_version="$LATEST"}`); got != "80" {
		t.Errorf("%q throttles are counted", got)
	}
	for _, m := range b.receiveAll(t, url) {
		if !strings.Contains(*m.Body, `"condition":"EventAgeExceeded","approximateInvokeCount":0}`) {
			t.Errorf("the record: %s", *m.Body)
		}
	}
}

// An event that has ended belongs to whom it was to go to then.
func TestWhatHasEndedIsHandedOnWhateverBecomesOfTheFunction(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, b *bundle){
		"the function is deleted": func(t *testing.T, b *bundle) {
			_, err := b.lambda.DeleteFunction(t.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")})
			must(t, err)
		},
		"the configuration is deleted": func(t *testing.T, b *bundle) {
			_, err := b.lambda.DeleteFunctionEventInvokeConfig(t.Context(), &lambda.DeleteFunctionEventInvokeConfigInput{FunctionName: aws.String("f")})
			must(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.role(t, "r", maySend)
			b.scripted(t, "f", `{"outcomes":[{"duration":"2s","payload":{"done":true}}]}`)
			url := b.queue(t, "done")
			onEnd(t, b.clients, "f", queueARN("done"), "")
			b.event(t, "f", []byte(`{"html":"<a&b>"}`))
			change(t, b) // it has run, and ends in two seconds
			b.advance(t, 2*time.Second)
			got := b.receiveAll(t, url)
			if len(got) != 1 || !strings.Contains(*got[0].Body, `"requestPayload":{"html":"<a&b>"}`) || !strings.Contains(*got[0].Body, `"responsePayload":{"done":true}`) {
				t.Errorf("received %+v", got)
			}
		})
	}
}

// The developer guide, dead-letter queues: the first 1 KB of the error message. It is cut between characters, and what no queue
// takes in a message does not cost the event.
func TestTheErrorMessageOfADeadLetterIsCut(t *testing.T) {
	b := setup(t)
	b.role(t, "r", maySend)
	url := b.queue(t, "dead")
	said, err := json.Marshal("xy\x00" + strings.Repeat("é", 600))
	must(t, err)
	b.scripted(t, "f", `{"outcomes":[{"error_type":"E","error_message":`+string(said)+`}]}`)
	_, err = b.lambda.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"),
		DeadLetterConfig: &lambdatypes.DeadLetterConfig{TargetArn: aws.String(queueARN("dead"))}})
	must(t, err)
	onEnd(t, b.clients, "f", "", "")
	b.event(t, "f", []byte(`{}`))
	out, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MessageAttributeNames: []string{"All"}})
	must(t, err)
	if len(out.Messages) != 1 {
		t.Fatalf("%d messages", len(out.Messages))
	}
	got := *out.Messages[0].MessageAttributes["ErrorMessage"].StringValue
	if want := "xy" + strings.Repeat("é", 510); got != want || !utf8.ValidString(got) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
}

// What a destination does not take is lost, and says so: a record that is larger than a message or an event may be, and a queue
// with order (developer guide, DestinationDeliveryFailures).
func TestARecordThatNobodyTakesIsLostAndTraced(t *testing.T) {
	big := []byte(`"` + strings.Repeat("x", 1<<20-2) + `"`)
	for name, c := range map[string]struct{ success, why string }{
		"a record larger than a message": {queueARN("done"), "the message has "},
		"a record larger than an event":  {functionARN("next"), "is too large for the Event invocation type"},
		"a FIFO queue":                   {queueARN("order.fifo"), "MessageGroupId"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.role(t, "r", maySend)
			b.scripted(t, "f", `{"outcomes":[{}]}`)
			b.scripted(t, "next", `{"outcomes":[{}]}`)
			b.queue(t, "done")
			b.queue(t, "order.fifo", "FifoQueue", "true")
			onEnd(t, b.clients, "f", c.success, "")
			payload := []byte(`{}`)
			if name != "a FIFO queue" {
				payload = big
			}
			b.event(t, "f", payload)
			b.everyEndIsSettled(t)
			list, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{Function: "f"})
			must(t, err)
			var lost []string
			for _, s := range list[0].Steps {
				if s.Kind == "lost" {
					lost = append(lost, s.Reason)
				}
			}
			if len(lost) != 1 || !strings.Contains(lost[0], c.why) || list[0].Outcome != "delivered" {
				t.Errorf("%s: %q", list[0].Outcome, lost)
			}
			sample := `aws_lambda_DestinationDeliveryFailures_total{account="` + account + `",region="us-east-1",function="f",resource="f"}`
			if got := b.figure(t, sample); got != "1" {
				t.Errorf("%q failures are counted", got)
			}
			b.advance(t, time.Hour)
			if after, err := b.control.Deliveries(t.Context(), control.DeliveriesQuery{Function: "next"}); err != nil || len(after) > 1 || len(after) == 1 && after[0].Outcome != "dropped" {
				t.Errorf("what was not accepted goes on: %+v, %v", after, err)
			}
		})
	}
}

// An event between its end and its destination survives the loss of the backend, at least once and with what its attempt said.
func TestAKilledBackendHandsOnWhatHasEnded(t *testing.T) {
	binary, state := program(t), stateFolder(t)
	p := start(t, binary, state, "--clock", "virtual")
	c, ctl, ctx := newClients(p.url, "test", "test", ""), control.New(p.url), context.WithoutCancel(t.Context())
	_, err := c.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustLambda)})
	must(t, err)
	_, err = c.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("r"), PolicyName: aws.String("p"), PolicyDocument: aws.String(maySend)})
	must(t, err)
	queue, err := c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("done"), Attributes: map[string]string{string(sqstypes.QueueAttributeNameVisibilityTimeout): "0"}})
	must(t, err)
	_, err = c.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::" + account + ":role/r"), Runtime: "python3.12",
		Handler: aws.String("main.handler"), Code: codeOf(archive(t, map[string]string{"main.py": "def handler(event, context): pass"}))})
	must(t, err)
	must(t, ctl.PutScript(ctx, "f", scriptOf(t, `{"outcomes":[{"duration":"2s","payload":{"done":true}}]}`)))
	onEnd(t, c, "f", queueARN("done"), "")
	const events = 20
	for i := range events {
		_, err = c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: "Event", Payload: fmt.Appendf(nil, `{"n":%d}`, i)})
		must(t, err)
	}
	_, err = ctl.Drain(ctx, 20*second)
	must(t, err)
	p.kill(t) // they have run, and are handed on two seconds later
	p = start(t, binary, state, "--clock", "virtual")
	c, ctl = newClients(p.url, "test", "test", ""), control.New(p.url)
	_, err = ctl.AdvanceBy(ctx, 10*time.Second)
	must(t, err)
	out, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{"ApproximateNumberOfMessages"}})
	must(t, err)
	if got := out.Attributes["ApproximateNumberOfMessages"]; got != fmt.Sprint(events) {
		t.Errorf("%s records, want %d", got, events)
	}
	one, err := c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl})
	must(t, err)
	if body := *one.Messages[0].Body; !strings.Contains(body, `"condition":"Success","approximateInvokeCount":1`) || !strings.Contains(body, `"responsePayload":{"done":true}`) {
		t.Errorf("a record: %s", body)
	}
	if _, err := ctl.Drain(ctx, 20*second); err != nil {
		t.Error("something is stuck:", err)
	}
}

// A function's answer does not break the connection: lengths and transfer are the server's to say, and a 1xx is no answer.
func TestAFunctionURLKeepsItsConnection(t *testing.T) {
	b := setup(t)
	b.role(t, "r", "")
	b.scripted(t, "f", `{"outcomes":[{}]}`)
	_, err := b.lambda.PublishVersion(t.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("f")})
	must(t, err)
	_, err = b.lambda.CreateAlias(t.Context(), &lambda.CreateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: aws.String("1")})
	must(t, err)
	for _, in := range []*lambda.AddPermissionInput{
		{StatementId: aws.String("u"), Action: aws.String("lambda:InvokeFunctionUrl"), FunctionUrlAuthType: lambdatypes.FunctionUrlAuthTypeNone},
		{StatementId: aws.String("i"), Action: aws.String("lambda:InvokeFunction"), InvokedViaFunctionUrl: aws.Bool(true)},
	} {
		in.FunctionName, in.Qualifier, in.Principal = aws.String("f"), aws.String("live"), aws.String("*")
		_, err := b.lambda.AddPermission(t.Context(), in)
		must(t, err)
	}
	config, err := b.lambda.CreateFunctionUrlConfig(t.Context(), &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("live"),
		AuthType: lambdatypes.FunctionUrlAuthTypeNone})
	must(t, err)
	for _, c := range []struct {
		method, payload string
		status          int
		body            string
	}{
		{"GET", `{"statusCode":200,"headers":{"content-length":"3","Transfer-Encoding":"gzip","Connection":"close"},"body":"hello"}`, 200, "hello"},
		{"HEAD", `{"statusCode":200,"body":"hello"}`, 200, ""},
		{"GET", `{"statusCode":100,"body":"hello"}`, 502, "{\"Message\":\"Internal Server Error\"}\n"},
		{"GET", `{"statusCode":204,"body":"hello"}`, 204, ""},
	} {
		must(t, b.control.PutScript(t.Context(), "f", scriptOf(t, `{"outcomes":[{"payload":`+c.payload+`}]}`)))
		req, err := http.NewRequestWithContext(t.Context(), c.method, *config.FunctionUrl, nil)
		must(t, err)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		var body bytes.Buffer
		if _, err := body.ReadFrom(res.Body); err != nil {
			t.Errorf("%s %s: %v", c.method, c.payload, err)
		}
		must(t, res.Body.Close())
		if res.StatusCode != c.status || body.String() != c.body || res.Close {
			t.Errorf("%s %s: %d %q, closed: %v", c.method, c.payload, res.StatusCode, body.String(), res.Close)
		}
	}
}
