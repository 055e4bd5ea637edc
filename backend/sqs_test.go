package backend_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

const fifo = "FifoQueue"

// queue makes a queue and returns its URL.
func (b *bundle) queue(t *testing.T, name string, attributes ...string) *string {
	t.Helper()
	in := &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{}}
	for i := 0; i < len(attributes); i += 2 {
		in.Attributes[attributes[i]] = attributes[i+1]
	}
	out, err := b.sqs.CreateQueue(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl
}

func (b *bundle) sendTo(t *testing.T, url *string, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if _, err := b.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
			t.Fatal(err)
		}
	}
}

// sendGroup sends to a FIFO queue; the body is the deduplication id.
func (b *bundle) sendGroup(t *testing.T, url *string, group string, bodies ...string) (ids []string) {
	t.Helper()
	for _, body := range bodies {
		out, err := b.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: &body})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, *out.MessageId)
	}
	return ids
}

// receiveAll receives up to ten messages with everything about them.
func (b *bundle) receiveAll(t *testing.T, url *string) []types.Message {
	t.Helper()
	out, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}, MessageAttributeNames: []string{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Messages
}

func bodies(list []types.Message) string {
	var s []string
	for _, m := range list {
		s = append(s, *m.Body)
	}
	return strings.Join(s, " ")
}

func (b *bundle) wantBodies(t *testing.T, url *string, want string) []types.Message {
	t.Helper()
	list := b.receiveAll(t, url)
	if got := bodies(list); got != want {
		t.Errorf("received %q, want %q", got, want)
	}
	return list
}

