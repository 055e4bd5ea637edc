package backend_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

func (b *bundle) topic(t *testing.T, name string, attributes map[string]string) *string {
	t.Helper()
	out, err := b.sns.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return out.TopicArn
}

// refusedWith fails the test unless the error is AWS's with the code and the message.
func refusedWith(t *testing.T, err error, code, message string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), message) {
		t.Errorf("the answer: %v\n      want: %s: %s", err, code, message)
	}
}

// Recorded from AWS, 2023-08 to 2025-10.
func TestTopicsAnswerAsRecorded(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	made := b.topic(t, "t", map[string]string{"DisplayName": "a"})
	if again := b.topic(t, "t", nil); *again != *made {
		t.Error("created again:", *again)
	}
	_, err := b.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t"), Attributes: map[string]string{"DisplayName": "b"}})
	refusedWith(t, err, "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
	_, err = b.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("t"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	refusedWith(t, err, "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")
	_, err = b.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("a b")})
	refusedWith(t, err, "InvalidParameter", "Invalid parameter: Topic Name")
	_, err = b.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String("x:y")})
	refusedWith(t, err, "InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 2")
	_, err = b.sns.Publish(ctx, &sns.PublishInput{TopicArn: aws.String(topicARN("none")), Message: aws.String("x")})
	refusedWith(t, err, "NotFound", "Topic does not exist")
	for message, in := range map[string]*sns.PublishInput{
		"Empty message": {Message: aws.String("")}, "Subject": {Message: aws.String("x"), Subject: aws.String("")},
		"Message too long": {Message: aws.String(strings.Repeat("x", 256<<10+1))},
		"Message Structure - No default entry in JSON message body": {Message: aws.String(`{"sqs":"x"}`), MessageStructure: aws.String("json")},
		"Message Structure - JSON message body failed to parse":     {Message: aws.String(`{`), MessageStructure: aws.String("json")},
		"MessageDeduplicationId Reason: The request includes":       {Message: aws.String("x"), MessageDeduplicationId: aws.String("d")},
	} {
		in.TopicArn = made
		_, err := b.sns.Publish(ctx, in)
		refusedWith(t, err, "InvalidParameter", "Invalid parameter: "+message)
	}
	_, err = b.sns.Publish(ctx, &sns.PublishInput{TopicArn: made, Message: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{".a": {DataType: aws.String("String"), StringValue: aws.String("x")}}})
	refusedWith(t, err, "ParameterValueInvalid", "Invalid message attribute name starting with character '.' was found.")
	_, err = b.sns.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: made, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{{Id: aws.String("a"), Message: aws.String("x")}, {Id: aws.String("a"), Message: aws.String("x")}}})
	refusedWith(t, err, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
	_, err = b.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: made, AttributeName: aws.String("Nothing"), AttributeValue: aws.String("x")})
	refusedWith(t, err, "InvalidParameter", "Invalid parameter: AttributeName")
	_, err = b.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: made, Protocol: aws.String("test-protocol"), Endpoint: aws.String("x")})
	refusedWith(t, err, "InvalidParameter", "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol")
	_, err = b.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: made, Protocol: aws.String("sms"), Endpoint: aws.String("+15551234")})
	refusedWith(t, err, "NotImplemented", "the protocol sms")
	_, err = b.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: made, Protocol: aws.String("http"), Endpoint: aws.String("http://example.com/x")})
	refusedWith(t, err, "InvalidParameter", "example.com is none")
}

