package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/clock"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/wire"
)

// sqsBundle serves three operations of SQS: what they are asked and answer is the test's.
type sqsBundle struct {
	*bundle
	seen    any
	present []bool
	err     error
}

func setupSQS(t *testing.T) *sqsBundle {
	b := &sqsBundle{}
	b.bundle = setup(t, wire.Service{API: wire.SQSAPI(), Operations: map[string]wire.Operation{
		"SendMessageBatch": wire.Op(func(ctx context.Context, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
			call := wire.CallFrom(ctx)
			b.seen = in
			b.present = []bool{call.Present("Entries", "0", "DelaySeconds"), call.Present("Entries", "1", "DelaySeconds")}
			return &sqs.SendMessageBatchOutput{Failed: []types.BatchResultErrorEntry{},
				Successful: []types.SendMessageBatchResultEntry{{Id: aws.String("a"), MessageId: aws.String("m"), MD5OfMessageBody: aws.String("5")}}}, b.err
		}, wire.Unbound[sqs.SendMessageBatchInput]()),
		"CreateQueue": wire.Op(func(_ context.Context, in *sqs.CreateQueueInput) (*sqs.CreateQueueOutput, error) {
			b.seen = in
			return &sqs.CreateQueueOutput{QueueUrl: aws.String("u")}, b.err
		}, wire.Unbound[sqs.CreateQueueInput]()),
		"ReceiveMessage": wire.Op(func(_ context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
			b.seen = in
			return &sqs.ReceiveMessageOutput{Messages: []types.Message{{MessageId: aws.String("m"), Body: aws.String("<b>"),
				Attributes:        map[string]string{"SenderId": "s", "ApproximateReceiveCount": "1"},
				MessageAttributes: map[string]types.MessageAttributeValue{"n": {DataType: aws.String("Binary"), BinaryValue: []byte("x")}}}}}, b.err
		}, wire.Unbound[sqs.ReceiveMessageInput]()),
	}})
	return b
}

// post sends a form, as awscli 2.9 does: to the root, with the queue's URL as a parameter.
func (b *sqsBundle) post(t *testing.T, form url.Values) (int, string) {
	t.Helper()
	r := b.request(t, "sqs", permanent, clock.Wall(), http.MethodPost, "/", form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	resp := b.do(t, r)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

var plain = cmp.Options{cmpopts.IgnoreUnexported(sqs.SendMessageBatchInput{}, sqs.CreateQueueInput{}, types.SendMessageBatchRequestEntry{}, types.MessageAttributeValue{})}

func TestQueryOfSQS(t *testing.T) {
	t.Run("flattened lists and maps are read by their XML names", func(t *testing.T) {
		b := setupSQS(t)
		status, body := b.post(t, url.Values{"Action": {"SendMessageBatch"}, "Version": {"2012-11-05"}, "QueueUrl": {"u"},
			"SendMessageBatchRequestEntry.1.Id": {"a"}, "SendMessageBatchRequestEntry.1.MessageBody": {"x"}, "SendMessageBatchRequestEntry.1.DelaySeconds": {"0"},
			"SendMessageBatchRequestEntry.1.MessageAttribute.1.Name": {"n"}, "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType": {"String"},
			"SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue": {"v"},
			"SendMessageBatchRequestEntry.2.Id":                                   {"b"}, "SendMessageBatchRequestEntry.2.MessageBody": {"y"}})
		want := &sqs.SendMessageBatchInput{QueueUrl: aws.String("u"), Entries: []types.SendMessageBatchRequestEntry{
			{Id: aws.String("a"), MessageBody: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{"n": {DataType: aws.String("String"), StringValue: aws.String("v")}}},
			{Id: aws.String("b"), MessageBody: aws.String("y")}}}
		if diff := cmp.Diff(want, b.seen, plain); diff != "" || status != 200 {
			t.Errorf("%d %s\n%s", status, body, diff)
		}
		if diff := cmp.Diff([]bool{true, false}, b.present); diff != "" {
			t.Errorf("a zero that was sent differs from none: %s", diff)
		}
	})
	t.Run("attributes and tags of a queue", func(t *testing.T) {
		b := setupSQS(t)
		_, body := b.post(t, url.Values{"Action": {"CreateQueue"}, "QueueName": {"q"}, "Attribute.1.Name": {"DelaySeconds"}, "Attribute.1.Value": {"5"}, "Tag.1.Key": {"k"}, "Tag.1.Value": {"v"}})
		want := &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{"DelaySeconds": "5"}, Tags: map[string]string{"k": "v"}}
		if diff := cmp.Diff(want, b.seen, plain); diff != "" {
			t.Errorf("%s\n%s", body, diff)
		}
	})
	t.Run("the answer is flat too", func(t *testing.T) {
		_, body := setupSQS(t).post(t, url.Values{"Action": {"ReceiveMessage"}, "QueueUrl": {"u"}})
		want := "<ReceiveMessageResult><Message>" +
			"<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute><Attribute><Name>SenderId</Name><Value>s</Value></Attribute>" +
			"<Body>&lt;b&gt;</Body><MessageAttribute><Name>n</Name><Value><DataType>Binary</DataType><BinaryValue>eA==</BinaryValue></Value></MessageAttribute>" +
			"<MessageId>m</MessageId></Message></ReceiveMessageResult>"
		if i := len(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">`); len(body) < i+len(want) || body[i:i+len(want)] != want {
			t.Errorf("got %s\nwant %s", body, want)
		}
	})
}

// TestErrorsOfAServiceThatSpokeQuery pins what programs compare with: the SDK's type, and the code from before.
func TestErrorsOfAServiceThatSpokeQuery(t *testing.T) {
	b := setupSQS(t)
	b.err = wire.Errorf(400, "QueueDoesNotExist", "The specified queue does not exist.")
	_, err := b.sqs().CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	gone, ok := errors.AsType[*types.QueueDoesNotExist](err)
	if !ok || gone.ErrorCode() != "AWS.SimpleQueueService.NonExistentQueue" || gone.ErrorMessage() != "The specified queue does not exist." {
		t.Errorf("the SDK got %#v", err)
	}
	status, body := b.post(t, url.Values{"Action": {"CreateQueue"}, "QueueName": {"q"}})
	want := `<Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does not exist.</Message></Error>`
	if status != 400 || !strings.Contains(body, want) {
		t.Errorf("a Query client got %d %s", status, body)
	}
	b.err = wire.Errorf(400, "OverLimit", "too many")
	if status, _ = b.post(t, url.Values{"Action": {"CreateQueue"}, "QueueName": {"q"}}); status != 403 {
		t.Errorf("the status of Query is the schema's, not %d", status)
	}
}