func (b *bundle) deleteAll(t *testing.T, url *string, list []types.Message) {
	t.Helper()
	for _, m := range list {
		if _, err := b.sqs.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bundle) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if _, err := b.control.AdvanceBy(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func (b *bundle) queueAttributes(t *testing.T, url *string) map[string]string {
	t.Helper()
	out, err := b.sqs.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes
}

// sqsRefused wants an error with a code and a text.
func sqsRefused(t *testing.T, err error, code, text string) {
	t.Helper()
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		t.Errorf("got %v, want %s: %s", err, code, text)
	}
}

func TestQueues(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	t.Run("a queue is made with AWS's defaults", func(t *testing.T) {
		url := b.queue(t, "plain")
		if want := b.b.URL() + "/" + account + "/plain"; *url != want {
			t.Errorf("URL %s, want %s", *url, want)
		}
		want := map[string]string{"QueueArn": "arn:aws:sqs:us-east-1:000000000000:plain", "ApproximateNumberOfMessages": "0",
			"ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0", "CreatedTimestamp": "1767225600", "LastModifiedTimestamp": "1767225600",
			"VisibilityTimeout": "30", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600", "DelaySeconds": "0", "ReceiveMessageWaitTimeSeconds": "0",
			"SqsManagedSseEnabled": "true"}
		if diff := cmp.Diff(want, b.queueAttributes(t, url)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the same again is the same queue, other attributes are refused", func(t *testing.T) {
		url := b.queue(t, "again", "DelaySeconds", "5")
		if other := b.queue(t, "again", "DelaySeconds", "5", "VisibilityTimeout", "30"); *other != *url {
			t.Errorf("%s and %s", *url, *other)
		}
		b.queue(t, "again")
		_, err := b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("again"), Attributes: map[string]string{"DelaySeconds": "6"}})
		sqsRefused(t, err, "QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute DelaySeconds")
	})
	for _, test := range []struct {
		name, queue string
		attributes  map[string]string
		code, text  string
	}{
		{"an attribute out of its range", "x", map[string]string{"VisibilityTimeout": "43201"}, "InvalidAttributeValue", "Invalid value for the parameter VisibilityTimeout."},
		{"an attribute that is none", "x", map[string]string{"Colour": "red"}, "InvalidAttributeName", "Unknown Attribute Colour."},
		{"an attribute that only the queue sets", "x", map[string]string{"QueueArn": "a"}, "InvalidAttributeName", "Unknown Attribute QueueArn."},
		{"a FIFO attribute of a standard queue", "x", map[string]string{"ContentBasedDeduplication": "true"}, "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication."},
		{"a FIFO queue without its suffix", "x", map[string]string{fifo: "true"}, "InvalidParameterValue", "must end with .fifo suffix"},
		{"a name with a dot", "x.fifo", nil, "InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"},
		{"a dead-letter queue that is not there", "x", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:none","maxReceiveCount":3}`}, "InvalidParameterValue", "Dead letter target does not exist."},
		{"a redrive policy without a count", "x", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:plain"}`}, "InvalidParameterValue", "Redrive policy does not contain mandatory attribute: maxReceiveCount."},
		{"a policy that is none", "x", map[string]string{"Policy": `{"Statement":[]}`}, "InvalidAttributeValue", "Invalid value for the parameter Policy."},
	} {
		t.Run(test.name+" is refused", func(t *testing.T) {
			_, err := b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &test.queue, Attributes: test.attributes})
			sqsRefused(t, err, test.code, test.text)
		})
	}
	t.Run("attributes change, and an empty one goes away", func(t *testing.T) {
		url := b.queue(t, "changing")
		set := func(attributes map[string]string) {
			t.Helper()
			if _, err := b.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: attributes}); err != nil {
				t.Fatal(err)
			}
		}
		redrive := `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:plain","maxReceiveCount":"3"}`
		set(map[string]string{"VisibilityTimeout": "7", "RedrivePolicy": redrive, "KmsMasterKeyId": "alias/aws/sqs"})
		got := b.queueAttributes(t, url)
		if got["VisibilityTimeout"] != "7" || got["RedrivePolicy"] != redrive || got["SqsManagedSseEnabled"] != "false" || got["KmsDataKeyReusePeriodSeconds"] != "300" {
			t.Errorf("got %v", got)
		}
		out, err := b.sqs.ListDeadLetterSourceQueues(ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: aws.String(b.b.URL() + "/" + account + "/plain")})
		if err != nil || len(out.QueueUrls) != 1 || out.QueueUrls[0] != *url {
			t.Errorf("sources: %v, %v", out, err)
		}
		set(map[string]string{"RedrivePolicy": "", "SqsManagedSseEnabled": "true"})
		got = b.queueAttributes(t, url)
		if got["RedrivePolicy"] != "" || got["KmsMasterKeyId"] != "" || got["SqsManagedSseEnabled"] != "true" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("changes at the same time undo nothing of one another", func(t *testing.T) {
		url := b.queue(t, "busy")
		var all sync.WaitGroup
		want := map[string]string{}
		for i := range 16 {
			tag := fmt.Sprint("t", i)
			want[tag] = "x"
			all.Go(func() {
				if _, err := b.sqs.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: url, Tags: map[string]string{tag: "x"}}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		out, err := b.sqs.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: url})
		if err != nil || !cmp.Equal(out.Tags, want) {
			t.Errorf("%v %v", out, err)
		}
	})
	t.Run("tags", func(t *testing.T) {
		url := b.queue(t, "tagged")
		if _, err := b.sqs.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: url, Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.sqs.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: url, TagKeys: []string{"a"}}); err != nil {
			t.Fatal(err)
		}
		out, err := b.sqs.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: url})
		if err != nil || !cmp.Equal(out.Tags, map[string]string{"b": "2"}) {
			t.Errorf("%v %v", out, err)
		}
	})
	t.Run("queues are listed page by page", func(t *testing.T) {
		for _, n := range []string{"list-a", "list-b", "list-c"} {
			b.queue(t, n)
		}
		first, err := b.sqs.ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("list-"), MaxResults: aws.Int32(2)})
		if err != nil || len(first.QueueUrls) != 2 || first.NextToken == nil {
			t.Fatalf("%+v %v", first, err)
		}
		second, err := b.sqs.ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("list-"), MaxResults: aws.Int32(2), NextToken: first.NextToken})
		if err != nil || len(second.QueueUrls) != 1 || !strings.HasSuffix(second.QueueUrls[0], "/list-c") || second.NextToken != nil {
			t.Errorf("%+v %v", second, err)
		}
	})
	t.Run("a deleted queue is gone with its messages", func(t *testing.T) {
		url := b.queue(t, "short")
		b.sendTo(t, url, "lost")
		if _, err := b.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: url}); err != nil {
			t.Fatal(err)
		}
		_, err := b.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("short")})
		if gone, ok := errors.AsType[*types.QueueDoesNotExist](err); !ok || gone.ErrorMessage() != "The specified queue does not exist." {
			t.Errorf("got %v", err)
		}
		b.wantBodies(t, b.queue(t, "short"), "")
	})
	t.Run("every operation of the API is served", func(t *testing.T) {
		api := reflect.TypeFor[*sqs.Client]()
		for i := range api.NumMethod() {
			if m := api.Method(i); m.Type.NumIn() == 4 && m.Type.NumOut() == 2 && !slices.Contains(backend.Operations()["sqs"], m.Name) {
				t.Errorf("%s is not served", m.Name)
			}
		}
	})
}