func TestATopicsPolicyLetsAnotherAccountIn(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	made := b.topic(t, "t", nil)
	other := b.as("111111111111")
	in := &sns.PublishInput{TopicArn: made, Message: aws.String("x")}
	_, err := other.sns.Publish(ctx, in)
	refusedWith(t, err, "AuthorizationError", "is not authorized to perform: SNS:Publish on resource: "+*made)
	if _, err := b.sns.AddPermission(ctx, &sns.AddPermissionInput{TopicArn: made, Label: aws.String("other"), AWSAccountId: []string{"111111111111"}, ActionName: []string{"Publish"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.sns.Publish(ctx, in); err != nil {
		t.Error(err)
	}
	everything := `{"Version":"2012-10-17","Statement":[{"Sid":"other","Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sns:*","Resource":"*"}]}`
	if _, err := b.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: made, AttributeName: aws.String("Policy"), AttributeValue: &everything}); err != nil {
		t.Fatal(err)
	}
	_, err = other.sns.TagResource(ctx, &sns.TagResourceInput{ResourceArn: made, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	refusedWith(t, err, "AuthorizationError", "SNS:TagResource")
	if _, err := b.sns.RemovePermission(ctx, &sns.RemovePermissionInput{TopicArn: made, Label: aws.String("other")}); err != nil {
		t.Fatal(err)
	}
	_, err = other.sns.Publish(ctx, in)
	refusedWith(t, err, "AuthorizationError", "SNS:Publish")
}

func TestTopicsAndSubscriptionsAreListedInPages(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	for i := range 101 {
		b.topic(t, "t"+strings.Repeat("x", i), nil)
	}
	made := aws.String(topicARN("t"))
	for i := range 101 {
		endpoint := queueARN("q" + strings.Repeat("x", i%70) + strings.Repeat("y", i/70))
		if _, err := b.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: made, Protocol: aws.String("sqs"), Endpoint: &endpoint}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for pages := sns.NewListTopicsPaginator(b.sns, &sns.ListTopicsInput{}); pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil || len(page.Topics) != []int{100, 1}[n] {
			t.Fatal(n, len(page.Topics), err)
		}
	}
	n = 0
	for pages := sns.NewListSubscriptionsByTopicPaginator(b.sns, &sns.ListSubscriptionsByTopicInput{TopicArn: made}); pages.HasMorePages(); n++ {
		page, err := pages.NextPage(ctx)
		if err != nil || len(page.Subscriptions) != []int{100, 1}[n] {
			t.Fatal(n, len(page.Subscriptions), err)
		}
	}
	if err := b.control.Reset(ctx, ""); err != nil {
		t.Fatal(err)
	}
	if out, err := b.sns.ListTopics(ctx, &sns.ListTopicsInput{}); err != nil || len(out.Topics) != 0 {
		t.Error("after reset:", len(out.Topics), err)
	}
}

// An HTTP endpoint confirms by following the link; then it is tried again as the delivery policy says, and what it never takes
// goes to the dead-letter queue.
func TestAnHTTPEndpointConfirmsAndIsTriedAgain(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	var got []*http.Request
	var bodies []string
	answers := []int{200}
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, bodies = append(got, r), append(bodies, string(body))
		w.WriteHeader(answers[min(len(got)-1, len(answers)-1)])
	}))
	defer endpoint.Close()
	made := b.topic(t, "t", nil)
	open := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`
	if _, err := b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("dead"), Attributes: map[string]string{"Policy": open}}); err != nil {
		t.Fatal(err)
	}
	sub, err := b.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: made, Protocol: aws.String("http"), Endpoint: &endpoint.URL, ReturnSubscriptionArn: true,
		Attributes: map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + queueARN("dead") + `"}`}})
	if err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	var asked struct{ Type, Token, SubscribeURL string }
	if len(bodies) != 1 || json.Unmarshal([]byte(bodies[0]), &asked) != nil || asked.Type != "SubscriptionConfirmation" || got[0].Header.Get("X-Amz-Sns-Message-Type") != asked.Type {
		t.Fatalf("asked: %q", bodies)
	}
	publish := func(message string) {
		t.Helper()
		if _, err := b.sns.Publish(ctx, &sns.PublishInput{TopicArn: made, Message: &message}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.control.AdvanceBy(ctx, 5*time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	publish("before it has confirmed")
	if len(bodies) != 1 {
		t.Fatalf("a pending endpoint got %q", bodies[1:])
	}
	for range 2 { // it may confirm twice
		r, err := http.Get(asked.SubscribeURL)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if r.StatusCode != http.StatusOK || !strings.Contains(string(text), *sub.SubscriptionArn) {
			t.Fatalf("confirming: %d %s", r.StatusCode, text)
		}
	}
	answers = []int{200, 500, 500, 200, 404, 500}
	publish("one") // the third attempt takes it
	publish("two") // refused for good
	publish("three")
	var said []string
	for _, body := range bodies[1:] {
		var m struct{ Message string }
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		said = append(said, m.Message)
	}
	if want := strings.Fields("one one one two three three three three"); !slices.Equal(said, want) {
		t.Errorf("the endpoint got %q, want %q", said, want)
	}
	out, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.b.URL() + "/" + account + "/dead"), MaxNumberOfMessages: 10})
	if err != nil || len(out.Messages) != 2 || !strings.Contains(*out.Messages[0].Body, `"Message":"two"`) || !strings.Contains(*out.Messages[1].Body, `"Message":"three"`) {
		t.Errorf("dead letters: %v %v", out, err)
	}
}

