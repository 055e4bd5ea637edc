package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/lambdasim/terraform-provider-lambdasim/backend/control"
)

func queueARN(name string) string { return "arn:aws:sqs:us-east-1:" + account + ":" + name }

func (s *story) queueURL(name string) *string {
	return aws.String(s.b.URL() + "/" + account + "/" + name)
}

// sent are the ids of messages by their bodies, which no two stories have alike.
var sent sync.Map

func init() {
	// queue NAME [JSON]: with attributes
	verbs["queue"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		in := &sqs.CreateQueueInput{QueueName: &w[0], Attributes: map[string]string{}}
		if w[1] != "" {
			if err := json.Unmarshal([]byte(w[1]), &in.Attributes); err != nil {
				return err
			}
		}
		_, err := s.sqs.CreateQueue(ctx, in)
		return err
	}
	// map_queue QUEUE FUNCTION [JSON]: a mapping with the members of CreateEventSourceMapping
	verbs["map_queue"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 3)
		in := &lambda.CreateEventSourceMappingInput{FunctionName: &w[1], EventSourceArn: aws.String(queueARN(w[0]))}
		if w[2] != "" {
			if err := json.Unmarshal([]byte(w[2]), in); err != nil {
				return err
			}
		}
		_, err := s.lambda.CreateEventSourceMapping(ctx, in)
		return err
	}
	// send QUEUE BODY…: in one batch; a body GROUP/TEXT has a group and is its own deduplication id
	verbs["send"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		in := &sqs.SendMessageBatchInput{QueueUrl: s.queueURL(w[0])}
		for i, body := range strings.Fields(w[1]) {
			e := types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), MessageBody: &body}
			if group, _, ok := strings.Cut(body, "/"); ok {
				e.MessageGroupId, e.MessageDeduplicationId = &group, &body
			}
			in.Entries = append(in.Entries, e)
		}
		out, err := s.sqs.SendMessageBatch(ctx, in)
		if err != nil {
			return err
		}
		for _, e := range out.Successful {
			i, _ := strconv.Atoi(*e.Id)
			sent.Store(*in.Entries[i].MessageBody, *e.MessageId)
		}
		return nil
	}
	// report FUNCTION BODY…: the function says that these messages failed, each time anew, and with none that all is well
	verbs["report"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		type failure struct {
			ID string `json:"itemIdentifier"`
		}
		failures := []failure{}
		for body := range strings.FieldsSeq(w[1]) {
			id, ok := sent.Load(body)
			if !ok {
				return fmt.Errorf("nobody has sent %s", body)
			}
			failures = append(failures, failure{id.(string)})
		}
		payload, err := json.Marshal(map[string]any{"batchItemFailures": failures})
		if err != nil {
			return err
		}
		return s.control.PutScript(ctx, w[0], control.Script{Outcomes: []control.ScriptedOutcome{{Payload: payload}}})
	}
	// look QUEUE: says how many messages the queue holds
	verbs["look"] = func(ctx context.Context, s *story, rest string) error {
		a, err := s.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: s.queueURL(rest), AttributeNames: []types.QueueAttributeName{"All"}})
		if err != nil {
			return err
		}
		fmt.Fprintf(&s.said, "%s: %s visible, %s in flight, %s delayed\n", rest, a.Attributes["ApproximateNumberOfMessages"],
			a.Attributes["ApproximateNumberOfMessagesNotVisible"], a.Attributes["ApproximateNumberOfMessagesDelayed"])
		return nil
	}
	// take QUEUE: receives what can be received and says what it is
	verbs["take"] = func(ctx context.Context, s *story, rest string) error {
		out, err := s.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: s.queueURL(rest), MaxNumberOfMessages: 10,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{"ApproximateReceiveCount", "DeadLetterQueueSourceArn"}})
		if err != nil {
			return err
		}
		for _, m := range out.Messages {
			fmt.Fprintf(&s.said, "%s: %s, received %s times, from %s\n", rest, *m.Body, m.Attributes["ApproximateReceiveCount"], m.Attributes["DeadLetterQueueSourceArn"])
		}
		return nil
	}
	// queue_policy QUEUE POLICY
	verbs["queue_policy"] = func(ctx context.Context, s *story, rest string) error {
		w := words(rest, 2)
		_, err := s.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: s.queueURL(w[0]), Attributes: map[string]string{"Policy": w[1]}})
		return err
	}
}