func TestMessages(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	t.Run("a message arrives with its attributes, and the SDK finds its digests right", func(t *testing.T) {
		url := b.queue(t, "whole")
		out, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("hello"),
			MessageAttributes: map[string]types.MessageAttributeValue{"Author": {DataType: aws.String("String"), StringValue: aws.String("me")},
				"Bytes": {DataType: aws.String("Binary.png"), BinaryValue: []byte{0, 1, 255}}, "N": {DataType: aws.String("Number"), StringValue: aws.String("-1.5e3")}},
			MessageSystemAttributes: map[string]types.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")}}})
		if err != nil {
			t.Fatal(err)
		}
		list := b.receiveAll(t, url)
		if len(list) != 1 {
			t.Fatalf("%d messages", len(list))
		}
		m := list[0]
		want := map[string]string{"SenderId": account, "SentTimestamp": "1767225600000", "ApproximateReceiveCount": "1", "ApproximateFirstReceiveTimestamp": "1767225600000",
			"AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793"}
		if diff := cmp.Diff(want, m.Attributes); diff != "" {
			t.Error(diff)
		}
		// The digest of AWS's own algorithm, computed by hand with another program over the three attributes.
		if *m.MD5OfBody != "5d41402abc4b2a76b9719d911017c592" || *m.MD5OfMessageAttributes != *out.MD5OfMessageAttributes || *out.MD5OfMessageAttributes != digestByHand {
			t.Errorf("digests %s %s %s", *m.MD5OfBody, *m.MD5OfMessageAttributes, *out.MD5OfMessageAttributes)
		}
		if string(m.MessageAttributes["Bytes"].BinaryValue) != "\x00\x01\xff" || *m.MessageAttributes["Author"].StringValue != "me" {
			t.Errorf("got %+v", m.MessageAttributes)
		}
		if *m.MessageId != *out.MessageId {
			t.Errorf("ids %s and %s", *m.MessageId, *out.MessageId)
		}
	})
	t.Run("a received message is hidden until its visibility timeout ends", func(t *testing.T) {
		url := b.queue(t, "hide", "VisibilityTimeout", "60")
		b.sendTo(t, url, "m")
		first := b.wantBodies(t, url, "m")
		b.wantBodies(t, url, "")
		if a := b.queueAttributes(t, url); a["ApproximateNumberOfMessages"] != "0" || a["ApproximateNumberOfMessagesNotVisible"] != "1" {
			t.Errorf("got %v", a)
		}
		b.advance(t, 59*second)
		b.wantBodies(t, url, "")
		b.advance(t, second)
		again := b.wantBodies(t, url, "m")
		if again[0].Attributes["ApproximateReceiveCount"] != "2" || *again[0].ReceiptHandle == *first[0].ReceiptHandle {
			t.Errorf("the second receipt is %v %s", again[0].Attributes, *again[0].ReceiptHandle)
		}
		b.deleteAll(t, url, first) // an old receipt: taken, and nothing happens
		b.advance(t, 60*second)
		b.deleteAll(t, url, b.wantBodies(t, url, "m"))
		b.advance(t, 60*second)
		b.wantBodies(t, url, "")
	})
	t.Run("visibility can be changed, and given back", func(t *testing.T) {
		url := b.queue(t, "change")
		b.sendTo(t, url, "m")
		m := b.wantBodies(t, url, "m")[0]
		change := func(seconds int32) error {
			_, err := b.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
			return err
		}
		if err := change(100); err != nil {
			t.Fatal(err)
		}
		b.advance(t, 99*second)
		b.wantBodies(t, url, "")
		sqsRefused(t, change(43200), "InvalidParameterValue", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
		if err := change(0); err != nil {
			t.Fatal(err)
		}
		sqsRefused(t, change(5), "AWS.SimpleQueueService.MessageNotInflight", "")
		b.wantBodies(t, url, "m")
		sqsRefused(t, change(5), "InvalidParameterValue", "Message does not exist or is not available for visibility timeout change.")
		_, err := b.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: aws.String("rubbish")})
		sqsRefused(t, err, "ReceiptHandleIsInvalid", `The input receipt handle "rubbish" is not a valid receipt handle.`)
	})
	t.Run("delays: the queue's and the message's own", func(t *testing.T) {
		url := b.queue(t, "delay", "DelaySeconds", "10")
		b.sendTo(t, url, "slow")
		if _, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("quick"), DelaySeconds: 3}); err != nil {
			t.Fatal(err)
		}
		if a := b.queueAttributes(t, url); a["ApproximateNumberOfMessagesDelayed"] != "2" || a["ApproximateNumberOfMessages"] != "0" {
			t.Errorf("got %v", a)
		}
		b.advance(t, 3*second)
		b.wantBodies(t, url, "quick")
		b.advance(t, 7*second)
		b.wantBodies(t, url, "slow")
	})
	t.Run("a message lives as long as the queue retains it", func(t *testing.T) {
		url := b.queue(t, "retain", "MessageRetentionPeriod", "60", "VisibilityTimeout", "0")
		b.sendTo(t, url, "old")
		b.advance(t, 30*second)
		b.sendTo(t, url, "new")
		b.wantBodies(t, url, "old new")
		b.advance(t, 30*second)
		b.wantBodies(t, url, "new")
		if a := b.queueAttributes(t, url); a["ApproximateNumberOfMessages"] != "1" {
			t.Errorf("got %v", a)
		}
	})
	t.Run("what was received too often goes to the dead-letter queue", func(t *testing.T) {
		dead := b.queue(t, "dead")
		url := b.queue(t, "redriven", "VisibilityTimeout", "1", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":2}`)
		b.sendTo(t, url, "poison")
		for range 2 {
			b.wantBodies(t, url, "poison")
			b.advance(t, second)
		}
		b.wantBodies(t, dead, "")
		b.wantBodies(t, url, "")
		m := b.wantBodies(t, dead, "poison")[0]
		if m.Attributes["ApproximateReceiveCount"] != "3" || m.Attributes["DeadLetterQueueSourceArn"] != "arn:aws:sqs:us-east-1:000000000000:redriven" {
			t.Errorf("got %v", m.Attributes)
		}
		if a := b.queueAttributes(t, url); a["ApproximateNumberOfMessages"] != "0" || a["ApproximateNumberOfMessagesNotVisible"] != "0" {
			t.Errorf("the source still counts %v", a)
		}
	})
	t.Run("a dead-letter queue chooses its sources", func(t *testing.T) {
		b.queue(t, "choosy", "RedriveAllowPolicy", `{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:us-east-1:000000000000:friend"]}`)
		policy := `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:choosy","maxReceiveCount":1}`
		b.queue(t, "friend", "RedrivePolicy", policy)
		_, err := b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("stranger"), Attributes: map[string]string{"RedrivePolicy": policy}})
		sqsRefused(t, err, "InvalidParameterValue", "does not allow this source queue")
	})
	t.Run("a purge takes all, and once a minute", func(t *testing.T) {
		url := b.queue(t, "purge")
		b.sendTo(t, url, "a", "b")
		if _, err := b.sqs.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: url}); err != nil {
			t.Fatal(err)
		}
		b.wantBodies(t, url, "")
		_, err := b.sqs.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: url})
		sqsRefused(t, err, "AWS.SimpleQueueService.PurgeQueueInProgress", "Only one PurgeQueue operation on purge is allowed every 60 seconds.")
		b.advance(t, 60*second)
		if _, err := b.sqs.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: url}); err != nil {
			t.Error(err)
		}
	})
	t.Run("batches fail entry by entry", func(t *testing.T) {
		url := b.queue(t, "batch")
		out, err := b.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: []types.SendMessageBatchRequestEntry{
			{Id: aws.String("good"), MessageBody: aws.String("x")}, {Id: aws.String("bad"), MessageBody: aws.String("y"), MessageDeduplicationId: aws.String("d")}}})
		if err != nil || len(out.Successful) != 1 || len(out.Failed) != 1 || *out.Failed[0].Id != "bad" || *out.Failed[0].Code != "InvalidParameterValue" || !out.Failed[0].SenderFault {
			t.Fatalf("%+v %v", out, err)
		}
		m := b.wantBodies(t, url, "x")[0]
		hidden, err := b.sqs.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{
			{Id: aws.String("a"), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 60}, {Id: aws.String("b"), ReceiptHandle: aws.String("rubbish")}}})
		if err != nil || len(hidden.Successful) != 1 || len(hidden.Failed) != 1 || *hidden.Failed[0].Code != "ReceiptHandleIsInvalid" {
			t.Errorf("%+v %v", hidden, err)
		}
		gone, err := b.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("a"), ReceiptHandle: m.ReceiptHandle}}})
		if err != nil || len(gone.Successful) != 1 || len(gone.Failed) != 0 {
			t.Errorf("%+v %v", gone, err)
		}
		_, err = b.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: []types.SendMessageBatchRequestEntry{}})
		sqsRefused(t, err, "AWS.SimpleQueueService.EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.")
		same := types.SendMessageBatchRequestEntry{Id: aws.String("a"), MessageBody: aws.String("x")}
		_, err = b.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: url, Entries: []types.SendMessageBatchRequestEntry{same, same}})
		sqsRefused(t, err, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id a repeated.")
	})
	t.Run("what a queue does not take is refused in AWS's words", func(t *testing.T) {
		url := b.queue(t, "strict", "MaximumMessageSize", "1024")
		for _, test := range []struct {
			in         sqs.SendMessageInput
			code, text string
		}{
			{sqs.SendMessageInput{MessageBody: aws.String("")}, "MissingParameter", "The request must contain the parameter MessageBody."},
			{sqs.SendMessageInput{MessageBody: aws.String("a\x00")}, "InvalidMessageContents", "Invalid binary character '#x0' was found in the message body"},
			{sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 1025))}, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
			{sqs.SendMessageInput{MessageBody: aws.String("x"), DelaySeconds: 901}, "InvalidParameterValue", "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
			{sqs.SendMessageInput{MessageBody: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{"a": {DataType: aws.String("Text"), StringValue: aws.String("x")}}}, "InvalidParameterValue", "The message attribute 'a' has an invalid message attribute type"},
		} {
			test.in.QueueUrl = url
			_, err := b.sqs.SendMessage(ctx, &test.in)
			sqsRefused(t, err, test.code, test.text)
		}
		for _, test := range []struct {
			in   sqs.ReceiveMessageInput
			text string
		}{
			{sqs.ReceiveMessageInput{MaxNumberOfMessages: 11}, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."},
			{sqs.ReceiveMessageInput{WaitTimeSeconds: 21}, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."},
		} {
			test.in.QueueUrl = url
			_, err := b.sqs.ReceiveMessage(ctx, &test.in)
			sqsRefused(t, err, "InvalidParameterValue", test.text)
		}
	})
	t.Run("only the attributes that are asked for are shown", func(t *testing.T) {
		url := b.queue(t, "asked")
		text := func(s string) types.MessageAttributeValue {
			return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &s}
		}
		_, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x"),
			MessageAttributes: map[string]types.MessageAttributeValue{"foo.a": text("1"), "foo.b": text("2"), "bar": text("3")}})
		if err != nil {
			t.Fatal(err)
		}
		out, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MessageAttributeNames: []string{"foo.*"}, AttributeNames: []types.QueueAttributeName{"SentTimestamp"}})
		if err != nil || len(out.Messages) != 1 || len(out.Messages[0].MessageAttributes) != 2 || len(out.Messages[0].Attributes) != 1 {
			t.Errorf("%+v %v", out, err)
		}
	})
}