// The event's JSON is a golden file, and aws-lambda-go reads it without loss.
func TestTheEventOfATopicIsAWSs(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	b.role(t, "r", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*","Resource":"*"}]}`)
	b.function(t, "f", "r", "")
	var script control.Script
	_ = json.Unmarshal([]byte(`{"outcomes":[{}]}`), &script)
	if err := b.control.PutScript(ctx, "f", script); err != nil {
		t.Fatal(err)
	}
	if _, err := b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("seen")}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.lambda.PutFunctionEventInvokeConfig(ctx, &lambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String("f"),
		DestinationConfig: &lambdatypes.DestinationConfig{OnSuccess: &lambdatypes.OnSuccess{Destination: aws.String(queueARN("seen"))}}}); err != nil {
		t.Fatal(err)
	}
	made := b.topic(t, "t", nil)
	if _, err := b.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("sns"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("sns.amazonaws.com"), SourceArn: made}); err != nil {
		t.Fatal(err)
	}
	sub, err := b.sns.Subscribe(ctx, &sns.SubscribeInput{TopicArn: made, Protocol: aws.String("lambda"), Endpoint: aws.String(functionARN("f"))})
	if err != nil {
		t.Fatal(err)
	}
	list, err := b.control.Mappings(ctx, "f")
	if err != nil || len(list) != 1 || !list[0].Permitted || list[0].ID != *sub.SubscriptionArn || list[0].KeptBy != "sns" {
		t.Errorf("mappings: %+v %v", list, err)
	}
	if _, err := b.control.AdvanceBy(ctx, 123*time.Millisecond); err != nil { // the time's milliseconds are seen
		t.Fatal(err)
	}
	if _, err := b.sns.Publish(ctx, &sns.PublishInput{TopicArn: made, Message: aws.String(`{"default":"d","lambda":"<for lambda> & more"}`), MessageStructure: aws.String("json"), Subject: aws.String("about it"),
		MessageAttributes: map[string]types.MessageAttributeValue{"Test": {DataType: aws.String("String"), StringValue: aws.String("x")}, "Bin": {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2, 3}}}}); err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	out, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String(b.b.URL() + "/" + account + "/seen")})
	if err != nil || len(out.Messages) != 1 {
		t.Fatal(out, err)
	}
	var record struct {
		RequestPayload json.RawMessage `json:"requestPayload"`
	}
	if err := json.Unmarshal([]byte(*out.Messages[0].Body), &record); err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, record.RequestPayload, "", "  "); err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/events/sns.json"
	if *update {
		if err := os.WriteFile(golden, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), indented.String()); diff != "" {
		t.Errorf("the event differs (-want +got):\n%s", diff)
	}
	var event events.SNSEvent
	d := json.NewDecoder(bytes.NewReader(record.RequestPayload))
	d.DisallowUnknownFields()
	if err := d.Decode(&event); err != nil {
		t.Fatal(err)
	}
	var before, after any
	text, _ := json.Marshal(event)
	if json.Unmarshal(record.RequestPayload, &before) != nil || json.Unmarshal(text, &after) != nil || !cmp.Equal(before, after) {
		t.Errorf("aws-lambda-go loses something:\n%s", cmp.Diff(before, after))
	}
}
