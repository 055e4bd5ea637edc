package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// putters are the clients that put objects at once.
const putters = 16

// objects measures how fast 16 clients put 10,000 objects into a bucket that notifies a queue, and into one that notifies a function,
// which runs meanwhile. Floor: the same into a bucket that notifies nobody, in turns of a tenth, so that all see the same machine.
// It fails where an event does not arrive.
func objects(ctx context.Context, w *world, s settings, t *table) error {
	count := 10000
	if s.quick {
		count = 200
	}
	w.run++
	buckets := []string{fmt.Sprintf("bare-%d", w.run), fmt.Sprintf("queued-%d", w.run), fmt.Sprintf("run-%d", w.run)}
	queue, function := buckets[1], buckets[2]
	for _, bucket := range buckets {
		if _, err := w.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			return err
		}
	}
	if err := w.notifyQueue(ctx, queue); err != nil {
		return err
	}
	if err := w.notifyFunction(ctx, function); err != nil {
		return err
	}
	took := map[string]time.Duration{}
	const turns = 10
	for turn := range turns {
		for _, bucket := range buckets {
			begin := time.Now()
			err := times(putters, count/turns, func(i int) error {
				_, err := w.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(fmt.Sprintf("%s/%d-%d", bucket, turn, i)), Body: strings.NewReader("content")})
				return err
			})
			if err != nil {
				return err
			}
			took[bucket] += time.Since(begin)
			if _, err := w.control.Drain(ctx, 5*time.Minute); err != nil { // what one bucket caused must not slow the next
				return err
			}
		}
	}
	rate := func(bucket string) float64 { return float64(count) / took[bucket].Seconds() }
	least := aim{ratio: true, least: true, value: 0.67}
	t.add(fmt.Sprintf("S3 objects, %d putters, a queue is notified", putters), "1/s", least, rate(queue), new(rate(buckets[0])))
	t.add(fmt.Sprintf("S3 objects, %d putters, a function is notified and runs", putters), "1/s", least, rate(function), new(rate(buckets[0])))
	if err := w.queueHas(ctx, queue, count+1); err != nil { // and the test event
		return err
	}
	return w.functionSaw(ctx, function, count)
}

func (w *world) notifyQueue(ctx context.Context, name string) error {
	if _, err := w.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`}}); err != nil {
		return err
	}
	_, err := w.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: &name, NotificationConfiguration: &s3types.NotificationConfiguration{
		QueueConfigurations: []s3types.QueueConfiguration{{QueueArn: aws.String("arn:aws:sqs:" + region + ":" + account + ":" + name), Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
	return err
}

func (w *world) notifyFunction(ctx context.Context, name string) error {
	if err := w.goFunction(ctx, w.clients, name, true); err != nil {
		return err
	}
	if _, err := w.lambda.AddPermission(ctx, &lambda.AddPermissionInput{FunctionName: &name, StatementId: aws.String("s3"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("s3.amazonaws.com"), SourceArn: aws.String("arn:aws:s3:::" + name)}); err != nil {
		return err
	}
	_, err := w.s3.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: &name, NotificationConfiguration: &s3types.NotificationConfiguration{
		LambdaFunctionConfigurations: []s3types.LambdaFunctionConfiguration{{LambdaFunctionArn: aws.String("arn:aws:lambda:" + region + ":" + account + ":function:" + name), Events: []s3types.Event{"s3:ObjectCreated:*"}}}}})
	return err
}

// queueHas fails where a queue has fewer messages than it should, and deletes it.
func (w *world) queueHas(ctx context.Context, name string, want int) error {
	url := aws.String(w.url + "/" + account + "/" + name)
	out, err := w.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []sqstypes.QueueAttributeName{"ApproximateNumberOfMessages"}})
	if err != nil {
		return err
	}
	got, err := strconv.Atoi(out.Attributes["ApproximateNumberOfMessages"])
	if err != nil || got < want {
		return fmt.Errorf("the queue has %d of %d messages (%w)", got, want, err)
	}
	_, err = w.sqs.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: url})
	return err
}

// functionSaw waits until a function has said of every object that it saw its event, and deletes it.
func (w *world) functionSaw(ctx context.Context, name string, want int) error {
	seen := map[string]bool{}
	for len(seen) < want {
		b, err := w.sink.next(ctx)
		if err != nil {
			return fmt.Errorf("%d of %d events reached the function: %w", len(seen), want, err)
		}
		for _, key := range b.items {
			if strings.HasPrefix(key, name+"/") {
				seen[key] = true
			}
		}
	}
	_, err := w.lambda.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: &name})
	return err
}
