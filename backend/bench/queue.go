package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	senders    = 4
	sendAtOnce = 10 // messages, SendMessageBatch's own limit
	queueBatch = 10
)

// queueMessages measures 5,000 messages from the first SendMessageBatch to the last message in the function: four senders, a
// mapping with batches of 10, a Go function. It fails where a message is lost or comes twice.
func queueMessages(ctx context.Context, w *world, s settings, t *table) error {
	messages := 5000
	if s.quick {
		messages = 200
	}
	if w.once("sqs") {
		if err := w.goFunction(ctx, w.clients, "queue", true); err != nil {
			return err
		}
		if _, err := w.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("queue")}); err != nil {
			return err
		}
		if _, err := w.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("queue"),
			EventSourceArn: aws.String("arn:aws:sqs:" + region + ":" + account + ":queue"), BatchSize: aws.Int32(queueBatch)}); err != nil {
			return err
		}
	}
	w.run++
	begin := time.Now()
	failed := make(chan error, senders)
	var sending sync.WaitGroup
	for sender := range senders {
		sending.Go(func() { failed <- send(ctx, w.clients, w.run, sender*messages/senders, (sender+1)*messages/senders) })
	}
	defer sending.Wait()
	seen := map[string]bool{}
	var end time.Time
	for len(seen) < messages {
		b, err := w.sink.next(ctx)
		if err != nil {
			select {
			case put := <-failed:
				err = fmt.Errorf("%w (a sender: %w)", err, put)
			default:
			}
			return fmt.Errorf("%d of %d messages came: %w", len(seen), messages, err)
		}
		for _, item := range b.items {
			if !strings.HasPrefix(item, fmt.Sprintf("%d-", w.run)) || seen[item] {
				return fmt.Errorf("message %s came twice, or is of another run", item)
			}
			seen[item] = true
		}
		end = b.at
	}
	t.add(fmt.Sprintf("SQS messages, batches of %d, sent to run", queueBatch), "1/s", aim{least: true, value: 5000}, float64(messages)/end.Sub(begin).Seconds(), nil)
	return nil
}

// send sends the messages numbered from up to below to.
func send(ctx context.Context, c *clients, run, from, to int) error {
	for ; from < to; from += sendAtOnce {
		in := &sqs.SendMessageBatchInput{QueueUrl: aws.String(c.url + "/" + account + "/queue")}
		for i := from; i < min(to, from+sendAtOnce); i++ {
			text := fmt.Sprintf("%d-%d ", run, i)
			in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)),
				MessageBody: aws.String(text + strings.Repeat("x", recordSize-len(text)))})
		}
		out, err := c.sqs.SendMessageBatch(ctx, in)
		if err != nil {
			return err
		}
		if len(out.Failed) > 0 {
			return fmt.Errorf("%d messages were not taken: %s", len(out.Failed), aws.ToString(out.Failed[0].Message))
		}
	}
	return nil
}
