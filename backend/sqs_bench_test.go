package backend_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend"
)

// BenchmarkQueue sends, receives and deletes messages of 200 bytes through the SDK, ten at a time, from many callers, on the
// private PostgreSQL as users have it: the client, the backend and the database share the machine.
func BenchmarkQueue(b *testing.B) {
	const callers = 8
	dir, err := os.MkdirTemp("/tmp", "lambdasim-bench-")
	if err == nil {
		err = os.Chmod(dir, 0o755) // PostgreSQL may run as another user
	}
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(dir)
	be, err := backend.New(backend.Config{Listen: "127.0.0.1:0", StateDir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	if err := be.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer be.Close(context.Background())
	c := newClients(be.URL(), "test", "test", "").sqs
	name, body := "q", strings.Repeat("x", 200)
	queue, err := c.CreateQueue(b.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		b.Fatal(err)
	}
	var ten []types.SendMessageBatchRequestEntry
	for i := range 10 {
		id := fmt.Sprint(i)
		ten = append(ten, types.SendMessageBatchRequestEntry{Id: &id, MessageBody: &body})
	}
	ctx := b.Context()
	var sent, done atomic.Int64
	target := int64(b.N+9) / 10 * 10
	var all sync.WaitGroup
	b.ResetTimer()
	for range callers {
		all.Go(func() {
			for sent.Add(10) <= target {
				if _, err := c.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: queue.QueueUrl, Entries: ten}); err != nil {
					b.Error(err)
					return
				}
			}
		})
		all.Go(func() {
			for done.Load() < target {
				out, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
				if err != nil {
					b.Error(err)
					return
				}
				if len(out.Messages) == 0 {
					continue
				}
				in := &sqs.DeleteMessageBatchInput{QueueUrl: queue.QueueUrl}
				for i, m := range out.Messages {
					in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: ten[i].Id, ReceiptHandle: m.ReceiptHandle})
				}
				if _, err := c.DeleteMessageBatch(ctx, in); err != nil {
					b.Error(err)
					return
				}
				done.Add(int64(len(out.Messages)))
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(target)/b.Elapsed().Seconds(), "messages/s")
}
