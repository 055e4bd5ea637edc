package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// latency measures, one at a time with nothing else at work, how long it takes from the call that puts a record or an object
// to the warm function that is given it. Floor: one row committed, with fsync, and then one warm invocation at the bare
// server of warm.go, which is the least that a durable put and a run can take.
func latency(ctx context.Context, w *world, s settings, t *table) error {
	sources := []struct {
		name  string
		setup func(context.Context, *world) error
		put   func(ctx context.Context, w *world, item string) error
	}{
		{"Kinesis record", latencyStream, func(ctx context.Context, w *world, item string) error {
			_, err := w.kinesis.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("latency"), PartitionKey: aws.String("p"), Data: []byte(item)})
			return err
		}},
		{"S3 object", latencyBucket, func(ctx context.Context, w *world, item string) error {
			_, err := w.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("latency"), Key: &item, Body: strings.NewReader("content")})
			return err
		}},
		{"SQS message", latencyQueue, func(ctx context.Context, w *world, item string) error {
			_, err := w.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: latencyURL(w.clients), MessageBody: &item})
			return err
		}},
	}
	if err := w.bare(ctx); err != nil {
		return err
	}
	for _, source := range sources {
		if w.once("latency " + source.name) {
			if err := source.setup(ctx, w); err != nil {
				return err
			}
		}
		var took, least []float64
		for i := range s.samples + 1 {
			w.run++
			item := fmt.Sprintf("item-%d", w.run)
			begin := time.Now()
			if err := source.put(ctx, w, item); err != nil {
				return err
			}
			b, err := w.sink.next(ctx)
			if err != nil {
				return err
			}
			if len(b.items) != 1 || b.items[0] != item {
				return fmt.Errorf("the function was given %v in place of %s", b.items, item)
			}
			if i > 0 { // the first warms up
				took = append(took, milliseconds(b.at.Sub(begin)))
			}
			best, err := w.commitAndRun(ctx)
			if err != nil {
				return err
			}
			least = append(least, milliseconds(best))
		}
		t.add(source.name+", put to run, p50", "ms", aim{value: 5}, percentile(took, 0.5), new(percentile(least, 0.5)))
		t.add(source.name+", put to run, p99", "ms", aim{value: 20}, percentile(took, 0.99), new(percentile(least, 0.99)))
	}
	return nil
}

// commitAndRun is a put and its run without the simulator.
func (w *world) commitAndRun(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	if _, err := w.rows.pool.Exec(ctx, `INSERT INTO floor (body) VALUES ('one')`); err != nil {
		return 0, err
	}
	name := "f"
	_, err := w.bareClients.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{"n":1}`)})
	return time.Since(begin), err
}

func latencyStream(ctx context.Context, w *world) error {
	if err := w.goFunction(ctx, w.clients, "latency", true); err != nil {
		return err
	}
	return makeStream(ctx, w.clients, "latency", 1, batchSize)
}

func latencyQueue(ctx context.Context, w *world) error {
	if err := w.goFunction(ctx, w.clients, "latency-queue", true); err != nil {
		return err
	}
	if _, err := w.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("latency-queue")}); err != nil {
		return err
	}
	_, err := w.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("latency-queue"),
		EventSourceArn: aws.String("arn:aws:sqs:" + region + ":" + account + ":latency-queue"), BatchSize: aws.Int32(queueBatch)})
	return err
}

func latencyURL(c *clients) *string { return aws.String(c.url + "/" + account + "/latency-queue") }

func latencyBucket(ctx context.Context, w *world) error {
	const name = "latency-objects"
	if err := w.goFunction(ctx, w.clients, name, true); err != nil {
		return err
	}
	if _, err := w.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("latency")}); err != nil {
		return err
	}
	_, err := w.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: aws.String(name), StatementId: aws.String("s3"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("s3.amazonaws.com"), SourceArn: aws.String("arn:aws:s3:::latency")})
	if err != nil {
		return err
	}
	_, err = w.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("latency"),
		NotificationConfiguration: &s3types.NotificationConfiguration{LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{
			LambdaFunctionArn: aws.String("arn:aws:lambda:" + region + ":" + account + ":function:" + name), Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
	return err
}
