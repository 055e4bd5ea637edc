package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
	"github.com/lambdasim/terraform-provider-lambdasim/backend/internal/postgres/pgtest"
)

const anyQueue = "arn:aws:sqs:us-east-1:" + account + ":"

// tired makes a queue whose messages go to dead after one receipt, and has the bodies go there.
func (b *bundle) tired(t *testing.T, name string, bodies ...string) *string {
	t.Helper()
	url := b.queue(t, name, "RedrivePolicy", `{"deadLetterTargetArn":"`+anyQueue+`dead","maxReceiveCount":1}`, "VisibilityTimeout", "0")
	b.sendTo(t, url, bodies...)
	for range 2 {
		b.receiveAll(t, url)
	}
	return url
}

func (b *bundle) moves(t *testing.T, source string) []types.ListMessageMoveTasksResultEntry {
	t.Helper()
	out, err := b.sqs.ListMessageMoveTasks(t.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(anyQueue + source), MaxResults: aws.Int32(10)})
	must(t, err)
	return out.Results
}

// said is a task in words.
func said(m types.ListMessageMoveTasksResultEntry) string {
	return fmt.Sprintf("%s %d of %d %s", *m.Status, m.ApproximateNumberOfMessagesMoved, aws.ToInt64(m.ApproximateNumberOfMessagesToMove), aws.ToString(m.FailureReason))
}

// Message move tasks as the API reference has them; codes and texts as public emulators recorded them, where nothing else is said.
func TestMessagesAreMovedOutOfADeadLetterQueue(t *testing.T) {
	b := setup(t)
	ctx := t.Context()
	dead := b.queue(t, "dead")
	start := func(in sqs.StartMessageMoveTaskInput) (string, error) {
		if in.SourceArn == nil {
			in.SourceArn = aws.String(anyQueue + "dead")
		}
		out, err := b.sqs.StartMessageMoveTask(ctx, &in)
		if err != nil {
			return "", err
		}
		return *out.TaskHandle, nil
	}
	other := b.queue(t, "other")
	t.Run("only of a dead-letter queue, to a queue of its kind, at a rate that there is", func(t *testing.T) {
		b.queue(t, "line.fifo", "FifoQueue", "true")
		b.tired(t, "any")
		for text, in := range map[string]sqs.StartMessageMoveTaskInput{
			"ResourceNotFoundException: The resource that you specified for the SourceArn parameter doesn't exist.":      {SourceArn: aws.String(anyQueue + "none")},
			"InvalidParameterValue: Source queue must be configured as a Dead Letter Queue.":                             {SourceArn: aws.String(anyQueue + "other")},
			"ResourceNotFoundException: The resource that you specified for the DestinationArn parameter doesn't exist.": {DestinationArn: aws.String(anyQueue + "none")},
			"InvalidParameterValue: The destination queue must be of the same type as the source queue.":                 {DestinationArn: aws.String(anyQueue + "line.fifo")},
			"InvalidParameterValue: Source queue arn and destination queue arn cannot be the same.":                      {DestinationArn: aws.String(anyQueue + "dead")},
			"InvalidParameterValue: Value 501 for parameter MaxNumberOfMessagesPerSecond is invalid.":                    {MaxNumberOfMessagesPerSecond: aws.Int32(501)},
			"InvalidParameterValue: You must use this format to specify the SourceArn":                                   {SourceArn: aws.String("dead")},
		} {
			_, err := start(in)
			code, message, _ := strings.Cut(text, ": ")
			sqsRefused(t, err, code, message)
		}
	})
	t.Run("each message goes back to where it came from, as a new one", func(t *testing.T) {
		one, two := b.tired(t, "one", "a", "b"), b.tired(t, "two", "c")
		b.advance(t, second)
		if _, err := start(sqs.StartMessageMoveTaskInput{}); err != nil {
			t.Fatal(err)
		}
		b.drain(t)
		if got := said(b.moves(t, "dead")[0]); got != "COMPLETED 3 of 3 " {
			t.Errorf("the task: %s", got)
		}
		b.wantBodies(t, dead, "")
		b.wantBodies(t, two, "c")
		out, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: one, MaxNumberOfMessages: 10, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
		must(t, err)
		if len(out.Messages) != 2 || bodies(out.Messages) != "a b" {
			t.Fatalf("back in one: %q", bodies(out.Messages))
		}
		if at := out.Messages[0].Attributes; at["ApproximateReceiveCount"] != "1" || at["DeadLetterQueueSourceArn"] != "" || at["SentTimestamp"] != "1767225601000" {
			t.Errorf("attributes %v", at)
		}
	})
	t.Run("a message that was sent to the dead-letter queue has nowhere to go", func(t *testing.T) {
		b.sendTo(t, dead, "lost")
		_, err := start(sqs.StartMessageMoveTaskInput{})
		must(t, err)
		b.drain(t)
		if got := said(b.moves(t, "dead")[0]); got != "FAILED 0 of 1 CouldNotDetermineMessageSource" {
			t.Errorf("the task: %s", got)
		}
		_, err = start(sqs.StartMessageMoveTaskInput{DestinationArn: aws.String(anyQueue + "other")})
		must(t, err)
		b.drain(t)
		if got := said(b.moves(t, "dead")[0]); got != "COMPLETED 1 of 1 " {
			t.Errorf("the task: %s", got)
		}
		b.wantBodies(t, other, "lost")
	})
	t.Run("a rate is kept, one task runs at a time, and it can be cancelled", func(t *testing.T) {
		b.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: other})
		to := b.queue(t, "to")
		b.sendTo(t, dead, "1", "2", "3", "4", "5")
		in := sqs.StartMessageMoveTaskInput{DestinationArn: aws.String(anyQueue + "to"), MaxNumberOfMessagesPerSecond: aws.Int32(2)}
		handle, err := start(in)
		must(t, err)
		_, err = start(in)
		sqsRefused(t, err, "InvalidParameterValue", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		b.advance(t, second)
		m := b.moves(t, "dead")[0]
		if got := said(m); got != "RUNNING 4 of 5 " || *m.TaskHandle != handle || *m.MaxNumberOfMessagesPerSecond != 2 || *m.DestinationArn != anyQueue+"to" {
			t.Errorf("the task: %s, %+v", got, m)
		}
		out, err := b.sqs.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
		must(t, err)
		if out.ApproximateNumberOfMessagesMoved != 4 {
			t.Errorf("%d moved before the cancellation", out.ApproximateNumberOfMessagesMoved)
		}
		b.advance(t, second)
		if m := b.moves(t, "dead")[0]; said(m) != "CANCELLED 4 of 5 " || m.TaskHandle != nil {
			t.Errorf("the task: %s", said(m))
		}
		b.wantBodies(t, to, "1 2 3 4")
		b.wantBodies(t, dead, "5")
		_, err = b.sqs.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
		sqsRefused(t, err, "AWS.SimpleQueueService.UnsupportedOperation", "Only active tasks can be cancelled.")
		_, err = b.sqs.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: aws.String("x")})
		sqsRefused(t, err, "InvalidParameterValue", "Value for parameter TaskHandle is invalid.")
		if n := len(b.moves(t, "dead")); n != 4 {
			t.Errorf("%d tasks are listed, want 4", n)
		}
	})
}

