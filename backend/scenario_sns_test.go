package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

func topicARN(name string) string { return "arn:aws:sns:us-east-1:" + account + ":" + name }

func init() {
	// topic NAME [JSON]: with attributes
	verbs["topic"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		in := &sns.CreateTopicInput{Name: &w[0]}
		if w[1] != "" {
			if err := json.Unmarshal([]byte(w[1]), &in.Attributes); err != nil {
				return err
			}
		}
		_, err := s.sns.CreateTopic(ctx, in)
		return err
	}
	// untopic NAME
	verbs["untopic"] = func(ctx context.Context, s *story, rest string) error {
		_, err := s.sns.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: aws.String(topicARN(rest))})
		return err
	}
	// subscribe TOPIC PROTOCOL NAME [JSON]: a queue or function by its name or ARN, with attributes
	verbs["subscribe"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 4)
		endpoint := w[2]
		switch {
		case strings.Contains(endpoint, ":"):
		case w[1] == "sqs":
			endpoint = queueARN(endpoint)
		case w[1] == "lambda":
			endpoint = functionARN(endpoint)
		}
		in := &sns.SubscribeInput{TopicArn: aws.String(topicARN(w[0])), Protocol: &w[1], Endpoint: &endpoint}
		if w[3] != "" {
			if err := json.Unmarshal([]byte(w[3]), &in.Attributes); err != nil {
				return err
			}
		}
		_, err := s.sns.Subscribe(ctx, in)
		return err
	}
	// function_policy FUNCTION POLICY: the whole policy at once
	verbs["function_policy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.lambda.PutResourcePolicy(ctx, &lambda.PutResourcePolicyInput{ResourceArn: aws.String(functionARN(w[0])), Policy: &w[1]})
		return err
	}
	// topic_policy TOPIC POLICY
	verbs["topic_policy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: aws.String(topicARN(w[0])), AttributeName: aws.String("Policy"), AttributeValue: &w[1]})
		return err
	}
	// announce TOPIC MESSAGE [NAME=TYPE:VALUE…]: publishes; what begins a word with @ is the group of a FIFO topic's message
	verbs["announce"] = func(ctx context.Context, s *story, rest string) error {
		in := &sns.PublishInput{}
		w := strings.Fields(rest)
		in.TopicArn, in.Message = aws.String(topicARN(w[0])), &w[1]
		for _, word := range w[2:] {
			if group, ok := strings.CutPrefix(word, "@"); ok {
				in.MessageGroupId, in.MessageDeduplicationId = &group, in.Message
				continue
			}
			name, rest, _ := strings.Cut(word, "=")
			kind, value, _ := strings.Cut(rest, ":")
			if in.MessageAttributes == nil {
				in.MessageAttributes = map[string]types.MessageAttributeValue{}
			}
			in.MessageAttributes[name] = types.MessageAttributeValue{DataType: &kind, StringValue: &value}
		}
		out, err := s.sns.Publish(ctx, in)
		if err == nil && out.SequenceNumber != nil {
			fmt.Fprintf(&s.said, "announce %s: sequence number %s\n", rest, *out.SequenceNumber)
		}
		return err
	}
}
