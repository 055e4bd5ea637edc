// The Go function of the tests of the AWS SDKs: it writes an object, sends a message, and reads an object that it may not.
package main

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

type event struct{ Bucket, Queue string }

func said(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return "done"
}

func handle(ctx context.Context, e event) (map[string]string, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	objects, queues := s3.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	key, secret, text := "go", "secret", "hello from go"
	_, put := objects.PutObject(ctx, &s3.PutObjectInput{Bucket: &e.Bucket, Key: &key, Body: strings.NewReader(text)})
	_, send := queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &e.Queue, MessageBody: &text})
	_, get := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &e.Bucket, Key: &secret})
	return map[string]string{"put": said(put), "send": said(send), "get": said(get)}, nil
}

func main() { lambda.Start(handle) }