// A task goes on where it was when the backend starts again.
func TestAMoveGoesOnAfterARestart(t *testing.T) {
	cfg := backend.Config{Clock: "virtual", Seed: 1, DatabaseURL: pgtest.URL(t)}
	first, err := backend.New(cfg)
	must(t, err)
	must(t, first.Start(t.Context()))
	b := &bundle{clients: newClients(first.URL(), "test", "test", ""), b: first, control: control.New(first.URL())}
	b.queue(t, "dead")
	b.tired(t, "q", "a", "b", "c")
	_, err = b.sqs.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(anyQueue + "dead"), MaxNumberOfMessagesPerSecond: aws.Int32(1)})
	must(t, err)
	b.advance(t, 0)
	if got := said(b.moves(t, "dead")[0]); got != "RUNNING 1 of 3 " {
		t.Errorf("before: %s", got)
	}
	must(t, first.Close(context.Background()))
	b = setupOn(t, cfg)
	b.advance(t, 5*second)
	if got := said(b.moves(t, "dead")[0]); got != "COMPLETED 3 of 3 " {
		t.Errorf("after: %s", got)
	}
	b.wantBodies(t, b.queue(t, "q", "RedrivePolicy", `{"deadLetterTargetArn":"`+anyQueue+`dead","maxReceiveCount":1}`, "VisibilityTimeout", "0"), "a b c")
}

// A receipt from a FIFO queue that has a name can be asked for again (API: ReceiveMessage, ReceiveRequestAttemptId).
func TestAReceiveAttemptIsRepeated(t *testing.T) {
	b := setup(t)
	url := b.queue(t, "q.fifo", "FifoQueue", "true", "VisibilityTimeout", "60")
	b.sendGroup(t, url, "g", "a", "b")
	receive := func(attempt string) []types.Message {
		t.Helper()
		out, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10, ReceiveRequestAttemptId: &attempt,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{"ApproximateReceiveCount"}})
		must(t, err)
		return out.Messages
	}
	first := receive("one")
	b.advance(t, 40*second)
	if other := receive("two"); len(other) != 0 {
		t.Errorf("another attempt got %q", bodies(other))
	}
	again := receive("one")
	if bodies(again) != "a b" || *again[0].ReceiptHandle != *first[0].ReceiptHandle || again[0].Attributes["ApproximateReceiveCount"] != "1" {
		t.Errorf("the repeated attempt got %q", bodies(again))
	}
	b.advance(t, 40*second) // 80 s after the first receipt, 40 s after the repetition
	if other := receive("three"); len(other) != 0 {
		t.Errorf("the visibility timeout was not begun anew: %q", bodies(other))
	}
	b.deleteAll(t, url, again[:1])
	if changed := receive("one"); len(changed) != 0 {
		t.Errorf("after one was deleted the attempt got %q", bodies(changed))
	}
	b.advance(t, 60*second)
	if late := receive("one"); bodies(late) != "b" || late[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Errorf("when it was visible again the attempt got %q", bodies(late))
	}
	_, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: b.queue(t, "plain"), ReceiveRequestAttemptId: aws.String("one")})
	sqsRefused(t, err, "InvalidParameterValue", "The request includes a parameter that is not valid for this queue type")
}