// digestByHand is what Python's hashlib says of the attributes above, sorted by name.
const digestByHand = "962479f7405ff306045e1e7c83cd6d4c"

func TestFIFOQueues(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	t.Run("a group is received in order, and gives none while one is in flight", func(t *testing.T) {
		url := b.queue(t, "order.fifo", fifo, "true", "VisibilityTimeout", "30")
		b.sendGroup(t, url, "a", "a1", "a2", "a3")
		b.sendGroup(t, url, "b", "b1")
		one := func() string {
			out, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url})
			if err != nil {
				t.Fatal(err)
			}
			return bodies(out.Messages)
		}
		if got := one() + "," + one() + "," + one(); got != "a1,b1," {
			t.Errorf("received %s", got)
		}
		b.advance(t, 30*second)
		list := b.wantBodies(t, url, "a1 a2 a3 b1") // several of a group at once
		if list[0].Attributes["MessageGroupId"] != "a" || list[0].Attributes["MessageDeduplicationId"] != "a1" || len(list[0].Attributes["SequenceNumber"]) != 20 {
			t.Errorf("got %v", list[0].Attributes)
		}
		if list[0].Attributes["SequenceNumber"] >= list[1].Attributes["SequenceNumber"] {
			t.Error("the sequence numbers do not grow")
		}
		b.deleteAll(t, url, list[:1])
		b.sendGroup(t, url, "a", "a4")
		b.wantBodies(t, url, "")
		b.deleteAll(t, url, list[1:3])
		b.wantBodies(t, url, "a4")
		b.advance(t, 30*second)
		_, err := b.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: list[3].ReceiptHandle})
		sqsRefused(t, err, "InvalidParameterValue", "The receipt handle has expired.")
	})
	t.Run("a duplicate within five minutes is taken and not delivered", func(t *testing.T) {
		url := b.queue(t, "once.fifo", fifo, "true")
		first := b.sendGroup(t, url, "g", "x")
		b.deleteAll(t, url, b.wantBodies(t, url, "x"))
		b.advance(t, 5*time.Minute-second)
		if again := b.sendGroup(t, url, "g", "x"); again[0] != first[0] {
			t.Errorf("the duplicate has the id %s, not %s", again[0], first[0])
		}
		b.wantBodies(t, url, "")
		b.advance(t, second)
		b.sendGroup(t, url, "g", "x")
		b.wantBodies(t, url, "x")
	})
	t.Run("the content can be the deduplication id, for each group", func(t *testing.T) {
		url := b.queue(t, "content.fifo", fifo, "true", "ContentBasedDeduplication", "true", "DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId")
		for _, group := range []string{"a", "a", "b"} {
			if _, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("same"), MessageGroupId: &group}); err != nil {
				t.Fatal(err)
			}
		}
		b.wantBodies(t, url, "same same")
	})
	t.Run("what a FIFO queue needs is asked for", func(t *testing.T) {
		url := b.queue(t, "needs.fifo", fifo, "true")
		_, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x")})
		sqsRefused(t, err, "MissingParameter", "The request must contain the parameter MessageGroupId.")
		_, err = b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x"), MessageGroupId: aws.String("g")})
		sqsRefused(t, err, "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
		_, err = b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("d"), DelaySeconds: 1})
		sqsRefused(t, err, "InvalidParameterValue", "The request include parameter that is not valid for this queue type.")
		_, err = b.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("std"), Attributes: map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:needs.fifo","maxReceiveCount":1}`}})
		sqsRefused(t, err, "InvalidParameterValue", "Dead-letter queue must be same type of queue as the source.")
	})
	t.Run("a group goes on when its first message is dead-lettered", func(t *testing.T) {
		dead := b.queue(t, "dead.fifo", fifo, "true")
		url := b.queue(t, "redriven.fifo", fifo, "true", "VisibilityTimeout", "1", "RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead.fifo","maxReceiveCount":1}`)
		b.sendGroup(t, url, "g", "1", "2")
		out, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url})
		if err != nil || bodies(out.Messages) != "1" {
			t.Fatalf("%+v %v", out, err)
		}
		b.advance(t, second)
		b.wantBodies(t, url, "2")
		b.wantBodies(t, dead, "1")
	})
}

// failed is the error of a call.
func failed[T any](_ T, err error) error { return err }

// TestQueuePolicies holds each operation to the caller's policies and the queue's.
func TestQueuePolicies(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	url := b.queue(t, "guarded")
	const other = "111111111111"
	stranger := b.as(other)
	send := func(c *clients) error {
		_, err := c.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x")})
		return err
	}
	sqsRefused(t, send(stranger), "AccessDenied", "User: arn:aws:iam::111111111111:root is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:us-east-1:000000000000:guarded")
	if _, err := b.sqs.AddPermission(ctx, &sqs.AddPermissionInput{QueueUrl: url, Label: aws.String("them"), AWSAccountIds: []string{other}, Actions: []string{"SendMessage"}}); err != nil {
		t.Fatal(err)
	}
	if err := send(stranger); err != nil {
		t.Errorf("across accounts both allow: %v", err)
	}
	_, err := stranger.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url})
	sqsRefused(t, err, "AccessDenied", "sqs:receivemessage")
	_, err = b.sqs.AddPermission(ctx, &sqs.AddPermissionInput{QueueUrl: url, Label: aws.String("them"), AWSAccountIds: []string{other}, Actions: []string{"SendMessage"}})
	sqsRefused(t, err, "InvalidParameterValue", "Value them for parameter Label is invalid. Reason: Already exists.")
	policy := b.queueAttributes(t, url)["Policy"]
	want := `{"Version":"2008-10-17","Id":"arn:aws:sqs:us-east-1:000000000000:guarded/SQSDefaultPolicy","Statement":[{"Action":"SQS:SendMessage","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Resource":"arn:aws:sqs:us-east-1:000000000000:guarded","Sid":"them"}]}`
	if policy != want {
		t.Errorf("the policy is %s", policy)
	}
	if _, err := b.sqs.RemovePermission(ctx, &sqs.RemovePermissionInput{QueueUrl: url, Label: aws.String("them")}); err != nil {
		t.Fatal(err)
	}
	sqsRefused(t, send(stranger), "AccessDenied", "")

	t.Run("what only the owner may do, no policy gives to others", func(t *testing.T) {
		everybody := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}`
		if _, err := b.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{"Policy": everybody}}); err != nil {
			t.Fatal(err)
		}
		if err := send(stranger); err != nil {
			t.Error(err)
		}
		_, err := stranger.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: url})
		sqsRefused(t, err, "AccessDenied", "sqs:deletequeue")
	})
	t.Run("every operation on a queue is asked for", func(t *testing.T) {
		theirs := b.queue(t, "theirs")
		handle, text := aws.String("h"), aws.String("x")
		for action, call := range map[string]func() error{
			"sendmessage": func() error {
				return failed(stranger.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: theirs, MessageBody: text}))
			},
			"sendmessage ": func() error {
				return failed(stranger.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: theirs, Entries: []types.SendMessageBatchRequestEntry{{Id: text, MessageBody: text}}}))
			},
			"receivemessage": func() error {
				return failed(stranger.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: theirs}))
			},
			"deletemessage": func() error {
				return failed(stranger.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: theirs, ReceiptHandle: handle}))
			},
			"deletemessage ": func() error {
				return failed(stranger.sqs.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: theirs, Entries: []types.DeleteMessageBatchRequestEntry{{Id: text, ReceiptHandle: handle}}}))
			},
			"changemessagevisibility": func() error {
				return failed(stranger.sqs.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: theirs, ReceiptHandle: handle}))
			},
			"changemessagevisibility ": func() error {
				return failed(stranger.sqs.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: theirs, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{{Id: text, ReceiptHandle: handle}}}))
			},
			"purgequeue":  func() error { return failed(stranger.sqs.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: theirs})) },
			"deletequeue": func() error { return failed(stranger.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: theirs})) },
			"getqueueattributes": func() error {
				return failed(stranger.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: theirs}))
			},
			"setqueueattributes": func() error {
				return failed(stranger.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: theirs, Attributes: map[string]string{"DelaySeconds": "1"}}))
			},
			"getqueueurl": func() error {
				return failed(stranger.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("theirs"), QueueOwnerAWSAccountId: aws.String(account)}))
			},
			"tagqueue": func() error {
				return failed(stranger.sqs.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: theirs, Tags: map[string]string{"a": "b"}}))
			},
			"untagqueue": func() error {
				return failed(stranger.sqs.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: theirs, TagKeys: []string{"a"}}))
			},
			"listqueuetags": func() error {
				return failed(stranger.sqs.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: theirs}))
			},
			"listdeadlettersourcequeues": func() error {
				return failed(stranger.sqs.ListDeadLetterSourceQueues(ctx, &sqs.ListDeadLetterSourceQueuesInput{QueueUrl: theirs}))
			},
			"addpermission": func() error {
				return failed(stranger.sqs.AddPermission(ctx, &sqs.AddPermissionInput{QueueUrl: theirs, Label: text, AWSAccountIds: []string{other}, Actions: []string{"*"}}))
			},
			"removepermission": func() error {
				return failed(stranger.sqs.RemovePermission(ctx, &sqs.RemovePermissionInput{QueueUrl: theirs, Label: text}))
			},
		} {
			sqsRefused(t, call(), "AccessDenied", "is not authorized to perform: sqs:"+strings.TrimSpace(action)+" on resource: arn:aws:sqs:us-east-1:000000000000:theirs")
		}
	})
	t.Run("in one account either is enough, and a deny counts", func(t *testing.T) {
		mine := b.queue(t, "mine")
		user, err := b.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("ann")})
		if err != nil {
			t.Fatal(err)
		}
		key, err := b.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user.User.UserName})
		if err != nil {
			t.Fatal(err)
		}
		ann := newClients(b.b.URL(), *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
		receive := func() error {
			_, err := ann.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: mine})
			return err
		}
		sqsRefused(t, receive(), "AccessDenied", "because no identity-based policy allows the sqs:receivemessage action")
		set := func(effect string) {
			text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Principal":{"AWS":%q},"Action":"sqs:ReceiveMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:mine"}]}`, effect, *user.User.Arn)
			if _, err := b.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: mine, Attributes: map[string]string{"Policy": text}}); err != nil {
				t.Fatal(err)
			}
		}
		set("Allow")
		if err := receive(); err != nil {
			t.Error(err)
		}
		set("Deny")
		sqsRefused(t, receive(), "AccessDenied", "with an explicit deny in a resource-based policy")
	})
}

// TestResetForgetsQueues pins that a reset takes an account's queues, in memory too, and no other's.
func TestResetForgetsQueues(t *testing.T) {
	b := setup(t)
	other := &bundle{clients: b.as("111111111111"), b: b.b, control: b.control}
	gone, kept := b.queue(t, "q"), other.queue(t, "q")
	b.sendTo(t, gone, "x")
	other.sendTo(t, kept, "y")
	if err := b.control.Reset(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	_, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: gone})
	sqsRefused(t, err, "AWS.SimpleQueueService.NonExistentQueue", "")
	other.wantBodies(t, kept, "y")
	b.wantBodies(t, b.queue(t, "q"), "")
}

// TestALongPoll pins that a waiting receiver hears of a message when it is sent, and of one whose time has come.
func TestALongPoll(t *testing.T) {
	for _, clock := range []string{"real", "virtual"} {
		t.Run(clock, func(t *testing.T) {
			b := setupOn(t, backend.Config{Clock: clock, Seed: 1, DatabaseURL: pgtest.URL(t)})
			url := b.queue(t, "q")
			got := make(chan string, 1)
			go func() {
				out, err := b.sqs.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
				if err != nil {
					got <- err.Error()
					return
				}
				got <- bodies(out.Messages)
			}()
			_, err := b.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x"), DelaySeconds: 1})
			if err != nil {
				t.Fatal(err)
			}
			if clock == "virtual" {
				b.advance(t, second)
			}
			if s := <-got; s != "x" {
				t.Errorf("received %q", s)
			}
		})
	}
}

// TestASentMessageIsDurable pins promise 3: a message is in PostgreSQL before its sender is answered. The sequence of the queue
// is locked from outside, so that the commit cannot happen: then there must be no answer.
func TestASentMessageIsDurable(t *testing.T) {
	b := setup(t)
	url := b.queue(t, "durable")
	b.sendTo(t, url, "first")
	conn, err := pgx.Connect(t.Context(), b.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT * FROM sqs.sequences FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := b.sqs.SendMessage(short, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("second")}); err == nil {
		t.Error("the sender was answered before the commit")
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.sendTo(t, url, "third") // comes after the second, whose commit may go on although nobody waits for it any more
	var rows int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM sqs.messages WHERE body <> 'second'`).Scan(&rows); err != nil || rows != 2 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// TestMessagesSurviveARestart pins that what was sent, hidden, counted and taken is as it was when the backend comes again.
func TestMessagesSurviveARestart(t *testing.T) {
	url := pgtest.URL(t)
	var queue, ordered *string
	var receipt *string
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	t.Run("before", func(t *testing.T) {
		b := setupOn(t, backend.Config{Clock: "virtual", ClockStart: start, Seed: 1, DatabaseURL: url})
		queue = b.queue(t, "q", "VisibilityTimeout", "30")
		ordered = b.queue(t, "o.fifo", fifo, "true")
		b.sendTo(t, queue, "hidden")
		receipt = b.wantBodies(t, queue, "hidden")[0].ReceiptHandle
		b.sendTo(t, queue, "waiting")
		b.sendGroup(t, ordered, "g", "1")
		b.deleteAll(t, ordered, b.wantBodies(t, ordered, "1"))
	})
	t.Run("after", func(t *testing.T) {
		b := setupOn(t, backend.Config{Clock: "virtual", ClockStart: start, Seed: 1, DatabaseURL: url})
		b.deleteAll(t, queue, b.wantBodies(t, queue, "waiting"))
		b.advance(t, 29*second)
		b.wantBodies(t, queue, "")
		b.sendGroup(t, ordered, "g", "1") // a duplicate still
		b.wantBodies(t, ordered, "")
		if _, err := b.sqs.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: receipt}); err != nil {
			t.Fatal(err)
		}
		b.advance(t, second)
		b.wantBodies(t, queue, "")
	})
}

func TestTheLastChangeOfAMessagesVisibilityIsTheOneThatIsKept(t *testing.T) {
	b := setup(t)
	url := b.queue(t, "q")
	b.sendTo(t, url, "m")
	m := b.receiveAll(t, url)[0]
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url}
	for i := range int32(10) {
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 100 + i})
	}
	if _, err := b.sqs.ChangeMessageVisibilityBatch(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if n := b.count(t, `SELECT extract(epoch FROM visible - sent)::int FROM sqs.messages`); n != 109 {
		t.Errorf("after a restart the message would be hidden for %d s, want 109", n)
	}
}
